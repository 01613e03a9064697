package roster_test

import (
	"context"
	"slices"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/roster"
)

// shelf is a small catalog: one of each that works, one of each that doesn't. It
// names the providers whose voices it can't tell.
type shelf []string

func (shelf) ASR(context.Context, string) []roster.Capability {
	return []roster.Capability{{Provider: "ear", Model: "good", Available: true}, {Provider: "ear", Model: "keyless", Why: "it has no key"}}
}

func (shelf) LLM(context.Context, string) []roster.Capability {
	return []roster.Capability{{Provider: "mind", Model: "good", Available: true}}
}

func (s shelf) Voices(context.Context, string) (roster.Voices, error) {
	return roster.Voices{List: []roster.Voice{{UUID: "abc123"}}, Partial: s}, nil
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
		"ears without a key, and others with one": {whole(func(d *roster.Definition) {
			d.ASR.Model, d.ASR.Fallbacks = "keyless", []roster.Choice{{"ear", "gone"}, {"ear", "good"}}
		}), nil},
		"no ears with a key": {whole(func(d *roster.Definition) {
			d.ASR.Model, d.ASR.Fallbacks = "keyless", []roster.Choice{{"ear", "gone"}}
		}), []string{"Agent ASR 'ear/keyless' is not available: it has no key", "Agent ASR 'ear/gone' is not available: it is not in the list of capabilities"}},
		"a model that went away, and another": {whole(func(d *roster.Definition) {
			d.LLM.Model, d.LLM.Fallbacks = &old, []roster.Choice{{"mind", "good"}}
		}), nil},
		"a voice that went away, and another": {whole(func(d *roster.Definition) { d.VoiceUUID, d.FallbackVoices = "gone", []string{"abc123"} }), nil},
		"no turn, and a model that went away": {whole(func(d *roster.Definition) { d.Turn, d.LLM.Model = nil, &old }),
			[]string{"Agent turn configuration is missing", "Agent LLM 'mind/old' is not available: it is not in the list of capabilities"}},
	} {
		t.Run(claim, func(t *testing.T) {
			got, err := roster.Unfit(t.Context(), shelf(nil), roster.Agent{Definition: tt.d})
			if err != nil || !slices.Equal(got, tt.want) {
				t.Errorf("Unfit() = %q, %v, want %q", got, err, tt.want)
			}
		})
	}
}

func TestAVoiceWhoseListCanNotBeHadIsTriedIfItIsClearWhose(t *testing.T) {
	mind, good := "mind", "good"
	a := roster.Agent{Definition: roster.Definition{VoiceUUID: "r1", ASR: &roster.ASR{Provider: "ear", Model: "good"}, Turn: &roster.Turn{},
		LLM: &roster.LLM{Provider: &mind, Model: &good}}}
	if got, err := roster.Unfit(t.Context(), shelf{"resemble"}, a); err != nil || got != nil {
		t.Errorf("Unfit(one list is missing) = %q, %v", got, err)
	}
	want := []string{"Agent TTS voice 'r1' is not available: it is not in the list of voices, and those of resemble, rime can't be looked through now"}
	if got, err := roster.Unfit(t.Context(), shelf{"resemble", "rime"}, a); err != nil || !slices.Equal(got, want) {
		t.Errorf("Unfit(two are) = %q, %v, want %q", got, err, want)
	}
}
