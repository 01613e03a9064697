package agenda

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/telephony"
)

// Placer does an attempt of an errand.
type Placer interface {
	// Place places the call e.Call, or opens the chat e.ID. It is asked again for
	// an attempt when a process dies, and when two nodes take one another for
	// dead: a call or a chat of that name that exists is nil, and nothing is done.
	//
	// nil means that there is a row of the call, whatever became of it: that it
	// failed is told by its end, and the job of that is the one place where it
	// counts ([Clerk.Over]). So the row must have FollowUp. A *[Later] or a
	// *[Refusal] means that there is none. Another error is an attempt that
	// failed, and counts, unless there is a row nevertheless. A trouble of the
	// placer's own, such as a database that is away, is a *Later. No text of an
	// error holds a number.
	//
	// It may wait for its turn at the carrier; after a minute ctx ends.
	Place(ctx context.Context, e Errand) error
}

// Calls tells what became of an attempt: [dispatch.Calls] does.
type Calls interface {
	Call(ctx context.Context, id telephony.CallID) (dispatch.Record, error)
}

// Config is what a [Clerk] works with.
type Config struct {
	Store  Store  // Required
	Placer Placer // Required
	Calls  Calls  // Required
	Node   string // this process, as the store knows its beats. Required

	// Retry is an agent's own smart callback at a version, 0 being its newest;
	// nil: it has none. Nil means that no agent has one.
	Retry func(ctx context.Context, workspace, agentUUID string, version int) (*Retry, error)

	Zone     func(number string) *time.Location // where a number is; nil, and a nil result, mean UTC
	InFlight func() int                         // errands that are being placed at once; nil means 16
	NewID    func(kind string) string           // names an errand of that kind; nil draws 128 random bits

	Counter Counter      // nil counts nothing
	Log     *slog.Logger // nil discards
}

// Counter is told numbers as they arise, without names. It must not block.
type Counter interface {
	ErrandBegun(kind string, late time.Duration) // an attempt was placed, so long after it was due. kind is an errand's, or [Callback]
	ErrandLater(code string)                     // it was put off: see [Later]
	ErrandLost()                                 // an attempt is made again, for nobody was asked for it
	ErrandOver(kind, status, code string)
}

// Times of a [Clerk].
const (
	poll      = time.Second     // how often it looks for what is ready, if nobody pokes it
	sweepGap  = 5 * time.Second // how often it looks for what a dead process left
	silent    = 15 * time.Second
	loadGap   = time.Minute // how often it looks for batches that nobody loads any more
	loadLasts = time.Hour
	placeTime = time.Minute
	effort    = 10 * time.Second // one thing with the store that nobody waits for
	longWait  = time.Minute      // a job comes back so soon: the clock may be set meanwhile
	shortest  = time.Second      // an errand that was put off rests so long
	longRest  = time.Minute      // a workspace is asked for again so soon: its cap may be raised meanwhile
)

// maxLost is how many attempts of an errand are made again because nobody was
// asked for them. Then one counts.
const maxLost = 3

// Clerk does what is due. There is one on each node.
type Clerk struct {
	cfg  Config
	poke chan struct{}

	mu     sync.Mutex           // for a few assignments, never across a wait
	flying map[string]bool      // errands that are being placed here
	rests  map[string]time.Time // workspaces that wait, and until when
}

// New returns a clerk. It does nothing by itself until [Clerk.Run].
func New(cfg Config) (*Clerk, error) {
	switch {
	case cfg.Store == nil:
		return nil, errors.New("agenda: Config.Store is required")
	case cfg.Placer == nil:
		return nil, errors.New("agenda: Config.Placer is required")
	case cfg.Calls == nil:
		return nil, errors.New("agenda: Config.Calls is required")
	case cfg.Node == "":
		return nil, errors.New("agenda: Config.Node is required")
	}
	if cfg.Retry == nil {
		cfg.Retry = func(context.Context, string, string, int) (*Retry, error) { return nil, nil }
	}
	if cfg.Zone == nil {
		cfg.Zone = func(string) *time.Location { return nil }
	}
	if cfg.InFlight == nil {
		cfg.InFlight = func() int { return 16 }
	}
	if cfg.NewID == nil {
		cfg.NewID = newID
	}
	if cfg.Counter == nil {
		cfg.Counter = uncounted{}
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Clerk{
		cfg: cfg, poke: make(chan struct{}, 1),
		flying: make(map[string]bool), rests: make(map[string]time.Time),
	}, nil
}

// newID names an errand, or a batch.
func newID(kind string) string { return kind + "_" + strings.ToLower(rand.Text()) }

// clock is what time it is, as it is kept: in whole microseconds.
func clock() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

type uncounted struct{}

func (uncounted) ErrandBegun(string, time.Duration) {}
func (uncounted) ErrandLater(string)                {}
func (uncounted) ErrandLost()                       {}
func (uncounted) ErrandOver(string, string, string) {}
