package provider_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/hookswitch/hookswitch/agentcore/provider"
)

// answer is an HTTP answer with a body.
func answer(status int, kind, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {kind}}, Body: io.NopCloser(iotest.OneByteReader(strings.NewReader(body)))}
}

func TestEventsAreBounded(t *testing.T) {
	long := strings.Repeat("x", 1<<19)
	for _, tt := range []struct {
		claim, body string
		done        bool
		class       provider.Class // of the failure; empty for none
	}{
		{"a stream and its end", "event: a\r\ndata: {}\r\n\r\ndata: [DONE]\r\n\r\n", true, ""},
		{"the end without a line's end", "data:[DONE]", true, ""},
		{"no end", "data: {}\n\n", false, ""},
		{"an end that is only said", "data: {\"text\":\"[DONE]\"}\n\n", false, ""},
		{"many events", strings.Repeat("data: "+long+"\n\n", 3), false, ""},
		{"one long line", "data: " + long + long + "\n\n", false, provider.Garbage},
		{"nothing but carriage returns", "data: " + strings.Repeat("\r", 2<<20), false, provider.Garbage},
		{"many lines of one event", strings.Repeat("data: "+long+"\n", 3), false, provider.Garbage},
	} {
		t.Run(tt.claim, func(t *testing.T) {
			res := answer(200, "text/event-stream; charset=utf-8", tt.body)
			e, err := provider.ReadEvents("x", "chat", res)
			if err != nil {
				t.Fatal(err)
			}
			_, err = io.Copy(io.Discard, res.Body)
			if tt.class != "" {
				if got := provider.Failure(t.Context(), "x", "stream", err); got.Class != tt.class {
					t.Errorf("failure = %+v, want %s", got, tt.class)
				}
			} else if err != nil {
				t.Error(err)
			}
			if e.Done() != tt.done {
				t.Errorf("Done() = %v", e.Done())
			}
		})
	}
}

func TestWhatIsNoStreamIsAnError(t *testing.T) {
	for _, tt := range []struct {
		status     int
		kind, body string
		class      provider.Class
	}{
		{200, "application/json; charset=utf-8", `{}`, provider.Garbage},
		{200, "text/html", `<html>`, provider.Garbage},
		{429, "application/json", `{"error":{"type":"rate_limit_exceeded"}}`, provider.RateLimited},
		{307, "text/html", `<a href="http://secret">`, provider.Refused},
		{529, "application/json", `{"type":"error","error":{"type":"overloaded_error"}}`, provider.Unavailable},
	} {
		_, err := provider.ReadEvents("x", "chat", answer(tt.status, tt.kind, tt.body))
		var e *provider.Error
		if !errors.As(err, &e) || e.Class != tt.class || strings.Contains(err.Error(), "secret") {
			t.Errorf("%d %s: %v, want %s", tt.status, tt.kind, err, tt.class)
		}
	}
}
