package trillet_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/roster"
)

func TestTheKeyAndItsWorkspaceAreBothAsked(t *testing.T) {
	p := open(t)
	for _, tt := range []struct {
		name, key, workspace string
		status               int
		message              string
	}{
		{"no key", "", "default", 401, "An API key is required in the header x-api-key."},
		{"a wrong key", "hsk_wrong", "default", 401, "The API key is not valid."},
		{"a key that is too long", strings.Repeat("a", 300), "default", 401, "The header x-api-key must hold one API key."},
		{"no workspace", p.ours, "", 400, "The header x-workspace-id is required: it names the workspace of the API key."},
		{"another workspace", p.ours, "ws_theirs", 403, "The API key does not belong to the workspace of x-workspace-id."},
		{"a workspace that is not there", p.ours, "ws_none", 403, "The API key does not belong to the workspace of x-workspace-id."},
	} {
		a := p.send(request(tt.key, tt.workspace, "GET", "/v1/api/agents", ""))
		a.failed(tt.status, tt.message)
	}
	twice := request(p.ours, "default", "GET", "/v1/api/agents", "")
	twice.Header.Add("x-workspace-id", "ws_theirs")
	p.send(twice).failed(403, "The API key does not belong to the workspace of x-workspace-id.")
	bearer := request("", "default", "GET", "/v1/api/agents", "")
	bearer.Header.Set("Authorization", "Bearer "+p.ours)
	if a := p.send(bearer); a.status != 401 || a.header.Get("WWW-Authenticate") != "" {
		t.Errorf("another dialect's header: %d %v", a.status, a.header)
	}
}

func TestAKeyDoesWhatItsScopesSay(t *testing.T) {
	p := open(t)
	agent := p.caller()
	reader, _ := p.key(roster.Default, roster.AgentsRead, roster.CallsRead)
	for _, tt := range []struct{ method, path, scope string }{
		{"POST", "/v1/api/agents", "agents:write"}, {"PUT", "/v1/api/agents/" + agent, "agents:write"}, {"DELETE", "/v1/api/agents/" + agent, "agents:write"},
		{"POST", "/v1/api/call", "calls:write"}, {"POST", "/api/v1/calls/call", "calls:write"}, {"POST", "/v1/api/batch-calls", "calls:write"},
		{"POST", "/v1/api/batch-calls/b/cancel", "calls:write"}, {"DELETE", "/v1/api/batch-calls/b", "calls:write"},
	} {
		p.send(request(reader, roster.Default, tt.method, tt.path, "{}")).failed(403, "The API key lacks the scope "+tt.scope+".")
	}
	for _, path := range []string{"/v1/api/agents", "/v1/api/agents/" + agent, "/v1/api/batch-calls", "/v2/api/call-history", "/v1/api/active-calls"} {
		if a := p.send(request(reader, roster.Default, "GET", path, "")); a.status != 200 {
			t.Errorf("reading %s: %d %s", path, a.status, a.text)
		}
	}
}

func TestNothingOfAnotherWorkspaceIsSeen(t *testing.T) {
	p := open(t)
	agent := p.caller()
	p.ring("call_1", agent)
	batch := p.upload(fields{"agentId": agent}, "phone_number\n+14155550177\n").str("batchId")
	job := p.ok("GET", "/v1/api/batch-calls/"+batch+"/calls", "").str("calls.0.jobId")
	booked := p.ok("POST", "/v1/api/call", `{"to":"+14155550199","call_agent_id":"`+agent+`"}`).str("call_id")
	theirs := func(method, path, body string) answer {
		return p.send(request(p.theirs, "ws_theirs", method, path, body))
	}
	for _, tt := range []struct{ method, path, body, thing string }{
		{"GET", "/v1/api/agents/" + agent, "", "Agent"}, {"PUT", "/v1/api/agents/" + agent, `{"name":"Mine"}`, "Agent"}, {"DELETE", "/v1/api/agents/" + agent, "", "Agent"},
		{"POST", "/v1/api/call", `{"to":"+14155550199","call_agent_id":"` + agent + `"}`, "Agent"},
		{"GET", "/v1/api/batch-calls/" + batch, "", "Batch"}, {"GET", "/v1/api/batch-calls/" + batch + "/status", "", "Batch"},
		{"GET", "/v1/api/batch-calls/" + batch + "/calls", "", "Batch"}, {"GET", "/v1/api/batch-calls/" + batch + "/calls/" + job, "", "Call"},
		{"POST", "/v1/api/batch-calls/" + batch + "/cancel", "", "Batch"}, {"DELETE", "/v1/api/batch-calls/" + batch, "", "Batch"},
		{"GET", "/v2/api/call-history/call_1", "", "Call"}, {"GET", "/v2/api/call-history/" + booked, "", "Call"}, {"GET", "/v2/api/active-calls/call_1", "", "Call"},
	} {
		theirs(tt.method, tt.path, tt.body).failed(404, tt.thing+" not found")
	}
	for path, want := range map[string]string{"/v1/api/agents": "[]\n", "/v1/api/batch-calls": "[]\n", "/v2/api/call-history": "[]\n",
		"/v2/api/call-history?callIds=call_1": "[]\n", "/v2/api/call-history?batchId=" + batch: "[]\n"} {
		if a := theirs("GET", path, ""); a.status != 200 || a.text != want {
			t.Errorf("%s: %d %s", path, a.status, a.text)
		}
	}
	p.ok("GET", "/v1/api/agents/"+agent, "").wants("name", `"Caller"`)
}

func TestUnknownPathsAndMethodsAnswerInTheEnvelope(t *testing.T) {
	p := open(t)
	p.fails(404, "There is nothing here that this gateway offers.", "GET", "/v1/api/flows", "")
	p.fails(404, "There is nothing here that this gateway offers.", "POST", "/v1/api/calls/web/connect", "{}")
	p.fails(405, "The method is not there. Allowed: DELETE, GET, HEAD, PUT", "PATCH", "/v1/api/agents/x", "{}")
	r := request(p.ours, roster.Default, "POST", "/v1/api/agents", "name: A")
	r.Header.Set("Content-Type", "application/yaml")
	p.send(r).failed(http.StatusBadRequest, "The request body must be JSON: Content-Type: application/json")
}
