package deepgram

import (
	"cmp"
	"context"
	"strings"

	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/agentcore/tts/catalogue"
)

// list is the answer to what models there are. From the documentation:
// developers.deepgram.com/reference/manage/models/list.
type list struct {
	TTS []struct {
		Name      string   `json:"name"`
		Canonical string   `json:"canonical_name"`
		Languages []string `json:"languages"`
		Metadata  struct {
			Display string `json:"display_name"`
		} `json:"metadata"`
	} `json:"tts"`
}

// Voices lists the Aura and Flux voices, at most [catalogue.Most].
func Voices(ctx context.Context, c Config) ([]tts.Info, error) {
	if err := c.checkAccount(); err != nil {
		return nil, provider.New(Name, "voices", provider.Refused, err)
	}
	var l list
	r := catalogue.Open(ctx, Name, c.Patience)
	defer r.Close()
	if err := r.Get(strings.TrimRight(cmp.Or(c.BaseURL, own), "/")+"/v1/models", c.header(), &l); err != nil {
		return nil, err
	}
	var all []tts.Info
	for _, v := range l.TTS {
		ours := strings.HasPrefix(v.Canonical, "aura") || strings.HasPrefix(v.Canonical, fluxPrefix)
		if ours && modelRule.MatchString(v.Canonical) && len(all) < catalogue.Most {
			all = append(all, tts.Info{ID: v.Canonical, Name: cmp.Or(v.Metadata.Display, v.Name, v.Canonical), Language: language(v.Languages)})
		}
	}
	return all, nil
}

// language is the one that a voice speaks, in its finest form ("en-US" of "en"
// and "en-US"), or empty when it speaks several.
func language(all []string) (one string) {
	for _, l := range all {
		if !strings.EqualFold(primary(l), primary(cmp.Or(one, l))) {
			return ""
		}
		if len(l) > len(one) {
			one = l
		}
	}
	return one
}

func primary(tag string) string {
	tag, _, _ = strings.Cut(tag, "-")
	return tag
}
