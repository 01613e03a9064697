package sdktest

import (
	"context"
	_ "embed"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

//go:embed agents/package.json
var agents []byte

// Agents is a folder of the user's cache where LiveKit's own agents for Node are
// installed, the version of agents/package.json, with scripts beside them. The
// test is skipped where npm can't do that: they are 290 MB.
func Agents(t testing.TB, scripts ...string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("LiveKit's agents are 290 MB: not with -short")
	}
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("LiveKit's agents were not run: no %s here", tool)
		}
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Skipf("LiveKit's agents were not run: %v", err)
	}
	dir := filepath.Join(cache, "hookswitch-test", "livekit-agents-1.9.0")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Skipf("LiveKit's agents were not run: %v", err)
	}
	for _, script := range scripts {
		body, err := os.ReadFile(script)
		if err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(dir, filepath.Base(script)), body)
	}
	install(t, dir)
	return dir
}

// put writes a file whole, whoever else reads it meanwhile.
func put(t testing.TB, name string, body []byte) {
	t.Helper()
	f, err := os.CreateTemp(filepath.Dir(name), "fresh-*")
	if err == nil {
		_, err = f.Write(body)
	}
	if err == nil {
		err = f.Close()
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		t.Skipf("LiveKit's agents were not run: %v", err)
	}
}

// install has npm fetch them into dir, once.
func install(t testing.TB, dir string) {
	t.Helper()
	stamp := filepath.Join(dir, "installed")
	if _, err := os.Stat(stamp); err == nil {
		return
	}
	put(t, filepath.Join(dir, "package.json"), agents)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	npm := exec.CommandContext(ctx, "npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline")
	npm.Dir = dir
	npm.WaitDelay = time.Second
	if out, err := npm.CombinedOutput(); err != nil {
		t.Skipf("LiveKit's agents were not run: npm cannot install them: %v (%d bytes of output)", err, len(out))
	}
	if err := os.WriteFile(stamp, nil, 0o644); err != nil {
		t.Fatal(err)
	}
}
