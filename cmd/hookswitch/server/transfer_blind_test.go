package server_test

import (
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// The agent leaves, the carrier dials: whatever comes of it, the caller is with
// somebody, and everybody who asks is told the same.
func TestBlindTransfers(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	picksUp := &sim.Phone{Answer: handset.Answer{After: 500 * time.Millisecond}}
	rings := &sim.Phone{Answer: handset.Answer{Kind: handset.NoAnswer}}
	fails := func(n int, phone *sim.Phone, outcome, story string) func() {
		return func() {
			s := o.scene(n, "blind", phone, "")
			s.asks()
			s.comesBack(story)
			if r := s.record(); r.Epoch != 2 || r.Over() {
				s.errorf("the agent has the caller back at epoch %d, over: %t; want the same call at 2", r.Epoch, r.Over())
			}
			s.spokeFirst()
			s.call.Hangup()
			s.ended(telephony.CallerHangup, outcome)
		}
	}
	play(
		func() { // the one who was called hangs up
			s := o.scene(1, "blind", picksUp, "")
			s.asks()
			s.wrote("a goodbye", heard(saysConnect))
			s.together()
			time.Sleep(2500 * time.Millisecond) // of talk: less does not count
			s.callee.hangup.Store(true)
			s.ended(telephony.Transferred, "completed")
			if talked := s.transfers()[0].Talked(); talked < 2*time.Second || talked > 20*time.Second {
				s.errorf("they talked for %v on record", talked)
			}
		},
		func() { // the caller hangs up
			s := o.scene(2, "blind", picksUp, "")
			s.asks()
			s.together()
			s.call.Hangup()
			s.ended(telephony.Transferred, "completed")
		},
		fails(3, &sim.Phone{Answer: handset.Answer{Kind: handset.Busy}}, "busy", "the line to Sales was busy"),
		fails(4, rings, "no_answer", "nobody answered at Sales"),
		fails(5, nil, "failed", "Sales could not be reached"),
		func() { // the caller hangs up while it rings
			s := o.scene(6, "blind", rings, "")
			s.asks()
			s.within(20*time.Second, "it rings", func() bool { l := s.legs(); return len(l) == 1 && l[0].Status() == telephony.Ringing })
			s.call.Hangup()
			s.ended(telephony.CallerHangup, "canceled")
			if got := s.legs()[0].Status(); got != telephony.StateStop {
				s.errorf("the other leg is %s, want it canceled", got)
			}
		},
	)
	o.counted("blind", map[string]int{"completed": 2, "busy": 1, "no_answer": 1, "failed": 1, "canceled": 1})
	o.quiet()
}

// spokeFirst checks that behind a transfer's end the agent spoke before the
// caller did.
func (s *scene) spokeFirst() {
	s.o.t.Helper()
	over := false
	for _, e := range journal(s.o.t, s.o.Store(), s.call.SID()) {
		switch e := e.(type) {
		case agentcore.TransferOver:
			over = true
		case agentcore.Planned:
			if over {
				return
			}
		case agentcore.CallerPressed:
			if over {
				s.errorf("the caller had to speak first: %+v", e)
				return
			}
		}
	}
	s.errorf("the agent said nothing when the transfer was over")
}
