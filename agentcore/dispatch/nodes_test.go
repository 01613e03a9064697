package dispatch_test

import (
	"context"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/telephony"
)

// neighbour is a second process with the same records.
func (o *office) neighbour(node string) *dispatch.Desk {
	o.t.Helper()
	cfg := o.cfg
	cfg.Node, cfg.Calls = node, o.records.Calls
	d, err := dispatch.New(cfg)
	if err != nil {
		o.t.Fatal(err)
	}
	return d
}

func named(node string) func(*dispatch.Config) {
	return func(c *dispatch.Config) { c.Node = node }
}

// kill takes the records away from the office's own desk, for good: what it
// leaves is open.
func (o *office) kill() {
	o.t.Helper()
	o.records.down.Store(true)
	gone, cancel := context.WithCancel(o.t.Context())
	cancel()
	_ = o.Close(gone)
	o.records = &records{Calls: o.records.Calls, lag: o.records.lag}
	o.cfg.Calls = o.records
}

func TestNodes(t *testing.T) {
	for claim, test := range map[string]func(t *testing.T, a *office, b *dispatch.Desk){
		"a neighbour's calls are left alone": func(t *testing.T, a *office, b *dispatch.Desk) {
			s := a.connect(a.ring("CA1"), "CA1")
			for range 20 {
				if err := b.Recover(t.Context()); err != nil {
					t.Fatal(err)
				}
				time.Sleep(15 * time.Second)
			}
			if live := b.Live(); len(live) != 0 || a.trunk.questions() != 0 {
				t.Errorf("b has %v, the carrier was asked %d times", live, a.trunk.questions())
			}
			if err := b.Close(t.Context()); err != nil {
				t.Error(err)
			}
			a.goodbye <- struct{}{}
			<-s.done
			a.ended("CA1", telephony.AgentHangup)
		},
		"a webhook that reaches the neighbour moves nothing": func(t *testing.T, a *office, b *dispatch.Desk) {
			token := a.ring("CA1")
			step, err := b.Ring(t.Context(), telephony.Incoming{Carrier: "CA1", State: telephony.Ringing})
			if err != nil || step.Token != token {
				t.Errorf("Ring(doubled, at b) = %+v, %v, want the same token", step, err)
			}
			s := a.connect(token, "CA1")
			time.Sleep(5 * time.Minute)
			if len(b.Live()) != 0 || a.trunk.hangups() != 0 || a.kept("CA1").Over() {
				t.Errorf("b has %v, %d hang-ups, want a call that goes on at a", b.Live(), a.trunk.hangups())
			}
			a.goodbye <- struct{}{}
			<-s.done
			a.ended("CA1", telephony.AgentHangup)
		},
		"closing ends nobody else's calls": func(t *testing.T, a *office, b *dispatch.Desk) {
			token := a.ring("CA1")
			if _, err := b.Ring(t.Context(), telephony.Incoming{Carrier: "CA1", State: telephony.Ringing}); err != nil {
				t.Fatal(err)
			}
			if err := b.Close(t.Context()); err != nil {
				t.Error(err)
			}
			a.connect(token, "CA1")
		},
		"a stream may come to the neighbour": func(t *testing.T, a *office, b *dispatch.Desk) {
			token := a.ring("CA1")
			call, err := b.Admit(t.Context(), token, telephony.Ref{ID: "CA1"})
			if err != nil {
				t.Fatal(err)
			}
			l := newLeg()
			done := make(chan error)
			go func() { done <- b.Talk(t.Context(), call, l) }()
			time.Sleep(5 * time.Minute)
			if len(a.Live()) != 0 || a.trunk.hangups() != 0 || a.kept("CA1").Node != "b" {
				t.Errorf("a has %v, %d hang-ups, the pen is %q's, want b's", a.Live(), a.trunk.hangups(), a.kept("CA1").Node)
			}
			a.goodbye <- struct{}{}
			<-done
			a.ended("CA1", telephony.AgentHangup)
		},
		"the dead node's calls are settled within a minute": func(t *testing.T, a *office, b *dispatch.Desk) {
			for _, id := range []string{"CA1", "CA2", "CA3"} {
				a.connect(a.ring(id), id)
			}
			a.trunk.set("CA2", telephony.Completed)
			a.kill()
			a.Desk = b
			died := time.Now()
			time.Sleep(time.Second)
			if err := b.Recover(t.Context()); err != nil || len(b.Live()) != 0 {
				t.Errorf("Recover(a second later) = %v, has %v: a might be alive", err, b.Live())
			}
			for range 4 {
				time.Sleep(14 * time.Second)
				if err := b.Recover(t.Context()); err != nil {
					t.Fatal(err)
				}
				if time.Since(died) < 20*time.Second { // the carrier asks about one of them
					step := a.door("CA3", telephony.StepConnect)
					a.connect(step.Token, "CA3")
				}
			}
			a.ended("CA1", telephony.LineLost)
			a.ended("CA2", telephony.CallerHangup)
			for _, id := range []string{"CA1", "CA2"} {
				if took := a.kept(id).Ended.Sub(died); took > time.Minute {
					t.Errorf("%s ended after %v, want a minute at most", id, took)
				}
			}
			if r := a.kept("CA3"); r.Over() || r.Node != "b" || r.Epoch != 2 {
				t.Errorf("record %+v, want it to go on at b", r)
			}
		},
		"hung up at the neighbour": func(t *testing.T, a *office, b *dispatch.Desk) {
			s := a.connect(a.ring("CA1"), "CA1")
			if err := b.HangUp(t.Context(), s.call.ID, telephony.OperatorHangup); err != nil || a.trunk.hangups() != 1 {
				t.Errorf("HangUp() = %v, %d hang-ups, want the carrier asked", err, a.trunk.hangups())
			}
			s.lose()
			<-s.done
			a.report("CA1", telephony.Completed)
			time.Sleep(time.Minute)
			a.ended("CA1", telephony.OperatorHangup)
		},
		"given up here, taken over there": func(t *testing.T, a *office, b *dispatch.Desk) {
			s := a.connect(a.ring("CA1"), "CA1")
			s.lose()
			<-s.done
			a.trunk.lag.Store(int64(2 * time.Second)) // a asks, and meanwhile
			time.Sleep(a.cfg.LostWait + 19*time.Second)
			time.Sleep(2 * time.Second)
			step, err := b.Next(t.Context(), telephony.Question{Carrier: "CA1"})
			if err != nil || step.Kind != telephony.StepConnect {
				t.Fatalf("Next(at b) = %+v, %v", step, err)
			}
			call, err := b.Admit(t.Context(), step.Token, telephony.Ref{ID: "CA1"})
			if err != nil {
				t.Fatal(err)
			}
			l := newLeg()
			done := make(chan error)
			go func() { done <- b.Talk(t.Context(), call, l) }()
			time.Sleep(time.Minute)
			if r := a.kept("CA1"); r.Over() || a.trunk.hangups() != 0 || len(a.Live()) != 0 {
				t.Errorf("record %+v, %d hang-ups, a has %v, want a call that goes on at b", r, a.trunk.hangups(), a.Live())
			}
			a.goodbye <- struct{}{}
			<-done
			a.ended("CA1", telephony.AgentHangup)
		},
	} {
		t.Run(claim, func(t *testing.T) {
			inOffice(t, named("a"), func(t *testing.T, a *office) {
				b := a.neighbour("b")
				test(t, a, b)
				if err := b.Close(t.Context()); err != nil {
					t.Error(err)
				}
			})
		})
	}
}
