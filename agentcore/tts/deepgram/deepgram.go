// Package deepgram speaks with Deepgram's Aura and Flux voices over their
// websockets, in the line's own µ-law.
package deepgram

import (
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/tts/live"
)

// Name is the provider's.
const Name = "deepgram"

const own = "https://api.deepgram.com"

// DefaultModel is the model of a Config that names none.
const DefaultModel = "aura-2-thalia-en"

// Models are the voices that the documentation calls the most popular; each
// model is one voice, and [Voices] has them all. From
// developers.deepgram.com/docs/voice-agent-tts-models.
var Models = []string{DefaultModel, "aura-2-andromeda-en", "aura-2-helena-en", "aura-2-apollo-en", "aura-2-arcas-en", "aura-2-aries-en"}

// Prices are not known: no page that could be read had the list price of Aura-2.
var Prices map[string]provider.Prices

// Config says who speaks.
type Config struct {
	BaseURL  string            // http:// or https://. Empty means Deepgram's own
	Key      string            // sent as a token. Required
	Model    string            // of [Models] or [Voices]; flux-... is Flux, all else Aura. Empty means DefaultModel
	Patience provider.Patience // zero fields have defaults
}

// Voice is one voice of Deepgram's. It implements tts.Synthesizer, and is used
// by many calls at once; String is "deepgram aura-2-thalia-en ulaw_8000".
type Voice = live.Voice

// fluxPrefix begins the name of every Flux voice.
const fluxPrefix = "flux-"

// modelRule is what a voice's model may be named.
var modelRule = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)

// New makes a Voice; it does not connect. The errors name the field at fault.
func New(c Config) (*Voice, error) {
	if c.Model == "" {
		c.Model = DefaultModel
	}
	err := c.checkAccount()
	if !modelRule.MatchString(c.Model) {
		err = errors.Join(err, errors.New("deepgram: Model must be the name of a voice, such as "+DefaultModel))
	}
	if err != nil {
		return nil, err
	}
	// Streams are raw and without a container, unlike those of the REST API. From
	// the documentation: developers.deepgram.com/reference/text-to-speech/speak-streaming
	// and /docs/flux-tts/feature-overview.
	query := url.Values{"model": {c.Model}, "encoding": {"mulaw"}, "sample_rate": {"8000"}}
	path, flux := "/v1/speak?", strings.HasPrefix(c.Model, fluxPrefix)
	if flux {
		path = "/v2/speak?"
	}
	address := provider.Socket(c.BaseURL, own, path+query.Encode())
	return live.New(live.Config{
		Provider: Name, Name: Name + " " + c.Model + " ulaw_8000", Format: live.Mulaw8k, Patience: c.Patience,
		Protocol: func() live.Protocol { return newStream(address, c.header(), flux) },
	})
}

func (c Config) header() http.Header { return http.Header{"Authorization": {"Token " + c.Key}} }

// checkAccount checks what every request needs.
func (c Config) checkAccount() error {
	return provider.Named(Name, provider.CheckAccount(c.BaseURL, c.Key, true))
}
