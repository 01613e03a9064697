package roster_test

import (
	"encoding/json"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/roster"
)

func TestDiffTellsPlaces(t *testing.T) {
	const tool = `{"name":"t","description":"d","tool_type":"webhook","tool_config":{"api_schema":{"url":"https://a.example","request_headers":{"X-Api-Key":"one","X-Trace":"a"}},"parameters":{"p":{"type":"string"}}}}`
	const other = `{"name":"u","description":"d","tool_type":"client","tool_config":{}}`
	for _, tt := range []struct{ name, from, to, want string }{
		{"nothing", whole, whole, `null`},
		{"a number", whole, `{"name":"A","voice_uuid":"abc123","asr":{"model":"nova-2"},"llm":{"provider":"openai","model":"gpt-4o","temperature":0.5}}`,
			`[{"path":"llm.temperature","from":0.3,"to":0.5}]`},
		{"a part that came", `{"name":"A","voice_uuid":"abc123"}`, `{"name":"A","voice_uuid":"abc123","asr":{"model":"nova-2"}}`,
			`[{"path":"asr","from":null,"to":{"keywords":[],"model":"nova-2","provider":"deepgram","user_input_audio_format":"pcm_16000"}}]`},
		{"a list", `{"name":"A","voice_uuid":"abc123","asr":{"model":"nova-2","keywords":["a"]}}`, `{"name":"A","voice_uuid":"abc123","asr":{"model":"nova-2","keywords":["a","b"]}}`,
			`[{"path":"asr.keywords","from":["a"],"to":["a","b"]}]`},
		{"the order of tools", with(tool + "," + other), with(other + "," + tool), `null`},
		{"a tool that went", with(tool + "," + other), with(tool),
			`[{"path":"tools.u","from":{"active":true,"description":"d","tool_config":{"assignments":[],"disable_interruptions":false,"force_pre_tool_speech":false,"parameters":{},"response_timeout_secs":10,"safe_to_retry":false},"tool_type":"client"},"to":null}]`},
		{"long numbers", `{"name":"A","voice_uuid":"abc123","dynamic_variables":{"n":9007199254740993}}`, `{"name":"A","voice_uuid":"abc123","dynamic_variables":{"n":9007199254740992}}`,
			`[{"path":"dynamic_variables.n","from":9007199254740993,"to":9007199254740992}]`},
		{"one number, written twice", `{"name":"A","voice_uuid":"abc123","dynamic_variables":{"n":1}}`, `{"name":"A","voice_uuid":"abc123","dynamic_variables":{"n":1.0}}`, `null`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := roster.Diff(create(t, tt.from), create(t, tt.to))
			if err != nil {
				t.Fatal(err)
			}
			if text, _ := json.Marshal(got); string(text) != tt.want {
				t.Errorf("Diff() = %s\nwant %s", text, tt.want)
			}
		})
	}
}

func with(tools string) string { return `{"name":"A","voice_uuid":"abc123","tools":[` + tools + `]}` }

func TestDiffHidesSecrets(t *testing.T) {
	agent := func(secret, key string) roster.Definition {
		return create(t, `{"name":"A","voice_uuid":"abc123","webhooks":[{"webhook_type":"post_call","webhook_config":{
			"api_schema":{"url":"https://a.example","request_headers":{"X-Api-Key":"`+key+`","X-Trace":"`+key+`"}},"secret":"`+secret+`"}}]}`)
	}
	got, err := roster.Diff(agent("the first secret of all", "k1"), agent("the second secret of all", "k2"))
	if err != nil {
		t.Fatal(err)
	}
	const at = "webhooks.post_call.webhook_config."
	want := `[{"path":"` + at + `api_schema.request_headers.X-Api-Key","from":"[a secret]","to":"[another secret]"},` +
		`{"path":"` + at + `api_schema.request_headers.X-Trace","from":"k1","to":"k2"},` +
		`{"path":"` + at + `secret","from":"[a secret]","to":"[another secret]"}]`
	if text, _ := json.Marshal(got); string(text) != want {
		t.Errorf("Diff() = %s\nwant %s", text, want)
	}
}
