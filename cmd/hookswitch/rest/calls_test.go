package rest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/search"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest"
	v2 "github.com/hookswitch/hookswitch/cmd/hookswitch/rest/v2"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/telephony"
)

// office is a place with calls: a desk over a carrier that does as it is told.
type office struct {
	*place
	desk    *dispatch.Desk
	carrier *carrier
	hub     *v2.Hub
	permit  error  // what the rules say to a number
	proof   string // what they say that they checked
}

// carrier takes calls on, and remembers which.
type carrier struct {
	mu     sync.Mutex
	dialed []telephony.Outgoing
	hung   []string
	err    error
}

func (c *carrier) Dial(ctx context.Context, o telephony.Outgoing) (string, error) {
	if err := o.MayDial(ctx); err != nil {
		return "", err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return "", c.err
	}
	c.dialed = append(c.dialed, o)
	return "CA" + string(o.Call), nil
}

func (c *carrier) Hangup(_ context.Context, ref telephony.Ref) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hung = append(c.hung, ref.ID)
	return nil
}

func (c *carrier) State(context.Context, telephony.Ref) (telephony.Standing, error) {
	return telephony.Standing{State: telephony.Ringing}, nil
}

func (c *carrier) calls() []telephony.Outgoing {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]telephony.Outgoing(nil), c.dialed...)
}

// staff opens a place with a desk; change may set more.
func staff(t *testing.T, change ...func(*rest.Config)) *office {
	t.Helper()
	o := &office{carrier: &carrier{}}
	var store *storage.DB
	hire := func(cfg *rest.Config) {
		store = cfg.Roster.(*storage.DB)
		var err error
		o.desk, err = dispatch.New(dispatch.Config{
			Calls: store, Carrier: o.carrier, Secret: make([]byte, 32),
			Permit: func(context.Context, dispatch.Cost) (string, error) { return o.proof, o.permit },
			Route: func(context.Context, telephony.Incoming) (dispatch.Route, error) {
				return dispatch.Route{}, errors.New("nobody rings here")
			},
			Talk: func(context.Context, telephony.Call, telephony.Leg, []agentcore.Entry, agentcore.Journal) (agentcore.Summary, error) {
				return agentcore.Summary{}, errors.New("nobody talks here")
			},
			Watch: func(id telephony.CallID, _ agentcore.Entry) { o.hub.Poke(id) },
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = o.desk.Close(context.Background()) })
		o.hub = v2.NewHub(store, nil)
		ctx, stop := context.WithCancel(context.Background())
		var wg sync.WaitGroup
		wg.Go(func() { o.hub.Run(ctx) })
		t.Cleanup(func() { stop(); wg.Wait() })
		cfg.Calls = v2.CallsConfig{Store: store, Desk: o.desk, Hub: o.hub, Deliveries: store}
		cfg.Now = time.Now
	}
	o.place = open(t, append([]func(*rest.Config){hire}, change...)...)
	return o
}

// ring puts a call on record.
func (o *office) ring(id string, change ...func(*dispatch.Record)) telephony.CallID {
	o.t.Helper()
	r := dispatch.Record{
		ID: telephony.CallID(id), Carrier: "CA" + id, From: "+14155550100", To: "+14155550199", Direction: telephony.Inbound,
		Agent: "front-desk", Workspace: "default", Conversation: "conv-" + id, Variables: `{"name":"Ada"}`,
		State: telephony.Ringing, Created: time.Now().Add(-time.Minute), Epoch: 1,
	}
	for _, c := range change {
		c(&r)
	}
	if _, _, err := o.db.Create(o.t.Context(), r); err != nil {
		o.t.Fatal(err)
	}
	return r.ID
}

// answer begins the call's audio, 40 s ago.
func (o *office) answer(id telephony.CallID) {
	o.t.Helper()
	if err := o.db.Admit(o.t.Context(), id, 1, "", time.Now().Add(-40*time.Second)); err != nil {
		o.t.Fatal(err)
	}
}

// write adds events to a call's journal.
func (o *office) write(id telephony.CallID, events ...agentcore.Event) {
	o.t.Helper()
	r, err := o.db.Call(o.t.Context(), id)
	if err != nil {
		o.t.Fatal(err)
	}
	var entries []agentcore.Entry
	for i, e := range events {
		n := r.Last + i + 1
		at := time.Duration(n) * 100 * time.Millisecond
		entries = append(entries, agentcore.Entry{N: n, Version: agentcore.JournalVersion, At: at, Wall: r.Created.Add(at), Event: e})
	}
	if err := o.db.Append(o.t.Context(), id, r.Epoch, entries); err != nil {
		o.t.Fatal(err)
	}
	o.hub.Poke(id)
}

// talked is a call that was interrupted and is over.
func (o *office) talked(id string) telephony.CallID {
	o.t.Helper()
	call := o.ring(id)
	o.answer(call)
	o.write(call,
		agentcore.Opened{Epoch: 1, Agent: "front-desk", Direction: telephony.Inbound},
		agentcore.CallerSaid{Turn: 1, Text: "are you open on saturday", StartMS: 500, EndMS: 1500},
		agentcore.AgentSaid{Reply: 1, Turn: 1, Text: "We are open", Unheard: "until noon.", Why: "answer", StartMS: 2350, EndMS: 3000, Cut: true,
			GapMS: 850, Parts: &agentcore.Parts{Endpoint: 500, Recognise: 100, Model: 200, Line: 50}},
		agentcore.CallerSaid{Turn: 2, Text: "thanks", StartMS: 2900, EndMS: 3300, TalkedOver: true},
		agentcore.AgentSaid{Reply: 2, Turn: 2, Text: "Goodbye.", Why: "answer", StartMS: 3900, EndMS: 4500, GapMS: 600, Parts: &agentcore.Parts{Endpoint: 500, Voice: 100}},
		agentcore.Ended{Reason: telephony.CallerHangup})
	return call
}

func TestCallIsShownWithWhatItsTranscriptSays(t *testing.T) {
	o := staff(t)
	o.talked("call_1")
	a := o.ok("GET", "/api/v2/calls/call_1", "")
	a.wants("item.agent", `{"name":"front-desk","uuid":null,"version":null}`)
	a.wants("item.direction", `"inbound"`)
	a.wants("item.status", `"ended"`)
	a.wants("item.end_reason", `"caller_hangup"`)
	a.wants("item.variables", `{"name":"Ada"}`)
	a.wants("item.conversation_uuid", `"conv-call_1"`)
	a.wants("item.turns", `2`)
	a.wants("item.median_gap_ms", `600`)
	a.wants("item.unheard_words", `2`)
	if _, live := a.at("item").(map[string]any)["live"]; live {
		t.Error("a call that is over has something live")
	}
}

func TestWhatGoesOnInACallFollowsItsJournal(t *testing.T) {
	o := staff(t)
	call := o.ring("call_1")
	state := func(want string) {
		t.Helper()
		o.ok("GET", "/api/v2/calls/call_1", "").wants("item.live.state", `"`+want+`"`)
	}
	o.ok("GET", "/api/v2/calls/call_1", "").wants("item.status", `"ringing"`)
	state("connecting")
	o.answer(call)
	o.ok("GET", "/api/v2/calls/call_1", "").wants("item.status", `"in-progress"`)
	for _, step := range []struct {
		event agentcore.Event
		want  string
	}{
		{agentcore.Opened{Epoch: 1}, "listening"},
		{agentcore.SpeechBegan{}, "hearing"},
		{agentcore.CallerSaid{Turn: 1, Text: "book"}, "thinking"},
		{agentcore.ToolIntent{Key: "k", Turn: 1, Name: "book"}, "tool"},
		{agentcore.ToolResult{Key: "k"}, "thinking"},
		{agentcore.Planned{Reply: 1, Text: "Booked."}, "speaking"},
		{agentcore.SpeechBegan{}, "speaking"},
		{agentcore.TalkOver{Reply: 1}, "hearing"},
		{agentcore.AgentSaid{Reply: 1}, "listening"},
		{agentcore.Lost{Epoch: 1}, "lost"},
	} {
		o.write(call, step.event)
		state(step.want)
	}
	o.ok("GET", "/api/v2/calls/call_1", "").wants("item.live.turn", `1`)
	o.ok("GET", "/api/v2/calls/call_1", "").wants("item.live.last_event", `10`)
}

func TestTranscriptHasWhatWasHeardAndWhatNot(t *testing.T) {
	o := staff(t)
	o.talked("call_1")
	a := o.ok("GET", "/api/v2/calls/call_1/transcript", "")
	a.wants("count", `4`)
	a.wants("complete", `true`)
	a.wants("items.1", `{"turn":1,"speaker":"agent","text":"We are open","unheard":"until noon.","start_ms":2350,"end_ms":3000,"cut":true,"gap_ms":850,
		"parts":{"endpoint":500,"recognise":100,"tool":0,"model":200,"voice":0,"line":50}}`)
	a.wants("items.2", `{"turn":2,"speaker":"caller","text":"thanks","start_ms":2900,"end_ms":3300,"talked_over":true}`)
}

func TestLatencyIsATableOfTurns(t *testing.T) {
	o := staff(t)
	o.talked("call_1")
	a := o.ok("GET", "/api/v2/calls/call_1/latency", "")
	a.wants("items.0", `{"turn":1,"at_ms":2350,"gap_ms":850,"parts":{"endpoint":500,"recognise":100,"tool":0,"model":200,"voice":0,"line":50}}`)
	a.wants("summary", `{"median_gap_ms":600,"p95_gap_ms":850,"max_gap_ms":850}`)
	o.ring("call_2")
	o.ok("GET", "/api/v2/calls/call_2/latency", "").wants("summary", `{"median_gap_ms":null,"p95_gap_ms":null,"max_gap_ms":null}`)
}

func TestCallsAreSearchedAndPaged(t *testing.T) {
	o := staff(t)
	o.talked("call_1")
	for _, id := range []string{"call_2", "call_3", "call_4"} {
		o.ring(id)
	}
	a := o.ok("GET", "/api/v2/calls?q="+url.QueryEscape(`gap>800 said:"SATURDAY" agent:front-desk`), "")
	a.wants("count", `1`)
	a.wants("items.0.id", `"call_1"`)
	a.wants("next_cursor", `null`)
	first := o.ok("GET", "/api/v2/calls?limit=3", "")
	first.wants("count", `3`)
	rest := o.ok("GET", "/api/v2/calls?limit=3&cursor="+first.str("next_cursor"), "")
	rest.wants("count", `1`)
	rest.wants("next_cursor", `null`)
}

func TestMistakesOfAQueryAreToldWithTheirPlace(t *testing.T) {
	o := staff(t)
	o.fails(400, "GET", "/api/v2/calls?q="+url.QueryEscape("gap:800 agnet:x"), "").errors(
		`{"q":["at 1: gap takes a number of milliseconds, such as gap\u003e800","at 9: there is no key \"agnet\"; did you mean agent?"]}`)
	o.fails(400, "GET", "/api/v2/calls?cursor=x", "").errors(`{"cursor":["is not one that a page gave"]}`)
	o.fails(400, "GET", "/api/v2/calls?limit=201", "")
}

func TestHangUpEndsACallOnce(t *testing.T) {
	o := staff(t)
	call := o.ring("call_1")
	o.answer(call)
	o.ok("POST", "/api/v2/calls/call_1/hangup", "").wants("message", `"Hung up"`)
	o.ok("GET", "/api/v2/calls/call_1", "").wants("item.end_reason", `"operator_hangup"`)
	o.ok("POST", "/api/v2/calls/call_1/hangup", "").wants("message", `"The call is over already"`)
	if len(o.carrier.hung) != 1 {
		t.Errorf("the carrier was told %d times, want once", len(o.carrier.hung))
	}
}

// TestCallsOfOthersAreNotThere tries each path with another workspace's key.
func TestCallsOfOthersAreNotThere(t *testing.T) {
	o := staff(t)
	o.talked("call_1")
	agent := o.agent("ours")
	for _, path := range []string{
		"GET /calls/call_1", "GET /calls/call_1/transcript", "GET /calls/call_1/latency", "GET /calls/call_1/events",
		"GET /calls/call_1/recording", "GET /calls/call_1/recording/peaks", "POST /calls/call_1/hangup",
		"POST /agents/" + agent + "/dispatch",
	} {
		method, path, _ := strings.Cut(path, " ")
		if a := o.as(o.theirs, method, "/api/v2"+path, ""); a.status != http.StatusNotFound {
			t.Errorf("%s %s of another workspace = %d %s, want 404", method, path, a.status, a.text)
		}
	}
	if a := o.as(o.theirs, "GET", "/api/v2/calls", ""); a.status != 200 || encode(a.at("items")) != "[]" {
		t.Errorf("another workspace's list = %s", a.text)
	}
}

func TestReadingNeedsTheScopeOfCalls(t *testing.T) {
	o := staff(t)
	o.talked("call_1")
	reader, other := o.key("default", "calls:read"), o.key("default", "agents:write")
	for _, c := range []struct {
		key, method, path string
		want              int
	}{
		{reader, "GET", "/calls", 200}, {reader, "GET", "/calls/call_1", 200}, {reader, "POST", "/calls/call_1/hangup", 403},
		{other, "GET", "/calls", 403}, {other, "GET", "/events", 403},
	} {
		if a := o.as(c.key, c.method, "/api/v2"+c.path, ""); a.status != c.want {
			t.Errorf("%s %s = %d, want %d", c.method, c.path, a.status, c.want)
		}
	}
}

// slow is a store in which nobody finds anything in time.
type slow struct{ v2.CallStore }

func (slow) SearchCalls(context.Context, string, search.Query, time.Time, string, int) ([]storage.Found, string, error) {
	return nil, "", fmt.Errorf("storage: search calls: %w", storage.ErrSlow)
}

func TestSearchThatTakesTooLongSaysSo(t *testing.T) {
	o := staff(t, func(c *rest.Config) { c.Calls.Store = slow{c.Calls.Store} })
	a := o.send(request("GET", "/api/v2/calls?q=said:saturday", o.ours, ""))
	a.errors(`{"base":["The search takes too long. Narrow it down, with since: or an agent, or try again later."]}`)
	if a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" {
		t.Errorf("status %d, Retry-After %q", a.status, a.header.Get("Retry-After"))
	}
}

// Find implements [telephony.Carrier].
func (*carrier) Find(context.Context, string, telephony.Number, telephony.Number, time.Time) ([]string, error) {
	return nil, nil
}

// Recall implements [telephony.Carrier].
func (*carrier) Recall(context.Context, telephony.Ref) error { return nil }
