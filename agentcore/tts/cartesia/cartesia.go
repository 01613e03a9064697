// Package cartesia speaks with Cartesia's voices, over its websocket, in the
// telephone's own format.
package cartesia

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/agentcore/tts/catalogue"
	"github.com/hookswitch/hookswitch/agentcore/tts/live"
)

// Name is the provider's name in agents, errors and metrics.
const Name = "cartesia"

// From the documentation (docs.cartesia.ai/use-the-api/api-conventions): every
// request tells the date of the API that it was written for. Since this one,
// errors are JSON with a code (docs.cartesia.ai/use-the-api/api-errors).
const version = "2026-03-01"

const base = "https://api.cartesia.ai"

// DefaultModel is the model of a Config that names none.
const DefaultModel = "sonic-3.5"

// Models fit a phone call, the recommended first. From the documentation
// (docs.cartesia.ai/build-with-cartesia/tts-models/older-models): all of them are
// still served, the last two in fewer languages.
var Models = []string{DefaultModel, "sonic-3", "sonic-turbo", "sonic-2"}

// Prices are those of the smallest paid plan: a character costs about a credit
// (docs.cartesia.ai/pricing), and 100,000 of them $5 a month, as
// apio.sh/apis/cartesia told of cartesia.ai/pricing in June 2026. Larger plans cost
// less, a professional clone half as much again.
var Prices = map[string]provider.Prices{
	DefaultModel:  {provider.Characters: 50e-6},
	"sonic-3":     {provider.Characters: 50e-6},
	"sonic-turbo": {provider.Characters: 50e-6},
	"sonic-2":     {provider.Characters: 50e-6},
}

// Config says which voice speaks, and how.
type Config struct {
	BaseURL  string            // empty means Cartesia's own, https://api.cartesia.ai
	Key      string            // API key. Required
	Model    string            // empty means "sonic-3.5"
	Voice    string            // the voice's id. Required by New
	Language string            // BCP 47 tag of what is said, of which the language counts. Empty leaves it to the voice
	Patience provider.Patience // zero fields have defaults
	Warm     time.Duration     // how long an idle connection is kept; at most the 5 min that Cartesia does. Zero means 15 s, negative none
}

func (c Config) check() error { return provider.CheckAccount(c.BaseURL, c.Key, true) }

// Voice speaks. It is a [tts.Synthesizer]; each phrase has a connection of its
// own, which the next may use again.
type Voice = live.Voice

// New makes a Voice; it does not connect. The errors name the fields at fault.
func New(c Config) (*Voice, error) {
	err := c.check()
	if c.Voice == "" {
		err = errors.Join(err, errors.New("Voice is required"))
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", Name, err)
	}
	if c.Model == "" {
		c.Model = DefaultModel
	}
	c.Language, _, _ = strings.Cut(strings.ToLower(c.Language), "-")
	// A phrase is bounded by live's default, 2,000 bytes; Cartesia names no bound.
	return live.New(live.Config{
		Provider: Name, Name: Name + " " + c.Model + " " + live.Mulaw8k.String(), Format: live.Mulaw8k,
		Protocol: func() live.Protocol { return newStream(c) },
		Patience: c.Patience, Warm: min(c.Warm, 4*time.Minute),
	})
}

// header is that of every request.
func (c Config) header() http.Header {
	return http.Header{"Authorization": {"Bearer " + c.Key}, "Cartesia-Version": {version}}
}

// Voices lists the voices that the key may use. Config.Voice and Config.Model
// don't matter. From the documentation
// (docs.cartesia.ai/2026-03-01/api-reference/voices/list): pages of at most 100,
// the next begins behind the last id.
func Voices(ctx context.Context, c Config) ([]tts.Info, error) {
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", Name, err)
	}
	if c.BaseURL == "" {
		c.BaseURL = base
	}
	r := catalogue.Open(ctx, Name, c.Patience)
	defer r.Close()
	var all []tts.Info
	query := url.Values{"limit": {"100"}}
	for len(all) < catalogue.Most {
		var page struct {
			Data []struct{ ID, Name, Language string }
			More bool `json:"has_more"`
		}
		if err := r.Get(strings.TrimRight(c.BaseURL, "/")+"/voices?"+query.Encode(), c.header(), &page); err != nil {
			return nil, err
		}
		for _, v := range page.Data {
			all = append(all, tts.Info{ID: v.ID, Name: v.Name, Language: v.Language})
		}
		if !page.More || len(page.Data) == 0 {
			break
		}
		query.Set("starting_after", page.Data[len(page.Data)-1].ID)
	}
	return all[:min(len(all), catalogue.Most)], nil
}
