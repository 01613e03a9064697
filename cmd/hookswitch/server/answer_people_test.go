package server_test

import (
	"fmt"
	"slices"
	"sync"
	"time"

	classes "github.com/hookswitch/hookswitch/agentcore/answer"
	"github.com/hookswitch/hookswitch/telephony"
)

// longMessage is one into which somebody may speak.
var longMessage = fmt.Sprintf(`{"voicemail_message":%q}`, leavesBehind+
	" It has come, and you can fetch it today or tomorrow, from nine in the morning to six in the evening, at our counter.")

// A person waits for nothing: neither the agent's first word nor its answer comes
// later than if nobody tried to find out who it is. The best of some is compared,
// for the machine may be busy.
func aPersonDoesNotWaitForAVerdict(s *shop) {
	const times = 3
	type waited struct{ first, answer time.Duration }
	var mu sync.Mutex
	best := map[string]*[2]waited{} // without and with the tool
	var all []func()
	for _, name := range []string{"hesitant", "business"} {
		least := &[2]waited{{time.Hour, time.Hour}, {time.Hour, time.Hour}}
		best[name] = least
		for i, parameters := range []string{"", leaving} {
			agent := s.hires(fmt.Sprintf("Quick %s %d", name, i), parameters)
			for range times {
				who := player(s.babble.script(s.t, name))
				all = append(all, func() {
					r := s.rings(name, agent, who)
					within(s.t, 40*time.Second, "an answer", func() bool { return len(who.tones(modelHertz)) > 0 })
					r.call.Hangup()
					r.ends(20*time.Second, telephony.CallerHangup)
					if v := r.verdicts(); slices.ContainsFunc(v, classes.Class.Machine) {
						r.errorf("they were taken for %v", v)
					}
					first, _ := who.agentBegan() // it was heard
					answer := who.tones(modelHertz)[0].Begin - who.line(s.t, 0).End
					mu.Lock()
					defer mu.Unlock()
					least[i] = waited{min(least[i].first, first), min(least[i].answer, answer)}
				})
			}
		}
	}
	play(all...)
	for name, w := range best {
		off, on := w[0], w[1]
		s.t.Logf("%s: first word after %v and %v, answer after %v and %v, without and with the tool", name, off.first, on.first, off.answer, on.answer)
		if on.first > off.first+300*time.Millisecond || on.answer > off.answer+300*time.Millisecond {
			s.t.Errorf("%s waits: %+v without the tool, %+v with it", name, off, on)
		}
	}
}

// Whoever picks up amid a voicemail's greeting is talked to, and no message is
// left.
func whoPicksUpAmidTheGreetingIsTalkedTo(s *shop) {
	who := player(s.babble.script(s.t, "voicemail-pickup"))
	r := s.rings("pickup", s.hires("Leaver", leaving), who)
	r.ends(time.Minute, telephony.CallerHangup)
	hello, more := who.line(s.t, 1), who.line(s.t, 2)
	if all := who.tones(modelHertz); len(all) == 0 || all[0].Begin < hello.Begin || all[0].Begin > more.Begin {
		s.t.Errorf("they said hello from %v to %v, and were talked to at %v", hello.Begin, hello.End, all)
	}
	if v := r.verdicts(); len(v) == 0 || v[len(v)-1] != classes.Human || len(who.tones(leaveHertz)) != 0 {
		s.t.Errorf("verdicts %v, messages %v", v, who.tones(leaveHertz))
	}
	if a := r.answer(); a.Class != classes.Human || a.Left != "" {
		s.t.Errorf("the API shows %+v", a)
	}
}

// Whoever picks up while a message is left cuts it, and is talked to.
func whoPicksUpAmidTheMessageIsTalkedTo(s *shop) {
	who := player(s.babble.script(s.t, "voicemail-pickup-late"))
	r := s.rings("late pickup", s.hires("Leaver", longMessage), who)
	r.ends(time.Minute, telephony.CallerHangup)
	hello := who.line(s.t, 2)
	messages := who.tones(leaveHertz)
	if len(messages) != 1 || !hello.TalkedOver || messages[0].End > hello.End+busy {
		s.t.Fatalf("they said hello from %v to %v, and heard messages %v", hello.Begin, hello.End, messages)
	}
	if all := who.tones(modelHertz); len(all) == 0 || all[0].Begin < messages[0].End {
		s.t.Errorf("the message was cut at %v, and they were talked to at %v", messages[0].End, all)
	}
	v, a := r.verdicts(), r.answer()
	if !slices.Contains(v, classes.Beeped) || a.Class != classes.Human || a.Left == "" || a.Whole {
		s.t.Errorf("verdicts %v; the API shows %+v", v, a)
	}
	r.isTold(false)
}

// Nobody is left a message who has not asked for one: neither who has something
// that beeps, nor who is silent, nor who is music.
func noMessageIsLeftWithoutAVoicemail(s *shop) {
	var all []func()
	for i, tc := range []struct {
		persona string
		never   []classes.Class
	}{
		{"beeper", []classes.Class{classes.Greeting, classes.Beeped}},
		{"silent", []classes.Class{classes.Greeting, classes.Beeped, classes.Hold}},
		{"comfort-noise", []classes.Class{classes.Greeting, classes.Beeped, classes.Hold}},
		{"hold-music", []classes.Class{classes.Greeting, classes.Beeped, classes.Human}},
	} {
		agent, who := s.hires(fmt.Sprintf("Leaver %d", i), leaving), player(s.babble.script(s.t, tc.persona))
		all = append(all, func() {
			r := s.rings(tc.persona, agent, who)
			within(s.t, 40*time.Second, "twelve seconds of "+tc.persona, func() bool { return who.Evidence().Heard > 12*time.Second || r.record().Over() })
			r.call.Hangup()
			r.ends(20*time.Second, telephony.CallerHangup)
			if n := len(who.tones(leaveHertz)); n != 0 || r.answer().Left != "" {
				r.errorf("%d messages were left, %+v", n, r.answer())
			}
			if v := r.verdicts(); slices.ContainsFunc(v, func(c classes.Class) bool { return slices.Contains(tc.never, c) }) {
				r.errorf("it was taken for %v", v)
			}
			if began, ok := who.agentBegan(); !ok || began > 2*time.Second+busy {
				r.errorf("the agent said hello at %v, %v", began, ok)
			}
		})
	}
	play(all...)
}
