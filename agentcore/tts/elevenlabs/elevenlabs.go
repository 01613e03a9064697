// Package elevenlabs speaks with the voices of ElevenLabs over its multi-context
// websocket, in the line's own µ-law.
//
// Of its two websockets the multi-context one is used, although one phrase is
// said at a time: it stays open from phrase to phrase, so that only the first
// waits for a handshake. The other must be closed to learn that a phrase is
// over. (From the documentation: elevenlabs.io/docs/api-reference/text-to-speech/
// v-1-text-to-speech-voice-id-multi-stream-input, and -stream-input.)
package elevenlabs

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/tts/live"
)

// Name is the provider's.
const Name = "elevenlabs"

const own = "https://api.elevenlabs.io"

// DefaultModel is the model of a Config that names none: the fastest.
const DefaultModel = "eleven_flash_v2_5"

// Models are those that speak over this websocket and fast enough for a call
// (elevenlabs.io/docs/eleven-api/guides/how-to/websockets/multi-context-web-socket:
// eleven_v3 is not among them).
var Models = []string{DefaultModel, "eleven_turbo_v2_5", "eleven_flash_v2", "eleven_turbo_v2", "eleven_multilingual_v2"}

// Prices are those of the API without a plan, 0.05 and 0.10 dollars for 1,000
// characters, as developer.puter.com/tutorials/elevenlabs-api-pricing told them
// of elevenlabs.io/pricing/api in June 2026. Some voices cost a multiple.
var Prices = map[string]provider.Prices{
	"eleven_flash_v2_5":      {provider.Characters: 0.05 / 1000},
	"eleven_turbo_v2_5":      {provider.Characters: 0.05 / 1000},
	"eleven_flash_v2":        {provider.Characters: 0.05 / 1000},
	"eleven_turbo_v2":        {provider.Characters: 0.05 / 1000},
	"eleven_multilingual_v2": {provider.Characters: 0.10 / 1000},
}

// Config says who speaks, and how.
type Config struct {
	BaseURL  string // http:// or https://. Empty means ElevenLabs' own
	Key      string // sent as xi-api-key. Required
	Voice    string // the voice's id. Required, but not for Voices
	Model    string // one of Models, or another that this websocket knows. Empty means DefaultModel
	Language string // ISO 639-1, "en"; only the models of version 2.5 take it. Empty leaves it to the text

	Stability  *float64 // 0, lively, to 1, even. Nil is the voice's own
	Similarity *float64 // 0 to 1: how near to the voice's original. Nil is the voice's own
	Speed      float64  // 0.7 to 1.2. Zero is the voice's own

	Patience provider.Patience // zero fields have defaults
}

// Voice is one voice of ElevenLabs. It implements tts.Synthesizer, and is used
// by many calls at once; String is "elevenlabs ulaw_8000".
type Voice = live.Voice

// New makes a Voice; it does not connect. The errors name the field at fault.
func New(c Config) (*Voice, error) {
	if c.Model == "" {
		c.Model = DefaultModel
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	address := provider.Socket(c.BaseURL, own, "/v1/text-to-speech/"+c.Voice+"/multi-stream-input?"+c.query().Encode())
	header := http.Header{"Xi-Api-Key": {c.Key}}
	settings := c.settings()
	return live.New(live.Config{
		Provider: Name, Name: Name + " ulaw_8000", Format: live.Mulaw8k, Patience: c.Patience,
		Protocol: func() live.Protocol { return &contexts{url: address, header: header, settings: settings} },
	})
}

// query asks for µ-law as the line speaks it. auto_mode speaks at once what it is
// sent, which is recommended for whole phrases; sync_alignment times each piece
// of sound. An idle connection is ours to close, long before inactivity_timeout.
func (c Config) query() url.Values {
	q := url.Values{
		"model_id": {c.Model}, "output_format": {"ulaw_8000"}, "auto_mode": {"true"}, "sync_alignment": {"true"}, "inactivity_timeout": {"60"},
	}
	if c.Language != "" {
		q.Set("language_code", c.Language)
	}
	return q
}

// voiceID is what a voice's id may be, so that it is one element of a path.
var voiceID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

func (c Config) check() error {
	errs := []error{c.checkAccount()}
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf("elevenlabs: "+format, args...)) }
	if !voiceID.MatchString(c.Voice) {
		fail("Voice must be the id of a voice: letters, digits, - and _")
	}
	if strings.HasPrefix(c.Model, "eleven_v3") {
		fail("Model %s does not speak over this websocket", c.Model)
	}
	if strings.ContainsFunc(c.Language, func(r rune) bool { return r < 'a' || r > 'z' }) || len(c.Language) == 1 || len(c.Language) > 3 {
		fail("Language must be a code of ISO 639-1, such as en")
	}
	for name, v := range map[string]*float64{"Stability": c.Stability, "Similarity": c.Similarity} {
		if v != nil && !(*v >= 0 && *v <= 1) {
			fail("%s must be from 0 to 1", name)
		}
	}
	if c.Speed != 0 && !(c.Speed >= 0.7 && c.Speed <= 1.2) {
		fail("Speed must be from 0.7 to 1.2")
	}
	return errors.Join(errs...)
}

// checkAccount checks what every request needs.
func (c Config) checkAccount() error {
	return provider.Named(Name, provider.CheckAccount(c.BaseURL, c.Key, true))
}
