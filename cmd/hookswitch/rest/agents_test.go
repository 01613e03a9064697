package rest_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func request(method, path, key, body string) *http.Request {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+key)
	return r
}

// wrongFields are bodies with one mistake each, and all that is told of them.
var wrongFields = []struct{ name, body, errors string }{
	{"no name", `{"voice_uuid":"abc123"}`, `{"name":["can't be blank"]}`},
	{"a name of spaces", `{"name":"  ","voice_uuid":"abc123"}`, `{"name":["can't be blank"]}`},
	{"a name that is a number", `{"name":7,"voice_uuid":"abc123"}`, `{"name":["must be a string"]}`},
	{"a long name", `{"name":"` + strings.Repeat("é", 256) + `","voice_uuid":"abc123"}`, `{"name":["is too long (maximum is 255 characters)"]}`},
	{"a name of two lines", `{"name":"a\nb","voice_uuid":"abc123"}`, `{"name":["is invalid"]}`},
	{"no voice", `{"name":"A"}`, `{"voice_uuid":["can't be blank"]}`},
	{"a voice in another language", `{"name":"A","voice_uuid":"fr1"}`, `{"voice_uuid":["Voice 'Amélie' speaks fr-FR, which is not one of the agent's languages"]}`},
	{"another language", `{"name":"A","voice_uuid":"abc123","languages":["de-DE"]}`, `{"languages":["is not included in the list"]}`},
	{"languages that are text", `{"name":"A","voice_uuid":"abc123","languages":"en-US"}`, `{"languages":["must be an array"]}`},
	{"no such number", `{"name":"A","voice_uuid":"abc123","phone_number_id":99}`, `{"phone_number_id":["Phone number not found"]}`},
	{"a number that is text", `{"name":"A","voice_uuid":"abc123","phone_number_id":"one"}`, `{"phone_number_id":["is not a number"]}`},
	{"half a number", `{"name":"A","voice_uuid":"abc123","phone_number_id":1.5}`, `{"phone_number_id":["must be an integer"]}`},
	{"a reserved variable", `{"name":"A","voice_uuid":"abc123","dynamic_variables":{"constructor":1}}`, `{"dynamic_variables":["Dynamic variable key 'constructor' is a reserved word."]}`},
	{"variables in a list", `{"name":"A","voice_uuid":"abc123","dynamic_variables":["a"]}`, `{"dynamic_variables":["Dynamic variables must be a flat hash."]}`},
	{"asr that is text", `{"name":"A","voice_uuid":"abc123","asr":"deepgram"}`, `{"asr":["must be an object"]}`},
	{"asr without a model", `{"name":"A","voice_uuid":"abc123","asr":{}}`, `{"asr.model":["can't be blank"]}`},
	{"another audio format", `{"name":"A","voice_uuid":"abc123","asr":{"model":"nova-2","user_input_audio_format":"mp3"}}`, `{"asr.user_input_audio_format":["is not included in the list"]}`},
	{"keywords that are numbers", `{"name":"A","voice_uuid":"abc123","asr":{"model":"nova-2","keywords":[1]}}`, `{"asr.keywords":["must be an array of strings"]}`},
	{"half a second", `{"name":"A","voice_uuid":"abc123","turn":{"turn_timeout":0.5}}`, `{"turn.turn_timeout":["must be an integer"]}`},
	{"silence below -1", `{"name":"A","voice_uuid":"abc123","turn":{"silence_end_call_timeout":-2}}`, `{"turn.silence_end_call_timeout":["must be greater than or equal to -1"]}`},
	{"another mode", `{"name":"A","voice_uuid":"abc123","turn":{"mode":"semantic"}}`, `{"turn.mode":["is not included in the list"]}`},
	{"an endless wait", `{"name":"A","voice_uuid":"abc123","turn":{"endpoint_wait_ms":1e30}}`, `{"turn.endpoint_wait_ms":["must be less than or equal to 10000"]}`},
	{"a model that nobody has", `{"name":"A","voice_uuid":"abc123","llm":{"provider":"openai","model":"gpt-99"}}`, `{"llm.model":["LLM provider/model combination 'openai/gpt-99' is not supported"]}`},
	{"a provider that nobody is", `{"name":"A","voice_uuid":"abc123","llm":{"provider":"oracle"}}`, `{"llm.provider":["is not included in the list"]}`},
	{"too hot", `{"name":"A","voice_uuid":"abc123","llm":{"temperature":2.5}}`, `{"llm.temperature":["must be less than or equal to 2"]}`},
	{"no such zone", `{"name":"A","voice_uuid":"abc123","llm":{"timezone":"Mars/Olympus"}}`, `{"llm.timezone":["is not a valid timezone"]}`},
	{"the machine's zone", `{"name":"A","voice_uuid":"abc123","llm":{"timezone":"Local"}}`, `{"llm.timezone":["is not a valid timezone"]}`},
	{"enabled by a word", `{"name":"A","voice_uuid":"abc123","enabled":"yes"}`, `{"enabled":["must be true or false"]}`},
	{"a webhook without anything", `{"name":"A","voice_uuid":"abc123","webhooks":[{}]}`, `{"webhooks.0.webhook_type":["can't be blank"],"webhooks.0.webhook_config":["can't be blank"]}`},
	{"two of a type", `{"name":"A","voice_uuid":"abc123","webhooks":[` + hook("post_call") + `,` + hook("post_call") + `]}`, `{"webhooks.1.webhook_type":["has already been taken"]}`},
	{"an assignment to nowhere", `{"name":"A","voice_uuid":"abc123","webhooks":[{"webhook_type":"pre_call","webhook_config":{"api_schema":{"url":"https://a.example"},"assignments":[{"attribute_name":"n","dynamic_variable":"who"}]}}]}`,
		`{"webhooks.0.webhook_config.assignments.0.dynamic_variable":["must exist in the agent's dynamic variables"]}`},
	{"a system tool that is text", `{"name":"A","voice_uuid":"abc123","system_tools":{"end_call":true}}`, `{"system_tools.end_call":["must be an object"]}`},
	{"a destination that is none", `{"name":"A","voice_uuid":"abc123","system_tools":{"transfer_to_number":{"parameters":{"transfers":[{"transfer_destination":{"type":"phone","phone_number":"12"},"transfer_type":"rocket"}]}}}}`,
		`{"system_tools.transfer_to_number.parameters.transfers.0.condition":["can't be blank"],
		"system_tools.transfer_to_number.parameters.transfers.0.transfer_type":["is not included in the list"],
		"system_tools.transfer_to_number.parameters.transfers.0.transfer_destination.phone_number":["must be a phone number in E.164 form, such as +14155550100"]}`},
	{"a message that is a number", `{"name":"A","voice_uuid":"abc123","system_tools":{"voicemail_detection":{"parameters":{"voicemail_message":1}}}}`,
		`{"system_tools.voicemail_detection.parameters.voicemail_message":["must be a string"]}`},
	{"a tool called like one of ours", `{"name":"A","voice_uuid":"abc123","tools":[{"name":"end_call","description":"d","tool_type":"client","tool_config":{}}]}`, `{"tools.0.name":["has already been taken"]}`},
}

func hook(kind string) string {
	return `{"webhook_type":"` + kind + `","webhook_config":{"api_schema":{"url":"https://example.com/x"}}}`
}

func TestEachMistakeIsToldAtItsField(t *testing.T) {
	p := open(t)
	for _, tt := range wrongFields {
		t.Run(tt.name, func(t *testing.T) {
			p.t = t
			a := p.fails(http.StatusBadRequest, "POST", "/api/v2/agents", tt.body)
			a.errors(tt.errors)
			a.wants("message", `"Failed to create agent"`)
		})
	}
}

func TestUnknownPropertiesAreIgnored(t *testing.T) {
	p := open(t)
	a := p.ok("POST", "/api/v2/agents", `{"name":"A","voice_uuid":"abc123","search_mode":"speed","llm":{"top_p":1},"system_tools":{"dance":{}}}`)
	a.wants("item.agent.name", `"A"`)
}

func TestUpdateMerges(t *testing.T) {
	p := open(t)
	p.withNumber()
	uuid := p.ok("POST", "/api/v2/agents", seedBody).str("item.agent.uuid")
	p.now = p.now.Add(3600e9)
	a := p.ok("PATCH", "/api/v2/agents/"+uuid+"?advanced=true", `{"llm":{"temperature":0.7},"turn":{"turn_timeout":9,"endpoint_wait_ms":500},"greeting":"Hello"}`)
	a.wants("item.llm", `{"prompt":"You are a helpful customer support agent.","provider":"openai","model":"gpt-4o","reasoning_effort":null,"temperature":0.7,"timezone":"America/New_York","built_in_tools":{}}`)
	a.wants("item.turn", `{"turn_timeout":9,"silence_end_call_timeout":-1,"mode":"silence","endpoint_wait_ms":500}`)
	a.wants("item.agent.updated_at", `"2025-01-27T11:00:00Z"`)
	a.wants("item.agent.created_at", `"2025-01-27T10:00:00Z"`)
	a.wants("item.version", `2`)
	a.wants("item.greeting", `"Hello"`)
	a.wants("item.webhooks_count", `1`)
	a.wants("item.phone_numbers.0.id", `1`)
	a.wants("message", `"Agent updated successfully"`)

	back := p.ok("PATCH", "/api/v2/agents/"+uuid+"?advanced=true", `{"llm":{"temperature":null},"turn":null,"greeting":null,"asr":null}`)
	back.wants("item.llm.temperature", `0.3`)
	back.wants("item.turn", `{"turn_timeout":7,"silence_end_call_timeout":-1,"mode":"silence"}`)
	back.wants("item.greeting", `null`)
	back.wants("item.asr", `null`)

	p.fails(400, "PATCH", "/api/v2/agents/"+uuid, `{"name":null,"llm":{"model":"gpt-99"}}`).
		errors(`{"name":["can't be blank"],"llm.model":["LLM provider/model combination 'openai/gpt-99' is not supported"]}`)
	p.fails(400, "PATCH", "/api/v2/agents/"+uuid, `{"webhooks":[{"webhook_type":"pre_call","webhook_config":{"api_schema":{"url":"http://example.com"}}}]}`).
		errors(`{"webhooks.0.webhook_config.api_schema.url":["must be an https URL"]}`)
}

func TestAnUpdateThatSaysTheSameMakesNoVersion(t *testing.T) {
	p := open(t)
	p.withNumber()
	uuid := p.ok("POST", "/api/v2/agents", seedBody).str("item.agent.uuid")
	p.now = p.now.Add(3600e9)
	p.ok("PATCH", "/api/v2/agents/"+uuid+"?advanced=true", seedBody).wants("item.version", `1`)
	p.ok("PATCH", "/api/v2/agents/"+uuid+"?advanced=true", `{}`).wants("item.version", `1`)
}

func TestSystemToolsThatAreGivenAreOn(t *testing.T) {
	p := open(t)
	a := p.ok("POST", "/api/v2/agents?advanced=true", `{"name":"A","voice_uuid":"abc123","system_tools":{"voicemail_detection":{"parameters":{"voicemail_message":"Call me"}}}}`)
	a.wants("item.system_tools.end_call.active", `true`)
	a.wants("item.system_tools.voicemail_detection", `{"active":true,"disable_interruptions":false,"force_pre_tool_speech":false,"parameters":{"voicemail_message":"Call me"}}`)
	a.wants("item.system_tools.transfer_to_number.active", `false`)
	uuid := a.str("item.agent.uuid")
	a = p.ok("PATCH", "/api/v2/agents/"+uuid+"?advanced=true", `{"system_tools":{"transfer_to_number":{"force_pre_tool_speech":true},"end_call":{"active":false}}}`)
	a.wants("item.system_tools.transfer_to_number", `{"active":false,"disable_interruptions":false,"force_pre_tool_speech":true,"parameters":{}}`)
	a.wants("item.system_tools.end_call.active", `false`)
	a.wants("item.system_tools.voicemail_detection.active", `true`)
}

func TestNumbersAreLinkedAndLetGo(t *testing.T) {
	p := open(t)
	p.withNumber()
	first, second := p.agent("First"), p.agent("Second")
	p.ok("PATCH", "/api/v2/agents/"+first, `{"phone_number_id":1}`).wants("item.phone_numbers.0.id", `1`)
	p.ok("PATCH", "/api/v2/agents/"+first, `{"phone_number_id":1}`) // again
	p.fails(400, "PATCH", "/api/v2/agents/"+second, `{"phone_number_id":1}`).
		errors(`{"phone_number_id":["Phone number is already linked to agent 'First'"]}`)
	for _, query := range []string{"%2B14155551234", "+14155551234"} {
		p.ok("GET", "/api/v2/agents?phone_number="+query, "").wants("items.0.agent.uuid", `"`+first+`"`)
	}
	p.ok("GET", "/api/v2/agents?phone_number=%2B14155550000", "").wants("count", `0`)
	p.ok("PATCH", "/api/v2/agents/"+first, `{"phone_number_id":null}`).wants("item.phone_numbers", `[]`)
	p.ok("PATCH", "/api/v2/agents/"+second, `{"phone_number_id":1}`)
	p.ok("DELETE", "/api/v2/agents/"+second, "").wants("message", `"Agent deleted successfully"`)
	p.fails(404, "GET", "/api/v2/agents/"+second, "").errors(`{"base":["Agent not found"]}`)
	p.ok("PATCH", "/api/v2/agents/"+first, `{"phone_number_id":1}`)
}

func TestVariablesKeepTheirNumbers(t *testing.T) {
	p := open(t)
	a := p.ok("POST", "/api/v2/agents", `{"name":"A","voice_uuid":"abc123","dynamic_variables":{"account":12345678901234567890,"rate":1.50,"none":null,"yes":true}}`)
	uuid := a.str("item.agent.uuid")
	for _, text := range []string{a.text, p.ok("GET", "/api/v2/agents/"+uuid, "").text} {
		if !strings.Contains(text, `"account":12345678901234567890`) {
			t.Errorf("a long number was rounded: %s", text)
		}
	}
}
