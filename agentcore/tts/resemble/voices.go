package resemble

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/agentcore/tts/catalogue"
)

// Voices lists the voices that the key may use. From the documentation
// (docs.resemble.ai/voice-creation/voices/list): numbered pages, from 1.
func Voices(ctx context.Context, c Config) ([]tts.Info, error) {
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", Name, err)
	}
	r := catalogue.Open(ctx, Name, c.Patience)
	defer r.Close()
	const size = 100
	var all []tts.Info
	for n := 1; n <= catalogue.Most/size; n++ {
		var page struct {
			Items []struct {
				UUID, Name string
				Language   string   `json:"default_language"`
				Languages  []string `json:"supported_languages"`
			}
			Pages int `json:"page_count"`
		}
		url := fmt.Sprintf("%s/api/v2/voices?page=%d&page_size=%d", strings.TrimRight(cmp.Or(c.BaseURL, base), "/"), n, size)
		if err := r.Get(url, http.Header{"Authorization": {"Bearer " + c.Key}}, &page); err != nil {
			return nil, err
		}
		for _, v := range page.Items {
			info := tts.Info{ID: v.UUID, Name: v.Name, Language: v.Language}
			if len(v.Languages) > 1 {
				info.Language = ""
			}
			all = append(all, info)
		}
		if len(page.Items) == 0 || page.Pages > 0 && n >= page.Pages {
			break
		}
	}
	return all[:min(len(all), catalogue.Most)], nil
}
