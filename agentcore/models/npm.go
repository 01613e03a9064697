package models

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// fetch has the npm client pack the package into stage, and returns the
// tarball's path. The client knows the registry, its mirror and its proxy by
// the user's own configuration; nothing here does. Its cache is kept in stage
// too: its growth is how far the fetch has come, and nothing stays behind.
func (p pack) fetch(ctx context.Context, o Options, stage string) (string, error) {
	npm, err := exec.LookPath(first(o.NPM, "npm"))
	if err != nil {
		return "", &Error{Op: "pull", Kind: ErrNoNPM, Package: p.spec(), Err: err}
	}
	cache := filepath.Join(stage, "npm")
	cmd := exec.CommandContext(ctx, npm, "pack", p.spec(), "--pack-destination", stage,
		"--cache", cache, "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error")
	cmd.Dir = stage
	cmd.WaitDelay = 5 * time.Second
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	var said tail
	cmd.Stderr = &said
	if err := p.watch(o, cache, cmd.Run); err != nil {
		if ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
		return "", &Error{Op: "pull", Kind: said.kind(err), Package: p.spec(), Err: said.cause(err)}
	}
	tarballs, err := filepath.Glob(filepath.Join(stage, "*.tgz"))
	if err != nil || len(tarballs) != 1 {
		return "", &Error{Op: "pull", Kind: ErrNetwork, Package: p.spec(), Err: errors.New("npm pack left no tarball")}
	}
	return tarballs[0], nil
}

// watch tells the progress while run runs, ten times a second.
func (p pack) watch(o Options, cache string, run func() error) error {
	done := make(chan error, 1)
	go func() { done <- run() }()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for last := int64(0); ; {
		select {
		case err := <-done:
			return err
		case <-tick.C:
			// The cache also holds the package's description, so it can grow
			// past the tarball; the end is only told when it is reached.
			if n := min(weight(cache), p.size-1); n > last {
				last = n
				o.Progress(p.name, n, p.size)
			}
		}
	}
}

// weight is the size of all files below dir. What vanishes meanwhile counts
// nothing.
func weight(dir string) (n int64) {
	filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil
		}
		if info, err := d.Info(); err == nil {
			n += info.Size()
		}
		return nil
	})
	return n
}

// tail keeps the first 8 KB of what the client complains about.
type tail struct{ bytes.Buffer }

func (t *tail) Write(p []byte) (int, error) {
	t.Buffer.Write(p[:min(len(p), max(0, 8<<10-t.Len()))])
	return len(p), nil
}

// code is npm's own name for what went wrong ("E404", "ENOTFOUND"). Nothing
// else that it says is passed on: it may name hosts and hold credentials.
func (t *tail) code() string {
	for line := range strings.Lines(t.String()) {
		line = strings.TrimPrefix(line, "npm ")
		for _, level := range []string{"error code ", "ERR! code "} {
			if code, ok := strings.CutPrefix(line, level); ok {
				return strings.Trim(code, " \r\n")
			}
		}
	}
	return ""
}

func (t *tail) kind(err error) error {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return ErrNoNPM
	}
	switch t.code() {
	case "ENOSPC", "EACCES", "EPERM", "EROFS", "EDQUOT", "ENOENT", "EMFILE":
		return ErrDisk
	case "EINTEGRITY":
		return ErrDigest
	}
	return ErrNetwork
}

func (t *tail) cause(err error) error {
	if code := t.code(); code != "" {
		return errors.New("npm says " + code)
	}
	return err
}
