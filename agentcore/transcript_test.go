package agentcore_test

import (
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/telephony"
)

// journalOf numbers events, 100 ms apart.
func journalOf(events ...agentcore.Event) []agentcore.Entry {
	var all []agentcore.Entry
	for i, e := range events {
		at := time.Duration(i+1) * 100 * time.Millisecond
		all = append(all, agentcore.Entry{N: i + 1, Version: agentcore.JournalVersion, At: at, Wall: time.Unix(1_790_000_000, 0).Add(at), Event: e})
	}
	return all
}

func TestReplyThatNobodyLivedToFinishIsShownAsItWasHeard(t *testing.T) {
	entries := journalOf(
		agentcore.Opened{Epoch: 1},
		agentcore.CallerSaid{Turn: 1, Text: "when do you open", StartMS: 100, EndMS: 190},
		agentcore.Planned{Reply: 1, Phrase: 0, Text: "We open at eight.", Why: "answer"},
		agentcore.Planned{Reply: 1, Phrase: 1, Text: "On Sundays we are closed.", Why: "answer"},
		agentcore.Heard{Reply: 1, Phrase: 0, Text: "We open at", How: "mark"},
	)
	live := agentcore.Transcript(entries)
	if len(live) != 1 || live[0].Speaker != "caller" {
		t.Errorf("while it is being said, the transcript is %+v, want the caller's line only", live)
	}
	for name, next := range map[string]agentcore.Event{
		"taken up again": agentcore.Opened{Epoch: 2},
		"ended":          agentcore.Ended{Reason: telephony.LineLost},
	} {
		n := len(entries) + 1
		lines := agentcore.Transcript(append(entries[:len(entries):len(entries)], agentcore.Entry{N: n, Version: 1, Event: next}))
		if len(lines) != 2 {
			t.Fatalf("%s: %+v, want two lines", name, lines)
		}
		got, want := lines[1], agentcore.Utterance{Turn: 1, Speaker: "agent", Text: "We open at", StartMS: 300, EndMS: 500, Cut: true,
			Unheard: "eight. On Sundays we are closed."}
		if got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}

func TestKeysAndToolsAreLinesOfTheTranscript(t *testing.T) {
	lines := agentcore.Transcript(journalOf(
		agentcore.Opened{Epoch: 1},
		agentcore.CallerPressed{Turn: 1, Digit: "5"},
		agentcore.ToolIntent{Key: "k", Turn: 1, Name: "book", Arguments: `{"day":"Monday"}`},
		agentcore.ToolResult{Key: "k", Text: "done", TookMS: 100},
		agentcore.AgentSaid{Reply: 1, Turn: 1, Text: "Booked.", Why: "answer", StartMS: 450, EndMS: 480, GapMS: 250, Parts: &agentcore.Parts{Tool: 100, Model: 150}},
	))
	var got []string
	for _, l := range lines {
		got = append(got, l.Speaker+": "+l.Text)
	}
	want := []string{"caller: [5]", `tool: book {"day":"Monday"} -> done`, "agent: Booked."}
	if len(got) != 3 || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] || lines[2].GapMS != 250 {
		t.Errorf("transcript %q (gap %d), want %q (gap 250)", got, lines[len(lines)-1].GapMS, want)
	}
}
