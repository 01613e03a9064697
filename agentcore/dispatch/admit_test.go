package dispatch_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/telephony"
)

// What a stranger at the media socket may try.
func TestTokenMisuse(t *testing.T) {
	for claim, test := range map[string]func(t *testing.T, o *office) error{
		"none": func(t *testing.T, o *office) error {
			o.ring("CA1")
			_, err := o.Admit(t.Context(), "", telephony.Ref{ID: "CA1"})
			return err
		},
		"a guess": func(t *testing.T, o *office) error {
			o.ring("CA1")
			_, err := o.Admit(t.Context(), string(o.kept("CA1").ID)+".1."+strings.Repeat("A", 43), telephony.Ref{ID: "CA1"})
			return err
		},
		"of another call": func(t *testing.T, o *office) error {
			o.ring("CA1")
			_, err := o.Admit(t.Context(), o.ring("CA2"), telephony.Ref{ID: "CA1"})
			return err
		},
		"without the call's carrier id": func(t *testing.T, o *office) error {
			_, err := o.Admit(t.Context(), o.ring("CA1"), telephony.Ref{ID: ""})
			return err
		},
		"twice": func(t *testing.T, o *office) error {
			token := o.ring("CA1")
			o.connect(token, "CA1")
			_, err := o.Admit(t.Context(), token, telephony.Ref{ID: "CA1"})
			return err
		},
		"twice, the first being lost": func(t *testing.T, o *office) error {
			token := o.ring("CA1")
			s := o.connect(token, "CA1")
			s.lose()
			<-s.done
			_, err := o.Admit(t.Context(), token, telephony.Ref{ID: "CA1"})
			return err
		},
		"twice, by another process": func(t *testing.T, o *office) error {
			token := o.ring("CA1")
			s := o.connect(token, "CA1")
			first := o.Desk
			o.open() // the same records and secret
			_, err := o.Admit(t.Context(), token, telephony.Ref{ID: "CA1"})
			s.lose()
			<-s.done
			return errors.Join(err, first.Close(t.Context()))
		},
		"of an older epoch, spent": func(t *testing.T, o *office) error {
			token := o.ring("CA1")
			s := o.connect(token, "CA1")
			s.lose()
			<-s.done
			o.door("CA1", telephony.StepConnect)
			_, err := o.Admit(t.Context(), token, telephony.Ref{ID: "CA1"})
			return err
		},
		"of an older epoch, never spent": func(t *testing.T, o *office) error {
			token := o.ring("CA1")
			for range 4 {
				o.door("CA1", telephony.StepConnect)
			}
			_, err := o.Admit(t.Context(), token, telephony.Ref{ID: "CA1"})
			return err
		},
		"of a call of another account": func(t *testing.T, o *office) error {
			_, err := o.Admit(t.Context(), o.ring("CA1"), telephony.Ref{Account: "ACother", ID: "CA1"})
			return err
		},
		"of a call that ended": func(t *testing.T, o *office) error {
			token := o.ring("CA1")
			o.report("CA1", telephony.Completed)
			_, err := o.Admit(t.Context(), token, telephony.Ref{ID: "CA1"})
			return err
		},
		"of a call that is not on record": func(t *testing.T, o *office) error {
			other := newOffice(t, nil)
			defer other.shut()
			_, err := o.Admit(t.Context(), other.ring("CA1"), telephony.Ref{ID: "CA1"})
			return err
		},
		"talking without being admitted": func(t *testing.T, o *office) error {
			o.ring("CA1")
			return o.Talk(t.Context(), o.kept("CA1").Call(), newLeg())
		},
		"talking on a call that nobody knows": func(t *testing.T, o *office) error {
			return o.Talk(t.Context(), telephony.Call{ID: "call_404", Epoch: 1}, newLeg())
		},
		"talking a second time on one token": func(t *testing.T, o *office) error {
			s := o.connect(o.ring("CA1"), "CA1")
			return o.Talk(t.Context(), s.call, newLeg())
		},
	} {
		t.Run(claim, func(t *testing.T) {
			inOffice(t, nil, func(t *testing.T, o *office) {
				if err := test(t, o); !errors.Is(err, telephony.ErrToken) {
					t.Errorf("%v, want ErrToken", err)
				}
			})
		})
	}
}

// Of two streams with one token, one gets in.
func TestTokenRace(t *testing.T) {
	inOffice(t, nil, func(t *testing.T, o *office) {
		token := o.ring("CA1")
		errs := make(chan error, 8)
		for range cap(errs) {
			go func() { _, err := o.Admit(t.Context(), token, telephony.Ref{ID: "CA1"}); errs <- err }()
		}
		admitted := 0
		for range cap(errs) {
			if err := <-errs; err == nil {
				admitted++
			} else if !errors.Is(err, telephony.ErrToken) {
				t.Errorf("Admit() = %v, want ErrToken", err)
			}
		}
		if admitted != 1 {
			t.Errorf("%d streams admitted, want 1", admitted)
		}
	})
}

// The old stream fell silent, was taken over, and speaks again before it
// notices: the new one must wait, and its token stays good.
func TestStillTalkingSpendsNothing(t *testing.T) {
	stubborn := func(o *dispatch.Config) {
		talk := o.Talk
		o.Talk = func(ctx context.Context, c telephony.Call, l telephony.Leg, past []agentcore.Entry, j agentcore.Journal) (agentcore.Summary, error) {
			if c.Epoch == 1 {
				ctx = context.WithoutCancel(ctx) // a conversation that does not notice
			}
			return talk(ctx, c, l, past, j)
		}
	}
	inOffice(t, stubborn, func(t *testing.T, o *office) {
		old := o.connect(o.ring("CA1"), "CA1")
		old.mute.Store(true)
		token := o.door("CA1", telephony.StepConnect).Token
		old.mute.Store(false)
		time.Sleep(100 * time.Millisecond)
		for range 2 {
			if _, err := o.Admit(t.Context(), token, telephony.Ref{ID: "CA1"}); !errors.Is(err, telephony.ErrStillTalking) {
				t.Errorf("Admit(while the old one talks) = %v, want ErrStillTalking", err)
			}
		}
		old.lose()
		<-old.done
		if call := o.connect(token, "CA1").call; call.Epoch != 2 {
			t.Errorf("epoch %d, want 2", call.Epoch)
		}
		if o.counted("stream still_talking") != 2 {
			t.Errorf("counted %v, want 2 still_talking", o.counts)
		}
	})
}

// Records that fail don't spend the token.
func TestAdmitWithoutRecords(t *testing.T) {
	inOffice(t, nil, func(t *testing.T, o *office) {
		token := o.ring("CA1")
		o.records.down.Store(true)
		if _, err := o.Admit(t.Context(), token, telephony.Ref{ID: "CA1"}); err == nil || errors.Is(err, telephony.ErrToken) {
			t.Errorf("Admit() = %v, want the records' error", err)
		}
		o.records.down.Store(false)
		o.connect(token, "CA1")
	})
}

// The call ended between the handshake and the first word.
func TestEndsBetweenAdmitAndTalk(t *testing.T) {
	inOffice(t, nil, func(t *testing.T, o *office) {
		call, err := o.Admit(t.Context(), o.ring("CA1"), telephony.Ref{ID: "CA1"})
		if err != nil {
			t.Fatal(err)
		}
		o.report("CA1", telephony.Completed)
		o.ended("CA1", telephony.CallerHangup)
		if err := o.Talk(t.Context(), call, newLeg()); err == nil {
			t.Error("Talk() on a call that is over succeeded")
		}
	})
}
