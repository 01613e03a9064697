package agentcore_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/answer"
)

func TestAnswerFold(t *testing.T) {
	verdict := func(c answer.Class, atMS int64, evidence int) answer.Verdict {
		return answer.Verdict{Class: c, Confidence: 0.9, AtMS: atMS, Evidence: make([]answer.Evidence, evidence)}
	}
	found := func(c answer.Class) agentcore.Event { return agentcore.WhoAnswered{Verdict: verdict(c, 900, 1)} }
	began := agentcore.MessageBegan{Reply: 2}
	whole := agentcore.AgentSaid{Reply: 2, Text: "Call us.", Why: "message", StartMS: 4100}
	cut := agentcore.AgentSaid{Reply: 2, Text: "Call", Unheard: " us.", Why: "message", StartMS: 4100, Cut: true}
	for _, c := range []struct {
		claim  string
		events []agentcore.Event
		want   agentcore.Answer
	}{
		{"nothing tells of it", []agentcore.Event{agentcore.Opened{}, agentcore.AgentSaid{Text: "Hello", Why: "greeting"}}, agentcore.Answer{}},
		{"a verdict", []agentcore.Event{found(answer.Human)}, agentcore.Answer{Verdict: verdict(answer.Human, 900, 1)}},
		{"the newest verdict holds", []agentcore.Event{found(answer.Greeting), found(answer.Beeped)}, agentcore.Answer{Verdict: verdict(answer.Beeped, 900, 1)}},
		{"a message that began, and nobody knows how much was heard", []agentcore.Event{found(answer.Beeped), began},
			agentcore.Answer{Verdict: verdict(answer.Beeped, 900, 1), LeftMS: 4000}},
		{"a whole message", []agentcore.Event{found(answer.Beeped), began, whole},
			agentcore.Answer{Verdict: verdict(answer.Beeped, 900, 1), Left: "Call us.", LeftMS: 4100, Whole: true}},
		{"a person picks up amid it: what was left stays", []agentcore.Event{found(answer.Beeped), began, cut, found(answer.Human)},
			agentcore.Answer{Verdict: verdict(answer.Human, 900, 1), Left: "Call", LeftMS: 4100}},
		{"more evidence than is kept", []agentcore.Event{agentcore.WhoAnswered{Verdict: verdict(answer.IVR, 1, 40)}},
			agentcore.Answer{Verdict: verdict(answer.IVR, 1, answer.MostEvidence)}},
	} {
		var got agentcore.Answer
		for _, ev := range c.events {
			next, told := got.Fold(agentcore.Entry{At: 4 * time.Second, Event: ev})
			if !told && !reflect.DeepEqual(next, got) {
				t.Errorf("%s: %s tells nothing, and changes %+v to %+v", c.claim, ev.Kind(), got, next)
			}
			got = next
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, want %+v", c.claim, got, c.want)
		}
	}
}
