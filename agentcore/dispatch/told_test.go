package dispatch_test

import (
	"errors"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/telephony"
)

func slowly(c *dispatch.Config) { c.ConnectWait = 10 * time.Minute }

// A token is good once, for a minute from when it was first told.
func TestTokenAge(t *testing.T) {
	admit := func(o *office, token string) error {
		_, err := o.Admit(o.t.Context(), token, telephony.Ref{ID: "CA1"})
		return err
	}
	for claim, test := range map[string]func(t *testing.T, o *office){
		"59 s later: let in": func(t *testing.T, o *office) {
			token := o.ring("CA1")
			time.Sleep(59 * time.Second)
			o.connect(token, "CA1")
		},
		"61 s later: refused, and the door has a new one": func(t *testing.T, o *office) {
			token := o.ring("CA1")
			time.Sleep(61 * time.Second)
			if err := admit(o, token); !errors.Is(err, telephony.ErrToken) || o.counted("stream token") != 1 {
				t.Errorf("Admit(old) = %v, %d counted, want ErrToken, counted", err, o.counted("stream token"))
			}
			step := o.door("CA1", telephony.StepConnect)
			if step.Token == token {
				t.Error("the door tells the old token")
			}
			if call := o.connect(step.Token, "CA1").call; call.Epoch != 2 {
				t.Errorf("epoch %d, want 2", call.Epoch)
			}
		},
		"told again after 30 s: the same, and no younger": func(t *testing.T, o *office) {
			token := o.ring("CA1")
			time.Sleep(30 * time.Second)
			if again := o.ring("CA1"); again != token {
				t.Error("a repeated ring minted a second token")
			}
			time.Sleep(31 * time.Second)
			if err := admit(o, token); !errors.Is(err, telephony.ErrToken) {
				t.Errorf("Admit(told again) = %v, want ErrToken", err)
			}
		},
		"replayed in the window, after it was spent": func(t *testing.T, o *office) {
			token := o.ring("CA1")
			s := o.connect(token, "CA1")
			s.lose()
			<-s.done
			if err := admit(o, token); !errors.Is(err, telephony.ErrToken) {
				t.Errorf("Admit(spent) = %v, want ErrToken", err)
			}
		},
		"a ring that is replayed to another process, an hour later": func(t *testing.T, o *office) {
			token := o.ring("CA1")
			time.Sleep(9 * time.Minute)
			b := o.neighbour("b")
			step, err := b.Ring(t.Context(), telephony.Incoming{Carrier: "CA1", State: telephony.Ringing})
			if err != nil || step.Token != token {
				t.Errorf("Ring(at b) = %+v, %v, want the same token", step, err)
			}
			if _, err := b.Admit(t.Context(), step.Token, telephony.Ref{ID: "CA1"}); !errors.Is(err, telephony.ErrToken) {
				t.Errorf("Admit(at b) = %v, want ErrToken", err)
			}
			if err := b.Close(t.Context()); err != nil {
				t.Error(err)
			}
		},
		"told by the door, 61 s later": func(t *testing.T, o *office) {
			s := o.connect(o.ring("CA1"), "CA1")
			s.lose()
			<-s.done
			step := o.door("CA1", telephony.StepConnect)
			time.Sleep(61 * time.Second)
			if err := admit(o, step.Token); !errors.Is(err, telephony.ErrToken) {
				t.Errorf("Admit(old, of the door) = %v, want ErrToken", err)
			}
		},
	} {
		t.Run(claim, func(t *testing.T) { inOffice(t, slowly, test) })
	}
}
