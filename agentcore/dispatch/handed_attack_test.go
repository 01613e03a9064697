package dispatch_test

import (
	"cmp"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/telephony"
)

// victim is an office with two calls that talk, CA1 and CA2. The first is being
// handed on: to whoever answers the leg CAout1.
type victim struct {
	*office
	first, second *stream
	wish          dispatch.TransferWish
	handed        dispatch.Transfer
	tokens        map[string]string // that the calls' streams came with, by the carrier's id
}

// handsOn makes an office hand calls on. Who answers is asked until they hang up.
func handsOn(c *dispatch.Config) {
	c.Transfers = c.Calls.(*records).Calls.(dispatch.Transfers)
	c.ConnectWait = 10 * time.Minute
	c.Consult = func(ctx context.Context, _ dispatch.Transfer, leg telephony.Leg) (dispatch.Consultation, error) {
		ctx, stop := context.WithCancelCause(ctx)
		go heard(leg, stop)
		<-ctx.Done()
		_ = leg.Hangup(ctx)
		return dispatch.Consultation{}, context.Cause(ctx)
	}
}

func (v *victim) leg(state telephony.State) (telephony.Step, error) {
	return v.Ring(v.t.Context(), telephony.Incoming{Carrier: "CAout1", Call: v.handed.ID, State: state})
}

// answer lets the leg be answered, and returns its token.
func (v *victim) answer() string {
	v.t.Helper()
	step, err := v.leg(telephony.InProgress)
	if err != nil || step.Kind != telephony.StepConnect {
		v.t.Fatalf("Ring(leg) = %+v, %v, want a token", step, err)
	}
	return step.Token
}

// Who replays, guesses or mixes up what they have gets nothing, and moves nothing.
func TestAttacksOnTransfers(t *testing.T) {
	refusedAdmit := func(v *victim, token, carrierID string) {
		v.t.Helper()
		if call, err := v.Admit(v.t.Context(), token, telephony.Ref{ID: carrierID}); !errors.Is(err, telephony.ErrToken) {
			v.t.Errorf("Admit(%s) = %+v, %v, want ErrToken", carrierID, call, err)
		}
	}
	refusedNext := func(v *victim, q telephony.Question, want error) {
		v.t.Helper()
		if step, err := v.Next(v.t.Context(), q); !errors.Is(err, want) {
			v.t.Errorf("Next(%+v) = %+v, %v, want %v", q, step, err, want)
		}
	}
	refusedRing := func(v *victim, in telephony.Incoming) {
		v.t.Helper()
		if step, err := v.Ring(v.t.Context(), in); !errors.Is(err, telephony.ErrUnknownCall) {
			v.t.Errorf("Ring(%+v) = %+v, %v, want ErrUnknownCall", in, step, err)
		}
	}
	refusedReport := func(v *victim, p telephony.Progress) {
		v.t.Helper()
		if err := v.Report(v.t.Context(), p); !errors.Is(err, telephony.ErrUnknownCall) {
			v.t.Errorf("Report(%+v) = %v, want ErrUnknownCall", p, err)
		}
	}
	for _, test := range []struct {
		claim  string
		kind   string
		attack func(v *victim)
		status string // of the transfer afterwards; empty: as it was
	}{
		{"the door, with another call's transfer", dispatch.Warm, func(v *victim) {
			refusedNext(v, telephony.Question{Carrier: "CA2", Transfer: v.handed.ID}, telephony.ErrUnknownCall)
			refusedNext(v, telephony.Question{Carrier: "CA2", Transfer: v.handed.ID, Over: true}, telephony.ErrUnknownCall)
			refusedNext(v, telephony.Question{Carrier: "CA2", Transfer: v.handed.ID, Dialled: telephony.Dialled{State: telephony.Completed, Duration: time.Hour}}, telephony.ErrUnknownCall)
		}, ""},
		{"the door, with a transfer that is guessed", dispatch.Warm, func(v *victim) {
			for _, id := range []telephony.CallID{"xfer_", "xfer_1", v.handed.ID + "a", "call_1", v.first.call.ID} {
				refusedNext(v, telephony.Question{Carrier: "CA1", Transfer: id}, telephony.ErrUnknownCall)
			}
		}, ""},
		{"the door, while the agent talks", dispatch.Warm, func(v *victim) {
			refusedNext(v, telephony.Question{Carrier: "CA1"}, telephony.ErrStillTalking)
			refusedNext(v, telephony.Question{Carrier: "CA1", Transfer: v.handed.ID}, telephony.ErrStillTalking)
		}, ""},
		{"the door, of another account", dispatch.Warm, func(v *victim) {
			refusedNext(v, telephony.Question{Carrier: "CA1", Account: "ACother", Over: true}, telephony.ErrUnknownCall)
			refusedNext(v, telephony.Question{Carrier: "CAout1", Account: "ACother", Over: true}, telephony.ErrUnknownCall)
		}, ""},
		{"a ring of another account, which says that our call is over", dispatch.Warm, func(v *victim) {
			in := telephony.Incoming{Carrier: "CA1", Account: "ACother", From: "+15550100", To: "+15550199", State: telephony.Completed}
			if step, err := v.Ring(v.t.Context(), in); err != nil || step.Kind != telephony.StepNothing {
				v.t.Errorf("Ring(over, of another account) = %+v, %v, want nothing", step, err)
			}
			time.Sleep(10 * time.Second) // a conversation that is told so takes a moment to end
		}, ""},
		{"a leg that is guessed", dispatch.Warm, func(v *victim) {
			refusedRing(v, telephony.Incoming{Carrier: "CAevil", Call: "xfer_guessed", State: telephony.InProgress})
			refusedReport(v, telephony.Progress{Carrier: "CAevil", Call: "xfer_guessed", State: telephony.Completed})
			refusedNext(v, telephony.Question{Carrier: "CAevil"}, telephony.ErrUnknownCall)
			refusedNext(v, telephony.Question{}, telephony.ErrUnknownCall)
		}, ""},
		{"the leg's name, on another line", dispatch.Warm, func(v *victim) {
			for _, line := range []string{"CAevil", "CA1", "CA2", ""} {
				refusedRing(v, telephony.Incoming{Carrier: line, Call: v.handed.ID, State: telephony.InProgress})
				refusedReport(v, telephony.Progress{Carrier: line, Call: v.handed.ID, State: telephony.Completed})
			}
		}, ""},
		{"the leg, of another account", dispatch.Warm, func(v *victim) {
			refusedRing(v, telephony.Incoming{Carrier: "CAout1", Account: "ACother", Call: v.handed.ID, State: telephony.InProgress})
			refusedReport(v, telephony.Progress{Carrier: "CAout1", Account: "ACother", Call: v.handed.ID, State: telephony.Completed})
			refusedReport(v, telephony.Progress{Carrier: "CA1", Account: "ACother", State: telephony.Completed})
		}, ""},
		{"the caller's token for the leg, and the leg's for the caller", dispatch.Warm, func(v *victim) {
			token := v.answer()
			refusedAdmit(v, v.tokens["CA1"], "CAout1")
			refusedAdmit(v, token, "CA1")
			refusedAdmit(v, token, "CA2")
			refusedAdmit(v, token, "")
			if call, err := v.Admit(v.t.Context(), token, telephony.Ref{Account: "ACother", ID: "CAout1"}); !errors.Is(err, telephony.ErrToken) {
				v.t.Errorf("Admit(of another account) = %+v, %v, want ErrToken", call, err)
			}
			if call, err := v.Admit(v.t.Context(), token, telephony.Ref{ID: "CAout1"}); err != nil || call.ID != v.handed.ID {
				v.t.Errorf("Admit(leg) = %+v, %v, want it let in", call, err)
			}
		}, dispatch.TransferChecking},
		{"the leg's token twice", dispatch.Warm, func(v *victim) {
			token := v.answer()
			call, err := v.Admit(v.t.Context(), token, telephony.Ref{ID: "CAout1"})
			if err != nil {
				v.t.Fatal(err)
			}
			refusedAdmit(v, token, "CAout1")
			if again := v.answer(); again != token {
				v.t.Error("a repeated ring minted a second token")
			}
			refusedAdmit(v, token, "CAout1")
			l := newLeg()
			done := make(chan error, 1)
			go func() { done <- v.Talk(v.t.Context(), call, l) }()
			time.Sleep(100 * time.Millisecond)
			refusedAdmit(v, token, "CAout1")
			if err := v.Talk(v.t.Context(), call, newLeg()); !errors.Is(err, telephony.ErrToken) {
				v.t.Errorf("Talk(twice) = %v, want ErrToken", err)
			}
			refusedNext(v, telephony.Question{Carrier: "CAout1"}, telephony.ErrStillTalking)
			l.lose()
			<-done
		}, dispatch.TransferOver},
		{"the leg's token, 61 s later", dispatch.Warm, func(v *victim) {
			token := v.answer()
			time.Sleep(30 * time.Second)
			if again := v.answer(); again != token {
				v.t.Error("a repeated ring minted a second token")
			}
			time.Sleep(31 * time.Second)
			refusedAdmit(v, token, "CAout1")
		}, ""},
		{"a stream for a leg that nobody answered", dispatch.Warm, func(v *victim) {
			if err := v.Talk(v.t.Context(), telephony.Call{ID: v.handed.ID, Epoch: 1}, newLeg()); !errors.Is(err, telephony.ErrToken) {
				v.t.Errorf("Talk(not admitted) = %v, want ErrToken", err)
			}
		}, ""},
		{"a leg's ring, when the transfer was withdrawn", dispatch.Warm, func(v *victim) {
			token := v.answer()
			if err := v.Withdraw(v.t.Context(), v.handed.ID, "no"); err != nil {
				v.t.Error(err)
			}
			refusedAdmit(v, token, "CAout1")
			if step, err := v.leg(telephony.InProgress); err != nil || step.Kind != telephony.StepHangup {
				v.t.Errorf("Ring(withdrawn) = %+v, %v, want to hang up", step, err)
			}
			if step, err := v.Next(v.t.Context(), telephony.Question{Carrier: "CAout1"}); err != nil || step.Kind != telephony.StepHangup {
				v.t.Errorf("Next(withdrawn) = %+v, %v, want to hang up", step, err)
			}
		}, dispatch.TransferOver},
		{"a stream for a leg that the carrier dialled", dispatch.Blind, func(v *victim) {
			refusedRing(v, telephony.Incoming{Carrier: "CAout1", Call: v.handed.ID, State: telephony.InProgress})
			refusedNext(v, telephony.Question{Carrier: "CAout1"}, telephony.ErrUnknownCall)
		}, ""},
	} {
		t.Run(test.claim, func(t *testing.T) {
			inOffice(t, handsOn, func(t *testing.T, o *office) {
				v := &victim{office: o, tokens: map[string]string{"CA1": o.ring("CA1"), "CA2": o.ring("CA2")}}
				v.first, v.second = o.connect(v.tokens["CA1"], "CA1"), o.connect(v.tokens["CA2"], "CA2")
				v.wish = dispatch.TransferWish{Call: v.first.call.ID, Key: "k", Kind: test.kind, To: "+15550111", Ring: 5 * time.Minute}
				var err error
				if v.handed, err = o.Transfer(t.Context(), v.wish); err != nil {
					t.Fatal(err)
				}
				test.attack(v)
				all, err := o.Transfers(t.Context(), v.first.call.ID)
				if want := cmp.Or(test.status, v.handed.Status); err != nil || len(all) != 1 || all[0].Status != want {
					t.Errorf("transfers %+v, %v, want one that is %s", all, err, want)
				}
				for _, id := range []string{"CA1", "CA2"} {
					if r := o.kept(id); r.Epoch != 1 || r.Over() {
						t.Errorf("%s is at epoch %d, over %t, want it as it was", id, r.Epoch, r.Over())
					}
				}
			})
		})
	}
}

// A leg of which nobody tells anything, and which the carrier says goes on, is
// given up half a minute after it should have been answered.
func TestSilentLegIsGivenUp(t *testing.T) {
	inOffice(t, handsOn, func(t *testing.T, o *office) {
		s := o.connect(o.ring("CA1"), "CA1")
		x, err := o.Transfer(t.Context(), dispatch.TransferWish{Call: s.call.ID, Key: "k", Kind: dispatch.Warm, To: "+15550111", Ring: 20 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(48 * time.Second)
		if o.trunk.hangups() != 0 || o.trunk.questions() == 0 {
			t.Errorf("%d hang-ups, asked %d times, want the carrier asked and no more", o.trunk.hangups(), o.trunk.questions())
		}
		time.Sleep(5 * time.Second)
		select {
		case n := <-o.News(s.call.ID):
			if n.Transfer != string(x.ID) || n.Over == nil || n.Over.Outcome != dispatch.OutcomeNoAnswer {
				t.Errorf("news %+v, want that nobody answers", n)
			}
		default:
			t.Error("the agent is not told")
		}
		if len(o.trunk.hung) != 1 || o.trunk.hung[0] != "CAout1" {
			t.Errorf("hung up %v, want the leg", o.trunk.hung)
		}
	})
}

// A question that was asked before, about a transfer that is over, moves nobody
// who is with somebody else by now.
func TestOldQuestionAboutAnotherTransfer(t *testing.T) {
	inOffice(t, handsOn, func(t *testing.T, o *office) {
		s := o.connect(o.ring("CA1"), "CA1")
		leave := func(key string, to telephony.Number) telephony.CallID {
			t.Helper()
			x, err := o.Transfer(t.Context(), dispatch.TransferWish{Call: s.call.ID, Key: key, Kind: dispatch.Blind, To: to})
			if err != nil {
				t.Fatal(err)
			}
			s.lose()
			<-s.done
			if step := o.door("CA1", telephony.StepDial); step.Dial.Transfer != x.ID || step.Dial.To != to || step.Dial.CallerID != "+15550199" {
				t.Errorf("%+v, want %s dialled from our number", step.Dial, to)
			}
			return x.ID
		}
		first := leave("one", "+15550111")
		old := telephony.Question{Carrier: "CA1", Transfer: first, Dialled: telephony.Dialled{State: telephony.StateBusy}}
		step, err := o.Next(t.Context(), old)
		if err != nil || step.Kind != telephony.StepConnect {
			t.Fatalf("Next(busy) = %+v, %v, want the agent", step, err)
		}
		s = o.connect(step.Token, "CA1")
		second := leave("two", "+15550112")
		if step, err := o.Next(t.Context(), old); !errors.Is(err, telephony.ErrStillTalking) {
			t.Errorf("Next(replayed, while it rings) = %+v, %v, want ErrStillTalking", step, err)
		}
		if err := o.Report(t.Context(), telephony.Progress{Carrier: "CAchild", Call: second, State: telephony.InProgress}); err != nil {
			t.Fatal(err)
		}
		for _, q := range []telephony.Question{old, {Carrier: "CA1"}} {
			if step, err := o.Next(t.Context(), q); !errors.Is(err, telephony.ErrStillTalking) {
				t.Errorf("Next(replayed %+v) = %+v, %v, want ErrStillTalking", q, step, err)
			}
		}
		if r := o.kept("CA1"); r.Epoch != 2 || r.Over() {
			t.Errorf("record %+v, want it at epoch 2", r)
		}
		o.report("CA1", telephony.Completed)
		time.Sleep(time.Second)
		o.ended("CA1", telephony.Transferred)
	})
}
