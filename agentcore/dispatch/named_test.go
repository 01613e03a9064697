package dispatch_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/telephony"
)

// wishOf is wish for a call of that name.
func wishOf(id telephony.CallID) dispatch.Wish {
	w := wish
	w.Call = id
	return w
}

// A wish that names its call is done once, whoever comes with it and whenever.
func TestACallOfOneNameIsPlacedOnce(t *testing.T) {
	for claim, test := range map[string]func(t *testing.T, o *office){
		"again": func(t *testing.T, o *office) {
			first, replayed, err := o.Dispatch(t.Context(), wishOf("call_a"))
			if err != nil || replayed || first.Call != "call_a" || o.kept("CAout1").ID != "call_a" {
				t.Fatalf("Dispatch() = %+v, %v, %v", first, replayed, err)
			}
			again, replayed, err := o.Dispatch(t.Context(), wishOf("call_a"))
			if err != nil || !replayed || again.ID != first.ID || again.Status != dispatch.DispatchPlaced || len(o.Live()) != 1 {
				t.Errorf("Dispatch(again) = %+v, %v, %v, %v live", again, replayed, err, o.Live())
			}
			if _, replayed, err := o.Dispatch(t.Context(), wishOf("call_b")); err != nil || replayed || len(o.trunk.dialed) != 2 {
				t.Errorf("Dispatch(another) replayed %v, %v, %d dialled", replayed, err, len(o.trunk.dialed))
			}
		},
		"when it is long over": func(t *testing.T, o *office) {
			if _, _, err := o.Dispatch(t.Context(), wishOf("call_a")); err != nil {
				t.Fatal(err)
			}
			o.report("CAout1", telephony.StateBusy)
			time.Sleep(48 * time.Hour)
			on, replayed, err := o.Dispatch(t.Context(), wishOf("call_a"))
			if err != nil || !replayed || on.Call != "call_a" || len(o.trunk.dialed) != 1 || len(o.Live()) != 0 {
				t.Errorf("Dispatch() = %+v, %v, %v, %d dialled", on, replayed, err, len(o.trunk.dialed))
			}
		},
		"many at once": func(t *testing.T, o *office) {
			o.trunk.slow = 2 * time.Second
			var all sync.WaitGroup
			for range 8 {
				all.Go(func() {
					if on, _, err := o.Dispatch(t.Context(), wishOf("call_a")); err != nil || on.Status != dispatch.DispatchPlaced {
						t.Errorf("Dispatch() = %+v, %v", on, err)
					}
				})
			}
			all.Wait()
			if len(o.trunk.dialed) != 1 || len(o.Live()) != 1 || o.kept("CAout1").Over() {
				t.Errorf("%d dialled, %v live, want one", len(o.trunk.dialed), o.Live())
			}
		},
		"by another node, whose call we know of": func(t *testing.T, o *office) {
			o.left("call_a", true)
			o.recover()
			on, replayed, err := o.Dispatch(t.Context(), wishOf("call_a"))
			if err != nil || !replayed || on.Status != dispatch.DispatchPlacing || len(o.trunk.dialed) != 0 || len(o.Live()) != 1 {
				t.Errorf("Dispatch() = %+v, %v, %v, %d dialled, %v live", on, replayed, err, len(o.trunk.dialed), o.Live())
			}
			time.Sleep(time.Minute) // the carrier never had it
			if on, _, err := o.Dispatch(t.Context(), wishOf("call_a")); err != nil || on.Status != dispatch.DispatchFailed || !o.call("call_a").Unplaced() {
				t.Errorf("Dispatch() = %+v, %v, want the failure on record", on, err)
			}
		},
		"after a refusal by the carrier": func(t *testing.T, o *office) {
			o.trunk.refuse = errors.New("no such number")
			var place *dispatch.PlaceError
			if _, _, err := o.Dispatch(t.Context(), wishOf("call_a")); !errors.As(err, &place) || place.Never {
				t.Fatalf("Dispatch() = %v, want a PlaceError of the carrier's", err)
			}
			o.trunk.refuse = nil
			on, replayed, err := o.Dispatch(t.Context(), wishOf("call_a"))
			if err != nil || !replayed || on.Status != dispatch.DispatchFailed || o.call("call_a").Unplaced() || len(o.trunk.dialed) != 0 {
				t.Errorf("Dispatch() = %+v, %v, %v, want the failure on record", on, replayed, err)
			}
		},
		"when nobody was asked": func(t *testing.T, o *office) {
			o.trunk.full = errors.New("pace: too many wait")
			var place *dispatch.PlaceError
			if _, _, err := o.Dispatch(t.Context(), wishOf("call_a")); !errors.As(err, &place) || !place.Never || !o.call("call_a").Unplaced() {
				t.Errorf("Dispatch() = %v, record %+v, want it known that nobody was called", err, o.call("call_a"))
			}
		},
	} {
		t.Run(claim, func(t *testing.T) { inOffice(t, nil, test) })
	}
}

// What a wish says besides goes to the record.
func TestARecordKeepsWhatAWishSays(t *testing.T) {
	inOffice(t, func(c *dispatch.Config) {
		c.Route = func(context.Context, telephony.Incoming) (dispatch.Route, error) {
			return dispatch.Route{Workspace: "default", Agent: "demo", FollowUp: true}, nil
		}
		c.Permit = func(_ context.Context, c dispatch.Cost) (string, error) {
			want := dispatch.Cost{Workspace: "default", From: wish.From, To: wish.To, BypassQuietHours: true, Hours: `{"windows":[]}`, Consent: "form"}
			if c != want {
				t.Errorf("Permit(%+v), want %+v", c, want)
			}
			return `{"checked":true}`, nil
		}
	}, func(t *testing.T, o *office) {
		w := wishOf("call_a")
		w.FollowUp, w.Chat, w.BypassQuietHours, w.Hours, w.Consent = true, "chat_1", true, `{"windows":[]}`, "form"
		if _, _, err := o.Dispatch(t.Context(), w); err != nil {
			t.Fatal(err)
		}
		if r := o.call("call_a"); !r.FollowUp || r.Chat != "chat_1" || r.Proof != `{"checked":true}` || r.Dialled.Before(r.Created) {
			t.Errorf("record %+v", r)
		}
		o.ring("CAin")
		if r := o.kept("CAin"); !r.FollowUp {
			t.Errorf("an inbound call: %+v, want it followed up", r)
		}
	})
}

// Where there is no room, nothing is left behind: no call, no record, no
// permission that counts.
func TestNoMoreCallsThanMayBeAtOnce(t *testing.T) {
	var permitted, released int
	inOffice(t, func(c *dispatch.Config) {
		c.Node = "one"
		c.Permit = func(context.Context, dispatch.Cost) (string, error) { permitted++; return "", nil }
		c.Release = func(c dispatch.Cost) {
			if c.To != wish.To {
				t.Errorf("Release(%+v)", c)
			}
			released++
		}
	}, func(t *testing.T, o *office) {
		time.Sleep(2 * time.Second) // it has beaten
		o.ring("CAin")              // who calls in counts, too
		w := wish
		w.Caps.Workspace = 2
		if _, _, err := o.Dispatch(t.Context(), w); err != nil {
			t.Fatal(err)
		}
		w.Call = "call_a"
		var full *dispatch.CappedError
		if _, _, err := o.Dispatch(t.Context(), w); !errors.As(err, &full) || full.By != "workspace" {
			t.Errorf("Dispatch() = %v, want it capped", err)
		}
		synctest.Wait() // who looks after a call lets go of it
		if _, err := o.records.Calls.Call(t.Context(), "call_a"); !errors.Is(err, dispatch.ErrNotFound) || len(o.Live()) != 2 || permitted-released != 1 || len(o.trunk.dialed) != 1 {
			t.Errorf("Call() = %v, %v live, %d permitted, %d released, want nothing left", err, o.Live(), permitted, released)
		}
		o.report("CAout1", telephony.StateBusy)
		if on, _, err := o.Dispatch(t.Context(), w); err != nil || on.Call != "call_a" {
			t.Errorf("Dispatch() = %+v, %v, want a place", on, err)
		}
	})
}

// late is a desk's records on which another node makes the call that the desk is
// about to make; and what the desk tried, it never learns.
type late struct {
	dispatch.Calls
	fails error
}

func (l *late) CreateDispatch(ctx context.Context, d dispatch.Dispatch, r *dispatch.Record) (dispatch.Dispatch, bool, error) {
	if l.fails == nil {
		return l.Calls.CreateDispatch(ctx, d, r)
	}
	theirs := *r
	d.ID, d.Conversation = "disp_theirs", "conv-theirs"
	theirs.Node, theirs.Conversation = "another", d.Conversation
	if _, _, err := l.Calls.CreateDispatch(context.WithoutCancel(ctx), d, &theirs); err != nil {
		return dispatch.Dispatch{}, false, err
	}
	return dispatch.Dispatch{}, false, l.fails
}

// Two nodes take one another for dead. The call that one has placed is not ended
// by the other, which only knows that its own try came to nothing.
func TestACallOfAnotherNodesIsNotEnded(t *testing.T) {
	records := &late{fails: context.DeadlineExceeded}
	inOffice(t, func(c *dispatch.Config) {
		records.Calls = c.Calls
		c.Calls, c.Node = records, "here"
	}, func(t *testing.T, o *office) {
		if err := o.records.Beat(t.Context(), "another", time.Now()); err != nil {
			t.Fatal(err)
		}
		if _, _, err := o.Dispatch(t.Context(), wishOf("call_a")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Dispatch() = %v, want what the records said", err)
		}
		synctest.Wait()
		if r := o.call("call_a"); r.Over() || r.Node != "another" || len(o.Live()) != 0 {
			t.Errorf("the call is %+v, %v live here, want it to go on elsewhere", r, o.Live())
		}
		if _, _, err := o.records.End(t.Context(), "call_a", 1, telephony.Failed, time.Now()); err != nil {
			t.Fatal(err)
		}
	})
}
