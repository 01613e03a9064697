package meter

import (
	"context"
	"iter"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/provider"
)

// Model tells meter what m does. A reply is timed to its first piece and to its
// end; what the consumer takes for each piece does not count. Tokens are counted
// also of replies that fail or are broken off, if the model told them by then.
func Model(m llm.Model, name string, meter Meter) llm.Model {
	return &model{m, gauge{meter, string(provider.Model), name}}
}

type model struct {
	llm.Model
	g gauge
}

func (m *model) String() string { return text(m.Model) }

// Chat implements [llm.Model].
func (m *model) Chat(ctx context.Context, r llm.Request) iter.Seq2[llm.Delta, error] {
	return func(yield func(llm.Delta, error) bool) {
		m.g.asked()
		began, first, usage := time.Now(), true, llm.Usage{}
		defer func() {
			m.g.used(provider.InputTokens, float64(usage.Input))
			m.g.used(provider.CachedTokens, float64(usage.Cached))
			m.g.used(provider.OutputTokens, float64(usage.Output))
		}()
		for d, err := range m.Model.Chat(ctx, r) {
			switch {
			case err != nil:
				if ctx.Err() == nil {
					m.g.failed(err)
				}
			case d.Usage != nil:
				usage = *d.Usage
			case first:
				first = false
				m.g.first(time.Since(began))
			}
			given := time.Now()
			if !yield(d, err) || err != nil {
				return
			}
			began = began.Add(time.Since(given))
		}
		m.g.took(time.Since(began))
	}
}
