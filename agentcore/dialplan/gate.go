package dialplan

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// Config is what a [Gate] needs.
type Config struct {
	// Policy is a workspace's; it is asked at every call. Required.
	Policy func(ctx context.Context, workspace string) (Policy, error)
	// History lists what a workspace placed since then, of all nodes, in any
	// order. Nil: what this gate permitted is all that there is, and it must be
	// told by [Gate.Done] when each is over.
	History func(ctx context.Context, workspace string, since time.Time) ([]telephony.Placed, error)

	// OptedOut reports whether whoever has contact, a number, said that the
	// workspace must not call them. Nil: nobody did.
	OptedOut func(ctx context.Context, workspace, contact string) (bool, error)

	Refused func(code Code) // counts; must not block. Nil: nobody counts
	Log     *slog.Logger    // nil discards
}

// Gate permits calls, and remembers what was called in the last 24 hours. It is
// safe for concurrent use: what is permitted counts at once, so that of many
// who ask at the same time no more get through than may.
//
// The records are the truth: they are read when a workspace calls for the first
// time, again every [refresh] while it does, and before a call is refused for
// how often others were placed. So several nodes, which each have a gate, know
// of each other's calls with that delay.
type Gate struct {
	cfg     Config
	windows *windows
}

// Times of a [Gate].
const (
	refresh = 10 * time.Second // age of what is known, after which the records are read again
	recent  = time.Second      // age of what is known that will do to refuse a call
	settle  = 30 * time.Second // in which what was permitted is on record; else it was never placed
	day     = 24 * time.Hour   // the longest that anything counts
)

// NewGate makes a gate.
func NewGate(cfg Config) (*Gate, error) {
	if cfg.Policy == nil {
		return nil, errors.New("dialplan: Config.Policy is required")
	}
	if cfg.Refused == nil {
		cfg.Refused = func(Code) {}
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Gate{cfg: cfg, windows: newWindows()}, nil
}

// Release takes back the newest reservation of to that is not on record: the
// call was not placed, and counts no more.
func (g *Gate) Release(workspace, to string) {
	if w := g.windows.get(workspace); w != nil {
		w.release(to)
	}
}

// Done tells that the oldest call to to that goes on is over, after talking for
// took.
func (g *Gate) Done(workspace, to string, took time.Duration) {
	if w := g.windows.get(workspace); w != nil {
		w.done(to, took)
	}
}

// read brings w up to the records, unless it was within age. Before w was ever
// read, not being able to is an error; later what is known goes on counting.
func (g *Gate) read(ctx context.Context, workspace string, w *window, age time.Duration) error {
	now := time.Now()
	if g.cfg.History == nil || !w.read.IsZero() && now.Sub(w.read) <= age {
		return nil
	}
	all, err := g.cfg.History(ctx, workspace, now.Add(-day))
	switch {
	case err != nil && w.read.IsZero():
		return fmt.Errorf("dialplan: read what was called: %w", err)
	case err != nil:
		g.cfg.Log.WarnContext(ctx, "what was called could not be read again", "workspace", workspace, "err", err)
	default:
		w.replace(all, now)
	}
	w.read = now
	return nil
}

// refused counts err if it is a [*Refusal].
func (g *Gate) refused(err error) error {
	var r *Refusal
	if errors.As(err, &r) {
		g.cfg.Refused(r.Code)
	}
	return err
}
