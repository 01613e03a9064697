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
	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/provider/providertest"
)

// parrot is the smallest model that keeps the port's rules.
type parrot struct {
	words string
	calls []llm.ToolCall
	cost  *llm.Usage
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
		for _, c := range p.calls {
			if !yield(llm.Delta{Call: &c}, nil) {
				return
			}
		}
		if p.cost != nil && !yield(llm.Delta{Usage: p.cost}, nil) {
			return
		}
		if p.fail != nil {
			yield(llm.Delta{}, p.fail)
		}
	}
}

// look is a call of the suite's tool.
func look(id, arguments string) llm.ToolCall {
	return llm.ToolCall{ID: id, Name: llmtest.Tool.Name, Arguments: json.RawMessage(arguments)}
}

func TestTheSmallestModelPasses(t *testing.T) {
	llmtest.Run(t, func(_ *testing.T, b llmtest.Behaviour) llm.Model {
		return map[llmtest.Behaviour]llm.Model{
			llmtest.Talks:     parrot{words: llmtest.Words},
			llmtest.TalksOn:   parrot{words: strings.Repeat("word ", 100)},
			llmtest.CallsTool: parrot{calls: []llm.ToolCall{look("a", llmtest.Arguments)}},
			llmtest.CallsTwo:  parrot{calls: []llm.ToolCall{look("a", llmtest.Arguments), look("b", llmtest.OtherArguments)}},
			llmtest.Counts:    parrot{words: llmtest.Words, cost: &llmtest.Cost},
			llmtest.Fails:     parrot{words: "One ", fail: &llm.Error{Provider: "parrot", Op: "chat", Err: errors.New("no seeds")}},
		}[b]
	})
}

// failing is what a model that knows its faults says of each.
func failing(f providertest.Fault) error {
	class := map[providertest.Fault]provider.Class{
		providertest.WrongKey: provider.Auth, providertest.NoMoney: provider.Quota, providertest.RateLimited: provider.RateLimited,
		providertest.BadRequest: provider.Refused, providertest.NoAnswer: provider.Timeout, providertest.StallsIn: provider.Timeout,
		providertest.TalksRot: provider.Garbage, providertest.TooLarge: provider.Garbage,
	}[f]
	if class == "" {
		class = provider.Unavailable
	}
	e := provider.New("parrot", "chat", class, errors.New("no seeds"))
	if f == providertest.RateLimited {
		e.After = providertest.RetryAfter
	}
	return e
}

func TestAModelThatTellsItsFaultsApartPasses(t *testing.T) {
	llmtest.Faults(t, func(_ *testing.T, f providertest.Fault) llm.Model {
		switch f {
		case providertest.Slow, providertest.Fast:
			return parrot{words: llmtest.Words}
		case providertest.NoMoney:
			return nil // seeds are free
		}
		return parrot{words: "One ", fail: failing(f)}
	})
}

// endless is a parrot that a server could watch: gone is closed when its reply
// ends.
type endless struct{ gone chan struct{} }

func (e endless) Chat(ctx context.Context, _ llm.Request) iter.Seq2[llm.Delta, error] {
	return func(yield func(llm.Delta, error) bool) {
		defer close(e.gone)
		for ctx.Err() == nil {
			if !yield(llm.Delta{Text: "word "}, nil) {
				return
			}
		}
		yield(llm.Delta{}, ctx.Err())
	}
}

func TestAModelThatLetsGoPasses(t *testing.T) {
	llmtest.LetsGo(t, func(testing.TB) (llm.Model, <-chan struct{}) {
		gone := make(chan struct{})
		return endless{gone}, gone
	})
}
