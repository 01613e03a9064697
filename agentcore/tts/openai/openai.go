// Package openai speaks with OpenAI's voices, and with whatever else answers the
// same request under another base URL: the sound of an HTTP answer is spoken as
// it comes.
package openai

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/agentcore/tts/live"
)

// Name is the provider's name in agents, errors and metrics.
const Name = "openai"

const base = "https://api.openai.com/v1"

// DefaultModel is the model of a Config that names none.
const DefaultModel = "gpt-4o-mini-tts"

// Models fit a phone call. From the documentation
// (developers.openai.com/api/docs/guides/text-to-speech): the first is for
// real-time applications, and tts-1 answers faster than tts-1-hd.
var Models = []string{DefaultModel, "tts-1", "tts-1-hd"}

// Prices are list prices. From developers.openai.com/api/docs/models/tts-1 and
// tts-1-hd: $15 and $30 for a million characters. gpt-4o-mini-tts costs by tokens,
// of which an answer of sound tells nothing: OpenAI's estimate is $0.015 a minute
// (as community.openai.com/t/1151816 quotes its page).
var Prices = map[string]provider.Prices{
	DefaultModel: {provider.AudioSeconds: 0.015 / 60},
	"tts-1":      {provider.Characters: 15e-6},
	"tts-1-hd":   {provider.Characters: 30e-6},
}

// mostText is how many bytes of text a phrase may have. From the documentation
// (platform.openai.com/docs/api-reference/audio/createSpeech): 4096 characters.
const mostText = 4096

// pcm is how the sound comes. From the documentation
// (developers.openai.com/api/docs/guides/text-to-speech): raw samples of 24 kHz,
// signed 16-bit, little-endian. There is no format at a telephone's rate.
var pcm = live.Format{Rate: 24000}

// Config says which voice speaks, and how.
type Config struct {
	BaseURL      string            // the part before /audio/speech, "http://127.0.0.1:8880/v1". Empty means OpenAI's own
	Key          string            // sent as a bearer token. Empty sends none: local servers want none. OpenAI's own needs it
	Model        string            // empty means "gpt-4o-mini-tts"
	Voice        string            // the voice's name. Required by New
	Instructions string            // how to speak, in words. Empty leaves it to the model; not understood by tts-1
	Speed        float64           // 0.25 to 4, 1 being normal. Zero leaves it to the server
	Patience     provider.Patience // zero fields have defaults
}

func (c Config) check() error { return provider.CheckAccount(c.BaseURL, c.Key, c.own()) }

// own reports whether the server is OpenAI's.
func (c Config) own() bool {
	return c.BaseURL == "" || provider.Within(c.BaseURL, "openai.com")
}

// Voice speaks. It is a [tts.Synthesizer].
type Voice struct {
	cfg  Config
	url  string
	http *http.Client
}

var _ tts.Synthesizer = (*Voice)(nil)

// New makes a Voice; it does not connect. The errors name the fields at fault.
func New(c Config) (*Voice, error) {
	err := c.check()
	if c.Voice == "" {
		err = errors.Join(err, errors.New("Voice is required"))
	}
	if c.Speed != 0 && !(c.Speed >= 0.25 && c.Speed <= 4) {
		err = errors.Join(err, errors.New("Speed must be from 0.25 to 4"))
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", Name, err)
	}
	c.Model = cmp.Or(c.Model, DefaultModel)
	return &Voice{
		cfg:  c,
		url:  strings.TrimRight(cmp.Or(c.BaseURL, base), "/") + "/audio/speech",
		http: provider.NewClient(c.Patience.OrDefault().Connect),
	}, nil
}

// String names the voice in the line of a call's pipeline.
func (v *Voice) String() string { return Name + " " + v.cfg.Model + " " + pcm.String() }

// Close lets go of idle connections. Phrases under way go on.
func (v *Voice) Close() error {
	v.http.CloseIdleConnections()
	return nil
}

// Speak implements [tts.Synthesizer]. Its error is out's own or a *[tts.Error].
// No words are timed: the answer is nothing but sound.
func (v *Voice) Speak(ctx context.Context, text string, out tts.Sink) error {
	if !live.Speakable(text) {
		return nil
	}
	if len(text) > mostText {
		return provider.New(Name, "speak", provider.Refused, fmt.Errorf("text of %d bytes; %d is the most", len(text), mostText))
	}
	body, err := json.Marshal(request{
		Model: v.cfg.Model, Voice: v.cfg.Voice, Input: live.Clean(text), Format: "pcm", Instructions: v.cfg.Instructions, Speed: v.cfg.Speed,
	})
	if err != nil {
		return provider.New(Name, "speak", provider.Refused, err)
	}
	pour, err := live.NewPour(pcm, out)
	if err != nil {
		return provider.New(Name, "speak", provider.Refused, err)
	}
	return live.Stream(ctx, Name, v.cfg.Patience, func(ctx context.Context) (*http.Response, error) { return v.ask(ctx, body) }, pour)
}

// request is the body of a request. The sound is streamed as it is made unless
// stream_format says otherwise.
type request struct {
	Model        string  `json:"model"`
	Input        string  `json:"input"`
	Voice        string  `json:"voice"`
	Format       string  `json:"response_format"`
	Instructions string  `json:"instructions,omitempty"`
	Speed        float64 `json:"speed,omitempty"`
}

func (v *Voice) ask(ctx context.Context, body []byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, v.url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	if v.cfg.Key != "" {
		req.Header.Set("Authorization", "Bearer "+v.cfg.Key)
	}
	res, err := v.http.Do(req)
	if err != nil {
		return nil, err
	}
	return raw(res)
}
