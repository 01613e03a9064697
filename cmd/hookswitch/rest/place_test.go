package rest_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/contract"
	v2 "github.com/hookswitch/hookswitch/cmd/hookswitch/rest/v2"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/storage/seal"
	"github.com/hookswitch/hookswitch/storage/sqlite"
)

// place is an API on a database in memory, with a contract over it, and two
// workspaces: ours and theirs.
type place struct {
	t      *testing.T
	h      http.Handler
	db     *storage.DB
	now    time.Time
	trunk  error // what the carrier says when a number is given back
	ours   string
	theirs string
}

// start is when seed 001's agent was made.
var start = time.Date(2025, 1, 27, 10, 0, 0, 0, time.UTC)

func open(t *testing.T, change ...func(*rest.Config)) *place {
	t.Helper()
	db, err := sqlite.Open(t.Context(), sqlite.Memory)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	ring, _, err := seal.Load(seal.Options{Env: base64.StdEncoding.EncodeToString(make([]byte, 32))})
	if err != nil {
		t.Fatal(err)
	}
	p := &place{t: t, db: db, now: start}
	if err := db.CreateWorkspace(t.Context(), roster.Workspace{ID: "ws_theirs", Name: "theirs", Created: start}); err != nil {
		t.Fatal(err)
	}
	p.ours = p.key(roster.Default, roster.Admin)
	p.theirs = p.key("ws_theirs", roster.Admin)
	cfg := rest.Config{
		Config:            v2.Config{Roster: db, Catalog: shelf{}, Sealer: ring, Providers: services{db: db}, Trunk: p, Now: func() time.Time { return p.now }},
		RequestsPerMinute: 100_000,
	}
	for _, c := range change {
		c(&cfg)
	}
	h, err := rest.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	p.h = contract.Wrap(t, h)
	return p
}

// Release implements [v2.Trunk].
func (p *place) Release(context.Context, roster.Number, roster.Actor) error { return p.trunk }

// key makes a key of a workspace.
func (p *place) key(workspace string, scopes ...roster.Scope) string {
	p.t.Helper()
	_, secret, err := roster.Issue(p.t.Context(), p.db, workspace, "test", scopes, "cli:test", p.now)
	if err != nil {
		p.t.Fatal(err)
	}
	return secret
}

// answer is what came back.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	text   string
	body   map[string]any
}

// as sends a request with a key.
func (p *place) as(key, method, path, body string) answer {
	p.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if body == "" {
		r = httptest.NewRequest(method, path, nil)
	}
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	return p.send(r)
}

func (p *place) send(r *http.Request) answer {
	p.t.Helper()
	w := httptest.NewRecorder()
	p.h.ServeHTTP(w, r)
	a := answer{t: p.t, status: w.Code, header: w.Header(), text: w.Body.String()}
	if strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(w.Body.Bytes(), &a.body); err != nil {
			p.t.Fatalf("%s %s: %v: %s", r.Method, r.URL, err, w.Body)
		}
	}
	return a
}

// ok sends a request with our administrator's key, and wants it to succeed.
func (p *place) ok(method, path, body string) answer {
	p.t.Helper()
	a := p.as(p.ours, method, path, body)
	if a.status != http.StatusOK || a.body["success"] != true {
		p.t.Fatalf("%s %s = %d %s", method, path, a.status, a.text)
	}
	return a
}

// fails sends a request with our administrator's key, and wants a status.
func (p *place) fails(status int, method, path, body string) answer {
	p.t.Helper()
	a := p.as(p.ours, method, path, body)
	if a.status != status || a.body["success"] != false {
		p.t.Fatalf("%s %s = %d %s, want %d", method, path, a.status, a.text, status)
	}
	return a
}

// at returns what stands at a dotted path of the answer.
func (a answer) at(path string) any {
	a.t.Helper()
	var v any = a.body
	for name := range strings.SplitSeq(path, ".") {
		switch in := v.(type) {
		case map[string]any:
			member, there := in[name]
			if !there {
				a.t.Fatalf("the answer has no %s: %s", path, a.text)
			}
			v = member
		case []any:
			i := int(name[0] - '0')
			if i >= len(in) {
				a.t.Fatalf("the answer has no %s: %s", path, a.text)
			}
			v = in[i]
		default:
			a.t.Fatalf("the answer has no %s: %s", path, a.text)
		}
	}
	return v
}

func (a answer) str(path string) string {
	a.t.Helper()
	s, ok := a.at(path).(string)
	if !ok {
		a.t.Fatalf("%s is no string: %s", path, a.text)
	}
	return s
}

// wants compares what stands at a path with JSON.
func (a answer) wants(path, want string) {
	a.t.Helper()
	if got := a.at(path); !reflect.DeepEqual(got, decode(a.t, want)) {
		a.t.Errorf("%s = %s, want %s", path, encode(got), want)
	}
}

// errors compares the errors with JSON.
func (a answer) errors(want string) {
	a.t.Helper()
	a.wants("errors", want)
}

func decode(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return v
}

func encode(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

// agent makes a small agent, and returns its UUID.
func (p *place) agent(name string) string {
	p.t.Helper()
	return p.ok("POST", "/api/v2/agents", `{"name":"`+name+`","voice_uuid":"abc123"}`).str("item.agent.uuid")
}

// shelf is a small catalog.
type shelf struct{}

func (shelf) ASR(context.Context, string) []roster.Capability {
	return []roster.Capability{
		{Provider: "deepgram", Model: "nova-2", Description: "Deepgram nova-2", Why: "it has no key"},
		{Provider: "moonshine", Model: "tiny-en", Description: "on this machine", Available: true},
	}
}

func (shelf) LLM(context.Context, string) []roster.Capability {
	return []roster.Capability{{Provider: "openai", Model: "gpt-4o", Description: "OpenAI gpt-4o", Available: true}, {Provider: "script", Model: "demo", Available: true}}
}

func (shelf) Voices(context.Context, string) (roster.Voices, error) {
	return roster.Voices{List: []roster.Voice{
		{UUID: "abc123", Name: "Professional Voice", Provider: "flite", Language: "en-US"},
		{UUID: "gb1", Name: "Received Voice", Provider: "flite", Language: "en-GB"},
		{UUID: "fr1", Name: "Amélie", Provider: "flite", Language: "fr-FR"},
	}}, nil
}

// Link implements [v2.Trunk].
func (p *place) Link(context.Context, roster.Number, roster.Actor) error { return p.trunk }

// Check implements [v2.Trunk].
func (p *place) Check(context.Context, roster.Number) (v2.NumberState, error) {
	return v2.NumberState{Linked: true, Drift: []v2.Drift{{Setting: "voice_url", Want: "https://ours.example/twilio/voice", Is: "https://theirs.example/"}}}, p.trunk
}

// Reclaim implements [v2.Trunk]: nobody has proved anything here.
func (p *place) Reclaim(context.Context, roster.Number, roster.Actor) (bool, error) {
	return false, nil
}
