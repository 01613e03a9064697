package agentfile

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"reflect"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	settle    = 200 * time.Millisecond // without a change: an editor has finished writing
	settleAll = 2 * time.Second        // and so long at most, while one change follows the other
	lookAgain = 5 * time.Second        // at the folder itself, which may be another by now
)

// Watch tells changed what a folder's files say, at once and whenever that
// changes, until ctx ends; then it returns nil. It fails at once when the folder
// can't be watched.
//
// A change that makes a mistake is told in the log, and the file's last good
// version stays; a file that was never good is left out. A folder that goes away
// leaves all as it was, and is watched again when it is back. Changes are seen on
// this machine's own disks: a network's don't tell of theirs.
func Watch(ctx context.Context, dir string, changed func(Set), log *slog.Logger) error {
	events, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("agentfile: %w", err)
	}
	defer events.Close()
	w := &watch{dir: dir, events: events, changed: changed, log: log, good: map[string]Agent{}, told: map[string]string{}}
	if err := w.follow(); err != nil {
		return fmt.Errorf("agentfile: %w", err)
	}
	w.look()
	w.run(ctx)
	return nil
}

type watch struct {
	dir     string
	events  *fsnotify.Watcher
	changed func(Set)
	log     *slog.Logger

	folder os.FileInfo       // that is watched; nil: none is there
	good   map[string]Agent  // by file
	told   map[string]string // a file's mistakes, as they were logged last
	last   *Set              // that was told
}

// follow begins to watch the folder that lies at the path now.
func (w *watch) follow() error {
	info, err := os.Stat(w.dir)
	if err != nil {
		w.folder = nil
		return err
	}
	if w.folder != nil && os.SameFile(info, w.folder) {
		return nil
	}
	_ = w.events.Remove(w.dir) // it may not know that the old one is gone
	if err := w.events.Add(w.dir); err != nil {
		w.folder = nil
		return err
	}
	w.folder = info
	return nil
}

func (w *watch) run(ctx context.Context) {
	due := time.NewTimer(time.Hour)
	due.Stop()
	defer due.Stop()
	again := time.NewTicker(lookAgain)
	defer again.Stop()
	var since time.Time // of the first change that is not looked at yet
	for {
		select {
		case _, ok := <-w.events.Events:
			if !ok {
				return
			}
			if since.IsZero() {
				since = time.Now()
			}
			due.Reset(min(settle, max(0, settleAll-time.Since(since))))
		case err, ok := <-w.events.Errors: // some events were lost
			if !ok {
				return
			}
			w.log.Warn("agents' files: some changes were not seen, all are read again", "folder", w.dir, "error", err)
			due.Reset(settle)
		case <-due.C:
			since = time.Time{}
			_ = w.follow() // if it is gone it is looked for again
			w.look()
		case <-again.C:
			before := w.folder
			if err := w.follow(); err == nil && before != w.folder {
				w.look()
			}
		case <-ctx.Done():
			return
		}
	}
}

// look reads all files, and tells what changed.
func (w *watch) look() {
	all, err := read(w.dir)
	if err != nil {
		w.log.Error("agents' files can't be read, what they said before stays", "folder", w.dir, "error", err)
		return
	}
	set, there := Set{}, map[string]bool{}
	for _, f := range all {
		there[f.file] = true
		if a, ok := w.take(f); ok {
			set.Agents = append(set.Agents, a)
		}
	}
	for file := range w.good {
		if !there[file] {
			delete(w.good, file)
			delete(w.told, file)
		}
	}
	if w.last != nil && reflect.DeepEqual(*w.last, set) {
		return
	}
	w.last = &set
	w.changed(set)
}

// take is what counts of a file: what it says, or what it said when it was last
// good.
func (w *watch) take(f result) (a Agent, ok bool) {
	if len(f.problems) == 0 {
		w.good[f.file] = f.agent
		delete(w.told, f.file)
		return f.agent, true
	}
	a, ok = w.good[f.file]
	w.tell(f, ok)
	return a, ok
}

// tell logs a file's mistakes, once.
func (w *watch) tell(f result, before bool) {
	text := ""
	for _, p := range f.problems {
		text += p.Error() + "\n"
	}
	if w.told[f.file] == text {
		return
	}
	w.told[f.file] = text
	stays := "the agent is not there until it is mended"
	if before {
		stays = "what it said before stays"
	}
	for _, p := range f.problems {
		w.log.Error("an agent's file has a mistake, "+stays, "error", p)
	}
}
