package anthropic_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/llm/anthropic"
	"github.com/hookswitch/hookswitch/agentcore/llm/llmtest"
	"github.com/hookswitch/hookswitch/agentcore/provider"
)

// got is a whole reply.
type got struct {
	text  string
	calls []string
	costs []llm.Usage
	err   error
}

func ask(ctx context.Context, m *anthropic.Model, r llm.Request) (g got) {
	for d, err := range m.Chat(ctx, r) {
		if g.err = err; err != nil {
			break
		}
		g.text += d.Text
		if d.Call != nil {
			g.calls = append(g.calls, fmt.Sprintf("%s %s %s", d.Call.ID, d.Call.Name, d.Call.Arguments))
		}
		if d.Usage != nil {
			g.costs = append(g.costs, *d.Usage)
		}
	}
	return g
}

func TestStreamsAreReadAsTheyComeInRealLife(t *testing.T) {
	for _, tt := range []struct {
		name  string
		play  play
		text  string
		calls []string
	}{
		{"plain", words("Hello", ", ", "caller."), "Hello, caller.", nil},
		{"no message_stop", func(c *conn) {
			c.stream()
			c.text(0, "Hi.")
			c.event("message_delta", `"delta":{"stop_reason":"end_turn"}`)
		}, "Hi.", nil},
		{"cut by the token limit", func(c *conn) { c.stream(); c.text(0, "Hi"); c.finish("max_tokens") }, "Hi", nil},
		{"cut by the context window", func(c *conn) { c.stream(); c.text(0, "Hi"); c.finish("model_context_window_exceeded") }, "Hi", nil},
		{"paused", func(c *conn) { c.stream(); c.text(0, "Hi"); c.finish("pause_turn") }, "Hi", nil},
		{"declined after some words", func(c *conn) { c.stream(); c.text(0, "Well."); c.finish("refusal") }, "Well.", nil},
		{"nothing to say", func(c *conn) { c.stream(); c.finish("end_turn") }, "", nil},
		{"thoughts are not spoken", func(c *conn) {
			c.stream()
			c.block(0, `{"type":"thinking","thinking":"","signature":""}`)
			c.delta(0, "thinking_delta", "thinking", "They want Tuesday.")
			c.delta(0, "signature_delta", "signature", "EqQB")
			c.stop(0)
			c.block(1, `{"type":"redacted_thinking","data":"abc"}`)
			c.stop(1)
			c.text(2, "Tuesday.")
			c.finish("end_turn")
		}, "Tuesday.", nil},
		{"pings, comments and events to come", func(c *conn) {
			c.stream()
			c.Raw(": keep-alive\n\nevent: later\ndata: {\"type\":\"later\",\"x\":[1]}\n\n")
			c.block(0, `{"type":"text","text":"Hi"}`)
			c.event("ping", "")
			c.delta(0, "later_delta", "x", "y")
			c.say(0, ".")
			c.stop(0)
			c.finish("end_turn")
		}, "Hi.", nil},
		{"two blocks of words are two sentences", func(c *conn) {
			c.stream()
			c.text(0, "One.")
			c.text(1, "Two.")
			c.text(2, "\nThree.")
			c.finish("end_turn")
		}, "One. Two.\nThree.", nil},
		{"two calls, interleaved, after words", func(c *conn) {
			c.stream()
			c.text(0, "One moment.")
			c.block(1, `{"type":"tool_use","id":"a","name":"book","input":{}}`)
			c.block(2, `{"type":"tool_use","id":"b","name":"end_call","input":{}}`)
			c.delta(1, "input_json_delta", "partial_json", `{"day":`)
			c.delta(2, "input_json_delta", "partial_json", ``)
			c.delta(1, "input_json_delta", "partial_json", `"Tuesday"}`)
			c.stop(2)
			c.stop(1)
			c.finish("tool_use")
		}, "One moment.", []string{`a book {"day":"Tuesday"}`, `b end_call {}`}},
		{"arguments that come at once", func(c *conn) {
			c.stream()
			c.block(0, `{"type":"tool_use","id":"a","name":"book","input":{"day":"Tuesday"}}`)
			c.stop(0)
			c.finish("tool_use")
		}, "", []string{`a book {"day":"Tuesday"}`}},
		{"malformed arguments are passed on", func(c *conn) { c.stream(); c.call(0, "a", "{what: sky"); c.finish("tool_use") }, "", []string{`a look {what: sky`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, _ := serve(t, nil, tt.play)
			g := ask(t.Context(), m, llmtest.Request())
			if g.err != nil || g.text != tt.text || strings.Join(g.calls, "\n") != strings.Join(tt.calls, "\n") {
				t.Errorf("reply = %+v, want %q, %q", g, tt.text, tt.calls)
			}
		})
	}
}

func TestFailuresSayWhetherToTryAgain(t *testing.T) {
	for _, tt := range []struct {
		name string
		play play
		text string // said before
		want llm.Error
		in   string // the error's text
	}{
		{"no such model", status(404, "not_found_error"), "", llm.Error{Op: "chat", Code: 404, Class: provider.Refused}, "not_found_error"},
		{"not allowed", status(403, "permission_error"), "", llm.Error{Op: "chat", Code: 403, Class: provider.Auth}, "permission_error"},
		{"too large a request", status(413, "request_too_large"), "", llm.Error{Op: "chat", Code: 413, Class: provider.Refused}, "request_too_large"},
		{"an error page", func(c *conn) { c.W.WriteHeader(502); fmt.Fprint(c.W, "<html>"+llmtest.Key) }, "", llm.Error{Op: "chat", Code: 502, Class: provider.Unavailable, Retry: true}, "status 502"},
		{"a redirect", func(c *conn) { http.Redirect(c.W, c.R, "/elsewhere", http.StatusTemporaryRedirect) }, "", llm.Error{Op: "chat", Code: 307, Class: provider.Refused}, "status 307"},
		{"not a stream", func(c *conn) { c.W.Header().Set("Content-Type", "application/json"); fmt.Fprint(c.W, `{}`) }, "", llm.Error{Op: "chat", Class: provider.Garbage, Retry: true}, "no stream"},
		{"pings are not words", func(c *conn) {
			c.stream()
			for c.R.Context().Err() == nil {
				c.event("ping", "")
				time.Sleep(5 * time.Millisecond)
			}
		}, "", llm.Error{Op: "stream", Class: provider.Timeout, Retry: true}, "no answer within 1s"},
		{"thoughts are not words", func(c *conn) {
			c.stream()
			c.block(0, `{"type":"thinking","thinking":""}`)
			for c.R.Context().Err() == nil {
				c.delta(0, "thinking_delta", "thinking", "hm ")
				time.Sleep(5 * time.Millisecond)
			}
		}, "", llm.Error{Op: "stream", Class: provider.Timeout, Retry: true}, "no answer within 1s"},
		{"cut in the middle", func(c *conn) { one(c); c.Cut() }, "One ", llm.Error{Op: "stream", Class: provider.Unavailable, Retry: true}, "unexpected EOF"},
		{"cut within a tool call", func(c *conn) { c.stream(); c.call(0, "a", `{"what"`) }, "", llm.Error{Op: "stream", Class: provider.Unavailable, Retry: true}, "unexpected EOF"},
		{"too few tokens for a tool call", func(c *conn) { c.stream(); c.call(0, "a", `{"what"`); c.finish("max_tokens") }, "", llm.Error{Op: "stream", Class: provider.Garbage, Retry: true}, "a tool call was cut"},
		{"too few tokens for a word", func(c *conn) { c.stream(); c.finish("max_tokens") }, "", llm.Error{Op: "stream", Class: provider.Garbage, Retry: true}, "before its first word"},
		{"declined", func(c *conn) { c.stream(); c.finish("refusal") }, "", llm.Error{Op: "stream", Class: provider.Refused}, "declined"},
		{"an error event", func(c *conn) { one(c); c.event("error", `"error":{"type":"rate_limit_error","message":"x"}`) }, "One ", llm.Error{Op: "stream", Class: provider.RateLimited, Retry: true}, "rate_limit_error"},
		{"an error event that is none", func(c *conn) { one(c); c.Raw("event: error\ndata: " + llmtest.Key + "\n\n") }, "One ", llm.Error{Op: "stream", Class: provider.Unavailable, Retry: true}, "the server broke off"},
		{"arguments without end", func(c *conn) {
			c.stream()
			c.block(0, `{"type":"tool_use","id":"a","name":"book","input":{}}`)
			for c.R.Context().Err() == nil {
				c.delta(0, "input_json_delta", "partial_json", strings.Repeat("x", 10_000))
			}
		}, "", llm.Error{Op: "stream", Class: provider.Garbage, Retry: true}, "the reply is too long"},
		{"calls without end", func(c *conn) {
			c.stream()
			for i := 0; c.R.Context().Err() == nil; i++ {
				c.block(i, `{"type":"tool_use","id":"a","name":"book","input":{}}`)
			}
		}, "", llm.Error{Op: "stream", Class: provider.Garbage, Retry: true}, "the reply is too long"},
		{"words without end", func(c *conn) {
			one(c)
			for c.R.Context().Err() == nil {
				c.say(0, strings.Repeat("x", 10_000))
			}
		}, "One " + strings.Repeat("x", 60_000), llm.Error{Op: "stream", Class: provider.Garbage, Retry: true}, "the reply is too long"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, _ := serve(t, func(c *anthropic.Config) {
				c.Retries = -1
				if strings.Contains(tt.in, "within") { // the others have all the time of a slow machine
					c.Patience.First = time.Second // the answer has begun by then
				}
			}, tt.play)
			g := ask(t.Context(), m, llmtest.Request())
			var e *llm.Error
			if !errors.As(g.err, &e) {
				t.Fatalf("reply = %+v, want an *llm.Error", g)
			}
			if e.Provider != "anthropic" || e.Op != tt.want.Op || e.Code != tt.want.Code || e.Class != tt.want.Class || e.Retry != tt.want.Retry || !strings.Contains(e.Error(), tt.in) {
				t.Errorf("err = %+v (%v), want %+v with %q", *e, e, tt.want, tt.in)
			}
			if g.text != tt.text || len(g.calls) != 0 {
				t.Errorf("said %.80q, calls %q before it, want %.80q", g.text, g.calls, tt.text)
			}
			for _, secret := range []string{llmtest.Key, llmtest.Private, "127.0.0.1"} {
				if strings.Contains(g.err.Error(), secret) {
					t.Errorf("err names %s: %v", secret, g.err)
				}
			}
		})
	}
}

func TestRetriesAreBeforeTheFirstWordOnly(t *testing.T) {
	for _, tt := range []struct {
		name     string
		plays    []play
		text     string
		requests int
	}{
		{"after 529", []play{status(529, "overloaded_error", "Retry-After-Ms", "20"), words("Hi.")}, "Hi.", 2},
		{"after two", []play{status(500, "api_error", "Retry-After-Ms", "20"), status(529, "overloaded_error", "Retry-After-Ms", "20"), words("Hi.")}, "Hi.", 3},
		{"not if it takes longer than a caller waits", []play{status(429, "rate_limit_error", "Retry-After", "60"), words("Hi.")}, "", 1},
		{"not after 400", []play{status(400, "invalid_request_error"), words("Hi.")}, "", 1},
		{"not when a spend limit is reached", []play{func(c *conn) {
			c.W.Header().Set("Content-Type", "application/json")
			c.W.WriteHeader(429)
			fmt.Fprint(c.W, `{"type":"error","error":{"type":"rate_limit_error","message":"x","details":{"error_code":"enforced_spend_limit_reached"}}}`)
		}, words("Hi.")}, "", 1},
		{"not after a word was said", []play{func(c *conn) { one(c); c.Cut() }, words("Hi.")}, "One ", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var log bytes.Buffer
			m, s := serve(t, func(c *anthropic.Config) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) }, tt.plays...)
			g := ask(t.Context(), m, llmtest.Request())
			if n := len(s.Asked()); g.text != tt.text || n != tt.requests {
				t.Errorf("%d requests, reply %+v, want %d and %q", n, g, tt.requests, tt.text)
			}
			if retried := tt.requests > 1; retried != strings.Contains(log.String(), "trying again") || strings.Contains(log.String(), llmtest.Key) {
				t.Errorf("log: %s", log.String())
			}
		})
	}
}

// A reply that is broken off has its cost told, too, as far as it is known.
func TestTheCostIsToldWithTheFirstWord(t *testing.T) {
	m, _ := serve(t, nil, func(c *conn) { one(c); c.Cut() })
	g := ask(t.Context(), m, llmtest.Request())
	if want := (llm.Usage{Input: 31, Cached: 20, Output: 1}); len(g.costs) != 1 || g.costs[0] != want {
		t.Errorf("costs = %+v, want %+v", g.costs, want)
	}
}

func TestConfigurationMistakesAreNamed(t *testing.T) {
	llmtest.Mistakes(t, anthropic.New)
	if m, err := anthropic.New(anthropic.Config{Model: "m"}); err != nil || m.String() != "m" || m.Close() != nil {
		t.Errorf("New() = %v, %v", m, err)
	}
}

// body is the first request's, as JSON.
func body(t *testing.T, s *server) string {
	t.Helper()
	b, err := json.Marshal(s.Asked()[0].Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
