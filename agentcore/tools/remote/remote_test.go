package remote_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/tools"
	"github.com/hookswitch/hookswitch/agentcore/tools/remote"
	"github.com/hookswitch/hookswitch/agentcore/vars"
	"github.com/hookswitch/hookswitch/agentcore/webhook"
)

// receiver answers every request alike and remembers them.
type receiver struct {
	*httptest.Server
	status int
	answer string
	wait   time.Duration

	mu   sync.Mutex
	seen []seen
}

type seen struct {
	method, path, body string
	header             http.Header
}

func newReceiver(t *testing.T, status int, answer string) *receiver {
	t.Helper()
	r := &receiver{status: status, answer: answer}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		b, err := io.ReadAll(req.Body)
		if err != nil {
			t.Error(err)
		}
		r.mu.Lock()
		r.seen = append(r.seen, seen{req.Method, req.URL.String(), string(b), req.Header.Clone()})
		r.mu.Unlock()
		select {
		case <-time.After(r.wait):
		case <-req.Context().Done():
		}
		w.WriteHeader(r.status)
		_, _ = io.WriteString(w, r.answer)
	}))
	t.Cleanup(r.Close)
	return r
}

func client(t *testing.T) *webhook.Client {
	t.Helper()
	c := webhook.NewClient(webhook.Policy{AllowHTTP: true, AllowPrivate: true}, nil)
	t.Cleanup(c.Close)
	return c
}

func no() *bool { b := false; return &b }

// booking is a tool whose every part is set.
func booking(url string) roster.Tool {
	return roster.Tool{
		Name: "book", Description: "Book a visit.", Type: roster.WebhookTool, Active: true,
		Config: roster.ToolConfig{
			Request: &roster.Request{
				URL: url + "/visits/{{customer}}?day={{day}}", Method: "POST",
				Headers: map[string]string{"Authorization": "Bearer s3cret", "X-Call": "{{conversation_uuid}}"},
				Body:    json.RawMessage(`{"day":"{{day}}","people":"{{people}}","note":"for {{customer}}{{nobody}}"}`),
			},
			Parameters: map[string]roster.Parameter{
				"day":    {Type: "string", Description: "a weekday"},
				"people": {Type: "integer"},
				"note":   {Type: "poem", Required: no()},
			},
			Assignments: []roster.Assignment{
				{Source: "response", Attribute: "visit.id", Variable: "visit"},
				{Source: "response", Attribute: "nowhere", Variable: "lost"},
			},
			Timeout: 20, DisableInterruptions: true, ForcePreToolSpeech: true,
		},
	}
}

func make1(t *testing.T, tool roster.Tool) tools.Tool {
	t.Helper()
	made, err := remote.New(tool, client(t), 0)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestModelsSeeAFlatMapAsJSONSchema(t *testing.T) {
	tool := make1(t, booking("https://example.test"))
	spec := tool.Spec()
	want := `{"type":"object","properties":{"day":{"type":"string","description":"a weekday"},"note":{"type":"string"},"people":{"type":"integer"}},"required":["day","people"],"additionalProperties":false}`
	if spec.Name != "book" || spec.Description != "Book a visit." || string(spec.Parameters) != want {
		t.Errorf("Spec() = %+v, %s, want %s", spec, spec.Parameters, want)
	}
	traits := tools.Traits{Timeout: 20 * time.Second, Hold: true, SpeakFirst: true}
	if got := tool.Traits(); got != traits {
		t.Errorf("Traits() = %+v, want %+v", got, traits)
	}
}

func TestWhatMayBeRepeated(t *testing.T) {
	for _, tc := range []struct {
		method string
		retry  bool
		want   bool
	}{{"POST", false, false}, {"POST", true, true}, {"GET", false, true}, {"get", false, true}, {"", false, false}, {"DELETE", false, false}} {
		b := booking("https://example.test")
		b.Config.Request.Method, b.Config.SafeToRetry, b.Config.Timeout = tc.method, tc.retry, 0
		got := make1(t, b).Traits()
		if got.Safe != tc.want || got.Timeout != 30*time.Second {
			t.Errorf("%q, safe_to_retry %v: %+v, want safe %v, 30 s", tc.method, tc.retry, got, tc.want)
		}
	}
}

func TestTheRequestIsTheTemplateWithItsKey(t *testing.T) {
	r := newReceiver(t, 200, `{ "visit": { "id": 12345678901234567890 },
		"ok" : true }`)
	var missed []string
	result, err := make1(t, booking(r.URL)).Call(t.Context(), tools.Invocation{
		Key: "call_1/2/1", Arguments: json.RawMessage(`{"day":"Mon & Tue","people":2}`),
		Variables: vars.Set{"customer": "a/b", "conversation_uuid": "conv-1", "day": "never: arguments come first"},
		Missing:   func(name string) { missed = append(missed, name) },
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.seen) != 1 {
		t.Fatalf("%d requests", len(r.seen))
	}
	got := r.seen[0]
	if got.method != "POST" || got.path != "/visits/a%2Fb?day=Mon+%26+Tue" {
		t.Errorf("%s %s", got.method, got.path)
	}
	for name, want := range map[string]string{"Idempotency-Key": "call_1/2/1", "Authorization": "Bearer s3cret", "X-Call": "conv-1", "Content-Type": "application/json"} {
		if got := got.header.Get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	var body, want any
	if err := json.Unmarshal([]byte(got.body), &body); err != nil {
		t.Fatal(err)
	}
	_ = json.Unmarshal([]byte(`{"day":"Mon & Tue","people":2,"note":"for a/b"}`), &want)
	if !reflect.DeepEqual(body, want) {
		t.Errorf("body %s", got.body)
	}
	if result.Text != `{"visit":{"id":12345678901234567890},"ok":true}` || result.End {
		t.Errorf("the model is told %q", result.Text)
	}
	if got := vars.Text(result.Assigned["visit"]); got != "12345678901234567890" || len(result.Assigned) != 1 {
		t.Errorf("Assigned = %v", result.Assigned)
	}
	if len(result.Problems) != 1 || !strings.Contains(result.Problems[0], "nowhere") {
		t.Errorf("Problems = %q", result.Problems)
	}
	if len(missed) != 1 || missed[0] != "nobody" {
		t.Errorf("missed %q, want nobody; an argument that was left out is not missed", missed)
	}
}

func TestArgumentsThatDoNotFitAreNotSent(t *testing.T) {
	r := newReceiver(t, 200, "")
	tool := make1(t, booking(r.URL))
	for _, args := range []string{`{"day":"Mon"}`, `{"day":1,"people":2}`, `{"day":"Mon","people":2.5}`, `{"day":"Mon","people":2,"conversation_uuid":"mine"}`, `[]`, `{`} {
		if got, err := tool.Call(t.Context(), tools.Invocation{Key: "k", Arguments: json.RawMessage(args)}); err == nil {
			t.Errorf("Call(%s) = %+v, want an error", args, got)
		}
	}
	if len(r.seen) != 0 {
		t.Errorf("%d requests were sent", len(r.seen))
	}
}

func TestAnswersAreBounded(t *testing.T) {
	for _, tc := range []struct{ answer, want string }{
		{"", `{"ok":true}`},
		{"  Tuesday is free.\n", "Tuesday is free."},
		{"[1,\n 2]", "[1,2]"},
		{`{"n": 1`, `{"n": 1`},
	} {
		r := newReceiver(t, 201, tc.answer)
		got, err := make1(t, booking(r.URL)).Call(t.Context(), tools.Invocation{Key: "k", Arguments: json.RawMessage(`{"day":"Mon","people":2}`), Variables: vars.Set{"customer": "c"}})
		if err != nil || got.Text != tc.want {
			t.Errorf("%q: the model is told %q, %v, want %q", tc.answer, got.Text, err, tc.want)
		}
	}
	r := newReceiver(t, 200, strings.Repeat("é", 5000))
	got, err := make1(t, booking(r.URL)).Call(t.Context(), tools.Invocation{Key: "k", Arguments: json.RawMessage(`{"day":"Mon","people":2}`), Variables: vars.Set{"customer": "c"}})
	if err != nil || len(got.Text) > 4096 || !strings.HasSuffix(got.Text, "é [cut]") {
		t.Errorf("%d bytes, %v", len(got.Text), err)
	}
}

// Whatever goes wrong, the model is told in words that it can speak about, and
// nothing of the address, the headers or the answer is in them.
func TestFailuresAreWordsWithoutSecrets(t *testing.T) {
	slow := newReceiver(t, 200, "")
	slow.wait = time.Minute
	gone := newReceiver(t, 200, "")
	gone.Close()
	inside := booking(newReceiver(t, 200, "").URL)
	for _, tc := range []struct {
		name   string
		tool   roster.Tool
		client *webhook.Client
		want   string
	}{
		{"refused", booking(newReceiver(t, 503, `{"why":"s3cret"}`).URL), client(t), "answered 503"},
		{"a redirect", booking(newReceiver(t, 302, "").URL), client(t), "redirects are not followed"},
		{"nobody there", booking(gone.URL), client(t), "nobody answers"},
		{"slow", func() roster.Tool { b := booking(slow.URL); b.Config.Timeout = 1; return b }(), client(t), "no answer in time; whether it was done is not known"},
		{"forbidden", inside, webhook.NewClient(webhook.Policy{AllowHTTP: true}, nil), "may not call"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			made, err := remote.New(tc.tool, tc.client, 0)
			if err != nil {
				t.Fatal(err)
			}
			_, err = made.Call(t.Context(), tools.Invocation{Key: "k", Arguments: json.RawMessage(`{"day":"Mon","people":2}`), Variables: vars.Set{"customer": "c"}})
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("err = %v, want %q", err, tc.want)
			}
			for _, secret := range []string{"s3cret", "127.0.0.1", "visits", "Bearer", "Mon"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("%q holds %q", err, secret)
				}
			}
		})
	}
}

func TestAllToolsOfAnAgent(t *testing.T) {
	book := booking("https://example.test")
	idle, twice, nameless, app := book, book, book, book
	idle.Name, idle.Active = "idle", false
	nameless.Name = "two words"
	app.Name, app.Type, app.Config = "show_map", roster.ClientTool, roster.ToolConfig{Parameters: map[string]roster.Parameter{"place": {}}}
	all, err := remote.Of(roster.Definition{
		SystemTools: map[string]roster.SystemTool{
			roster.EndCall:            {Active: true, DisableInterruptions: true},
			roster.TransferToNumber:   {Active: true},
			roster.VoicemailDetection: {},
		},
		Tools: []roster.Tool{book, idle, twice, nameless, app},
	}, client(t), 0)
	var names []string
	for _, tool := range all {
		names = append(names, tool.Spec().Name)
	}
	if got := strings.Join(names, " "); got != "end_call book show_map" {
		t.Errorf("the model is offered %q", got)
	}
	if _, twice := tools.NewSet(all...); twice != nil {
		t.Error(twice)
	}
	if !all[0].Traits().Hold {
		t.Error("end_call may be interrupted though its setting says no")
	}
	for _, want := range []string{`two tools are named "book"`, `"two words"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("err = %v, want %s", err, want)
		}
	}
	if _, err := all[2].Call(t.Context(), tools.Invocation{Arguments: json.RawMessage(`{"place":"here"}`)}); err == nil || !strings.Contains(err.Error(), "none is") {
		t.Errorf("a client tool: %v", err)
	}
	if all, err := remote.Of(roster.Definition{SystemTools: map[string]roster.SystemTool{roster.EndCall: {}}}, nil, 0); len(all) != 0 || err != nil {
		t.Errorf("an agent without active tools has %v, %v", all, err)
	}
	for _, bad := range []roster.Tool{{Name: "x", Type: roster.SystemType}, {Name: "x", Type: roster.WebhookTool}} {
		if _, err := remote.New(bad, nil, 0); err == nil {
			t.Errorf("New(%+v) is no error", bad)
		}
	}
}

// FuzzUse: whatever a model writes, and whatever the variables hold, a request
// goes nowhere but to its host, or nowhere.
func FuzzUse(f *testing.F) {
	f.Add(`{"day":"Mon","people":2}`, "conv", "cust")
	f.Add(`{"day":"../../x","people":1e3,"note":"\r\nX: y"}`, "a\r\nHost: b", "..")
	f.Add(`null`, "{{day}}", "@evil.test/")
	var mu sync.Mutex
	count := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		mu.Lock()
		count++
		mu.Unlock()
		if !strings.HasPrefix(req.URL.Path, "/visits/") || req.Header.Get(remote.IdempotencyKey) != "k" {
			w.WriteHeader(http.StatusTeapot)
		}
	}))
	f.Cleanup(srv.Close)
	c := webhook.NewClient(webhook.Policy{AllowHTTP: true, AllowPrivate: true}, nil)
	f.Cleanup(c.Close)
	tool, err := remote.New(booking(srv.URL), c, 0)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, args, conversation, customer string) {
		got, err := tool.Call(t.Context(), tools.Invocation{Key: "k", Arguments: json.RawMessage(args), Variables: vars.Set{"conversation_uuid": conversation, "customer": customer}})
		if err == nil && got.Text != `{"ok":true}` {
			t.Errorf("the model is told %q", got.Text)
		}
		if err != nil && strings.Contains(err.Error(), "418") {
			t.Errorf("a request went astray: %q %q %q", args, conversation, customer)
		}
	})
}
