// Package assemblyai is a recogniser that listens through AssemblyAI's streaming
// API, version 3, over a websocket.
//
// The gateway's own voice detector says when a caller has finished: the
// provider's turn detection is turned down so far that a turn ends when we say so
// (ForceEndpoint), and its words come some 300 ms later.
//
// AssemblyAI bills a stream for as long as it is open, whether anybody speaks or
// not: see assemblyai.com/docs/billing-and-pricing. The whole call is sent.
package assemblyai

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/asr/live"
	"github.com/hookswitch/hookswitch/agentcore/provider"
)

// Name is the provider's name in errors, metrics and agents.
const Name = "assemblyai"

const own = "https://streaming.assemblyai.com"

// Universal is not a model of AssemblyAI's but a choice of two: the English one
// of Universal-Streaming for calls in English, else the multilingual one.
const Universal = "universal-streaming"

const (
	english      = "universal-streaming-english"
	multilingual = "universal-streaming-multilingual"
)

// Models are those that stream. From the documentation:
// assemblyai.com/docs/api-reference/streaming-api/universal-streaming and
// assemblyai.com/docs/streaming/api-spec/streaming-websocket.
var Models = []string{Universal, english, multilingual, "universal-3-5-pro", "u3-rt-pro"}

// Prices has none: their list was not to be had when this was written.
var Prices = map[string]provider.Prices{}

// Formats are what may be sent. From the documentation, as above: pcm_s16le or
// pcm_mulaw at any sample rate.
var Formats = []live.Format{live.Mulaw, live.PCM8k, live.PCM16k, "pcm_22050", live.PCM24k, "pcm_44100", live.PCM48k}

// Config says which model to use, and how patiently.
type Config struct {
	BaseURL string      // the part before /v3/ws: "https://streaming.eu.assemblyai.com". Empty means the one that is nearest
	Key     string      // sent in the Authorization header. Required
	Model   string      // one of Models, or another that they have. Empty means Universal
	Format  live.Format // what is sent, one of Formats. Empty means ulaw_8000

	// Punctuate waits for the text with punctuation, capital letters and digits,
	// which Universal-Streaming sends after the plain one. A language model reads
	// both, so that the documentation advises voice agents against the wait
	// (assemblyai.com/docs/universal-streaming/message-sequence). The u3 models
	// always write so, and without a wait.
	Punctuate bool

	Patience provider.Patience // Connect for the dial; First for the stream to begin
}

func (c Config) check() error {
	return errors.Join(provider.CheckAccount(c.BaseURL, c.Key, true), c.Format.Check(Formats))
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
		c.Model = Universal
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
		FinalWait: 2 * time.Second, // words take 0.3 s, they say
	})
	if err != nil {
		return nil, err
	}
	return &Recognizer{r}, nil
}

// limits are AssemblyAI's. From the documentation:
// assemblyai.com/docs/streaming/common-session-errors-and-closures. A message
// carries 50 to 1000 ms; a session lasts 3 hours at most; audio that comes faster
// than it was said is refused at some point, which they don't tell.
var limits = live.Limits{
	Lump:    60 * time.Millisecond,
	Least:   60 * time.Millisecond,
	Longest: 3 * time.Hour,
	Pace:    2,
	// Whether a ForceEndpoint is answered when nobody has said anything is not
	// documented.
	Unanswered: 800 * time.Millisecond,
}

// ownEnd is how long silence must last for a turn to end without us, in
// milliseconds: the most that any example of theirs sets. From the documentation:
// assemblyai.com/docs/speech-to-text/universal-streaming/turn-detection.
const ownEnd = 3600

// punctuates reports whether a model writes everything with punctuation. Such a
// model ends turns at full stops and knows no threshold of confidence
// (assemblyai.com/docs/streaming/universal-3-pro/u3-pro-message-sequence).
func punctuates(model string) bool {
	return strings.HasPrefix(model, "u3-") || strings.HasPrefix(model, "universal-3-")
}
