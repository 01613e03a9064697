package server_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	classes "github.com/hookswitch/hookswitch/agentcore/answer"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim/persona"
)

// A message begins 200 to 500 ms after the beep: after that there is nothing left
// of it, and a voicemail does not hang up for silence yet. What a busy machine adds
// is not held against the agent.
const (
	leavesFrom = 200 * time.Millisecond
	leavesTo   = 500*time.Millisecond + busy
	busy       = time.Second
)

const left = "Hi Ada, please call us back about your order."

// The message that is templated is left once, as long as it is, behind the beep of
// whichever voicemail, and the call is over. Record and webhook say so.
func aMessageIsLeftBehindTheBeep(s *shop) {
	var all []func()
	for i, name := range []string{"voicemail", "voicemail-short", "voicemail-two"} {
		agent := s.hires(fmt.Sprintf("Leaver %d", i), leaving)
		who := player(s.babble.script(s.t, name))
		all = append(all, func() {
			r := s.rings(name, agent, who)
			r.ends(time.Minute, telephony.Voicemail)
			beep := slices.IndexFunc(who.Evidence().Turns, func(turn persona.Turn) bool { return turn.Text == "(tone)" })
			if beep < 0 {
				r.errorf("it never beeped: %+v", who.Evidence())
				return
			}
			r.wasLeftBehind(who.Evidence().Turns[beep].End)
			r.isTold(true)
		})
	}
	play(all...)
}

// wasLeftBehind checks that the far end has the whole message once, from a
// moment after its beep's end on, and that the record has it.
func (r *rung) wasLeftBehind(beep time.Duration) {
	r.s.t.Helper()
	messages, whole := r.who.tones(leaveHertz), time.Duration(len(left))*agentLetter
	if len(messages) != 1 {
		r.errorf("it has %d messages, %v; the beep ended at %v", len(messages), messages, beep)
		return
	}
	gap, d := messages[0].Begin-beep, r.who.length(leaveHertz)
	r.s.t.Logf("%s: the message began %v after the beep's end", r.claim, gap)
	if gap < leavesFrom-20*time.Millisecond || gap > leavesTo { // a frame is 20 ms
		r.errorf("the message began %v after the beep's end, want %v to %v", gap, leavesFrom, leavesTo)
	}
	if d < whole-40*time.Millisecond || d > whole+40*time.Millisecond {
		r.errorf("%v of the message was heard, want %v", d, whole)
	}
	a := r.answer()
	if a.Class != classes.Beeped || a.Left != left || !a.Whole || !a.because("tone") {
		r.errorf("the API shows %+v", a)
	}
	if off := time.Duration(a.LeftAt)*time.Millisecond - messages[0].Begin; off.Abs() > busy {
		r.errorf("it began at %v, on record it is %d ms", messages[0].Begin, a.LeftAt)
	}
}

// isTold checks that the webhook's receiver is told once what the API shows.
func (r *rung) isTold(whole bool) {
	r.s.t.Helper()
	posts := r.told()
	var got struct {
		Answer *struct {
			Class classes.Class
			Left  string `json:"message_left"`
			Whole bool
		}
	}
	err := json.Unmarshal([]byte(posts[0]), &got)
	if a := r.answer(); len(posts) != 1 || err != nil || got.Answer == nil || got.Answer.Class != a.Class || got.Answer.Left != a.Left || got.Answer.Whole != whole {
		r.errorf("%d post_calls, %v: %s", len(posts), err, posts[0])
	}
}

// Without a beep there is a time, too: two seconds of silence behind a greeting.
func aMessageIsLeftBehindAGreetingWithoutABeep(s *shop) {
	who := player(s.babble.script(s.t, "voicemail-no-beep"))
	r := s.rings("no beep", s.hires("Leaver", leaving), who)
	r.ends(time.Minute, telephony.Voicemail)
	greeted := who.line(s.t, 0).End
	messages := who.tones(leaveHertz)
	if len(messages) != 1 || messages[0].Begin-greeted < 1900*time.Millisecond || messages[0].Begin-greeted > 2500*time.Millisecond+busy {
		s.t.Fatalf("the greeting ended at %v, the messages are %v; want one 2 s later", greeted, messages)
	}
	if a := r.answer(); a.Class != classes.Greeting || a.Left != left || !a.Whole {
		s.t.Errorf("the API shows %+v", a)
	}
	r.isTold(true)
}

// Who has no message hangs up as soon as it knows, and says nothing more.
func aVoicemailIsHungUpOnWithoutAMessage(s *shop) {
	var all []func()
	for i, tc := range []struct {
		persona, parameters string
		class               classes.Class
	}{
		{"voicemail", "{}", classes.Greeting},
		{"voicemail-full", leaving, classes.MailboxFull},
		{"unavailable", leaving, classes.Unavailable},
		{"fax", leaving, classes.Fax},
	} {
		agent, who := s.hires(fmt.Sprintf("Hasty %d", i), tc.parameters), player(s.babble.script(s.t, tc.persona))
		all = append(all, func() {
			r := s.rings(tc.persona, agent, who)
			r.ends(30*time.Second, telephony.Voicemail)
			e := who.Evidence()
			if e.HungUp || len(who.tones(leaveHertz)) != 0 {
				r.errorf("it heard a message at %v, and hung up itself: %v", who.tones(leaveHertz), e.HungUp)
			}
			if tc.persona == "voicemail" && e.Heard > e.Turns[0].End {
				r.errorf("the agent hung up after %v, the greeting lasted until %v", e.Heard, e.Turns[0].End)
			}
			if a := r.answer(); a.Class != tc.class || a.Left != "" || a.Whole || len(a.Evidence) == 0 {
				r.errorf("the API shows %+v, want %s", a, tc.class)
			}
			r.isTold(false)
		})
	}
	play(all...)
}

// An agent without the tool talks to whoever answers, and who it was is written
// down all the same.
func withoutTheToolItIsOnlyWrittenDown(s *shop) {
	who := player(s.babble.script(s.t, "voicemail"))
	r := s.rings("no tool", s.hires("Talker", ""), who)
	within(s.t, 30*time.Second, "a verdict", func() bool { return slices.Contains(r.verdicts(), classes.Beeped) })
	within(s.t, 30*time.Second, "the far end hangs up", func() bool { return r.record().Over() })
	if a := r.answer(); r.record().Reason == telephony.Voicemail || a.Class != classes.Beeped || a.Left != "" || len(who.tones(leaveHertz)) != 0 {
		s.t.Errorf("it ended for %s; %+v, message %v", r.record().Reason, a, who.tones(leaveHertz))
	}
}
