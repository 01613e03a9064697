package agentcore_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/agenttest"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony/sim/line"
)

// checkJournal checks what must hold for every journal, however the call went.
func checkJournal(t *testing.T, entries []agentcore.Entry, sum agentcore.Summary) {
	t.Helper()
	checkAnswering(t, entries)
	ends := 0
	for i, e := range entries {
		if e.N != i+1 {
			t.Errorf("entry %d has number %d", i+1, e.N)
		}
		if _, ok := e.Event.(agentcore.Ended); ok {
			ends++
			if i != len(entries)-1 {
				t.Errorf("%d entries follow the end", len(entries)-1-i)
			}
		}
		if said, ok := e.Event.(agentcore.AgentSaid); ok && said.Parts != nil && said.Parts.Sum() != said.GapMS {
			t.Errorf("entry %d: parts %+v sum to %d, gap is %d", e.N, *said.Parts, said.Parts.Sum(), said.GapMS)
		}
		if said, ok := e.Event.(agentcore.AgentSaid); ok && said.Parts != nil {
			p := *said.Parts
			if min(p.Endpoint, p.Recognise, p.Tool, p.Model, p.Voice, p.Line) < 0 {
				t.Errorf("entry %d: a part of %+v is negative", e.N, p)
			}
		}
		if _, err := agentcore.Resume(entries[:i+1]); err != nil {
			t.Errorf("the journal up to entry %d can't be resumed: %v", e.N, err)
		}
	}
	if want := 0; sum.End != "" {
		want = 1
		if ends != want {
			t.Errorf("the call ended %d times, want %d", ends, want)
		}
	}
	if sum.Last != len(entries) {
		t.Errorf("Summary.Last = %d, the journal has %d entries", sum.Last, len(entries))
	}
}

// checkHeard compares what the journal says was heard with what the line played:
// never a word more, and at most one less for each cut.
func checkHeard(t *testing.T, entries []agentcore.Entry, voice *agenttest.Speaker, lines ...*line.Line) {
	t.Helper()
	var frames []media.Frame
	for _, l := range lines {
		for _, h := range l.Heard() {
			frames = append(frames, h.Frame)
		}
	}
	played := voice.Said(frames)
	var heard []string
	cuts := 0
	for _, e := range entries {
		if said, ok := e.Event.(agentcore.AgentSaid); ok {
			heard = append(heard, strings.Fields(said.Text)...)
			if said.Cut {
				cuts++
			}
		}
	}
	if missing := len(played) - len(heard); missing < 0 || missing > 2*cuts {
		t.Errorf("the journal says that %d words were heard, the line played %d (%d cuts)\njournal %q\nline    %q", len(heard), len(played), cuts, heard, played)
	}
	if cuts == 0 && !slices.Equal(heard, played) {
		t.Errorf("heard %q, the line played %q", heard, played)
	}
}

// checkAnswering checks what must hold of a machine on the line: it is left a
// message at most once, and while the agent is aside it says nothing else than what
// is for machines.
func checkAnswering(t *testing.T, entries []agentcore.Entry) {
	t.Helper()
	aside, message, verdicts := false, 0, 0
	for _, e := range entries {
		switch ev := e.Event.(type) {
		case agentcore.WhoAnswered:
			aside = ev.Aside
			if verdicts++; verdicts > 20 && (ev.Aside || verdicts > 21) { // a person who comes to a machine, comes
				t.Errorf("entry %d: verdict number %d", e.N, verdicts)
			}
		case agentcore.FloorTaken:
			aside = false
		case agentcore.MessageBegan:
			if message != 0 {
				t.Errorf("entry %d: the message begins again", e.N)
			}
			if message = ev.Reply; !aside {
				t.Errorf("entry %d: the message is left to a person", e.N)
			}
		case agentcore.Planned:
			switch ev.Why {
			case "message":
				if ev.Reply != message {
					t.Errorf("entry %d: the message is said, and has not begun", e.N)
				}
				fallthrough
			case "screening", "menu":
				if !aside {
					t.Errorf("entry %d: %q is said to a person", e.N, ev.Why)
				}
			default:
				if aside {
					t.Errorf("entry %d: %q is said to a machine", e.N, ev.Why)
				}
			}
		}
	}
}
