package dispatch_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/telephony"
)

func (o *office) dial() telephony.Call {
	o.t.Helper()
	on, _, err := o.Dispatch(o.t.Context(), wish)
	if err != nil {
		o.t.Fatalf("Dispatch() = %v", err)
	}
	r, err := o.records.Call(o.t.Context(), on.Call)
	if err != nil {
		o.t.Fatal(err)
	}
	return r.Call()
}

// wish is for a call to somebody.
var wish = dispatch.Wish{Workspace: "default", Agent: "demo", From: "+15550199", To: "+15550111", PostCall: 7}

// answer is the webhook of a call of ours that was picked up.
func (o *office) answer(call telephony.Call) telephony.Step {
	o.t.Helper()
	step, err := o.Ring(o.t.Context(), telephony.Incoming{Carrier: call.Carrier, Call: call.ID, State: telephony.InProgress})
	if err != nil {
		o.t.Fatalf("Ring(ours) = %v", err)
	}
	return step
}

func TestDial(t *testing.T) {
	for claim, test := range map[string]func(t *testing.T, o *office){
		"answered, talked, hung up": func(t *testing.T, o *office) {
			call := o.dial()
			if call.Carrier != "CAout1" || call.Direction != telephony.Outbound || call.Epoch != 1 {
				t.Errorf("Dispatch() placed %+v", call)
			}
			if sent := o.trunk.dialed[0]; sent.Call != call.ID || sent.RingTimeout != 30*time.Second {
				t.Errorf("the carrier was asked for %+v, want our id and 30 s", sent)
			}
			time.Sleep(25 * time.Second)
			first, again := o.answer(call), o.answer(call)
			if first != again || first.Kind != telephony.StepConnect {
				t.Errorf("Ring() = %+v, then %+v, want one token", first, again)
			}
			s := o.connect(first.Token, call.Carrier)
			o.goodbye <- struct{}{}
			<-s.done
			o.ended(call.Carrier, telephony.AgentHangup)
		},
		"busy": func(t *testing.T, o *office) {
			call := o.dial()
			o.report(call.Carrier, telephony.StateBusy)
			o.ended(call.Carrier, telephony.Busy)
		},
		"no answer": func(t *testing.T, o *office) {
			call := o.dial()
			o.report(call.Carrier, telephony.StateNone)
			o.ended(call.Carrier, telephony.NoAnswer)
		},
		"failed": func(t *testing.T, o *office) {
			call := o.dial()
			o.report(call.Carrier, telephony.StateFail)
			o.ended(call.Carrier, telephony.Failed)
		},
		"never a word: asked, and hung up": func(t *testing.T, o *office) {
			call := o.dial()
			o.trunk.set(call.Carrier, telephony.Ringing)
			time.Sleep(61 * time.Second)
			o.ended(call.Carrier, telephony.NotConnected)
			if o.trunk.hangups() != 1 {
				t.Errorf("%d hang-ups, want 1", o.trunk.hangups())
			}
		},
		"refused by the carrier": func(t *testing.T, o *office) {
			o.trunk.refuse = errDown
			if _, _, err := o.Dispatch(t.Context(), wish); !errors.Is(err, errDown) {
				t.Errorf("Dispatch() = %v, want the carrier's error", err)
			}
			time.Sleep(10 * time.Millisecond)
			if o.counted("over failed") != 1 || len(o.Live()) != 0 {
				t.Errorf("counted %v, %d live, want one failed", o.counts, len(o.Live()))
			}
		},
		"the carrier is faster than its own answer": func(t *testing.T, o *office) {
			o.trunk.early = func(out telephony.Outgoing, id string) {
				p := telephony.Progress{Carrier: id, Call: out.Call, State: telephony.Ringing}
				if err := o.Report(t.Context(), p); err != nil {
					t.Errorf("Report(before Dial returned) = %v", err)
				}
				step, err := o.Ring(t.Context(), telephony.Incoming{Carrier: id, Call: out.Call, State: telephony.InProgress})
				if err != nil || step.Kind != telephony.StepConnect {
					t.Errorf("Ring(before Dial returned) = %+v, %v", step, err)
				}
			}
			call := o.dial()
			if r := o.kept(call.Carrier); r.ID != call.ID || r.State != telephony.Ringing {
				t.Errorf("record %+v", r)
			}
		},
		"no room for an answer of a call that isn't ours": func(t *testing.T, o *office) {
			call := o.dial()
			for _, in := range []telephony.Incoming{
				{Carrier: "CA9", Call: "call_404"}, {Carrier: "CA9", Call: call.ID},
			} {
				if _, err := o.Ring(t.Context(), in); !errors.Is(err, telephony.ErrUnknownCall) {
					t.Errorf("Ring(%+v) = %v, want ErrUnknownCall", in, err)
				}
			}
		},
		"no carrier": func(t *testing.T, o *office) {
			o.SetCarrier(nil)
			if _, _, err := o.Dispatch(t.Context(), wish); err == nil {
				t.Error("dialled without a carrier")
			}
		},
		"picked up after it was given up: hang up": func(t *testing.T, o *office) {
			call := o.dial()
			o.report(call.Carrier, telephony.StateNone)
			if step := o.answer(call); step.Kind != telephony.StepHangup {
				t.Errorf("Ring(ended) = %+v, want hang up", step)
			}
		},
	} {
		t.Run(claim, func(t *testing.T) { inOffice(t, nil, test) })
	}
}

func TestDrain(t *testing.T) {
	var log strings.Builder
	inOffice(t, func(c *dispatch.Config) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) }, func(t *testing.T, o *office) {
		token := o.ring("CA1")
		s := o.connect(token, "CA1")
		out := o.dial()
		drained := make(chan error, 1)
		go func() { drained <- o.Drain(t.Context()) }()
		time.Sleep(time.Second)

		step, err := o.Ring(t.Context(), telephony.Incoming{Carrier: "CA2", State: telephony.Ringing})
		if err != nil || step.Kind != telephony.StepRefuse {
			t.Errorf("Ring(draining) = %+v, %v, want refused", step, err)
		}
		o.ended("CA2", telephony.Refused)
		if _, _, err := o.Dispatch(t.Context(), wish); !errors.Is(err, dispatch.ErrDraining) {
			t.Errorf("Dispatch(draining) = %v, want ErrDraining", err)
		}
		if again := o.ring("CA1"); again != token {
			t.Error("a live call's repeat gets another answer while draining")
		}
		if step := o.answer(out); step.Kind != telephony.StepConnect {
			t.Errorf("Ring(of a call placed before) = %+v, want a token", step)
		}
		s.lose()
		<-s.done
		again := o.connect(o.door("CA1", telephony.StepConnect).Token, "CA1")
		time.Sleep(10 * time.Second)
		select {
		case err := <-drained:
			t.Fatalf("Drain() = %v with two calls live", err)
		default:
		}
		o.goodbye <- struct{}{}
		<-again.done
		o.report(out.Carrier, telephony.Completed)
		if err := <-drained; err != nil {
			t.Errorf("Drain() = %v", err)
		}
	})
	if text := log.String(); !strings.Contains(text, "left=2") || strings.Contains(text, "555010") {
		t.Errorf("the log doesn't say who is left, or says a number:\n%s", text)
	}
}

func TestDrainGivesUpWithItsContext(t *testing.T) {
	inOffice(t, nil, func(t *testing.T, o *office) {
		o.connect(o.ring("CA1"), "CA1")
		ctx, cancel := context.WithTimeout(t.Context(), 7*time.Second)
		defer cancel()
		if err := o.Drain(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Drain() = %v, want the deadline", err)
		}
		if live := o.Live(); len(live) != 1 || live[0].Direction != telephony.Inbound || live[0].Epoch != 1 {
			t.Errorf("Live() = %+v, want the call that is left", live)
		}
	})
}

func TestCloseEndsEverything(t *testing.T) {
	inOffice(t, nil, func(t *testing.T, o *office) {
		talking := o.connect(o.ring("CA1"), "CA1")
		o.ring("CA2")
		lost := o.connect(o.ring("CA3"), "CA3")
		lost.lose()
		<-lost.done
		out := o.dial()
		if err := o.Close(t.Context()); err != nil {
			t.Fatalf("Close() = %v", err)
		}
		if err := <-talking.done; err != nil {
			t.Errorf("Talk() = %v", err)
		}
		for _, id := range []string{"CA1", "CA2", "CA3", out.Carrier} {
			o.ended(id, telephony.Shutdown)
			o.door(id, telephony.StepHangup)
		}
		if n := o.trunk.hangups(); n != 3 {
			t.Errorf("%d hang-ups, want 3: all but the one whose stream is closed", n)
		}
		step, err := o.Ring(t.Context(), telephony.Incoming{Carrier: "CA4", State: telephony.Ringing})
		if err != nil || step.Kind != telephony.StepRefuse {
			t.Errorf("Ring(closed) = %+v, %v, want refused", step, err)
		}
	})
}

func TestCloseGivesUpWithItsContext(t *testing.T) {
	inOffice(t, nil, func(t *testing.T, o *office) {
		o.ring("CA1")
		o.records.down.Store(true)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if err := o.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Close() = %v, want the deadline", err)
		}
		o.records.down.Store(false)
		if r := o.kept("CA1"); r.Over() {
			t.Errorf("record %+v, want it left open for the next start", r)
		}
		o.door("CA1", telephony.StepWait) // the next process will answer
		o.open()
		if err := o.Recover(t.Context()); err != nil || len(o.Live()) != 1 {
			t.Errorf("Recover() = %v, %d live, want the open call", err, len(o.Live()))
		}
	})
}

func TestRecover(t *testing.T) {
	inOffice(t, nil, func(t *testing.T, o *office) {
		kill := func() { // as if the process died: nothing more reaches anyone
			o.records.down.Store(true)
			o.trunk.cut(true)
			defer o.trunk.cut(false)
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if err := o.Close(ctx); err == nil {
				t.Error("a killed desk closed in peace")
			}
			o.records.down.Store(false)
		}
		goes, over := o.connect(o.ring("CA1"), "CA1"), o.connect(o.ring("CA2"), "CA2")
		waiting := o.ring("CA3")
		for _, s := range []*stream{goes, over} {
			s.lose()
			<-s.done
		}
		kill()
		o.trunk.set("CA2", telephony.Completed)
		o.open()
		if err := o.Recover(t.Context()); err != nil {
			t.Fatal(err)
		}
		o.ended("CA2", telephony.CallerHangup)
		o.ended("CA1", "")
		if o.trunk.hangups() != 0 {
			t.Error("a call in progress was hung up")
		}
		if s := o.connect(o.door("CA1", telephony.StepConnect).Token, "CA1"); s.call.Epoch != 2 {
			t.Errorf("epoch %d, want 2", s.call.Epoch)
		}
		o.connect(waiting, "CA3") // told by the first process, still good
	})
}

// The row was made, but the desk was told that it failed, and the carrier did
// not ask again.
func TestRecoverFindsWhatSeemedToFail(t *testing.T) {
	inOffice(t, nil, func(t *testing.T, o *office) {
		o.records.chance = func() (before, after bool) { return false, true }
		if _, err := o.Ring(t.Context(), telephony.Incoming{Carrier: "CA1", State: telephony.Ringing}); err == nil {
			t.Fatal("Ring() did not hear of the failure")
		}
		o.records.chance = nil
		for range 2 { // a second time finds nothing new
			if err := o.Recover(t.Context()); err != nil || len(o.Live()) != 1 {
				t.Errorf("Recover() = %v, %d live, want the call", err, len(o.Live()))
			}
		}
		time.Sleep(31 * time.Second)
		o.ended("CA1", telephony.NotConnected)
	})
}

// Recover finds a row that Ring has just made and not yet decided about.
func TestRecoverMeetsRing(t *testing.T) {
	for claim, full := range map[string]bool{"that takes it": false, "that refuses it": true} {
		t.Run(claim, func(t *testing.T) {
			inOffice(t, func(c *dispatch.Config) { c.MaxCalls = 1 }, func(t *testing.T, o *office) {
				if full {
					o.ring("CA1")
				}
				o.records.made = func() {
					if err := o.Recover(t.Context()); err != nil {
						t.Error(err)
					}
				}
				step, err := o.Ring(t.Context(), telephony.Incoming{Carrier: "CA2", State: telephony.Ringing})
				time.Sleep(time.Second)
				if err != nil || len(o.Live()) != 1 || (step.Kind == telephony.StepRefuse) != full {
					t.Errorf("Ring() = %+v, %v, %d live, want 1 live", step, err, len(o.Live()))
				}
			})
		})
	}
}

// After a start, the door may be asked before anyone looked at the records.
func TestDoorTakesUpWhatAnEarlierProcessLeft(t *testing.T) {
	inOffice(t, nil, func(t *testing.T, o *office) {
		s := o.connect(o.ring("CA1"), "CA1")
		first := o.Desk
		o.open()
		token := o.door("CA1", telephony.StepConnect).Token
		again := o.connect(token, "CA1")
		s.lose() // the old process writes: its epoch is refused
		if err := <-s.done; !errors.Is(err, dispatch.ErrEpoch) {
			t.Errorf("Talk() of the old process = %v, want ErrEpoch", err)
		}
		o.goodbye <- struct{}{}
		<-again.done
		if err := first.Close(t.Context()); err != nil {
			t.Errorf("Close() of the old process = %v", err)
		}
		o.ended("CA1", telephony.AgentHangup)
	})
}

func TestConfigNamesWhatIsMissing(t *testing.T) {
	for _, cfg := range []dispatch.Config{{}, {Calls: &records{}}, {Calls: &records{}, Talk: (&office{}).talk, Secret: []byte("short")}} {
		if _, err := dispatch.New(cfg); err == nil || !strings.Contains(err.Error(), "dispatch: Config.") {
			t.Errorf("New(%+v) = %v, want the field's name", cfg, err)
		}
	}
}

// Everyone who can end a call does so at once, on many goroutines: one end.
func TestRaceOfEnds(t *testing.T) {
	for range 8 {
		inOffice(t, nil, func(t *testing.T, o *office) {
			s := o.connect(o.ring("CA1"), "CA1")
			var all sync.WaitGroup
			for _, ender := range []func(){
				func() { o.report("CA1", telephony.Completed) },
				func() { o.report("CA1", telephony.StateFail) },
				func() { _, _ = o.Next(t.Context(), telephony.Question{Carrier: "CA1", Over: true}) },
				func() { _, _ = o.Next(t.Context(), telephony.Question{Carrier: "CA1"}) },
				func() { s.lose() },
				func() {
					select {
					case o.goodbye <- struct{}{}:
					case <-time.After(time.Second):
					}
				},
				func() { _ = o.Close(t.Context()) },
			} {
				for range 3 {
					all.Go(ender)
				}
			}
			all.Wait()
			<-s.done
			if r := o.kept("CA1"); !r.Over() {
				t.Errorf("record %+v, want it ended", r)
			}
		})
	}
}
