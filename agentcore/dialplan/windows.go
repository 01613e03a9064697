package dialplan

import (
	"context"
	"sync"
)

// maxWorkspaces bounds what a [Gate] remembers. Who called least lately is
// forgotten, and read again.
const maxWorkspaces = 1_000

// windows are what each workspace called.
type windows struct {
	mu  sync.Mutex
	all map[string]*window
	use int64 // counts takes
}

func newWindows() *windows { return &windows{all: map[string]*window{}} }

// get returns a workspace's window; nil: there is none.
func (ws *windows) get(workspace string) *window {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	return ws.all[workspace]
}

// take waits for the turn of a workspace's window, which the caller gives back.
func (ws *windows) take(ctx context.Context, workspace string) (*window, error) {
	for {
		w := ws.open(workspace)
		select {
		case w.turn <- struct{}{}:
			if ws.get(workspace) == w {
				return w, nil
			}
			w.give() // forgotten while we waited
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// open finds or makes a workspace's window, and forgets another when there are
// too many.
func (ws *windows) open(workspace string) *window {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	w := ws.all[workspace]
	if w == nil {
		ws.trim()
		w = newWindow()
		ws.all[workspace] = w
	}
	ws.use++
	w.used = ws.use
	return w
}

// trim makes room for one more, if somebody is not deciding right now.
func (ws *windows) trim() {
	if len(ws.all) < maxWorkspaces {
		return
	}
	idle := ""
	for name, w := range ws.all {
		if len(w.turn) == 0 && (idle == "" || w.used < ws.all[idle].used) {
			idle = name
		}
	}
	if idle != "" {
		delete(ws.all, idle)
	}
}
