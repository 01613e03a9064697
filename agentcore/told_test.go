package agentcore_test

import (
	"encoding/json"
	"iter"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/tools"
	"github.com/hookswitch/hookswitch/telephony/sim/line"
)

// What a recogniser guesses while the caller speaks is told, and is no turn.
func TestGuessesAreToldAndNotAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newParts(map[string]string{"bye": "Bye. !end_call"})
		cfg := p.config()
		cfg.Recognizer = newScripted(func(s *scripted, _ int) {
			s.results <- asr.Result{Text: "by"}
			s.say("bye")
		})
		var mu sync.Mutex
		var guesses []string
		cfg.Interim = func(text string) {
			mu.Lock()
			defer mu.Unlock()
			guesses = append(guesses, text)
		}
		run(t, cfg, line.New(line.Config{Handset: coded(500 * time.Millisecond)}))
		if !slices.Equal(guesses, []string{"by"}) {
			t.Errorf("told of %q", guesses)
		}
		if got := answers(p.pages.Entries()); len(got) != 1 {
			t.Errorf("%d answers, want one, to the final words", len(got))
		}
	})
}

// A model that asks for two tools at once is told of each result under the id of
// the call that it answers.
func TestTwoToolsOfOneReplyHaveTheirOwnResults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newParts(nil)
		cfg := p.config("what is it")
		m := &modelFunc{answer: func(n int) iter.Seq[llm.Delta] {
			if n > 1 {
				return slices.Values([]llm.Delta{{Text: "Noted."}})
			}
			return slices.Values([]llm.Delta{
				{Call: &llm.ToolCall{ID: "one", Name: "desk", Arguments: json.RawMessage(`{}`)}},
				{Call: &llm.ToolCall{ID: "two", Name: "nobody", Arguments: json.RawMessage(`{}`)}},
			})
		}}
		cfg.Model, cfg.Tools = m, []tools.Tool{&desk{}}
		run(t, cfg, line.New(line.Config{Handset: coded(500 * time.Millisecond)}))
		if len(m.seen) < 2 {
			t.Fatalf("the model was asked %d times", len(m.seen))
		}
		results := map[string]string{}
		for _, msg := range m.seen[1].Messages {
			if msg.Role == llm.ToolRole {
				results[msg.Call] = msg.Text
			}
		}
		if len(results) != 2 || results["one"] == results["two"] || results["one"] == "" {
			t.Errorf("the model was told %q", results)
		}
	})
}
