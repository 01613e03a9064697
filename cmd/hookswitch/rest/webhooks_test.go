package rest_test

import (
	"strings"
	"testing"
)

func TestWebhooksAreMadeChangedAndTakenAway(t *testing.T) {
	p := open(t)
	uuid := p.ok("POST", "/api/v2/agents", `{"name":"A","voice_uuid":"abc123","dynamic_variables":{"customer_name":""}}`).str("item.agent.uuid")
	hooks := "/api/v2/agents/" + uuid + "/webhooks"
	made := p.ok("POST", hooks, `{"webhook_type":"pre_call","webhook_config":{
		"api_schema":{"url":"https://example.com/pre","method":"POST","request_headers":{"Content-Type":"application/json"},
			"request_body":{"agent_uuid":"{{agent_uuid}}","caller_phone":"{{caller_phone}}"}},
		"assignments":[{"source":"response","attribute_name":"customer_name","dynamic_variable":"customer_name"}]}}`)
	made.wants("item.webhook_config", `{"api_schema":{"url":"https://example.com/pre","method":"POST","request_headers":{"Content-Type":"application/json"},
			"request_body":{"agent_uuid":"{{agent_uuid}}","caller_phone":"{{caller_phone}}"}},
		"assignments":[{"source":"response","attribute_name":"customer_name","dynamic_variable":"customer_name"}],"response_timeout_secs":10}`)
	id, byID := made.str("item.uuid"), encode(made.at("item.id"))

	p.fails(400, "POST", hooks, hook("pre_call")).errors(`{"webhook_type":["has already been taken"]}`)
	p.fails(400, "POST", hooks, `{"webhook_type":"post_call","webhook_config":{"api_schema":{"url":"https://example.com"},
		"assignments":[{"attribute_name":"a","dynamic_variable":"customer_name"}]}}`).errors(`{"webhook_config.assignments":["must be blank"]}`)
	p.ok("POST", hooks, hook("post_call"))
	p.ok("GET", hooks, "").wants("count", `2`)
	p.ok("GET", "/api/v2/agents/"+uuid, "").wants("item.webhooks_count", `2`)

	a := p.ok("PATCH", hooks+"/"+byID, `{"webhook_config":{"response_timeout_secs":3}}`)
	a.wants("item.webhook_config.response_timeout_secs", `3`)
	a.wants("item.webhook_config.api_schema.url", `"https://example.com/pre"`)
	a.wants("item.uuid", `"`+id+`"`)
	p.fails(400, "PATCH", "/api/v2/agents/"+uuid, `{"dynamic_variables":{}}`).
		errors(`{"dynamic_variables":["Dynamic variable 'customer_name' can't be removed: the pre_call webhook assigns it."]}`)
	p.ok("DELETE", hooks+"/"+id, "")
	p.fails(404, "GET", hooks+"/"+byID, "").errors(`{"base":["Webhook not found"]}`)
	p.ok("PATCH", "/api/v2/agents/"+uuid, `{"dynamic_variables":{}}`)
}

// A webhook's secret goes in and never comes out, in whatever way it is asked for.
func TestSecretsAreNeverShown(t *testing.T) {
	p := open(t)
	const secret = "c2VzYW1lIG9wZW4gcGxlYXNl"
	uuid := p.ok("POST", "/api/v2/agents", `{"name":"A","voice_uuid":"abc123","webhooks":[{"webhook_type":"post_call","webhook_config":{
		"api_schema":{"url":"https://example.com","request_headers":{"Authorization":"Bearer one"}},"secret":"whsec_`+secret+`"}}]}`).str("item.agent.uuid")
	at := "/api/v2/agents/" + uuid
	hookID := p.ok("GET", at+"/webhooks", "").str("items.0.uuid")
	p.ok("GET", at+"/webhooks", "").wants("items.0.webhook_config.secret_set", `true`)
	kept, err := p.db.Agent(t.Context(), "default", uuid)
	if err != nil {
		t.Fatal(err)
	}
	sealed := string(kept.Webhooks[0].Config.Secret)
	if sealed == "" || strings.Contains(sealed, secret) {
		t.Fatalf("the secret is kept as %q", sealed)
	}
	p.ok("PATCH", at+"/webhooks/"+hookID, `{"webhook_config":{"api_schema":{"request_headers":{"Authorization":"Bearer two"}}}}`)
	p.ok("PATCH", at+"/webhooks/"+hookID, `{"webhook_config":{"secret":"another-secret-of-ours"}}`)
	for _, path := range []string{"", "?advanced=true", "/webhooks", "/webhooks/" + hookID, "/versions", "/versions/1", "/versions/3", "/versions/1/diff/3"} {
		text := p.ok("GET", at+path, "").text
		for _, s := range []string{secret, "another-secret-of-ours", sealed} {
			if strings.Contains(text, s) {
				t.Errorf("GET %s shows a secret: %s", path, text)
			}
		}
	}
	diff := p.ok("GET", at+"/versions/1/diff/3", "")
	diff.wants("items", `[{"path":"webhooks.post_call.webhook_config.api_schema.request_headers.Authorization","from":"[a secret]","to":"[another secret]"},
		{"path":"webhooks.post_call.webhook_config.secret","from":"[a secret]","to":"[another secret]"}]`)
	p.ok("PATCH", at+"/webhooks/"+hookID, `{"webhook_config":{"secret":null}}`)
	if text := p.ok("GET", at+"/webhooks", "").text; strings.Contains(text, "secret_set") {
		t.Errorf("a secret that was taken away is set: %s", text)
	}
	p.fails(400, "PATCH", at+"/webhooks/"+hookID, `{"webhook_config":{"secret":"whsec_!"}}`).
		errors(`{"webhook_config.secret":["must be base64 after whsec_"]}`)
}

func TestPlainHTTPOnlyWhereTheOperatorAllowsIt(t *testing.T) {
	p := open(t, allowHTTP)
	hooks := "/api/v2/agents/" + p.agent("A") + "/webhooks"
	p.ok("POST", hooks, `{"webhook_type":"post_call","webhook_config":{"api_schema":{"url":"http://127.0.0.1:9000/x"}}}`)
}
