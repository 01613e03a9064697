package llmtest

import (
	"net/url"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/llm/chat"
	"github.com/hookswitch/hookswitch/agentcore/provider/providertest"
)

// ClosingModel is a model that lets go of its connections when it is closed.
type ClosingModel interface {
	llm.Model
	Close() error
}

// Wired is a model for [Faults] that serve starts with its configuration changed:
// it talks over wire, with the patience for f, and doesn't try again. When the
// test ends, and before the server does, no connection may be left.
func Wired(t *testing.T, f providertest.Fault, wire *providertest.Wire, serve func(change func(*chat.Config)) ClosingModel) llm.Model {
	m := serve(func(c *chat.Config) {
		base, err := url.Parse(c.BaseURL)
		if err != nil {
			t.Fatal(err)
		}
		base.Host = wire.Listen(t, base.Host)
		c.BaseURL, c.Patience, c.Retries = base.String(), f.Patience(), -1
	})
	t.Cleanup(func() {
		m.Close()
		if !Settles(func() bool { return wire.Open() == 0 }) {
			t.Errorf("%d connections are still open", wire.Open())
		}
	})
	return m
}

// Settles waits until done, for as long as a busy machine may need.
func Settles(done func() bool) bool {
	for until := time.Now().Add(5 * time.Second); time.Now().Before(until); time.Sleep(time.Millisecond) {
		if done() {
			return true
		}
	}
	return false
}
