package v2

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/telephony"
)

// Sequencer gives journal entries their numbers in the feeds, and returns of how
// many: fewer than [storage.SequenceCalls] mean that these were all. [storage.DB] is one.
type Sequencer interface {
	Sequence(ctx context.Context, limit int) (int, error)
}

// How often a [Hub] looks.
const (
	hubGather = 100 * time.Millisecond // at most so often
	hubLook   = time.Second            // while somebody listens: another node's entries poke nobody here
	hubIdle   = 5 * time.Second        // while nobody does, so that few entries wait for their numbers

	hubNumbers = 200 * time.Millisecond // at most so long at a time: meanwhile nobody is woken
)

// Hub wakes those who follow calls when there is something new, and has entries
// numbered. One of a process is enough. Its listeners read the store themselves:
// to be woken once too often costs a query, and no wake-up is a promise.
type Hub struct {
	store Sequencer
	log   *slog.Logger
	poked chan struct{} // of 1
	done  chan struct{} // closed when Run ends

	mu        sync.Mutex
	listeners map[*listener]telephony.CallID
	fresh     map[telephony.CallID]bool // poked since the last round, and listened to

	interims interims
}

// listener is who is woken: of one call, or of a workspace's feed.
type listener struct{ wake chan struct{} }

// NewHub makes a hub over store. log may be nil. [Hub.Run] must run for it to do
// anything.
func NewHub(store Sequencer, log *slog.Logger) *Hub {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Hub{
		store: store, log: log, poked: make(chan struct{}, 1), done: make(chan struct{}),
		listeners: map[*listener]telephony.CallID{}, fresh: map[telephony.CallID]bool{},
	}
}

// Poke says that call has new entries. It does not block.
func (h *Hub) Poke(call telephony.CallID) {
	h.mu.Lock()
	listening := len(h.listeners) > 0
	if listening {
		h.fresh[call] = true
	}
	h.mu.Unlock()
	if listening {
		h.poke()
	}
}

func (h *Hub) poke() {
	select {
	case h.poked <- struct{}{}:
	default:
	}
}

// listen wakes whoever reads from wake when call has something new, or, if call
// is empty, when any feed has. stop ends it.
func (h *Hub) listen(call telephony.CallID) (wake <-chan struct{}, stop func()) {
	l := &listener{make(chan struct{}, 1)}
	h.mu.Lock()
	h.listeners[l] = call
	h.mu.Unlock()
	h.poke() // it may be the first
	return l.wake, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.listeners, l)
	}
}

// Run wakes and numbers until ctx ends. Then every stream ends, too, with what
// there was by then.
func (h *Hub) Run(ctx context.Context) {
	defer close(h.done)
	defer h.last(ctx)
	look := time.NewTimer(hubIdle)
	defer look.Stop()
	for {
		all := false
		select {
		case <-ctx.Done():
			return
		case <-h.poked:
		case <-look.C:
			all = true
		}
		wait := h.round(ctx, all)
		select {
		case <-ctx.Done():
			return
		case <-time.After(hubGather):
		}
		look.Reset(wait)
	}
}

// round wakes those who have something new, or everybody, and returns when to
// look again.
func (h *Hub) round(ctx context.Context, all bool) time.Duration {
	h.mu.Lock()
	feeds, wait := 0, hubIdle
	for l, call := range h.listeners {
		wait = hubLook
		switch {
		case call == "":
			feeds++
		case all || h.fresh[call]:
			l.tell()
		}
	}
	clear(h.fresh)
	h.mu.Unlock()
	if feeds > 0 || all {
		if !h.number(ctx) {
			wait = hubGather
		}
		h.tellFeeds()
	}
	return wait
}

// lastWait bounds the numbering before the end.
const lastWait = time.Second

// last numbers what came just before the end, if anybody follows a feed.
func (h *Hub) last(ctx context.Context) {
	h.mu.Lock()
	feeds := false
	for _, call := range h.listeners {
		feeds = feeds || call == ""
	}
	h.mu.Unlock()
	if !feeds {
		return
	}
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), lastWait)
	defer stop()
	h.number(ctx)
}

// number numbers what waits, for some time at most, and reports whether that was
// all of it.
func (h *Hub) number(ctx context.Context) bool {
	for until := time.Now().Add(hubNumbers); time.Now().Before(until); {
		n, err := h.store.Sequence(ctx, 0)
		if err != nil && ctx.Err() == nil {
			h.log.Warn("cannot number the feeds' entries, will try again", "error", err)
		}
		if err != nil || n < storage.SequenceCalls {
			return true
		}
	}
	return false
}

func (h *Hub) tellFeeds() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for l, call := range h.listeners {
		if call == "" {
			l.tell()
		}
	}
}

func (l *listener) tell() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}
