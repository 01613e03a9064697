package rest_test

import (
	"testing"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest"
)

func allowHTTP(c *rest.Config) { c.AllowHTTP = true }

func TestVersionsAreListedComparedAndRestored(t *testing.T) {
	p := open(t)
	uuid := p.agent("A")
	at := "/api/v2/agents/" + uuid
	p.ok("PATCH", at, `{"greeting":"Hello","llm":{"prompt":"Be kind."}}`)
	p.ok("POST", at+"/tools", aTool)
	p.ok("PATCH", at, `{"turn":{"turn_timeout":9}}`)

	list := p.ok("GET", at+"/versions", "")
	list.wants("count", `4`)
	list.wants("items.0.version", `4`)
	list.wants("items.0.current", `true`)
	list.wants("items.0.changed", `["turn.turn_timeout"]`)
	list.wants("items.1.changed", `["tools.check_order"]`)
	list.wants("items.3.changed", `[]`)
	if who := list.str("items.0.who"); who[:8] != "key:key_" {
		t.Errorf("made by %q", who)
	}
	page := p.ok("GET", at+"/versions?limit=2&before=4", "")
	page.wants("items.0.version", `3`)
	page.wants("items.1.version", `2`)
	page.wants("items.1.changed", `["greeting","llm"]`)
	page.wants("count", `2`)

	one := p.ok("GET", at+"/versions/2", "")
	one.wants("item.definition.greeting", `"Hello"`)
	one.wants("item.definition.tools", `[]`)
	one.wants("item.current", `false`)

	diff := p.ok("GET", at+"/versions/2/diff/4", "")
	diff.wants("count", `2`)
	diff.wants("items.1", `{"path":"turn.turn_timeout","from":7,"to":9}`)
	diff.wants("items.0.path", `"tools.check_order"`)
	diff.wants("items.0.from", `null`)
	diff.wants("items.0.to.tool_config.api_schema.request_headers", `{"Authorization":"[a secret]"}`)

	back := p.ok("POST", at+"/versions/2/restore?advanced=true", "")
	back.wants("message", `"Version 2 restored as version 5"`)
	back.wants("item.version", `5`)
	back.wants("item.tools", `[]`)
	back.wants("item.turn.turn_timeout", `7`)
	p.ok("GET", at+"/versions/2/diff/5", "").wants("items", `[]`)

	for _, path := range []string{"/versions/9", "/versions/0", "/versions/-1", "/versions/one", "/versions/2/diff/9", "/versions/99999999999999999999"} {
		p.fails(404, "GET", at+path, "").errors(`{"base":["Version not found"]}`)
	}
	p.fails(400, "GET", at+"/versions?limit=1000", "").errors(`{"limit":["expected number <= 100"]}`)

	p.ok("DELETE", at, "")
	p.ok("GET", at+"/versions/2", "").wants("item.definition.greeting", `"Hello"`)
	p.fails(404, "POST", at+"/versions/2/restore", "")
}
