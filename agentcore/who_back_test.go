package agentcore_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/agenttest"
	"github.com/hookswitch/hookswitch/agentcore/answer"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
	"github.com/hookswitch/hookswitch/telephony/sim/line"
)

// goesOn plays text on a leg behind past, and returns how it ended and whom it
// found.
func goesOn(t *testing.T, text string, past []agentcore.Entry) (end telephony.EndReason, who []answer.Class) {
	s, err := parseScript(text)
	if err != nil {
		t.Fatal(err)
	}
	pages := &agenttest.Pages{}
	if err := pages.Append(t.Context(), past...); err != nil {
		t.Fatal(err)
	}
	cfg := s.answeringConfig(pages)
	cfg.Past, cfg.Call.Epoch = past, 2
	sum, err := s.hold(t.Context(), t, cfg, line.New(line.Config{Handset: handset.Func(s.Tick)}))
	if err != nil {
		t.Fatal(err)
	}
	all := pages.Entries()
	checkJournal(t, all, sum)
	for _, e := range all[len(past):] {
		if ev, is := e.Event.(agentcore.WhoAnswered); is {
			who = append(who, ev.Class)
		}
	}
	return sum.End, who
}

// However often a call has changed its mind, a person who comes to a machine is
// talked to.
func TestAPersonComesBehindAnyNumberOfVerdicts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		events := []agentcore.Event{agentcore.Opened{Epoch: 1}, found(answer.Unknown, false)}
		for range 9 {
			events = append(events, found(answer.Human, false), found(answer.Hold, true))
		}
		events = append(events, found(answer.Hold, true))
		past := entries(events...)
		end, who := goesOn(t, "answering act\nanswer hello -> Hello Ann. !end_call\ncaller 3s 1s hello hello i'm here", past)
		if end != telephony.AgentHangup || !slices.Equal(who, []answer.Class{answer.Human}) {
			t.Errorf("found %v, and the end %q, want a person who is talked to", who, end)
		}
	})
}

// A screener that the first agent talked to, for longer than anybody listens for a
// person, is none any more: the next agent talks as well.
func TestWhoWasTalkedToForLongIsNoMachine(t *testing.T) {
	for after, want := range map[time.Duration]telephony.EndReason{10 * time.Minute: telephony.Silence, 20 * time.Second: telephony.Voicemail} {
		synctest.Test(t, func(t *testing.T) {
			past := entries(agentcore.Opened{Epoch: 1}, found(answer.Hold, false))
			time.Sleep(after)
			if end, _ := goesOn(t, "answering act", past); end != want {
				t.Errorf("%v after the answer: the end %q, want %q", after, end, want)
			}
		})
	}
}

// A message that has begun is not followed by a talk with the machine, whatever
// class that had when the process died.
func TestNobodyIsTalkedToBehindAMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		past := entries(agentcore.Opened{Epoch: 1}, found(answer.Beeped, true), agentcore.MessageBegan{Reply: 1}, found(answer.Screener, true))
		if end, _ := goesOn(t, "answering act\nmessage Call us.", past); end != telephony.Voicemail {
			t.Errorf("the end %q, want %q", end, telephony.Voicemail)
		}
	})
}
