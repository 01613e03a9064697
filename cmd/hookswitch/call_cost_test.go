package main

import (
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/cost"
	"github.com/hookswitch/hookswitch/telephony"
)

func TestACallTellsWhatItCost(t *testing.T) {
	g := newGateway(t)
	table, err := cost.Parse("model/openai/input_tokens=0.00015,voice/rime/characters=0.03,recogniser/*/*=0")
	if err != nil {
		t.Fatal(err)
	}
	g.db.Price(table, nil)
	call := g.ring("call_7q2faaaaaaaa")
	g.answer(call)
	g.write(call, agentcore.Used{Uses: cost.Usage(nil).With(
		cost.Use{Stage: "model", Provider: "openai", Unit: "input_tokens", N: cost.Of(2000)}, cost.Use{Stage: "model", Provider: "openai", Unit: "output_tokens", N: cost.Of(20)},
		cost.Use{Stage: "voice", Provider: "rime", Unit: "characters", N: cost.Of(200)}, cost.Use{Stage: "recogniser", Provider: "deepgram", Unit: "audio_seconds", N: cost.Of(3)})})
	if out := g.ok("call", "get", "7q2f", "-o", "table"); strings.Contains(out, "cost") {
		t.Errorf("a call that goes on tells a cost:\n%s", out)
	}
	g.write(call, agentcore.Ended{Reason: telephony.CallerHangup})
	out := g.ok("call", "get", "7q2f", "-o", "table")
	for _, want := range []string{"cost      $0.0063\n", "part      $0.0003 model openai 2000 input tokens\n", "part      $0.006 voice rime 200 characters\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("call get does not say %q:\n%s", want, out)
		}
	}
	if !strings.Contains(out, "unpriced  ") || !strings.Contains(out, "model/openai/output_tokens") || strings.Contains(out, "deepgram") {
		t.Errorf("call get:\n%s", out)
	}
}
