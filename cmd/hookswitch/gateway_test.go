package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"flag"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/webhook"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest"
	v2 "github.com/hookswitch/hookswitch/cmd/hookswitch/rest/v2"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/storage/seal"
	"github.com/hookswitch/hookswitch/storage/sqlite"
	"github.com/hookswitch/hookswitch/telephony"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// gateway is a real API on a database in memory, behind a real socket; calls are
// only what a test writes down of them.
type gateway struct {
	t      *testing.T
	db     *storage.DB
	hub    *v2.Hub
	url    string
	key    string
	sender *sender

	mu   sync.Mutex
	dial func(o telephony.Outgoing) error // what the carrier says
	hung []string
}

// sender is told which webhooks to send.
type sender struct {
	db  *storage.DB
	err string
}

func (s *sender) Resend(ctx context.Context, workspace, id string) (webhook.Delivery, error) {
	d, err := s.db.Resend(ctx, workspace, id, time.Now())
	if err != nil {
		return d, err
	}
	_, err = s.db.RecordAttempt(ctx, id, webhook.Attempt{Exchange: s.exchange()}, webhook.Delivered, time.Now())
	return d, err
}

func (s *sender) Test(context.Context, string, string, int64) (webhook.Attempt, error) {
	return webhook.Attempt{N: 1, Exchange: s.exchange()}, nil
}

func (s *sender) exchange() webhook.Exchange {
	e := webhook.Exchange{Started: time.Now(), Took: 61 * time.Millisecond, Method: "POST", URL: "https://example.com/who", Status: 200,
		RequestHeaders: map[string]string{"Content-Type": "application/json"}, RequestBody: `{"a":1}`, ResponseBody: "ok\x1b[2J", Err: s.err}
	if s.err != "" {
		e.Status = 500
	}
	return e
}

func (g *gateway) Dial(ctx context.Context, o telephony.Outgoing) (string, error) {
	if err := o.MayDial(ctx); err != nil {
		return "", err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.dial != nil {
		if err := g.dial(o); err != nil {
			return "", err
		}
	}
	return "CA" + string(o.Call), nil
}

func (g *gateway) Hangup(_ context.Context, ref telephony.Ref) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.hung = append(g.hung, ref.ID)
	return nil
}

func (g *gateway) State(context.Context, telephony.Ref) (telephony.Standing, error) {
	return telephony.Standing{State: telephony.Ringing}, nil
}

func (g *gateway) Find(context.Context, string, telephony.Number, telephony.Number, time.Time) ([]string, error) {
	return nil, nil
}

func (g *gateway) Recall(context.Context, telephony.Ref) error { return nil }

// newGateway opens one, with the number +14155550100 and a key for everything.
func newGateway(t *testing.T) *gateway {
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
	g := &gateway{t: t, db: db, sender: &sender{db: db}}
	g.hub = v2.NewHub(db, nil)
	desk, err := dispatch.New(dispatch.Config{
		Calls: db, Carrier: g, Secret: make([]byte, 32),
		Route: func(context.Context, telephony.Incoming) (dispatch.Route, error) {
			return dispatch.Route{}, errors.New("nobody rings here")
		},
		Talk: func(context.Context, telephony.Call, telephony.Leg, []agentcore.Entry, agentcore.Journal) (agentcore.Summary, error) {
			return agentcore.Summary{}, errors.New("nobody talks here")
		},
		Watch: func(id telephony.CallID, _ agentcore.Entry) { g.hub.Poke(id) },
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { g.hub.Run(ctx) })
	t.Cleanup(func() { stop(); wg.Wait(); _ = desk.Close(context.Background()) })
	clerk, err := agenda.New(agenda.Config{Store: db.Agenda(), Placer: g, Calls: db, Node: "node_1"}) // that does not run
	if err != nil {
		t.Fatal(err)
	}
	h, err := rest.New(rest.Config{RequestsPerMinute: 100_000, Config: v2.Config{
		Roster: db, Catalog: shelf{}, Sealer: ring, Providers: services{db},
		Calls: v2.CallsConfig{Store: db, Desk: desk, Hub: g.hub, Deliveries: db, Sender: g.sender, Captions: db.Captions()},
		Later: v2.LaterConfig{Errands: db.Agenda(), Clerk: clerk, Batches: loader{db}, OptOuts: db},
	}})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(h)
	t.Cleanup(func() { srv.CloseClientConnections(); srv.Close() })
	g.url, g.key = srv.URL, g.keyFor(roster.Admin)
	g.ok("number", "add", "+1 415 555 0100", "--label", "main", "--sim")
	return g
}

func (g *gateway) keyFor(scopes ...roster.Scope) string {
	g.t.Helper()
	_, secret, err := roster.Issue(g.t.Context(), g.db, roster.Default, "test", scopes, "cli:test", time.Now())
	if err != nil {
		g.t.Fatal(err)
	}
	return secret
}

// typed runs a command line against g, with text on its standard input.
func (g *gateway) typed(in string, args ...string) (status int, out, errs string) {
	g.t.Helper()
	var o, e bytes.Buffer
	environ := []string{"HOOKSWITCH_SERVER=" + g.url, "HOOKSWITCH_API_KEY=" + g.key, "COLUMNS=80"}
	status = run(g.t.Context(), streams{in: strings.NewReader(in), out: &o, err: &e, environ: environ, width: fault.Plain}, args)
	if all := o.String() + e.String(); strings.Contains(all, g.key) {
		g.t.Errorf("%v: the key is printed:\n%s", args, all)
	}
	return status, o.String(), e.String()
}

// ok is typed, of a command that has to succeed.
func (g *gateway) ok(args ...string) string {
	g.t.Helper()
	return g.okIn("", args...)
}

func (g *gateway) okIn(in string, args ...string) string {
	g.t.Helper()
	status, out, errs := g.typed(in, args...)
	if status != fault.Held {
		g.t.Fatalf("%v: status %d\n%s%s", args, status, out, errs)
	}
	return out
}

// fails is typed, of a command that has to end with status and say every word
// of wants on stderr.
func (g *gateway) fails(status int, in string, args []string, wants ...string) string {
	g.t.Helper()
	got, out, errs := g.typed(in, args...)
	flat := strings.Join(strings.Fields(errs), " ")
	if got != status {
		g.t.Errorf("%v: status %d, want %d\n%s%s", args, got, status, out, errs)
	}
	for _, want := range wants {
		if !strings.Contains(flat, want) {
			g.t.Errorf("%v: does not say %q:\n%s", args, want, errs)
		}
	}
	return out
}

// file writes text to a file.
func file(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "agent.yaml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// masks hide what is another one in each run.
// regexpRequest is the id of a request.
var regexpRequest = regexp.MustCompile(`request [A-Za-z0-9_-]+`)

var masks = []struct {
	what *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`), "UUID"},
	{regexp.MustCompile(`\b[0-9a-f]{24}\b`), "ID"},
	{regexp.MustCompile(`key:key_[a-z2-7]{26}`), "key:ID"},
	{regexp.MustCompile(`\d{4}-\d{2}-\d{2} \d{2}:\d{2}`), "2026-11-22 09:31"},
	{regexp.MustCompile(`\d{4}-\d{2}-\d{2}T[0-9:.]+Z`), "2026-11-22T09:31:00Z"},
	{regexp.MustCompile(`(?m)^\d{2}:\d{2}:\d{2} `), "09:31:02 "},
	{regexp.MustCompile(`(?m)^([a-z0-9]{6})  (\w{3} [ \d]\d )?\d{2}:\d{2} `), "$1  09:31 "},
	{regexp.MustCompile(`applied in \d+ ms`), "applied in 38 ms"},
	{regexp.MustCompile(`127\.0\.0\.1:\d+`), "127.0.0.1:8080"},
}

// golden compares out with testdata/name.golden. Pipes get no escapes.
func golden(t *testing.T, name, out string) {
	t.Helper()
	if strings.Contains(out, "\x1b") {
		t.Errorf("%s: an escape came through: %q", name, out)
	}
	for _, m := range masks {
		out = m.what.ReplaceAllString(out, m.with)
	}
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(out), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v: run with -update", err)
	}
	if out != string(want) {
		t.Errorf("%s is\n%s\nwant\n%s", name, out, want)
	}
}

// shelf is a small catalog.
type shelf struct{}

func (shelf) ASR(context.Context, string) []roster.Capability {
	return []roster.Capability{{Provider: "moonshine", Model: "tiny-en", Description: "on this machine", Available: true}, {Provider: "deepgram", Model: "nova-2", Why: "it has no key"}}
}

func (shelf) LLM(context.Context, string) []roster.Capability {
	return []roster.Capability{{Provider: "openai", Model: "gpt-4o", Available: true}, {Provider: "script", Model: "demo", Available: true}}
}

func (shelf) Voices(context.Context, string) (roster.Voices, error) {
	return roster.Voices{List: []roster.Voice{{UUID: "flite-slt", Name: "Sally", Provider: "flite", Language: "en-US"}}}, nil
}
