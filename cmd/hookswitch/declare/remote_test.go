package declare

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

const item = `{"agent":{"name":"front-desk","uuid":"u1","languages":["en-US"],"dynamic_variables":{"n":12345678901234567},"created_at":"x","status":"inactive"},
"asr":null,"tts":{"voice_uuid":"v1","voice_name":"Sally"},"turn":{"turn_timeout":7,"silence_end_call_timeout":-1,"mode":"silence"},
"llm":{"prompt":"p","provider":null,"model":null,"reasoning_effort":null,"temperature":0.30,"timezone":null,"built_in_tools":{}},
"phone_numbers":[{"id":2,"phone_number":"+14155550101"},{"id":1,"phone_number":"+14155550100"}],"tools_count":4,"webhooks_count":1,
"id":7,"version":3,"enabled":true,"greeting":null,"system_tools":{"end_call":{"id":9,"active":true,"parameters":{}}},
"tools":[{"id":3,"uuid":"t","name":"book","description":"d","tool_type":"webhook","tool_config":{"api_schema":{"url":"https://example.com","method":"POST"},"parameters":{},"assignments":[]},"access_info":{},"active":true}],
"webhooks":[{"id":4,"webhook_type":"post_call","webhook_config":{"api_schema":{"url":"https://example.com","method":"POST"},"assignments":[],"secret":"sealed"}}]}`

const asFile = `name: front-desk
enabled: true
voice_uuid: v1
languages: [en-US]
greeting: null
dynamic_variables:
  "n": 12345678901234567
asr: null
turn:
  turn_timeout: 7
  silence_end_call_timeout: -1
  mode: silence
llm:
  prompt: p
  provider: null
  model: null
  reasoning_effort: null
  temperature: 0.3
  timezone: null
  built_in_tools: {}
system_tools:
  end_call:
    active: true
    parameters: {}
tools:
  - name: book
    description: d
    tool_type: webhook
    active: true
    tool_config:
      api_schema:
        url: https://example.com
        method: POST
      parameters: {}
      assignments: []
webhooks:
  - webhook_type: post_call
    webhook_config:
      api_schema:
        url: https://example.com
        method: POST
      assignments: []
phone_numbers: ["+14155550100", "+14155550101"]
`

func TestAgentOfTheAPIIsWrittenAsAFile(t *testing.T) {
	have, err := Remote(json.RawMessage(item))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := Write(&b, "", have); err != nil || b.String() != asFile {
		t.Errorf("%v\n%s", err, b.String())
	}
	d := read(t, b.String())[0]
	if changes := Diff(have, Overlay(have, d)); len(changes) != 0 {
		t.Errorf("its own file changes it: %s", shown(changes))
	}
	d = read(t, "name: front-desk\nphone_numbers: [+14155550101, +14155550100]")[0]
	if changes := Diff(have, Overlay(have, d)); len(changes) != 0 {
		t.Errorf("numbers in another order: %s", shown(changes))
	}
	if body := Body(have, Overlay(have, d)); len(body) != 0 {
		t.Errorf("its own file sends %v", body)
	}
}

func TestFallbacksComeAndGoWithTheFile(t *testing.T) {
	with := strings.NewReplacer(`"voice_uuid":"v1",`, `"voice_uuid":"v1","fallback_voice_uuids":["v2"],`,
		`"built_in_tools":{}`, `"built_in_tools":{},"fallbacks":[{"provider":"script","model":"demo"}]`).Replace(item)
	have, err := Remote(json.RawMessage(with))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ file, want string }{
		{"enabled: true", ``}, // what the file does not name stays
		{"fallback_voice_uuids: [v2]\nllm: {fallbacks: [{provider: script, model: demo}]}\nasr: null", ``},
		{"fallback_voice_uuids: []\nllm: {fallbacks: []}", "~ fallback_voice_uuids v2 -> []\n~ llm.fallbacks 1 item -> []\n"},
		{"fallback_voice_uuids: [v3, v2]\nllm: {fallbacks: [{provider: script, model: demo}, {provider: openai, model: gpt-4o}]}",
			"~ fallback_voice_uuids v2 -> v3, v2\n~ llm.fallbacks 1 item -> 2 items\n"},
	} {
		want := Overlay(have, read(t, "name: front-desk\n"+tt.file)[0])
		var got strings.Builder
		for _, c := range Diff(have, want) {
			fmt.Fprintf(&got, "%c %s %s\n", c.Op, c.Path, c.Text)
		}
		if got.String() != tt.want {
			t.Errorf("%s changes\n%swant\n%s", tt.file, got.String(), tt.want)
		}
	}
	gone, err := json.Marshal(Body(have, Overlay(have, read(t, "name: front-desk\nfallback_voice_uuids: []")[0])))
	if err != nil || string(gone) != `{"fallback_voice_uuids":[]}` {
		t.Errorf("sent: %s, %v", gone, err)
	}
}

func TestOnlyWhatDiffersIsSentAndThatWhole(t *testing.T) {
	have, err := Remote(json.RawMessage(item))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ file, want string }{
		{"llm: {temperature: 1}", `{"llm":{"built_in_tools":{},"model":null,"prompt":"p","provider":null,"reasoning_effort":null,"temperature":1,"timezone":null}}`},
		{"enabled: false\nphone_numbers: []", `{"enabled":false}`},
		{"tools: []", `{"tools":[]}`},
		{"webhooks: [{webhook_type: post_call, webhook_config: {secret: s}}]",
			`{"webhooks":[{"webhook_config":{"api_schema":{"method":"POST","url":"https://example.com"},"assignments":[],"secret":"s"},"webhook_type":"post_call"}]}`},
		{"turn: {endpoint_wait_ms: 0}", `{}`},
		{"phone_numbers: [+14155550101, +14155550100]", `{}`},
	} {
		d := read(t, "name: front-desk\n"+tt.file)[0]
		got, err := json.Marshal(Body(have, Overlay(have, d)))
		if err != nil || string(got) != tt.want {
			t.Errorf("%s: %s, %v", tt.file, got, err)
		}
	}
	got, err := json.Marshal(Body(nil, read(t, "name: a\nenabled: true\nphone_numbers: [\"+1\"]")[0].Fields))
	if err != nil || string(got) != `{"enabled":true,"name":"a"}` {
		t.Errorf("new: %s, %v", got, err)
	}
}

func TestWhatIsNoAgentIsRefused(t *testing.T) {
	for _, text := range []string{"", "[]", "7", "{} {}"} {
		if got, err := Remote(json.RawMessage(text)); err == nil {
			t.Errorf("Remote(%s) = %v", text, got)
		}
		if got, err := Definition(json.RawMessage(text)); err == nil {
			t.Errorf("Definition(%s) = %v", text, got)
		}
	}
}
