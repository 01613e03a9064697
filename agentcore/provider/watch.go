package provider

import (
	"context"
	"fmt"
	"time"
)

// Patience is how long a provider may be silent. A caller hears every moment of
// it as dead air, so that the defaults are short.
type Patience struct {
	Connect time.Duration // until the connection stands. Zero means 3 s
	First   time.Duration // from the request to the first piece of an answer, connecting included. Zero means 6 s
	Gap     time.Duration // from one piece to the next. Zero means 3 s
}

// OrDefault is p with its zero fields filled.
func (p Patience) OrDefault() Patience {
	or := func(d *time.Duration, other time.Duration) {
		if *d <= 0 {
			*d = other
		}
	}
	or(&p.Connect, 3*time.Second)
	or(&p.First, 6*time.Second)
	or(&p.Gap, 3*time.Second)
	return p
}

// StallError says that a provider fell silent: nothing came for as long as its
// [Patience] allows.
type StallError struct {
	Waited time.Duration
	First  bool // nothing had come yet
}

func (e *StallError) Error() string {
	if e.First {
		return fmt.Sprintf("no answer within %v", e.Waited)
	}
	return fmt.Sprintf("nothing further within %v", e.Waited)
}

// Timeout makes it a timeout to whoever asks for one.
func (e *StallError) Timeout() bool { return true }

// Watchdog ends a request whose provider has fallen silent: its context's cause
// is then a *[StallError]. It counts only while the provider is waited for, not
// while the consumer is busy with a piece. It is used by one goroutine.
type Watchdog struct {
	Ctx   context.Context // for the request
	Until time.Time       // when the first piece must be there

	cancel context.CancelCauseFunc
	timer  *time.Timer
	gap    time.Duration
}

// Watch begins to wait for the first piece.
func Watch(ctx context.Context, p Patience) *Watchdog {
	p = p.OrDefault()
	w := &Watchdog{gap: p.Gap, Until: time.Now().Add(p.First)}
	w.Ctx, w.cancel = context.WithCancelCause(ctx)
	w.timer = time.AfterFunc(p.First, func() { w.cancel(&StallError{p.First, true}) })
	return w
}

// Pause stops the count: a piece is there, and the consumer has it.
func (w *Watchdog) Pause() { w.timer.Stop() }

// Resume waits for the next piece.
func (w *Watchdog) Resume() {
	w.timer.Stop()
	w.timer = time.AfterFunc(w.gap, func() { w.cancel(&StallError{w.gap, false}) })
}

// Stop ends the request, if it is still there.
func (w *Watchdog) Stop() {
	w.timer.Stop()
	w.cancel(nil)
}
