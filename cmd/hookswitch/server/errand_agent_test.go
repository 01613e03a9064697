package server_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
)

// An agent that was made at one door is the same at every other, field by field.
func TestOneAgentEveryDoor(t *testing.T) {
	t.Parallel()
	o := privately(t)
	o.Config.BootstrapKey = flowKey
	b := boot(t, o)
	made := map[string]string{
		"v2": b.must("POST", "/agents", `{"name":"Shop","voice_uuid":"flite-rms","greeting":"Hello {{customer}}.","dynamic_variables":{"customer":"Ada"},
			"asr":{"provider":"moonshine","model":"tiny-en"},"llm":{"provider":"script","model":"demo","prompt":"You keep a shop."},
			"smart_callback":{"enabled":true,"max_attempts":2,"gaps":[{"days":1,"hours":0},{"days":0,"hours":6}]}}`).str("item.agent.uuid"),
		"seed 002": b.gets(whippy, "POST", "/agents", `{"name":"Shop","voice_id":"flite-rms","begin_message":"Hello {{customer}}.",
			"default_dynamic_variables":{"customer":"Ada"},"prompt":"You keep a shop.","llm_id":"script/demo"}`).str("data.id"),
		"seed 004": b.gets(trillet, "POST", "/v1/api/agents", `{"name":"Shop","ttsModel":{"provider":"flite","voiceId":"rms","language":"en"},"greeting":"Hello {{customer}}.",
			"variables":{"customer":"Ada"},"prompt":"You keep a shop.","llmModel":"script","smartCallback":true,"maxAttemptsForSmartCallback":2,
			"gapBetweenEachAttemptForSmartCallback":[{"days":1,"hours":0},{"days":0,"hours":6}]}`).str("_id"),
	}
	shown := map[string]struct {
		door
		path   string
		fields map[string]string
	}{
		"v2": {ownDoor, "/agents/", map[string]string{
			"item.agent.name": "Shop", "item.agent.dynamic_variables.customer": "Ada", "item.greeting": "Hello {{customer}}.", "item.tts.voice_uuid": "flite-rms",
			"item.llm.prompt": "You keep a shop.", "item.llm.provider": "script", "item.llm.model": "demo", "item.asr.provider": "moonshine",
			"item.agent.languages.0": "en-US",
		}},
		"seed 002": {whippy, "/agents/", map[string]string{
			"data.name": "Shop", "data.status": "active", "data.current_version.prompt": "You keep a shop.", "data.current_version.llm_id": "script/demo",
			"data.current_version.provider_settings.voice_id": "flite-rms", "data.current_version.provider_settings.begin_message": "Hello {{customer}}.",
			"data.current_version.provider_settings.default_dynamic_variables.customer": "Ada",
		}},
		"seed 004": {trillet, "/v1/api/agents/", map[string]string{
			"name": "Shop", "workspaceId": roster.Default, "ttsModel.provider": "flite", "ttsModel.voiceId": "rms", "ttsModel.language": "en", "llmModel": "script",
			"prompt": "You keep a shop.", "greeting": "Hello {{customer}}.", "variables.customer": "Ada", "type": "voice", "status": "pending",
		}},
	}
	callback := map[string]string{"smartCallback": "true", "maxAttemptsForSmartCallback": "2",
		"gapBetweenEachAttemptForSmartCallback.0.days": "1", "gapBetweenEachAttemptForSmartCallback.1.hours": "6"}
	for at, id := range made {
		for seen, as := range shown {
			want := maps.Clone(as.fields)
			if seen == "seed 004" && at != "seed 002" {
				maps.Copy(want, callback)
			}
			a := b.gets(as.door, "GET", as.path+id+"?advanced=true", "")
			for _, path := range slices.Sorted(maps.Keys(want)) {
				if got := a.str(path); got != want[path] {
					t.Errorf("made at %s, seen at %s: %s is %q, want %q", at, seen, path, got, want[path])
				}
			}
			if list := b.gets(as.door, "GET", strings.TrimSuffix(as.path, "/"), ""); !strings.Contains(list.text, id) {
				t.Errorf("made at %s, it is not in the list at %s", at, seen)
			}
		}
	}
	// What is changed at one door is changed at the others.
	b.gets(trillet, "PUT", "/v1/api/agents/"+made["seed 002"], `{"name":"Bank"}`)
	if a := b.must("GET", "/agents/"+made["seed 002"], ""); a.str("item.agent.name") != "Bank" || a.str("item.llm.prompt") != "You keep a shop." {
		t.Errorf("renamed at seed 004's door, v2 shows %s", a.text)
	}
	b.must("PATCH", "/agents/"+made["seed 004"], `{"enabled":false}`)
	if a := b.gets(whippy, "GET", "/agents/"+made["seed 004"], ""); a.str("data.status") != "inactive" {
		t.Errorf("disabled over v2, seed 002's door shows %s", a.text)
	}
}

// A key is good for its own workspace and for what it may do there, at every door.
func TestAKeyAtEveryDoor(t *testing.T) {
	t.Parallel()
	o := privately(t)
	o.Config.BootstrapKey = flowKey
	b := boot(t, o)
	agent := b.greets("Shop", flowNumber, "")
	const to = "+14155550221"
	booked := b.must("POST", "/agents/"+agent+"/dispatch", `{"phone_number":"`+to+`","schedule_at":"`+in(time.Hour)+`"}`).str("call_id")
	kind, file := form("phone_number\n"+to+"\n", "agentId", agent, "scheduledAt", time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
	batch := b.gets(trillet, "POST", "/v1/api/batch-calls", file, "Content-Type", kind).str("batchId")
	call := `{"from":"` + flowNumber + `","to":"` + to + `","call_agent_id":"` + agent + `","phone_number":"` + to + `"}`
	requests := []struct {
		door
		method, path, body string
		scope              roster.Scope
		here               int // what a key of the workspace with the scope is told; 0: it is not asked
	}{
		{ownDoor, "GET", "/agents/" + agent, "", roster.AgentsRead, 200},
		{ownDoor, "PATCH", "/agents/" + agent, `{"name":"Shop"}`, roster.AgentsWrite, 200},
		{ownDoor, "POST", "/agents/" + agent + "/dispatch", call, roster.CallsWrite, 0},
		{ownDoor, "GET", "/schedules/" + booked, "", roster.CallsRead, 200},
		{ownDoor, "GET", "/batches/" + batch, "", roster.CallsRead, 200},
		{whippy, "GET", "/agents/" + agent, "", roster.AgentsRead, 200},
		{whippy, "POST", "/agents/" + agent + "/call", call, roster.CallsWrite, 0},
		{whippy, "POST", "/agents/" + agent + "/chat", call, roster.CallsWrite, 0},
		{whippy, "GET", "/scheduled_sessions/" + booked, "", roster.CallsRead, 200},
		{whippy, "POST", "/scheduled_sessions/" + booked + "/cancel", "", roster.CallsWrite, 0},
		{trillet, "GET", "/v1/api/agents/" + agent, "", roster.AgentsRead, 200},
		{trillet, "PUT", "/v1/api/agents/" + agent, `{"name":"Shop"}`, roster.AgentsWrite, 200},
		{trillet, "DELETE", "/v1/api/agents/" + agent, "", roster.AgentsWrite, 0},
		{trillet, "POST", "/v1/api/call", call, roster.CallsWrite, 0},
		{trillet, "GET", "/v1/api/batch-calls/" + batch, "", roster.CallsRead, 200},
		{trillet, "POST", "/v1/api/batch-calls/" + batch + "/cancel", "", roster.CallsWrite, 0},
	}
	stranger := another(t, b.Store(), "ws_stranger", roster.Admin)
	liar := visitor{stranger.key, roster.Default}
	nobody := visitor{"hsk_nobody0123456789abcdef", roster.Default}
	readers := another(t, b.Store(), roster.Default, roster.AgentsRead, roster.CallsRead)
	writers := another(t, b.Store(), roster.Default, roster.AgentsWrite) // who may write may read
	for _, r := range requests {
		if a := b.via(r.door, stranger, r.method, r.path, r.body); a.status != 404 {
			t.Errorf("%s %s%s with a key of another workspace: %d %s", r.method, r.base, r.path, a.status, a.text)
		}
		if a := b.via(r.door, liar, r.method, r.path, r.body); a.status != 404 && a.status != 403 && a.status != 401 {
			t.Errorf("%s %s%s with such a key that says it is of this one: %d %s", r.method, r.base, r.path, a.status, a.text)
		}
		if a := b.via(r.door, nobody, r.method, r.path, r.body); a.status != 401 {
			t.Errorf("%s %s%s with no key of ours: %d %s", r.method, r.base, r.path, a.status, a.text)
		}
		reads := r.scope == roster.AgentsRead || r.scope == roster.CallsRead
		switch a := b.via(r.door, readers, r.method, r.path, r.body); {
		case reads && a.status != r.here, !reads && a.status != 403:
			t.Errorf("%s %s%s with a key that reads: %d %s", r.method, r.base, r.path, a.status, a.text)
		}
		if a := b.via(r.door, writers, r.method, r.path, r.body); r.scope != roster.AgentsWrite && r.scope != roster.AgentsRead && a.status != 403 {
			t.Errorf("%s %s%s with a key that writes agents: %d %s", r.method, r.base, r.path, a.status, a.text)
		}
		if r.here != 0 {
			if a := b.via(r.door, owner, r.method, r.path, r.body); a.status != r.here {
				t.Errorf("%s %s%s: %d %s", r.method, r.base, r.path, a.status, a.text)
			}
		}
	}
	if n := len(b.Sim().Calls()); n != 0 {
		t.Errorf("%d were called", n)
	}
	if e := b.errand(booked); e.Status != "scheduled" {
		t.Errorf("what was booked is %s", e.Status)
	}
}
