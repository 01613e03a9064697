package agentcore_test

import (
	"testing"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/answer"
)

func TestWhoAnsweredAndTheMessageAreItems(t *testing.T) {
	greeting := answer.Verdict{Class: answer.Greeting, Confidence: .97, AtMS: 200}
	beeped := answer.Verdict{Class: answer.Beeped, Confidence: .99, AtMS: 300, Evidence: []answer.Evidence{
		{Kind: "tone", What: "beep of 1000 Hz, 0.4 s", For: answer.Beeped, BeganMS: 150, EndedMS: 290},
		{Kind: "words", What: "leave a message", For: answer.Greeting, EndedMS: 295},
	}}
	entries := journalOf(
		agentcore.Opened{Epoch: 1},
		agentcore.WhoAnswered{Verdict: greeting},
		agentcore.WhoAnswered{Verdict: beeped},
		agentcore.MessageBegan{Reply: 2},
		agentcore.AgentSaid{Reply: 2, Text: "Call us.", Why: "message", StartMS: 490, EndMS: 900},
		agentcore.AgentSaid{Reply: 3, Text: "Goodbye.", Why: "prompt", StartMS: 950, EndMS: 990},
	)
	items := agentcore.Items(entries)
	var kinds []string
	for _, i := range items {
		kinds = append(kinds, i.Kind)
	}
	if len(items) != 6 || kinds[1] != agentcore.ItemWho || kinds[2] != agentcore.ItemWho || kinds[3] != agentcore.ItemMessage {
		t.Fatalf("the items are %q", kinds)
	}
	if got := items[2].Who; got == nil || got.Class != answer.Beeped || items[2].At != 300 {
		t.Errorf("who answered is %+v at %d ms", got, items[2].At)
	}
	if got := items[4].Beeped; got != 290 {
		t.Errorf("the message's beep was over at %d ms, want 290", got)
	}
	if got := items[5].Beeped; got != 0 {
		t.Errorf("what is no message knows of a beep at %d ms", got)
	}
	if lines := agentcore.Transcript(entries); len(lines) != 2 {
		t.Errorf("the transcript has %d lines, want what was said only", len(lines))
	}
}
