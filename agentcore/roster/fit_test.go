package roster_test

import (
	"context"
	"slices"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/roster"
)

// shelf is a small catalog: one of each that works, one of each that doesn't.
type shelf struct{}

func (shelf) ASR(context.Context, string) []roster.Capability {
	return []roster.Capability{{Provider: "ear", Model: "good", Available: true}, {Provider: "ear", Model: "keyless", Why: "it has no key"}}
}

func (shelf) LLM(context.Context, string) []roster.Capability {
	return []roster.Capability{{Provider: "mind", Model: "good", Available: true}}
}

func (shelf) Voices(context.Context, string) (roster.Voices, error) {
	return roster.Voices{List: []roster.Voice{{UUID: "abc123"}}}, nil
}

func TestWhatKeepsAnAgentFromTakingCalls(t *testing.T) {
	whole := func(change func(*roster.Definition)) roster.Definition {
		mind, good := "mind", "good"
		d := roster.Definition{VoiceUUID: "abc123", ASR: &roster.ASR{Provider: "ear", Model: "good"}, Turn: &roster.Turn{},
			LLM: &roster.LLM{Provider: &mind, Model: &good}}
		change(&d)
		return d
	}
	old := "old"
	for claim, tt := range map[string]struct {
		d    roster.Definition
		want []string
	}{
		"nothing": {whole(func(*roster.Definition) {}), nil},
		"no ears, no voice": {whole(func(d *roster.Definition) { d.ASR, d.VoiceUUID = nil, "" }),
			[]string{"Agent ASR configuration is missing", "Agent TTS configuration is missing"}},
		"ears without a key": {whole(func(d *roster.Definition) { d.ASR.Model = "keyless" }),
			[]string{"Agent ASR 'ear/keyless' is not available: it has no key"}},
		"a model that went away": {whole(func(d *roster.Definition) { d.LLM.Model = &old }),
			[]string{"Agent LLM 'mind/old' is not available: it is not in the list of capabilities"}},
		"a voice that went away": {whole(func(d *roster.Definition) { d.VoiceUUID = "abc124" }),
			[]string{"Agent TTS voice 'abc124' is not available: it is not in the list of voices"}},
	} {
		t.Run(claim, func(t *testing.T) {
			got, err := roster.Unfit(t.Context(), shelf{}, roster.Agent{Definition: tt.d})
			if err != nil || !slices.Equal(got, tt.want) {
				t.Errorf("Unfit() = %q, %v, want %q", got, err, tt.want)
			}
		})
	}
}
