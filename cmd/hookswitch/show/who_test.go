package show_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/answer"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
	"github.com/hookswitch/hookswitch/telephony"
)

func TestWhoAnsweredIsShownAsItIsFoundOut(t *testing.T) {
	var out bytes.Buffer
	call := show.New(&out, &out, show.Mode{Width: 100}).Call(show.Heading{Number: 1})
	greeting := answer.Verdict{Class: answer.Greeting, Confidence: .973, Evidence: []answer.Evidence{
		{Kind: "cadence", What: "spoke on for 4 s", For: answer.Greeting, Weight: 1},
		{Kind: "words", What: "\"leave a \x1b[31mmessage\"", For: answer.Greeting, Weight: 3},
		{Kind: "carrier", What: "human", For: answer.Human, Weight: 9},
	}}
	beeped := answer.Verdict{Class: answer.Beeped, Confidence: .999, Evidence: []answer.Evidence{
		{Kind: "tone", What: "beep of 1000 Hz, 0.4 s", For: answer.Beeped, Weight: 5, BeganMS: 8600, EndedMS: 9000},
	}}
	for _, e := range []agentcore.Entry{
		at(2800, agentcore.WhoAnswered{Verdict: greeting}),
		at(9040, agentcore.WhoAnswered{Verdict: beeped}),
		at(9060, agentcore.MessageBegan{Reply: 2}),
		at(14_000, agentcore.AgentSaid{Reply: 2, Why: "message", Text: "Please call us back.", StartMS: 9320, EndMS: 13_900}),
		at(14_400, agentcore.Ended{Reason: telephony.Voicemail}),
	} {
		call.Entry(e)
	}
	for _, want := range []string{
		`  0:02.8         who        voicemail 0.97 ("leave a \x1b[31mmessage")` + "\n",
		"  0:09.0         who        voicemail, after its beep 1.00 (beep of 1000 Hz, 0.4 s)\n",
		"  0:09.0         message    begins\n",
		"  0:09.3  agent  Please call us back.",
		" message\n                 began 320 ms after the beep\n",
		"  0:14.4         ended      voicemail, 14.4 s\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
}

func TestEveryClassHasItsWords(t *testing.T) {
	seen := map[string]answer.Class{}
	for _, c := range answer.Classes {
		words := show.Class(c)
		if words == "" || strings.Contains(words, "_") {
			t.Errorf("%s is told as %q", c, words)
		}
		if other, ok := seen[words]; ok {
			t.Errorf("%s and %s are both told as %q", c, other, words)
		}
		seen[words] = c
	}
	if got := show.Class("of a later\nbuild"); got != "of a later build" {
		t.Errorf("a class that we don't know is told as %q", got)
	}
}

// What a machine says is no turn that an agent owes an answer; what a person says
// who picks up is one.
func TestAMachinesWordsAreNoTurns(t *testing.T) {
	var c show.Call
	c.Fill([]agentcore.Entry{
		at(1000, agentcore.CallerSaid{Turn: 1, Text: "Hi, this is Alex.", StartMS: 100, EndMS: 900}),
		at(5000, agentcore.WhoAnswered{Verdict: answer.Verdict{Class: answer.Greeting}, Aside: true}),
		at(5000, agentcore.CallerSaid{Turn: 2, Text: "Please leave a message.", StartMS: 1500, EndMS: 4400}),
		at(6000, agentcore.WhoAnswered{Verdict: answer.Verdict{Class: answer.Human}}),
		at(6000, agentcore.CallerSaid{Turn: 3, Text: "Hello? I am here.", StartMS: 4900, EndMS: 5500}),
	})
	if len(c.Turns) != 1 || c.Turns[0].Turn != 3 || c.Turns[0].CallerHeard != "Hello? I am here." {
		t.Errorf("the turns are %+v, want the person's", c.Turns)
	}
}
