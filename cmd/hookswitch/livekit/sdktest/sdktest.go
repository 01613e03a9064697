// Package sdktest has LiveKit's own SDK from npm at hand for tests: the very
// versions of package-lock.json.
package sdktest

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

//go:embed package.json package-lock.json
var files embed.FS

// Modules is the folder node_modules with the SDK, fetched once into the cache
// folder: for NODE_PATH, or to be linked to.
func Modules(t testing.TB) string {
	t.Helper()
	cache := os.Getenv("HOOKSWITCH_CACHE_DIR")
	if cache == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			t.Fatal(err)
		}
		cache = filepath.Join(home, ".cache", "hookswitch")
	}
	lock, err := files.ReadFile("package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(lock)
	dir := filepath.Join(cache, "livekit-server-sdk", hex.EncodeToString(sum[:8]))
	modules := filepath.Join(dir, "node_modules")
	if _, err := os.Stat(filepath.Join(modules, "livekit-server-sdk")); err != nil {
		fetch(t, dir)
	}
	return modules
}

// fetch makes dir beside its place and moves it there whole: a fetch that was cut
// short is none.
func fetch(t testing.TB, dir string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	fresh, err := os.MkdirTemp(filepath.Dir(dir), "fresh")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(fresh)
	if err := os.CopyFS(fresh, files); err != nil {
		t.Fatal(err)
	}
	npm := exec.CommandContext(t.Context(), "npm", "ci", "--prefix", fresh, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
	if out, err := npm.CombinedOutput(); err != nil {
		t.Fatalf("LiveKit's SDK can't be fetched from npm; put it at %s, or let npm reach its registry: %v\n%s", dir, err, out)
	}
	if err := os.Rename(fresh, dir); err != nil {
		if _, there := os.Stat(filepath.Join(dir, "node_modules")); there != nil { // nobody else was faster
			t.Fatal(err)
		}
	}
}
