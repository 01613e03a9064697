package show_test

import (
	"encoding/json"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
)

func TestTurnsOfACall(t *testing.T) {
	turns := show.Turns(journal(t, "busy.jsonl"))
	if len(turns) != 4 {
		t.Fatalf("%d turns, want 4", len(turns))
	}
	for _, turn := range turns {
		if !turn.Answered || turn.Parts == nil || turn.Parts.Sum() != turn.GapMS {
			t.Errorf("turn %d: answered %v, gap %d, parts %+v", turn.Turn, turn.Answered, turn.GapMS, turn.Parts)
		}
		if measured := turn.AgentStartMS - turn.CallerEndMS; measured != turn.GapMS {
			t.Errorf("turn %d: agent began %d ms after the caller, gap is %d", turn.Turn, measured, turn.GapMS)
		}
	}
	if got := turns[1]; got.AgentUnheard != "and on Saturday mornings." || got.TalkedOver {
		t.Errorf("turn 2: %+v, want its end unheard", got)
	}
	if got := turns[2]; !got.TalkedOver || got.CutSilentMS != 118 || got.CutClearMS != 88 {
		t.Errorf("turn 3: %+v, want silence after 118 ms, clear after 88", got)
	}
	if got := turns[3]; got.Keys != "1" || got.CallerHeard != "" {
		t.Errorf("turn 4: %+v, want a key", got)
	}
}

func TestTurnsOfPieces(t *testing.T) {
	turns := show.Turns([]agentcore.Entry{
		at(0, said{Reply: 1, Text: "welcome", Why: "greeting"}),
		at(10, heard{Turn: 1, Text: "on", StartMS: 1, EndMS: 5}),
		at(20, heard{Turn: 1, Text: "Tuesday", StartMS: 7, EndMS: 18}),
		at(30, heard{Turn: 2, Text: "hello?", StartMS: 22, EndMS: 28}),
		at(50, agentcore.NotUnderstood{}),
	})
	if len(turns) != 2 {
		t.Fatalf("%d turns, want 2: the greeting is none", len(turns))
	}
	if got := turns[0]; got.CallerHeard != "on Tuesday" || got.CallerStartMS != 1 || got.CallerEndMS != 18 {
		t.Errorf("turn 1: %+v, want both parts", got)
	}
	if turns[1].Answered || turns[1].Parts != nil {
		t.Errorf("turn 2: %+v, want no answer", turns[1])
	}
}

func TestMedianAndWorstGap(t *testing.T) {
	call := func(gaps ...int64) show.Call {
		var c show.Call
		for n, ms := range gaps {
			turn := show.Turn{Turn: n + 1, Answered: ms >= 0, GapMS: ms}
			if ms >= 0 {
				turn.Parts = &show.Parts{Endpoint: ms}
			}
			c.Turns = append(c.Turns, turn)
		}
		return c
	}
	for _, tc := range []struct {
		name  string
		calls []show.Call
		want  show.Latency
	}{
		{"nothing", nil, show.Latency{}},
		{"none answered", []show.Call{call(-1, -1)}, show.Latency{}},
		{"one of nothing", []show.Call{call(0)}, show.Latency{Turns: 1, Call: 1, Turn: 1}},
		{"even", []show.Call{call(604, 641, 702, 96)}, show.Latency{Turns: 4, MedianMS: 623, WorstMS: 702, Call: 1, Turn: 3}},
		{"odd, two calls", []show.Call{call(100, -1), call(300, 900)}, show.Latency{Turns: 3, MedianMS: 300, WorstMS: 900, Call: 2, Turn: 2}},
	} {
		if got := show.Gaps(tc.calls); got != tc.want {
			t.Errorf("%s: %+v, want %+v", tc.name, got, tc.want)
		}
	}
}

func TestOnlyHeldChecksPass(t *testing.T) {
	good, bad := show.Check{Name: "a", OK: true}, show.Check{Name: "b"}
	for _, tc := range []struct {
		name string
		r    show.Result
		want bool
	}{
		{"all held", show.Result{Checks: []show.Check{good, good}}, true},
		{"one failed", show.Result{Checks: []show.Check{good, bad}}, false},
		{"nothing was checked", show.Result{}, false},
		{"interrupted", show.Result{Checks: []show.Check{good}, Interrupted: true}, false},
	} {
		if tc.r.Judge(); tc.r.Pass != tc.want {
			t.Errorf("%s: pass = %v, want %v", tc.name, tc.r.Pass, tc.want)
		}
	}
}

func TestResultNamesItsUnits(t *testing.T) {
	b, err := result(t, false).JSON()
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Version int
		Pass    bool
		Calls   []struct {
			EndReason string `json:"end_reason"`
			Turns     []map[string]any
		}
	}
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if got.Version != 1 || !got.Pass || got.Calls[0].EndReason != "agent_hangup" {
		t.Errorf("result = %+v", got)
	}
	parts := got.Calls[0].Turns[0]["parts"].(map[string]any)
	if parts["endpoint_ms"] != 500.0 || got.Calls[0].Turns[0]["gap_ms"] != 604.0 {
		t.Errorf("turn 1 = %v", got.Calls[0].Turns[0])
	}
}
