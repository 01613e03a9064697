package dispatch_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/telephony"
)

func TestCallsGoWhereTheirRouteSays(t *testing.T) {
	route := dispatch.Route{
		Workspace: "default", Agent: "front desk", AgentUUID: "uuid_1", Version: 7, PostCall: 5, Variables: `{"name":"Ann"}`,
	}
	var failed error
	inOffice(t, func(c *dispatch.Config) {
		c.Node = "a"
		c.Route = func(_ context.Context, in telephony.Incoming) (dispatch.Route, error) {
			if in.To != "+15550199" {
				t.Errorf("asked for the route to %s", in.To)
			}
			return route, failed
		}
	}, func(t *testing.T, o *office) {
		in := telephony.Incoming{Carrier: "CA1", From: "+15550100", To: "+15550199", State: telephony.Ringing}
		failed = errDown
		if step, err := o.Ring(t.Context(), in); !errors.Is(err, errDown) {
			t.Errorf("Ring(no route) = %+v, %v, want the error, so that the carrier asks again", step, err)
		}
		failed = nil
		token := o.ring("CA1")
		r := o.kept("CA1")
		if r.Workspace != "default" || r.Agent != "front desk" || r.AgentUUID != "uuid_1" || r.Version != 7 || r.PostCall != 5 ||
			r.Variables != `{"name":"Ann"}` || r.Node != "a" || len(r.Conversation) != len("conv-")+36 || !r.Prepared.Equal(r.Created) {
			t.Errorf("record %+v, want what the route says", r)
		}
		if again := o.ring("CA1"); again != token {
			t.Error("a webhook that came again got another token")
		}
	})
}

func TestRoutesThatLeadNowhere(t *testing.T) {
	var route dispatch.Route
	inOffice(t, func(c *dispatch.Config) {
		c.Route = func(context.Context, telephony.Incoming) (dispatch.Route, error) { return route, nil }
	}, func(t *testing.T, o *office) {
		for i, reason := range []telephony.EndReason{telephony.NumberUnknown, telephony.AgentDisabled, telephony.AgentIncomplete} {
			carrier := "CA" + string(rune('1'+i))
			in := telephony.Incoming{Carrier: carrier, To: "+15550199", State: telephony.Ringing}
			route = dispatch.Route{Workspace: "default", Refuse: reason, Say: "Sorry.", Why: "it is so"}
			want := telephony.Step{Kind: telephony.StepApologise, Say: "Sorry."}
			for range 2 {
				if step, err := o.Ring(t.Context(), in); err != nil || step != want {
					t.Errorf("%s: Ring() = %+v, %v, want %+v", reason, step, err, want)
				}
			}
			r := o.kept(carrier)
			if r.Reason != reason || r.Why != "it is so" || !r.Over() || o.counted("refused "+string(reason)) != 1 {
				t.Errorf("%s: record %+v, counted %v, want one refusal that says why", reason, r, o.counts)
			}
			if seen := o.watched[r.ID]; len(seen) != 1 {
				t.Errorf("%s: watchers were told %v", reason, seen)
			}
			// Somebody mends it, and the carrier asks once more: this call stays refused.
			route = dispatch.Route{Workspace: "default", Agent: "demo"}
			step, err := o.Ring(t.Context(), in)
			if err != nil || step.Kind != telephony.StepApologise || step.Say == "" {
				t.Errorf("%s: Ring(mended) = %+v, %v, want an apology", reason, step, err)
			}
			if step := o.door(carrier, telephony.StepHangup); step.Token != "" {
				t.Errorf("%s: the door gave a token", reason)
			}
		}
		if len(o.Live()) != 0 {
			t.Errorf("%v live", o.Live())
		}
	})
}

// asking is a Prepare that takes a while and is counted.
func asking(o **office, takes time.Duration) func(*dispatch.Config) {
	return func(c *dispatch.Config) {
		c.Route = func(context.Context, telephony.Incoming) (dispatch.Route, error) {
			return dispatch.Route{Workspace: "default", Agent: "demo", PreCall: 4}, nil
		}
		c.Prepare = func(ctx context.Context, r dispatch.Record) error {
			(*o).count("prepared")
			select {
			case <-time.After(takes):
				return (*o).records.SetPrepared(ctx, r.ID, `{"name":"Ann"}`, time.Now())
			case <-ctx.Done():
				(*o).count("given up")
				return ctx.Err()
			}
		}
	}
}

func TestPrepare(t *testing.T) {
	for claim, c := range map[string]struct {
		takes time.Duration
		test  func(t *testing.T, o *office)
	}{
		"the call rings until it is prepared": {3 * time.Second, func(t *testing.T, o *office) {
			began := time.Now()
			token := o.ring("CA1")
			if took := time.Since(began); took < 3*time.Second || took > 4*time.Second {
				t.Errorf("rang for %v, want 3 s", took)
			}
			if r := o.kept("CA1"); r.Variables != `{"name":"Ann"}` || r.Prepared.IsZero() {
				t.Errorf("record %+v, want it prepared", r)
			}
			o.connect(token, "CA1")
		}},
		"a carrier's patience has an end": {20 * time.Second, func(t *testing.T, o *office) {
			began := time.Now()
			token := o.ring("CA1")
			if took := time.Since(began); took < 8*time.Second || took > 9*time.Second {
				t.Errorf("rang for %v, want 8 s", took)
			}
			s := o.connect(token, "CA1")
			if err := o.Prepared(t.Context(), s.call.ID); err != nil {
				t.Errorf("Prepared() = %v", err)
			}
			if took := time.Since(began); took < 20*time.Second || took > 21*time.Second || o.kept("CA1").Prepared.IsZero() {
				t.Errorf("Prepared() returned after %v, want 20 s and a record that says so", took)
			}
		}},
		"a doubled webhook joins": {5 * time.Second, func(t *testing.T, o *office) {
			began := time.Now()
			first := make(chan string)
			go func() { first <- o.ring("CA1") }()
			time.Sleep(2 * time.Second)
			again := o.ring("CA1")
			if token := <-first; token != again || time.Since(began) > 6*time.Second || o.counted("prepared") != 1 {
				t.Errorf("same token %t after %v, prepared %d times, want yes, 5 s, once", token == again, time.Since(began), o.counted("prepared"))
			}
		}},
		"a caller who rings off ends it": {5 * time.Second, func(t *testing.T, o *office) {
			var hangingUp sync.WaitGroup
			defer hangingUp.Wait()
			hangingUp.Go(func() {
				time.Sleep(time.Second)
				o.report("CA1", telephony.Completed)
			})
			step, err := o.Ring(t.Context(), telephony.Incoming{Carrier: "CA1", State: telephony.Ringing})
			if err != nil || step.Kind != telephony.StepHangup || o.counted("given up") != 1 {
				t.Errorf("Ring() = %+v, %v, given up %d times, want a hang-up", step, err, o.counted("given up"))
			}
		}},
		"an outbound call is prepared from its dispatch on": {5 * time.Second, func(t *testing.T, o *office) {
			w := wish
			w.PreCall = 4
			on, _, err := o.Dispatch(t.Context(), w)
			if err != nil {
				t.Fatal(err)
			}
			r, _ := o.records.Call(t.Context(), on.Call)
			began := time.Now()
			time.Sleep(2 * time.Second)
			if step := o.answer(r.Call()); step.Kind != telephony.StepConnect || time.Since(began) > 2100*time.Millisecond {
				t.Errorf("answered with %+v after %v, want to connect who has picked up at once", step, time.Since(began))
			}
			if err := o.Prepared(t.Context(), on.Call); err != nil || time.Since(began) < 4900*time.Millisecond || o.counted("prepared") != 1 {
				t.Errorf("Prepared() = %v after %v, prepared %d times, want once in 5 s", err, time.Since(began), o.counted("prepared"))
			}
		}},
		"the next process does it again": {20 * time.Second, func(t *testing.T, o *office) {
			token := o.ring("CA1")
			o.kill()
			o.open()
			s := o.connect(token, "CA1")
			if err := o.Prepared(t.Context(), s.call.ID); err != nil || o.counted("prepared") != 2 || o.kept("CA1").Variables != `{"name":"Ann"}` {
				t.Errorf("Prepared() = %v, prepared %d times, %+v, want twice", err, o.counted("prepared"), o.kept("CA1"))
			}
		}},
		"nobody's call is not prepared": {0, func(t *testing.T, o *office) {
			if err := o.Prepared(t.Context(), "call_404"); !errors.Is(err, dispatch.ErrNotFound) {
				t.Errorf("Prepared(nobody) = %v, want ErrNotFound", err)
			}
		}},
	} {
		t.Run(claim, func(t *testing.T) {
			var o *office
			inOffice(t, asking(&o, c.takes), func(t *testing.T, in *office) {
				o = in
				c.test(t, o)
			})
		})
	}
}

func TestWhatCannotBePreparedGoesOn(t *testing.T) {
	var o *office
	inOffice(t, func(c *dispatch.Config) {
		asking(&o, 0)(c)
		c.Prepare = func(context.Context, dispatch.Record) error { o.count("prepared"); return errDown }
	}, func(t *testing.T, in *office) {
		o = in
		s := o.connect(o.ring("CA1"), "CA1")
		if err := o.Prepared(t.Context(), s.call.ID); err != nil {
			t.Errorf("Prepared() = %v", err)
		}
		if r := o.kept("CA1"); r.Prepared.IsZero() || r.Variables != "{}" || o.counted("prepared") != 1 {
			t.Errorf("record %+v, prepared %d times, want once, with the call's own variables", r, o.counted("prepared"))
		}
	})
}
