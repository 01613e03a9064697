package openai_test

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
	"github.com/hookswitch/hookswitch/agentcore/llm/llmtest"
	"github.com/hookswitch/hookswitch/agentcore/llm/openai"
	"github.com/hookswitch/hookswitch/agentcore/provider"
)

// got is a whole reply.
type got struct {
	text  string
	calls []string
	err   error
	took  time.Duration
}

func ask(ctx context.Context, m *openai.Model, r llm.Request) (g got) {
	began := time.Now()
	for d, err := range m.Chat(ctx, r) {
		if g.err = err; err != nil {
			break
		}
		g.text += d.Text
		if d.Call != nil {
			g.calls = append(g.calls, fmt.Sprintf("%s %s %s", d.Call.ID, d.Call.Name, d.Call.Arguments))
		}
	}
	g.took = time.Since(began)
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
		{"done missing", func(c *conn) { c.Stream(); c.say("Hi."); c.finish("stop") }, "Hi.", nil},
		{"finish missing", func(c *conn) { c.Stream(); c.say("Hi."); c.done() }, "Hi.", nil},
		{"cut by the token limit", func(c *conn) { c.Stream(); c.say("Hi"); c.finish("length"); c.done() }, "Hi", nil},
		{"nothing to say", func(c *conn) { c.Stream(); c.finish("stop"); c.done() }, "", nil},
		{"comments, events, unknown fields, CRLF", func(c *conn) {
			c.Stream()
			c.Raw(": keep-alive\n\nevent: x\nid: 7\nretry: 10\nnonsense\n\n\r\n")
			c.say("Hi.")
			c.Raw(": keep-alive\n\n")
			c.Raw("data:{\"choices\":[{\"index\":0,\"delta\":{\"content\":\" There.\",\"reasoning\":\"hm\"},\"new\":[1]}],\"x\":{}}\n\n")
			c.finish("stop")
			c.Raw("data: [DONE]\r\n\r\n")
		}, "Hi. There.", nil},
		{"another choice is not for us", func(c *conn) {
			c.Stream()
			c.say("A")
			c.Raw(`data: {"choices":[{"index":1,"delta":{"content":"B"}}]}` + "\n\n")
			c.finish("stop")
		}, "A", nil},
		{"a refusal is spoken", func(c *conn) { c.Stream(); c.delta(`{"refusal":"I can't."}`); c.finish("stop") }, "I can't.", nil},
		{"two calls, interleaved, after words", func(c *conn) {
			c.Stream()
			c.say("One moment.")
			c.delta(`{"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"book","arguments":"{\"day\":"}},{"index":1,"id":"b","type":"function","function":{"name":"end_call","arguments":""}}]}`)
			c.delta(`{"tool_calls":[{"index":1,"function":{"arguments":"{"}}]}`)
			c.delta(`{"tool_calls":[{"index":0,"function":{"arguments":"\"Tuesday\"}"}},{"index":1,"function":{"arguments":"}"}}]}`)
			c.finish("tool_calls")
			c.done()
		}, "One moment.", []string{`a book {"day":"Tuesday"}`, `b end_call {}`}},
		{"two calls, both numbered 0, each in one piece", func(c *conn) {
			c.Stream()
			c.delta(`{"tool_calls":[{"index":0,"id":"a","function":{"name":"x","arguments":"{}"}}]}`)
			c.delta(`{"tool_calls":[{"index":0,"id":"b","function":{"name":"y","arguments":"{}"}}]}`)
			c.finish("stop")
		}, "", []string{`a x {}`, `b y {}`}},
		{"no id, no arguments", func(c *conn) {
			c.Stream()
			c.delta(`{"tool_calls":[{"index":0,"function":{"name":"end_call"}}]}`)
			c.finish("tool_calls")
		}, "", []string{`call_3_1 end_call {}`}},
		{"malformed arguments are passed on", func(c *conn) {
			c.Stream()
			c.delta(`{"tool_calls":[{"index":0,"id":"a","function":{"name":"book","arguments":"{day: Tue"}}]}`)
			c.finish("tool_calls")
		}, "", []string{`a book {day: Tue`}},
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
		{"key refused", status(401, "invalid_request_error"), "", llm.Error{Op: "chat", Class: provider.Auth, Code: 401}, "status 401 Unauthorized (invalid_request_error)"},
		{"too many requests", status(429, "rate_limit_exceeded"), "", llm.Error{Op: "chat", Class: provider.RateLimited, Code: 429, Retry: true}, "status 429 Too Many Requests (rate_limit_exceeded)"},
		{"no money", status(429, "insufficient_quota"), "", llm.Error{Op: "chat", Class: provider.Quota, Code: 429}, "insufficient_quota"},
		{"server broken", status(500, "server_error"), "", llm.Error{Op: "chat", Class: provider.Unavailable, Code: 500, Retry: true}, "status 500"},
		{"server broken, for good", status(500, "server_error", "X-Should-Retry", "false"), "", llm.Error{Op: "chat", Class: provider.Unavailable, Code: 500}, "status 500"},
		{"an error page", func(c *conn) { c.W.WriteHeader(502); fmt.Fprint(c.W, "<html>sk-very-secret</html>") }, "", llm.Error{Op: "chat", Class: provider.Unavailable, Code: 502, Retry: true}, "status 502 Bad Gateway"},
		{"a redirect", func(c *conn) { http.Redirect(c.W, c.R, "/elsewhere", http.StatusTemporaryRedirect) }, "", llm.Error{Op: "chat", Class: provider.Refused, Code: 307}, "status 307"},
		{"not a stream", func(c *conn) { c.W.Header().Set("Content-Type", "application/json"); fmt.Fprint(c.W, `{}`) }, "", llm.Error{Op: "chat", Class: provider.Garbage, Retry: true}, "no stream"},
		{"no answer", func(c *conn) { c.Stall() }, "", llm.Error{Op: "chat", Class: provider.Timeout, Retry: true}, "no answer within 1s"},
		{"a stream without words", func(c *conn) { c.Stream(); c.delta(`{"role":"assistant"}`); c.Stall() }, "", llm.Error{Op: "stream", Class: provider.Timeout, Retry: true}, "no answer within 1s"},
		{"keep-alives are not words", func(c *conn) {
			c.Stream()
			for c.R.Context().Err() == nil {
				c.Raw(": ping\n\n")
				time.Sleep(5 * time.Millisecond)
			}
		}, "", llm.Error{Op: "stream", Class: provider.Timeout, Retry: true}, "no answer within 1s"},
		{"silent in the middle", func(c *conn) { c.Stream(); c.say("We are "); c.Stall() }, "We are ", llm.Error{Op: "stream", Class: provider.Timeout, Retry: true}, "nothing further within 80ms"},
		{"cut before a word", func(c *conn) { c.Cut() }, "", llm.Error{Op: "chat", Class: provider.Unavailable, Retry: true}, "EOF"},
		{"cut in the middle", func(c *conn) { c.Stream(); c.say("We are "); c.Cut() }, "We are ", llm.Error{Op: "stream", Class: provider.Unavailable, Retry: true}, "unexpected EOF"},
		{"closed politely in the middle", func(c *conn) { c.Stream(); c.say("We are ") }, "We are ", llm.Error{Op: "stream", Class: provider.Unavailable, Retry: true}, "unexpected EOF"},
		{"cut within a tool call", func(c *conn) {
			c.Stream()
			c.delta(`{"tool_calls":[{"index":0,"id":"a","function":{"name":"book","arguments":"{\"day\""}}]}`)
		}, "", llm.Error{Op: "stream", Class: provider.Unavailable, Retry: true}, "unexpected EOF"},
		{"garbage instead of JSON", func(c *conn) { c.Stream(); c.say("We "); c.Raw("data: sk-very-secret {{{\n\n") }, "We ", llm.Error{Op: "stream", Class: provider.Garbage, Retry: true}, "can't be understood"},
		{"an error in the stream", func(c *conn) {
			c.Stream()
			c.say("We ")
			c.Raw(`data: {"error":{"message":"sk-very-secret","type":"server_error","code":null}}` + "\n\n")
		}, "We ", llm.Error{Op: "stream", Class: provider.Unavailable, Retry: true}, "the server broke off: server_error"},
		{"a huge line", func(c *conn) { c.Stream(); c.say("We "); c.Raw("data: " + strings.Repeat("x", 1<<20+100)) }, "We ", llm.Error{Op: "stream", Class: provider.Garbage, Retry: true}, "too large"},
		{"words without end", func(c *conn) {
			c.Stream()
			for c.R.Context().Err() == nil {
				c.say(strings.Repeat("x", 10_000))
			}
		}, strings.Repeat("x", 60_000), llm.Error{Op: "stream", Class: provider.Garbage, Retry: true}, "the reply is too long"},
		{"arguments without end", func(c *conn) {
			c.Stream()
			for c.R.Context().Err() == nil {
				c.delta(`{"tool_calls":[{"index":0,"id":"a","function":{"name":"book","arguments":"` + strings.Repeat("x", 10_000) + `"}}]}`)
			}
		}, "", llm.Error{Op: "stream", Class: provider.Garbage, Retry: true}, "more than 65536 bytes"},
		{"calls without end", func(c *conn) {
			c.Stream()
			for i := 0; c.R.Context().Err() == nil; i++ {
				c.delta(fmt.Sprintf(`{"tool_calls":[{"index":%d,"function":{"name":"book"}}]}`, i))
			}
		}, "", llm.Error{Op: "stream", Class: provider.Garbage, Retry: true}, "the reply is too long"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, _ := serve(t, func(c *openai.Config) {
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
			if e.Provider != "openai" || e.Op != tt.want.Op || e.Code != tt.want.Code || e.Class != tt.want.Class || e.Retry != tt.want.Retry || !strings.Contains(e.Error(), tt.in) {
				t.Errorf("err = %+v (%v), want %+v with %q", *e, e, tt.want, tt.in)
			}
			if g.text != tt.text || len(g.calls) != 0 {
				t.Errorf("said %.80q, calls %q before it, want %.80q", g.text, g.calls, tt.text)
			}
			for _, secret := range []string{llmtest.Key, "Tuesday", "127.0.0.1"} {
				if strings.Contains(g.err.Error(), secret) {
					t.Errorf("err names %s: %v", secret, g.err)
				}
			}
			if g.took > 8*time.Second {
				t.Errorf("it took %v", g.took)
			}
		})
	}
}

func TestAServerThatIsNotThere(t *testing.T) {
	m, s := serve(t, func(c *openai.Config) { c.Patience.First = 300 * time.Millisecond }, words("Hi."))
	s.Close()
	g := ask(t.Context(), m, llmtest.Request())
	var e *llm.Error
	if !errors.As(g.err, &e) || e.Op != "chat" || !e.Retry {
		t.Errorf("err = %v", g.err)
	}
}

func TestRetriesAreForRefusedRequestsOnly(t *testing.T) {
	for _, tt := range []struct {
		name     string
		plays    []play
		text     string
		requests int
	}{
		{"after 429, as soon as allowed", []play{status(429, "rate_limit_exceeded", "Retry-After", "0"), words("Hi.")}, "Hi.", 2},
		{"in milliseconds, too", []play{status(503, "overloaded", "Retry-After-Ms", "20"), words("Hi.")}, "Hi.", 2},
		{"after two", []play{status(500, "x", "Retry-After", "0"), status(502, "x", "Retry-After", "0"), words("Hi.")}, "Hi.", 3},
		{"not after three", []play{status(500, "x", "Retry-After", "0")}, "", 3},
		{"not if it takes longer than a caller waits", []play{status(429, "x", "Retry-After", "60"), words("Hi.")}, "", 1},
		{"not if the date is far", []play{status(503, "x", "Retry-After", "Wed, 21 Oct 2099 07:28:00 GMT"), words("Hi.")}, "", 1},
		{"not after 400", []play{status(400, "invalid_request_error", "Retry-After", "0"), words("Hi.")}, "", 1},
		{"not after a word was said", []play{func(c *conn) { c.Stream(); c.say("We "); c.Cut() }, words("Hi.")}, "We ", 1},
		{"not after a cut", []play{func(c *conn) { c.Stream(); c.Cut() }, words("Hi.")}, "", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var log bytes.Buffer
			m, s := serve(t, func(c *openai.Config) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) }, tt.plays...)
			g := ask(t.Context(), m, llmtest.Request())
			if n := len(s.Asked()); g.text != tt.text || n != tt.requests {
				t.Errorf("%d requests, reply %+v, want %d and %q", n, g, tt.requests, tt.text)
			}
			if retried := tt.requests > 1; retried != strings.Contains(log.String(), "trying again") || strings.Contains(log.String(), "sk-") {
				t.Errorf("log: %s", log.String())
			}
		})
	}
}

// A slow consumer is not a slow model.
func TestTheClockStopsWhileTheConsumerIsBusy(t *testing.T) {
	m, _ := serve(t, func(c *openai.Config) { c.Patience.Gap = 1500 * time.Millisecond }, words("a ", "b ", "c"))
	text := ""
	for d, err := range m.Chat(t.Context(), llmtest.Request()) {
		if err != nil {
			t.Fatal(err)
		}
		text += d.Text
		time.Sleep(1600 * time.Millisecond)
	}
	if text != "a b c" {
		t.Errorf("text = %q", text)
	}
}

func TestTheRequestIsWhatServersAccept(t *testing.T) {
	t.Setenv("OPENAI_API_KEY", "sk-from-the-environment")
	t.Setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/")
	t.Setenv("OPENAI_CUSTOM_HEADERS", "X-Bad: 1")
	zero := 0.0
	m, s := serve(t, func(c *openai.Config) {
		c.Temperature, c.ReasoningEffort, c.MaxTokens, c.Headers = &zero, "low", 80, map[string]string{"X-Team": "front desk"}
	}, words("Hi."))
	g := ask(t.Context(), m, llm.Request{
		Messages: []llm.Message{
			{Role: llm.System, Text: "Be brief."},
			{Role: llm.Assistant, Text: "Hello."},
			{Role: llm.User, Text: "Tuesday <b>"},
			{Role: llm.Assistant}, // nothing of it was heard
			{Role: llm.Assistant, Calls: []llm.ToolCall{{ID: "a", Name: "book", Arguments: json.RawMessage(`{"day`)}, {ID: "b", Name: "look"}}},
			{Role: llm.ToolRole, Call: "a", Text: "ok"},
			{Role: llm.ToolRole, Call: "stray", Text: "dropped"},
			{Role: llm.User, Text: "[1]"},
		},
		Tools: []llm.Tool{llmtest.Tool, {Name: "end_call"}},
	})
	if g.err != nil || g.text != "Hi." {
		t.Fatalf("reply = %+v", g)
	}
	r := s.Asked()[0]
	if r.Path != "/v1/chat/completions" || r.Header.Get("Authorization") != "Bearer sk-very-secret" || r.Header.Get("X-Team") != "front desk" || r.Header.Get("X-Bad") != "" {
		t.Errorf("%s, headers %v", r.Path, r.Header)
	}
	body, err := json.Marshal(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"max_tokens":80,"messages":[{"content":"Be brief.","role":"system"},{"content":"Hello.","role":"assistant"},` +
		`{"content":"Tuesday \u003cb\u003e","role":"user"},` +
		`{"role":"assistant","tool_calls":[{"function":{"arguments":"{\"day","name":"book"},"id":"a","type":"function"},{"function":{"arguments":"","name":"look"},"id":"b","type":"function"}]},` +
		`{"content":"ok","role":"tool","tool_call_id":"a"},` +
		`{"content":"interrupted: the caller spoke first; the result is not known","role":"tool","tool_call_id":"b"},` +
		`{"content":"[1]","role":"user"}],"model":"test-1","reasoning_effort":"low","stream":true,"stream_options":{"include_usage":true},"temperature":0,` +
		`"tools":[{"function":{"description":"Look at something.","name":"look","parameters":{"properties":{"what":{"type":"string"}},"required":["what"],"type":"object"}},"type":"function"},` +
		`{"function":{"name":"end_call"},"type":"function"}]}`
	if string(body) != want {
		t.Errorf("body:\n%s\nwant:\n%s", body, want)
	}
}

func TestWithoutAKeyNoneIsSent(t *testing.T) {
	t.Setenv("OPENAI_API_KEY", "sk-from-the-environment")
	m, s := serve(t, func(c *openai.Config) { c.Key = "" }, words("Hi."))
	if g := ask(t.Context(), m, llmtest.Request()); g.err != nil {
		t.Fatal(g.err)
	}
	if h, ok := s.Asked()[0].Header["Authorization"]; ok {
		t.Errorf("Authorization: %v", h)
	}
}

func TestASchemaThatIsNotJSONFailsBeforeAnythingIsSent(t *testing.T) {
	m, s := serve(t, nil, words("Hi."))
	g := ask(t.Context(), m, llm.Request{Tools: []llm.Tool{{Name: "t", Parameters: json.RawMessage("{")}}})
	var e *llm.Error
	if !errors.As(g.err, &e) || e.Retry || len(s.Asked()) != 0 {
		t.Errorf("err = %v after %d requests", g.err, len(s.Asked()))
	}
}

func TestConfigurationMistakesAreNamed(t *testing.T) {
	llmtest.Mistakes(t, openai.New)
	for _, u := range []string{"http://", "https://u:p@h/v1", "http://h/v1?key=1", "://", "h/v1"} {
		if _, err := openai.New(openai.Config{Model: "m", BaseURL: u}); err == nil {
			t.Errorf("New(%q) is fine", u)
		}
	}
	if m, err := openai.New(openai.Config{Model: "m"}); err != nil || m.String() != "m" || m.Close() != nil {
		t.Errorf("New() = %v, %v", m, err)
	}
}

// Whatever a server sends, a reply ends, with words or with an error.
func FuzzStream(f *testing.F) {
	f.Add([]byte("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hi\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"))
	f.Add([]byte("data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":-1,\"id\":\"a\",\"function\":{\"name\":\"x\",\"arguments\":\"{\"}}]}}]}\n\ndata: [DONE]"))
	f.Add([]byte("data: {\"choices\":null}\n\ndata: {\"error\":7}\n\n"))
	f.Add([]byte("\xff\x00:\n\ndata:\n\n"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		m, err := openai.New(openai.Config{BaseURL: "http://127.0.0.1/v1", Model: "m", Retries: -1, HTTP: &http.Client{Transport: &llmtest.Canned{Stream: string(stream)}}})
		if err != nil {
			t.Fatal(err)
		}
		g := ask(context.Background(), m, llmtest.Request())
		var e *llm.Error
		if g.err != nil && !errors.As(g.err, &e) {
			t.Errorf("err = %v", g.err)
		}
	})
}
