package dispatch_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/telephony"
)

// However the news of a hang-up arrives, the call ends once, for one reason.
func TestCallerHangsUp(t *testing.T) {
	for claim, test := range map[string]func(t *testing.T, o *office, s *stream){
		"stop, then completed": func(t *testing.T, o *office, s *stream) {
			s.lose()
			<-s.done
			time.Sleep(300 * time.Millisecond)
			o.report("CA1", telephony.Completed)
		},
		"completed, then stop": func(t *testing.T, o *office, s *stream) {
			o.report("CA1", telephony.Completed)
			s.lose()
			<-s.done
		},
		"both at once": func(t *testing.T, o *office, s *stream) {
			go s.lose()
			o.report("CA1", telephony.Completed)
			<-s.done
		},
		"completed only": func(t *testing.T, o *office, s *stream) {
			o.report("CA1", telephony.Completed)
			<-s.done
		},
		"completed, told four times": func(t *testing.T, o *office, s *stream) {
			for range 4 {
				o.report("CA1", telephony.Completed)
			}
			<-s.done
		},
		"stop only, and the carrier says completed when asked": func(t *testing.T, o *office, s *stream) {
			o.trunk.set("CA1", telephony.Completed)
			s.lose()
			<-s.done
			time.Sleep(19 * time.Second)
			o.ended("CA1", "")
			time.Sleep(2 * time.Second)
			if o.trunk.hangups() != 0 {
				t.Error("hung up a call that was over")
			}
		},
		"completed without a record to write, then the record is back": func(t *testing.T, o *office, s *stream) {
			o.records.down.Store(true)
			s.lose()
			<-s.done
			if _, err := o.Next(t.Context(), telephony.Question{Carrier: "CA1", Over: true}); err != nil {
				t.Errorf("Next() = %v", err)
			}
			time.Sleep(time.Minute)
			o.records.down.Store(false)
			time.Sleep(31 * time.Second)
		},
	} {
		t.Run(claim, func(t *testing.T) {
			inOffice(t, nil, func(t *testing.T, o *office) {
				s := o.connect(o.ring("CA1"), "CA1")
				test(t, o, s)
				o.ended("CA1", telephony.CallerHangup)
				if o.counted("over caller_hangup") != 1 {
					t.Errorf("counted %v, want one caller_hangup", o.counts)
				}
			})
		})
	}
}

func TestLostForGood(t *testing.T) {
	for claim, c := range map[string]struct {
		set    func(o *office)
		after  time.Duration // since the loss
		want   telephony.EndReason
		hung   int
		latest bool // not a second earlier
	}{
		"still in progress: hung up": {func(*office) {}, 21 * time.Second, telephony.LineLost, 1, true},
		"the carrier says busy":      {func(o *office) { o.trunk.set("CA1", telephony.StateBusy) }, 21 * time.Second, telephony.Busy, 0, true},
		"no carrier":                 {func(o *office) { o.SetCarrier(nil) }, 21 * time.Second, telephony.LineLost, 0, true},
		"the carrier never answers":  {func(o *office) { o.trunk.down = true }, 20*time.Second + 5*time.Minute + 31*time.Second, telephony.LineLost, 0, false},
		"the carrier answers in a while": {func(o *office) {
			o.trunk.down = true
			go func() {
				time.Sleep(2 * time.Minute)
				o.trunk.cut(false)
			}()
		}, 2*time.Minute + 31*time.Second, telephony.LineLost, 1, false},
	} {
		t.Run(claim, func(t *testing.T) {
			inOffice(t, nil, func(t *testing.T, o *office) {
				s := o.connect(o.ring("CA1"), "CA1")
				c.set(o)
				s.lose()
				<-s.done
				if c.latest {
					time.Sleep(c.after - 2*time.Second)
					o.ended("CA1", "")
					time.Sleep(2 * time.Second)
				} else {
					time.Sleep(c.after)
				}
				o.ended("CA1", c.want)
				if n := o.trunk.hangups(); n != c.hung {
					t.Errorf("%d hang-ups, want %d", n, c.hung)
				}
				if c.want == telephony.LineLost && o.trunk.questions() > 30 {
					t.Errorf("the carrier was asked %d times", o.trunk.questions())
				}
			})
		})
	}
}

// The carrier is told once, however often the record refuses.
func TestHangsUpOnceWithoutRecords(t *testing.T) {
	inOffice(t, nil, func(t *testing.T, o *office) {
		s := o.connect(o.ring("CA1"), "CA1")
		s.lose()
		<-s.done
		o.records.down.Store(true)
		time.Sleep(5 * time.Minute)
		o.records.down.Store(false)
		time.Sleep(31 * time.Second)
		o.ended("CA1", telephony.LineLost)
		if n := o.trunk.hangups(); n != 1 {
			t.Errorf("%d hang-ups, want 1", n)
		}
	})
}

func TestNeverConnected(t *testing.T) {
	inOffice(t, nil, func(t *testing.T, o *office) {
		token := o.ring("CA1")
		time.Sleep(29 * time.Second)
		o.ended("CA1", "")
		time.Sleep(2 * time.Second)
		o.ended("CA1", telephony.NotConnected)
		if o.trunk.hangups() != 1 {
			t.Errorf("%d hang-ups, want 1: nobody else tells the carrier", o.trunk.hangups())
		}
		if _, err := o.Admit(t.Context(), token, telephony.Ref{ID: "CA1"}); !errors.Is(err, telephony.ErrToken) {
			t.Errorf("Admit(too late) = %v, want ErrToken", err)
		}
	})
}

// The stream was let in, but nobody ever talks on it.
func TestAdmittedAndForgotten(t *testing.T) {
	inOffice(t, nil, func(t *testing.T, o *office) {
		if _, err := o.Admit(t.Context(), o.ring("CA1"), telephony.Ref{ID: "CA1"}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(21 * time.Second)
		o.ended("CA1", telephony.LineLost)
	})
}

func TestReport(t *testing.T) {
	for claim, test := range map[string]func(t *testing.T, o *office){
		"of a call that nobody knows": func(t *testing.T, o *office) {
			for _, p := range []telephony.Progress{
				{Carrier: "CA404", State: telephony.Completed}, {Call: "call_404", State: telephony.Completed}, {},
			} {
				if err := o.Report(t.Context(), p); !errors.Is(err, telephony.ErrUnknownCall) {
					t.Errorf("Report(%+v) = %v, want ErrUnknownCall", p, err)
				}
			}
		},
		"with the id of one call and the carrier's of another": func(t *testing.T, o *office) {
			o.ring("CA1")
			o.ring("CA2")
			p := telephony.Progress{Call: o.kept("CA1").ID, Carrier: "CA2", State: telephony.Completed}
			if err := o.Report(t.Context(), p); !errors.Is(err, telephony.ErrUnknownCall) {
				t.Errorf("Report(mixed) = %v, want ErrUnknownCall", err)
			}
			o.ended("CA1", "")
			o.ended("CA2", "")
		},
		"late and out of order": func(t *testing.T, o *office) {
			o.ring("CA1")
			for _, p := range []telephony.Progress{
				{State: telephony.InProgress, Sequence: 2}, {State: telephony.Ringing, Sequence: 1}, {State: telephony.Queued, Sequence: 0},
			} {
				p.Carrier = "CA1"
				if err := o.Report(t.Context(), p); err != nil {
					t.Error(err)
				}
			}
			if r := o.kept("CA1"); r.State != telephony.InProgress || r.Answered.IsZero() || r.Over() {
				t.Errorf("record %+v, want it in progress", r)
			}
		},
		"a terminal word with an old number still ends": func(t *testing.T, o *office) {
			o.ring("CA1")
			for _, p := range []telephony.Progress{{State: telephony.InProgress, Sequence: 5}, {State: telephony.StateStop, Sequence: 3}} {
				p.Carrier = "CA1"
				if err := o.Report(t.Context(), p); err != nil {
					t.Error(err)
				}
			}
			o.ended("CA1", telephony.Canceled)
		},
		"completed after the agent ended it changes the state only": func(t *testing.T, o *office) {
			s := o.connect(o.ring("CA1"), "CA1")
			o.goodbye <- struct{}{}
			<-s.done
			p := telephony.Progress{Carrier: "CA1", State: telephony.Completed, Sequence: 3, SIPCode: 200}
			if err := o.Report(t.Context(), p); err != nil {
				t.Error(err)
			}
			o.ended("CA1", telephony.AgentHangup)
			if r := o.kept("CA1"); r.State != telephony.Completed || r.SIPCode != 200 {
				t.Errorf("record %+v, want completed with SIP 200", r)
			}
		},
	} {
		t.Run(claim, func(t *testing.T) { inOffice(t, nil, test) })
	}
}

// A conversation that does not stop when told doesn't keep the record open.
func TestDeafConversation(t *testing.T) {
	release := make(chan struct{})
	inOffice(t, func(c *dispatch.Config) {
		release = make(chan struct{})
		c.Talk = func(context.Context, telephony.Call, telephony.Leg, []agentcore.Entry, agentcore.Journal) (agentcore.Summary, error) {
			<-release
			return agentcore.Summary{}, nil
		}
	}, func(t *testing.T, o *office) {
		s := o.connect(o.ring("CA1"), "CA1")
		o.report("CA1", telephony.Completed)
		time.Sleep(6 * time.Second)
		if r := o.kept("CA1"); r.Reason != telephony.CallerHangup {
			t.Errorf("ended for %q, want caller_hangup without the conversation", r.Reason)
		}
		if len(o.Live()) != 1 {
			t.Error("a call whose Talk runs must count as live")
		}
		close(release)
		<-s.done
		o.ended("CA1", telephony.CallerHangup)
	})
}

// A conversation that says End but could not write it is taken at its word.
func TestEndThatWasNotWritten(t *testing.T) {
	inOffice(t, func(c *dispatch.Config) {
		c.Talk = func(context.Context, telephony.Call, telephony.Leg, []agentcore.Entry, agentcore.Journal) (agentcore.Summary, error) {
			return agentcore.Summary{End: telephony.GatewayFailed}, errors.New("no ink")
		}
	}, func(t *testing.T, o *office) {
		s := o.connect(o.ring("CA1"), "CA1")
		if err := <-s.done; err == nil {
			t.Error("Talk() hides the conversation's error")
		}
		o.door("CA1", telephony.StepHangup)
		o.ended("CA1", telephony.GatewayFailed)
	})
}
