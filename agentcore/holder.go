package agentcore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/cost"
	"github.com/hookswitch/hookswitch/telephony"
)

// holder is what is the same for all who have the floor of a call, an agent or
// nobody: it keeps the journal, says how the call is found, and how it is left.
type holder struct {
	call     telephony.Call
	floor    FloorTaken // what is written when another had it
	pipeline string
	journal  Journal
	observer Observer
	withdraw func(string)
	yield    func() bool
	used     func() cost.Usage // since it was last asked; nil: nobody counts

	state  State // where it begins
	pen    *pen
	deafTo atomic.Int64 // until when the recorder must not hear the caller, in Unix nanoseconds
}

// found is how a holder finds the call.
type found uint8

const (
	foundOver  found = iota // nothing follows the end
	foundNew                // nobody has talked on it before
	foundTaken              // another had the floor, or nobody; on this leg or an earlier one
	foundLost               // it had the floor, and its leg was lost
)

var (
	// errLeft is the cause of a conversation whose agent has handed the call over.
	errLeft = errors.New("agentcore: the agent has handed the call over")
	// errYield is the cause of a holder that would have ended the call, but somebody
	// waits for the floor.
	errYield = errors.New("agentcore: somebody else waits for the floor")
	// errBroken is the cause of a holder who can't go on, of a call that can.
	errBroken = errors.New("agentcore: who had the floor was lost")
	// errGone is the cause of a holder whose leg was let go by somebody else.
	errGone = errors.New("agentcore: the leg was hung up from outside")
)

// start has the journal written until ctx ends.
func (h *holder) start(ctx context.Context, end context.CancelCauseFunc) *sync.WaitGroup {
	began := time.Now()
	if !h.state.Answered.IsZero() {
		began = began.Add(-time.Since(h.state.Answered))
	}
	h.pen = newPen(h.journal, h.state, began)
	var writing sync.WaitGroup
	writing.Go(func() {
		if err := h.pen.run(ctx); err != nil {
			end(err)
		}
	})
	return &writing
}

// open notes who is here now.
func (h *holder) open() found {
	past := h.state
	if past.End != "" {
		return foundOver
	}
	first, takes := past.Answered.IsZero(), past.Floor != h.floor.Job || past.Nobody != (h.floor.By == "")
	if first || !takes || past.Epoch != h.call.Epoch { // else the leg is the one that another talked on
		h.pen.commit(Opened{Epoch: h.call.Epoch, Agent: h.floor.Agent, Direction: h.call.Direction, Pipeline: h.pipeline})
	}
	if first {
		h.observer.CallBegan(string(h.call.Direction))
	}
	switch {
	case takes:
		h.take()
		return foundTaken
	case first:
		return foundNew
	}
	return foundLost
}

// take writes down that the floor changes hands. A transfer that is on was
// another's idea: it is called off.
func (h *holder) take() {
	var on TransferBegan
	now := time.Now()
	h.pen.decide(func(s *State) []Event {
		if on = s.Transfer; on.Transfer == "" {
			return []Event{h.floor}
		}
		took := now.Sub(h.pen.began) - s.since
		return []Event{on.called("another has the call now", took), h.floor}
	})
	if on.Transfer != "" {
		h.withdraw(on.Transfer)
	}
}

// held is how long it has had the floor.
func (h *holder) held() time.Duration {
	var from time.Duration
	h.pen.look(func(s *State) { from = s.taken })
	return time.Since(h.pen.began) - from
}

// silentWait bounds the wait for who still writes to a leg that goes to another.
const silentWait = time.Second

// finish writes the journal's last lines and lets the leg go. What is left of the
// call comes from ctx's cause. A leg that another goes on with is let go when
// silent is closed: nothing of ours may follow on it.
func (h *holder) finish(ctx context.Context, leg telephony.Leg, silent <-chan struct{}) (Summary, error) {
	cause := context.Cause(ctx)
	ctx = context.WithoutCancel(ctx)
	sum, err := h.epilogue(ctx, cause)
	if errors.Is(cause, ErrReplaced) || errors.Is(cause, errYield) || errors.Is(cause, errBroken) {
		late := time.NewTimer(silentWait)
		defer late.Stop()
		select {
		case <-silent:
		case <-late.C:
		}
	}
	hangup, stop := context.WithTimeout(ctx, 5*time.Second)
	defer stop()
	return sum, errors.Join(err, leg.Hangup(hangup))
}

// epilogue writes the journal's last lines: the row is ended before the line is
// let go, so that the carrier's next question finds it ended.
func (h *holder) epilogue(ctx context.Context, cause error) (Summary, error) {
	var sum Summary
	h.noteUsed()
	reason, over := telephony.Over(cause)
	switch {
	case over:
		sum.End = reason
		h.pen.commit(Ended{Reason: reason})
	case errors.Is(cause, telephony.ErrLost):
		h.pen.commit(Lost{Epoch: h.call.Epoch, Cause: cause.Error()})
	}
	h.pen.close()
	err := h.pen.flush(ctx)
	h.pen.look(func(s *State) { sum.Last = s.Last })
	sum.Lasted = time.Since(h.pen.began)
	switch {
	case err != nil:
		return Summary{Last: sum.Last, Lasted: sum.Lasted}, fmt.Errorf("agentcore: the journal could not be kept: %w", err)
	case over:
		h.observer.CallEnded(string(h.call.Direction), string(reason), sum.Lasted)
		return sum, nil
	case errors.Is(cause, errLeft):
		sum.Left = true
		return sum, nil
	case errors.Is(cause, errYield):
		sum.Yield = true
		return sum, nil
	case errors.Is(cause, errBroken):
		sum.Yield = true
	}
	return sum, cause
}

// nobody is an Observer who doesn't listen.
type nobody struct{}

func (nobody) CallBegan(string)                        {}
func (nobody) CallEnded(string, string, time.Duration) {}
func (nobody) TurnTook(_, _, _, _, _, _ time.Duration) {}
func (nobody) TalkedOver(time.Duration)                {}
func (nobody) RecogniserQueued(time.Duration)          {}
func (nobody) FrameDropped(string)                     {}
func (nobody) ProviderFailed(string)                   {}
func (nobody) WhoAnswered(string, time.Duration)       {}
func (nobody) MessageLeft(bool)                        {}
func (nobody) TalkOverUndone()                         {}
func (nobody) CutIn()                                  {}
func (nobody) ToolTook(string, bool, time.Duration)    {}
func (nobody) Paced(_, _ time.Duration)                {}
