package gemini_test

import (
	"bytes"
	"errors"
	"log"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/llm/gemini"
	"github.com/hookswitch/hookswitch/agentcore/llm/llmtest"
	"github.com/hookswitch/hookswitch/agentcore/llm/window"
	"github.com/hookswitch/hookswitch/agentcore/provider"
)

func TestStreamsAreReadAsTheyComeInRealLife(t *testing.T) {
	for _, tt := range []struct {
		name  string
		play  play
		text  string
		calls string
	}{
		{"plain", words("Hello", ", ", "caller."), "Hello, caller.", ""},
		{"cut by the token limit", func(c *conn) { c.Stream(); c.say("Hi"); c.finish("MAX_TOKENS") }, "Hi", ""},
		{"nothing to say", func(c *conn) { c.Stream(); c.finish("STOP") }, "", ""},
		{"a reason with every chunk, as 1.5 gave it", func(c *conn) {
			c.Stream()
			c.Raw(event(text("Hi. "), `,"finishReason": "STOP"`))
			c.say("There.")
			c.finish("STOP")
		}, "Hi. There.", ""},
		{"thoughts are not spoken", func(c *conn) {
			c.Stream()
			c.parts(`{"text": "hm","thought": true},{"text": "Hi.","thoughtSignature": "c2ln"}`)
			c.finish("STOP")
		}, "Hi.", ""},
		{"another candidate is not for us", func(c *conn) {
			c.Stream()
			c.say("A")
			c.Raw(`data: {"candidates":[{"content":{"parts":[{"text":"B"}]},"index":1}]}` + "\n\n")
			c.finish("STOP")
		}, "A", ""},
		{"comments, other fields, data in lines, bare LF", func(c *conn) {
			c.Stream()
			c.Raw(": keep-alive\n\nevent: x\nid: 7\nretry: 10\nnonsense\n\n\r\n")
			c.Raw("data: {\"candidates\": [{\ndata:\"content\":{\"parts\":[{\"text\":\"Hi.\"}]},\ndata: \"index\":0}],\"new\":[1]}\n\n: ping\n\n")
			c.finish("STOP")
		}, "Hi.", ""},
		{"the last empty line missing", func(c *conn) { c.Stream(); c.say("Hi."); c.Raw(strings.TrimRight(last("STOP"), "\r\n")) }, "Hi.", ""},
		{"words, then two calls at once and one in another chunk", func(c *conn) {
			c.Stream()
			c.say("One moment.")
			c.parts(`{"functionCall":{"name":"book","args":{"day":"Tue <b>","n":15551234567}},"thoughtSignature":"c2ln"},{"functionCall":{"name":"look"}}`)
			c.parts(`{"functionCall":{"name":"end_call","args":{}}}`)
			c.finish("STOP")
		}, "One moment.", `book {"day":"Tue <b>","n":15551234567}; look {}; end_call {}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, _ := serve(t, nil, tt.play)
			g := ask(t.Context(), m, llmtest.Request())
			if g.err != nil || g.text != tt.text || called(g.calls) != tt.calls {
				t.Errorf("reply = %+v (%s), want %q, %q", g, called(g.calls), tt.text, tt.calls)
			}
			ids := map[string]bool{}
			for _, c := range g.calls {
				if c.ID == "" || ids[c.ID] {
					t.Errorf("id %q of %v: want one of its own", c.ID, g.calls)
				}
				ids[c.ID] = true
			}
		})
	}
}

func TestFailuresSayWhatTheyAre(t *testing.T) {
	inStream := func(event string) play { return func(c *conn) { c.Stream(); c.say("We "); c.Raw(event); c.Stall() } }
	ends := func(reason string) play { return func(c *conn) { c.Stream(); c.say("We "); c.finish(reason) } }
	for _, tt := range []struct {
		name string
		play play
		text string // said before
		want llm.Error
		in   string // the error's text
	}{
		{"the key is wrong", status(400, "INVALID_ARGUMENT", badKey), "", llm.Error{Op: "chat", Code: 400, Class: provider.Auth}, "API_KEY_INVALID"},
		{"the key may not", status(403, "PERMISSION_DENIED", ""), "", llm.Error{Op: "chat", Code: 403, Class: provider.Auth}, "status 403 Forbidden (PERMISSION_DENIED)"},
		{"no such model", status(404, "NOT_FOUND", ""), "", llm.Error{Op: "chat", Code: 404, Class: provider.Refused}, "NOT_FOUND"},
		{"busy, as the body says", status(429, "RESOURCE_EXHAUSTED", retryIn7), "", llm.Error{Op: "chat", Code: 429, Class: provider.RateLimited, Retry: true, After: 7 * time.Second}, "RESOURCE_EXHAUSTED"},
		{"busy, as the header says", status(429, "RESOURCE_EXHAUSTED", "", "Retry-After", "9"), "", llm.Error{Op: "chat", Code: 429, Class: provider.RateLimited, Retry: true, After: 9 * time.Second}, "status 429"},
		{"the day is used up", status(429, "RESOURCE_EXHAUSTED", dayIsOut), "", llm.Error{Op: "chat", Code: 429, Class: provider.Quota, After: 26500 * time.Millisecond}, "status 429"},
		{"the details are odd", status(429, "RESOURCE_EXHAUSTED", `{"reason":7},{"retryDelay":"-5s"},{"retryDelay":"999999h"}`), "", llm.Error{Op: "chat", Code: 429, Class: provider.RateLimited, Retry: true}, "status 429"},
		{"an error in a list", func(c *conn) { c.W.WriteHeader(503); c.Raw("[" + failure(503, "UNAVAILABLE", "") + "]") }, "", llm.Error{Op: "chat", Code: 503, Class: provider.Unavailable, Retry: true}, "UNAVAILABLE"},
		{"an error page", func(c *conn) { c.W.WriteHeader(502); c.Raw("<html>" + llmtest.Key + "</html>") }, "", llm.Error{Op: "chat", Code: 502, Class: provider.Unavailable, Retry: true}, "status 502 Bad Gateway"},
		{"a redirect", func(c *conn) { http.Redirect(c.W, c.R, "/elsewhere", http.StatusTemporaryRedirect) }, "", llm.Error{Op: "chat", Code: 307, Class: provider.Refused}, "status 307"},
		{"not a stream", func(c *conn) { c.W.Header().Set("Content-Type", "application/json"); c.Raw(`[{}]`) }, "", llm.Error{Op: "chat", Class: provider.Garbage, Retry: true}, "no stream"},
		{"the question is blocked", func(c *conn) {
			c.Stream()
			c.Raw(`data: {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}` + "\r\n\r\n")
		}, "", llm.Error{Op: "stream", Class: provider.Refused}, "the reply is blocked: PROHIBITED_CONTENT"},
		{"the reply is blocked", ends("SAFETY"), "We ", llm.Error{Op: "stream", Class: provider.Refused}, "the reply is blocked: SAFETY"},
		{"it was somebody else's text", ends("RECITATION"), "We ", llm.Error{Op: "stream", Class: provider.Refused}, "RECITATION"},
		{"a call that is none", ends("MALFORMED_FUNCTION_CALL"), "We ", llm.Error{Op: "stream", Class: provider.Garbage, Retry: true}, "MALFORMED_FUNCTION_CALL"},
		{"a reason that is a sentence", ends(llmtest.Private), "We ", llm.Error{Op: "stream", Class: provider.Garbage, Retry: true}, "the model stopped"},
		{"overloaded in the stream", inStream("data: " + failure(503, "UNAVAILABLE", "") + "\n\n"), "We ", llm.Error{Op: "stream", Code: 503, Class: provider.Unavailable, Retry: true}, "UNAVAILABLE"},
		{"busy in the stream", inStream("data: " + failure(429, "RESOURCE_EXHAUSTED", retryIn7) + "\n\n"), "We ", llm.Error{Op: "stream", Code: 429, Class: provider.RateLimited, Retry: true, After: 7 * time.Second}, "status 429"},
		{"an error without data: in front", inStream("{\n \"error\": {\n \"code\": 500, \"status\": \"INTERNAL\",\"message\":\"" + llmtest.Private + "\"}\n}\n\n"), "We ", llm.Error{Op: "stream", Code: 500, Class: provider.Unavailable, Retry: true}, "INTERNAL"},
		{"an error without a code", inStream(`data: {"error":{"message":"` + llmtest.Private + `"}}` + "\n\n"), "We ", llm.Error{Op: "stream", Class: provider.Unavailable, Retry: true}, "the server broke off"},
		{"shapes that the SDK doesn't expect", inStream(`data: {"candidates":[{"citationMetadata":7,"content":"` + llmtest.Private + `"}]}` + "\n\n"), "We ", llm.Error{Op: "stream", Class: provider.Garbage, Retry: true}, "can't be understood"},
		{"no answer", func(c *conn) { c.Stall() }, "", llm.Error{Op: "chat", Class: provider.Timeout, Retry: true}, "no answer within 1s"},
		{"a stream without words", func(c *conn) { c.Stream(); c.parts(""); c.Stall() }, "", llm.Error{Op: "stream", Class: provider.Timeout, Retry: true}, "no answer within 1s"},
		{"silent in the middle", func(c *conn) { c.Stream(); c.say("We are "); c.Stall() }, "We are ", llm.Error{Op: "stream", Class: provider.Timeout, Retry: true}, "nothing further within 80ms"},
		{"cut in the middle", func(c *conn) { c.Stream(); c.say("We are "); c.Cut() }, "We are ", llm.Error{Op: "stream", Class: provider.Unavailable, Retry: true}, "unexpected EOF"},
		{"closed politely within an event", func(c *conn) { c.Stream(); c.say("We are "); c.Raw(`data: {"candi`) }, "We are ", llm.Error{Op: "stream", Class: provider.Unavailable, Retry: true}, "unexpected EOF"},
		{"closed before its calls are sure", func(c *conn) {
			c.Stream()
			c.say("We ")
			c.parts(`{"functionCall":{"name":"book","args":{}}}`)
		}, "We ", llm.Error{Op: "stream", Class: provider.Unavailable, Retry: true}, "unexpected EOF"},
		{"words without end", func(c *conn) {
			c.Stream()
			for c.R.Context().Err() == nil {
				c.say(strings.Repeat("x", 10_000))
			}
		}, strings.Repeat("x", 60_000), llm.Error{Op: "stream", Class: provider.Garbage, Retry: true}, "the reply is too long"},
		{"arguments without end", inStream(event(`{"functionCall":{"name":"book","args":{"x":"`+strings.Repeat("x", 70_000)+`"}}}`, "")), "We ", llm.Error{Op: "stream", Class: provider.Garbage, Retry: true}, "more than 65536 bytes"},
		{"calls without end", func(c *conn) {
			c.Stream()
			for c.R.Context().Err() == nil {
				c.parts(`{"functionCall":{"name":"book"}}`)
			}
		}, "", llm.Error{Op: "stream", Class: provider.Garbage, Retry: true}, "too many tool calls"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var logged bytes.Buffer // by the SDK, which has no other place
			defer log.SetOutput(log.Writer())
			log.SetOutput(&logged)
			m, _ := serve(t, func(c *gemini.Config) {
				c.Retries = -1
				if strings.Contains(tt.in, "within") { // the others have all the time of a slow machine
					c.Patience.Gap = 80 * time.Millisecond
				}
				if strings.Contains(tt.in, "no answer within") {
					c.Patience.First = time.Second // the answer has begun by then
				}
			}, tt.play)
			g := ask(t.Context(), m, llmtest.Request())
			var e *llm.Error
			if !errors.As(g.err, &e) {
				t.Fatalf("reply = %+v, want an *llm.Error", g)
			}
			have := llm.Error{Op: e.Op, Code: e.Code, Class: e.Class, Retry: e.Retry, After: e.After}
			if e.Provider != gemini.Name || have != tt.want || !strings.Contains(e.Error(), tt.in) {
				t.Errorf("err = %+v (%v), want %+v with %q", have, e, tt.want, tt.in)
			}
			if g.text != tt.text || len(g.calls) != 0 {
				t.Errorf("said %.80q, calls %q before it, want %.80q", g.text, called(g.calls), tt.text)
			}
			for _, secret := range []string{llmtest.Key, llmtest.Private, "127.0.0.1"} {
				if strings.Contains(g.err.Error()+logged.String(), secret) {
					t.Errorf("err or log name %s: %v\n%s", secret, g.err, logged.String())
				}
			}
			if g.took > 8*time.Second {
				t.Errorf("it took %v", g.took)
			}
		})
	}
}

// The API has no code for it, and package window lives on one.
func TestTooLongAConversationIsToldAsSuch(t *testing.T) {
	m, _ := serve(t, nil, func(c *conn) {
		c.W.WriteHeader(400)
		c.Raw(`{"error":{"code":400,"message":"The input token count (1200293) exceeds the maximum number of tokens allowed (1048576).","status":"INVALID_ARGUMENT"}}`)
	})
	if g := ask(t.Context(), m, llmtest.Request()); !window.TooLong(g.err) {
		t.Errorf("err = %v, want one that is too long", g.err)
	}
}

func TestRetriesAreForRefusedRequestsOnly(t *testing.T) {
	for _, tt := range []struct {
		name     string
		plays    []play
		text     string
		requests int
	}{
		{"after 429, as soon as allowed", []play{status(429, "RESOURCE_EXHAUSTED", `{"retryDelay":"0.02s"}`), words("Hi.")}, "Hi.", 2},
		{"after two", []play{status(500, "INTERNAL", "", "Retry-After-Ms", "10"), status(503, "UNAVAILABLE", "", "Retry-After-Ms", "10"), words("Hi.")}, "Hi.", 3},
		{"not after three", []play{status(500, "INTERNAL", "", "Retry-After-Ms", "10")}, "", 3},
		{"not if it takes longer than a caller waits", []play{status(429, "RESOURCE_EXHAUSTED", retryIn7), words("Hi.")}, "", 1},
		{"not after 400", []play{status(400, "INVALID_ARGUMENT", ""), words("Hi.")}, "", 1},
		{"not with the wrong key", []play{status(400, "INVALID_ARGUMENT", badKey), words("Hi.")}, "", 1},
		{"not after a word was said", []play{func(c *conn) { c.Stream(); c.say("We "); c.Cut() }, words("Hi.")}, "We ", 1},
		{"not after a cut", []play{func(c *conn) { c.Stream(); c.Cut() }, words("Hi.")}, "", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var told bytes.Buffer
			m, s := serve(t, func(c *gemini.Config) { c.Log = slog.New(slog.NewTextHandler(&told, nil)) }, tt.plays...)
			g := ask(t.Context(), m, llmtest.Request())
			if n := len(s.Asked()); g.text != tt.text || n != tt.requests {
				t.Errorf("%d requests, reply %+v, want %d and %q", n, g, tt.requests, tt.text)
			}
			if retried := tt.requests > 1; retried != strings.Contains(told.String(), "trying again") || strings.Contains(told.String(), llmtest.Key) {
				t.Errorf("log: %s", told.String())
			}
		})
	}
}

// A slow consumer is not a slow model.
func TestTheClockStopsWhileTheConsumerIsBusy(t *testing.T) {
	m, _ := serve(t, func(c *gemini.Config) { c.Patience.Gap = 1500 * time.Millisecond }, words("a ", "b ", "c"))
	text := ""
	for d, err := range m.Chat(t.Context(), llmtest.Request()) {
		if err != nil {
			t.Fatal(err)
		}
		if text += d.Text; d.Text != "" {
			time.Sleep(1600 * time.Millisecond)
		}
	}
	if text != "a b c" {
		t.Errorf("text = %q", text)
	}
}

// Whoever hangs up in mid-reply pays, too.
func TestTheCostIsToldOnTheWay(t *testing.T) {
	m, _ := serve(t, nil, func(c *conn) {
		c.Stream()
		c.Raw(`data: {"candidates":[{"content":{"parts":[{"text":"Well, "}]},"index":0}],"usageMetadata":{"promptTokenCount":30,"candidatesTokenCount":2}}` + "\n\n")
		c.Stall()
	})
	for d, err := range m.Chat(t.Context(), llmtest.Request()) {
		if err != nil {
			t.Fatal(err)
		}
		if d.Usage != nil {
			if *d.Usage != (llm.Usage{Input: 30, Output: 2}) {
				t.Errorf("usage = %+v", *d.Usage)
			}
			return
		}
	}
	t.Error("no usage was told")
}

// A panic of the consumer's is not taken for the server's fault.
func TestAPanicOfTheConsumerIsItsOwn(t *testing.T) {
	m, _ := serve(t, nil, words("a "))
	defer func() {
		if p := recover(); p != "mine" {
			t.Errorf("recover() = %v, want mine", p)
		}
	}()
	for range m.Chat(t.Context(), llmtest.Request()) {
		panic("mine")
	}
}

func TestConfigurationMistakesAreNamed(t *testing.T) {
	llmtest.Mistakes(t, gemini.New)
	for _, model := range []string{"../x", "a?b", "a/b/c", "a b", "", "a..b"} {
		if _, err := gemini.New(gemini.Config{Key: "k", Model: model}); err == nil {
			t.Errorf("model %q is fine", model)
		}
	}
	t.Setenv("GEMINI_API_KEY", "k")
	if _, err := gemini.New(gemini.Config{Model: "m"}); err == nil || !strings.Contains(err.Error(), "Key is required") {
		t.Errorf("New() without a key = %v", err)
	}
	if m, err := gemini.New(gemini.Config{Key: "k", Model: "models/m"}); err != nil || m.String() != "models/m" || m.Close() != nil {
		t.Errorf("New() = %v, %v", m, err)
	}
}

func TestAServiceMayHaveItsOwnNameAndHeaders(t *testing.T) {
	m, s := serve(t, func(c *gemini.Config) { c.Name, c.Headers = "gateway", map[string]string{"X-Team": "front desk"} }, status(400, "INVALID_ARGUMENT", ""))
	var e *llm.Error
	if g := ask(t.Context(), m, llmtest.Request()); !errors.As(g.err, &e) || e.Provider != "gateway" {
		t.Errorf("err = %v, want one of the gateway's", g.err)
	}
	if h := s.Asked()[0].Header; h.Get("X-Team") != "front desk" {
		t.Errorf("headers %v", h)
	}
}

func TestEveryModelThatIsPricedIsListed(t *testing.T) {
	listed := map[string]bool{}
	for _, m := range gemini.Models {
		listed[m] = true
	}
	for m, p := range gemini.Prices {
		if !listed[m] || p[provider.InputTokens] <= 0 || p[provider.OutputTokens] <= p[provider.InputTokens] {
			t.Errorf("%s: listed %v, prices %v", m, listed[m], p)
		}
	}
}
