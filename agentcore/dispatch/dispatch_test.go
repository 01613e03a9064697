package dispatch_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/telephony"
)

// keyed is wish with a key.
func keyed(key string) dispatch.Wish {
	w := wish
	w.IdemKey, w.IdemHash = key, "hash"
	return w
}

func TestDispatchOnceAKey(t *testing.T) {
	for claim, test := range map[string]func(t *testing.T, o *office){
		"again": func(t *testing.T, o *office) {
			first, replayed, err := o.Dispatch(t.Context(), keyed("k"))
			if err != nil || replayed || first.Status != dispatch.DispatchPlaced || first.Call == "" {
				t.Fatalf("Dispatch() = %+v, %v, %v", first, replayed, err)
			}
			again, replayed, err := o.Dispatch(t.Context(), keyed("k"))
			if err != nil || !replayed || again.ID != first.ID || again.Status != dispatch.DispatchPlaced || len(o.trunk.dialed) != 1 {
				t.Errorf("Dispatch(again) = %+v, %v, %v, want the first replayed", again, replayed, err)
			}
			other := keyed("k")
			other.IdemHash = "another request"
			if _, _, err := o.Dispatch(t.Context(), other); !errors.Is(err, dispatch.ErrIdemMismatch) {
				t.Errorf("Dispatch(another request) = %v, want ErrIdemMismatch", err)
			}
		},
		"two at once": func(t *testing.T, o *office) {
			o.trunk.slow = 2 * time.Second
			var all sync.WaitGroup
			var once, twice int
			var mu sync.Mutex
			for range 5 {
				all.Go(func() {
					on, replayed, err := o.Dispatch(t.Context(), keyed("k"))
					if err != nil || on.Status != dispatch.DispatchPlaced {
						t.Errorf("Dispatch() = %+v, %v, want it placed, whoever did", on, err)
					}
					mu.Lock()
					defer mu.Unlock()
					if replayed {
						twice++
					} else {
						once++
					}
				})
			}
			all.Wait()
			if once != 1 || twice != 4 || len(o.trunk.dialed) != 1 || len(o.Live()) != 1 {
				t.Errorf("%d dispatched, %d replayed, %d dialled, %v live, want one and four", once, twice, len(o.trunk.dialed), o.Live())
			}
		},
		"after a refusal": func(t *testing.T, o *office) {
			o.trunk.refuse = fmt.Errorf("21211: %s is no number, nor is %s", wish.To, strings.TrimPrefix(string(wish.From), "+"))
			first, _, err := o.Dispatch(t.Context(), keyed("k"))
			var place *dispatch.PlaceError
			if !errors.As(err, &place) || !errors.Is(err, o.trunk.refuse) || first.Status != dispatch.DispatchFailed {
				t.Errorf("Dispatch() = %+v, %v, want a PlaceError of the carrier's", first, err)
			}
			for _, said := range []string{err.Error(), first.Error, place.Why} {
				if strings.Contains(said, "5550") || !strings.Contains(said, "21211") {
					t.Errorf("%q: want the code and no number", said)
				}
			}
			o.trunk.refuse = nil
			again, replayed, err := o.Dispatch(t.Context(), keyed("k"))
			if err != nil || !replayed || again.Status != dispatch.DispatchFailed || again.Error != first.Error || len(o.trunk.dialed) != 0 {
				t.Errorf("Dispatch(again) = %+v, %v, %v, want the same failure", again, replayed, err)
			}
			if r, err := o.records.Call(t.Context(), first.Call); err != nil || r.Reason != telephony.Failed || r.Why != first.Error {
				t.Errorf("record %+v, %v, want it to say why", r, err)
			}
		},
		"a carrier that doesn't answer": func(t *testing.T, o *office) {
			o.trunk.refuse = fmt.Errorf("dial +15550111: %w", context.DeadlineExceeded)
			if on, _, err := o.Dispatch(t.Context(), wish); err == nil || on.Error != "Connection timeout" {
				t.Errorf("Dispatch() = %+v, %v, want a connection timeout", on, err)
			}
		},
		"a client that goes away": func(t *testing.T, o *office) {
			o.trunk.slow = 2 * time.Second
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			on, _, err := o.Dispatch(ctx, keyed("k"))
			if err != nil || on.Status != dispatch.DispatchPlaced || o.kept("CAout1").ID != on.Call {
				t.Errorf("Dispatch() = %+v, %v, want what was begun to be kept", on, err)
			}
		},
		"a call that waits for its turn at the carrier": func(t *testing.T, o *office) {
			o.trunk.slow = 3 * time.Minute
			began := time.Now()
			on, replayed, err := o.Dispatch(t.Context(), keyed("k"))
			if took := time.Since(began); err != nil || replayed || on.Status != dispatch.DispatchPlacing || took > 20*time.Second {
				t.Errorf("Dispatch() = %+v, %v after %v, want it told that the call is being placed", on, err, took)
			}
			if on, replayed, err := o.Dispatch(t.Context(), keyed("k")); err != nil || !replayed || on.Status != dispatch.DispatchPlacing {
				t.Errorf("Dispatch(again) = %+v, %v, %v, want the same", on, replayed, err)
			}
			time.Sleep(3 * time.Minute)
			if r := o.kept("CAout1"); r.ID != on.Call || r.Over() {
				t.Errorf("record %+v, want the call that waited, not given up", r)
			}
			step, err := o.Ring(t.Context(), telephony.Incoming{Carrier: "CAout1", Call: on.Call, State: telephony.InProgress})
			if err != nil || step.Kind != telephony.StepConnect {
				t.Errorf("Ring() = %+v, %v, want it answered", step, err)
			}
		},
		"while draining, and when there is no carrier": func(t *testing.T, o *office) {
			first, _, err := o.Dispatch(t.Context(), keyed("k"))
			if err != nil {
				t.Fatal(err)
			}
			o.report("CAout1", telephony.StateBusy)
			if err := o.Drain(t.Context()); err != nil {
				t.Fatal(err)
			}
			o.SetCarrier(nil)
			if on, replayed, err := o.Dispatch(t.Context(), keyed("k")); err != nil || !replayed || on.ID != first.ID {
				t.Errorf("Dispatch(again) = %+v, %v, %v, want what is on record", on, replayed, err)
			}
			if _, _, err := o.Dispatch(t.Context(), keyed("other")); !errors.Is(err, dispatch.ErrNoCarrier) {
				t.Errorf("Dispatch(no carrier) = %v, want ErrNoCarrier", err)
			}
			if _, _, err := o.Dispatch(t.Context(), dispatch.Wish{}); err == nil {
				t.Error("a wish of no workspace was granted")
			}
		},
		"the gateway stops while the row is made": func(t *testing.T, o *office) {
			o.records.making = func() {
				if err := o.Close(t.Context()); err != nil {
					t.Error(err)
				}
			}
			on, _, err := o.Dispatch(t.Context(), wish)
			var place *dispatch.PlaceError
			if !errors.As(err, &place) || len(o.trunk.dialed) != 0 {
				t.Errorf("Dispatch() = %v, %d dialled, want none", err, len(o.trunk.dialed))
			}
			if r, err := o.records.Call(t.Context(), on.Call); err != nil || r.Reason != telephony.Failed || r.Why == "" {
				t.Errorf("record %+v, %v, want it ended", r, err)
			}
		},
		"the row can't be made": func(t *testing.T, o *office) {
			o.records.down.Store(true)
			if _, _, err := o.Dispatch(t.Context(), wish); !errors.Is(err, errDown) || len(o.trunk.dialed) != 0 {
				t.Errorf("Dispatch() = %v, %d dialled, want the store's error and none", err, len(o.trunk.dialed))
			}
			o.records.down.Store(false)
			time.Sleep(time.Minute)
			if len(o.Live()) != 0 || o.counted("taken") != 0 || o.counted("over failed") != 0 {
				t.Errorf("%v live, counted %v, want nothing", o.Live(), o.counts)
			}
		},
		"a call that was not to be placed rings": func(t *testing.T, o *office) {
			o.trunk.refuse = errDown // it lies: the answer was lost
			on, _, _ := o.Dispatch(t.Context(), wish)
			p := telephony.Progress{Carrier: "CA77", Call: on.Call, State: telephony.Ringing}
			if err := o.Report(t.Context(), p); err != nil || o.trunk.hangups() != 1 || o.trunk.hung[0] != "CA77" {
				t.Errorf("Report() = %v, hung up %v, want the stray call hung up", err, o.trunk.hung)
			}
		},
	} {
		t.Run(claim, func(t *testing.T) { inOffice(t, nil, test) })
	}
}

// agents routes to an agent for whom sessions wait.
func agents(c *dispatch.Config) {
	c.Route = func(context.Context, telephony.Incoming) (dispatch.Route, error) {
		return dispatch.Route{Workspace: "default", Agent: "demo", AgentUUID: "uuid_1", Version: 9}, nil
	}
}

func (o *office) session(key string) dispatch.Dispatch {
	o.t.Helper()
	on, _, err := o.Dispatch(o.t.Context(), dispatch.Wish{
		Workspace: "default", Agent: "demo", AgentUUID: "uuid_1", Version: 3, PostCall: 5, Variables: `{"name":"Ann"}`,
		IdemKey: key, IdemHash: "hash",
	})
	if err != nil {
		o.t.Fatalf("Dispatch(session) = %v", err)
	}
	return on
}

func TestSessions(t *testing.T) {
	for claim, test := range map[string]func(t *testing.T, o *office){
		"the next call takes the oldest": func(t *testing.T, o *office) {
			first := o.session("one")
			time.Sleep(time.Second)
			second := o.session("")
			if first.Status != dispatch.DispatchWaiting || len(first.Session) != 37 || first.Session == second.Session {
				t.Errorf("sessions %+v and %+v", first, second)
			}
			if again, replayed, err := o.Dispatch(t.Context(), dispatch.Wish{Workspace: "default", IdemKey: "one", IdemHash: "hash"}); err != nil || !replayed || again.Session != first.Session {
				t.Errorf("Dispatch(again) = %+v, %v, %v, want the first", again, replayed, err)
			}
			for i, want := range []string{first.Conversation, second.Conversation, ""} {
				id := "CA" + string(rune('1'+i))
				s := o.connect(o.ring(id), id)
				r := o.kept(id)
				if r.Conversation != want && want != "" || want != "" && (r.Version != 3 || r.Variables != `{"name":"Ann"}` || r.PostCall != 5) {
					t.Errorf("call %d: %+v, want the session's", i, r)
				}
				if want == "" && r.Version != 9 {
					t.Errorf("call %d: version %d, want its own", i, r.Version)
				}
				s.lose()
				o.report(id, telephony.Completed)
				<-s.done
			}
		},
		"a stream attaches with its session, once": func(t *testing.T, o *office) {
			on := o.session("")
			for _, token := range []string{"sess-", "sess-" + strings.Repeat("0", 32), on.Session + "0", strings.ToUpper(on.Session), on.Conversation} {
				if _, err := o.Admit(t.Context(), token, telephony.Ref{ID: "CA1"}); !errors.Is(err, telephony.ErrToken) {
					t.Errorf("Admit(%q) = %v, want ErrToken", token, err)
				}
			}
			if _, err := o.Admit(t.Context(), on.Session, telephony.Ref{ID: ""}); !errors.Is(err, telephony.ErrToken) {
				t.Errorf("Admit(of no call) = %v, want ErrToken", err)
			}
			s := o.connect(on.Session, "CA1")
			r := o.kept("CA1")
			if s.call.ID != r.ID || r.Conversation != on.Conversation || r.Direction != telephony.Inbound || r.Version != 3 || r.Answered.IsZero() {
				t.Errorf("record %+v, want the session's, answered", r)
			}
			for _, carrier := range []string{"CA1", "CA2"} {
				if _, err := o.Admit(t.Context(), on.Session, telephony.Ref{ID: carrier}); !errors.Is(err, telephony.ErrToken) {
					t.Errorf("Admit(again, %s) = %v, want ErrToken", carrier, err)
				}
			}
			time.Sleep(10 * time.Millisecond) // who was refused leaves
			if len(o.Live()) != 1 {
				t.Errorf("%v live, want one", o.Live())
			}
			o.goodbye <- struct{}{}
			<-s.done
			o.ended("CA1", telephony.AgentHangup)
		},
		"a stream of another account attaches to a call of that account": func(t *testing.T, o *office) {
			on := o.session("")
			call, err := o.Admit(t.Context(), on.Session, telephony.Ref{Account: "ACother", ID: "CA1"})
			if r := o.kept("CA1"); err != nil || call.Account != "ACother" || r.Account != "ACother" {
				t.Errorf("Admit() = account %q, %v, record's %q, want the stream's", call.Account, err, r.Account)
			}
			if _, err := o.Next(t.Context(), telephony.Question{Carrier: "CA1", Over: true}); !errors.Is(err, telephony.ErrUnknownCall) {
				t.Errorf("Next(of our account) = %v, want ErrUnknownCall", err)
			}
			if _, err := o.Next(t.Context(), telephony.Question{Carrier: "CA1", Account: "ACother", Over: true}); err != nil {
				t.Errorf("Next(of that account) = %v", err)
			}
		},
		"nobody comes": func(t *testing.T, o *office) {
			on := o.session("k")
			time.Sleep(time.Hour)
			if _, err := o.Admit(t.Context(), on.Session, telephony.Ref{ID: "CA1"}); !errors.Is(err, telephony.ErrToken) {
				t.Errorf("Admit(expired) = %v, want ErrToken", err)
			}
			if again := o.session("k"); again.Status != dispatch.DispatchExpired {
				t.Errorf("the session is %s, want expired", again.Status)
			}
		},
		"who rings and is refused takes none": func(t *testing.T, o *office) {
			on := o.session("k")
			if err := o.Drain(t.Context()); err != nil {
				t.Fatal(err)
			}
			if step, err := o.Ring(t.Context(), telephony.Incoming{Carrier: "CA1", State: telephony.Ringing}); err != nil || step.Kind != telephony.StepRefuse {
				t.Errorf("Ring(draining) = %+v, %v, want refused", step, err)
			}
			o.ended("CA1", telephony.Refused)
			if r := o.kept("CA1"); r.Conversation == on.Conversation || o.counted("refused draining") != 1 {
				t.Errorf("record %+v, counted %v, want a conversation of its own", r, o.counts)
			}
			if again := o.session("k"); again.Status != dispatch.DispatchWaiting {
				t.Errorf("the session is %s, want it to wait on", again.Status)
			}
		},
		"no room": func(t *testing.T, o *office) {
			on := o.session("k")
			if err := o.Drain(t.Context()); err != nil {
				t.Fatal(err)
			}
			if _, err := o.Admit(t.Context(), on.Session, telephony.Ref{ID: "CA1"}); !errors.Is(err, dispatch.ErrDraining) || o.counted("refused draining") != 1 {
				t.Errorf("Admit(draining) = %v, counted %v, want ErrDraining", err, o.counts)
			}
			if again := o.session("k"); again.Status != dispatch.DispatchWaiting {
				t.Errorf("the session is %s, want it to wait on", again.Status)
			}
		},
	} {
		t.Run(claim, func(t *testing.T) { inOffice(t, agents, test) })
	}
}

func TestHangUp(t *testing.T) {
	for claim, test := range map[string]func(t *testing.T, o *office){
		"a conversation": func(t *testing.T, o *office) {
			s := o.connect(o.ring("CA1"), "CA1")
			for range 2 {
				if err := o.HangUp(t.Context(), s.call.ID, telephony.OperatorHangup); err != nil {
					t.Errorf("HangUp() = %v", err)
				}
			}
			<-s.done
			o.ended("CA1", telephony.OperatorHangup)
			if o.trunk.hangups() != 0 {
				t.Error("the carrier was asked, though the stream's end does it")
			}
			o.door("CA1", telephony.StepHangup)
			if err := o.HangUp(t.Context(), s.call.ID, telephony.OperatorHangup); err != nil {
				t.Errorf("HangUp(over) = %v", err)
			}
		},
		"one that rings": func(t *testing.T, o *office) {
			call := o.dial()
			if err := o.HangUp(t.Context(), call.ID, telephony.OperatorHangup); err != nil || o.trunk.hangups() != 1 {
				t.Errorf("HangUp() = %v, %d hang-ups, want one", err, o.trunk.hangups())
			}
			o.report(call.Carrier, telephony.StateStop)
			o.ended(call.Carrier, telephony.OperatorHangup)
		},
		"one that is being placed": func(t *testing.T, o *office) {
			o.trunk.slow = 2 * time.Second
			var id telephony.CallID
			o.records.made = func() {}
			time.AfterFunc(time.Second, func() {
				id = o.Live()[0].ID
				if err := o.HangUp(t.Context(), id, telephony.OperatorHangup); err != nil {
					t.Errorf("HangUp() = %v", err)
				}
			})
			on, _, err := o.Dispatch(t.Context(), wish)
			if err != nil || on.Call != id || o.trunk.hangups() != 1 || o.trunk.hung[0] != "CAout1" {
				t.Errorf("Dispatch() = %+v, %v, hung up %v, want it placed and hung up", on, err, o.trunk.hung)
			}
			o.ended("CAout1", telephony.OperatorHangup)
		},
		"nobody's": func(t *testing.T, o *office) {
			if err := o.HangUp(t.Context(), "call_404", telephony.OperatorHangup); !errors.Is(err, dispatch.ErrNotFound) {
				t.Errorf("HangUp(nobody) = %v, want ErrNotFound", err)
			}
		},
		"a carrier that is down": func(t *testing.T, o *office) {
			call := o.dial()
			o.trunk.cut(true)
			if err := o.HangUp(t.Context(), call.ID, telephony.OperatorHangup); !errors.Is(err, errDown) {
				t.Errorf("HangUp() = %v, want the carrier's error", err)
			}
			o.ended(call.Carrier, telephony.OperatorHangup)
			if step := o.answer(call); step.Kind != telephony.StepHangup {
				t.Errorf("the callee's answer got %+v, want a hang-up", step)
			}
			o.trunk.cut(false)
		},
	} {
		t.Run(claim, func(t *testing.T) { inOffice(t, nil, test) })
	}
}
