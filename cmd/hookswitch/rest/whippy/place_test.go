package whippy_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/gate"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/whippy"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/storage/seal"
	"github.com/hookswitch/hookswitch/storage/sqlite"
)

// start is a Wednesday at 10:00 in Los Angeles.
var start = time.Date(2026, 11, 18, 18, 0, 0, 0, time.UTC)

// place is the dialect behind a gate, with an agent that can talk and one channel
// of each kind.
type place struct {
	t      testing.TB
	h      http.Handler
	now    time.Time
	db     *storage.DB
	diary  *diary
	desk   *desk
	agent  string // its UUID
	ours   string // keys
	theirs string
}

const (
	phone  = "+14155550100"
	email  = "desk@example.com"
	callee = "+14155550177"
)

func open(t testing.TB, change ...func(*whippy.Config)) *place {
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
	p := &place{t: t, now: start, db: db, desk: &desk{}}
	now := func() time.Time { return p.now }
	p.diary = &diary{now: now}
	if err := db.CreateWorkspace(t.Context(), roster.Workspace{ID: "ws_theirs", Name: "theirs", Created: start}); err != nil {
		t.Fatal(err)
	}
	p.ours, p.theirs = p.key(roster.Default, roster.Admin), p.key("ws_theirs", roster.Admin)
	cfg := whippy.Config{Roster: db, Catalog: shelf{}, Sealer: ring, Errands: p.diary, Clerk: p.diary, Chats: p.desk, Planner: planner{}, Now: now}
	for _, c := range change {
		c(&cfg)
	}
	h, err := whippy.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	g, err := gate.New(gate.Config{Keys: db, Now: now, RequestsPerMinute: 100_000, Fail: func(http.ResponseWriter, *http.Request, int, string) {
		t.Error("a failure was told in another dialect")
	}})
	if err != nil {
		t.Fatal(err)
	}
	of := g.For(whippy.Dialect())
	p.h = of.Number(of.Admit(of.Read(h)))
	p.furnish()
	return p
}

// furnish makes the agent, its number and the channels.
func (p *place) furnish() {
	p.t.Helper()
	p.agent = p.send("POST", "/v1/agents", `{"name":"Reminder","prompt":"Remind.","voice_id":"flite:slt"}`).wants(201).str("data.id")
	p.number(phone, "", true)
	for _, body := range []string{
		`{"type":"phone","phone":"` + phone + `","name":"Front desk"}`,
		`{"type":"whatsapp","phone":"` + phone + `","name":"WhatsApp"}`,
		`{"type":"email","email":"` + email + `","name":"Mail"}`,
	} {
		p.send("POST", "/v1/channels", body).wants(201)
	}
}

// number adds a phone number, which an agent may answer.
func (p *place) number(number, agent string, outbound bool) {
	p.t.Helper()
	n, err := p.db.CreateNumber(p.t.Context(), roster.Number{
		Workspace: roster.Default, Number: number, Label: "line", Inbound: true, Outbound: outbound, Provider: roster.Twilio,
		OutTrunk: []byte("{}"), InTrunk: []byte("{}"), Status: roster.NumberActive,
	}, "cli:test", p.now)
	if err == nil && agent != "" {
		_, err = p.db.LinkNumber(p.t.Context(), roster.Default, n.ID, agent, "cli:test", p.now)
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// optOut puts a contact on the do-not-call list.
func (p *place) optOut(contact, scope string) {
	p.t.Helper()
	o := roster.OptOut{Workspace: roster.Default, Contact: contact, Scope: scope, Source: "api", Created: p.now}
	if err := p.db.SetOptOut(p.t.Context(), o, "cli:test"); err != nil {
		p.t.Fatal(err)
	}
}

// sms is the id of the first channel, on which texts are sent.
func (p *place) sms() string {
	p.t.Helper()
	c, err := p.db.ChannelAt(p.t.Context(), roster.PhoneChannel, phone)
	if err != nil {
		p.t.Fatal(err)
	}
	return c.ID
}

func (p *place) key(workspace string, scopes ...roster.Scope) string {
	p.t.Helper()
	_, secret, err := roster.Issue(p.t.Context(), p.db, workspace, "test", scopes, "cli:test", p.now)
	if err != nil {
		p.t.Fatal(err)
	}
	return secret
}

// send sends a request with our key; headers are name, value, name, value.
func (p *place) send(method, path, body string, headers ...string) answer {
	p.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("X-WHIPPY-KEY", p.ours)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Del(headers[i])
		if headers[i+1] != "" {
			r.Header.Set(headers[i], headers[i+1])
		}
	}
	w := httptest.NewRecorder()
	p.h.ServeHTTP(w, r)
	a := answer{t: p.t, what: method + " " + path + " " + body, status: w.Code, header: w.Header(), text: w.Body.String()}
	if err := json.Unmarshal(w.Body.Bytes(), &a.body); err != nil {
		p.t.Fatalf("%s: %v: %s", a.what, err, w.Body)
	}
	return a
}

// chat and call start a session of our agent.
func (p *place) chat(body string, headers ...string) answer {
	p.t.Helper()
	return p.send("POST", "/v1/agents/"+p.agent+"/chat", body, headers...)
}

func (p *place) call(body string, headers ...string) answer {
	p.t.Helper()
	return p.send("POST", "/v1/agents/"+p.agent+"/call", body, headers...)
}

// answer is what came back.
type answer struct {
	t      testing.TB
	what   string
	status int
	header http.Header
	text   string
	body   map[string]any
}

// wants wants a status.
func (a answer) wants(status int) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("%s = %d %s, want %d", a.what, a.status, a.text, status)
	}
	return a
}

// refused wants a status and these descriptions, in the dialect's envelope.
func (a answer) refused(status int, why ...string) {
	a.t.Helper()
	all := []any{}
	for _, one := range why {
		all = append(all, map[string]any{"description": one})
	}
	want := map[string]any{"errors": all, "status": float64(status)}
	if a.status != status || !reflect.DeepEqual(a.body, want) {
		a.t.Errorf("%s = %d %s, want %d %q", a.what, a.status, a.text, status, why)
	}
}

// at returns what stands at a dotted path of the answer.
func (a answer) at(path string) any {
	a.t.Helper()
	var v any = a.body
	for name := range strings.SplitSeq(path, ".") {
		if list, ok := v.([]any); ok && len(list) > int(name[0]-'0') {
			v = list[name[0]-'0']
			continue
		}
		in, ok := v.(map[string]any)
		if _, there := in[name]; !ok || !there {
			a.t.Fatalf("the answer has no %s: %s", path, a.text)
		}
		v = in[name]
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

// has wants JSON at a path.
func (a answer) has(path, want string) answer {
	a.t.Helper()
	got, _ := json.Marshal(a.at(path))
	if string(got) != want {
		a.t.Errorf("%s: %s = %s, want %s", a.what, path, got, want)
	}
	return a
}

// lacks wants nothing at a name of data.
func (a answer) lacks(name string) answer {
	a.t.Helper()
	if data, _ := a.body["data"].(map[string]any); data == nil || data[name] != nil {
		a.t.Errorf("%s: there is a %s: %s", a.what, name, a.text)
	}
	return a
}
