package models

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const voice = "a voice, as it were"

// registry is a package registry of one package, and the npm client that knows
// the way to it: a shell script that copies the tarball, or fails.
type registry struct {
	pack    pack
	npm     string
	fetched string // one line a fetch
}

func newRegistry(t *testing.T, entries map[string]string, fails string) *registry {
	t.Helper()
	dir := t.TempDir()
	tarball := pack1(t, entries)
	if err := os.WriteFile(filepath.Join(dir, "voice.tgz"), tarball, 0o644); err != nil {
		t.Fatal(err)
	}
	r := &registry{npm: filepath.Join(dir, "npm"), fetched: filepath.Join(dir, "fetched")}
	script := fmt.Sprintf("#!/bin/sh\necho \"$@\" >> '%s'\n%s\ncp '%s/voice.tgz' .\n", r.fetched, fails, dir)
	if err := os.WriteFile(r.npm, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	r.pack = pack{name: "voice", version: "1.0.0", sum: sum(tarball), size: int64(len(tarball)), files: []file{
		{name: "voice.bin", inside: "package/voice.bin", sum: sum([]byte(voice)), size: int64(len(voice)), label: "voice"},
	}}
	return r
}

func (r *registry) pull(t *testing.T, o Options) error {
	t.Helper()
	o.NPM = r.npm
	return pull(t.Context(), o, []pack{r.pack})
}

func (r *registry) fetches(t *testing.T) int {
	t.Helper()
	b, err := os.ReadFile(r.fetched)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return bytes.Count(b, []byte("\n"))
}

func pack1(t *testing.T, entries map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for name, text := range entries {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(text)), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

var good = map[string]string{"package/README.md": "hello", "package/voice.bin": voice}

func TestPullBringsWhatIsMissingAndNothingTwice(t *testing.T) {
	r, dir := newRegistry(t, good, ""), t.TempDir()
	var last [2]int64
	seen := func(name string, done, total int64) { last = [2]int64{done, total} }
	for range 2 {
		if err := r.pull(t, Options{Dir: dir, Progress: seen}); err != nil {
			t.Fatal(err)
		}
		if last != [2]int64{r.pack.size, r.pack.size} {
			t.Errorf("progress ended at %v, want %d of as many", last, r.pack.size)
		}
	}
	if n := r.fetches(t); n != 1 {
		t.Errorf("fetched %d times, want once", n)
	}
	b, err := os.ReadFile(filepath.Join(dir, "voice.bin"))
	if err != nil || string(b) != voice {
		t.Errorf("voice.bin = %q, %v", b, err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".pull-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if err := r.pull(t, Options{Dir: dir, Force: true}); err != nil || r.fetches(t) != 2 {
		t.Errorf("forced pull: %v, %d fetches, want 2", err, r.fetches(t))
	}
}

func TestPullMendsADamagedFile(t *testing.T) {
	r, dir := newRegistry(t, good, ""), t.TempDir()
	path := filepath.Join(dir, "voice.bin")
	if err := os.WriteFile(path, []byte(strings.ToUpper(voice)), 0o644); err != nil {
		t.Fatal(err)
	}
	var e *Error
	err := r.pack.files[0].verify(t.Context(), dir)
	if !errors.As(err, &e) || !errors.Is(err, ErrDigest) || e.File != path || e.Found == "" || e.Want == "" {
		t.Errorf("verify of a damaged file = %v", err)
	}
	if err := r.pull(t, Options{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	if err := r.pack.files[0].verify(t.Context(), dir); err != nil {
		t.Errorf("after the pull: %v", err)
	}
}

func TestPullsAtOnceFetchOnce(t *testing.T) {
	r, dir := newRegistry(t, good, "sleep 0.2"), t.TempDir()
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			if err := r.pull(t, Options{Dir: dir}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := r.fetches(t); n != 1 {
		t.Errorf("fetched %d times, want once", n)
	}
}

func TestPullSaysWhatWentWrong(t *testing.T) {
	evil := map[string]string{"package/../../voice.bin": voice, "/voice.bin": voice}
	long := map[string]string{"package/voice.bin": voice + voice}
	for _, c := range []struct {
		claim   string
		entries map[string]string
		fails   string
		change  func(*registry)
		want    error
	}{
		{"no network", good, "echo 'npm error code ENOTFOUND' >&2; exit 1", nil, ErrNetwork},
		{"no network, an older npm", good, "echo 'npm ERR! code EAI_AGAIN' >&2; exit 1", nil, ErrNetwork},
		{"the disk is full", good, "echo 'npm error code ENOSPC' >&2; exit 1", nil, ErrDisk},
		{"a client that dies silently", good, "exit 7", nil, ErrNetwork},
		{"a client that packs nothing", good, "exit 0", nil, ErrNetwork},
		{"no client", good, "", func(r *registry) { r.npm += "-is-not-here" }, ErrNoNPM},
		{"another tarball", good, "", func(r *registry) { r.pack.sum = sum(nil) }, ErrDigest},
		{"another file", good, "", func(r *registry) { r.pack.files[0].sum = sum(nil) }, ErrDigest},
		{"a longer file", long, "", nil, ErrDigest},
		{"the file is not in the tarball", map[string]string{"package/README": "x"}, "", nil, ErrDigest},
		{"names that point outside", evil, "", nil, ErrDigest},
	} {
		t.Run(c.claim, func(t *testing.T) {
			r, dir := newRegistry(t, c.entries, c.fails), t.TempDir()
			if c.change != nil {
				c.change(r)
			}
			err := r.pull(t, Options{Dir: dir})
			var e *Error
			if !errors.As(err, &e) || !errors.Is(err, c.want) {
				t.Fatalf("pull = %v, want %v", err, c.want)
			}
			if found, _ := filepath.Glob(filepath.Join(dir, "..", "voice.bin")); len(found) > 0 {
				t.Errorf("a file was written outside: %v", found)
			}
			if _, err := os.Stat(filepath.Join(dir, "voice.bin")); err == nil {
				t.Error("a bad file was kept")
			}
		})
	}
}

func TestPullEndsWithItsContext(t *testing.T) {
	r := newRegistry(t, good, "exec sleep 30")
	ctx, stop := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer stop()
	began := time.Now()
	err := pull(ctx, Options{Dir: t.TempDir(), NPM: r.npm}, []pack{r.pack})
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 10*time.Second {
		t.Errorf("pull = %v after %v, want the deadline", err, time.Since(began))
	}
}

func TestPlatformWithoutALibrary(t *testing.T) {
	if _, err := needed("plan9/386"); !errors.Is(err, ErrPlatform) {
		t.Errorf("needed(plan9/386) = %v, want ErrPlatform", err)
	}
	for platform, lib := range libraries {
		if len(lib.pack.files) != 1 || lib.pack.files[0].name != lib.name {
			t.Errorf("%s: the library is not what its package holds", platform)
		}
	}
}

func TestEveryPinIsWhole(t *testing.T) {
	all := append([]pack{}, packs...)
	for _, l := range libraries {
		all = append(all, l.pack)
	}
	for _, p := range all {
		for _, s := range append([]file{{sum: p.sum, size: p.size, name: p.name}}, p.files...) {
			if b, err := hex.DecodeString(s.sum); err != nil || len(b) != 32 || s.size <= 0 {
				t.Errorf("%s: %s: sum %q, size %d", p.spec(), s.name, s.sum, s.size)
			}
		}
	}
}

func TestOpenNamesWhatIsMissing(t *testing.T) {
	_, err := Open(t.TempDir())
	var e *Error
	if !errors.As(err, &e) || !errors.Is(err, ErrMissing) || e.Label == "" {
		t.Errorf("Open of an empty folder = %v, want ErrMissing and which", err)
	}
}

func FuzzTokenTable(f *testing.F) {
	f.Add([]byte(`const llama_vocab_base64 = "` + base64.StdEncoding.EncodeToString([]byte("<unk>\n<s>")) + `";`))
	f.Add([]byte(`llama_vocab_base64 = "%%%"`))
	f.Fuzz(func(t *testing.T, script []byte) {
		table, err := tokenTable(script)
		if err == nil && len(table) > len(script) {
			t.Errorf("a table of %d bytes out of %d", len(table), len(script))
		}
	})
}
