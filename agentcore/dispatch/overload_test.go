package dispatch_test

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/telephony"
)

// crowd is a node that has no room while it is busy: for new calls, or for all.
type crowd struct {
	fresh, back atomic.Bool
	asked       atomic.Int32 // for new calls
}

func (c *crowd) room(back bool) string {
	if !back {
		c.asked.Add(1)
	}
	if back && c.back.Load() || !back && c.fresh.Load() {
		return "cpu"
	}
	return ""
}

const overflow = telephony.Number("+15550177")

// rings has a call come in, and returns what it is told.
func (o *office) rings(carrierID string) telephony.Step {
	o.t.Helper()
	step, err := o.Ring(o.t.Context(), telephony.Incoming{Carrier: carrierID, From: "+15550100", To: "+15550199", State: telephony.Ringing})
	if err != nil {
		o.t.Fatal(err)
	}
	return step
}

// What a node does that has no room for one more call.
func TestOverload(t *testing.T) {
	for claim, c := range map[string]struct {
		overflow telephony.Number
		live     func(t *testing.T, o *office, c *crowd)
	}{
		"callers hear busy, and the record says why": {live: func(t *testing.T, o *office, c *crowd) {
			c.fresh.Store(true)
			for range 2 { // the carrier asks again
				if step := o.rings("CA1"); step.Kind != telephony.StepRefuse {
					t.Errorf("told %+v, want to be refused", step)
				}
				c.fresh.Store(false) // which changes nothing for them
			}
			if r := o.kept("CA1"); r.Reason != telephony.Refused || r.Why != "overload: cpu" || r.PostCall != 7 {
				t.Errorf("record %+v, want it refused for the cpu, and its webhook told", r)
			}
			if o.counted("refused cpu") != 1 || o.counted("taken") != 0 {
				t.Errorf("counted %v, want one refusal", o.counts)
			}
		}},
		"or are sent to the overflow number": {overflow: overflow, live: func(t *testing.T, o *office, c *crowd) {
			c.fresh.Store(true)
			for range 2 {
				step := o.rings("CA1")
				if step.Kind != telephony.StepDial || step.Dial.To != overflow || step.Dial.CallerID != "" || step.Dial.Transfer != "" ||
					step.Dial.RingTimeout <= 0 || step.Dial.TimeLimit <= 0 {
					t.Errorf("told %+v, want a bounded dial to the overflow number as the caller", step)
				}
				c.fresh.Store(false)
			}
			if r := o.kept("CA1"); r.Reason != telephony.Refused || r.Why != "overload: cpu: connected to the overflow number" || strings.Contains(r.Why, string(overflow)) {
				t.Errorf("record %+v, want it to say where they went, without a number", r)
			}
			o.door("CA1", telephony.StepHangup) // when that is over
			o.report("CA1", telephony.Completed)
			if o.counted("refused cpu") != 1 {
				t.Errorf("counted %v, want one refusal", o.counts)
			}
		}},
		"who calls the overflow number itself is not sent in a circle": {overflow: "+15550199", live: func(t *testing.T, o *office, c *crowd) {
			c.fresh.Store(true)
			for range 2 {
				if step := o.rings("CA1"); step.Kind != telephony.StepRefuse {
					t.Errorf("told %+v, want to be refused", step)
				}
			}
			if r := o.kept("CA1"); r.Reason != telephony.Refused || r.Why != "overload: cpu" {
				t.Errorf("record %+v, want it to say that they went nowhere", r)
			}
		}},
		"a call that is placed is put off, and loses no attempt": {live: func(t *testing.T, o *office, c *crowd) {
			c.fresh.Store(true)
			_, _, err := o.Dispatch(t.Context(), keyed("k"))
			if !errors.Is(err, dispatch.ErrOverloaded) || errors.Is(err, dispatch.ErrFull) {
				t.Fatalf("Dispatch() = %v, want ErrOverloaded", err)
			}
			var later *agenda.Later
			if now := time.Now(); !errors.As(agenda.NotNow(err, now), &later) || later.Code != "node_full" || !later.All || later.At.Sub(now) > 5*time.Second {
				t.Errorf("means %+v, want it soon again for all", later)
			}
			if len(o.trunk.dialed) != 0 || o.counted("dispatched cpu") != 1 {
				t.Errorf("%d placed, counted %v", len(o.trunk.dialed), o.counts)
			}
			c.fresh.Store(false)
			if on, replayed, err := o.Dispatch(t.Context(), keyed("k")); err != nil || replayed || on.Status != dispatch.DispatchPlaced {
				t.Errorf("Dispatch(again) = %+v, %t, %v, want it placed", on, replayed, err)
			}
		}},
		"each call asks once": {live: func(t *testing.T, o *office, c *crowd) {
			o.ring("CA1")
			if _, _, err := o.Dispatch(t.Context(), keyed("k")); err != nil {
				t.Fatal(err)
			}
			if n := c.asked.Load(); n != 2 {
				t.Errorf("asked %d times for two calls", n)
			}
		}},
		"a stream that names a session is turned away": {live: func(t *testing.T, o *office, c *crowd) {
			on := o.session("k")
			c.fresh.Store(true)
			if _, err := o.Admit(t.Context(), on.Session, telephony.Ref{ID: "CA1"}); !errors.Is(err, dispatch.ErrOverloaded) {
				t.Errorf("Admit(session) = %v, want ErrOverloaded", err)
			}
			c.fresh.Store(false)
			if _, err := o.Admit(t.Context(), on.Session, telephony.Ref{ID: "CA1"}); err != nil {
				t.Errorf("Admit(session) = %v, want it not spent", err)
			}
		}},
		"a call that comes back is let in where a new one is not": {live: func(t *testing.T, o *office, c *crowd) {
			s := o.connect(o.ring("CA1"), "CA1")
			c.fresh.Store(true)
			s.lose()
			<-s.done
			o.hangUp(o.connect(o.door("CA1", telephony.StepConnect).Token, "CA1"))
		}},
		"beyond that it waits for room": {live: func(t *testing.T, o *office, c *crowd) {
			s := o.connect(o.ring("CA1"), "CA1")
			s.lose()
			<-s.done
			c.back.Store(true)
			for range 5 {
				o.door("CA1", telephony.StepWait)
				time.Sleep(time.Second)
			}
			c.back.Store(false)
			o.hangUp(o.connect(o.door("CA1", telephony.StepConnect).Token, "CA1"))
			if o.counted("resume line talking") != 1 {
				t.Errorf("counted %v, want one resume", o.counts)
			}
		}},
		"but not for ever": {live: func(t *testing.T, o *office, c *crowd) {
			s := o.connect(o.ring("CA1"), "CA1")
			s.lose()
			<-s.done
			c.back.Store(true)
			asked := time.Now()
			for time.Since(asked) < 20*time.Second {
				o.door("CA1", telephony.StepWait)
				time.Sleep(time.Second)
			}
			o.door("CA1", telephony.StepApologise)
			o.ended("CA1", telephony.LineLost)
			if o.counted("resume line given_up") != 1 {
				t.Errorf("counted %v, want it given up", o.counts)
			}
		}},
	} {
		t.Run(claim, func(t *testing.T) {
			var full crowd
			change := func(cfg *dispatch.Config) {
				cfg.Room, cfg.Overflow = full.room, c.overflow
				if strings.Contains(claim, "session") {
					agents(cfg)
				}
			}
			inOffice(t, change, func(t *testing.T, o *office) { c.live(t, o, &full) })
		})
	}
}

// Of max_calls too, who comes back may take a tenth more: another node died, and
// its callers ask here.
func TestWhoComesBackMayTakeATenthMoreOfMaxCalls(t *testing.T) {
	inOffice(t, named("one"), func(t *testing.T, o *office) {
		for i := range 3 {
			o.connect(o.ring("CA"+string(rune('1'+i))), "CA"+string(rune('1'+i)))
		}
		o.kill()
		o.cfg.Node, o.cfg.MaxCalls = "two", 2
		o.open()
		time.Sleep(6 * time.Second)
		for _, id := range []string{"CA1", "CA2", "CA3"} { // 2.2 of 2 are 3
			o.connect(o.door(id, telephony.StepConnect).Token, id)
		}
		if step := o.rings("CA9"); step.Kind != telephony.StepRefuse || o.kept("CA9").Why != "full: as many calls go on as may" {
			t.Errorf("a new one is told %+v, for %q", step, o.kept("CA9").Why)
		}
		for range 3 {
			o.goodbye <- struct{}{}
		}
	})
}

// Two ring for the last place, and the store fails as the one who lost it is to be
// refused: the carrier asks again, and their call is on. It was not refused then.
func TestARefusalThatIsNotOnRecordIsNone(t *testing.T) {
	inOffice(t, func(c *dispatch.Config) { c.MaxCalls = 1 }, func(t *testing.T, o *office) {
		first := make(chan string)
		go func() { first <- o.ring("CA1") }()
		time.Sleep(o.records.lag / 2)
		go func() {
			time.Sleep(o.records.lag * 3 / 2) // behind its Create
			o.records.down.Store(true)
		}()
		in := telephony.Incoming{Carrier: "CA2", From: "+15550100", To: "+15550199", State: telephony.Ringing}
		if step, err := o.Ring(t.Context(), in); err == nil {
			t.Fatalf("told %+v, want an error of the store", step)
		}
		o.records.down.Store(false)
		token := <-first
		if step := o.rings("CA2"); step.Kind != telephony.StepConnect {
			t.Errorf("told %+v when the carrier asked again, want to connect", step)
		}
		if o.counted("refused full") != 0 || o.counted("taken") != 2 {
			t.Errorf("counted %v, want two calls taken and none refused", o.counts)
		}
		o.hangUp(o.connect(token, "CA1"))
		o.report("CA2", telephony.Completed)
		o.ended("CA2", telephony.NotConnected)
	})
}

// Two ring for the last place: the one who lost it goes where all go for whom there
// is no room, unless they come from there.
func TestWhoLosesTheLastPlaceGoesToTheOverflowNumber(t *testing.T) {
	for _, c := range []struct {
		to, overflow telephony.Number
		want         telephony.StepKind
	}{
		{"+15550199", "", telephony.StepRefuse},
		{"+15550199", "+15550142", telephony.StepDial},
		{"+15550142", "+15550142", telephony.StepRefuse},
	} {
		change := func(cfg *dispatch.Config) { cfg.MaxCalls, cfg.Overflow = 1, c.overflow }
		inOffice(t, change, func(t *testing.T, o *office) {
			first := make(chan string)
			go func() { first <- o.ring("CA1") }()
			time.Sleep(o.records.lag / 2)
			in := telephony.Incoming{Carrier: "CA2", From: "+15550100", To: c.to, State: telephony.Ringing}
			step, err := o.Ring(t.Context(), in)
			if err != nil || step.Kind != c.want || step.Dial.To != "" && step.Dial.To != c.overflow {
				t.Errorf("to %s, overflow %q: told %+v, %v, want %v", c.to, c.overflow, step, err, c.want)
			}
			if o.counted("refused full") != 1 || o.kept("CA2").Reason != telephony.Refused {
				t.Errorf("counted %v, kept %+v, want one refused", o.counts, o.kept("CA2"))
			}
			o.hangUp(o.connect(<-first, "CA1"))
		})
	}
}
