package gemini_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/llm/gemini"
	"github.com/hookswitch/hookswitch/agentcore/llm/llmtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const testModel = "gemini-3.8-flash"

// server speaks streamGenerateContent of the Gemini API as
// ai.google.dev/api/generate-content has it: each request is answered by the next
// of its plays, the last of them for ever. What Google would refuse fails the
// test: see strict.
type server = llmtest.Server[request]

// play answers one request.
type play func(c *conn)

// request is what the server was asked, as it came over the wire.
type request struct {
	Header http.Header
	Model  string
	Raw    string
	Body   body
}

// conn is one answer under way.
type conn struct {
	*llmtest.Conn
}

// serve starts a server and a model that asks it. change may be nil.
func serve(t testing.TB, change func(*gemini.Config), plays ...play) (*gemini.Model, *server) {
	t.Helper()
	take := func(r *http.Request) request {
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("request body: %v", err)
		}
		model, ok := strings.CutPrefix(r.URL.Path, "/v1beta/models/")
		model, method, _ := strings.Cut(model, ":")
		if r.Method != http.MethodPost || !ok || method != "streamGenerateContent" || r.URL.RawQuery != "alt=sse" {
			t.Errorf("%s %s", r.Method, r.URL)
		}
		if h := r.Header; h.Get("X-Goog-Api-Key") == "" || h.Get("Authorization") != "" || h.Get("Content-Type") != "application/json" {
			t.Errorf("headers %v", h)
		}
		return request{Header: r.Header, Model: model, Raw: string(raw), Body: strict(t, model, raw)}
	}
	s := llmtest.Serve(t, take, func(n int, c *llmtest.Conn, _ request) {
		plays[min(n, len(plays)-1)](&conn{c})
	})
	cfg := gemini.Config{BaseURL: s.URL, Key: llmtest.Key, Model: testModel}
	if change != nil {
		change(&cfg)
	}
	m, err := gemini.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() }) // before the server
	return m, s
}

// event is one chunk with these parts, and what else there is to it, as Google
// sends it: lines end with CR and LF.
func event(parts, more string) string {
	return `data: {"candidates": [{"content": {"parts": [` + parts + `],"role": "model"}` + more + `,"index": 0}],"modelVersion": "` + testModel + `","responseId": "r1"}` + "\r\n\r\n"
}

func text(words string) string {
	b, _ := json.Marshal(map[string]string{"text": words}) // a string is always JSON
	return string(b)
}

func (c *conn) say(words ...string) {
	for _, w := range words {
		c.Raw(event(text(w), ""))
	}
}

// parts sends one chunk with these.
func (c *conn) parts(parts string) { c.Raw(event(parts, "")) }

// last is the last chunk: why it ended, and what it cost.
func last(reason string) string {
	u := llmtest.Cost
	return fmt.Sprintf(`data: {"candidates": [{"content": {"parts": [{"text": ""}],"role": "model"},"finishReason": %q,"index": 0}],`+
		`"usageMetadata": {"promptTokenCount": %d,"candidatesTokenCount": %d,"thoughtsTokenCount": 4,"cachedContentTokenCount": %d,"totalTokenCount": 40}}`+"\r\n\r\n",
		reason, u.Input, u.Output-4, u.Cached)
}

func (c *conn) finish(reason string) { c.Raw(last(reason)) }

// status answers with an error as Google writes them (google.rpc.Status), which
// has a key and private words in it.
func status(code int, status, details string, header ...string) play {
	return func(c *conn) { c.Refuse(code, json.RawMessage(failure(code, status, details)), header...) }
}

func failure(code int, status, details string) string {
	return fmt.Sprintf(`{"error": {"code": %d,"message": %q,"status": %q,"details": [%s]}}`, code, "no: "+llmtest.Key+" "+llmtest.Private, status, details)
}

const (
	badKey   = `{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID","domain":"googleapis.com","metadata":{"service":"generativelanguage.googleapis.com"}},{"@type":"type.googleapis.com/google.rpc.LocalizedMessage","locale":"en-US","message":"API key not valid."}`
	retryIn7 = `{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaMetric":"generativelanguage.googleapis.com/generate_content_free_tier_requests","quotaId":"GenerateRequestsPerMinutePerProjectPerModel-FreeTier","quotaDimensions":{"location":"global"},"quotaValue":"10"}]},{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"7s"}`
	dayIsOut = `{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaId":"GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]},{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"26.5s"}`
)

// words is a plain reply.
func words(w ...string) play {
	return func(c *conn) {
		c.Stream()
		c.say(w...)
		c.finish("STOP")
	}
}

// got is a whole reply.
type got struct {
	text  string
	calls []llm.ToolCall
	usage llm.Usage
	err   error
	took  time.Duration
}

func ask(ctx context.Context, m *gemini.Model, r llm.Request) (g got) {
	began := time.Now()
	for d, err := range m.Chat(ctx, r) {
		if g.err = err; err != nil {
			break
		}
		g.text += d.Text
		if d.Call != nil {
			g.calls = append(g.calls, *d.Call)
		}
		if d.Usage != nil {
			g.usage = *d.Usage
		}
	}
	g.took = time.Since(began)
	return g
}

// called is tool calls in short, without their ids.
func called(calls []llm.ToolCall) string {
	var all []string
	for _, c := range calls {
		all = append(all, fmt.Sprintf("%s %s", c.Name, c.Arguments))
	}
	return strings.Join(all, "; ")
}
