// Package whisper is a recogniser behind any HTTP endpoint that speaks OpenAI's
// audio/transcriptions: OpenAI's own, Groq's, or a faster-whisper on a machine of
// yours. Such a server takes whole recordings, so that each utterance which the
// gateway's voice detector finds is one request.
//
// What is sent begins 300 ms before the detector heard speech and ends where
// speech paused; silence is never sent, because Whisper makes words of it. An
// utterance longer than 30 s goes out in pieces, whose texts are joined. When a
// caller pauses it is asked at once, so that the wait for the end of their turn
// is not lost; if they go on, that request is cancelled (and may be billed).
package whisper

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/asr/live"
	"github.com/hookswitch/hookswitch/agentcore/provider"
)

// Name is the provider's name in errors, metrics and agents.
const Name = "whisper"

const own = "https://api.openai.com/v1"

// Models are OpenAI's for this endpoint. From the documentation:
// developers.openai.com/api/reference/resources/audio. Other servers have others
// (Groq: whisper-large-v3-turbo), and any name is sent on.
var Models = []string{"whisper-1", "gpt-4o-transcribe", "gpt-4o-mini-transcribe", "gpt-transcribe"}

// Prices are OpenAI's. From the documentation:
// developers.openai.com/api/docs/models/gpt-transcribe, $0.0045 a minute. The
// gpt-4o models are billed by tokens, which nobody counts here.
var Prices = map[string]provider.Prices{
	"gpt-transcribe": {provider.AudioSeconds: 0.0045 / 60},
}

// Formats are what the WAV file may hold.
var Formats = []live.Format{live.PCM16k, live.PCM8k, live.Mulaw, "pcm_22050", live.PCM24k, "pcm_44100", live.PCM48k}

// Config says whom to ask, and how patiently.
type Config struct {
	BaseURL  string            // the part before /audio/transcriptions: "http://127.0.0.1:8000/v1". Empty means OpenAI's own
	Key      string            // sent as a bearer token. Empty sends none: local servers want none. Required for OpenAI's own
	Model    string            // the model's name there. Required
	Format   live.Format       // what the WAV file holds, one of Formats. Empty means pcm_16000, Whisper's own rate
	AtOnce   int               // requests at once for one call. Zero means 2; at most 8
	Patience provider.Patience // Connect for a new connection; First from the request to its answer, the upload included; Gap for the rest of the answer
}

func (c Config) check() error {
	errs := []error{provider.CheckAccount(c.BaseURL, c.Key, false)}
	fail := func(text string) { errs = append(errs, errors.New(text)) }
	if c.Key == "" && c.BaseURL == "" {
		fail("Key is required for OpenAI's own")
	}
	if c.Model == "" {
		fail("Model is required")
	}
	if c.Format != "" {
		errs = append(errs, c.Format.Check(Formats))
	}
	if c.AtOnce < 0 || c.AtOnce > 8 {
		fail("AtOnce must be from 0 to 8")
	}
	return errors.Join(errs...)
}

// Recognizer is an [asr.Recognizer] that asks over HTTP.
type Recognizer struct {
	cfg  Config
	http *http.Client
}

// New makes a Recognizer; it does not connect. The errors name the fields at
// fault.
func New(c Config) (*Recognizer, error) {
	if err := c.check(); err != nil {
		return nil, provider.Named(Name, err)
	}
	if c.BaseURL == "" {
		c.BaseURL = own
	}
	c.BaseURL = strings.TrimRight(c.BaseURL, "/")
	if c.Format == "" {
		c.Format = live.PCM16k
	}
	if c.AtOnce == 0 {
		c.AtOnce = 2
	}
	c.Patience = c.Patience.OrDefault()
	return &Recognizer{cfg: c, http: provider.NewClient(c.Patience.Connect)}, nil
}

// String names the recogniser in a log line: "whisper whisper-1 wav 16k".
func (r *Recognizer) String() string {
	kind := strings.TrimPrefix(r.cfg.Format.String(), "pcm ") // a WAV file is linear unless it says otherwise
	return fmt.Sprintf("%s %s wav %s", Name, r.cfg.Model, kind)
}

// Close lets go of idle connections. Streams under way go on.
func (r *Recognizer) Close() error {
	r.http.CloseIdleConnections()
	return nil
}

// Open implements [asr.Recognizer]. No stream of it ever dies: each utterance is
// asked for anew, whatever became of the last.
func (r *Recognizer) Open(ctx context.Context, o asr.Options) (asr.Stream, error) {
	s := newStream(ctx, r, question{language: language(o.Language), keywords: slices.Clone(o.Keywords)})
	go s.run()
	return s, nil
}
