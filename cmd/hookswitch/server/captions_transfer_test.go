package server_test

import (
	"slices"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// happened reports whether the carrier noted this of the caller's leg.
func (s *scene) happened(what, detail string) bool {
	return slices.ContainsFunc(s.call.Events(), func(e sim.Event) bool { return e.What == what && e.Detail == detail })
}

// talkTogether has both people of a call that was handed on say something, one
// after the other, and waits until it is written down as theirs.
func (s *scene) talkTogether() {
	s.o.t.Helper()
	s.status("bridged")
	s.within(20*time.Second, "somebody listens", func() bool { return s.happened("fork", "open") })
	before := len(s.written())
	s.callee.words(calleeHertz)
	first := s.reads("person", saidCallee, before)
	s.caller.words(callerHertz)
	if c := s.reads("caller", saidCaller, first.N); first.Speaker != "" || first.Agent != "live-captions" || !c.Start.After(first.Start) {
		s.errorf("the person is %+v, then the caller %+v", first, c)
	}
}

// onlyWhoSpoke checks that nobody's words are twice on record, as the agent's are
// when its voice is recognised beside its journal.
func (s *scene) onlyWhoSpoke() {
	s.o.t.Helper()
	for _, c := range s.o.captionsOf(s.record().ID) {
		known := map[string]bool{"caller/" + saidCaller: true, "person/" + saidCallee: true}
		if c.Side == "agent" {
			if c.Speaker != s.name || c.Confidence != 0 {
				s.errorf("the agent's words are not its own: %+v", c)
			}
			continue
		}
		if !known[c.Side+"/"+c.Text] || c.Speaker != "" || c.Confidence != .9 {
			s.errorf("somebody is misunderstood: %+v", c)
		}
	}
}

// Captions go on whoever the caller is with: the agent, a person, the agent again.
func TestCaptionsOfCallsThatAreHandedOn(t *testing.T) {
	t.Parallel()
	o := newReadOffice(t, agentsFolder(t, "agent-live-captions.yaml", liveCaptions), nil)
	soon := answersAfter(300 * time.Millisecond)
	play(
		func() { // the carrier dials them
			s := o.scene(51, "blind", soon, "")
			greeting := s.reads("agent", "Hello, this is Scene 51.", 0)
			s.caller.words(callerHertz)
			asked := s.reads("caller", saidCaller, greeting.N)
			s.reads("agent", saysHere, asked.N)
			s.asks()
			s.reads("agent", saysConnect, asked.N)
			s.talkTogether()
			time.Sleep(2500 * time.Millisecond) // of talk: less does not count
			s.callee.hangup.Store(true)
			s.ended(telephony.Transferred, "completed")
			s.onlyWhoSpoke()
		},
		func() { // nobody is there, and the agent has the caller back
			s := o.scene(52, "blind", &sim.Phone{Answer: handset.Answer{Kind: handset.Busy}}, "")
			s.asks()
			s.comesBack("the line to Sales was busy")
			back := s.reads("agent", saysBack, 0)
			s.caller.words(callerHertz)
			asked := s.reads("caller", saidCaller, back.N)
			s.reads("agent", saysHere, asked.N)
			s.within(5*time.Second, "nobody listens beside the agent's stream", func() bool { return s.happened("fork", "closed") })
			s.call.Hangup()
			s.ended(telephony.CallerHangup, "busy")
			s.onlyWhoSpoke()
		},
		func() { // they leave at once: what they said stays, and the agent goes on
			s := o.scene(53, "blind", soon, "")
			ticks := 0
			s.callee.react = func(time.Duration, *media.Frame) handset.Touch {
				ticks++
				return handset.Touch{Hangup: ticks > 60}
			}
			s.callee.hums(calleeHertz)
			s.asks()
			s.comesBack("Sales did not take the call")
			said := s.reads("person", saidCallee, 0)
			s.reads("agent", saysBack, said.N)
			s.caller.words(callerHertz)
			s.reads("caller", saidCaller, said.N)
			s.call.Hangup()
			s.ended(telephony.CallerHangup, "declined")
			s.onlyWhoSpoke()
		},
		func() { // the agent stays until they take the call
			s := o.scene(54, "warm", soon, "")
			s.asks()
			s.reads("agent", saysCalling, 0)
			s.whispered()
			s.callee.press.Store('1')
			s.talkTogether()
			time.Sleep(2500 * time.Millisecond) // of talk: less does not count
			s.callee.hangup.Store(true)
			s.ended(telephony.Transferred, "completed")
			s.onlyWhoSpoke()
		},
		func() { // and without a key
			s := o.scene(55, "conference", soon, "")
			s.asks()
			s.within(20*time.Second, "it is picked up", func() bool { l := s.legs(); return len(l) == 1 && l[0].Streaming() })
			time.Sleep(300 * time.Millisecond)
			s.callee.shouts()
			time.Sleep(600 * time.Millisecond) // of the callee's hello
			s.callee.silent()
			s.talkTogether()
			s.call.Hangup()
			s.ended(telephony.Transferred, "completed")
			s.onlyWhoSpoke()
		},
	)
	o.quiet()
}

// Where nobody listens the carrier is not asked for a stream of its own: it would
// cost, and tell nobody anything.
func TestNobodyListensToACallThatIsHandedOn(t *testing.T) {
	t.Parallel()
	o := newReadOffice(t, "", nil)
	s := o.scene(61, "blind", answersAfter(300*time.Millisecond), "")
	s.asks()
	s.together()
	s.callee.hangup.Store(true)
	s.within(20*time.Second, "the end", func() bool { return s.record().Over() || s.record().Epoch == 2 })
	if !s.happened("verb", "Dial") {
		t.Error("the carrier was not asked to dial")
	}
	if s.happened("verb", "Start") || s.happened("fork", "open") || s.happened("verb", "Stop") {
		t.Error("the carrier was asked for a stream that nobody hears")
	}
	s.call.Hangup()
	o.quiet()
}
