package agentcore_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/agenttest"
	"github.com/hookswitch/hookswitch/agentcore/answer"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
	"github.com/hookswitch/hookswitch/telephony/sim/line"
)

// entries are a journal of so many events, a second each.
func entries(events ...agentcore.Event) (all []agentcore.Entry) {
	wall := time.Now()
	for i, ev := range events {
		at := time.Duration(i) * time.Second
		all = append(all, agentcore.Entry{N: i + 1, Version: agentcore.JournalVersion, At: at, Wall: wall.Add(at), Event: ev})
	}
	return all
}

func found(c answer.Class, aside bool) agentcore.WhoAnswered {
	return agentcore.WhoAnswered{Verdict: answer.Verdict{Class: c}, Aside: aside}
}

// What a model is told when a person comes behind a machine.
func TestTheModelIsToldThatAPersonFollowsAMachine(t *testing.T) {
	const note = "(The phone system: a recording answered first. A person is on the line now.)"
	machine := agentcore.CallerSaid{Turn: 1, Text: "please hold"}
	person := agentcore.CallerSaid{Turn: 1, Text: "hello?"}
	began := agentcore.SpeechBegan{}
	opened := agentcore.Opened{Epoch: 1}
	hold, human := found(answer.Hold, true), found(answer.Human, false)
	for name, tt := range map[string]struct {
		events []agentcore.Event
		want   string
	}{
		"before their words are known": {[]agentcore.Event{opened, hold, began, machine, began, human, person}, "please hold " + note + " hello?"},
		"behind their words":           {[]agentcore.Event{opened, hold, began, machine, began, person, human}, "please hold " + note + " hello?"},
		"nobody has said a word":       {[]agentcore.Event{opened, hold, human}, note},
		"nobody kept silent for it":    {[]agentcore.Event{opened, found(answer.Hold, false), began, machine, human, began, person}, "please hold hello?"},
		"another machine":              {[]agentcore.Event{opened, hold, began, machine, found(answer.IVR, false)}, "please hold"},
		"it was a person all the time": {[]agentcore.Event{opened, human, began, person}, "hello?"},
	} {
		s, err := agentcore.Resume(entries(tt.events...))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range s.Messages("") {
			got = append(got, m.Text)
		}
		if text := strings.Join(got, "|"); text != tt.want {
			t.Errorf("%s: the model is told %q, want %q", name, text, tt.want)
		}
	}
}

// What the agent was saying to a machine ends nothing.
func TestNothingThatWasSaidToAMachineIsOpen(t *testing.T) {
	s, err := agentcore.Resume(entries(agentcore.Opened{Epoch: 1},
		agentcore.CallerSaid{Turn: 1, Text: "this is Ann"},
		agentcore.ToolIntent{Key: "c1/1/1", Turn: 1, Name: "end_call"},
		agentcore.ToolResult{Key: "c1/1/1", End: true},
		found(answer.Greeting, true),
		agentcore.MessageBegan{Reply: 3},
		agentcore.Planned{Reply: 3, Text: "Call us.", Why: "message"},
	))
	if err != nil || s.Goodbye || s.Rest != "" || s.Answer.Class != answer.Greeting {
		t.Errorf("Resume() = goodbye %v, rest %q, %+v, %v, want only that a voicemail answered", s.Goodbye, s.Rest, s.Answer, err)
	}
}

// A line that sounds like a person and a machine in turn does so for ever: the
// twentieth verdict holds.
func TestVerdictsAreBounded(t *testing.T) {
	events := []agentcore.Event{agentcore.Opened{Epoch: 1}}
	for range 10 {
		events = append(events, found(answer.Greeting, true), found(answer.Human, false))
	}
	for n, want := range map[int]string{20: "human", 18: "voicemail_beep"} {
		synctest.Test(t, func(t *testing.T) {
			s, err := parseScript("answering act\nmessage Call us back.\ncaller 500ms 5s you have reached the voicemail of Ann please leave a message after the tone\ntone 6200ms 400ms 1000")
			if err != nil {
				t.Fatal(err)
			}
			past := entries(events[:1+n]...)
			past[n].Event = found(answer.Unknown, false)
			if n == 20 {
				past[n].Event = found(answer.Human, false)
			}
			pages := &agenttest.Pages{}
			if err := pages.Append(t.Context(), past...); err != nil {
				t.Fatal(err)
			}
			cfg := s.answeringConfig(pages)
			cfg.Past, cfg.Call.Epoch = past, 2
			sum, err := s.hold(t.Context(), t, cfg, line.New(line.Config{Handset: handset.Func(s.Tick)}))
			all := pages.Entries()
			checkJournal(t, all, sum)
			after, _ := agentcore.Resume(all)
			if err != nil || string(after.Answer.Class) != want {
				t.Errorf("behind %d verdicts: %+v, %v, and %s is on record, want %s", n, sum, err, after.Answer.Class, want)
			}
		})
	}
}

// Words that are still being said are weighed as well: nothing waits for the end
// of a long greeting.
func TestGuessesAreWeighed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := parseScript("answering act\ncaller 500ms 20s hello")
		if err != nil {
			t.Fatal(err)
		}
		pages := &agenttest.Pages{}
		cfg := s.answeringConfig(pages)
		cfg.Recognizer = guesser{text: "you have reached the voicemail of Ann please leave a message after the tone"}
		sum, err := s.hold(t.Context(), t, cfg, line.New(line.Config{Handset: handset.Func(s.Tick)}))
		var who []string
		for _, e := range pages.Entries() {
			if ev, is := e.Event.(agentcore.WhoAnswered); is {
				who = append(who, fmt.Sprint(ev.Class, " within 6 s: ", e.At < 6*time.Second))
			}
		}
		if want := []string{"voicemail_greeting within 6 s: true"}; err != nil || sum.Lasted > 6*time.Second || !slices.Equal(who, want) {
			t.Errorf("Run() = %+v, %v, and found %q, want %q and an end within 6 s", sum, err, who, want)
		}
	})
}
