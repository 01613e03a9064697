package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
)

// richAgent uses all that there is.
const richAgent = `name: front-desk
enabled: true
voice_uuid: flite-slt
languages: [en-US]
greeting: |
  Lakeside Dental,
  good morning.
dynamic_variables:
  account: "0042"
  days: 3
  nobody: null
  ratio: 0.5
  vip: false
  yes: "yes"
asr:
  provider: moonshine
  model: tiny-en
  user_input_audio_format: ulaw_8000
  keywords: [Lakeside, Dental]
turn:
  turn_timeout: 7
  silence_end_call_timeout: -1
  mode: silence
  endpoint_wait_ms: 700
llm:
  prompt: |
    You answer the telephone of a dentist: "Lakeside".
    Be brief. # not a comment
      - and keep this indented

    Say goodbye, {{account}}.
  provider: openai
  model: gpt-4o
  reasoning_effort: null
  temperature: 0.3
  timezone: America/New_York
  built_in_tools:
    search: {depth: 2, sites: [a.example, "yes"]}
system_tools:
  end_call:
    active: true
    force_pre_tool_speech: true
  voicemail_detection:
    active: true
    parameters:
      voicemail_message: "Call us back: +1 415 555 0100"
      screener_message: It is {{us}}.
      on_menu: press
      menu_keys: 10
      on_hold: hang_up
tools:
  - name: book
    description: Books a visit.
    tool_type: webhook
    active: true
    tool_config:
      api_schema:
        url: https://example.com/book?day={{days}}
        method: POST
        request_headers:
          Authorization: Bearer abc
        request_body:
          day: "{{day}}"
          n: 1.5
          list: [1, null, true]
      parameters:
        day:
          type: string
          description: which day
        note:
          type: string
          description: what else
          required: false
      assignments:
        - source: response
          attribute_name: visit.id
          dynamic_variable: account
      response_timeout_secs: 30
      safe_to_retry: true
  - name: show_map
    description: Shows a map.
    tool_type: client
    active: false
    tool_config:
      parameters: {}
webhooks:
  - webhook_type: post_call
    webhook_config:
      api_schema:
        url: https://example.com/after
        method: POST
        request_body: {summary: "{{call_summary}}"}
      secret: whsec_c2VzYW1lIG9wZW4gbm93IHBsZWFzZQ==
  - webhook_type: pre_call
    webhook_config:
      api_schema:
        url: https://example.com/who
        method: GET
      assignments:
        - source: response
          attribute_name: name
          dynamic_variable: nobody
      response_timeout_secs: 5
phone_numbers: [+14155550100]
`

func TestWhatIsGotIsAppliedWithoutAnyChange(t *testing.T) {
	g := newGateway(t)
	g.okIn(richAgent, "agent", "apply", "-f", "-")
	got := g.ok("agent", "get", "front-desk", "-o", "yaml")
	if strings.Contains(got, "whsec_") {
		t.Errorf("the secret is shown:\n%s", got)
	}
	golden(t, "agent-get-yaml", got)
	if out := g.okIn(got, "agent", "apply", "-f", "-"); out != "agent front-desk   v1, no change\n" {
		t.Errorf("apply of get is\n%s", out)
	}
	if status, out, errs := g.typed(got, "agent", "diff", "-f", "-"); status != 0 || out != "" {
		t.Errorf("diff of get: status %d\n%s%s", status, out, errs)
	}
	if again := g.ok("agent", "get", "front-desk", "-o", "yaml"); again != got {
		t.Errorf("the agent became\n%s", again)
	}
	agents, err := g.db.ListAgents(t.Context(), roster.Default, roster.AgentFilter{})
	if err != nil || len(agents) != 1 || agents[0].Version != 1 || agents[0].Webhooks[0].Config.Secret == "" {
		t.Errorf("%+v, %v: want version 1, with its secret", agents, err)
	}
}

func TestApplyShowsWhatChanges(t *testing.T) {
	g := newGateway(t)
	golden(t, "agent-apply-new", g.okIn(richAgent, "agent", "apply", "-f", "-"))
	changed := strings.NewReplacer(
		"Be brief. # not a comment", "Be kind.\n    Be brief.",
		"endpoint_wait_ms: 700", "endpoint_wait_ms: 500",
		"name: show_map", "name: find_map",
		"  vip: false\n", "",
		"phone_numbers: [+14155550100]", "phone_numbers: []",
		"      secret: whsec_c2VzYW1lIG9wZW4gbm93IHBsZWFzZQ==\n", "",
	).Replace(richAgent)
	name := file(t, changed)
	status, out, _ := g.typed("", "agent", "diff", "-f", name)
	if status != 1 {
		t.Errorf("diff: status %d, want 1", status)
	}
	golden(t, "agent-diff-file", strings.ReplaceAll(out, name, "agent.yaml"))
	golden(t, "agent-apply-dry", g.ok("agent", "apply", "-f", name, "--dry-run"))
	golden(t, "agent-apply", g.ok("agent", "apply", "-f", name))
	if out := g.ok("agent", "apply", "-f", name); out != "agent front-desk   v2, no change\n" {
		t.Errorf("a second time:\n%s", out)
	}
	status, out, _ = g.typed("", "agent", "diff", "front-desk", "1", "2")
	if status != 1 {
		t.Errorf("diff of versions: status %d, want 1", status)
	}
	golden(t, "agent-diff-versions", out)
	golden(t, "agent-versions", g.ok("agent", "versions", "front-desk", "-o", "wide"))
	golden(t, "agent-restore-dry", g.ok("agent", "restore", "front-desk", "1", "--dry-run"))
	golden(t, "agent-restore", g.ok("agent", "restore", "front-desk", "1"))
	if status, out, _ := g.typed("", "agent", "diff", "front-desk", "1"); status != 0 || out != "" {
		t.Errorf("version 1 and what was restored differ: %d\n%s", status, out)
	}
	g.fails(fault.Wrong, "", []string{"agent", "restore", "front-desk", "9"}, "has no version 9", "its newest is 3")
}

func TestAgentsAreListedAndShown(t *testing.T) {
	g := newGateway(t)
	g.okIn(richAgent+"---\nname: after hours\nvoice_uuid: flite-slt\nenabled: false\n", "agents", "apply", "-f", "-")
	golden(t, "agent-list-table", g.ok("agents", "list", "-o", "table"))
	golden(t, "agent-list-wide", g.ok("agent", "list", "-o", "wide"))
	golden(t, "agent-list-pipe", g.ok("agent", "list"))
	golden(t, "agent-list-id", g.ok("agent", "list", "-o", "id"))
	golden(t, "agent-get-table", g.ok("agent", "get", "front-desk", "after hours", "-o", "table"))
	golden(t, "agent-get-pipe", g.ok("agent", "get", "after hours"))
	var items []struct{ Agent struct{ Name string } }
	if err := json.Unmarshal([]byte(g.ok("agent", "list", "-o", "json")), &items); err != nil || len(items) != 2 || items[1].Agent.Name != "after hours" {
		t.Errorf("json: %+v, %v", items, err)
	}
	both := g.ok("agent", "get", "front-desk", "after hours", "-o", "yaml")
	if out := g.okIn(both, "agent", "apply", "-f", "-"); out != "agent front-desk   v1, no change\nagent after hours   v1, no change\n" {
		t.Errorf("both again:\n%s", out)
	}
}

func TestAgentThatIsNotThere(t *testing.T) {
	g := newGateway(t)
	g.okIn("name: front-desk\nvoice_uuid: flite-slt", "agent", "apply", "-f", "-")
	for _, args := range [][]string{{"agent", "get", "front-dekc"}, {"agent", "versions", "front-dekc"}, {"agent", "delete", "front-dekc", "--yes"}, {"agent", "diff", "front-dekc", "1", "2"}, {"call", "dial", "+14155550177", "--agent", "front-dekc"}} {
		g.fails(fault.Wrong, "", args, `there is no agent "front-dekc"`, "did you mean front-desk?", "[agent/not-found]")
	}
	g.fails(fault.Wrong, "", []string{"agent", "get", "00000000-0000-4000-8000-000000000000"}, "there is no agent")
	g.fails(fault.Wrong, "name: x\nuuid: 00000000-0000-4000-8000-000000000000", []string{"agent", "apply", "-f", "-"}, "no agent with this uuid", "-:2:7")
}

func TestTwoAgentsOfOneNameHaveToBeToldByUUID(t *testing.T) {
	g := newGateway(t)
	g.okIn("name: twin\nvoice_uuid: flite-slt", "agent", "apply", "-f", "-")
	first := strings.TrimSpace(g.ok("agent", "list", "-o", "id"))
	g.okIn("name: other\nvoice_uuid: flite-slt", "agent", "apply", "-f", "-")
	second := strings.TrimSpace(g.ok("agent", "get", "other", "-o", "id"))
	g.okIn("name: twin\nuuid: "+second, "agent", "apply", "-f", "-") // renames it
	g.fails(fault.Wrong, "name: twin\ngreeting: hi", []string{"agent", "apply", "-f", "-"}, `2 agents are called "twin"`, first, second, "[agent/several]")
	if out := g.okIn("name: twin\nuuid: "+second+"\ngreeting: hi", "agent", "apply", "-f", "-"); !strings.Contains(out, "+ greeting") {
		t.Errorf("by uuid:\n%s", out)
	}
}

func TestWhatTheGatewayRefusesIsToldWithItsPlaceInTheFile(t *testing.T) {
	g := newGateway(t)
	bad := strings.NewReplacer("model: tiny-en", "model: huge", "https://example.com/book?day={{days}}", "http://example.com", "temperature: 0.3", "temperature: 9").Replace(richAgent)
	name := file(t, bad)
	_, _, errs := g.typed("", "agent", "apply", "-f", name)
	golden(t, "agent-apply-refused", regexpRequest.ReplaceAllString(strings.ReplaceAll(errs, name, "agent.yaml"), "request ID"))
	if out := g.ok("agent", "list"); out != "" {
		t.Errorf("something was made:\n%s", out)
	}
	name = file(t, "name: a\nllm:\n  temprature: 1\nvoice: x\n")
	status, _, errs := g.typed("", "agent", "apply", "-f", name)
	if status != fault.Wrong {
		t.Errorf("status %d", status)
	}
	golden(t, "agent-apply-typos", strings.ReplaceAll(errs, name, "agent.yaml"))
	g.fails(fault.Wrong, "", []string{"agent", "apply", "-f", filepath.Join(t.TempDir(), "none.yaml")}, "can't be read", "no such file")
	g.fails(fault.Wrong, "name: a\nvoice_uuid: flite-slt\nphone_numbers: [+14155550999]", []string{"agent", "apply", "-f", "-"}, "the first of phone_numbers is no number of this workspace", "-:3:16")
	g.okIn("name: a\nvoice_uuid: flite-slt\nphone_numbers: [+14155550100]", "agent", "apply", "-f", "-")
	g.fails(fault.Wrong, "name: b\nvoice_uuid: flite-slt\nphone_numbers: [+14155550100]", []string{"agent", "apply", "-f", "-"}, `leads to agent "a" already`, "hookswitch number link 1 --nobody")
}

func TestNumbersChangeHandsWithinOneFile(t *testing.T) {
	g := newGateway(t)
	g.ok("number", "add", "+14155550101", "--label", "second", "--sim")
	agent := func(name, number string) string {
		return "name: " + name + "\nvoice_uuid: flite-slt\nphone_numbers: [" + number + "]\n---\n"
	}
	g.okIn(agent("a", "+14155550100")+agent("b", "+14155550101"), "agent", "apply", "-f", "-")
	g.okIn(agent("a", "+14155550101")+agent("b", "+14155550100"), "agent", "apply", "-f", "-")
	if out := g.okIn(agent("a", "+14155550101")+agent("b", "+14155550100"), "agent", "diff", "-f", "-"); out != "" {
		t.Errorf("they were not swapped:\n%s", out)
	}
	if out := g.ok("number", "list"); !strings.Contains(out, "+14155550100\tmain\tb\t") || !strings.Contains(out, "+14155550101\tsecond\ta\t") {
		t.Errorf("numbers:\n%s", out)
	}
}

func TestDiffHasExitCodesOfItsOwn(t *testing.T) {
	g := newGateway(t)
	g.okIn("name: a\nvoice_uuid: flite-slt", "agent", "apply", "-f", "-")
	for in, want := range map[string]int{"name: a\nvoice_uuid: flite-slt": 0, "name: a\ngreeting: hi": 1, "name: new": 1, "nme: a": 2, "": 2} {
		if status, out, errs := g.typed(in, "agent", "diff", "-f", "-"); status != want {
			t.Errorf("%q: status %d, want %d\n%s%s", in, status, want, out, errs)
		}
	}
	if status, _, _ := g.typed("name: a", "agent", "diff", "-f", "-", "--server", "http://127.0.0.1:1"); status != 2 {
		t.Errorf("nobody there: status %d, want 2", status)
	}
	for _, args := range [][]string{{"agent", "diff"}, {"agent", "diff", "a"}, {"agent", "diff", "a", "1", "2", "-f", "-"}, {"agent", "diff", "a", "7"}} {
		if status, _, _ := g.typed("", args...); status != 2 {
			t.Errorf("%v: status %d, want 2", args, status)
		}
	}
}

func TestPruneAndDeleteAskFirst(t *testing.T) {
	g := newGateway(t)
	two := "name: a\nvoice_uuid: flite-slt\n---\nname: b\nvoice_uuid: flite-slt\n"
	g.okIn(two, "agent", "apply", "-f", "-")
	g.fails(fault.Wrong, "name: a", []string{"agent", "apply", "--prune", "-f", "-"}, "can't be taken back", "delete 1 agent that no file names", "--yes")
	if out := g.okIn("name: a", "agent", "apply", "--prune", "--dry-run", "-f", "-"); out != "agent a   v1, no change\nagent b   would be deleted\n" {
		t.Errorf("dry run:\n%s", out)
	}
	if out := g.okIn("name: a", "agent", "apply", "--prune", "--yes", "-f", "-"); out != "agent a   v1, no change\nagent b   deleted\n" {
		t.Errorf("prune:\n%s", out)
	}
	g.fails(fault.Wrong, "", []string{"agent", "delete", "a"}, "can't be taken back", "--yes", "[cli/confirm]")
	if out := g.ok("agent", "delete", "a", "--dry-run"); out != "would delete a\n" {
		t.Errorf("dry run: %s", out)
	}
	g.ok("agent", "delete", "a", "--yes")
	if out := g.ok("agent", "list"); out != "" {
		t.Errorf("left over:\n%s", out)
	}
}

func TestApplyTellsProgramsWhatItDid(t *testing.T) {
	g := newGateway(t)
	g.okIn("name: a\nvoice_uuid: flite-slt", "agent", "apply", "-f", "-")
	out := g.okIn("name: a\ngreeting: hi\n---\nname: b\nvoice_uuid: flite-slt", "agent", "apply", "-f", "-", "-o", "json")
	var items []applied
	if err := json.Unmarshal([]byte(out), &items); err != nil || len(items) != 2 || items[0].Done != "updated" || items[0].Version != 2 ||
		len(items[0].Changes) != 1 || items[0].Changes[0].Path != "greeting" || items[1].Done != "created" {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestAgentIsEdited(t *testing.T) {
	g := newGateway(t)
	g.okIn("name: a\nvoice_uuid: flite-slt", "agent", "apply", "-f", "-")
	editor := filepath.Join(t.TempDir(), "editor")
	write := func(script string) {
		if err := os.WriteFile(editor, []byte("#!/bin/sh\n"+script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	edit := func() (int, string, string) {
		var out, errs strings.Builder
		status := run(t.Context(), streams{in: strings.NewReader(""), out: &out, err: &errs, width: 100,
			environ: []string{"HOOKSWITCH_SERVER=" + g.url, "HOOKSWITCH_API_KEY=" + g.key, "EDITOR=" + editor, "PATH=" + os.Getenv("PATH")}}, []string{"agent", "edit", "a"})
		return status, out.String(), errs.String()
	}
	write("true")
	if status, out, errs := edit(); status != 0 || out != "agent a   v1, no change\n" {
		t.Errorf("nothing was edited: %d\n%s%s", status, out, errs)
	}
	write(`sed -i 's/^name: a$/name: z/; s/^greeting: null$/greeting: hi/' "$1"`)
	if status, out, errs := edit(); status != 0 || !strings.Contains(out, "~ name") || !strings.Contains(out, "+ greeting") {
		t.Errorf("edited: %d\n%s%s", status, out, errs)
	}
	if out := g.ok("agent", "list", "-o", "json"); strings.Count(out, `"uuid"`) != 1 || !strings.Contains(out, `"z"`) {
		t.Errorf("it was not renamed:\n%s", out)
	}
}
