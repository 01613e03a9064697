package openai

import (
	"context"
	"fmt"

	"github.com/hookswitch/hookswitch/agentcore/tts"
)

// From the documentation (platform.openai.com/docs/api-reference/audio/createSpeech,
// developers.openai.com/api/docs/guides/text-to-speech): every voice speaks every
// language; the older models have fewer voices.
var (
	voices = []string{"alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx", "sage", "shimmer", "verse"}
	older  = []string{"alloy", "ash", "coral", "echo", "fable", "nova", "onyx", "sage", "shimmer"}
)

// Voices lists the voices of Config.Model that are documented; there is nothing
// to ask. Of another server than OpenAI's own none are known, which is no error
// and does not mean that there are none.
func Voices(_ context.Context, c Config) ([]tts.Info, error) {
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", Name, err)
	}
	if !c.own() {
		return nil, nil
	}
	names := voices
	if c.Model == "tts-1" || c.Model == "tts-1-hd" {
		names = older
	}
	var all []tts.Info
	for _, name := range names {
		all = append(all, tts.Info{ID: name, Name: name})
	}
	return all, nil
}
