package server

import (
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/vars"
)

// The API takes any number that JSON can write. One that no float holds must not
// keep the agent from answering, nor may an account lose its last digits.
func TestNumbersOfVariablesAreAsTheyWereWritten(t *testing.T) {
	p, err := new(Server).person(t.Context(), dispatch.Record{Variables: `{"account":12345678901234567890,"large":1e999}`})
	if err != nil {
		t.Fatal(err)
	}
	if got := p.vars.Fill("{{account}} {{large}}", nil); got != "12345678901234567890 1e999" {
		t.Errorf("the agent says %q", got)
	}
	if p, err = new(Server).person(t.Context(), dispatch.Record{}); err != nil || p.vars == nil {
		t.Errorf("without variables: %v, %v, want %v", p.vars, err, vars.Set{})
	}
}
