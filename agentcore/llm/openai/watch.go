package openai

import (
	"context"
	"fmt"
	"time"
)

// StallError says that the model fell silent: nothing came for as long as the
// configuration allows.
type StallError struct {
	Waited time.Duration
	First  bool // not a word had come yet
}

func (e *StallError) Error() string {
	if e.First {
		return fmt.Sprintf("no word within %v", e.Waited)
	}
	return fmt.Sprintf("no further word within %v", e.Waited)
}

// Timeout makes it a timeout to whoever asks for one.
func (e *StallError) Timeout() bool { return true }

// watchdog ends a request whose model has fallen silent. It counts only while
// the model is waited for, not while the consumer is busy with a delta.
type watchdog struct {
	ctx     context.Context
	cancel  context.CancelCauseFunc
	timer   *time.Timer
	between time.Duration
	until   time.Time // when the first word must be there
}

func watch(ctx context.Context, first, between time.Duration) *watchdog {
	w := &watchdog{between: between, until: time.Now().Add(first)}
	w.ctx, w.cancel = context.WithCancelCause(ctx)
	w.timer = time.AfterFunc(first, func() { w.cancel(&StallError{first, true}) })
	return w
}

// pause stops the count.
func (w *watchdog) pause() { w.timer.Stop() }

// resume waits for the next word.
func (w *watchdog) resume() {
	w.timer.Stop()
	w.timer = time.AfterFunc(w.between, func() { w.cancel(&StallError{w.between, false}) })
}

// stop ends the request, if it is still there.
func (w *watchdog) stop() {
	w.timer.Stop()
	w.cancel(nil)
}
