// Package realtime is a recogniser that listens through OpenAI's Realtime API, in
// a session that only transcribes, over a websocket.
//
// The gateway's own voice detector finds the utterances: theirs is off, and each
// of ours is committed when it ends. Only speech is sent, from half a second
// before it: what a session is sent is billed, and the models make words of
// silence.
package realtime

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/asr/live"
	"github.com/hookswitch/hookswitch/agentcore/provider"
)

// Name is the provider's name in errors, metrics and agents.
const Name = "openai"

const own = "https://api.openai.com/v1"

// Models are those that transcribe in a session. From the documentation:
// developers.openai.com/api/reference/resources/realtime/client-events. Only
// gpt-live-transcribe and gpt-realtime-whisper tell words while they are spoken;
// the others begin when an utterance ends.
var Models = []string{"gpt-4o-transcribe", "gpt-4o-mini-transcribe", "gpt-live-transcribe", "gpt-transcribe", "gpt-realtime-whisper", "whisper-1"}

// Prices are those by the minute. From the documentation:
// developers.openai.com/api/docs/models/gpt-live-transcribe and its neighbours.
// The gpt-4o models are billed by tokens, which nobody counts here.
var Prices = map[string]provider.Prices{
	"gpt-live-transcribe":  {provider.AudioSeconds: 0.017 / 60},
	"gpt-realtime-whisper": {provider.AudioSeconds: 0.017 / 60},
	"gpt-transcribe":       {provider.AudioSeconds: 0.0045 / 60},
}

// Formats are what may be sent. From the documentation, see [Models]: audio/pcmu,
// and audio/pcm at 24 kHz only.
var Formats = []live.Format{live.Mulaw, live.PCM24k}

// Config says which model to use, and how patiently.
type Config struct {
	BaseURL string      // the part before /realtime. Empty means OpenAI's own
	Key     string      // sent as a bearer token. Empty sends none: local servers want none. Required for OpenAI's own
	Model   string      // one of Models, or another that they have. Empty means gpt-4o-transcribe
	Format  live.Format // what is sent, one of Formats. Empty means ulaw_8000

	// Eager commits what was said as soon as the caller pauses, so that the words
	// are there when they have surely finished. What they say after a pause for
	// breath is then transcribed without what came before.
	Eager bool

	Patience provider.Patience // Connect for the dial; First for the session to begin, and for the words of an utterance
}

func (c Config) check() error {
	errs := []error{provider.CheckAccount(c.BaseURL, c.Key, false), c.Format.Check(Formats)}
	if c.Key == "" && c.BaseURL == "" {
		errs = append(errs, errors.New("Key is required for OpenAI's own"))
	}
	return errors.Join(errs...)
}

// Recognizer is an [asr.Recognizer].
type Recognizer struct{ live *live.Recognizer }

// New makes a Recognizer; it does not connect. The errors name the fields at
// fault.
func New(c Config) (*Recognizer, error) {
	if c.Format == "" {
		c.Format = live.Mulaw
	}
	if c.Model == "" {
		c.Model = Models[0]
	}
	if err := c.check(); err != nil {
		return nil, provider.Named("realtime", err)
	}
	r, err := live.New(live.Config{
		Provider:  Name,
		Name:      fmt.Sprintf("%s %s %s", Name, c.Model, c.Format),
		Format:    c.Format,
		Protocol:  func(o asr.Options) live.Protocol { return newProtocol(c, o) },
		Patience:  c.Patience,
		FinalWait: c.Patience.OrDefault().First,
		Limits: live.Limits{
			Lump:    60 * time.Millisecond,
			Longest: time.Hour, // a session's, they say
			Eager:   c.Eager,
		},
	})
	if err != nil {
		return nil, err
	}
	return &Recognizer{r}, nil
}

// String names the recogniser in a log line.
func (r *Recognizer) String() string { return r.live.String() }

// Close implements the recogniser's end. Streams under way go on.
func (r *Recognizer) Close() error { return r.live.Close() }

// Open implements [asr.Recognizer]: it returns at once and dials behind the
// stream.
func (r *Recognizer) Open(ctx context.Context, o asr.Options) (asr.Stream, error) {
	s, err := r.live.Open(ctx, o)
	if err != nil {
		return nil, err
	}
	return &gate{Stream: s}, nil
}
