package elevenlabs

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/agentcore/tts/catalogue"
)

// page is one of the list. From the documentation:
// elevenlabs.io/docs/api-reference/voices/search.
type page struct {
	Voices []struct {
		ID     string `json:"voice_id"`
		Name   string `json:"name"`
		Labels struct {
			Language string `json:"language"`
		} `json:"labels"`
	} `json:"voices"`
	More bool   `json:"has_more"`
	Next string `json:"next_page_token"`
}

// Voices lists the account's voices, at most [catalogue.Most].
func Voices(ctx context.Context, c Config) ([]tts.Info, error) {
	if err := c.checkAccount(); err != nil {
		return nil, provider.New(Name, "voices", provider.Refused, err)
	}
	list := strings.TrimRight(cmp.Or(c.BaseURL, own), "/") + "/v2/voices?"
	header := http.Header{"Xi-Api-Key": {c.Key}}
	query := url.Values{"page_size": {"100"}, "include_total_count": {"false"}}
	r := catalogue.Open(ctx, Name, c.Patience)
	defer r.Close()
	var all []tts.Info
	for range catalogue.Most / 100 {
		var p page
		if err := r.Get(list+query.Encode(), header, &p); err != nil {
			return nil, err
		}
		for _, v := range p.Voices {
			if v.ID != "" && len(all) < catalogue.Most {
				all = append(all, tts.Info{ID: v.ID, Name: v.Name, Language: v.Labels.Language})
			}
		}
		if !p.More || p.Next == "" {
			break
		}
		query.Set("next_page_token", p.Next)
	}
	return all, nil
}
