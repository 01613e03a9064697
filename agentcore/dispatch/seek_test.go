package dispatch_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/telephony"
)

// left puts a call on record that a dead process was about to place. dialled
// says that it had begun to ask the carrier.
func (o *office) left(id telephony.CallID, dialled bool) {
	o.t.Helper()
	d := dispatch.Dispatch{
		ID: "disp_" + string(id), Workspace: "default", Agent: "demo", Conversation: "conv-" + string(id), Session: "sess-" + string(id),
		Variables: "{}", Call: id, Status: dispatch.DispatchPlacing, Created: time.Now(), Expires: time.Now().Add(time.Hour),
	}
	r := dispatch.Record{
		ID: id, Epoch: 1, From: wish.From, To: wish.To, Direction: telephony.Outbound, State: telephony.Queued,
		Workspace: "default", Agent: "demo", Conversation: "conv-" + string(id), Node: "dead", Created: time.Now(), Prepared: time.Now(),
	}
	_, _, err := o.records.CreateDispatch(o.t.Context(), d, &r)
	if err == nil && dialled {
		err = o.records.SetDialled(o.t.Context(), id, time.Now())
	}
	if err != nil {
		o.t.Fatal(err)
	}
}

// has puts a call into the carrier's books, and returns its id there.
func (o *office) has(id telephony.CallID) string {
	o.t.Helper()
	carrierID, err := o.trunk.Dial(o.t.Context(), telephony.Outgoing{Call: id, From: wish.From, To: wish.To})
	if err != nil {
		o.t.Fatal(err)
	}
	return carrierID
}

func (o *office) call(id telephony.CallID) dispatch.Record {
	o.t.Helper()
	r, err := o.records.Calls.Call(o.t.Context(), id)
	if err != nil {
		o.t.Fatal(err)
	}
	return r
}

// What a dead process was about to place is sought at the carrier.
func TestACallWithoutTheCarriersIDIsSought(t *testing.T) {
	for claim, test := range map[string]func(t *testing.T, o *office){
		"nobody had been asked": func(t *testing.T, o *office) {
			o.left("call_1", false)
			o.recover()
			time.Sleep(time.Minute)
			r, on := o.call("call_1"), o.dispatchOf("call_1")
			if r.Reason != telephony.Failed || r.Why != dispatch.NeverPlaced || !r.Unplaced() || on.Status != dispatch.DispatchFailed {
				t.Errorf("%+v, dispatch %s, want it ended as never placed", r, on.Status)
			}
			if o.trunk.finds != 0 {
				t.Errorf("the carrier was asked %d times for a call that it can't have", o.trunk.finds)
			}
		},
		"it was asked, and has it": func(t *testing.T, o *office) {
			o.left("call_1", true)
			carrierID := o.has("call_1")
			o.recover()
			time.Sleep(45 * time.Second)
			if r, on := o.call("call_1"), o.dispatchOf("call_1"); r.Carrier != carrierID || r.Over() || on.Status != dispatch.DispatchPlaced {
				t.Fatalf("%+v, dispatch %s, want it found and going on", r, on.Status)
			}
			o.trunk.set(carrierID, telephony.StateNone)
			time.Sleep(2 * time.Minute)
			o.ended(carrierID, telephony.NoAnswer)
		},
		"it was asked, and does not have it": func(t *testing.T, o *office) {
			o.left("call_1", true)
			o.recover()
			time.Sleep(time.Minute)
			if r := o.call("call_1"); r.Reason != telephony.Failed || !r.Unplaced() {
				t.Errorf("%+v, want it ended as never placed", r)
			}
		},
		"what it has is on record as another call": func(t *testing.T, o *office) {
			other, _, err := o.Dispatch(t.Context(), wish)
			if err != nil {
				t.Fatal(err)
			}
			o.left("call_1", true)
			o.recover()
			time.Sleep(time.Minute)
			if r := o.call("call_1"); r.Carrier != "" || !r.Unplaced() {
				t.Errorf("%+v, want it ended as never placed", r)
			}
			if r := o.kept("CAout1"); r.ID != other.Call {
				t.Errorf("the other's id is of %s", r.ID)
			}
		},
		"two of one number each get their own": func(t *testing.T, o *office) {
			o.left("call_1", true)
			first := o.has("call_1")
			o.left("call_2", true)
			second := o.has("call_2")
			o.recover()
			time.Sleep(time.Minute)
			one, two := o.call("call_1").Carrier, o.call("call_2").Carrier
			if one == two || one+two != first+second && one+two != second+first {
				t.Errorf("%q and %q, want %q and %q", one, two, first, second)
			}
		},
		"it can't be asked for a while": func(t *testing.T, o *office) {
			o.left("call_1", true)
			carrierID := o.has("call_1")
			o.trunk.cut(true)
			o.recover()
			time.Sleep(3 * time.Minute)
			if r := o.call("call_1"); r.Over() {
				t.Fatalf("ended for %q (%s) while nobody could tell", r.Reason, r.Why)
			}
			o.trunk.cut(false)
			time.Sleep(31 * time.Second)
			if r := o.call("call_1"); r.Carrier != carrierID {
				t.Errorf("%+v, want it found", r)
			}
		},
		"it can't be asked for long": func(t *testing.T, o *office) {
			o.left("call_1", true)
			o.trunk.cut(true)
			o.recover()
			time.Sleep(7 * time.Minute)
			if r := o.call("call_1"); r.Reason != telephony.Failed || r.Unplaced() {
				t.Errorf("%+v, want it given up, and not called unplaced: nobody knows", r)
			}
		},
		"the store fails in between": func(t *testing.T, o *office) {
			o.left("call_1", true)
			carrierID := o.has("call_1")
			o.recover()
			o.records.down.Store(true)
			time.Sleep(2 * time.Minute)
			o.records.down.Store(false)
			time.Sleep(time.Minute)
			if r := o.call("call_1"); r.Carrier != carrierID {
				t.Errorf("%+v, want it found", r)
			}
		},
		"its callback comes first": func(t *testing.T, o *office) {
			o.left("call_1", true)
			carrierID := o.has("call_1")
			o.recover()
			step, err := o.Ring(t.Context(), telephony.Incoming{Carrier: carrierID, Call: "call_1", State: telephony.InProgress})
			if err != nil || step.Kind != telephony.StepConnect || o.call("call_1").Carrier != carrierID {
				t.Errorf("Ring() = %+v, %v, want it answered", step, err)
			}
		},
	} {
		t.Run(claim, func(t *testing.T) {
			inOffice(t, func(c *dispatch.Config) { c.Node = "two" }, func(t *testing.T, o *office) {
				test(t, o)
				o.allOver()
			})
		})
	}
}

// allOver has the carrier say that every call is over: those whose pen another
// node has are left open by a desk that closes.
func (o *office) allOver() {
	o.t.Helper()
	open, err := o.records.Unended(o.t.Context(), "", everyone())
	if err != nil {
		o.t.Fatal(err)
	}
	for _, r := range open {
		o.report(r.Carrier, telephony.Completed)
	}
}

func (o *office) dispatchOf(id telephony.CallID) dispatch.Dispatch {
	o.t.Helper()
	on, err := o.records.Calls.DispatchOfCall(o.t.Context(), id)
	if err != nil {
		o.t.Fatal(err)
	}
	return on
}

// An answer that is lost on its way is no proof that nobody was called.
func TestALostAnswerIsAskedAfter(t *testing.T) {
	for claim, test := range map[string]func(t *testing.T, o *office){
		"it was placed": func(t *testing.T, o *office) {
			o.trunk.loses = context.DeadlineExceeded
			on, _, err := o.Dispatch(t.Context(), wish)
			if err != nil || on.Status != dispatch.DispatchPlaced || o.kept("CAout1").ID != on.Call {
				t.Errorf("Dispatch() = %+v, %v, want it placed", on, err)
			}
		},
		"it was not": func(t *testing.T, o *office) {
			o.trunk.refuse = context.DeadlineExceeded
			on, _, err := o.Dispatch(t.Context(), wish)
			var place *dispatch.PlaceError
			if !errors.As(err, &place) || place.Never || on.Status != dispatch.DispatchFailed || o.call(on.Call).Unplaced() {
				t.Errorf("Dispatch() = %+v, %v, want it failed, not surely unplaced", on, err)
			}
		},
		"it failed for sure, whatever id came with that": func(t *testing.T, o *office) {
			o.trunk.loses = errors.New("no such number")
			on, _, err := o.Dispatch(t.Context(), wish)
			if err == nil || on.Status != dispatch.DispatchFailed || o.call(on.Call).Carrier != "" || o.trunk.finds != 0 {
				t.Errorf("Dispatch() = %+v, %v, want it failed", on, err)
			}
		},
		"the callback told": func(t *testing.T, o *office) {
			o.trunk.loses = context.DeadlineExceeded
			o.trunk.early = func(out telephony.Outgoing, carrierID string) {
				if err := o.records.Calls.SetCarrier(t.Context(), out.Call, carrierID); err != nil {
					t.Error(err)
				}
			}
			on, _, err := o.Dispatch(t.Context(), wish)
			if err != nil || on.Status != dispatch.DispatchPlaced || o.trunk.finds != 0 {
				t.Errorf("Dispatch() = %+v, %v, asked %d times, want it known to be placed", on, err, o.trunk.finds)
			}
		},
	} {
		t.Run(claim, func(t *testing.T) { inOffice(t, nil, test) })
	}
}

// Who may not dial any more leaves the carrier alone.
func TestNobodyIsAskedForWhatEnded(t *testing.T) {
	inOffice(t, nil, func(t *testing.T, o *office) {
		o.trunk.turn = time.Minute
		on, _, err := o.Dispatch(t.Context(), wish)
		if err != nil || on.Status != dispatch.DispatchPlacing {
			t.Fatalf("Dispatch() = %+v, %v", on, err)
		}
		if r := o.call(on.Call); !r.Dialled.IsZero() {
			t.Errorf("dialled at %v while it waits for its turn", r.Dialled)
		}
		if err := o.HangUp(t.Context(), on.Call, telephony.OperatorHangup); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		if r := o.call(on.Call); len(o.trunk.dialed) != 0 || !r.Dialled.IsZero() || r.Reason != telephony.OperatorHangup || r.Unplaced() {
			t.Errorf("%d dialled, %+v, want none", len(o.trunk.dialed), r)
		}
	})
}
