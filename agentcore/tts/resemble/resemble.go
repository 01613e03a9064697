// Package resemble speaks with Resemble's voices: over its websocket, in the
// telephone's own format and with the words timed, or over HTTP where the plan
// has no websocket.
package resemble

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/agentcore/tts/live"
	"github.com/hookswitch/hookswitch/media"
)

// Name is the provider's name in agents, errors and metrics.
const Name = "resemble"

// From the documentation (docs.resemble.ai/getting-started/authentication and
// docs.resemble.ai/voice-generation/text-to-speech): the API, the websocket and
// HTTP streaming each have a host, and the same key.
const (
	base       = "https://app.resemble.ai"
	socketBase = "https://websocket.cluster.resemble.ai"
	httpBase   = "https://f.cluster.resemble.ai"
)

// Models may be named; a voice has one of its own else. From the documentation
// (docs.resemble.ai/getting-started/model-versions): Turbo is for low latency, and
// only voices of the library and rapid English ones have it.
var Models = []string{"chatterbox-turbo"}

// Prices are those without a plan, $0.0005 for a second of sound, as
// api-evangelist/resemble-ai on GitHub told of www.resemble.ai/pricing in May 2026.
var Prices = map[string]provider.Prices{
	"":                 {provider.AudioSeconds: 0.0005},
	"chatterbox-turbo": {provider.AudioSeconds: 0.0005},
}

const (
	// mostText is how many bytes of text a phrase may have. From the documentation
	// (docs.resemble.ai/getting-started/model-versions): 2,000 characters.
	mostText = 2000

	// warm is how long a connection is kept for the next phrase: short, since a key
	// has 20 of them at once in all
	// (docs.resemble.ai/voice-generation/text-to-speech/streaming-websocket).
	warm = 5 * time.Second
)

// Transport is how the sound comes.
type Transport string

// Transports. The websocket needs a Business plan
// (docs.resemble.ai/voice-generation/text-to-speech/streaming-websocket). Over HTTP
// no words are timed, and each phrase is a new request.
const (
	Automatic Transport = "" // the websocket; HTTP from the first phrase on that the websocket refuses for the key's sake and HTTP does not
	Websocket Transport = "websocket"
	HTTP      Transport = "http"
)

// Config says which voice speaks, and how.
type Config struct {
	BaseURL   string            // of the API. Empty means Resemble's own, https://app.resemble.ai
	StreamURL string            // of the sound. Empty means BaseURL, and if that is empty, Resemble's own hosts
	Key       string            // API token. Required
	Model     string            // empty means the voice's own
	Voice     string            // voice_uuid. Required by New
	Project   string            // project_uuid that clips are kept in. Empty means none
	Transport Transport         // zero means Automatic
	Patience  provider.Patience // zero fields have defaults
	Warm      time.Duration     // how long an idle connection is kept. Zero means 5 s, negative none
}

func (c Config) check() error {
	errs := []error{provider.CheckAccount(c.BaseURL, c.Key, true)}
	if err := provider.CheckBase(c.StreamURL); err != nil {
		errs = append(errs, errors.New(strings.Replace(err.Error(), "BaseURL", "StreamURL", 1)))
	}
	return errors.Join(errs...)
}

// Voice speaks. It is a [tts.Synthesizer].
type Voice struct {
	cfg    Config
	socket *live.Voice
	http   *http.Client
	plain  atomic.Bool // the key may not use the websocket
}

var _ tts.Synthesizer = (*Voice)(nil)

// New makes a Voice; it does not connect. The errors name the fields at fault.
func New(c Config) (*Voice, error) {
	err := c.check()
	if c.Voice == "" {
		err = errors.Join(err, errors.New("Voice is required"))
	}
	if c.Transport != Automatic && c.Transport != Websocket && c.Transport != HTTP {
		err = errors.Join(err, fmt.Errorf("Transport %q is not known", c.Transport))
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", Name, err)
	}
	c.Patience = c.Patience.OrDefault()
	c.Warm = cmp.Or(c.Warm, warm)
	v := &Voice{cfg: c, http: provider.NewClient(c.Patience.Connect)}
	v.plain.Store(c.Transport == HTTP)
	v.socket, err = live.New(live.Config{
		Provider: Name, Name: Name, Format: live.Mulaw8k, Protocol: func() live.Protocol { return newStream(c) },
		Patience: c.Patience, Warm: c.Warm, MostText: mostText,
	})
	if err != nil {
		return nil, err
	}
	return v, nil
}

// String names the voice in the line of a call's pipeline.
func (v *Voice) String() string {
	words := []string{Name}
	if v.cfg.Model != "" {
		words = append(words, v.cfg.Model)
	}
	form := live.Mulaw8k
	if v.plain.Load() {
		form = pcm
	}
	return strings.Join(append(words, form.String()), " ")
}

// Close closes all connections, once nobody speaks any more over the websocket.
// What comes over HTTP goes on.
func (v *Voice) Close() error {
	v.http.CloseIdleConnections()
	return v.socket.Close()
}

// Speak implements [tts.Synthesizer]. Its error is out's own or a *[tts.Error].
func (v *Voice) Speak(ctx context.Context, text string, out tts.Sink) error {
	if v.plain.Load() {
		return v.speakPlain(ctx, text, out)
	}
	heard := &heard{Sink: out}
	err := v.socket.Speak(ctx, text, heard)
	if v.cfg.Transport == Websocket || heard.any || provider.ClassOf(err) != provider.Auth || err == nil {
		return err
	}
	// The same is said to a wrong key and to a plan without websockets.
	if err = v.speakPlain(ctx, text, out); err == nil {
		v.plain.Store(true)
	}
	return err
}

// heard remembers whether there was sound.
type heard struct {
	tts.Sink
	any bool
}

func (h *heard) Frame(f *media.Frame) error {
	h.any = true
	return h.Sink.Frame(f)
}
