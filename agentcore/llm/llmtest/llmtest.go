// Package llmtest is what every llm.Model must do, as tests: run it against
// each provider, with a provider's server played by the test.
package llmtest

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/hookswitch/hookswitch/agentcore/llm"
)

// Behaviour is what the model under test is to do when it is asked [Request].
type Behaviour string

const (
	Talks     Behaviour = "talks"      // says Words
	CallsTool Behaviour = "calls tool" // calls Tool with Arguments; words may come before it
	CallsTwo  Behaviour = "calls two"  // calls Tool with Arguments and with OtherArguments, both in one reply
	Counts    Behaviour = "counts"     // says Words, and that they cost Cost
	TalksOn   Behaviour = "talks on"   // says at least a hundred words; may never end
	Fails     Behaviour = "fails"      // fails, at once or after some words
)

// Words is what a model that [Talks] says: no more, no less, in several deltas.
const Words = "One two three. Four five?"

// Arguments is what [Tool] is to be called with.
const Arguments = `{"what":"sky"}`

// OtherArguments are those of the second call of a model that [CallsTwo].
const OtherArguments = `{"what":"sea"}`

// Cost is what a reply of a model that [Counts] costs.
var Cost = llm.Usage{Input: 31, Cached: 20, Output: 9}

// Tool is offered in every request.
var Tool = llm.Tool{
	Name:        "look",
	Description: "Look at something.",
	Parameters:  json.RawMessage(`{"type":"object","properties":{"what":{"type":"string"}},"required":["what"]}`),
}

// Request is what every test asks.
func Request() llm.Request {
	return llm.Request{
		Messages: []llm.Message{
			{Role: llm.System, Text: "You are being tested."},
			{Role: llm.Assistant, Text: "Hello."},
			{Role: llm.User, Text: "go"},
		},
		Tools: []llm.Tool{Tool},
	}
}

// patience is how long anything may take; nothing here waits on purpose.
const patience = 10 * time.Second

// Run tests the models that make returns: a fresh one for each test, which
// behaves as it is told. make may return nil for a behaviour that its model
// can't have (a script never fails); what it starts it ends with t.Cleanup,
// idle connections too: a goroutine that is left fails the test.
func Run(t *testing.T, make func(t *testing.T, b Behaviour) llm.Model) {
	for _, tt := range []struct {
		claim string
		is    Behaviour
		check func(t *testing.T, m llm.Model)
	}{
		{"text comes in pieces", Talks, textInPieces},
		{"tool calls are whole", CallsTool, toolCallsAreWhole},
		{"two tool calls in one reply keep their order", CallsTwo, twoCalls},
		{"the cost is told", Counts, costIsTold},
		{"an error ends it", Fails, anErrorEndsIt},
		{"it stops when the consumer stops", TalksOn, consumerStops},
		{"it stops when the context ends", TalksOn, contextEnds},
		{"an ended context gets no words", TalksOn, contextEnded},
		{"many calls use it at once", Talks, manyCalls},
		{"it can be asked again after it was stopped", TalksOn, askedAgain},
	} {
		t.Run(tt.claim, func(t *testing.T) {
			here := goleak.IgnoreCurrent()
			t.Cleanup(func() { // after make's own
				if err := goleak.Find(here); err != nil {
					t.Error(err)
				}
			})
			m := make(t, tt.is)
			if m == nil {
				t.Skipf("this model never %s", tt.is)
			}
			tt.check(t, m)
		})
	}
}

// reply is a whole reply, checked for the port's rules on the way.
type reply struct {
	text   string
	deltas int
	calls  []llm.ToolCall
	cost   llm.Usage // what was told last
	err    error
}

// ask reads a reply to its end. each is told of every delta; it may be nil.
func ask(t *testing.T, ctx context.Context, m llm.Model, each func()) (r reply) {
	t.Helper()
	for d, err := range m.Chat(ctx, Request()) {
		if r.err != nil {
			t.Error("something follows an error")
			return r
		}
		if r.err = err; err != nil {
			if d != (llm.Delta{}) {
				t.Errorf("an error comes with %+v", d)
			}
			continue
		}
		if fields(d) != 1 {
			t.Errorf("delta %+v: want exactly one field", d)
		}
		if d.Usage != nil {
			r.cost = *d.Usage
			continue // no news for a caller
		}
		if r.deltas++; d.Call != nil {
			r.calls = append(r.calls, *d.Call)
		}
		r.text += d.Text
		if each != nil {
			each()
		}
	}
	return r
}

// fields is how many fields of d are set.
func fields(d llm.Delta) (n int) {
	for _, set := range []bool{d.Text != "", d.Call != nil, d.Usage != nil} {
		if set {
			n++
		}
	}
	return n
}

func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

func textInPieces(t *testing.T, m llm.Model) {
	r := ask(t, within(t), m, nil)
	if r.err != nil || r.text != Words || r.deltas < 2 || len(r.calls) != 0 {
		t.Errorf("reply = %+v, want %q in at least two deltas", r, Words)
	}
}

func toolCallsAreWhole(t *testing.T, m llm.Model) {
	r := ask(t, within(t), m, nil)
	if r.err != nil || len(r.calls) != 1 {
		t.Fatalf("reply = %+v, want one call", r)
	}
	whole(t, r.calls[0], Arguments)
}

func twoCalls(t *testing.T, m llm.Model) {
	r := ask(t, within(t), m, nil)
	if r.err != nil || len(r.calls) != 2 {
		t.Fatalf("reply = %+v, want two calls", r)
	}
	whole(t, r.calls[0], Arguments)
	whole(t, r.calls[1], OtherArguments)
	if r.calls[0].ID == r.calls[1].ID {
		t.Errorf("both calls are %q", r.calls[0].ID)
	}
}

// whole checks that c is a call of [Tool] with arguments.
func whole(t *testing.T, c llm.ToolCall, arguments string) {
	t.Helper()
	if c.ID == "" || c.Name != Tool.Name || !json.Valid(c.Arguments) || strings.ReplaceAll(string(c.Arguments), " ", "") != arguments {
		t.Errorf("call = %+v (%s), want %s(%s) with an id", c, c.Arguments, Tool.Name, arguments)
	}
}

func costIsTold(t *testing.T, m llm.Model) {
	if r := ask(t, within(t), m, nil); r.err != nil || r.text != Words || r.cost != Cost {
		t.Errorf("reply = %+v, want %q for %+v", r, Words, Cost)
	}
}

func anErrorEndsIt(t *testing.T, m llm.Model) {
	r := ask(t, within(t), m, nil)
	var e *llm.Error
	if !errors.As(r.err, &e) || e.Provider == "" || e.Op == "" || e.Err == nil {
		t.Errorf("err = %v, want an *llm.Error with Provider, Op and Err", r.err)
	}
}

func consumerStops(t *testing.T, m llm.Model) {
	for d, err := range m.Chat(within(t), Request()) {
		if err != nil || d.Text == "" {
			t.Errorf("first delta = %+v, %v", d, err)
		}
		break
	}
}

func contextEnds(t *testing.T, m llm.Model) {
	ctx, cancel := context.WithCancel(within(t))
	defer cancel()
	began := time.Now()
	r := ask(t, ctx, m, cancel)
	if !errors.Is(r.err, context.Canceled) {
		t.Errorf("err = %v, want context.Canceled", r.err)
	}
	if r.deltas > 2 {
		t.Errorf("%d deltas, most of them after the context had ended", r.deltas)
	}
	if took := time.Since(began); took > patience/2 {
		t.Errorf("it took %v to stop", took)
	}
}

func contextEnded(t *testing.T, m llm.Model) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if r := ask(t, ctx, m, nil); !errors.Is(r.err, context.Canceled) || r.deltas != 0 {
		t.Errorf("reply = %+v, want context.Canceled and nothing else", r)
	}
}

func manyCalls(t *testing.T, m llm.Model) {
	ctx := within(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 3 {
				if r := ask(t, ctx, m, nil); r.err != nil || r.text != Words {
					t.Errorf("reply = %+v", r)
				}
			}
		})
	}
	wg.Wait()
}

func askedAgain(t *testing.T, m llm.Model) {
	for range 3 {
		consumerStops(t, m)
	}
}
