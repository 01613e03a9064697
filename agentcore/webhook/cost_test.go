package webhook

import (
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/cost"
)

// Receivers are told what a call cost, in dollars.
func TestAPostCallTellsTheCost(t *testing.T) {
	table, err := cost.Parse("model/openai/input_tokens=0.00015,carrier/inbound/minute=0.0085")
	if err != nil {
		t.Fatal(err)
	}
	b, _ := table.Bill(cost.Usage(nil).With(
		cost.Use{Stage: "model", Provider: "openai", Unit: "input_tokens", N: cost.Of(2000)},
		cost.Use{Stage: "voice", Provider: "rime", Unit: "characters", N: cost.Of(20)},
		cost.Use{Stage: cost.Carrier, Provider: "inbound", Unit: cost.Minute, N: cost.Of(2)}))
	call := finished
	call.Cost = b.Encode()
	e, err := ending(matter{call: call}, "")
	if err != nil {
		t.Fatal(err)
	}
	want := `"cost":{"total_usd":0.0173,"parts":[{"stage":"carrier","provider":"inbound","unit":"minute","quantity":2,"usd":0.017},` +
		`{"stage":"model","provider":"openai","unit":"input_tokens","quantity":2000,"usd":0.0003}],"unpriced":["voice/rime/characters"]}`
	if got, err := encode(e); err != nil || !strings.Contains(string(got), want) {
		t.Errorf("post_call event\n%s, %v, want in it\n%s", got, err, want)
	}
}
