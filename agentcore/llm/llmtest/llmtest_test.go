package llmtest_test

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/llm/llmtest"
)

// parrot is the smallest model that keeps the port's rules.
type parrot struct {
	words string
	call  *llm.ToolCall
	fail  error
}

func (p parrot) Chat(ctx context.Context, _ llm.Request) iter.Seq2[llm.Delta, error] {
	return func(yield func(llm.Delta, error) bool) {
		for word := range strings.SplitAfterSeq(p.words, " ") {
			if err := ctx.Err(); err != nil {
				yield(llm.Delta{}, err)
				return
			}
			if word != "" && !yield(llm.Delta{Text: word}, nil) {
				return
			}
		}
		if p.call != nil && !yield(llm.Delta{Call: p.call}, nil) {
			return
		}
		if p.fail != nil {
			yield(llm.Delta{}, p.fail)
		}
	}
}

func TestTheSmallestModelPasses(t *testing.T) {
	llmtest.Run(t, func(_ *testing.T, b llmtest.Behaviour) llm.Model {
		return map[llmtest.Behaviour]llm.Model{
			llmtest.Talks:     parrot{words: llmtest.Words},
			llmtest.TalksOn:   parrot{words: strings.Repeat("word ", 100)},
			llmtest.CallsTool: parrot{call: &llm.ToolCall{ID: "a", Name: llmtest.Tool.Name, Arguments: json.RawMessage(llmtest.Arguments)}},
			llmtest.Fails:     parrot{words: "One ", fail: &llm.Error{Provider: "parrot", Op: "chat", Err: errors.New("no seeds")}},
		}[b]
	})
}
