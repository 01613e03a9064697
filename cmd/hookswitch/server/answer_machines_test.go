package server_test

import (
	"fmt"
	"slices"
	"time"

	classes "github.com/hookswitch/hookswitch/agentcore/answer"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim/persona"
)

// said checks that tones of hz began in the time from one end to the other, once.
func (r *rung) said(what string, hz float64, from, to time.Duration) (s persona.Span) {
	r.s.t.Helper()
	all := r.who.tones(hz)
	if len(all) != 1 || all[0].Begin < from || all[0].Begin > to {
		r.errorf("%s was heard %v, want once from %v to %v", what, all, from, to)
		return persona.Span{}
	}
	return all[0]
}

// hushed checks that the agent says nothing in a time.
func (r *rung) hushed(from, to time.Duration) {
	r.s.t.Helper()
	for _, s := range r.who.Evidence().Agent {
		if s.Begin > from && s.Begin < to {
			r.errorf("the agent spoke from %v to %v, want silence from %v to %v", s.Begin, s.End, from, to)
		}
	}
}

// A screener is told who calls and why, once it has asked. The agent then waits
// for a person, and talks to them.
func aScreenerIsToldWhoCallsAndThenThePersonIsTalkedTo(s *shop) {
	var all []func()
	for i, name := range []string{"screener", "screener-ios", "screener-google"} {
		agent := s.hires(fmt.Sprintf("Caller %d", i), fmt.Sprintf(`{"voicemail_message":%q,"screener_message":%q}`, leavesBehind, tellsScreen))
		who := player(s.babble.script(s.t, name))
		all = append(all, func() {
			r := s.rings(name, agent, who)
			r.ends(time.Minute, telephony.CallerHangup)
			asked, stay, person := who.line(s.t, 0), who.line(s.t, 1), who.line(s.t, 2)
			told := r.said("who calls", screenHertz, asked.End, stay.Begin)
			r.hushed(told.End, person.Begin)
			if all := who.tones(modelHertz); len(all) == 0 || all[0].Begin < person.Begin {
				r.errorf("the person came at %v, and was talked to at %v", person.Begin, all)
			}
			if v := r.verdicts(); !slices.Contains(v, classes.Screener) || v[len(v)-1] != classes.Human || len(who.tones(leaveHertz)) != 0 {
				r.errorf("verdicts %v, messages %v", v, who.tones(leaveHertz))
			}
			r.isTold(false)
		})
	}
	play(all...)
}

// Without a text for screeners, the model answers them.
func theModelAnswersAScreenerWithoutAText(s *shop) {
	who := player(s.babble.script(s.t, "screener-ios"))
	r := s.rings("no text", s.hires("Caller", leaving), who)
	within(s.t, 30*time.Second, "the model's answer", func() bool { return len(who.tones(modelHertz)) > 0 })
	if asked := who.line(s.t, 0); who.tones(modelHertz)[0].Begin < asked.End {
		s.t.Errorf("it was asked until %v, and answered at %v", asked.End, who.tones(modelHertz))
	}
	r.ends(time.Minute, telephony.CallerHangup)
}

// A menu is told the keys, hung up on, or left to the model.
func aMenuIsDealtWith(s *shop) {
	rings := func(claim, parameters string) *rung {
		return s.rings(claim, s.hires(claim, parameters), player(s.babble.script(s.t, "ivr")))
	}
	play(func() {
		r := rings("press", `{"on_menu":"press","menu_keys":"2w0"}`)
		within(s.t, 40*time.Second, "keys", func() bool { return r.who.Evidence().Pressed() == "20" })
		keys := r.who.Evidence().Keys
		if asked := r.who.line(s.t, 0); keys[0].At < asked.End || keys[1].At-keys[0].At < 500*time.Millisecond {
			r.errorf("the menu was said until %v, the keys were heard at %+v", asked.End, keys)
		}
		within(s.t, 20*time.Second, "the person behind the menu", func() bool {
			return slices.ContainsFunc(r.who.Evidence().Turns, func(turn persona.Turn) bool { return turn.Text == "Support, how can I help you?" })
		})
		within(s.t, 20*time.Second, "an answer to them", func() bool { return len(r.who.tones(modelHertz)) > 0 })
		r.call.Hangup()
		r.ends(20*time.Second, telephony.CallerHangup)
		if v := r.verdicts(); !slices.Contains(v, classes.IVR) || r.who.Evidence().Pressed() != "20" {
			r.errorf("verdicts %v, keys %q", v, r.who.Evidence().Pressed())
		}
	}, func() {
		r := rings("hang up", `{"on_menu":"hang_up"}`)
		r.ends(30*time.Second, telephony.Voicemail)
		if a := r.answer(); a.Class != classes.IVR || r.who.Evidence().Pressed() != "" {
			r.errorf("%+v, keys %q", a, r.who.Evidence().Pressed())
		}
	}, func() {
		r := rings("talk", `{"voicemail_message":"Call us."}`)
		within(s.t, 40*time.Second, "the model's answer", func() bool { return len(r.who.tones(modelHertz)) > 0 })
		r.call.Hangup()
		r.ends(20*time.Second, telephony.CallerHangup)
		if a := r.answer(); a.Class != classes.IVR {
			r.errorf("%+v", a)
		}
	})
}

// On hold the agent waits for a person without a word, or hangs up.
func onHoldTheAgentWaitsForAPerson(s *shop) {
	play(func() {
		who := player(s.babble.script(s.t, "hold-person"))
		r := s.rings("wait", s.hires("Patient", leaving), who)
		r.ends(time.Minute, telephony.CallerHangup)
		asks, person := who.line(s.t, 1), who.line(s.t, 3)
		r.hushed(asks.End, person.Begin)
		if all := who.tones(modelHertz); len(all) == 0 || all[0].Begin < person.Begin {
			r.errorf("somebody came at %v, and was talked to at %v", person.Begin, all)
		}
		if v := r.verdicts(); !slices.Contains(v, classes.Hold) || v[len(v)-1] != classes.Human || len(who.tones(leaveHertz)) != 0 {
			r.errorf("verdicts %v, messages %v", v, who.tones(leaveHertz))
		}
	}, func() {
		who := player(s.babble.script(s.t, "hold-person"))
		r := s.rings("hang up", s.hires("Impatient", `{"on_hold":"hang_up"}`), who)
		r.ends(30*time.Second, telephony.Voicemail)
		if a := r.answer(); a.Class != classes.Hold {
			r.errorf("%+v", a)
		}
	})
}
