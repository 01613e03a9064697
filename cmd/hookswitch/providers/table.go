package providers

import (
	"context"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/asr/assemblyai"
	hearing "github.com/hookswitch/hookswitch/agentcore/asr/deepgram"
	"github.com/hookswitch/hookswitch/agentcore/asr/realtime"
	"github.com/hookswitch/hookswitch/agentcore/asr/whisper"
	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/llm/anthropic"
	"github.com/hookswitch/hookswitch/agentcore/llm/gemini"
	thinking "github.com/hookswitch/hookswitch/agentcore/llm/openai"
	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/agentcore/tts/cartesia"
	aura "github.com/hookswitch/hookswitch/agentcore/tts/deepgram"
	"github.com/hookswitch/hookswitch/agentcore/tts/elevenlabs"
	speaking "github.com/hookswitch/hookswitch/agentcore/tts/openai"
	"github.com/hookswitch/hookswitch/agentcore/tts/resemble"
	"github.com/hookswitch/hookswitch/agentcore/tts/rime"
)

// Table is every provider, in the order in which people read them. Nobody
// changes it.
var Table = []Provider{
	{Name: "deepgram", Title: "Deepgram",
		Hears: &Hears{Models: hearing.Models, Formats: hearing.Formats, Prices: hearing.Prices,
			New: func(a Access, h Hearing) (asr.Recognizer, error) {
				return hearing.New(hearing.Config{BaseURL: a.BaseURL, Key: a.Key, Patience: a.Patience, Model: h.Model, Format: h.Format, OptOut: a.OptOut})
			}},
		Speaks: &Speaks{Prices: aura.Prices,
			New: func(a Access, voice string) (Voice, error) {
				return aura.New(aura.Config{BaseURL: a.BaseURL, Key: a.Key, Patience: a.Patience, Model: voice})
			},
			Voices: func(ctx context.Context, a Access) ([]tts.Info, error) {
				return aura.Voices(ctx, aura.Config{BaseURL: a.BaseURL, Key: a.Key, Patience: a.Patience})
			},
			Model: func(Access) string { return aura.DefaultModel }}},
	{Name: "assemblyai", Title: "AssemblyAI",
		Hears: &Hears{Models: assemblyai.Models, Formats: assemblyai.Formats, Prices: assemblyai.Prices,
			New: func(a Access, h Hearing) (asr.Recognizer, error) {
				return assemblyai.New(assemblyai.Config{BaseURL: a.BaseURL, Key: a.Key, Patience: a.Patience, Model: h.Model, Format: h.Format})
			}}},
	{Name: "openai", Title: "OpenAI", Keyless: true, Home: "openai.com", Imitated: true,
		Hears: &Hears{Models: realtime.Models, Formats: realtime.Formats, Prices: realtime.Prices,
			New: func(a Access, h Hearing) (asr.Recognizer, error) {
				return realtime.New(realtime.Config{BaseURL: a.BaseURL, Key: a.Key, Patience: a.Patience, Model: h.Model, Format: h.Format})
			}},
		Thinks: &Thinks{Models: thinking.Models, Prices: thinking.Prices, Window: func(string) int { return 120_000 },
			New: func(a Access, t Thinking) (llm.Model, error) {
				return thinking.New(thinking.Config{BaseURL: a.BaseURL, Key: a.Key, Patience: a.Patience, Model: t.Model, Temperature: t.Temperature,
					ReasoningEffort: t.Effort, Retries: t.retries(), HTTP: a.HTTP, Log: a.Log})
			}},
		Speaks: &Speaks{Prices: speaking.Prices,
			New: func(a Access, voice string) (Voice, error) {
				return speaking.New(speaking.Config{BaseURL: a.BaseURL, Key: a.Key, Patience: a.Patience, Model: a.Model, Voice: voice})
			},
			Voices: func(ctx context.Context, a Access) ([]tts.Info, error) {
				return speaking.Voices(ctx, speaking.Config{BaseURL: a.BaseURL, Key: a.Key, Patience: a.Patience, Model: a.Model})
			},
			Model: modelOr(speaking.DefaultModel)}},
	{Name: "whisper", Title: "Whisper", Keyless: true,
		Hears: &Hears{Models: whisper.Models, Formats: whisper.Formats, Prices: whisper.Prices,
			New: func(a Access, h Hearing) (asr.Recognizer, error) {
				return whisper.New(whisper.Config{BaseURL: a.BaseURL, Key: a.Key, Patience: a.Patience, Model: h.Model, Format: h.Format})
			}}},
	{Name: "anthropic", Title: "Anthropic",
		Thinks: &Thinks{Models: anthropic.Models, Prices: anthropic.Prices, Window: func(string) int { return 190_000 },
			New: func(a Access, t Thinking) (llm.Model, error) {
				return anthropic.New(anthropic.Config{BaseURL: a.BaseURL, Key: a.Key, Patience: a.Patience, Model: t.Model, Temperature: t.Temperature,
					ReasoningEffort: t.Effort, Retries: t.retries(), HTTP: a.HTTP, Log: a.Log})
			}}},
	{Name: "gemini", Title: "Gemini",
		Thinks: &Thinks{Models: gemini.Models, Prices: gemini.Prices, Window: func(string) int { return gemini.Window - 32_000 },
			New: func(a Access, t Thinking) (llm.Model, error) {
				return gemini.New(gemini.Config{BaseURL: a.BaseURL, Key: a.Key, Patience: a.Patience, Model: t.Model, Temperature: t.Temperature,
					ReasoningEffort: t.Effort, Retries: t.retries(), HTTP: a.HTTP, Log: a.Log})
			}}},
	{Name: "resemble", Title: "Resemble",
		Speaks: &Speaks{Prices: resemble.Prices,
			New: func(a Access, voice string) (Voice, error) {
				return resemble.New(resemble.Config{BaseURL: a.BaseURL, Key: a.Key, Patience: a.Patience, Voice: voice})
			},
			Voices: func(ctx context.Context, a Access) ([]tts.Info, error) {
				return resemble.Voices(ctx, resemble.Config{BaseURL: a.BaseURL, Key: a.Key, Patience: a.Patience})
			},
			Model: modelOr("")}},
	{Name: "elevenlabs", Title: "ElevenLabs",
		Speaks: &Speaks{Prices: elevenlabs.Prices,
			New: func(a Access, voice string) (Voice, error) {
				return elevenlabs.New(elevenlabs.Config{BaseURL: a.BaseURL, Key: a.Key, Patience: a.Patience, Model: a.Model, Voice: voice})
			},
			Voices: func(ctx context.Context, a Access) ([]tts.Info, error) {
				return elevenlabs.Voices(ctx, elevenlabs.Config{BaseURL: a.BaseURL, Key: a.Key, Patience: a.Patience})
			},
			Model: modelOr(elevenlabs.DefaultModel)}},
	{Name: "cartesia", Title: "Cartesia",
		Speaks: &Speaks{Prices: cartesia.Prices,
			New: func(a Access, voice string) (Voice, error) {
				return cartesia.New(cartesia.Config{BaseURL: a.BaseURL, Key: a.Key, Patience: a.Patience, Model: a.Model, Voice: voice})
			},
			Voices: func(ctx context.Context, a Access) ([]tts.Info, error) {
				return cartesia.Voices(ctx, cartesia.Config{BaseURL: a.BaseURL, Key: a.Key, Patience: a.Patience})
			},
			Model: modelOr(cartesia.DefaultModel)}},
	{Name: "rime", Title: "Rime",
		Speaks: &Speaks{Prices: rime.Prices,
			New: func(a Access, voice string) (Voice, error) {
				return rime.New(rime.Config{BaseURL: a.BaseURL, Key: a.Key, Patience: a.Patience, Model: a.Model, Voice: voice})
			},
			Voices: func(ctx context.Context, a Access) ([]tts.Info, error) {
				return rime.Voices(ctx, rime.Config{BaseURL: a.BaseURL, Key: a.Key, Patience: a.Patience, Model: a.Model})
			},
			Model: modelOr(rime.DefaultModel)}},
}

// modelOr is the model that speaks: the settings', or the adapter's default.
func modelOr(other string) func(Access) string {
	return func(a Access) string {
		if a.Model != "" {
			return a.Model
		}
		return other
	}
}

// retries is how often a model tries again by itself: not at all when another is
// there to take over.
func (t Thinking) retries() int {
	if t.Replaceable {
		return -1
	}
	return 0
}
