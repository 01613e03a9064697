package trillet

import (
	"maps"

	"github.com/hookswitch/hookswitch/agentcore/roster"
)

// dialectName is under what an agent keeps the dialect's words.
const dialectName = "trillet"

// words are what an agent was asked for, in the words of the dialect, each with
// what it came to: once the agent is something else, because another door changed
// it, the word is no longer its.
type words struct {
	TTS      tts
	Voice    string         // that TTS came to: a UUID
	LLM      string         // llmModel
	Model    string         // that LLM came to: "openai/gpt-4o"
	Settings map[string]any // but temperature, which the agent has
}

// tts is ttsModel.
type tts struct{ Provider, VoiceID, Name, Language string }

// wordsOf are those of an agent, as far as they hold.
func (t Table) wordsOf(d roster.Definition, voices roster.Voices) words {
	kept, _ := d.Dialects[dialectName].(map[string]any)
	w := words{Voice: d.VoiceUUID, Settings: map[string]any{}}
	model, _ := kept["model"].(string)
	if w.Model = modelOf(d); w.Model != "" && w.Model == model {
		w.LLM, _ = kept["llmModel"].(string)
	} else if d.LLM != nil && d.LLM.Provider != nil && d.LLM.Model != nil {
		w.LLM = t.modelWord(roster.Choice{Provider: *d.LLM.Provider, Model: *d.LLM.Model})
	}
	set, _ := kept["ttsModel"].(map[string]any)
	if voice, _ := kept["voice"].(string); voice == d.VoiceUUID && voice != "" {
		w.TTS.Provider, _ = set["provider"].(string)
		w.TTS.VoiceID, _ = set["voiceId"].(string)
		w.TTS.Name, _ = set["name"].(string)
		w.TTS.Language, _ = set["language"].(string)
	} else {
		_, keyed := d.Keys[byoKeyOf]
		w.TTS.Provider, w.TTS.VoiceID, w.TTS.Name = t.voiceWord(d.VoiceUUID, keyed, voices)
		w.TTS.Language = "en"
	}
	if settings, ok := kept["settings"].(map[string]any); ok {
		w.Settings = maps.Clone(settings)
	}
	return w
}

// keep returns d with w. d stays as it is.
func (w words) keep(d roster.Definition) roster.Definition {
	d.Dialects = maps.Clone(d.Dialects)
	if d.Dialects == nil {
		d.Dialects = map[string]any{}
	}
	d.Dialects[dialectName] = map[string]any{
		"ttsModel": map[string]any{"provider": w.TTS.Provider, "voiceId": w.TTS.VoiceID, "name": w.TTS.Name, "language": w.TTS.Language},
		"voice":    d.VoiceUUID, "llmModel": w.LLM, "model": modelOf(d), "settings": w.Settings,
	}
	return d
}

// modelOf is provider/model of an agent; empty when it has none.
func modelOf(d roster.Definition) string {
	if d.LLM == nil || d.LLM.Provider == nil || d.LLM.Model == nil {
		return ""
	}
	return *d.LLM.Provider + "/" + *d.LLM.Model
}
