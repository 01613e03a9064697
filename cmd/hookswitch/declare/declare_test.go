package declare

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
)

// rich is an agent that uses every field there is.
const rich = `name: front-desk
enabled: true
voice_uuid: 0e0e0e0e-0000-4000-8000-000000000001
fallback_voice_uuids: [flite-slt, aura-2-thalia-en]
languages: [en-US]
greeting: Lakeside Dental, good morning.
dynamic_variables:
  account: "0042"
  days: 3
  nobody: null
  ratio: 0.5
  vip: false
asr:
  provider: moonshine
  model: base
  user_input_audio_format: ulaw_8000
  keywords: [Lakeside, Dental]
  fallbacks:
    - provider: deepgram
      model: nova-2
turn:
  turn_timeout: 7
  silence_end_call_timeout: -1
  mode: silence
  endpoint_wait_ms: 700
llm:
  prompt: |
    You answer the telephone of a dentist.
    Be brief.
  provider: openai
  model: gpt-4o
  reasoning_effort: null
  temperature: 0.3
  timezone: America/New_York
  built_in_tools: {}
  fallbacks:
    - provider: anthropic
      model: claude-haiku-4-5
    - provider: script
      model: demo
system_tools:
  end_call:
    active: true
    disable_interruptions: false
    force_pre_tool_speech: false
  transfer_to_number:
    active: true
    parameters:
      transfers:
        - condition: they ask for a person
          transfer_destination:
            phone_number: "+14155550199"
            type: phone
tools:
  - name: book
    description: Books a visit.
    tool_type: webhook
    active: true
    tool_config:
      api_schema:
        url: https://example.com/book?key=1
        method: POST
        request_headers:
          Authorization: Bearer abc
        request_body:
          day: '{{day}}'
      parameters:
        day:
          type: string
          description: which day
      assignments: []
      response_timeout_secs: 30
webhooks:
  - webhook_type: pre_call
    webhook_config:
      api_schema:
        url: https://example.com/who
        method: POST
      assignments:
        - source: response
          attribute_name: name
          dynamic_variable: account
      response_timeout_secs: 5
phone_numbers: ["+14155550100"]
`

func read(t testing.TB, text string) []*Document {
	t.Helper()
	docs, err := Read("agent.yaml", strings.NewReader(text))
	if err != nil {
		t.Fatalf("Read() = %v", told(err))
	}
	return docs
}

func told(err error) string {
	var b strings.Builder
	fault.Write(&b, err, 100)
	return b.String()
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	first := read(t, rich)[0]
	var b strings.Builder
	if err := Write(&b, "", first.Fields); err != nil {
		t.Fatal(err)
	}
	if b.String() != rich {
		t.Errorf("written as\n%s", b.String())
	}
	second := read(t, b.String())[0]
	if !reflect.DeepEqual(first.Fields, second.Fields) {
		t.Errorf("read back as %v", second.Fields)
	}
}

// The shape of the file is that of the API: the JSON of roster.Definition, but
// for what the gateway alone gives.
func TestFileHasEveryFieldOfADefinition(t *testing.T) {
	given := []string{"id", "uuid", "created_by", "created_at", "updated_at",
		"provider_keys", "dialects"} // of other dialects: the native API keeps them and shows them to nobody
	var compare func(path string, r *rule, typ reflect.Type)
	compare = func(path string, r *rule, typ reflect.Type) {
		for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice && r.kind == list || typ.Kind() == reflect.Map && r.kind == dict {
			typ = typ.Elem()
			if r.kind == list || r.kind == dict {
				r = r.of
			}
		}
		if typ.Kind() == reflect.Map && r.kind == object { // system_tools, by name
			for i := range r.fields {
				compare(path+"."+r.fields[i].name, &r.fields[i].rule, typ.Elem())
			}
			return
		}
		if typ.Kind() != reflect.Struct || r.kind != object {
			return
		}
		for i := range typ.NumField() {
			name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
			f := r.field(name)
			if f == nil {
				if !slices.Contains(given, name) {
					t.Errorf("%s.%s can't be written in a file", path, name)
				}
				continue
			}
			compare(path+"."+name, &f.rule, typ.Field(i).Type)
		}
	}
	compare("", &agent, reflect.TypeFor[roster.Definition]())
}

func TestSeveralAgentsInOneFile(t *testing.T) {
	for _, text := range []string{"name: a\n---\n---\nname: b\n...\n", "[{name: a}, {name: b}]", "- name: a\n- name: b\n"} {
		docs := read(t, text)
		if len(docs) != 2 || docs[0].Name() != "a" || docs[1].Name() != "b" {
			t.Errorf("%q: %v", text, docs)
		}
	}
}

func TestScalarsAreWhatTheFieldWants(t *testing.T) {
	f := read(t, "name: 2025\nphone_numbers: [+14155550100]\nvoice_uuid: 2025-01-01\nturn: {turn_timeout: 0x10}\nllm: {temperature: 1, prompt: null}\ndynamic_variables: {a: yes, b: 1e3, c: 2025-01-01, d: ~, e: .5, f: \"true\"}")[0].Fields
	want := map[string]any{
		"name": "2025", "phone_numbers": []any{"+14155550100"}, "voice_uuid": "2025-01-01",
		"turn": map[string]any{"turn_timeout": int64(16)}, "llm": map[string]any{"temperature": int64(1), "prompt": nil},
		"dynamic_variables": map[string]any{"a": "yes", "b": int64(1000), "c": "2025-01-01", "d": nil, "e": 0.5, "f": "true"},
	}
	if !reflect.DeepEqual(f, want) {
		t.Errorf("read %#v", f)
	}
}

func TestKeysForAMenuAreNoNumber(t *testing.T) {
	f := read(t, "name: a\nsystem_tools: {voicemail_detection: {parameters: {on_menu: press, menu_keys: 010, tone: 7}}}")[0].Fields
	want := map[string]any{"voicemail_detection": map[string]any{"parameters": map[string]any{"on_menu": "press", "menu_keys": "010", "tone": int64(7)}}}
	if got := f["system_tools"]; !reflect.DeepEqual(got, want) {
		t.Errorf("read %#v", got)
	}
}

func TestWaysWithMachinesAreThoseOfTheRoster(t *testing.T) {
	tool := agent.field("system_tools").field("voicemail_detection").field("parameters")
	for name, want := range map[string][]string{
		"on_menu": {roster.MenuTalk, roster.MenuPress, roster.MenuHangUp}, "on_hold": {roster.HoldWait, roster.HoldHangUp},
	} {
		if got := tool.field(name).choices; !slices.Equal(got, want) {
			t.Errorf("a file's %s is one of %q, the roster's of %q", name, got, want)
		}
	}
	for i := range reflect.TypeFor[roster.Voicemail]().NumField() {
		if name := reflect.TypeFor[roster.Voicemail]().Field(i).Tag.Get("json"); tool.field(name) == nil {
			t.Errorf("a file doesn't know %s", name)
		}
	}
}

func TestMistakesAreToldWithTheirPlace(t *testing.T) {
	bomb := "name: a\ndynamic_variables:\n  x: &a 1\nllm:\n  built_in_tools:\n    a: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
	for i := range 6 {
		bomb += fmt.Sprintf("    b%d: &c%d [%s]\n", i, i, strings.Repeat(fmt.Sprintf("*%s,", map[bool]string{true: "b", false: fmt.Sprintf("c%d", i-1)}[i == 0]), 20))
	}
	for _, tt := range []struct {
		name, text string
		want       []string
	}{
		{"nothing", "# only words\n", []string{"agent.yaml:1:1", "holds no agent", "[agent/shape]"}},
		{"no mapping", "front-desk", []string{"agent.yaml:1:1", "an agent is a mapping", "[agent/value]"}},
		{"another way with menus", "name: a\nsystem_tools:\n  voicemail_detection:\n    parameters: {on_menu: pres}", []string{"agent.yaml:4:27", "did you mean press?", "[agent/value]"}},
		{"no name", "voice_uuid: x", []string{"the agent has no name", "name: front-desk"}},
		{"unknown", "name: a\nllm:\n  temprature: 1", []string{`"temprature" is not a field of llm`, "agent.yaml:3:3  llm.temprature", "did you mean temperature?", "[agent/unknown]"}},
		{"unknown at the top", "nme: a", []string{`"nme" is not a field of an agent`, "did you mean name?"}},
		{"a text for a number", "name: a\nturn: {turn_timeout: soon}", []string{"turn.turn_timeout is a whole number, not soon", "agent.yaml:2:22"}},
		{"a fraction for a whole", "name: a\nturn: {turn_timeout: 1.5}", []string{"turn.turn_timeout is a whole number, not 1.5"}},
		{"no number", "name: a\nllm: {temperature: .nan}", []string{"is a number, not .nan"}},
		{"a number for a flag", "name: a\nenabled: 1", []string{"enabled is true or false, not 1"}},
		{"a flag for a text", "name: true", []string{"name is a text, not true", `put it in quotes: "true"`}},
		{"a word for a list", "name: a\nlanguages: en-US", []string{"languages is a list, not en-US", "[en-US]"}},
		{"a word for a mapping", "name: a\nasr: deepgram", []string{"asr is a mapping", "provider, model"}},
		{"null for a text", "name: ~", []string{"name is a text, not null"}},
		{"nested variables", "name: a\ndynamic_variables: {x: [1]}", []string{"dynamic_variables.x is a text, a number, true, false or null, not a list"}},
		{"a choice", "name: a\ntools: [{name: t, tool_type: webhok}]", []string{`tools.0.tool_type can't be "webhok"`, "did you mean webhook?"}},
		{"a tool without a name", "name: a\ntools: [{description: x}]", []string{"tools.0", "it has no name"}},
		{"two hooks of a type", "name: a\nwebhooks: [{webhook_type: pre_call}, {webhook_type: pre_call}]", []string{`webhook_type "pre_call" is there twice`, "agent.yaml:2:38"}},
		{"a key twice", "name: a\nname: b", []string{`"name" is there twice`, "agent.yaml:2:1"}},
		{"an agent twice", "name: a\n---\nname: a", []string{`"a" is in this file twice`, "the first is at agent.yaml:1:7"}},
		{"merge keys", "name: a\nllm:\n  <<: {model: x}", []string{"merge keys"}},
		{"a tab", "name: a\n\tasr: x", []string{"the file is not YAML", "agent.yaml:"}},
		{"not UTF-8", "name: \xff", []string{"not text in UTF-8"}},
		{"a bomb of aliases", bomb, []string{"too much in the file"}},
		{"an alias of itself", "name: a\nllm: {built_in_tools: &x {y: *x}}", []string{"agent.yaml:"}},
		{"several at once", "nam: a\nenabled: 7", []string{"2 mistakes in agent.yaml, nothing was changed", `"nam" is not`, "enabled is"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			docs, err := Read("agent.yaml", strings.NewReader(tt.text))
			if err == nil || fault.Status(err) != fault.Wrong {
				t.Fatalf("Read() = %v, %v", docs, err)
			}
			flat := strings.Join(strings.Fields(told(err)), " ")
			for _, want := range tt.want {
				if !strings.Contains(flat, strings.Join(strings.Fields(want), " ")) {
					t.Errorf("lacks %q:\n%s", want, told(err))
				}
			}
		})
	}
}

func TestWhereAFieldStands(t *testing.T) {
	d := read(t, rich)[0]
	for name, want := range map[string]string{
		"llm.temperature":                       "agent.yaml:33:16",
		"tools.0.tool_config.api_schema.url":    "agent.yaml:61:14",
		"webhooks.0.webhook_config.nothing.yet": "agent.yaml:76:7",
		"base":                                  "agent.yaml:1:1",
	} {
		if got := d.Where(name); got != want {
			t.Errorf("Where(%s) = %s, want %s", name, got, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(rich)
	f.Add("name: a\ndynamic_variables: {a: &x 1, b: *x, \"\\u202e\": \"\\u202e\"}\n---\n[{name: b}]")
	f.Fuzz(func(t *testing.T, text string) {
		docs, err := Read("f", strings.NewReader(text))
		if err != nil {
			if fault.Status(err) != fault.Wrong || told(err) == "" {
				t.Errorf("Read() = %v", err)
			}
			return
		}
		for _, d := range docs {
			var b strings.Builder
			if err := Write(&b, "", d.Fields); err != nil {
				t.Fatal(err)
			}
			again := read(t, b.String())
			if len(again) != 1 || !reflect.DeepEqual(again[0].Fields, d.Fields) {
				t.Errorf("%#v\nis written as\n%s\nand read as %#v", d.Fields, b.String(), again[0].Fields)
			}
			if changes := Diff(d.Fields, Overlay(d.Fields, again[0])); len(changes) != 0 {
				t.Errorf("differs from itself: %v", changes)
			}
		}
	})
}

func FuzzTextsSurviveYAML(f *testing.F) {
	for _, s := range []string{"", " ", "a\n", "\n", "a\n\n", " a\nb", "a \nb", "a\tb\nc", "\ta\nb", "# x\ny", "a: b\n- c", "---\n", "...", "~", "yes", "1e3", "+1415", "a\r\nb", "\u0085", "\u2028", "\ufeff", "👋\nb", "'\"\\", "<<", "=", "a #b", "%x\ny", "a\n  b\nc", "\n a"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, name, s string) {
		name, s = strings.ToValidUTF8(name, ""), strings.ToValidUTF8(s, "")
		fields := map[string]any{"name": "n", "greeting": s, "dynamic_variables": map[string]any{name: s}, "languages": []any{s, s}}
		var b strings.Builder
		if err := Write(&b, "", fields); err != nil {
			t.Fatal(err)
		}
		docs, err := Read("f", strings.NewReader(b.String()))
		if err != nil {
			t.Fatalf("%q: %v\n%s", s, told(err), b.String())
		}
		if !reflect.DeepEqual(docs[0].Fields, fields) {
			t.Errorf("%q is written as\n%s\nand read as %#v", s, b.String(), docs[0].Fields)
		}
		if strings.ContainsAny(b.String(), "\x1b\u202e\u009b\r") {
			t.Errorf("a mark came through: %q", b.String())
		}
	})
}
