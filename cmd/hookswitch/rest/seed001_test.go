package rest_test

import (
	"reflect"
	"testing"
	"time"
)

// seedBody is seed 001's example request.
const seedBody = `{
	"name": "Customer Support Agent",
	"voice_uuid": "abc123",
	"phone_number_id": 1,
	"languages": ["en-US"],
	"dynamic_variables": {
		"customer_name": "{{customer_name}}",
		"account_id": "{{account_id}}"
	},
	"asr": {
		"provider": "deepgram",
		"model": "nova-2",
		"user_input_audio_format": "pcm_16000",
		"keywords": ["resemble", "account"]
	},
	"turn": {
		"turn_timeout": 7,
		"silence_end_call_timeout": -1,
		"mode": "silence"
	},
	"llm": {
		"prompt": "You are a helpful customer support agent.",
		"provider": "openai",
		"model": "gpt-4o",
		"temperature": 0.3,
		"timezone": "America/New_York"
	},
	"webhooks": [
		{
			"webhook_type": "pre_call",
			"webhook_config": {
				"api_schema": {
					"url": "https://example.com/pre-call",
					"method": "POST"
				},
				"assignments": []
			}
		}
	],
	"system_tools": {
		"end_call": {
			"active": true,
			"disable_interruptions": false,
			"force_pre_tool_speech": false
		}
	}
}`

// seedAnswer is seed 001's example response.
const seedAnswer = `{
	"success": true,
	"item": {
		"agent": {
			"name": "Customer Support Agent",
			"uuid": "550e8400-e29b-41d4-a716-446655440000",
			"languages": ["en-US"],
			"dynamic_variables": {
				"customer_name": "{{customer_name}}",
				"account_id": "{{account_id}}"
			},
			"created_at": "2025-01-27T10:00:00Z",
			"updated_at": "2025-01-27T10:00:00Z",
			"last_active_at": null,
			"calls_today": 0,
			"status": "inactive"
		},
		"asr": {
			"provider": "deepgram",
			"model": "nova-2",
			"user_input_audio_format": "pcm_16000",
			"keywords": ["resemble", "account"]
		},
		"tts": {
			"voice_uuid": "abc123",
			"voice_name": "Professional Voice"
		},
		"turn": {
			"turn_timeout": 7,
			"silence_end_call_timeout": -1,
			"mode": "silence"
		},
		"llm": {
			"prompt": "You are a helpful customer support agent.",
			"provider": "openai",
			"model": "gpt-4o",
			"reasoning_effort": null,
			"temperature": 0.3,
			"timezone": "America/New_York",
			"built_in_tools": {}
		},
		"phone_numbers": [
			{
				"id": 1,
				"phone_number": "+14155551234",
				"label": "Support Line",
				"supports_inbound": true,
				"supports_outbound": false,
				"provider": "twilio",
				"outbound_trunk": {},
				"inbound_trunk": {},
				"created_at": "2025-01-15T10:30:00Z",
				"updated_at": "2025-01-15T10:30:00Z"
			}
		],
		"tools_count": 3,
		"webhooks_count": 1
	},
	"message": "Agent created successfully"
}`

const seedNumber = `{"phone_number":"+14155551234","label":"Support Line","supports_inbound":true,"provider":"twilio",
	"twilio_account_sid":"AC0123456789abcdef0123456789abcdef","twilio_auth_token":"a-token-that-nobody-sees"}`

// withNumber makes seed 001's phone number, twelve days before its agent.
func (p *place) withNumber() {
	p.t.Helper()
	p.now = time.Date(2025, 1, 15, 10, 30, 0, 0, time.UTC)
	p.ok("POST", "/api/v2/phone_numbers", seedNumber).wants("item.id", "1")
	p.now = start
}

func TestSeed001CreateExample(t *testing.T) {
	p := open(t)
	p.withNumber()
	made := p.ok("POST", "/api/v2/agents", seedBody)
	uuid := made.str("item.agent.uuid")
	want := decode(t, seedAnswer).(map[string]any)
	item := want["item"].(map[string]any)
	item["agent"].(map[string]any)["uuid"] = uuid
	// The seed's number is as old as before; ours says when it was linked.
	item["phone_numbers"].([]any)[0].(map[string]any)["updated_at"] = made.at("item.phone_numbers.0.updated_at")
	if !reflect.DeepEqual(made.body, want) {
		t.Errorf("create answered %s\nwant %s", encode(made.body), encode(want))
	}
	got := p.ok("GET", "/api/v2/agents/"+uuid, "")
	if !reflect.DeepEqual(got.body["item"], want["item"]) {
		t.Errorf("get answered %s", got.text)
	}
	list := p.ok("GET", "/api/v2/agents", "")
	if !reflect.DeepEqual(list.body["items"], []any{want["item"]}) || list.body["count"] != 1.0 {
		t.Errorf("list answered %s", list.text)
	}
}

// The seed's own curl sends --data without a Content-Type, which curl then
// calls a form.
func TestSeed001CurlAsItIsPrinted(t *testing.T) {
	p := open(t)
	p.withNumber()
	r := request("POST", "/api/v2/agents", p.ours, seedBody)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if a := p.send(r); a.status != 200 {
		t.Errorf("answered %d %s", a.status, a.text)
	}
}

func TestSeed001Errors(t *testing.T) {
	p := open(t)
	p.withNumber()
	p.ok("POST", "/api/v2/agents", `{"name":"Other Agent","voice_uuid":"abc123","phone_number_id":1}`)
	a := p.fails(400, "POST", "/api/v2/agents", `{
		"name": "",
		"voice_uuid": "nobody",
		"phone_number_id": 1,
		"dynamic_variables": {"nested": {"a": 1}},
		"asr": {"model": "invalid-model"},
		"turn": {"turn_timeout": -1},
		"llm": {"temperature": "warm"}
	}`)
	want := decode(t, `{
		"success": false,
		"errors": {
			"name": ["can't be blank"],
			"voice_uuid": ["Voice not found or not accessible"],
			"phone_number_id": ["Phone number is already linked to agent 'Other Agent'"],
			"dynamic_variables": ["Dynamic variables must be a flat hash. Key 'nested' contains a nested object or array."],
			"asr.model": ["ASR provider/model combination 'deepgram/invalid-model' is not supported"],
			"turn.turn_timeout": ["must be greater than or equal to 0"],
			"llm.temperature": ["is not a number"]
		},
		"message": "Failed to create agent"
	}`)
	if !reflect.DeepEqual(any(a.body), want) {
		t.Errorf("answered %s", a.text)
	}
	if list := p.ok("GET", "/api/v2/agents", ""); list.body["count"] != 1.0 {
		t.Errorf("a refused agent was made: %s", list.text)
	}
}

func TestSeed001Defaults(t *testing.T) {
	p := open(t)
	a := p.ok("POST", "/api/v2/agents", `{"name":"A","voice_uuid":"abc123","asr":{"model":"nova-2"},"llm":{}}`)
	a.wants("item.agent.languages", `["en-US"]`)
	a.wants("item.agent.dynamic_variables", `{}`)
	a.wants("item.asr", `{"provider":"deepgram","model":"nova-2","user_input_audio_format":"pcm_16000","keywords":[]}`)
	a.wants("item.turn", `{"turn_timeout":7,"silence_end_call_timeout":-1,"mode":"silence"}`)
	a.wants("item.llm", `{"prompt":null,"provider":null,"model":null,"reasoning_effort":null,"temperature":0.3,"timezone":null,"built_in_tools":{}}`)
	a.wants("item.tools_count", `3`)
	bare := p.ok("POST", "/api/v2/agents", `{"name":"B","voice_uuid":"abc123"}`)
	bare.wants("item.asr", `null`)
	bare.wants("item.llm", `null`)
	bare.wants("item.turn", `{"turn_timeout":7,"silence_end_call_timeout":-1,"mode":"silence"}`)
}
