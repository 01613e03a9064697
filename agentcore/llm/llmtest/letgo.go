package llmtest

import (
	"context"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/llm"
)

// letGo is how long a server may take to see that nobody listens any more: 50 ms
// is what is wanted, and what [BenchmarkLetGo] tells; the rest is for a machine
// with other things to do.
const letGo = 10 * time.Second

// LetsGo tests that a model that [TalksOn] lets go of its provider's stream,
// not only of its consumer: gone is closed when the server that is played sees
// that the request has ended. make is called for each test.
func LetsGo(t *testing.T, make func(t testing.TB) (m llm.Model, gone <-chan struct{})) {
	t.Run("when the context ends", func(t *testing.T) {
		m, gone := make(t)
		hangUp(t, m, gone)
	})
	t.Run("when the consumer stops", func(t *testing.T) {
		m, gone := make(t)
		consumerStops(t, m)
		wait(t, gone)
	})
}

// BenchmarkLetGo measures how long it takes from the end of the context until
// the server knows.
func BenchmarkLetGo(b *testing.B, make func(t testing.TB) (m llm.Model, gone <-chan struct{})) {
	var all time.Duration
	for range b.N {
		b.StopTimer()
		m, gone := make(b)
		b.StartTimer()
		all += hangUp(b, m, gone)
	}
	b.ReportMetric(float64(all.Microseconds())/1000/float64(b.N), "ms/letgo")
}

// hangUp ends the context in mid-reply, and says how long it took until the
// server knew.
func hangUp(t testing.TB, m llm.Model, gone <-chan struct{}) time.Duration {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var ended time.Time
	for d := range m.Chat(ctx, Request()) {
		if d.Text != "" && ended.IsZero() {
			ended = time.Now()
			cancel()
		}
	}
	if ended.IsZero() {
		t.Fatal("not a word came")
	}
	wait(t, gone)
	return time.Since(ended)
}

func wait(t testing.TB, gone <-chan struct{}) {
	t.Helper()
	select {
	case <-gone:
	case <-time.After(letGo):
		t.Errorf("after %v the server still talks", letGo)
	}
}
