package vendortest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// OpenAI thinks. From the documentation:
// developers.openai.com/api/docs/api-reference/chat, create and streaming.
type OpenAI struct {
	Vendor
	answer func(Chat) string
	asked  []Chat
}

// Chat is what a model is asked.
type Chat struct {
	Model       string
	Temperature *float64
	Messages    []struct{ Role, Content string }
}

// Last is the newest message of a role; empty when there is none.
func (c Chat) Last(role string) (text string) {
	for _, m := range c.Messages {
		if m.Role == role {
			text = m.Content
		}
	}
	return text
}

// StartOpenAI starts one until the test ends, whose models give this answer.
func StartOpenAI(t testing.TB, answer func(Chat) string) *OpenAI {
	o := &OpenAI{answer: answer}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/chat/completions", o.chat)
	o.start(t, mux)
	return o
}

// URL is the base URL, up to and with /v1.
func (o *OpenAI) URL() string { return o.Vendor.URL() + "/v1" }

// Asked are the requests so far.
func (o *OpenAI) Asked() []Chat {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.asked)
}

// trouble is an error as developers.openai.com/api/docs/guides/error-codes has
// it; with a status of 0 one within a stream.
func trouble(status int, complaint string) string {
	kind, code := "server_error", "null"
	if status == http.StatusUnauthorized {
		kind, code = "invalid_request_error", `"invalid_api_key"`
	}
	return fmt.Sprintf(`{"error":{"message":%q,"type":%q,"param":%q,"code":%s}}`, complaint, kind, complaint, code)
}

func (o *OpenAI) chat(w http.ResponseWriter, r *http.Request) {
	var c Chat
	var stream struct{ Stream bool }
	body := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20))
	var raw json.RawMessage
	if err := body.Decode(&raw); err != nil || json.Unmarshal(raw, &c) != nil || json.Unmarshal(raw, &stream) != nil || !stream.Stream || c.Model == "" {
		o.t.Errorf("a model was asked %s: %v", raw, err)
	}
	o.mu.Lock()
	o.asked = append(o.asked, c)
	o.mu.Unlock()
	key, ok := o.enter(w, r, "Bearer", trouble)
	if !ok {
		return
	}
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	words := strings.SplitAfter(o.answer(c), " ")
	for i, word := range words {
		if i > 0 && i == len(words)/2 && o.now() == BreaksOff {
			fmt.Fprintf(w, "data: %s\n\n", trouble(0, o.complaint(key)))
			return
		}
		chunk(w, c.Model, fmt.Sprintf(`[{"index":0,"delta":{"content":%q},"finish_reason":null}]`, word), "null")
	}
	chunk(w, c.Model, `[{"index":0,"delta":{},"finish_reason":"stop"}]`, "null")
	chunk(w, c.Model, `[]`, `{"prompt_tokens":31,"completion_tokens":9,"total_tokens":40,"prompt_tokens_details":{"cached_tokens":20}}`)
	fmt.Fprint(w, "data: [DONE]\n\n")
}

// chunk sends one event.
func chunk(w http.ResponseWriter, model, choices, usage string) {
	fmt.Fprintf(w, `data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":%q,"choices":%s,"usage":%s}`+"\n\n", model, choices, usage)
	w.(http.Flusher).Flush() //nolint:errcheck,forcetypeassert // that of net/http flushes
}
