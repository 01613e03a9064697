package agentcore

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/tools"
)

// uses are the uses of tools that go on. They belong to the call, not to the
// reply that asked for them: who says "mm-hm" while a table is being booked
// doesn't leave it half booked. The reply behind it waits for them.
type uses struct {
	work sync.WaitGroup

	mu  sync.Mutex
	now []*use // oldest first
}

// use is one of them.
type use struct {
	key  string
	done chan struct{} // closed once the rest may be read

	result tools.Result
	failed bool
	took   time.Duration
	given  map[string]any // variables that it sets
	entry  int            // of the journal. An End is left to the reply: one that was cut ends nothing; and so are keys to press
}

var errSlow = errors.New("it took too long, the outcome is unknown")

// all are those that go on now.
func (us *uses) all() []*use {
	us.mu.Lock()
	defer us.mu.Unlock()
	return append([]*use(nil), us.now...)
}

func (us *uses) add(u *use) {
	us.mu.Lock()
	defer us.mu.Unlock()
	us.now = append(us.now, u)
}

func (us *uses) drop(u *use) {
	us.mu.Lock()
	defer us.mu.Unlock()
	for i := range us.now {
		if us.now[i] == u {
			us.now = append(us.now[:i], us.now[i+1:]...)
			return
		}
	}
}

// begin uses a tool until ctx ends, which is the call's, unless may, which waits
// for the intent, fails: then it was not done. What came of it is written down
// even if nobody waits for it any more.
//
// args are the arguments, which the intent may not tell.
func (c *Conversation) begin(ctx context.Context, intent ToolIntent, args json.RawMessage, traits tools.Traits, may func() error) *use {
	u := &use{key: intent.Key, done: make(chan struct{})}
	c.uses.add(u)
	c.uses.work.Go(func() {
		defer c.uses.drop(u)
		defer close(u.done)
		if may() == nil {
			began := time.Now()
			u.result, u.failed = c.try(ctx, intent, args, traits)
			u.took = time.Since(began)
		} else {
			u.result, u.failed = failure(errNotDone), true
		}
		if ctx.Err() != nil {
			return // what came of it is not known
		}
		c.cfg.Observer.ToolTook(tools.Ours(intent.Name), u.failed, u.took)
		c.scrub(&u.result)
		for _, p := range u.result.Problems {
			c.cfg.Log.Warn("a tool's answer: "+p, "call", c.cfg.Call.ID, "tool", intent.Name)
		}
		u.given = c.assignable(u.result.Assigned)
		if u.result.End || u.result.Press != "" {
			return
		}
		u.entry = c.pen.decide(u.outcome)
		c.collects(ctx, u.result.Collect)
		if u.result.Machine {
			c.tell(ctx, event{kind: evMachine, at: time.Now()})
		}
		if h := u.result.Handed.ID; u.result.Leave || h != "" {
			c.tell(ctx, event{kind: evHanded, at: time.Now(), id: h, leave: u.result.Leave})
		}
	})
	return u
}

// outcome is what the journal says of a use; nothing if it says it already. An
// agent does not leave a caller who has spoken since.
func (u *use) outcome(s *State) []Event {
	t := s.find(u.key)
	if t == nil || t.result != nil {
		return nil
	}
	began, on := u.began(s)
	done := ToolResult{
		Key: u.key, Text: u.result.Text, Failed: u.failed, TookMS: u.took.Milliseconds(),
		End: u.result.End, Assigned: u.given,
		Leave: u.result.Leave && !u.result.End && !s.spokeSince(t) && !s.machine.aside && (on || began.Transfer == ""),
	}
	events := []Event{done}
	if on {
		events = append(events, began)
	}
	if u.result.Collect != nil {
		events = append(events, collectBegan(*u.result.Collect))
	}
	return events
}

func (c *Conversation) try(ctx context.Context, intent ToolIntent, args json.RawMessage, traits tools.Traits) (result tools.Result, failed bool) {
	ctx, stop := context.WithTimeoutCause(ctx, traits.Limit(), errSlow)
	defer stop()
	in := tools.Invocation{
		Key: intent.Key, Arguments: args,
		Variables: c.secretVariables(), Missing: c.missing,
	}
	result, err := c.tools.Call(ctx, intent.Name, in)
	if err != nil && errors.Is(context.Cause(ctx), errSlow) {
		err = errSlow
	}
	if err != nil && mutant("tool-tried-again") {
		result, err = c.tools.Call(ctx, intent.Name, in)
	}
	if err != nil {
		return failure(err), true
	}
	return result, false
}
