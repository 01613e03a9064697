package window

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/provider"
)

// Model is a model that is never told more than it can read. It is an
// [llm.Model].
type Model struct {
	model   llm.Model
	most    int
	dropped func(n int)
}

// New makes of m a model that reads at most most tokens, as [Tokens] counts
// them; leave room for the reply. Zero or less is no bound: then only a provider
// that says that it was too much makes it less. dropped is told, before each
// request that is cut short, how many messages are left out of it, by whatever
// goroutine asks; it may be nil.
func New(m llm.Model, most int, dropped func(n int)) *Model {
	if dropped == nil {
		dropped = func(int) {}
	}
	return &Model{m, most, dropped}
}

// Chat implements [llm.Model]. When the provider finds the request too long all
// the same, it is asked once more with half of it, unless something of a reply
// was there.
func (m *Model) Chat(ctx context.Context, r llm.Request) iter.Seq2[llm.Delta, error] {
	return func(yield func(llm.Delta, error) bool) {
		sent, gone := Trim(r, m.most)
		if gone > 0 {
			m.dropped(gone)
		}
		began := false
		var tooLong error
		for d, err := range m.model.Chat(ctx, sent) {
			if err != nil && !began && TooLong(err) {
				tooLong = err
				break
			}
			began = true
			if !yield(d, err) {
				return
			}
		}
		if tooLong == nil {
			return
		}
		half, less := Trim(r, Tokens(sent)/2)
		if less <= gone { // nothing more can be left out
			yield(llm.Delta{}, tooLong)
			return
		}
		m.dropped(less)
		m.model.Chat(ctx, half)(yield)
	}
}

// tooLong are the codes with which a request is refused that is more than the
// model can read: that of OpenAI, which package provider gives to most others,
// llama.cpp's, and that of Anthropic's status 413.
var tooLong = []string{provider.TooLong, "exceed_context_size_error", "request_too_large"}

// TooLong reports whether err is a provider that was told more than its model
// can read.
func TooLong(err error) bool {
	var e *provider.Error
	var status *provider.StatusError
	return errors.As(err, &e) && e.Class == provider.Refused && errors.As(e.Err, &status) && slices.Contains(tooLong, status.Code)
}

// String is that of the model inside.
func (m *Model) String() string {
	if s, ok := m.model.(fmt.Stringer); ok {
		return s.String()
	}
	return fmt.Sprintf("%T", m.model)
}

// Close closes the model inside, if it can be closed.
func (m *Model) Close() error {
	if c, ok := m.model.(io.Closer); ok {
		return c.Close()
	}
	return nil
}
