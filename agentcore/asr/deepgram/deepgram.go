// Package deepgram is a recogniser that listens through Deepgram's streaming
// API, version 1 (the Nova models), over a websocket.
//
// The line's µ-law goes there as it came. The gateway's own voice detector says
// when a caller pauses: the words so far are asked for at once (Finalize), so
// that they are mostly there when the pause has become the end.
//
// Deepgram bills a stream by the audio that it is sent, by the second. The whole
// call is sent.
package deepgram

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/asr/live"
	"github.com/hookswitch/hookswitch/agentcore/provider"
)

// Name is the provider's name in errors, metrics and agents.
const Name = "deepgram"

const own = "https://api.deepgram.com"

// Models are those that fit a call. From the documentation:
// developers.deepgram.com/docs/models-languages-overview and .../docs/model. A
// model trained for one customer has another name, and is taken too.
var Models = []string{"nova-2", "nova-3", "nova-2-phonecall", "nova-2-conversationalai", "nova-3-medical", "nova-3-pharma"}

// Prices are for streams, paid as you go, one language (several cost more). They
// were not read at deepgram.com/pricing, but in two surveys of May and August
// 2026 that name it as their source and agree. Of nova-2 they say nothing.
var Prices = map[string]provider.Prices{
	"nova-3": {provider.AudioSeconds: 0.0048 / 60},
}

// Formats are what may be sent. From the documentation:
// developers.deepgram.com/docs/encoding and .../docs/sample-rate.
var Formats = []live.Format{live.Mulaw, live.PCM8k, live.PCM16k, "pcm_22050", live.PCM24k, "pcm_44100", live.PCM48k}

// Config says which model to use, and how.
type Config struct {
	BaseURL string      // the part before /v1/listen: "https://api.eu.deepgram.com". Empty means the global one
	Key     string      // sent as a token. Required
	Model   string      // one of Models, or another that they have. Empty means nova-2
	Format  live.Format // what is sent, one of Formats. Empty means ulaw_8000

	// Language goes before that of a stream's options: "multi" hears several
	// languages in turn, with the models that can. Empty: what the options say.
	Language string
	// Endpointing is the silence after which Deepgram settles words by itself.
	// Zero means 300 ms, negative never; at least 10 ms.
	Endpointing time.Duration
	// AsSpoken leaves numbers, dates and the like in words; there is punctuation
	// all the same. Else "twenty one" is written "21".
	AsSpoken bool
	// OptOut keeps calls out of Deepgram's model improvement program; the price
	// is another then.
	OptOut bool

	Patience  provider.Patience // Connect for the dial
	FinalWait time.Duration     // how long words may take behind the end of an utterance. Zero means 3 s
}

// nameRule is what model and language may look like: they become a part of the
// address.
var nameRule = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)

func (c Config) check() error {
	errs := []error{provider.CheckAccount(c.BaseURL, c.Key, true), c.Format.Check(Formats)}
	fail := func(text string) { errs = append(errs, errors.New(text)) }
	switch {
	case !nameRule.MatchString(c.Model):
		fail("Model must be a name of Deepgram's")
	case strings.HasPrefix(c.Model, "flux"):
		fail("Model must be one of /v1/listen: Flux speaks another protocol")
	}
	if c.Language != "" && !nameRule.MatchString(c.Language) {
		fail("Language must be a BCP 47 tag, or multi")
	}
	if c.Endpointing > 0 && (c.Endpointing < 10*time.Millisecond || c.Endpointing > 10*time.Second) {
		fail("Endpointing must be from 10 ms to 10 s, or negative for none")
	}
	if c.FinalWait < 0 {
		fail("FinalWait must not be negative")
	}
	return errors.Join(errs...)
}

// Recognizer is an [asr.Recognizer].
type Recognizer struct{ *live.Recognizer }

// New makes a Recognizer; it does not connect. The errors name the fields at
// fault.
func New(c Config) (*Recognizer, error) {
	if c.Format == "" {
		c.Format = live.Mulaw
	}
	if c.Model == "" {
		c.Model = Models[0]
	}
	if c.Endpointing == 0 {
		c.Endpointing = 300 * time.Millisecond
	}
	if err := c.check(); err != nil {
		return nil, provider.Named(Name, err)
	}
	r, err := live.New(live.Config{
		Provider:  Name,
		Name:      fmt.Sprintf("%s %s %s", Name, c.Model, c.Format),
		Format:    c.Format,
		Protocol:  func(o asr.Options) live.Protocol { return newProtocol(c, o) },
		Limits:    limits,
		Patience:  c.Patience,
		FinalWait: c.FinalWait,
	})
	if err != nil {
		return nil, err
	}
	return &Recognizer{r}, nil
}

// limits are Deepgram's. From the documentation:
// developers.deepgram.com/docs/audio-keep-alive wants KeepAlive every 3 to 5
// seconds without audio, and closes after 10; .../docs/finalize says that a
// Finalize is answered when there was a noticeable amount of audio left.
var limits = live.Limits{
	Lump:       40 * time.Millisecond,
	Idle:       4 * time.Second,
	Eager:      true,
	Unanswered: 700 * time.Millisecond,
}
