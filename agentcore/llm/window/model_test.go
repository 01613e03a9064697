package window_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/llm/llmtest"
	"github.com/hookswitch/hookswitch/agentcore/llm/window"
	"github.com/hookswitch/hookswitch/agentcore/provider"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// reader reads at most room messages, and says "yes" to them.
type reader struct {
	room   int
	before string // said before it finds out that it is too much
	class  provider.Class
	code   string
	asked  *[]llm.Request
	closed *bool
}

func (r reader) Chat(_ context.Context, req llm.Request) iter.Seq2[llm.Delta, error] {
	return func(yield func(llm.Delta, error) bool) {
		*r.asked = append(*r.asked, req)
		if len(req.Messages) <= r.room {
			if yield(llm.Delta{Text: "yes"}, nil) {
				yield(llm.Delta{Usage: &llm.Usage{Input: 1}}, nil)
			}
			return
		}
		if r.before != "" && !yield(llm.Delta{Text: r.before}, nil) {
			return
		}
		yield(llm.Delta{}, provider.New("reader", "chat", r.class, &provider.StatusError{Status: 400, Code: r.code}))
	}
}

func (r reader) String() string { return "reader 1" }
func (r reader) Close() error   { *r.closed = true; return nil }

// call is one of four turns, of which each message but the first has 58 tokens.
func call() llm.Request {
	long := strings.Repeat("word ", 30)
	return llm.Request{Messages: []llm.Message{sys("p"), user(long), agent(long), user(long), agent(long), user(long), agent(long), user(long)}}
}

func TestWhatTheProviderFindsTooLongIsAskedOnceMore(t *testing.T) {
	const code = "context_length_exceeded"
	for _, tt := range []struct {
		name     string
		reader   reader
		messages int // 0: the whole call
		most     int
		text     string
		err      bool
		dropped  []int
		requests int
	}{
		{"it fits", reader{room: 8, code: code}, 0, 0, "yes", false, nil, 1},
		{"trimmed before it is asked", reader{room: 5, code: code}, 0, 300, "yes", false, []int{4}, 1},
		{"half is asked for", reader{room: 5, class: provider.Refused, code: code}, 0, 0, "yes", false, []int{6}, 2},
		{"half of what was trimmed", reader{room: 3, class: provider.Refused, code: "exceed_context_size_error"}, 0, 400, "yes", false, []int{2, 6}, 2},
		{"once only", reader{room: 1, class: provider.Refused, code: code}, 0, 0, "", true, []int{6}, 2},
		{"not when words were said", reader{room: 5, before: "Well", class: provider.Refused, code: code}, 0, 0, "Well", true, nil, 1},
		{"not when there is nothing to leave out", reader{room: 1, class: provider.Refused, code: code}, 2, 0, "", true, nil, 1},
		{"not for another code", reader{room: 5, class: provider.Refused, code: "invalid_request_error"}, 0, 0, "", true, nil, 1},
		{"not for another class", reader{room: 5, class: provider.Quota, code: code}, 0, 0, "", true, nil, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var asked []llm.Request
			var dropped []int
			tt.reader.asked = &asked
			m := window.New(tt.reader, tt.most, func(n int) { dropped = append(dropped, n) })
			r := call()
			if tt.messages > 0 {
				r.Messages = r.Messages[:tt.messages]
			}
			var text string
			var failed error
			for d, err := range m.Chat(t.Context(), r) {
				text += d.Text
				failed = err
			}
			if text != tt.text || (failed != nil) != tt.err || !slices.Equal(dropped, tt.dropped) || len(asked) != tt.requests {
				t.Errorf("said %q, err %v, dropped %v, %d requests; want %q, %v, %v, %d", text, failed, dropped, len(asked), tt.text, tt.err, tt.dropped, tt.requests)
			}
			if failed != nil && !errors.As(failed, new(*provider.Error)) {
				t.Errorf("err = %v, want the provider's own", failed)
			}
		})
	}
}

func TestAConsumerThatStopsEndsIt(t *testing.T) {
	var asked []llm.Request
	m := window.New(reader{room: 5, class: provider.Refused, code: "context_length_exceeded", asked: &asked}, 0, nil)
	for d := range m.Chat(t.Context(), call()) {
		if d.Text != "yes" {
			t.Errorf("delta = %+v", d)
		}
		break
	}
	if len(asked) != 2 {
		t.Errorf("%d requests, want 2", len(asked))
	}
}

func TestNameAndCloseAreThoseOfTheModelInside(t *testing.T) {
	closed := false
	m := window.New(reader{closed: &closed}, 100, nil)
	if err := m.Close(); m.String() != "reader 1" || err != nil || !closed {
		t.Errorf("String() = %q, Close() = %v, closed %v", m.String(), err, closed)
	}
	m = window.New(bare{}, 100, nil)
	if err := m.Close(); m.String() != "window_test.bare" || err != nil {
		t.Errorf("String() = %q, Close() = %v", m.String(), err)
	}
}

// bare is a model with neither a name nor a way to close it.
type bare struct{}

func (bare) Chat(context.Context, llm.Request) iter.Seq2[llm.Delta, error] {
	return func(yield func(llm.Delta, error) bool) { yield(llm.Delta{Text: llmtest.Words}, nil) }
}

func TestWindowIsAModel(t *testing.T) {
	llmtest.Run(t, func(_ *testing.T, b llmtest.Behaviour) llm.Model {
		p, ok := map[llmtest.Behaviour]llm.Model{
			llmtest.Talks:   talker{[]string{"One two three. ", "Four five?"}},
			llmtest.TalksOn: talker{slices.Repeat([]string{"word "}, 150)},
			llmtest.Fails:   reader{class: provider.Unavailable, asked: new([]llm.Request)},
		}[b]
		if !ok {
			return nil
		}
		return window.New(p, 1000, nil)
	})
}

// talker says words.
type talker struct{ words []string }

func (m talker) Chat(ctx context.Context, _ llm.Request) iter.Seq2[llm.Delta, error] {
	return func(yield func(llm.Delta, error) bool) {
		for _, w := range m.words {
			if err := ctx.Err(); err != nil {
				yield(llm.Delta{}, err)
				return
			}
			if !yield(llm.Delta{Text: w}, nil) {
				return
			}
		}
	}
}
