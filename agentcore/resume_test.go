package agentcore_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/agenttest"
	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/tools"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
	"github.com/hookswitch/hookswitch/telephony/sim/line"
)

// coded is a caller who says the texts by number at set times.
func coded(at ...time.Duration) handset.Handset {
	return handset.Func(func(now time.Duration, _, say *media.Frame) handset.Touch {
		for n, begin := range at {
			if now >= begin && now < begin+800*time.Millisecond {
				agenttest.Code(say, n, 0)
			}
		}
		return handset.Touch{}
	})
}

type parts struct {
	pages *agenttest.Pages
	voice *agenttest.Speaker
	model *agenttest.Thinker
}

func newParts(answers map[string]string) parts {
	return parts{&agenttest.Pages{}, &agenttest.Speaker{}, &agenttest.Thinker{Answers: answers}}
}

func (p parts) config(texts ...string) agentcore.Config {
	return agentcore.Config{
		Call:       telephony.Call{ID: "c1", Epoch: 1, Direction: telephony.Inbound},
		Recognizer: &agenttest.Hearer{Texts: texts, Lag: 50 * time.Millisecond}, Detector: agenttest.Detector{},
		Model: p.model, Voice: p.voice, Tools: []tools.Tool{tools.EndCall()}, Journal: p.pages,
	}
}

func run(t *testing.T, cfg agentcore.Config, leg telephony.Leg) agentcore.Summary {
	t.Helper()
	c, err := agentcore.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	sum, err := c.Run(t.Context(), leg)
	if err != nil && !errors.Is(err, telephony.ErrLost) {
		t.Errorf("Run: %v", err)
	}
	return sum
}

// The line breaks in mid-answer; on the next one the agent excuses itself, says
// the cut sentence again, and the conversation has lost nothing.
func TestCallGoesOnOnANewLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newParts(map[string]string{
			"hours": "We are open from eight to five on weekdays. On Saturdays we close at noon.",
			"bye":   "Goodbye. !end_call",
		})
		first := line.New(line.Config{Handset: coded(500 * time.Millisecond)})
		time.AfterFunc(4*time.Second, func() { first.Lose(errors.New("reset")) })
		cfg := p.config("your hours please")
		if sum := run(t, cfg, first); sum.End != "" {
			t.Fatalf("a lost line ended the call: %q", sum.End)
		}
		time.Sleep(700 * time.Millisecond)

		second := line.New(line.Config{Handset: coded(9 * time.Second)})
		cfg = p.config("bye")
		cfg.Past, cfg.Call.Epoch = p.pages.Entries(), 2
		if sum := run(t, cfg, second); sum.End != telephony.AgentHangup {
			t.Errorf("End = %q, want %q", sum.End, telephony.AgentHangup)
		}
		var frames []media.Frame
		for _, h := range second.Heard() {
			frames = append(frames, h.Frame)
		}
		got := strings.Join(p.voice.Said(frames), " ")
		want := "Sorry, we were cut off. We are open from eight to five on weekdays. On Saturdays we close at noon. Goodbye."
		if got != want {
			t.Errorf("on the second line the caller heard\n     %q\nwant %q", got, want)
		}
		entries := p.pages.Entries()
		checkJournal(t, entries, agentcore.Summary{End: telephony.AgentHangup, Last: len(entries)})
		if gap := entries[len(entries)-1].At; gap < 9*time.Second || gap > 20*time.Second {
			t.Errorf("the call ended at %v on its own clock", gap)
		}
	})
}

// What the model is shown is what the caller heard.
func TestModelSeesOnlyWhatWasHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newParts(map[string]string{
			"hours": "We are open from eight to five on weekdays. On Saturdays we close at noon.",
			"bye":   "Goodbye. !end_call",
		})
		l := line.New(line.Config{Handset: coded(500*time.Millisecond, 4*time.Second)})
		cfg := p.config("your hours please", "no thanks bye")
		cfg.Agent.Prompt = "You are a front desk."
		run(t, cfg, l)
		seen := p.model.Seen()
		got := seen[len(seen)-1]
		want := []llm.Message{
			{Role: llm.System, Text: "You are a front desk."},
			{Role: llm.User, Text: "your hours please"},
			{Role: llm.Assistant, Text: "We are open from eight to five"},
			{Role: llm.User, Text: "no thanks bye"},
		}
		if !slices.EqualFunc(got, want, func(a, b llm.Message) bool { return a.Role == b.Role && a.Text == b.Text }) {
			t.Errorf("the model saw\n     %+v\nwant %+v", got, want)
		}
	})
}

// TestHourLongCall has a turn every 20 s for an hour.
func TestHourLongCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newParts(map[string]string{"": "I see, please go on."})
		h := handset.Func(func(now time.Duration, _, say *media.Frame) handset.Touch {
			if at := now % (20 * time.Second); at < time.Second {
				agenttest.Code(say, 0, 0)
			}
			return handset.Touch{Hangup: now >= time.Hour}
		})
		ends := make(chan struct{})
		cfg := p.config("and then")
		cfg.Agent.MaxDuration, cfg.Agent.Silence = 2*time.Hour, time.Minute
		l := line.New(line.Config{Handset: h, Forget: true, OnHangup: func() { close(ends) }})
		sum := run(t, cfg, l)
		<-ends
		if sum.Lasted < time.Hour || sum.Lasted > time.Hour+time.Second {
			t.Errorf("it lasted %v", sum.Lasted)
		}
		turns := 0
		for _, u := range agentcore.Transcript(p.pages.Entries()) {
			if u.Speaker == "agent" && u.GapMS > 0 {
				turns++
			}
		}
		if turns != 180 {
			t.Errorf("%d turns were answered, want 180", turns)
		}
	})
}

// FuzzResume reads back any text as a journal, and resumes from every prefix of
// what can be read, and from each of these with another who takes the floor: never
// a panic, what was heard is a prefix of what was planned, and who takes the floor
// owes nothing.
func FuzzResume(f *testing.F) {
	for _, e := range sampleJournal(f) {
		f.Add(e)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var entries []agentcore.Entry
		for _, l := range strings.Split(text, "\n") {
			var e agentcore.Entry
			if json.Unmarshal([]byte(l), &e) == nil {
				e.N = len(entries) + 1
				entries = append(entries, e)
			}
		}
		for n := range len(entries) + 1 {
			s, err := agentcore.Resume(entries[:n])
			if err != nil {
				break
			}
			asked, answered := 0, 0
			for _, m := range s.Messages("p") {
				asked += len(m.Calls)
				if m.Role == llm.ToolRole {
					answered++
				}
			}
			if asked != answered {
				t.Fatalf("the model is shown %d tool calls and %d answers", asked, answered)
			}
			agentcore.Transcript(entries[:n])
			checkTaken(t, s, entries[:n:n])
		}
	})
}

// checkTaken has another take the floor behind entries, of which s was made.
func checkTaken(t *testing.T, s agentcore.State, entries []agentcore.Entry) {
	t.Helper()
	if s.End != "" {
		return
	}
	taken := agentcore.Entry{N: s.Last + 1, Version: agentcore.JournalVersion, Event: agentcore.FloorTaken{Job: "AJ_x", Agent: "x", By: "own"}}
	next, err := agentcore.Resume(append(entries, taken))
	if err != nil {
		t.Fatalf("nobody can take the floor: %v", err)
	}
	if next.Rest != "" || next.Owes || next.Goodbye || next.Leaving || next.Untold || next.Transfer.Transfer != "" || next.Collect.Slot != "" {
		t.Fatalf("who takes the floor is left with %+v", next)
	}
	for _, m := range next.Messages("p") {
		if len(m.Calls) > 0 || m.Role == llm.ToolRole {
			t.Fatalf("who takes the floor is shown a tool of another: %+v", m)
		}
	}
}

// sampleJournal is a real one, whole and line by line.
func sampleJournal(f *testing.F) []string {
	entries := []agentcore.Event{
		agentcore.Opened{Epoch: 1, Agent: "a", Direction: telephony.Inbound},
		agentcore.CallerSaid{Turn: 1, Text: "hello", StartMS: 1, EndMS: 2},
		agentcore.Planned{Reply: 1, Phrase: 0, Text: "Good morning.", Why: "answer"},
		agentcore.ToolIntent{Key: "c/1/1", Turn: 1, ID: "x", Name: "book", Arguments: "{}"},
		agentcore.ToolResult{Key: "c/1/1", Text: "ok", Assigned: map[string]any{"a": 1.5, "b": nil, "c": "d", "e": true}},
		agentcore.Heard{Reply: 1, Phrase: 0, Text: "Good", How: "clock", Cut: true},
		agentcore.AgentSaid{Reply: 1, Turn: 1, Text: "Good", Unheard: "morning.", Why: "answer", Cut: true, GapMS: 6, Parts: &agentcore.Parts{Endpoint: 6}},
		agentcore.CallerPressed{Turn: 2, Digit: "1"},
		agentcore.Planned{Reply: 2, Phrase: 0, Text: "One moment.", Why: "filler"},
		agentcore.ToolIntent{Key: "c/2/1", Turn: 2, ID: "y", Name: "look", Arguments: "{}", Safe: true},
		agentcore.Heard{Reply: 2, Phrase: 0, Text: "One moment.", How: "mark"},
		agentcore.ToolResult{Key: "c/2/1", Text: "ok", Leave: true},
		agentcore.TransferBegan{Transfer: "xfer_1", To: "Sales", How: "blind"},
		agentcore.TransferOver{Transfer: "xfer_1", To: "Sales", Outcome: "busy", Reason: "486", TookMS: 9000, TalkedMS: 1},
		agentcore.Opened{Epoch: 2},
		agentcore.Planned{Reply: 3, Phrase: 0, Text: "They are busy.", Why: "news"},
		agentcore.Planned{Reply: 4, Phrase: 0, Text: "I am connecting you now.", Why: "connect"},
		agentcore.FloorTaken{Job: "AJ_1", Agent: "b", By: "own"},
		agentcore.CallerSaid{Turn: 3, Text: "and you", StartMS: 3, EndMS: 4},
		agentcore.FloorTaken{Job: "AJ_2", Agent: "c", By: "worker"},
		agentcore.FloorTaken{},
		agentcore.Lost{Epoch: 1, Cause: "reset"},
		agentcore.Ended{Reason: telephony.LineLost},
	}
	var out []string
	for i, ev := range entries {
		b, err := json.Marshal(agentcore.Entry{N: i + 1, Version: 1, Wall: time.Unix(1, 0), Event: ev})
		if err != nil {
			f.Fatal(err)
		}
		out = append(out, string(b))
	}
	return append(out, strings.Join(out, "\n"))
}

// Every entry reads back as it was written.
func TestEntriesReadBack(t *testing.T) {
	for _, l := range sampleJournal(new(testing.F)) {
		for _, l := range strings.Split(l, "\n") {
			var e agentcore.Entry
			if err := json.Unmarshal([]byte(l), &e); err != nil {
				t.Fatalf("%s: %v", l, err)
			}
			again, err := json.Marshal(e)
			if err != nil || string(again) != l {
				t.Errorf("%s\nreads back as\n%s (%v)", l, again, err)
			}
		}
	}
}
