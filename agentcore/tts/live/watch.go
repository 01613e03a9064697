package live

import (
	"context"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/provider"
)

// longestWait is how long a phrase is waited for in all, however often a crumb
// of it comes.
const longestWait = time.Minute

// watch waits for a provider, and only then is its patience spent: not while
// the line takes its time with a frame.
type watch struct {
	*provider.Watchdog
	waited time.Duration
	pieces int // of the phrase, so far
}

// watchOver begins to wait. When it stops waiting, p hands out no more.
func watchOver(ctx context.Context, patience provider.Patience, p *Pour) *watch {
	w := &watch{Watchdog: provider.Watch(ctx, patience)}
	p.ctx = w.Ctx
	return w
}

// next takes the next message from a.
func (w *watch) next(a *ahead) (Message, error) {
	began := time.Now()
	m, err := a.take(w.Ctx)
	if w.waited += time.Since(began); err == nil && w.waited > longestWait {
		err = &provider.StallError{Waited: w.waited}
	}
	return m, err
}

// pour pours a piece of the phrase, or its end. What has no sound is nothing
// that was waited for.
func (w *watch) pour(p *Pour, s Spoken) error {
	if len(s.Sound) == 0 && !s.Done {
		w.pieces += len(s.Words)
		p.Words(s.Words...)
		return nil
	}
	w.pieces++
	w.Pause()
	err := p.Write(s.Sound)
	if err == nil {
		p.Words(s.Words...)
	}
	if s.Done && err == nil {
		return w.finish(p)
	}
	w.Resume()
	return err
}

// finish ends the phrase. Text that has words and no sound was not spoken.
func (w *watch) finish(p *Pour) error {
	if w.Pause(); p.heard() == 0 {
		return errNothing
	}
	return p.Finish()
}
