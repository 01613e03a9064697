package roster_test

import (
	"slices"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/roster"
)

func TestWhoWritesNeedsAModelAndNothingElse(t *testing.T) {
	mind, good, old := "mind", "good", "old"
	for claim, tt := range map[string]struct {
		llm  *roster.LLM
		want []string
	}{
		"a model":                  {&roster.LLM{Provider: &mind, Model: &good}, nil},
		"none":                     {nil, []string{"Agent LLM configuration is missing"}},
		"half of one":              {&roster.LLM{Provider: &mind}, []string{"Agent LLM configuration is missing"}},
		"one that went away":       {&roster.LLM{Provider: &mind, Model: &old}, []string{"Agent LLM 'mind/old' is not available: it is not in the list of capabilities"}},
		"that, and one that works": {&roster.LLM{Provider: &mind, Model: &old, Fallbacks: []roster.Choice{{Provider: "mind", Model: "good"}}}, nil},
	} {
		got := roster.UnfitToWrite(t.Context(), shelf(nil), roster.Agent{Definition: roster.Definition{LLM: tt.llm}})
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", claim, got, tt.want)
		}
	}
}
