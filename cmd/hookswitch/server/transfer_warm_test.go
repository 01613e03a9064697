package server_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
	"github.com/hookswitch/hookswitch/telephony/sim/persona"
)

// answersAfter is a phone that rings for so long.
func answersAfter(d time.Duration) *sim.Phone { return &sim.Phone{Answer: handset.Answer{After: d}} }

// machine is a phone that an answering machine picks up: five seconds of greeting,
// and a beep.
func machine(t *testing.T) *sim.Phone {
	t.Helper()
	script, err := persona.Machine(5*time.Second, 1000, 400*time.Millisecond).Prepare(t.Context(), persona.Sound{})
	if err != nil {
		t.Fatal(err)
	}
	return &sim.Phone{Make: func() handset.Handset { return script.Player() }}
}

// rings waits until the other side's phone rings.
func (s *scene) rings() {
	s.o.t.Helper()
	s.within(20*time.Second, "it rings", func() bool { l := s.legs(); return len(l) == 1 && l[0].Status() == telephony.Ringing })
}

// whispered waits until the callee has heard the agent's voice.
func (s *scene) whispered() {
	s.o.t.Helper()
	s.within(20*time.Second, "a whisper", func() bool { return s.callee.voiced() >= 60*time.Millisecond })
}

// The agent stays with the caller until somebody takes the call with a key.
func TestWarmTransfers(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	soon, never := answersAfter(300*time.Millisecond), &sim.Phone{Answer: handset.Answer{Kind: handset.NoAnswer}}
	// fails plays a transfer that nobody takes; meanwhile is what the callee does
	// when the agent has told them what it is about, and nil if they never hear it.
	fails := func(n int, phone *sim.Phone, outcome, story string, meanwhile func(*party)) func() {
		return func() {
			s := o.scene(n, "warm", phone, "")
			s.asks()
			if meanwhile != nil {
				s.whispered()
				meanwhile(s.callee)
			}
			s.comesBack(story)
			s.spokeFirst()
			if r := s.record(); r.Epoch != 1 || !s.call.Streaming() {
				s.errorf("the agent left the caller: epoch %d", r.Epoch)
			}
			s.call.Hangup()
			s.ended(telephony.CallerHangup, outcome)
		}
	}
	// cancelled plays a caller who hangs up when the transfer is at status.
	cancelled := func(n int, phone *sim.Phone, at func(*scene)) func() {
		return func() {
			s := o.scene(n, "warm", phone, "")
			s.asks()
			at(s)
			s.call.Hangup()
			s.within(5*time.Second, "the other leg's end", func() bool { return s.legs()[0].Status().Terminal() })
			s.ended(telephony.CallerHangup, "canceled")
		}
	}
	play(
		func() { // somebody takes the call; meanwhile the agent answers the caller
			s := o.scene(11, "warm", answersAfter(3*time.Second), "")
			s.asks()
			s.wrote("word of it", heard(saysCalling))
			s.rings()
			s.caller.press.Store('2')
			s.wrote("a turn while it rings", heard(saysHere))
			s.whispered()
			if !o.voice.spoke("Hello, this is Scene 11, with a caller for you. " + handSummary) {
				s.errorf("the summary was not whispered")
			}
			if !s.call.Streaming() || s.record().Epoch != 1 {
				s.errorf("the agent left before anybody took the call")
			}
			s.callee.press.Store('1')
			s.together()
			time.Sleep(2500 * time.Millisecond) // of talk: less does not count
			s.callee.hangup.Store(true)
			s.ended(telephony.Transferred, "completed")
		},
		func() { // and the caller is the first to hang up
			s := o.scene(12, "warm", soon, "")
			s.asks()
			s.whispered()
			s.callee.press.Store('1')
			s.together()
			s.call.Hangup()
			s.ended(telephony.Transferred, "completed")
		},
		fails(13, soon, "declined", "Sales did not take the call", func(p *party) { p.press.Store('2') }),
		fails(14, soon, "declined", "Sales did not take the call", func(p *party) { p.hangup.Store(true) }),
		fails(15, &sim.Phone{Answer: handset.Answer{Kind: handset.Busy}}, "busy", "the line to Sales was busy", nil),
		fails(16, never, "no_answer", "nobody answered at Sales", nil),
		fails(17, nil, "failed", "Sales could not be reached", nil),
		fails(18, soon, "silent", "somebody picked up at Sales and said nothing", func(*party) {}),
		fails(19, machine(t), "voicemail", "only a machine answered at Sales", nil),
		cancelled(20, never, func(s *scene) { s.wrote("word of it", heard(saysCalling)); s.rings() }),
		cancelled(21, soon, (*scene).whispered),
		func() { // who takes the call is gone before the caller is there
			s := o.scene(22, "warm", soon, "")
			pressed := false
			s.callee.react = func(_ time.Duration, hear *media.Frame) (touch handset.Touch) {
				switch {
				case pressed:
					touch.Hangup = true
				case level([]media.Frame{*hear}, humHertz) > 6000:
					touch.Digit, pressed = '1', true
				}
				return touch
			}
			s.asks()
			s.comesBack("Sales did not take the call")
			s.call.Hangup()
			s.ended(telephony.CallerHangup, "declined")
		},
	)
	o.counted("warm", map[string]int{"completed": 2, "declined": 3, "busy": 1, "no_answer": 1, "failed": 1, "silent": 1, "voicemail": 1, "canceled": 2})
	o.quiet()
}

// Where no key is asked for, whoever speaks like a person takes the call.
func TestConferenceTransfers(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	soon := answersAfter(300 * time.Millisecond)
	hello := func(s *scene) {
		time.Sleep(300 * time.Millisecond)
		s.callee.shouts()
		time.Sleep(600 * time.Millisecond) // of the callee's hello
		s.callee.silent()
	}
	picked := func(s *scene) {
		s.o.t.Helper()
		s.within(20*time.Second, "it is picked up", func() bool { l := s.legs(); return len(l) == 1 && l[0].Streaming() })
	}
	play(
		func() {
			s := o.scene(31, "conference", soon, "")
			s.asks()
			picked(s)
			hello(s)
			s.together()
			time.Sleep(2500 * time.Millisecond) // of talk: less does not count
			s.callee.hangup.Store(true)
			s.ended(telephony.Transferred, "completed")
			if o.voice.spoke(handSummary) {
				s.errorf("who is in a conference was told the summary")
			}
		},
		func() {
			s := o.scene(32, "conference", machine(t), "")
			s.asks()
			s.comesBack("only a machine answered at Sales")
			s.call.Hangup()
			s.ended(telephony.CallerHangup, "voicemail")
		},
		func() { // they hang up as soon as they hear the caller: who must not be left alone
			s := o.scene(33, "conference", soon, "")
			s.asks()
			s.caller.hums(callerHertz)
			picked(s)
			hello(s)
			s.within(20*time.Second, "they hear the caller", func() bool { return s.callee.hears(callerHertz) })
			s.callee.hangup.Store(true)
			s.comesBack("Sales did not take the call")
			s.caller.silent()
			s.call.Hangup()
			s.ended(telephony.CallerHangup, "declined")
		},
		func() { // the same, when the carrier dialled them
			s := o.scene(34, "blind", soon, "")
			s.asks()
			s.caller.hums(callerHertz)
			s.within(20*time.Second, "they hear the caller", func() bool { return s.callee.hears(callerHertz) })
			s.callee.hangup.Store(true)
			s.comesBack("Sales did not take the call")
			s.caller.silent()
			s.call.Hangup()
			s.ended(telephony.CallerHangup, "declined")
		},
	)
	o.counted("conference", map[string]int{"completed": 1, "voicemail": 1, "declined": 1})
	o.quiet()
}

// Whom a call may be handed to is the agent's list and the workspace's rules: the
// model can't go outside, and is told so.
func TestTransfersThatAreRefused(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	dear, busy := "+19005550199", &sim.Phone{Answer: handset.Answer{Kind: handset.Busy}}
	play(
		func() { // the model names a number that it was talked into
			s := o.scene(41, "warm", busy, "")
			s.caller.press.Store('3')
			s.wrote("the refusal", heard(saysNot))
			s.call.Hangup()
			s.ended(telephony.CallerHangup)
			if len(s.legs()) != 0 {
				s.errorf("somebody was called")
			}
			for _, c := range o.Sim().Calls() {
				if c.To() == "+14155550199" {
					s.errorf("the model's own number was called")
				}
			}
		},
		func() { // a premium number, put on the list by mistake
			s := o.scene(42, "warm", nil, `},{"condition":"x","label":"Dear","transfer_type":"blind","transfer_destination":{"type":"phone","phone_number":"`+dear+`"}`)
			s.caller.press.Store('4')
			s.wrote("the refusal", heard(saysNot))
			if got := o.model.told(s.name, "tool", "this destination may not be called"); got == "" || strings.Contains(got, dear) {
				s.errorf("the model is told %q", got)
			}
			s.call.Hangup()
			s.ended(telephony.CallerHangup)
			for _, c := range o.Sim().Calls() {
				if c.To() == dear {
					s.errorf("it was called")
				}
			}
		},
		func() { // tried as often as the agent may: once
			s := o.scene(43, "warm", busy, `,"max_attempts":1`)
			s.asks()
			s.comesBack("the line to Sales was busy")
			s.asks()
			s.wrote("the refusal", heard(saysNot))
			if got := o.model.told(s.name, "tool", "as often as it may be in one call"); got == "" {
				s.errorf("the model is not told why")
			}
			s.call.Hangup()
			s.ended(telephony.CallerHangup, "busy")
			if len(s.legs()) != 1 {
				s.errorf("they were called %d times", len(s.legs()))
			}
		},
	)
	o.quiet()
	if _, text := o.get("/metrics"); !strings.Contains(text, `hookswitch_calls_not_permitted_total{rule="`) {
		t.Error("no rule was counted")
	}
}
