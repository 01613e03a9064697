package dispatch_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/telephony"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Each row of the door's table.
func TestDoor(t *testing.T) {
	for claim, test := range map[string]func(t *testing.T, o *office){
		"a call that nobody knows": func(t *testing.T, o *office) {
			for _, over := range []bool{false, true} {
				if step, err := o.Next(t.Context(), telephony.Question{Carrier: "CA404", Over: over}); !errors.Is(err, telephony.ErrUnknownCall) {
					t.Errorf("Next(unknown, %v) = %+v, %v, want ErrUnknownCall", over, step, err)
				}
			}
		},
		"ended by us: hang up": func(t *testing.T, o *office) {
			s := o.connect(o.ring("CA1"), "CA1")
			o.goodbye <- struct{}{}
			<-s.hung // the socket closes: the row must be ended by now
			o.door("CA1", telephony.StepHangup)
			<-s.done
			o.door("CA1", telephony.StepHangup)
			o.ended("CA1", telephony.AgentHangup)
		},
		"over while it talks: ended by its own conversation": func(t *testing.T, o *office) {
			s := o.connect(o.ring("CA1"), "CA1")
			step, err := o.Next(t.Context(), telephony.Question{Carrier: "CA1", Over: true})
			if err != nil || step.Kind != telephony.StepNothing {
				t.Errorf("Next(over) = %+v, %v, want nothing", step, err)
			}
			if err := <-s.done; err != nil {
				t.Errorf("Talk() = %v", err)
			}
			o.ended("CA1", telephony.CallerHangup)
		},
		"over after its stream was lost": func(t *testing.T, o *office) {
			s := o.connect(o.ring("CA1"), "CA1")
			s.lose()
			<-s.done
			if step, err := o.Next(t.Context(), telephony.Question{Carrier: "CA1", Over: true}); err != nil || step.Kind != telephony.StepNothing {
				t.Errorf("Next(over) = %+v, %v, want nothing", step, err)
			}
			o.ended("CA1", telephony.CallerHangup)
		},
		"over before anyone connected": func(t *testing.T, o *office) {
			o.ring("CA1")
			for range 2 {
				if step, err := o.Next(t.Context(), telephony.Question{Carrier: "CA1", Over: true}); err != nil || step.Kind != telephony.StepNothing {
					t.Errorf("Next(over) = %+v, %v, want nothing", step, err)
				}
				o.ended("CA1", telephony.NotConnected)
			}
		},
		"live, and media flows: refused": func(t *testing.T, o *office) {
			s := o.connect(o.ring("CA1"), "CA1")
			asked := time.Now()
			if step, err := o.Next(t.Context(), telephony.Question{Carrier: "CA1"}); !errors.Is(err, telephony.ErrStillTalking) {
				t.Errorf("Next(live) = %+v, %v, want ErrStillTalking", step, err)
			}
			if took := time.Since(asked); took > 40*time.Millisecond {
				t.Errorf("refused after %v, want it at the first frame", took)
			}
			if r := o.kept("CA1"); r.Epoch != 1 {
				t.Errorf("epoch %d after a replay, want 1", r.Epoch)
			}
			select {
			case err := <-s.done:
				t.Errorf("a replay ended the talk: %v", err)
			default:
			}
		},
		"asked four times at once while media flows: refused four times": func(t *testing.T, o *office) {
			o.connect(o.ring("CA1"), "CA1")
			errs := make(chan error, 4)
			asked := time.Now()
			for range cap(errs) {
				go func() { _, err := o.Next(t.Context(), telephony.Question{Carrier: "CA1"}); errs <- err }()
			}
			for range cap(errs) {
				if err := <-errs; !errors.Is(err, telephony.ErrStillTalking) {
					t.Errorf("Next(live) = %v, want ErrStillTalking", err)
				}
			}
			if took := time.Since(asked); took > 40*time.Millisecond {
				t.Errorf("all refused after %v, want it at the first frame", took)
			}
		},
		"live, socket open but silent: taken over": func(t *testing.T, o *office) {
			s := o.connect(o.ring("CA1"), "CA1")
			s.mute.Store(true)
			time.Sleep(50 * time.Millisecond)
			asked := time.Now()
			step := o.door("CA1", telephony.StepConnect)
			if took := time.Since(asked); took < 200*time.Millisecond || took > 210*time.Millisecond {
				t.Errorf("taken over after %v, want 200 ms", took)
			}
			<-s.done // the old stream is cut
			if call := o.connect(step.Token, "CA1").call; call.Epoch != 2 {
				t.Errorf("epoch %d, want 2", call.Epoch)
			}
		},
		"live and lost: taken up again with its past": func(t *testing.T, o *office) {
			s := o.connect(o.ring("CA1"), "CA1")
			s.lose()
			step := o.door("CA1", telephony.StepConnect) // asked before Talk returned
			<-s.done
			again := o.connect(step.Token, "CA1")
			entries, err := o.records.Journal(t.Context(), again.call.ID, 0)
			if err != nil || len(entries) != 3 {
				t.Fatalf("Journal() = %v, %v, want opened, lost, opened", entries, err)
			}
			if last := entries[2].Event; last != (agentcore.Opened{Epoch: 2}) || entries[1].Event.Kind() != "lost" {
				t.Errorf("journal %+v, want it to go on at epoch 2", entries)
			}
			if o.counted("resumed") != 1 {
				t.Errorf("%d resumes counted, want 1", o.counted("resumed"))
			}
		},
		"lost, and its conversation still writes: its last words are kept": func(t *testing.T, o *office) {
			s := o.connect(o.ring("CA1"), "CA1")
			o.records.slow.Store(int64(50 * time.Millisecond))
			s.lose()
			time.Sleep(time.Millisecond)
			o.door("CA1", telephony.StepConnect)
			if r := o.kept("CA1"); r.Last != 2 || r.Epoch != 2 {
				t.Errorf("%d entries at epoch %d, want opened and lost, then epoch 2", r.Last, r.Epoch)
			}
			if err := <-s.done; err != nil {
				t.Errorf("Talk() = %v", err)
			}
		},
		"lost, and its conversation writes for ever: not waited for": func(t *testing.T, o *office) {
			s := o.connect(o.ring("CA1"), "CA1")
			o.records.slow.Store(int64(20 * time.Second))
			s.lose()
			asked := time.Now()
			o.door("CA1", telephony.StepConnect)
			if took := time.Since(asked); took > 210*time.Millisecond {
				t.Errorf("the caller waited %v, want at most 200 ms and the records", took)
			}
			if err := <-s.done; !errors.Is(err, dispatch.ErrEpoch) {
				t.Errorf("Talk() = %v, want its late words refused", err)
			}
		},
		"asked while the desk asks the carrier: taken up, not hung up": func(t *testing.T, o *office) {
			s := o.connect(o.ring("CA1"), "CA1")
			s.lose()
			<-s.done
			o.trunk.lag.Store(int64(2 * time.Second))
			time.Sleep(21 * time.Second) // the desk is asking
			o.connect(o.door("CA1", telephony.StepConnect).Token, "CA1")
			time.Sleep(time.Minute)
			o.ended("CA1", "")
			if o.trunk.hangups() != 0 {
				t.Error("hung up a call that had been taken up again")
			}
		},
		"asked while the desk hangs up: hang up": func(t *testing.T, o *office) {
			s := o.connect(o.ring("CA1"), "CA1")
			s.lose()
			<-s.done
			time.Sleep(20*time.Second + time.Millisecond)
			o.door("CA1", telephony.StepHangup)
			o.ended("CA1", telephony.LineLost)
		},
		"lost too often: apologise, and end": func(t *testing.T, o *office) {
			token := o.ring("CA1")
			for range 3 {
				s := o.connect(token, "CA1")
				s.lose()
				<-s.done
				token = o.door("CA1", telephony.StepConnect).Token
			}
			s := o.connect(token, "CA1")
			s.lose()
			<-s.done
			if step := o.door("CA1", telephony.StepApologise); step.Say == "" {
				t.Error("an apology without words")
			}
			o.ended("CA1", telephony.LineLost)
			o.door("CA1", telephony.StepHangup)
		},
		"records gone: wait, and the call is kept": func(t *testing.T, o *office) {
			s := o.connect(o.ring("CA1"), "CA1")
			s.lose()
			<-s.done
			o.records.down.Store(true)
			for range 70 {
				o.door("CA1", telephony.StepWait)
				time.Sleep(time.Second)
			}
			o.records.down.Store(false)
			o.connect(o.door("CA1", telephony.StepConnect).Token, "CA1")
			if o.trunk.hangups() != 0 {
				t.Error("a call that waited was hung up")
			}
		},
		"records gone, call over: nothing, and it is ended later": func(t *testing.T, o *office) {
			s := o.connect(o.ring("CA1"), "CA1")
			s.lose()
			<-s.done
			o.records.down.Store(true)
			if step, err := o.Next(t.Context(), telephony.Question{Carrier: "CA1", Over: true}); err != nil || step.Kind != telephony.StepNothing {
				t.Errorf("Next(over) = %+v, %v, want nothing", step, err)
			}
			time.Sleep(70 * time.Second)
			o.records.down.Store(false)
			time.Sleep(31 * time.Second)
			o.ended("CA1", telephony.CallerHangup)
		},
		"records gone, another account says that the call is over: it goes on": func(t *testing.T, o *office) {
			o.connect(o.ring("CA1"), "CA1")
			o.records.down.Store(true)
			if step, err := o.Next(t.Context(), telephony.Question{Carrier: "CA1", Account: "ACother", Over: true}); err != nil || step.Kind != telephony.StepNothing {
				t.Errorf("Next(over, of another account) = %+v, %v, want nothing", step, err)
			}
			o.records.down.Store(false)
			time.Sleep(time.Minute)
			if r := o.kept("CA1"); r.Over() {
				t.Errorf("the call is over: %s", r.Reason)
			}
		},
		"asked again before the stream came: the same token, a few times": func(t *testing.T, o *office) {
			token := o.ring("CA1")
			for range 3 {
				if step := o.door("CA1", telephony.StepConnect); step.Token != token {
					t.Errorf("token %q, want the pending one %q", step.Token, token)
				}
			}
			if step := o.door("CA1", telephony.StepConnect); step.Token == token {
				t.Error("the same token for ever: a stream that can't connect would never end")
			}
		},
		"asked twice at once: one epoch": func(t *testing.T, o *office) {
			s := o.connect(o.ring("CA1"), "CA1")
			s.lose()
			tokens := make(chan string, 2)
			for range 2 {
				go func() { step, _ := o.Next(t.Context(), telephony.Question{Carrier: "CA1"}); tokens <- step.Token }()
			}
			if a, b := <-tokens, <-tokens; a != b || a == "" {
				t.Errorf("tokens %q and %q, want the same", a, b)
			}
			if r := o.kept("CA1"); r.Epoch != 2 {
				t.Errorf("epoch %d, want 2", r.Epoch)
			}
		},
		"an end whose commit seemed to fail counts": func(t *testing.T, o *office) {
			s := o.connect(o.ring("CA1"), "CA1")
			o.records.lie.Store(true)
			o.goodbye <- struct{}{}
			<-s.done
			o.door("CA1", telephony.StepHangup)
			o.ended("CA1", telephony.AgentHangup)
		},
	} {
		t.Run(claim, func(t *testing.T) { inOffice(t, nil, test) })
	}
}

// With no resumes at all, the first loss is the last.
func TestNoResumes(t *testing.T) {
	inOffice(t, func(c *dispatch.Config) { c.Resumes = -1; c.Apology = "Bye." }, func(t *testing.T, o *office) {
		s := o.connect(o.ring("CA1"), "CA1")
		s.lose()
		<-s.done
		if step := o.door("CA1", telephony.StepApologise); step.Say != "Bye." {
			t.Errorf("says %q, want the apology of the configuration", step.Say)
		}
	})
}

func TestRing(t *testing.T) {
	for claim, test := range map[string]func(t *testing.T, o *office){
		"twice at once: the same token, one record": func(t *testing.T, o *office) {
			tokens := make(chan string, 8)
			for range cap(tokens) {
				go func() {
					step, err := o.Ring(t.Context(), telephony.Incoming{Carrier: "CA1", State: telephony.Ringing})
					if err != nil {
						t.Error(err)
					}
					tokens <- step.Token
				}()
			}
			first := <-tokens
			for range cap(tokens) - 1 {
				if token := <-tokens; token != first || token == "" {
					t.Errorf("token %q, want %q", token, first)
				}
			}
			if n := len(o.Live()); n != 1 || o.counted("taken") != 1 {
				t.Errorf("%d live, %d taken, want 1", n, o.counted("taken"))
			}
		},
		"again while it talks: the spent token, never a fresh one": func(t *testing.T, o *office) {
			token := o.ring("CA1")
			o.connect(token, "CA1")
			if again := o.ring("CA1"); again != token {
				t.Errorf("token %q, want the spent %q", again, token)
			}
			if _, err := o.Admit(t.Context(), token, telephony.Ref{ID: "CA1"}); !errors.Is(err, telephony.ErrToken) {
				t.Errorf("Admit(spent) = %v, want ErrToken", err)
			}
		},
		"an hour later, when the call is over: hang up": func(t *testing.T, o *office) {
			o.ring("CA1")
			o.report("CA1", telephony.Completed)
			time.Sleep(time.Hour)
			step, err := o.Ring(t.Context(), telephony.Incoming{Carrier: "CA1", State: telephony.Ringing})
			if err != nil || step.Kind != telephony.StepHangup {
				t.Errorf("Ring(ended) = %+v, %v, want hang up", step, err)
			}
		},
		"without a carrier's id": func(t *testing.T, o *office) {
			if _, err := o.Ring(t.Context(), telephony.Incoming{}); !errors.Is(err, telephony.ErrUnknownCall) {
				t.Errorf("Ring(no id) = %v, want ErrUnknownCall", err)
			}
		},
		"already over": func(t *testing.T, o *office) {
			step, err := o.Ring(t.Context(), telephony.Incoming{Carrier: "CA1", State: telephony.StateStop})
			if err != nil || step.Kind != telephony.StepNothing || len(o.Live()) != 0 {
				t.Errorf("Ring(canceled) = %+v, %v, %v live, want nothing", step, err, o.Live())
			}
		},
		"records gone: an error, and the carrier asks again": func(t *testing.T, o *office) {
			o.records.down.Store(true)
			if step, err := o.Ring(t.Context(), telephony.Incoming{Carrier: "CA1", State: telephony.Ringing}); err == nil {
				t.Errorf("Ring() = %+v without records", step)
			}
			o.records.down.Store(false)
			o.ring("CA1")
		},
	} {
		t.Run(claim, func(t *testing.T) { inOffice(t, nil, test) })
	}
}

func TestFullHouseRefuses(t *testing.T) {
	inOffice(t, func(c *dispatch.Config) { c.MaxCalls = 2 }, func(t *testing.T, o *office) {
		o.ring("CA1")
		o.ring("CA2")
		steps := make(chan telephony.Step, 4)
		for range cap(steps) { // told by doubled webhooks
			go func() {
				step, err := o.Ring(t.Context(), telephony.Incoming{Carrier: "CA3", State: telephony.Ringing})
				if err != nil {
					t.Error(err)
				}
				steps <- step
			}()
		}
		for range cap(steps) {
			if step := <-steps; step.Kind != telephony.StepRefuse {
				t.Errorf("Ring(third of two) = %+v, want refused", step)
			}
		}
		o.ended("CA3", telephony.Refused)
		if _, _, err := o.Dispatch(t.Context(), wish); !errors.Is(err, dispatch.ErrFull) {
			t.Errorf("Dispatch() = %v, want ErrFull", err)
		}
		if len(o.trunk.dialed) != 0 || o.counted("refused full") != 1 {
			t.Errorf("%d dialled, %d counted as full", len(o.trunk.dialed), o.counted("refused full"))
		}
		o.report("CA1", telephony.Completed)
		time.Sleep(10 * time.Millisecond)
		o.ring("CA4")
	})
}

func TestCancelledRequestDecidesNothing(t *testing.T) {
	inOffice(t, nil, func(t *testing.T, o *office) {
		s := o.connect(o.ring("CA1"), "CA1")
		s.mute.Store(true)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if step, err := o.Next(ctx, telephony.Question{Carrier: "CA1"}); err != nil || step.Kind != telephony.StepWait {
			t.Errorf("Next(cancelled) = %+v, %v, want wait", step, err)
		}
		if r := o.kept("CA1"); r.Epoch != 1 || r.Over() {
			t.Errorf("record %+v, want it untouched", r)
		}
	})
}
