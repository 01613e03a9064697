package resemble

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/agentcore/tts/live"
)

// pcm is how the sound comes over HTTP: the form that the documentation
// (docs.resemble.ai/voice-generation/text-to-speech/streaming-http) describes. µ-law
// is taken as well.
var pcm = live.Format{Rate: 8000}

// plainRequest is the body of a request over HTTP.
type plainRequest struct {
	Voice     string `json:"voice_uuid"`
	Project   string `json:"project_uuid,omitempty"`
	Data      string `json:"data"`
	Model     string `json:"model,omitempty"`
	Precision string `json:"precision"`
	Rate      int    `json:"sample_rate"`
}

// speakPlain is Speak over HTTP.
func (v *Voice) speakPlain(ctx context.Context, text string, out tts.Sink) error {
	if !live.Speakable(text) {
		return nil
	}
	if len(text) > mostText {
		return provider.New(Name, "speak", provider.Refused, fmt.Errorf("text of %d bytes; %d is the most", len(text), mostText))
	}
	body, _ := json.Marshal(plainRequest{ // a struct of strings
		Voice: v.cfg.Voice, Project: v.cfg.Project, Data: live.Clean(text), Model: v.cfg.Model, Precision: "PCM_16", Rate: pcm.Rate,
	})
	pour, err := live.NewPour(pcm, out)
	if err != nil {
		return provider.New(Name, "speak", provider.Refused, err)
	}
	return live.Stream(ctx, Name, v.cfg.Patience, func(ctx context.Context) (*http.Response, error) { return v.ask(ctx, body) }, pour)
}

func (v *Voice) ask(ctx context.Context, body []byte) (*http.Response, error) {
	url := strings.TrimRight(cmp.Or(v.cfg.StreamURL, v.cfg.BaseURL, httpBase), "/") + "/stream"
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+v.cfg.Key)
	res, err := v.http.Do(req)
	if err == nil && res.StatusCode == http.StatusOK {
		res.Body = &samples{r: bufio.NewReader(res.Body), body: res.Body}
	}
	return res, err
}
