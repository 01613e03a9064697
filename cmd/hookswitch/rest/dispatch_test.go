package rest_test

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dialplan"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/roster"
)

// ready makes an agent that can be dispatched, with a number to call from.
func (o *office) ready() (uuid string) {
	o.t.Helper()
	uuid = o.ok("POST", "/api/v2/agents", `{"name":"Reminder","voice_uuid":"abc123","dynamic_variables":{"customer_name":"you","plan":"basic"},
		"asr":{"provider":"moonshine","model":"tiny-en"},"turn":{},"llm":{"provider":"openai","model":"gpt-4o"},
		"webhooks":[`+hook("post_call")+`]}`).str("item.agent.uuid")
	o.number(uuid, "+14155550111", true)
	return uuid
}

// number links a number to an agent.
func (o *office) number(agent, number string, outbound bool) {
	o.t.Helper()
	n, err := o.db.CreateNumber(o.t.Context(), roster.Number{
		Workspace: "default", Number: number, Label: "line", Inbound: true, Outbound: outbound, Provider: "twilio",
		OutTrunk: []byte("{}"), InTrunk: []byte("{}"), Status: roster.NumberActive,
	}, "cli:test", o.now)
	if err != nil {
		o.t.Fatal(err)
	}
	if _, err := o.db.LinkNumber(o.t.Context(), "default", n.ID, agent, "cli:test", o.now); err != nil {
		o.t.Fatal(err)
	}
}

// wish sends a dispatch with an idempotency key.
func (o *office) wish(agent, key, body string) answer {
	o.t.Helper()
	r := request("POST", "/api/v2/agents/"+agent+"/dispatch", o.ours, body)
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	return o.send(r)
}

// TestSeed000Dispatch is the seed's example, key for key.
func TestSeed000Dispatch(t *testing.T) {
	o := staff(t)
	a := o.wish(o.ready(), "", "")
	if a.status != http.StatusOK {
		t.Fatalf("%d %s", a.status, a.text)
	}
	item := a.at("item").(map[string]any)
	want := map[string]*regexp.Regexp{
		"success": regexp.MustCompile(`^true$`), "agent_id": regexp.MustCompile(`^[1-9]\d*$`),
		"conversation_uuid": regexp.MustCompile(`^"conv-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"$`),
		"session_id":        regexp.MustCompile(`^"sess-[0-9a-f]+"$`),
		"status":            regexp.MustCompile(`^"dispatched"$`),
		"message":           regexp.MustCompile(`^"Agent dispatched successfully"$`),
	}
	for name, form := range want {
		if got := encode(item[name]); !form.MatchString(got) {
			t.Errorf("item.%s = %s, want %v", name, got, form)
		}
	}
	if len(item) != len(want) || len(a.body) != 3 {
		t.Errorf("the answer has other keys than the seed's: %s", a.text)
	}
	a.wants("message", `"Agent dispatched successfully"`)
	if n := len(o.carrier.calls()); n != 0 {
		t.Errorf("%d calls were placed without a number", n)
	}
}

// TestSeed000Errors are the seed's "Common Error Scenarios".
func TestSeed000Errors(t *testing.T) {
	o := staff(t)
	half := func(body string) string { return o.ok("POST", "/api/v2/agents", body).str("item.agent.uuid") }
	for name, c := range map[string]struct{ agent, want string }{
		"missing ASR": {half(`{"name":"A","voice_uuid":"abc123","turn":{},"llm":{"provider":"openai","model":"gpt-4o"}}`),
			`{"success":false,"errors":{"agent":["Agent ASR configuration is missing"]},"message":"Failed to dispatch agent"}`},
		"missing LLM": {half(`{"name":"A","voice_uuid":"abc123","turn":{},"asr":{"provider":"moonshine","model":"tiny-en"}}`),
			`{"success":false,"errors":{"agent":["Agent LLM configuration is missing"]},"message":"Failed to dispatch agent"}`},
		"provider without its key": {half(`{"name":"A","voice_uuid":"abc123","turn":{},"asr":{"provider":"deepgram","model":"nova-2"},"llm":{"provider":"openai","model":"gpt-4o"}}`),
			`{"success":false,"errors":{"agent":["Agent ASR 'deepgram/nova-2' is not available: it has no key"]},"message":"Failed to dispatch agent"}`},
		"disabled": {half(`{"name":"A","enabled":false,"voice_uuid":"abc123","turn":{},"asr":{"provider":"moonshine","model":"tiny-en"},"llm":{"provider":"openai","model":"gpt-4o"}}`),
			`{"success":false,"errors":{"agent":["Agent is disabled"]},"message":"Failed to dispatch agent"}`},
	} {
		a := o.wish(c.agent, "", "")
		if a.status != http.StatusUnprocessableEntity || encode(a.body) != encode(decode(t, c.want)) {
			t.Errorf("%s: %d %s, want 422 %s", name, a.status, a.text, c.want)
		}
	}
	o.carrier.err = context.DeadlineExceeded
	a := o.wish(o.ready(), "", `{"phone_number":"+14155550177"}`)
	want := `{"success":false,"errors":{"dispatch":["Failed to dispatch agent: Connection timeout"]},"message":"Failed to dispatch agent"}`
	if a.status != http.StatusBadGateway || encode(a.body) != encode(decode(t, want)) {
		t.Errorf("carrier that does not answer: %d %s, want 502 %s", a.status, a.text, want)
	}
}

func TestMissingVoiceIsToldInTheSeedsWords(t *testing.T) {
	o := staff(t)
	uuid := "11111111-1111-4111-8111-111111111111"
	text := "x"
	d := roster.Definition{Name: "mute", Enabled: true, ASR: &roster.ASR{Provider: "moonshine", Model: "tiny-en"}, Turn: &roster.Turn{}, LLM: &roster.LLM{Provider: &text, Model: &text}}
	if _, err := o.db.CreateAgent(t.Context(), roster.Agent{UUID: uuid, Workspace: "default", Definition: d}, 0, "cli:test", o.now); err != nil {
		t.Fatal(err)
	}
	a := o.wish(uuid, "", "")
	a.errors(`{"agent":["Agent TTS configuration is missing","Agent LLM 'x/x' is not available: it is not in the list of capabilities"]}`)
}

func TestDispatchWithANumberPlacesACall(t *testing.T) {
	o := staff(t)
	agent := o.ready()
	a := o.wish(agent, "", `{"phone_number":"+14155550177","dynamic_variables":{"customer_name":"Ada"},"later":"ignored"}`)
	if a.status != http.StatusOK {
		t.Fatalf("%d %s", a.status, a.text)
	}
	id := a.str("call_id")
	a.wants("item.call_id", `"`+id+`"`)
	calls := o.carrier.calls()
	if len(calls) != 1 || calls[0].To != "+14155550177" || calls[0].From != "+14155550111" || string(calls[0].Call) != id {
		t.Fatalf("placed %+v", calls)
	}
	c := o.ok("GET", "/api/v2/calls/"+id, "")
	c.wants("item.variables", `{"customer_name":"Ada","plan":"basic"}`)
	c.wants("item.agent", `{"name":"Reminder","uuid":"`+agent+`","version":1}`)
	c.wants("item.direction", `"outbound"`)
	c.wants("item.conversation_uuid", encode(a.at("item.conversation_uuid")))
	r, err := o.db.Call(t.Context(), calls[0].Call)
	if err != nil || r.PostCall == 0 {
		t.Errorf("the call's post_call is %d, %v", r.PostCall, err)
	}
}

func TestFromChoosesAmongTheAgentsNumbers(t *testing.T) {
	o := staff(t)
	agent := o.ready()
	o.number(agent, "+14155550122", true)
	o.number(agent, "+14155550133", false)
	if a := o.wish(agent, "", `{"phone_number":"+14155550177","from":"+14155550122"}`); a.status != 200 || o.carrier.calls()[0].From != "+14155550122" {
		t.Errorf("%d %s, placed %+v", a.status, a.text, o.carrier.calls())
	}
	for _, from := range []string{"+14155550133", "+14155550144"} {
		a := o.wish(agent, "", `{"phone_number":"+14155550177","from":"`+from+`"}`)
		if a.status != 422 {
			t.Errorf("from %s = %d", from, a.status)
		}
		a.errors(`{"from":["is not a number of this agent that supports outbound calls"]}`)
	}
}

func TestWrongWishesPlaceNothing(t *testing.T) {
	o := staff(t)
	agent := o.ready()
	for body, c := range map[string]struct {
		status int
		errors string
	}{
		`{"phone_number":"12"}`: {422, `{"phone_number":["must be an E.164 phone number, such as +14155550177"]}`},
		`{"phone_number":5}`:    {422, `{"phone_number":["must be a string"]}`},
		`{"phone_number":"+14155550177","dynamic_variables":[]}`: {422, `{"dynamic_variables":["Dynamic variables must be a flat hash."]}`},
		`{"dynamic_variables":{"nested":{}}}`:                    {422, `{"dynamic_variables":["Dynamic variables must be a flat hash. Key 'nested' contains a nested object or array."]}`},
		`{"from":"+14155550111"}`:                                {422, `{"from":["is of use with phone_number only"]}`},
	} {
		a := o.wish(agent, "", body)
		if a.status != c.status {
			t.Errorf("%s = %d %s, want %d", body, a.status, a.text, c.status)
		}
		a.errors(c.errors)
	}
	o.fails(400, "POST", "/api/v2/agents/"+agent+"/dispatch", `{"phone_number":`)
	a := o.wish(agent, strings.Repeat("k", 256), "")
	a.errors(`{"Idempotency-Key":["is longer than 255 characters"]}`)
	if n := len(o.carrier.calls()); n != 0 {
		t.Errorf("%d calls were placed", n)
	}
}

func TestRepeatUnderOneKeyPlacesNothing(t *testing.T) {
	o := staff(t)
	agent := o.ready()
	const body = `{"phone_number":"+14155550177"}`
	first := o.wish(agent, "k1", body)
	again := o.wish(agent, "k1", ` { "phone_number" : "+14155550177" } `)
	if first.status != 200 || again.status != 200 || again.text != first.text {
		t.Errorf("first %d %s, again %d %s", first.status, first.text, again.status, again.text)
	}
	if first.header.Get("Idempotent-Replayed") != "" || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("Idempotent-Replayed %q and %q", first.header.Get("Idempotent-Replayed"), again.header.Get("Idempotent-Replayed"))
	}
	if n := len(o.carrier.calls()); n != 1 {
		t.Errorf("%d calls were placed, want 1", n)
	}
	other := o.wish(agent, "k1", `{"phone_number":"+14155550188"}`)
	if other.status != http.StatusConflict {
		t.Errorf("the key with another request = %d %s, want 409", other.status, other.text)
	}
	o.ok("PATCH", "/api/v2/agents/"+agent, `{"enabled":false}`)
	if after := o.wish(agent, "k1", body); after.status != 200 || after.text != first.text {
		t.Errorf("after the agent was disabled, the repeat = %d %s, want the same answer", after.status, after.text)
	}
	if n := len(o.carrier.calls()); n != 1 {
		t.Errorf("%d calls were placed, want 1", n)
	}
}

func TestRepeatOfAFailureIsTheFailure(t *testing.T) {
	o := staff(t)
	agent := o.ready()
	o.carrier.err = errors.New("21211: the number +14155550177 is not valid")
	first := o.wish(agent, "k1", `{"phone_number":"+14155550177"}`)
	o.carrier.err = nil
	again := o.wish(agent, "k1", `{"phone_number":"+14155550177"}`)
	if first.status != 502 || again.status != 502 || first.text != again.text || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("first %d %s, again %d %s (%v)", first.status, first.text, again.status, again.text, again.header)
	}
	if strings.Contains(first.text, "5550177") {
		t.Errorf("the answer holds the number: %s", first.text)
	}
	if n := len(o.carrier.calls()); n != 0 {
		t.Errorf("%d calls were placed", n)
	}
}

func TestAgentWithoutANumberCannotCall(t *testing.T) {
	o := staff(t)
	agent := o.ok("POST", "/api/v2/agents", `{"name":"A","voice_uuid":"abc123","turn":{},"asr":{"provider":"moonshine","model":"tiny-en"},"llm":{"provider":"openai","model":"gpt-4o"}}`).str("item.agent.uuid")
	o.wish(agent, "", `{"phone_number":"+14155550177"}`).errors(`{"agent":["Agent has no phone number that supports outbound calls"]}`)
}

func TestGatewayThatGoesDownSendsAway(t *testing.T) {
	o := staff(t)
	agent := o.ready()
	if err := o.desk.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	a := o.wish(agent, "", `{"phone_number":"+14155550177"}`)
	a.errors(`{"dispatch":["Failed to dispatch agent: the gateway is going down"]}`)
	if a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" {
		t.Errorf("%d, Retry-After %q", a.status, a.header.Get("Retry-After"))
	}
}

// In quiet hours the answer says from when on the number may be called.
func TestQuietHoursSayWhenTheyEnd(t *testing.T) {
	o := staff(t)
	agent := o.ready()
	at := time.Now().Add(3 * time.Hour).UTC().Truncate(time.Second)
	o.permit = &dialplan.Refusal{Code: dialplan.QuietHours, Why: "Not now.", At: at}
	a := o.wish(agent, "", `{"phone_number":"+14155550177"}`)
	a.errors(`{"phone_number":["Not now. It may be called from ` + at.Format(time.RFC3339) + ` on."]}`)
	wait, err := strconv.Atoi(a.header.Get("Retry-After"))
	if left := time.Duration(wait) * time.Second; a.status != http.StatusTooManyRequests || err != nil || left < 3*time.Hour-time.Minute || left > 3*time.Hour+time.Second {
		t.Errorf("%d, Retry-After %q, want three hours", a.status, a.header.Get("Retry-After"))
	}
	o.permit = &dialplan.Refusal{Code: dialplan.QuietHours, Why: "Never."}
	if a := o.wish(agent, "", `{"phone_number":"+14155550177"}`); a.status != http.StatusUnprocessableEntity || a.header.Get("Retry-After") != "" {
		t.Errorf("hours that never come: %d, Retry-After %q", a.status, a.header.Get("Retry-After"))
	}
	if n := len(o.carrier.calls()); n != 0 {
		t.Errorf("%d calls were placed", n)
	}
}

// Where no call may be added, the client is told to come again.
func TestACapAsksForPatience(t *testing.T) {
	for by, c := range map[string]struct {
		err error
		why string
	}{
		"workspace": {&dispatch.CappedError{By: "workspace"}, "the workspace has as many calls at once as its dialing policy allows"},
		"trunk":     {&dispatch.CappedError{By: "trunk"}, "the carrier's account has as many calls at once as it may"},
		"node":      {dispatch.ErrOverloaded, "the gateway is too busy for one more call"},
	} {
		o, why := staff(t), c.why
		agent := o.ready()
		o.permit = c.err
		a := o.wish(agent, "", `{"phone_number":"+14155550177"}`)
		a.errors(`{"dispatch":["Failed to dispatch agent: ` + why + `"]}`)
		if a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") == "" {
			t.Errorf("%s: %d, Retry-After %q", by, a.status, a.header.Get("Retry-After"))
		}
	}
}

// What was checked before a call was placed is shown with it.
func TestACallShowsWhatWasChecked(t *testing.T) {
	o := staff(t)
	agent := o.ready()
	o.proof = `{"checked_at":"2026-11-22T09:31:02Z","region":"US","number_type":"mobile","callee_zones":["America/New_York"],
		"local_time":["2026-11-22T04:31:02-05:00"],"hours":"policy","do_not_call":"clear","consent":"web form",
		"calls":{"number_hour":1,"number_hour_max":6,"number_day":1,"number_day_max":20,"hour":1,"hour_max":600}}`
	id := o.wish(agent, "", `{"phone_number":"+14155550177"}`).str("call_id")
	o.ok("GET", "/api/v2/calls/"+id, "").wants("item.checks", o.proof)
	if _, there := o.ok("GET", "/api/v2/calls", "").at("items.0").(map[string]any)["checks"]; there {
		t.Error("a list shows what was checked")
	}
	o.proof = ""
	id = o.wish(agent, "", `{"phone_number":"+14155550178"}`).str("call_id")
	if _, there := o.ok("GET", "/api/v2/calls/"+id, "").at("item").(map[string]any)["checks"]; there {
		t.Error("a call of which nothing was checked says that it was")
	}
}

// A rule says no before anything is dialled or kept, in words for the client.
func TestANumberThatARuleForbidsIsNotDialled(t *testing.T) {
	o := staff(t)
	agent := o.ready()
	for code, status := range map[dialplan.Code]int{dialplan.PremiumRate: http.StatusUnprocessableEntity, dialplan.Hour: http.StatusTooManyRequests} {
		o.permit = &dialplan.Refusal{Code: code, Why: "No."}
		a := o.wish(agent, "", `{"phone_number":"+14155550177"}`)
		want := `{"success":false,"errors":{"phone_number":["No."]},"message":"Failed to dispatch agent"}`
		if a.status != status || encode(a.body) != encode(decode(t, want)) {
			t.Errorf("%s: %d %s, want %d %s", code, a.status, a.text, status, want)
		}
		if later := a.header.Get("Retry-After") != ""; later != code.Passes() {
			t.Errorf("%s: Retry-After is there: %v", code, later)
		}
	}
	if n := len(o.carrier.calls()); n != 0 {
		t.Errorf("%d calls were placed", n)
	}
}
