package agentfile_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/agentfile"
)

// patience is how long a change may take on a busy machine.
const patience = 20 * time.Second

// watched is a folder that is watched, and what was told of it.
type watched struct {
	t    *testing.T
	dir  string
	sets chan agentfile.Set
	log  *logged
}

// logged is a log in memory.
type logged struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logged) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.buf.String(), text)
}

func watch(t *testing.T, dir string) *watched {
	t.Helper()
	w := &watched{t: t, dir: dir, sets: make(chan agentfile.Set, 100), log: &logged{}}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- agentfile.Watch(ctx, dir, func(s agentfile.Set) { w.sets <- s }, slog.New(slog.NewTextHandler(w.log, nil)))
	}()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("Watch() = %v", err)
		}
	})
	return w
}

// until waits until what is told is what it should be.
func (w *watched) until(claim string, is func(agentfile.Set) bool) {
	w.t.Helper()
	late := time.After(patience)
	for {
		select {
		case s := <-w.sets:
			if is(s) {
				return
			}
		case <-late:
			w.t.Fatalf("%s was not told in %v", claim, patience)
		}
	}
}

// are reports whether a Set has these agents, with these thresholds.
func are(want ...string) func(agentfile.Set) bool {
	return func(s agentfile.Set) bool {
		var got []string
		for _, a := range s.Agents {
			got = append(got, a.Name)
		}
		return slices.Equal(got, want)
	}
}

func threshold(x float64) func(agentfile.Set) bool {
	return func(s agentfile.Set) bool { return len(s.Agents) > 0 && s.Agents[0].Threshold == x }
}

func TestChangesAreTold(t *testing.T) {
	w := watch(t, folder(t, map[string]string{"agent-a.yaml": "load_threshold: 0.1"}))
	w.until("what is there at first", threshold(.1))

	put(t, w.dir, "agent-a.yaml", "load_threshold: 0.2")
	w.until("a file that is written anew", threshold(.2))

	put(t, w.dir, ".agent-a.yaml.swp", "load_threshold: 0.3")
	if err := os.Rename(filepath.Join(w.dir, ".agent-a.yaml.swp"), filepath.Join(w.dir, "agent-a.yaml")); err != nil {
		t.Fatal(err)
	}
	w.until("a file that an editor replaces", threshold(.3))

	put(t, w.dir, "agent-b.yaml", "")
	w.until("a new file", are("a", "b"))

	if err := os.Remove(filepath.Join(w.dir, "agent-a.yaml")); err != nil {
		t.Fatal(err)
	}
	w.until("a file that is gone", are("b"))
}

// A mistake keeps what the file said before, and is told once, with its place.
func TestBrokenChangeKeepsTheLastGoodOne(t *testing.T) {
	w := watch(t, folder(t, map[string]string{"agent-a.yaml": "load_threshold: 0.1", "agent-never.yaml": "enabled: 7"}))
	w.until("what is good at first", are("a"))

	put(t, w.dir, "agent-a.yaml", "load_threshold: 7")
	put(t, w.dir, "agent-b.yaml", "")
	w.until("the other file's change", func(s agentfile.Set) bool { return are("a", "b")(s) && threshold(.1)(s) })

	put(t, w.dir, "agent-c.yaml", "")
	w.until("a third one's", func(s agentfile.Set) bool { return are("a", "b", "c")(s) && threshold(.1)(s) })
	if n := w.log.count("agent-a.yaml:1:17: load_threshold must be a number from 0 to 1, it is 7"); n != 1 {
		t.Errorf("the mistake was logged %d times, want once", n)
	}
	if n := w.log.count("agent-never.yaml:1:10: enabled must be true or false"); n != 1 {
		t.Errorf("the mistake at the beginning was logged %d times, want once", n)
	}

	put(t, w.dir, "agent-a.yaml", "load_threshold: 0.2")
	w.until("the mended file", threshold(.2))
}

// A ConfigMap's files are links into a folder that is exchanged as a whole.
func TestConfigMapIsExchanged(t *testing.T) {
	dir := t.TempDir()
	link := func(version, text string) {
		if err := os.Mkdir(filepath.Join(dir, version), 0o700); err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(dir, version), "agent-a.yaml", text)
		if err := os.Symlink(version, filepath.Join(dir, "..tmp")); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(dir, "..tmp"), filepath.Join(dir, "..data")); err != nil {
			t.Fatal(err)
		}
	}
	link("..1", "load_threshold: 0.1")
	if err := os.Symlink(filepath.Join("..data", "agent-a.yaml"), filepath.Join(dir, "agent-a.yaml")); err != nil {
		t.Fatal(err)
	}
	w := watch(t, dir)
	w.until("the first version", threshold(.1))
	link("..2", "load_threshold: 0.2")
	w.until("the second", threshold(.2))
}

// A folder that is replaced by another of its name is watched on.
func TestFolderThatIsReplaced(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "agents")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	put(t, dir, "agent-a.yaml", "load_threshold: 0.1")
	w := watch(t, dir)
	w.until("the first folder", threshold(.1))
	if err := os.Rename(dir, dir+".old"); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	put(t, dir, "agent-a.yaml", "load_threshold: 0.2")
	w.until("the second folder", threshold(.2))
}

func TestWatchOfNothingFails(t *testing.T) {
	err := agentfile.Watch(t.Context(), filepath.Join(t.TempDir(), "nothing"), func(agentfile.Set) { t.Error("told of nothing") }, slog.New(slog.DiscardHandler))
	if err == nil {
		t.Error("a folder that isn't there is watched")
	}
}
