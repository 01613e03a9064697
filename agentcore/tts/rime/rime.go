// Package rime speaks with Rime's voices, over its websocket, in the telephone's
// own format.
package rime

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/agentcore/tts/catalogue"
	"github.com/hookswitch/hookswitch/agentcore/tts/live"
)

// Name is the provider's name in agents, errors and metrics.
const Name = "rime"

// From the documentation (docs.rime.ai/docs/api-cheat-sheet): lists are on one
// host, websockets on another.
const (
	base       = "https://users.rime.ai"
	streamBase = "https://users-ws.rime.ai"
)

// DefaultModel is the model of a Config that names none. From the documentation
// (docs.rime.ai/docs/models.md): the default for new applications.
const DefaultModel = "coda"

// Models fit a phone call. From the documentation (docs.rime.ai/docs/models.md);
// mistv3 is the fastest, and Arcana is being retired.
var Models = []string{DefaultModel, "mistv3", "mistv2"}

// Prices are those without a plan, $30 for a million characters, as
// api-evangelist/rime-ai on GitHub told of rime.ai/pricing in May 2026 ($0.03 for a
// minute, taken as 1,000 characters); Rime bills by characters
// (docs.rime.ai/docs/errors.md).
var Prices = map[string]provider.Prices{
	DefaultModel: {provider.Characters: 30e-6},
	"mistv3":     {provider.Characters: 30e-6},
	"mistv2":     {provider.Characters: 30e-6},
}

// mostText is how many bytes of text a phrase may have. From the documentation
// (docs.rime.ai/docs/errors.md): above 1,000 characters it is too long.
const mostText = 1000

// Config says which voice speaks, and how.
type Config struct {
	BaseURL   string            // of the list of voices. Empty means Rime's own, https://users.rime.ai
	StreamURL string            // of the websocket, for an endpoint in another region. Empty means BaseURL, and if that is empty, https://users-ws.rime.ai
	Key       string            // API key. Required by New; the list of voices needs none
	Model     string            // empty means "coda"
	Voice     string            // the speaker's name, one of the model's. Required by New: a wrong one may be spoken as another
	Language  string            // BCP 47 tag of what is said, of which the language counts. Empty means English
	Patience  provider.Patience // zero fields have defaults
	Warm      time.Duration     // how long an idle connection is kept. Zero means 15 s, negative none
}

func (c Config) check() error {
	errs := []error{provider.CheckAccount(c.BaseURL, c.Key, false)}
	if err := provider.CheckBase(c.StreamURL); err != nil {
		errs = append(errs, errors.New(strings.Replace(err.Error(), "BaseURL", "StreamURL", 1)))
	}
	return errors.Join(errs...)
}

func (c Config) withDefaults() Config {
	c.StreamURL = cmp.Or(c.StreamURL, c.BaseURL, streamBase)
	c.BaseURL = strings.TrimRight(cmp.Or(c.BaseURL, base), "/")
	c.Model = cmp.Or(c.Model, DefaultModel)
	c.Language, _, _ = strings.Cut(strings.ToLower(c.Language), "-")
	return c
}

// Voice speaks. It is a [tts.Synthesizer]; each phrase has a connection of its
// own, which the next may use again.
type Voice = live.Voice

// New makes a Voice; it does not connect. The errors name the fields at fault.
func New(c Config) (*Voice, error) {
	err := c.check()
	if c.Key == "" {
		err = errors.Join(err, errors.New("Key is required"))
	}
	if c.Voice == "" {
		err = errors.Join(err, errors.New("Voice is required"))
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", Name, err)
	}
	c = c.withDefaults()
	return live.New(live.Config{
		Provider: Name, Name: Name + " " + c.Model + " " + live.Mulaw8k.String(), Format: live.Mulaw8k,
		Protocol: func() live.Protocol { return newStream(c) },
		Patience: c.Patience, Warm: c.Warm, MostText: mostText,
	})
}

// Voices lists the voices of Config.Model. From the documentation
// (docs.rime.ai/api-reference/data/voices-v2): one list, public, by model and
// then by language.
func Voices(ctx context.Context, c Config) ([]tts.Info, error) {
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", Name, err)
	}
	c = c.withDefaults()
	r := catalogue.Open(ctx, Name, c.Patience)
	defer r.Close()
	var models map[string]map[string][]string
	if err := r.Get(c.BaseURL+"/data/voices/all-v2.json", http.Header{}, &models); err != nil {
		return nil, err
	}
	speaks := map[string][]string{}
	for language, names := range models[c.Model] {
		for _, name := range names {
			speaks[name] = append(speaks[name], tag(language))
		}
	}
	var all []tts.Info
	for name, languages := range speaks {
		info := tts.Info{ID: name, Name: name}
		if len(languages) == 1 {
			info.Language = languages[0]
		}
		all = append(all, info)
	}
	slices.SortFunc(all, func(a, b tts.Info) int { return cmp.Compare(a.ID, b.ID) })
	return all[:min(len(all), catalogue.Most)], nil
}

// tag is the BCP 47 tag of a language with three letters (ISO 639-2), of those
// that Rime speaks. Others stay what they are.
func tag(language string) string {
	return cmp.Or(map[string]string{
		"ara": "ar", "deu": "de", "eng": "en", "fra": "fr", "fre": "fr", "ger": "de", "heb": "he", "hin": "hi",
		"ita": "it", "jpn": "ja", "por": "pt", "spa": "es", "tam": "ta",
	}[language], language)
}
