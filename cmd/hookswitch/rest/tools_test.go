package rest_test

import (
	"net/http"
	"strings"
	"testing"
)

const aTool = `{"name":"check_order","description":"Tells where an order is.","tool_type":"webhook","tool_config":{
	"api_schema":{"url":"https://example.com/orders/{{order_id}}?a={{b}}","method":"GET","request_headers":{"Authorization":"Bearer x"}},
	"parameters":{"order_id":{"type":"string","description":"The order's number."}},
	"response_timeout_secs":30}}`

func TestToolsAreMadeChangedAndTakenAway(t *testing.T) {
	p := open(t)
	uuid := p.agent("A")
	tools := "/api/v2/agents/" + uuid + "/tools"
	made := p.ok("POST", tools, aTool)
	made.wants("item.tool_config", `{"api_schema":{"url":"https://example.com/orders/{{order_id}}?a={{b}}","method":"GET","request_headers":{"Authorization":"Bearer x"}},
		"parameters":{"order_id":{"type":"string","description":"The order's number."}},"assignments":[],"response_timeout_secs":30,
		"disable_interruptions":false,"force_pre_tool_speech":false,"safe_to_retry":false}`)
	made.wants("item.tool_type", `"webhook"`)
	made.wants("item.active", `true`)
	made.wants("item.usage_stats", `{}`)
	made.wants("item.access_info.owner", `"default"`)
	id, byID := made.str("item.uuid"), encode(made.at("item.id"))

	list := p.ok("GET", tools, "")
	list.wants("count", `4`)
	list.wants("items.0.name", `"end_call"`)
	list.wants("items.0.access_info", `{"owner":"Resemble.ai","created_by":"Resemble.ai"}`)
	list.wants("items.3.uuid", `"`+id+`"`)
	p.ok("GET", "/api/v2/agents/"+uuid, "").wants("item.tools_count", `4`)

	for _, ref := range []string{id, byID} {
		p.ok("GET", tools+"/"+ref, "").wants("item.name", `"check_order"`)
	}
	changed := p.ok("PATCH", tools+"/"+byID, `{"description":"Says where it is.","tool_config":{"safe_to_retry":true,"api_schema":{"method":"POST"}}}`)
	changed.wants("item.tool_config.api_schema.url", `"https://example.com/orders/{{order_id}}?a={{b}}"`)
	changed.wants("item.tool_config.api_schema.method", `"POST"`)
	changed.wants("item.tool_config.safe_to_retry", `true`)
	changed.wants("item.tool_config.response_timeout_secs", `30`)
	changed.wants("item.uuid", `"`+id+`"`)

	p.fails(400, "POST", tools, aTool).errors(`{"name":["has already been taken"]}`)
	p.fails(400, "PATCH", tools+"/"+id, `{"tool_type":"client"}`).errors(`{"tool_type":["can't be changed"]}`)
	p.ok("DELETE", tools+"/"+id, "").wants("message", `"Tool deleted successfully"`)
	p.fails(404, "GET", tools+"/"+id, "").errors(`{"base":["Tool not found"]}`)
}

func TestMistakesInToolsAreToldAtTheirFields(t *testing.T) {
	p := open(t)
	tools := "/api/v2/agents/" + p.agent("A") + "/tools"
	for _, tt := range []struct{ name, body, errors string }{
		{"nothing", `{}`, `{"name":["can't be blank"],"description":["can't be blank"],"tool_type":["can't be blank"],"tool_config":["can't be blank"]}`},
		{"a system tool", `{"name":"a","description":"d","tool_type":"system","tool_config":{}}`, `{"tool_type":["is not included in the list"]}`},
		{"a name with a space", `{"name":"a b","description":"d","tool_type":"client","tool_config":{}}`, `{"name":["may only contain letters, digits, - and _"]}`},
		{"no request", `{"name":"a","description":"d","tool_type":"webhook","tool_config":{}}`, `{"tool_config.api_schema":["can't be blank"]}`},
		{"no address", config(`"api_schema":{}`), `{"tool_config.api_schema.url":["can't be blank"]}`},
		{"no https", config(`"api_schema":{"url":"http://example.com"}`), `{"tool_config.api_schema.url":["must be an https URL"]}`},
		{"a file", config(`"api_schema":{"url":"file:///etc/passwd"}`), `{"tool_config.api_schema.url":["must be an https URL"]}`},
		{"a host that a caller chooses", config(`"api_schema":{"url":"https://{{host}}/a"}`), `{"tool_config.api_schema.url":["must name its host: variables may stand in the path and the query"]}`},
		{"credentials", config(`"api_schema":{"url":"https://a:b@example.com"}`), `{"tool_config.api_schema.url":["must not hold credentials: put them in request_headers"]}`},
		{"another method", config(`"api_schema":{"url":"https://example.com","method":"TRACE"}`), `{"tool_config.api_schema.method":["is not included in the list"]}`},
		{"the host's header", config(`"api_schema":{"url":"https://example.com","request_headers":{"host":"a"}}`), `{"tool_config.api_schema.request_headers":["'host' can't be set"]}`},
		{"a header of two lines", config(`"api_schema":{"url":"https://example.com","request_headers":{"A":"b\r\nC: d"}}`), `{"tool_config.api_schema.request_headers.A":["is invalid"]}`},
		{"61 seconds", config(`"api_schema":{"url":"https://example.com"},"response_timeout_secs":61`), `{"tool_config.response_timeout_secs":["must be less than or equal to 60"]}`},
		{"another type", config(`"api_schema":{"url":"https://example.com"},"parameters":{"a":{"type":"date"}}`), `{"tool_config.parameters.a.type":["is not included in the list"]}`},
		{"an argument of a webhook", config(`"api_schema":{"url":"https://example.com"},"assignments":[{"source":"argument","attribute_name":"a","dynamic_variable":"b"}]`),
			`{"tool_config.assignments.0.source":["is not included in the list"],"tool_config.assignments.0.dynamic_variable":["must exist in the agent's dynamic variables"]}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p.t = t
			p.fails(http.StatusBadRequest, "POST", tools, tt.body).errors(tt.errors)
		})
	}
}

func config(fields string) string {
	return `{"name":"a","description":"d","tool_type":"webhook","tool_config":{` + fields + `}}`
}

func TestSystemToolsAreSetButNeitherMadeNorTakenAway(t *testing.T) {
	p := open(t)
	tools := "/api/v2/agents/" + p.agent("A") + "/tools"
	list := p.ok("GET", tools, "")
	transfer := list.str("items.1.uuid")
	list.wants("items.1.name", `"transfer_to_number"`)
	list.wants("items.1.active", `false`)
	a := p.ok("PATCH", tools+"/"+transfer, `{"active":true,"tool_config":{"force_pre_tool_speech":true,"parameters":{"transfers":[
		{"transfer_destination":{"type":"phone","phone_number":"+14155550100"},"condition":"The caller wants a person.","transfer_type":"warm"}]}}}`)
	a.wants("item.active", `true`)
	a.wants("item.tool_config.force_pre_tool_speech", `true`)
	a.wants("item.tool_config.parameters.transfers.0.transfer_type", `"warm"`)
	a.wants("item.id", encode(list.at("items.1.id")))
	p.fails(400, "PATCH", tools+"/"+transfer, `{"name":"mine","tool_config":{"parameters":{"transfers":{}}}}`).
		errors(`{"name":["can't be changed for a system tool"],"tool_config.parameters.transfers":["must be an array"]}`)
	p.fails(400, "DELETE", tools+"/"+transfer, "").errors(`{"base":["System tools can't be deleted, only turned off."]}`)
}

func TestAClientToolIsKeptAndSaysThatItCannotRun(t *testing.T) {
	p := open(t)
	tools := "/api/v2/agents/" + p.agent("A") + "/tools"
	a := p.ok("POST", tools, `{"name":"show","description":"Shows it.","tool_type":"client","tool_config":{"parameters":{"what":{"description":"What."}}}}`)
	if !strings.Contains(a.str("message"), "cannot run yet") {
		t.Errorf("the message is %q", a.str("message"))
	}
	a.wants("item.tool_config.parameters.what.type", `"string"`)
}

func TestSystemToolsHaveTwoPaths(t *testing.T) {
	p := open(t)
	a, b := p.ok("GET", "/api/v2/agents/system_tools", ""), p.ok("GET", "/api/v2/agents/system-tools", "")
	if a.text != b.text {
		t.Errorf("the two answers differ: %s, %s", a.text, b.text)
	}
	a.wants("items.0", `{"identifier":"end_call","description":"Use this tool to end the current phone call immediately.",
		"default_config":{"parameters":{},"assignments":[],"disable_interruptions":false,"force_pre_tool_speech":false},"default_active":true}`)
	a.wants("items.1.default_active", `false`)
	a.wants("items.2.description", `"Detects if the call has reached voicemail."`)
}

func TestCapabilitiesSayWhatIsNotAvailableAndWhy(t *testing.T) {
	p := open(t)
	a := p.ok("GET", "/api/v2/agents/capabilities", "")
	a.wants("asr_capabilities.0", `{"provider":"deepgram","model":"nova-2","description":"Deepgram nova-2","available":false,"unavailable_reason":"it has no key"}`)
	a.wants("llm_capabilities.0", `{"provider":"openai","model":"gpt-4o","description":"OpenAI gpt-4o","available":true}`)
	p.ok("GET", "/api/v2/voices", "").wants("items.0", `{"uuid":"abc123","name":"Professional Voice","provider":"flite","language":"en-US"}`)
}

// Each request is small, and all of them together must not be large: a list of
// agents reads everything.
func TestToolsDoNotGrowAnAgentWithoutEnd(t *testing.T) {
	p := open(t)
	tools := "/api/v2/agents/" + p.agent("A") + "/tools"
	tool := func(name string) string {
		return `{"name":"` + name + `","description":"d","tool_type":"webhook","tool_config":{"api_schema":{"url":"https://example.com/",
			"request_body":{"text":"` + strings.Repeat("x", 60_000) + `"}}}}`
	}
	for i := range 17 {
		p.ok("POST", tools, tool("tool_"+string(rune('a'+i))))
	}
	p.fails(400, "POST", tools, tool("one_more")).errors(`{"base":["An agent can have at most 1048576 bytes, its tools and webhooks included."]}`)
	p.ok("DELETE", tools+"/"+p.ok("GET", tools, "").str("items.3.uuid"), "")
	p.ok("POST", tools, tool("one_more"))
}
