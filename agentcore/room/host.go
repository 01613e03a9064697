package room

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/media/tap"
	"github.com/hookswitch/hookswitch/telephony"
)

// Party is who a name stands for in a workspace.
type Party struct {
	Kind      Kind
	AgentUUID string // of an Own one
	Version   int
	Join      Join // how it comes in when the dispatch does not say; empty: Replace, or Listen for a Service
}

// Automatic is an agent that every new call gets.
type Automatic struct {
	Agent    string
	Join     Join
	Metadata string
}

// Floor is what whoever holds the floor of a call gets.
type Floor struct {
	Call    telephony.Call
	Leg     telephony.Leg // ours alone until we return; hanging it up leaves the call's own leg open
	Past    []agentcore.Entry
	Journal agentcore.Journal
	Tap     *tap.Tap // wants every 20 ms of both sides
	Nobody  bool     // nobody has the floor: the caller hears silence
	Job     Job      // of who has it; zero: the call's own agent
	// Yield reports whether somebody waits for the floor. Who would end the call
	// asks it, and then leaves instead: see agentcore.Config.Yield.
	Yield func() bool
}

// Listening is what a listener gets.
type Listening struct {
	Call    telephony.Call
	Job     Job
	Ear     *tap.Ear               // both sides, until the call's part on this node is over
	Entries <-chan agentcore.Entry // of the call's journal from now on; some are left out when nobody reads
}

// Config is what a [Host] needs.
type Config struct {
	Store Store  // required
	Node  string // names this process

	// Called returns the workspace of a call, and the chosen name of its room; empty:
	// none was chosen. Required.
	Called func(ctx context.Context, call telephony.CallID) (workspace, name string, err error)
	// Resolve says who name is in a workspace. [ErrNotFound]: nobody of ours, it is
	// a worker's name. Required.
	Resolve func(ctx context.Context, workspace, name string) (Party, error)
	// Automatic lists who comes to every new call of a workspace. Nil: nobody.
	Automatic func(workspace string) []Automatic
	// Speak has f.Job, the call's own agent or nobody hold the floor until the call
	// ends, its leg is lost, or ctx is cancelled: with [agentcore.ErrReplaced] when
	// another gets the floor. A Summary with Yield and an error: the job failed, and
	// the call goes on. Required.
	Speak func(ctx context.Context, f Floor) (agentcore.Summary, error)
	// Listen does a listener's job until l.Ear is at its end or ctx is cancelled; its
	// error is why the job failed, [ErrBusy] that it did not begin. That of a [Worker]
	// is to be bridged without a voice. Required.
	Listen func(ctx context.Context, l Listening) error
	// Journal reads all entries of a call. Required.
	Journal func(ctx context.Context, call telephony.CallID) ([]agentcore.Entry, error)
	// Offer is told that there may be jobs for workers, or that some of theirs are
	// over. It must not block. Nil: nobody.
	Offer func()

	Every time.Duration // between two looks at what other processes changed. Zero means 500 ms
	Log   *slog.Logger  // nil discards
}

func (c Config) withDefaults() (Config, error) {
	for name, missing := range map[string]bool{
		"Store": c.Store == nil, "Called": c.Called == nil, "Resolve": c.Resolve == nil,
		"Speak": c.Speak == nil, "Listen": c.Listen == nil, "Journal": c.Journal == nil,
	} {
		if missing {
			return c, fmt.Errorf("room: Config.%s is required", name)
		}
	}
	if c.Automatic == nil {
		c.Automatic = func(string) []Automatic { return nil }
	}
	if c.Offer == nil {
		c.Offer = func() {}
	}
	c.Every = cmp.Or(c.Every, 500*time.Millisecond)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c, nil
}

// Bounds of a host's waits.
const (
	startWait = 2 * time.Second  // for a store, before the call's own agent speaks
	storeWait = 2 * time.Second  // for a store, at any other time
	linger    = 10 * time.Second // that a listener may take when there is no more to hear
	sweepEach = time.Minute
	lateBy    = 5 * time.Second // that a change may be told behind others: see Store.Changed
	pageSize  = 500
)

// Host lets agents into the rooms of the calls of this node. Make one with [New],
// and have it [Host.Run].
type Host struct {
	cfg Config

	mu        sync.Mutex
	closed    bool // nobody listens any more
	parts     map[telephony.CallID]*part
	listeners map[string]*listener // by job; the newest of each
	listening sync.WaitGroup

	cursor int64 // Run's
}

// New checks cfg and returns a Host.
func New(cfg Config) (*Host, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	return &Host{cfg: cfg, parts: map[telephony.CallID]*part{}, listeners: map[string]*listener{}}, nil
}

// Run looks at what other processes change, until ctx is cancelled. Then nobody
// listens to any call any more, and it returns when the last listener has.
func (h *Host) Run(ctx context.Context) error {
	tick := time.NewTicker(h.cfg.Every)
	defer tick.Stop()
	swept := time.Now()
	for {
		select {
		case <-ctx.Done():
			h.mu.Lock()
			h.closed = true
			h.mu.Unlock()
			for _, p := range h.all() {
				p.deafen()
			}
			h.listening.Wait()
			return nil
		case now := <-tick.C:
			h.look(ctx)
			if now.Sub(swept) >= sweepEach {
				swept = now
				h.sweep(ctx, now)
			}
		}
	}
}

func (h *Host) sweep(ctx context.Context, now time.Time) {
	ctx, cancel := context.WithTimeout(ctx, storeWait)
	defer cancel()
	if err := h.cfg.Store.Sweep(ctx, now.Add(-EmptyFor), now); err != nil && ctx.Err() == nil {
		h.cfg.Log.Warn("cannot close the rooms that no call came to", "error", err)
	}
}

// look wakes the parts whose rooms changed, and those that the store failed.
func (h *Host) look(ctx context.Context) {
	parts := h.all()
	if len(parts) == 0 {
		h.cursor = 0
		return
	}
	for _, p := range parts {
		if p.unsure.Load() {
			p.wake()
		}
	}
	if h.cursor == 0 {
		h.cursor = time.Now().Add(-time.Minute).UnixMicro()
	}
	ctx, cancel := context.WithTimeout(ctx, storeWait)
	defer cancel()
	after := h.cursor - lateBy.Microseconds()
	for {
		rooms, err := h.cfg.Store.Changed(ctx, after, pageSize)
		if err != nil {
			if ctx.Err() == nil {
				h.cfg.Log.Warn("cannot see what changed in the rooms", "error", err)
			}
			return
		}
		for _, r := range rooms {
			after, h.cursor = r.Changed, max(h.cursor, r.Changed)
			if p := h.part(r.Call); p != nil && p.changed.Swap(r.Changed) != r.Changed && !mutant("change-not-seen") {
				p.wake()
			}
		}
		if len(rooms) < pageSize {
			return
		}
	}
}

func (h *Host) all() []*part {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Collect(maps.Values(h.parts))
}

// part returns this node's part of a call; nil when it has none.
func (h *Host) part(call telephony.CallID) *part {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.parts[call]
}

// poke has the part of a call, if it is here, look at its room.
func (h *Host) poke(call telephony.CallID) {
	if p := h.part(call); p != nil {
		p.wake()
	}
}

// Told gives an entry of a call's journal to whoever listens to the call here. It
// does not block: who does not read in time misses some.
func (h *Host) Told(call telephony.CallID, e agentcore.Entry) {
	if p := h.part(call); p != nil {
		p.tell(e)
	}
}
