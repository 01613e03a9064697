package llmtest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/provider/providertest"
)

// What must never be in an error's text. A model under test has [Key] as its
// key, and the server that is played writes both into what it answers.
const (
	Key     = "sk-very-secret"
	Private = "see my notes on Tuesday"
)

// Faults tests that m, made for each fault of package providertest, fails as
// that fault must be told, in bounded time, and says no word that was not sent;
// and that what is only slow or comes all at once is a whole reply of [Words].
// The model's patience is [providertest.Patience], and it doesn't try again by
// itself. make returns nil for a fault that its provider can't have.
func Faults(t *testing.T, make func(t *testing.T, f providertest.Fault) llm.Model) {
	for _, f := range append(slices.Clone(providertest.Faults), providertest.Slow, providertest.Fast) {
		t.Run(string(f), func(t *testing.T) {
			here := goleak.IgnoreCurrent()
			t.Cleanup(func() { // after make's own
				if err := goleak.Find(here); err != nil {
					t.Error(err)
				}
			})
			m := make(t, f)
			if m == nil {
				t.Skip("this provider can't have that")
			}
			began := time.Now()
			r := ask(t, within(t), m, nil)
			if took := time.Since(began); took > patience/2 {
				t.Errorf("it took %v to end", took)
			}
			if f == providertest.Slow || f == providertest.Fast {
				if r.err != nil || r.text != Words {
					t.Errorf("reply = %+v, want %q", r, Words)
				}
				return
			}
			providertest.Check(t, f, r.err, Key, Private, "127.0.0.1")
			if !strings.HasPrefix(Words, r.text) || len(r.calls) != 0 {
				t.Errorf("reply = %+v: want words of %q and no call", r, Words)
			}
		})
	}
}
