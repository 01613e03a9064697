package booth

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
)

// Watch is a call while it goes on, as the gateway's journal tells it. Its
// methods may be called from any goroutine.
type Watch struct {
	shown *show.Live

	mu      sync.Mutex
	id      telephony.CallID
	entries []agentcore.Entry
	ends    int
}

// NewWatch returns the Watch of a call that is shown as shown.
func NewWatch(shown *show.Live) *Watch {
	return &Watch{shown: shown}
}

// Entry takes the call's next journal entry, and shows it.
func (w *Watch) Entry(id telephony.CallID, e agentcore.Entry) {
	w.mu.Lock()
	w.id = id
	w.entries = append(w.entries, e)
	if _, over := e.Event.(agentcore.Ended); over {
		w.ends++
	}
	w.mu.Unlock()
	w.shown.Entry(e)
}

// Shown is how the call is shown.
func (w *Watch) Shown() *show.Live { return w.shown }

// Known is what the journal told so far: the gateway's id of the call, the
// entries, and how many of them were its end. The caller may keep the entries,
// and must not change them.
func (w *Watch) Known() (id telephony.CallID, entries []agentcore.Entry, ends int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.id, w.entries[:len(w.entries):len(w.entries)], w.ends
}

// Wait draws the call's live line until both sides say that it is over. When
// ctx ends the far end hangs up, and both sides have longest from now to see it.
func (w *Watch) Wait(ctx context.Context, call *sim.Call, desk *dispatch.Desk, longest time.Duration) error {
	drawing, stop := context.WithCancel(context.WithoutCancel(ctx))
	var wg sync.WaitGroup
	wg.Go(func() { w.shown.Watch(drawing) })
	defer w.shown.Flush()
	defer wg.Wait()
	defer stop()

	polite, cancel := context.WithTimeout(context.WithoutCancel(ctx), longest)
	defer cancel()
	defer context.AfterFunc(ctx, call.Hangup)()
	if err := call.Wait(polite); err != nil {
		return fmt.Errorf("the carrier's side did not end: %w", err)
	}
	return w.settle(desk)
}

// settle waits until the gateway, too, is done with a call that is over. Of one
// that was never answered there is no journal.
func (w *Watch) settle(desk *dispatch.Desk) error {
	const most, pause = 7 * time.Second, 20 * time.Millisecond
	var written, gone bool
	for began := time.Now(); time.Since(began) < most; time.Sleep(pause) {
		_, entries, ends := w.Known()
		written, gone = ends > 0 || len(entries) == 0, len(desk.Live()) == 0
		if written && gone {
			return nil
		}
	}
	if !written {
		return errors.New("the gateway did not write down the end of the call")
	}
	return errors.New("the gateway holds on to a call that is over")
}
