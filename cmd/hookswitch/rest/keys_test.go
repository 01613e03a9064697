package rest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/roster"
)

func TestKeysAreShownOnceAndRevoked(t *testing.T) {
	p := open(t)
	made := p.ok("POST", "/api/v2/keys", `{"name":"reports","scopes":["calls:read","agents:read","calls:read"]}`)
	secret, id := made.str("item.key"), made.str("item.id")
	made.wants("item.scopes", `["agents:read","calls:read"]`)
	made.wants("item.last_used_at", `null`)
	if a := p.as(secret, "GET", "/api/v2/agents", ""); a.status != 200 {
		t.Fatalf("the new key: %d %s", a.status, a.text)
	}
	list := p.ok("GET", "/api/v2/keys", "")
	if strings.Contains(list.text, secret) || strings.Contains(list.text, roster.HashKey(secret)) {
		t.Errorf("the list shows the key: %s", list.text)
	}
	if !strings.Contains(list.text, `"last_used_at":"2025-01-27T10:00:00Z"`) {
		t.Errorf("its use was not noted: %s", list.text)
	}
	p.ok("DELETE", "/api/v2/keys/"+id, "").wants("message", `"Key revoked successfully"`)
	a := p.as(secret, "GET", "/api/v2/agents", "")
	a.errors(`{"base":["The API key was revoked."]}`)
	if a.status != http.StatusUnauthorized {
		t.Errorf("a revoked key: %d", a.status)
	}
	p.ok("DELETE", "/api/v2/keys/"+id, "")
	p.fails(404, "DELETE", "/api/v2/keys/key_none", "")
}

func TestAKeyGivesNoMoreThanItHas(t *testing.T) {
	p := open(t)
	some := p.key(roster.Default, roster.KeysWrite, roster.AgentsWrite)
	if a := p.as(some, "POST", "/api/v2/keys", `{"name":"a","scopes":["agents:read"]}`); a.status != 200 {
		t.Errorf("agents:read of agents:write: %d %s", a.status, a.text)
	}
	for _, scopes := range []string{`["admin"]`, `["calls:read"]`, `["agents:write","numbers:write"]`} {
		if a := p.as(some, "POST", "/api/v2/keys", `{"name":"a","scopes":`+scopes+`}`); a.status != 403 {
			t.Errorf("%s: %d %s", scopes, a.status, a.text)
		}
	}
	admins := ""
	for _, k := range p.ok("GET", "/api/v2/keys", "").at("items").([]any) {
		if k := k.(map[string]any); encode(k["scopes"]) == `["admin"]` {
			admins = k["id"].(string)
		}
	}
	if a := p.as(some, "DELETE", "/api/v2/keys/"+admins, ""); a.status != 403 {
		t.Errorf("revoking an administrator's key: %d %s", a.status, a.text)
	}
	for body, want := range map[string]string{
		`{}`:                             `{"name":["can't be blank"],"scopes":["can't be blank"]}`,
		`{"name":1,"scopes":"admin"}`:    `{"name":["must be a string"],"scopes":["must be an array of strings"]}`,
		`{"name":"a","scopes":["root"]}`: `{"scopes":["is not included in the list"]}`,
		`{"name":"a\u0007","scopes":["admin", 1]}`: `{"name":["is invalid"],"scopes":["must be an array of strings"]}`,
	} {
		p.fails(400, "POST", "/api/v2/keys", body).errors(want)
	}
}

func TestTheAuditSaysWhoChangedWhat(t *testing.T) {
	p := open(t)
	uuid := p.agent("A")
	p.ok("PATCH", "/api/v2/agents/"+uuid, `{"greeting":"secret words"}`)
	a := p.ok("GET", "/api/v2/audit?limit=2", "")
	a.wants("items.0.what", `"agent.update"`)
	a.wants("items.0.target", `"`+uuid+`"`)
	a.wants("items.1.what", `"agent.create"`)
	if strings.Contains(a.text, "secret words") || !strings.HasPrefix(a.str("items.0.who"), "key:key_") {
		t.Errorf("the audit says %s", a.text)
	}
	reader := p.key(roster.Default, roster.AgentsRead)
	if a := p.as(reader, "GET", "/api/v2/audit", ""); a.status != 403 {
		t.Errorf("without admin: %d %s", a.status, a.text)
	}
}
