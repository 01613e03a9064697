package gemini

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"google.golang.org/genai"

	"github.com/hookswitch/hookswitch/agentcore/provider"
)

// longest bounds how long a server may ask to be left alone.
const longest = 24 * time.Hour

// refusal makes an Error of an answer that is no success. What Google's statuses
// lack is in the details, of the types of google.rpc (cloud.google.com/apis/
// design/errors): a wrong key is a status 400 with the reason API_KEY_INVALID, a
// used up day is a status 429 as is a busy minute, and how long to wait is in a
// RetryInfo. Used up credits are a status 402
// (ai.google.dev/gemini-api/docs/troubleshooting).
func refusal(name, op string, status int, h http.Header, body []byte) *provider.Error {
	var list []json.RawMessage
	if json.Unmarshal(body, &list) == nil && len(list) > 0 { // it comes so, too
		body = list[0]
	}
	e := provider.Status(name, op, status, h, body)
	var b struct {
		Error struct{ Details []detail }
	}
	if json.Unmarshal(body, &b) != nil {
		return e
	}
	for _, d := range b.Error.Details {
		d.tell(e)
	}
	return e
}

// detail is one of an error's details, whatever its type.
type detail struct {
	Reason     string // ErrorInfo: "API_KEY_INVALID"
	RetryDelay string // RetryInfo: "26s"
	Violations []struct {
		QuotaID string `json:"quotaId"` // "GenerateRequestsPerDayPerProjectPerModel-FreeTier"
	} // QuotaFailure
}

func (d detail) tell(e *provider.Error) {
	if strings.HasPrefix(d.Reason, "API_KEY_") && reasonRule.MatchString(d.Reason) {
		e.Class, e.Retry = provider.Auth, false
		e.Err = &provider.StatusError{Status: e.Code, Code: d.Reason}
	}
	if wait, err := time.ParseDuration(d.RetryDelay); err == nil && wait > 0 && e.After == 0 {
		e.After = min(wait, longest)
	}
	for _, v := range d.Violations {
		if e.Class == provider.RateLimited && strings.Contains(v.QuotaID, "PerDay") {
			e.Class, e.Retry = provider.Quota, false
		}
	}
}

// inStream is an error that came instead of words.
func inStream(name string, said genai.APIError) error {
	body, err := json.Marshal(map[string]any{"error": map[string]any{"status": said.Status, "message": said.Message, "details": said.Details}})
	if err != nil || said.Code < 400 || said.Code > 599 {
		return provider.New(name, "stream", provider.Unavailable, errors.New("the server broke off"))
	}
	return refusal(name, "stream", said.Code, nil, body)
}
