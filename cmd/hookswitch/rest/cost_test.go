package rest_test

import (
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/cost"
	"github.com/hookswitch/hookswitch/telephony"
)

// used is what a reply used.
func used(input, cached, letters float64) agentcore.Used {
	return agentcore.Used{Uses: cost.Usage(nil).With(
		cost.Use{Stage: "model", Provider: "openai", Unit: "input_tokens", N: cost.Of(input)},
		cost.Use{Stage: "model", Provider: "openai", Unit: "cached_tokens", N: cost.Of(cached)},
		cost.Use{Stage: "voice", Provider: "rime", Unit: "characters", N: cost.Of(letters)},
		cost.Use{Stage: "recogniser", Provider: "deepgram", Unit: "audio_seconds", N: cost.Of(12.34)})}
}

func TestACallShowsWhatItUsedAndWhatItCost(t *testing.T) {
	o := staff(t)
	table, err := cost.Parse("model/openai/input_tokens=0.00015,model/openai/cached_tokens=0.000075,voice/rime/characters=0.03")
	if err != nil {
		t.Fatal(err)
	}
	o.db.Price(table, nil)
	call := o.ring("call_1")
	o.answer(call)
	o.ok("GET", "/api/v2/calls/call_1", "").wants("item.usage", `[]`)
	o.write(call, used(1000, 600, 100))
	a := o.ok("GET", "/api/v2/calls/call_1", "")
	a.wants("item.cost", `null`)
	a.wants("item.usage", `[{"stage":"model","provider":"openai","unit":"cached_tokens","quantity":600},{"stage":"model","provider":"openai","unit":"input_tokens","quantity":1000},
		{"stage":"recogniser","provider":"deepgram","unit":"audio_seconds","quantity":12.34},{"stage":"voice","provider":"rime","unit":"characters","quantity":100}]`)
	o.write(call, used(1000, 600, 100), agentcore.Ended{Reason: telephony.CallerHangup})
	o.ok("GET", "/api/v2/calls/call_1", "").wants("item.cost", `{"total_usd":0.00621,"parts":[
		{"stage":"model","provider":"openai","unit":"cached_tokens","quantity":1200,"usd":0.00009},
		{"stage":"model","provider":"openai","unit":"input_tokens","quantity":800,"usd":0.00012},
		{"stage":"voice","provider":"rime","unit":"characters","quantity":200,"usd":0.006}],"unpriced":["recogniser/deepgram/audio_seconds"]}`)
	list := o.ok("GET", "/api/v2/calls", "")
	list.wants("items.0.cost", `{"total_usd":0.00621}`)
	if strings.Contains(list.text, `"usage"`) {
		t.Errorf("a list tells usage: %s", list.text)
	}
}

func TestACallWithoutPricesCostsNull(t *testing.T) {
	o := staff(t)
	call := o.ring("call_1")
	o.answer(call)
	o.write(call, used(10, 0, 5), agentcore.Ended{Reason: telephony.CallerHangup})
	a := o.ok("GET", "/api/v2/calls/call_1", "")
	a.wants("item.cost", `null`)
	a.wants("item.usage.0", `{"stage":"model","provider":"openai","unit":"input_tokens","quantity":10}`)
}
