// Package peers are programs that answer the calls of a bench in the gateway's
// stead: what one would write otherwise. Each does the same work for a frame, and
// is told what to be and asked how it is in the same way.
package peers

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Peers by name.
const (
	Node     = "node"            // a server in Node with the library ws, as it comes
	NodeFast = "node+bufferutil" // the same with the addon that ws takes if it is there: it unmasks in C
)

// Names are all peers.
var Names = []string{Node, NodeFast}

//go:embed node/package.json node/echo.js
var sources embed.FS

// Prepare puts the peer of that name into a folder below cache, an empty one means
// the user's own, fetches what it needs if it isn't there, and returns what runs it.
// Once fetched, it needs no network.
func Prepare(ctx context.Context, name, cache string) (run func(ctx context.Context) *exec.Cmd, err error) {
	if !slices.Contains(Names, name) {
		return nil, fmt.Errorf("peers: there is no peer %q: only %s", name, strings.Join(Names, ", "))
	}
	if cache == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return nil, fmt.Errorf("peers: %w", err)
		}
		cache = filepath.Join(user, "hookswitch")
	}
	dir, err := unpack(filepath.Join(cache, "bench"))
	if err != nil {
		return nil, fmt.Errorf("peers: node: %w", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "ws", "package.json")); errors.Is(err, fs.ErrNotExist) {
		if err := fetch(ctx, dir); err != nil {
			return nil, err
		}
	}
	return func(ctx context.Context) *exec.Cmd {
		cmd := exec.CommandContext(ctx, "node", "--expose-gc", "echo.js")
		cmd.Dir = dir
		if name == Node {
			cmd.Env = append(os.Environ(), "WS_NO_BUFFER_UTIL=1") // what ws itself reads
		}
		return cmd
	}, nil
}

// unpack writes the sources into a folder that is named for what is in them.
func unpack(below string) (string, error) {
	sum := sha256.New()
	names, err := fs.Glob(sources, "node/*")
	if err != nil {
		return "", err
	}
	texts := map[string][]byte{}
	for _, name := range names {
		text, err := sources.ReadFile(name)
		if err != nil {
			return "", err
		}
		if name == "node/package.json" { // what is fetched depends on nothing else
			sum.Write(text)
		}
		texts[filepath.Base(name)] = text
	}
	dir := filepath.Join(below, "node-"+hex.EncodeToString(sum.Sum(nil)[:6]))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	for name, text := range texts {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// fetch has npm fetch what package.json names.
func fetch(ctx context.Context, dir string) error {
	cmd := exec.CommandContext(ctx, "npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline")
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("peers: npm can't fetch what the peer in Node needs: %w: %s", err, strings.TrimSpace(string(out)))
	}
	return nil
}
