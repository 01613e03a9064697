package trillet_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/gate"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/trillet"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/storage/seal"
	"github.com/hookswitch/hookswitch/storage/sqlite"
	"github.com/hookswitch/hookswitch/telephony"
)

// place is the dialect on a database in memory, behind its gate, with two
// workspaces: ours and theirs.
type place struct {
	t      testing.TB
	h      http.Handler
	db     *storage.DB
	sealer *seal.Keyring
	trunk  *trunk
	ours   string // keys
	theirs string
	keyID  string // of ours
}

// trunk remembers which numbers lead here.
type trunk struct {
	linked, released []string
	err              error
}

func (l *trunk) Link(_ context.Context, n roster.Number, _ roster.Actor) error {
	l.linked = append(l.linked, n.Number)
	return l.err
}

func (l *trunk) Release(_ context.Context, n roster.Number, _ roster.Actor) error {
	l.released = append(l.released, n.Number)
	return l.err
}

// nobody places calls: errands wait.
type nobody struct{}

func (nobody) Place(context.Context, agenda.Errand) error {
	return errors.New("nobody places calls here")
}

// intake loads a file of commas: the batch is the agenda's own.
type intake struct{ store agenda.Store }

func (i intake) Load(ctx context.Context, b agenda.Batch, file io.Reader) (agenda.Batch, error) {
	in := csv.NewReader(file)
	in.FieldsPerRecord = -1
	head, err := in.Read()
	at := -1
	for n, name := range head {
		if name == "phone_number" {
			at = n
		}
	}
	if err != nil || at < 0 {
		return b, &agenda.FileError{Why: "The file has no column phone_number."}
	}
	b.Columns = head
	load := agenda.Intake{Store: i.store, Number: func(phone string) (string, error) {
		if !roster.E164(phone) {
			return "", errors.New("is no number in E.164 form")
		}
		return phone, nil
	}}
	err = load.Load(ctx, &b, func(yield func(agenda.Row, error) bool) {
		for {
			record, err := in.Read()
			if errors.Is(err, io.EOF) {
				return
			}
			line, _ := in.FieldPos(0)
			row := agenda.Row{Line: line, Values: map[string]string{}}
			for n, v := range record {
				switch {
				case n == at:
					row.Phone = v
				case n < len(head):
					row.Values[head[n]] = v
				}
			}
			if !yield(row, err) {
				return
			}
		}
	})
	return b, err
}

func open(t testing.TB, change ...func(*trillet.Config)) *place {
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
	p := &place{t: t, db: db, sealer: ring, trunk: &trunk{}}
	if err := db.CreateWorkspace(t.Context(), roster.Workspace{ID: "ws_theirs", Name: "theirs", Created: time.Now()}); err != nil {
		t.Fatal(err)
	}
	p.ours, p.keyID = p.key(roster.Default, roster.Admin)
	p.theirs, _ = p.key("ws_theirs", roster.Admin)
	clerk, err := agenda.New(agenda.Config{Store: db.Agenda(), Placer: nobody{}, Calls: db, Node: "node_test"})
	if err != nil {
		t.Fatal(err)
	}
	cfg := trillet.Config{Roster: db, Catalog: shelf{ring: ring}, Sealer: ring, Calls: db, Errands: db.Agenda(), Booking: clerk,
		Batches: intake{db.Agenda()}, Trunk: p.trunk, Table: table()}
	for _, c := range change {
		c(&cfg)
	}
	h, err := trillet.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	g, err := gate.New(gate.Config{Keys: db, RequestsPerMinute: 1_000_000, Fail: func(w http.ResponseWriter, _ *http.Request, status int, _ string) {
		t.Errorf("another dialect answered %d", status)
		w.WriteHeader(status)
	}})
	if err != nil {
		t.Fatal(err)
	}
	g = g.For(trillet.Dialect())
	p.h = g.Number(g.Admit(g.Read(h)))
	return p
}

// table is a gateway's that speaks for Rime with an embedded voice.
func table() trillet.Table {
	t := trillet.Table{Models: map[string]roster.Choice{}, Providers: map[string]string{"11labs_byo": "elevenlabs"}}
	for _, name := range []string{"gpt-4o-mini", "gpt-4o", "gpt-4.1", "gpt-4.1-mini"} {
		t.Models[name] = roster.Choice{Provider: "openai", Model: name}
		t.Models[name+"-enterprise"] = t.Models[name]
	}
	for _, name := range []string{"gemini-2.5-flash", "gemini-2.0-flash-001"} {
		t.Models[name] = roster.Choice{Provider: "gemini", Model: "gemini-3.5-flash-lite"}
	}
	t.Voices = map[string]string{"rime/mistv2_Wildflower": "flite-slt", "openai/alloy": "flite-rms"}
	t.Fallback = map[string]string{"google": "flite-rms"}
	t.UUID = func(provider, id string) string { return provider + "-" + id }
	t.Of = func(uuid string) (string, string) { p, id, _ := strings.Cut(uuid, "-"); return p, id }
	return t
}

// shelf is a small catalog; who has a key of ElevenLabs has its voices.
type shelf struct {
	ring *seal.Keyring
	own  map[string]roster.Secret
}

func (s shelf) With(own map[string]roster.Secret) roster.Catalog { return shelf{s.ring, own} }

func (shelf) ASR(context.Context, string) []roster.Capability {
	return []roster.Capability{{Provider: "deepgram", Model: "nova-2", Why: "it has no key"}, {Provider: "moonshine", Model: "tiny-en", Available: true}}
}

func (shelf) LLM(context.Context, string) []roster.Capability {
	return []roster.Capability{{Provider: "openai", Model: "gpt-4o", Available: true}, {Provider: "openai", Model: "gpt-4o-mini", Available: true},
		{Provider: "gemini", Model: "gemini-3.5-flash-lite", Why: "it has no key"}, {Provider: "script", Model: "demo", Available: true}}
}

func (s shelf) Voices(context.Context, string) (roster.Voices, error) {
	all := roster.Voices{List: []roster.Voice{{UUID: "flite-slt", Name: "Sally", Provider: "flite", Language: "en-US"},
		{UUID: "flite-rms", Name: "Robert", Provider: "flite", Language: "en-US"}}}
	if key, err := s.ring.Open(s.own["elevenlabs"]); err == nil && strings.HasPrefix(key, "xi-") {
		all.List = append(all.List, roster.Voice{UUID: "elevenlabs-rachel", Name: "Rachel", Provider: "elevenlabs", Language: "en-US"})
	}
	return all, nil
}

// key makes a key of a workspace.
func (p *place) key(workspace string, scopes ...roster.Scope) (secret, id string) {
	p.t.Helper()
	k, secret, err := roster.Issue(p.t.Context(), p.db, workspace, "test", scopes, "cli:test", time.Now())
	if err != nil {
		p.t.Fatal(err)
	}
	return secret, k.ID
}

// answer is what came back.
type answer struct {
	t      testing.TB
	status int
	header http.Header
	text   string
	body   any
}

func request(key, workspace, method, path, body string) *http.Request {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if key != "" {
		r.Header.Set("x-api-key", key)
	}
	if workspace != "" {
		r.Header.Set("x-workspace-id", workspace)
	}
	return r
}

func (p *place) send(r *http.Request) answer {
	p.t.Helper()
	w := httptest.NewRecorder()
	p.h.ServeHTTP(w, r)
	a := answer{t: p.t, status: w.Code, header: w.Header(), text: w.Body.String()}
	if err := json.Unmarshal(w.Body.Bytes(), &a.body); err != nil || w.Header().Get("Content-Type") != "application/json" {
		p.t.Fatalf("%s %s = %d %q (%v)", r.Method, r.URL, w.Code, w.Body, err)
	}
	return a
}

// ok sends a request with our key, and wants it to succeed.
func (p *place) ok(method, path, body string) answer {
	p.t.Helper()
	a := p.send(request(p.ours, roster.Default, method, path, body))
	if a.status != http.StatusOK {
		p.t.Fatalf("%s %s = %d %s", method, path, a.status, a.text)
	}
	return a
}

// fails sends a request with our key, and wants a status and a message.
func (p *place) fails(status int, message, method, path, body string) {
	p.t.Helper()
	a := p.send(request(p.ours, roster.Default, method, path, body))
	a.failed(status, message)
}

func (a answer) failed(status int, message string) {
	a.t.Helper()
	if a.status != status || a.at("message") != message || a.at("error") != http.StatusText(status) {
		a.t.Errorf("answered %d %s\nwant     %d %s", a.status, a.text, status, message)
	}
}

// at returns what stands at a dotted path of the answer.
func (a answer) at(path string) any {
	a.t.Helper()
	v := a.body
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
	var w any
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		a.t.Fatalf("%v: %s", err, want)
	}
	if got := a.at(path); !reflect.DeepEqual(got, w) {
		b, _ := json.Marshal(got)
		a.t.Errorf("%s = %s, want %s", path, b, want)
	}
}

// number keeps a phone number and returns its id as the dialect has it.
func (p *place) number(number string, outbound bool) string {
	p.t.Helper()
	n, err := p.db.CreateNumber(p.t.Context(), roster.Number{Workspace: roster.Default, Number: number, Label: "line", Inbound: true, Outbound: outbound,
		Provider: "twilio", OutTrunk: []byte("{}"), InTrunk: []byte("{}"), Status: roster.NumberActive}, "cli:test", time.Now())
	if err != nil {
		p.t.Fatal(err)
	}
	b, _ := json.Marshal(n.ID)
	return string(b)
}

// caller makes an agent that can place calls.
func (p *place) caller() (id string) {
	p.t.Helper()
	return p.ok("POST", "/v1/api/agents", `{"name":"Caller","ttsModel":{"provider":"rime","voiceId":"mistv2_Wildflower"},"llmModel":"gpt-4o",
		"variables":{"plan":"basic"},"phoneNumberIds":["`+p.number("+14155550111", true)+`"]}`).str("_id")
}

// ring puts a call of an agent on record.
func (p *place) ring(id, agent string, change ...func(*dispatch.Record)) dispatch.Record {
	p.t.Helper()
	r := dispatch.Record{ID: telephony.CallID(id), Carrier: "CA" + id, From: "+14155550111", To: "+14155550199", Direction: telephony.Outbound,
		Agent: "Caller", AgentUUID: agent, Version: 1, Workspace: roster.Default, Conversation: "conv-" + id, Variables: `{"name":"Ada"}`,
		State: telephony.Ringing, Created: time.Now().Add(-time.Minute).Truncate(time.Microsecond), Epoch: 1}
	for _, c := range change {
		c(&r)
	}
	if _, _, err := p.db.Create(p.t.Context(), r); err != nil {
		p.t.Fatal(err)
	}
	return r
}

// talk answers a call and adds events to its journal.
func (p *place) talk(id string, events ...agentcore.Event) {
	p.t.Helper()
	call := telephony.CallID(id)
	if err := p.db.Admit(p.t.Context(), call, 1, "", time.Now().Add(-40*time.Second)); err != nil {
		p.t.Fatal(err)
	}
	var entries []agentcore.Entry
	for i, e := range events {
		entries = append(entries, agentcore.Entry{N: i + 1, Version: agentcore.JournalVersion, At: time.Second, Wall: time.Now(), Event: e})
	}
	if err := p.db.Append(p.t.Context(), call, 1, entries); err != nil {
		p.t.Fatal(err)
	}
}

// end ends a call that nobody answered.
func (p *place) end(id string, why telephony.EndReason) {
	p.t.Helper()
	if _, _, err := p.db.End(p.t.Context(), telephony.CallID(id), 1, why, time.Now()); err != nil {
		p.t.Fatal(err)
	}
}

var said = []agentcore.Event{
	agentcore.Opened{Epoch: 1, Agent: "Caller", Direction: telephony.Outbound},
	agentcore.AgentSaid{Reply: 1, Text: "Hello, this is Sally.", Why: "greeting"},
	agentcore.CallerSaid{Turn: 1, Text: "are you open on saturday"},
	agentcore.ToolIntent{Key: "k1", Turn: 1, Name: "hours", Arguments: `{"day":"sat"}`},
	agentcore.ToolResult{Key: "k1", Text: "until noon"},
	agentcore.AgentSaid{Reply: 2, Turn: 1, Text: "Until noon.", Why: "answer"},
}

// definition is an agent as it is kept.
func (p *place) definition(id string) string {
	p.t.Helper()
	g, err := p.db.Agent(p.t.Context(), roster.Default, id)
	if err != nil {
		p.t.Fatal(err)
	}
	var b bytes.Buffer
	if err := json.NewEncoder(&b).Encode(g); err != nil {
		p.t.Fatal(err)
	}
	return b.String()
}
