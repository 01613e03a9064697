package declare

import (
	"fmt"
	"strings"
	"testing"
)

func shown(changes []Change) string {
	var b strings.Builder
	for _, c := range changes {
		fmt.Fprintf(&b, "%c %s  %s\n", c.Op, c.Path, c.Text)
		for _, l := range c.Lines {
			fmt.Fprintf(&b, "    %c %s\n", l.Op, l.Text)
		}
	}
	return b.String()
}

func TestFileIsPutOverWhatTheGatewayHas(t *testing.T) {
	for _, tt := range []struct{ name, file, want string }{
		{"the same again", rich, ""},
		{"what is not named stays", "name: front-desk", ""},
		{"the uuid is no part of it", "uuid: u1\nname: back-desk", "~ name  front-desk -> back-desk\n"},
		{"null is as good as nothing", "name: front-desk\nllm: {reasoning_effort: null}", ""},
		{"a number written otherwise", "name: front-desk\nllm: {temperature: 0.30}\nturn: {turn_timeout: 7.0}", ""},
		{"tools in another order", "name: front-desk\ntools: [{name: book}]", ""},
		{"two tools in another order", "name: front-desk\ntools: [{name: x, tool_type: client}, {name: book}]", "+ tools.x  client\n"},
		{"one field", "name: front-desk\nturn: {endpoint_wait_ms: 500}", "~ turn.endpoint_wait_ms  700 -> 500\n"},
		{"texts", "name: front-desk\ngreeting: Hi\nllm: {model: gpt-5, timezone: null}",
			"~ greeting  \"Lakeside Dental, good morning.\" -> Hi\n~ llm.model  gpt-4o -> gpt-5\n- llm.timezone  America/New_York\n"},
		{"lines", "name: front-desk\nllm: {prompt: \"You answer the telephone of a dentist.\\nBe kind.\\nBe brief.\\n\"}",
			"~ llm.prompt  1 line changed\n    + Be kind.\n"},
		{"variables are the whole mapping", "name: front-desk\ndynamic_variables: {account: \"43\", days: 3, new: null, ratio: 0.5, vip: false}",
			"~ dynamic_variables.account  0042 -> 43\n+ dynamic_variables.new  null\n- dynamic_variables.nobody  null\n"},
		{"a list is the whole list", "name: front-desk\nasr: {keywords: [Lakeside]}\nphone_numbers: []",
			"~ asr.keywords  Lakeside, Dental -> Lakeside\n~ phone_numbers  +14155550100 -> []\n"},
		{"a tool comes, one goes", "name: front-desk\ntools: [{name: find, tool_type: webhook, tool_config: {api_schema: {url: \"https://example.com/find?key=s\", method: GET}}}]",
			"- tools.book  POST https://example.com/book\n+ tools.find  GET https://example.com/find\n"},
		{"within a tool", "name: front-desk\ntools: [{name: book, tool_config: {response_timeout_secs: 9, api_schema: {request_headers: {Authorization: Bearer xyz, X-A: b}}}}]",
			"~ tools.book.tool_config.api_schema.request_headers.Authorization  another value\n" +
				"+ tools.book.tool_config.api_schema.request_headers.X-A  set\n" +
				"~ tools.book.tool_config.response_timeout_secs  30 -> 9\n"},
		{"a secret", "name: front-desk\nwebhooks: [{webhook_type: pre_call, webhook_config: {secret: whsec_abc}}]", "~ webhooks.pre_call.webhook_config.secret  set\n"},
		{"a hook goes", "name: front-desk\nwebhooks: []", "- webhooks.pre_call  POST https://example.com/who\n"},
		{"a part goes", "name: front-desk\nasr: null", "- asr  5 fields\n"},
		{"a system tool", "name: front-desk\nsystem_tools: {end_call: {active: false}, voicemail_detection: {active: true}}",
			"~ system_tools.end_call.active  true -> false\n+ system_tools.voicemail_detection  1 field\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			have := read(t, rich)[0].Fields
			d := read(t, tt.file)[0]
			if got := shown(Diff(have, Overlay(have, d))); got != tt.want {
				t.Errorf("got\n%swant\n%s", got, tt.want)
			}
			if again := read(t, rich)[0].Fields; shown(Diff(again, have)) != "" {
				t.Error("what the gateway has was changed in place")
			}
		})
	}
}

func TestDiffBringsOneTextToTheOther(t *testing.T) {
	for _, tt := range []struct{ a, b string }{
		{"", "x"}, {"a\nb\nc", "a\nc"}, {"a\nb\nc", "c\nb\na"}, {"x\nx\nx", "x"}, {"a\nb", "c\nd\ne"}, {"same", "same"},
	} {
		var gone, added int
		for _, l := range diffLines(tt.a, tt.b) {
			if l.Op == '-' {
				gone++
			} else {
				added++
			}
		}
		if strings.Count(tt.a, "\n")-gone != strings.Count(tt.b, "\n")-added {
			t.Errorf("%q to %q: %d gone, %d added", tt.a, tt.b, gone, added)
		}
	}
	long := strings.Repeat("a\n", 3000)
	if lines := diffLines("x\n"+long+"y", strings.Repeat("b\n", 3000)); len(lines) != 3002+3001 {
		t.Errorf("%d lines of texts that are too long to compare", len(lines))
	}
}

func TestOrderOfToolsMeansNothing(t *testing.T) {
	a := read(t, "name: a\ntools: [{name: x, active: true}, {name: y, active: false}]")[0].Fields
	b := read(t, "name: a\ntools: [{name: y, active: false}, {name: x, active: true}]")[0].Fields
	c := read(t, "name: a\ntools: [{name: y, active: true}, {name: x, active: false}]")[0].Fields
	if got := shown(Diff(a, b)); got != "" {
		t.Errorf("the other order differs: %s", got)
	}
	if got := shown(Diff(a, c)); got != "~ tools.x.active  true -> false\n~ tools.y.active  false -> true\n" {
		t.Errorf("other flags: %s", got)
	}
}

func TestNewAgentIsAllNew(t *testing.T) {
	got := shown(Diff(nil, read(t, "name: a\nllm: {prompt: x, temperature: 1}\ntools: [{name: t, tool_type: client}]")[0].Fields))
	if want := "+ name  a\n+ llm  2 fields\n+ tools.t  client\n"; got != want {
		t.Errorf("got\n%s", got)
	}
}

func TestAnyJSONBecomesYAMLInItsOrder(t *testing.T) {
	var b strings.Builder
	err := YAML(&b, []byte(`{"z":1,"a":[{"x":null}],"n":1.50,"s":"\u001b[2J","e":{},"l":[]}`))
	want := "z: 1\na:\n  - x: null\n\"n\": 1.5\ns: \"\\e[2J\"\ne: {}\nl: []\n"
	if err != nil || b.String() != want {
		t.Errorf("%v\n%s", err, b.String())
	}
}
