package dispatch_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
)

// ears are a stream of silence, until somebody closes it.
type ears struct {
	once   sync.Once
	closed chan struct{}
}

func newEars() *ears { return &ears{closed: make(chan struct{})} }

func (e *ears) Next(_, _ *media.Frame) error {
	frame := time.NewTimer(media.FrameDuration)
	defer frame.Stop()
	select {
	case <-frame.C:
		return nil
	case <-e.closed:
		return io.EOF
	}
}
func (e *ears) Close() error { e.once.Do(func() { close(e.closed) }); return nil }

// listens makes an office hand calls on, whose callers are listened to meanwhile.
func listens(c *dispatch.Config) {
	handsOn(c)
	c.Overhears = func(telephony.CallID) bool { return true }
	c.Listen = func(_ context.Context, _ telephony.Call, e telephony.Ears) error {
		var caller, other media.Frame
		for {
			if err := e.Next(&caller, &other); err != nil {
				return err
			}
		}
	}
}

// handed is an office whose caller CA1 was sent to somebody else, by step.
type handed struct {
	*office
	call telephony.CallID
	step telephony.Step
}

func (o *office) sendsOff() *handed {
	o.t.Helper()
	s := o.connect(o.ring("CA1"), "CA1")
	_, err := o.Transfer(o.t.Context(), dispatch.TransferWish{Call: s.call.ID, Key: "k", Kind: dispatch.Blind, To: "+15550111"})
	if err != nil {
		o.t.Fatal(err)
	}
	s.lose()
	<-s.done
	return &handed{o, s.call.ID, o.door("CA1", telephony.StepDial)}
}

// hangsUp ends a call that may be with somebody else: those outlast the desk.
func (o *office) hangsUp(carrierID string) {
	o.t.Helper()
	if err := o.HangUp(o.t.Context(), o.kept(carrierID).ID, telephony.OperatorHangup); err != nil {
		o.t.Error(err)
	}
	time.Sleep(time.Second)
}

// overhears lets an ear in, and returns what Listen will return.
func (h *handed) overhears() <-chan error {
	h.t.Helper()
	call, err := h.Overhear(h.t.Context(), h.step.Ear, telephony.Ref{ID: "CA1"})
	if err != nil || call.ID != h.call {
		h.t.Fatalf("Overhear() = %+v, %v", call, err)
	}
	done := make(chan error, 1)
	desk := h.Desk
	go func() { done <- desk.Listen(h.t.Context(), call, newEars()) }()
	time.Sleep(100 * time.Millisecond)
	return done
}

// isOver fails the test unless the ear has ended, and not failed, within a tick.
func (h *handed) isOver(done <-chan error, want bool) {
	h.t.Helper()
	time.Sleep(10 * time.Millisecond)
	select {
	case err := <-done:
		if !want || err != nil {
			h.t.Errorf("the ear ended with %v", err)
		}
	default:
		if want {
			h.t.Error("the ear goes on")
		}
	}
}

// back brings the caller back to the agent.
func (h *handed) back() telephony.Step {
	h.t.Helper()
	step, err := h.Next(h.t.Context(), telephony.Question{Carrier: "CA1", Transfer: h.step.Dial.Transfer, Dialled: telephony.Dialled{State: telephony.StateBusy}})
	if err != nil || step.Kind != telephony.StepConnect {
		h.t.Fatalf("Next(busy) = %+v, %v, want the agent", step, err)
	}
	return step
}

// A call is heard while somebody else has it, and that moves nothing of its own.
func TestACallIsHeardWhileItIsAway(t *testing.T) {
	for claim, test := range map[string]func(t *testing.T, h *handed){
		"until the caller is back on a stream": func(t *testing.T, h *handed) {
			done := h.overhears()
			step := h.back()
			h.isOver(done, false)
			if !step.EarOff {
				t.Error("the carrier is not told to stop it")
			}
			h.connect(step.Token, "CA1")
			h.isOver(done, true)
		},
		"until the call is over": func(t *testing.T, h *handed) {
			done := h.overhears()
			if err := h.HangUp(t.Context(), h.call, telephony.OperatorHangup); err != nil {
				t.Error(err)
			}
			h.isOver(done, true)
			h.ended("CA1", telephony.OperatorHangup)
		},
		"until the desk is closed": func(t *testing.T, h *handed) {
			done := h.overhears()
			if err := h.Close(t.Context()); err != nil {
				t.Error(err)
			}
			h.isOver(done, true)
			h.open()
		},
		"until another process has the caller on a stream": func(t *testing.T, h *handed) {
			done := h.overhears()
			if _, err := h.records.Raise(t.Context(), h.call, 1, ""); err != nil {
				t.Fatal(err)
			}
			time.Sleep(3 * time.Second)
			h.isOver(done, false)
			if err := h.records.Admit(t.Context(), h.call, 2, "", time.Now()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(2 * time.Second)
			h.isOver(done, true)
		},
		"and the door is not told that it talks": func(t *testing.T, h *handed) {
			h.overhears()
			h.back()
			if r := h.kept("CA1"); r.Epoch != 2 || r.Admitted != 1 {
				t.Errorf("the call is at epoch %d, %d admitted", r.Epoch, r.Admitted)
			}
		},
		"and it ends as it would": func(t *testing.T, h *handed) {
			done := h.overhears()
			h.report("CA1", telephony.Completed)
			time.Sleep(5 * time.Second)
			h.isOver(done, true)
			h.ended("CA1", telephony.CallerHangup)
		},
		"the carrier asks again: the same token": func(t *testing.T, h *handed) {
			if again := h.door("CA1", telephony.StepDial); again.Ear != h.step.Ear || again.Ear == "" {
				t.Error("a repeat mints another token")
			}
		},
		"by the process that comes after": func(t *testing.T, h *handed) {
			if err := h.Close(t.Context()); err != nil {
				t.Error(err)
			}
			h.open()
			done := h.overhears()
			step := h.back()
			h.connect(step.Token, "CA1")
			h.isOver(done, true)
		},
		"the second time, too": func(t *testing.T, h *handed) {
			first := h.overhears()
			s := h.connect(h.back().Token, "CA1")
			h.isOver(first, true)
			if _, err := h.Transfer(t.Context(), dispatch.TransferWish{Call: h.call, Key: "k2", Kind: dispatch.Blind, To: "+15550112"}); err != nil {
				t.Fatal(err)
			}
			s.lose()
			<-s.done
			was := h.step.Ear
			if h.step = h.door("CA1", telephony.StepDial); h.step.Ear == was {
				t.Error("the token is that of the first time")
			}
			second := h.overhears()
			h.connect(h.back().Token, "CA1")
			h.isOver(second, true)
		},
	} {
		t.Run(claim, func(t *testing.T) {
			inOffice(t, listens, func(t *testing.T, o *office) { test(t, o.sendsOff()); o.hangsUp("CA1") })
		})
	}
}

func TestNobodyListens(t *testing.T) {
	inOffice(t, func(c *dispatch.Config) {
		listens(c)
		c.Overhears = func(telephony.CallID) bool { return false }
	}, func(t *testing.T, o *office) {
		h := o.sendsOff()
		if h.step.Ear != "" || h.back().EarOff {
			t.Error("the carrier is told of an ear")
		}
	})
}

// Who forges, replays or mixes up what opens an ear hears nothing.
func TestAttacksOnEars(t *testing.T) {
	refused := func(h *handed, what, token string, as telephony.Ref) {
		h.t.Helper()
		if call, err := h.Overhear(h.t.Context(), token, as); !errors.Is(err, telephony.ErrToken) {
			h.t.Errorf("%s: Overhear() = %+v, %v, want ErrToken", what, call, err)
		}
	}
	own := telephony.Ref{ID: "CA1"}
	for claim, attack := range map[string]func(t *testing.T, h *handed){
		"forged": func(t *testing.T, h *handed) {
			token := h.step.Ear
			parts := strings.Split(token, ".")
			for _, forged := range []string{
				"", ".", "...", "x", token + "x", token[:len(token)-1], "call_x." + strings.Join(parts[1:], "."),
				parts[0] + ".xfer_x." + parts[2] + "." + parts[3], parts[0] + "." + parts[1] + ".9999999999." + parts[3], strings.Repeat("x", 1000),
			} {
				refused(h, "forged", forged, own)
			}
		},
		"twice": func(t *testing.T, h *handed) {
			h.overhears()
			refused(h, "while it is heard", h.step.Ear, own)
			refused(h, "told again", h.door("CA1", telephony.StepDial).Ear, own)
		},
		"another line": func(t *testing.T, h *handed) {
			h.connect(h.ring("CA2"), "CA2")
			for _, as := range []telephony.Ref{{ID: "CA2"}, {ID: ""}, {Account: "ACother", ID: "CA1"}, {ID: "CAevil"}} {
				refused(h, "another line", h.step.Ear, as)
			}
			h.overhears()
		},
		"61 s later": func(t *testing.T, h *handed) {
			time.Sleep(61 * time.Second)
			refused(h, "stale", h.step.Ear, own)
		},
		"when the caller is back": func(t *testing.T, h *handed) {
			step := h.back()
			refused(h, "on the way back", h.step.Ear, own)
			h.connect(step.Token, "CA1")
			refused(h, "back", h.step.Ear, own)
		},
		"when the call is over": func(t *testing.T, h *handed) {
			h.HangUp(t.Context(), h.call, telephony.OperatorHangup)
			refused(h, "over", h.step.Ear, own)
		},
		"the token of one for the other": func(t *testing.T, h *handed) {
			if _, err := h.Admit(t.Context(), h.step.Ear, own); !errors.Is(err, telephony.ErrToken) {
				t.Errorf("Admit(ear's) = %v, want ErrToken", err)
			}
			step := h.back()
			refused(h, "a stream's", step.Token, own)
			h.connect(step.Token, "CA1")
		},
		"without having been let in": func(t *testing.T, h *handed) {
			e := newEars()
			if err := h.Listen(t.Context(), telephony.Call{ID: h.call, Epoch: 1}, e); !errors.Is(err, telephony.ErrToken) {
				t.Errorf("Listen() = %v, want ErrToken", err)
			}
			if err := e.Next(nil, nil); err != io.EOF {
				t.Error("the stream is left open")
			}
		},
	} {
		t.Run(claim, func(t *testing.T) {
			inOffice(t, listens, func(t *testing.T, o *office) { attack(t, o.sendsOff()); o.hangsUp("CA1") })
		})
	}
}
