package dispatch_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/telephony"
)

// What the desk tells its counter of a call's life.
func TestCounts(t *testing.T) {
	type counts map[string]int
	type times map[string]time.Duration
	for claim, c := range map[string]struct {
		change func(*dispatch.Config)
		live   func(t *testing.T, o *office)
		counts counts
		times  times
	}{
		"a call that comes in is set up when its stream is in": {live: func(t *testing.T, o *office) {
			token := o.ring("CA1")
			time.Sleep(3 * time.Second)
			o.hangUp(o.connect(token, "CA1"))
		}, counts: counts{"set up inbound": 1, "set up outbound": 0, "entry": 2, "commit failed": 0, "fenced": 0}, times: times{"set up": 3 * time.Second}},
		"a call that we place is set up from the request on": {live: func(t *testing.T, o *office) {
			o.trunk.turn = time.Second // before the carrier is asked
			on, _, err := o.Dispatch(t.Context(), keyed("k"))
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(5 * time.Second) // it rings
			carrierID := o.trunk.idOf(on.Call)
			step, err := o.Ring(t.Context(), telephony.Incoming{Carrier: carrierID, Call: on.Call, State: telephony.InProgress})
			if err != nil {
				t.Fatal(err)
			}
			o.hangUp(o.connect(step.Token, carrierID))
		}, counts: counts{"set up outbound": 1, "set up inbound": 0, "dispatched placed": 1}, times: times{"set up": 5 * time.Second}},
		"a line that was lost and comes again": {live: func(t *testing.T, o *office) {
			s := o.connect(o.ring("CA1"), "CA1")
			s.lose()
			<-s.done
			time.Sleep(time.Second)
			step := o.door("CA1", telephony.StepConnect)
			time.Sleep(time.Second)
			o.hangUp(o.connect(step.Token, "CA1"))
		}, counts: counts{"resume line talking": 1, "resume line gone": 0, "resume line given_up": 0, "set up inbound": 1}, times: times{"gap": 2 * time.Second}},
		"a line that was lost, and the caller with it": {live: func(t *testing.T, o *office) {
			s := o.connect(o.ring("CA1"), "CA1")
			s.lose()
			<-s.done
			o.report("CA1", telephony.Completed)
			o.ended("CA1", telephony.CallerHangup)
		}, counts: counts{"resume line gone": 1, "resume line talking": 0}},
		"a line that was lost for good": {live: func(t *testing.T, o *office) {
			s := o.connect(o.ring("CA1"), "CA1")
			s.lose()
			<-s.done
			o.trunk.set("CA1", telephony.InProgress)
			time.Sleep(time.Minute)
			o.ended("CA1", telephony.LineLost)
		}, counts: counts{"resume line given_up": 1, "resume line talking": 0, "resume line gone": 0}},
		"a line that is lost again and again": {change: func(c *dispatch.Config) { c.Resumes = 1 }, live: func(t *testing.T, o *office) {
			s := o.connect(o.ring("CA1"), "CA1")
			s.lose()
			<-s.done
			s = o.connect(o.door("CA1", telephony.StepConnect).Token, "CA1")
			s.lose()
			<-s.done
			o.door("CA1", telephony.StepApologise)
		}, counts: counts{"resume line talking": 1, "resume line given_up": 1}},
		"a caller who hangs up was not lost": {live: func(t *testing.T, o *office) {
			s := o.connect(o.ring("CA1"), "CA1")
			s.stop()
			<-s.done
			o.report("CA1", telephony.Completed)
			o.ended("CA1", telephony.CallerHangup)
		}, counts: counts{"resume line gone": 0, "resume line talking": 0, "resume process gone": 0}},
		"a process that died, and the call comes again": {change: named("one"), live: func(t *testing.T, o *office) {
			o.connect(o.ring("CA1"), "CA1")
			o.kill()
			o.cfg.Node = "two"
			o.open()
			time.Sleep(4 * time.Second)
			o.hangUp(o.connect(o.door("CA1", telephony.StepConnect).Token, "CA1"))
		}, counts: counts{"resume process talking": 1, "resume line talking": 0}},
		"a process that died, and the call is over": {change: named("one"), live: func(t *testing.T, o *office) {
			o.connect(o.ring("CA1"), "CA1")
			o.kill()
			o.trunk.set("CA1", telephony.Completed)
			o.cfg.Node = "two"
			o.open()
			time.Sleep(10 * time.Second)
			if err := o.Recover(t.Context()); err != nil {
				t.Fatal(err)
			}
			o.ended("CA1", telephony.CallerHangup)
		}, counts: counts{"resume process gone": 1, "resume process talking": 0}},
		"a process that died, and nobody asks": {change: named("one"), live: func(t *testing.T, o *office) {
			o.connect(o.ring("CA1"), "CA1")
			o.kill()
			o.trunk.set("CA1", telephony.InProgress)
			o.cfg.Node = "two"
			o.open()
			time.Sleep(10 * time.Second)
			if err := o.Recover(t.Context()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
			o.ended("CA1", telephony.LineLost)
		}, counts: counts{"resume process given_up": 1, "resume process gone": 0}},
		"who was taken over is fenced": {live: func(t *testing.T, o *office) {
			s := o.connect(o.ring("CA1"), "CA1")
			if _, err := o.records.Raise(t.Context(), s.call.ID, 1, ""); err != nil {
				t.Fatal(err)
			}
			s.lose()
			if err := <-s.done; !errors.Is(err, dispatch.ErrEpoch) {
				t.Errorf("Talk() = %v, want ErrEpoch", err)
			}
			o.report("CA1", telephony.Completed)
		}, counts: counts{"fenced": 1, "commit failed": 0, "entry": 1}},
		"a store that is down fails commits": {live: func(t *testing.T, o *office) {
			s := o.connect(o.ring("CA1"), "CA1")
			o.records.down.Store(true)
			s.lose()
			<-s.done
			o.records.down.Store(false)
			o.report("CA1", telephony.Completed)
		}, counts: counts{"commit failed": 1, "fenced": 0}},
		"a wish that comes again": {live: func(t *testing.T, o *office) {
			for range 2 {
				if _, _, err := o.Dispatch(t.Context(), keyed("k")); err != nil {
					t.Fatal(err)
				}
			}
		}, counts: counts{"dispatched placed": 1, "dispatched repeated": 1}},
		"a wish that is not permitted": {change: func(c *dispatch.Config) {
			c.Permit = func(context.Context, dispatch.Cost) (string, error) { return "", errors.New("no") }
		}, live: func(t *testing.T, o *office) {
			if _, _, err := o.Dispatch(t.Context(), keyed("k")); err == nil || err.Error() != "dispatch: no" {
				t.Errorf("Dispatch() = %v, want what Permit said", err)
			}
		}, counts: counts{"dispatched not_permitted": 1}},
		"a session": {live: func(t *testing.T, o *office) { o.session("k") }, counts: counts{"dispatched session": 1}},
	} {
		t.Run(claim, func(t *testing.T) {
			inOffice(t, c.change, func(t *testing.T, o *office) {
				c.live(t, o)
				for what, want := range c.counts {
					if got := o.counted(what); got != want {
						t.Errorf("%q counted %d times, want %d", what, got, want)
					}
				}
				for what, want := range c.times {
					if got := o.took(what); !about(got, want) {
						t.Errorf("%q took %v, want %v", what, got, want)
					}
				}
			})
		})
	}
}

// hangUp has the agent say goodbye on s.
func (o *office) hangUp(s *stream) {
	o.t.Helper()
	o.goodbye <- struct{}{}
	<-s.done
	o.ended(s.call.Carrier, telephony.AgentHangup)
}
