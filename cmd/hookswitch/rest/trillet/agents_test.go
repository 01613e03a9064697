package trillet_test

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
)

// seedBody is seed 004's example, as it is printed.
const seedBody = `{
"name": "Customer Support Agent",
"ttsModel": {
"provider": "rime",
"voiceId": "mistv2_Wildflower",
"name": "Sophie",
"language": "en"
},
"llmModel": "gpt-4o",
"type": "voice",
"smartCallback": true,
"maxAttemptsForSmartCallback": 3,
"gapBetweenEachAttemptForSmartCallback": [
{ "days": 1, "hours": 2 },
{ "days": 2, "hours": 0 },
{ "days": 3, "hours": 6 }
],
"settings": {
"speed": 0.8,
"volume": 1,
"temperature": 0.7
}
}`

func TestSeed004CreateExample(t *testing.T) {
	p := open(t)
	made := p.ok("POST", "/v1/api/agents", seedBody)
	id := made.str("_id")
	want := map[string]any{}
	if err := json.Unmarshal([]byte(seedBody), &want); err != nil {
		t.Fatal(err)
	}
	for name, v := range map[string]any{"_id": id, "workspaceId": "default", "userId": p.keyID, "phoneNumberIds": []any{}, "activeSessions": []any{},
		"status": "pending", "currentNode": "", "variables": map[string]any{}, "createdAt": made.str("createdAt"), "updatedAt": made.str("updatedAt")} {
		want[name] = v
	}
	if !reflect.DeepEqual(made.body, any(want)) {
		b, _ := json.Marshal(want)
		t.Errorf("create answered %s\nwant %s", made.text, b)
	}
	for _, name := range []string{"createdAt", "updatedAt"} {
		at, err := time.Parse("2006-01-02T15:04:05.000Z", made.str(name))
		if err != nil || time.Since(at) > time.Minute {
			t.Errorf("%s = %s, %v", name, made.str(name), err)
		}
	}
	got := p.ok("GET", "/v1/api/agents/"+id, "")
	list := p.ok("GET", "/v1/api/agents", "")
	if !reflect.DeepEqual(got.body, made.body) || !reflect.DeepEqual(list.body, []any{made.body}) {
		t.Errorf("get answered %s\nlist answered %s", got.text, list.text)
	}
	// What it came to, for every other door.
	g, err := p.db.Agent(t.Context(), roster.Default, id)
	if err != nil {
		t.Fatal(err)
	}
	if g.VoiceUUID != "flite-slt" || *g.LLM.Provider != "openai" || *g.LLM.Model != "gpt-4o" || g.LLM.Temperature != 0.7 || g.ASR.Provider != "moonshine" ||
		!reflect.DeepEqual(g.Callback, &roster.Callback{Enabled: true, MaxAttempts: 3, Gaps: []roster.CallbackGap{{Days: 1, Hours: 2}, {Days: 2}, {Days: 3, Hours: 6}}}) {
		t.Errorf("it came to %s", p.definition(id))
	}
}

func TestSeed004Defaults(t *testing.T) {
	p := open(t)
	a := p.ok("POST", "/v1/api/agents", `{"name":"A","ttsModel":{"provider":"rime","voiceId":"mistv2_Wildflower"}}`)
	a.wants("llmModel", `"gpt-4o-mini"`)
	a.wants("smartCallback", `false`)
	a.wants("maxAttemptsForSmartCallback", `5`)
	a.wants("gapBetweenEachAttemptForSmartCallback", `[{"days":1,"hours":0}]`)
	a.wants("ttsModel", `{"provider":"rime","voiceId":"mistv2_Wildflower","name":"Sally","language":"en"}`)
	a.wants("settings", `{"temperature":0.3}`)
	b := p.ok("POST", "/v1/api/agents", `{"name":"A","ttsModel":{"provider":"google","voiceId":"any"},"gapBetweenEachAttemptForSmartCallback":[{"hours":4},{}]}`)
	b.wants("gapBetweenEachAttemptForSmartCallback", `[{"days":1,"hours":4},{"days":1,"hours":0}]`)
	if !strings.Contains(p.definition(b.str("_id")), `"flite-rms"`) {
		t.Error("nobody speaks for a voice that is not to be had")
	}
}

func TestAllThatIsWrongIsToldAtOnce(t *testing.T) {
	p := open(t)
	for _, tt := range []struct{ body, message string }{
		{`{}`, "ttsModel can't be blank; name can't be blank"},
		{`{"name":"","type":"chat","ttsModel":{"provider":"rime"},"llmModel":"gpt-9","smartCallback":"yes","maxAttemptsForSmartCallback":21,
			"gapBetweenEachAttemptForSmartCallback":[{"days":0,"hours":0},{"days":31}],"phoneNumberIds":["77"],"settings":{"speed":1.5,"temperature":"warm"},"variables":{"a":{}}}`,
			"type must be voice: other agents are not made here; ttsModel.voiceId can't be blank; " +
				"llmModel 'gpt-9' is not offered here; offered are: gemini-2.0-flash-001, gemini-2.5-flash, gpt-4o, gpt-4o-enterprise, gpt-4o-mini, gpt-4o-mini-enterprise; " +
				"settings.speed must be a number from 0 to 1; settings.temperature must be a number from 0 to 1; name can't be blank; " +
				"variables Dynamic variables must be a flat hash. Key 'a' contains a nested object or array.; smartCallback must be true or false; " +
				"maxAttemptsForSmartCallback must be less than or equal to 20; " +
				"gapBetweenEachAttemptForSmartCallback.0.hours must leave some time: days and hours can't both be 0; " +
				"gapBetweenEachAttemptForSmartCallback.1.days must be less than or equal to 30; phoneNumberIds Phone number not found"},
		{`{"name":"A","ttsModel":{"provider":"acapela","voiceId":"x"}}`, "ttsModel.provider 'acapela' has no voices here; offered are: 11labs_byo, flite, google, openai, rime"},
		{`{"name":"A","ttsModel":{"provider":"rime","voiceId":"x"}}`, "ttsModel.voiceId 'x' of rime is not a voice here; offered are: mistv2_Wildflower"},
		{`{"name":"A","ttsModel":{"provider":"rime","voiceId":"mistv2_Wildflower","language":"de"}}`, "ttsModel.language must be en: agents speak nothing else here"},
		{`{"name":"A","ttsModel":{"provider":"11labs_byo","voiceId":"rachel"}}`, "ttsModel.elevenLabsApiKey can't be blank with the provider 11labs_byo"},
		{`{"name":"A","ttsModel":{"provider":"rime","voiceId":"mistv2_Wildflower","elevenLabsApiKey":"xi-1"}}`, "ttsModel.elevenLabsApiKey is of use with the provider 11labs_byo only"},
		{`{"name":"A","name":"B"}`, `The request body is not valid JSON: the name "name" is there twice (line 1, column 18)`},
		{`[]`, "The request body must be a JSON object."},
	} {
		p.fails(http.StatusBadRequest, tt.message, "POST", "/v1/api/agents", tt.body)
	}
	if list := p.ok("GET", "/v1/api/agents", ""); list.text != "[]\n" {
		t.Errorf("a refused agent was made: %s", list.text)
	}
}

func TestUpdateMerges(t *testing.T) {
	p := open(t)
	id := p.ok("POST", "/v1/api/agents", seedBody).str("_id")
	a := p.ok("PUT", "/v1/api/agents/"+id, `{"name":"Updated","settings":{"speed":0.9,"volume":null,"temperature":0.6,"pace":"slow"},
		"gapBetweenEachAttemptForSmartCallback":[{"days":1,"hours":0},{"days":1,"hours":12},{"days":2,"hours":0},{"days":3,"hours":0},{"days":7,"hours":0}],"maxAttemptsForSmartCallback":5}`)
	a.wants("name", `"Updated"`)
	a.wants("settings", `{"speed":0.9,"temperature":0.6,"pace":"slow"}`)
	a.wants("gapBetweenEachAttemptForSmartCallback", `[{"days":1,"hours":0},{"days":1,"hours":12},{"days":2,"hours":0},{"days":3,"hours":0},{"days":7,"hours":0}]`)
	a.wants("ttsModel", `{"provider":"rime","voiceId":"mistv2_Wildflower","name":"Sophie","language":"en"}`)
	a.wants("llmModel", `"gpt-4o"`)
	a.wants("smartCallback", `true`)
	b := p.ok("PUT", "/v1/api/agents/"+id, `{"ttsModel":{"provider":"openai","voiceId":"alloy"},"llmModel":"gpt-4o-mini-enterprise","smartCallback":false}`)
	b.wants("ttsModel", `{"provider":"openai","voiceId":"alloy","name":"Robert","language":"en"}`)
	b.wants("llmModel", `"gpt-4o-mini-enterprise"`)
	b.wants("smartCallback", `false`)
	b.wants("maxAttemptsForSmartCallback", `5`)
	p.fails(http.StatusNotFound, "Agent not found", "PUT", "/v1/api/agents/nobody", `{}`)
}

// Whoever reads an agent and sends it back changes nothing, whichever door it
// came through.
func TestAnAnswerSentBackChangesNothing(t *testing.T) {
	p := open(t)
	provider, model, prompt := "script", "demo", "Be kind."
	d := roster.Definition{Name: "Elsewhere", Enabled: true, VoiceUUID: "flite-rms", Languages: []string{"en-US"}, Variables: map[string]any{"n": 1.0},
		ASR: &roster.ASR{Provider: "moonshine", Model: "tiny-en", AudioFormat: "pcm_16000"}, Turn: &roster.Turn{Mode: "silence"},
		LLM: &roster.LLM{Provider: &provider, Model: &model, Prompt: &prompt, Temperature: 0.4}}
	g, err := p.db.CreateAgent(t.Context(), roster.Agent{UUID: "made-elsewhere", Workspace: roster.Default, Definition: d}, 0, "cli:ada", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	shown := p.ok("GET", "/v1/api/agents/"+g.UUID, "")
	shown.wants("userId", `"cli:ada"`)
	shown.wants("ttsModel", `{"provider":"openai","voiceId":"alloy","name":"Robert","language":"en"}`)
	shown.wants("llmModel", `"script/demo"`)
	shown.wants("settings", `{"temperature":0.4}`)
	shown.wants("prompt", `"Be kind."`)
	for _, id := range []string{g.UUID, p.ok("POST", "/v1/api/agents", seedBody).str("_id"), p.byo()} {
		before := p.ok("GET", "/v1/api/agents/"+id, "")
		after := p.ok("PUT", "/v1/api/agents/"+id, before.text)
		for _, name := range []string{"ttsModel", "llmModel", "settings", "smartCallback", "variables", "status"} {
			b, _ := json.Marshal(before.at(name))
			after.wants(name, string(b))
		}
		again := p.ok("PUT", "/v1/api/agents/"+id, before.text)
		if again.str("updatedAt") != after.str("updatedAt") {
			t.Errorf("the same again made a version of %s", id)
		}
	}
}

func TestWordsThatAnotherDoorMadeUntrueAreForgotten(t *testing.T) {
	p := open(t)
	id := p.ok("POST", "/v1/api/agents", strings.Replace(seedBody, "gpt-4o", "gpt-4o-enterprise", 1)).str("_id")
	g, err := p.db.Agent(t.Context(), roster.Default, id)
	if err != nil {
		t.Fatal(err)
	}
	d := g.Clone()
	model := "gpt-4o-mini"
	d.LLM.Model, d.VoiceUUID, d.LLM.Temperature = &model, "flite-rms", 0.1
	if _, err := p.db.ChangeAgent(t.Context(), roster.Default, id, 1, d, nil, "cli:ada", time.Now()); err != nil {
		t.Fatal(err)
	}
	a := p.ok("GET", "/v1/api/agents/"+id, "")
	a.wants("llmModel", `"gpt-4o-mini"`)
	a.wants("ttsModel", `{"provider":"openai","voiceId":"alloy","name":"Robert","language":"en"}`)
	a.wants("settings", `{"speed":0.8,"volume":1,"temperature":0.1}`)
}

// byo makes an agent with a key of its own.
func (p *place) byo() string {
	p.t.Helper()
	return p.ok("POST", "/v1/api/agents", `{"name":"Own","ttsModel":{"provider":"11labs_byo","voiceId":"rachel","elevenLabsApiKey":"xi-very-secret"}}`).str("_id")
}

func TestAnAgentsOwnKeyIsSealedAndNeverShown(t *testing.T) {
	p := open(t)
	id := p.byo()
	kept := func() (plain string) {
		t.Helper()
		g, err := p.db.Agent(t.Context(), roster.Default, id)
		if err != nil {
			t.Fatal(err)
		}
		if text := p.definition(id); strings.Contains(text, "very-secret") || strings.Contains(text, "other-secret") {
			t.Errorf("the key is kept as it is: %s", text)
		}
		if plain, err = p.sealer.Open(g.Keys["elevenlabs"]); err != nil {
			t.Fatal(err)
		}
		return plain
	}
	shown := p.ok("GET", "/v1/api/agents/"+id, "")
	shown.wants("ttsModel", `{"provider":"11labs_byo","voiceId":"rachel","name":"Rachel","language":"en","elevenLabsApiKey":"********"}`)
	if kept() != "xi-very-secret" {
		t.Errorf("kept is %q", kept())
	}
	for _, body := range []string{`{"name":"B"}`, `{"ttsModel":{"provider":"11labs_byo","voiceId":"rachel"}}`, `{"ttsModel":{"elevenLabsApiKey":"********"}}`} {
		if p.ok("PUT", "/v1/api/agents/"+id, body); kept() != "xi-very-secret" {
			t.Errorf("after %s the key is %q", body, kept())
		}
	}
	if p.ok("PUT", "/v1/api/agents/"+id, `{"ttsModel":{"elevenLabsApiKey":"xi-other-secret"}}`); kept() != "xi-other-secret" {
		t.Errorf("the new key is %q", kept())
	}
	gone := p.ok("PUT", "/v1/api/agents/"+id, `{"ttsModel":{"provider":"rime","voiceId":"mistv2_Wildflower"}}`)
	if strings.Contains(gone.text, "elevenLabsApiKey") || kept() != "" {
		t.Errorf("a key that nothing speaks with stays: %s", gone.text)
	}
	p.fails(http.StatusBadRequest, "ttsModel.elevenLabsApiKey has a character that no key has: is it cut, or was more copied?", "POST", "/v1/api/agents",
		`{"name":"A","ttsModel":{"provider":"11labs_byo","voiceId":"rachel","elevenLabsApiKey":"xi 1"}}`)
}

func TestNumbersAreLinkedAndLetGo(t *testing.T) {
	p := open(t)
	one, two, three := p.number("+14155550101", true), p.number("+14155550102", false), p.number("+14155550103", true)
	a := p.ok("POST", "/v1/api/agents", `{"name":"A","ttsModel":{"provider":"rime","voiceId":"mistv2_Wildflower"},"phoneNumberIds":["`+one+`",`+two+`,"`+one+`"]}`)
	a.wants("phoneNumberIds", `["`+one+`","`+two+`"]`)
	a.wants("status", `"ready"`)
	p.fails(http.StatusBadRequest, "phoneNumberIds Phone number is already linked to agent 'A'", "POST", "/v1/api/agents",
		`{"name":"B","ttsModel":{"provider":"rime","voiceId":"mistv2_Wildflower"},"phoneNumberIds":["`+one+`"]}`)
	b := p.ok("PUT", "/v1/api/agents/"+a.str("_id"), `{"phoneNumberIds":["`+two+`","`+three+`"]}`)
	b.wants("phoneNumberIds", `["`+two+`","`+three+`"]`)
	p.ok("PUT", "/v1/api/agents/"+a.str("_id"), `{"name":"C"}`).wants("phoneNumberIds", `["`+two+`","`+three+`"]`)
	p.ok("DELETE", "/v1/api/agents/"+a.str("_id"), "").wants("_id", `"`+a.str("_id")+`"`)
	p.fails(http.StatusNotFound, "Agent not found", "GET", "/v1/api/agents/"+a.str("_id"), "")
	if want := []string{"+14155550101", "+14155550102", "+14155550103"}; !reflect.DeepEqual(p.trunk.linked, want) || !reflect.DeepEqual(p.trunk.released, want) {
		t.Errorf("linked %v, released %v", p.trunk.linked, p.trunk.released)
	}
}

func TestStatusAndSessionsAreTrue(t *testing.T) {
	p := open(t)
	id := p.caller()
	status := func(want string) {
		t.Helper()
		p.ok("GET", "/v1/api/agents/"+id, "").wants("status", `"`+want+`"`)
	}
	status("ready")
	p.ok("PUT", "/v1/api/agents/"+id, `{"llmModel":"gemini-2.5-flash"}`).wants("status", `"error"`)
	p.ok("PUT", "/v1/api/agents/"+id, `{"llmModel":"gpt-4o"}`)
	p.ok("PUT", "/v1/api/agents/"+id, `{"phoneNumberIds":[]}`).wants("status", `"pending"`)

	r := p.ring("call_1", id)
	p.ring("call_2", "another-agent")
	p.ok("GET", "/v1/api/agents/"+id, "").wants("activeSessions",
		`[{"roomName":"call_1","startTime":"`+r.Created.UTC().Format("2006-01-02T15:04:05.000Z")+`","status":"active","_id":"call_1"}]`)
	p.end("call_1", "no_answer")
	p.ok("GET", "/v1/api/agents", "").wants("0.activeSessions", `[]`)
}
