package rest_test

import (
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/roster"
)

func TestSmartCallbackIsShownWhenItIsSet(t *testing.T) {
	p := open(t)
	uuid := p.ok("POST", "/api/v2/agents", `{"name":"A","voice_uuid":"abc123","smart_callback":{"max_attempts":3,"gaps":[{"days":1,"hours":2},{"hours":6}]}}`).str("item.agent.uuid")
	const want = `{"enabled":true,"max_attempts":3,"gaps":[{"days":1,"hours":2},{"days":0,"hours":6}]}`
	p.ok("GET", "/api/v2/agents/"+uuid+"?advanced=true", "").wants("item.smart_callback", want)
	p.ok("GET", "/api/v2/agents/"+uuid+"/versions/1", "").wants("item.definition.smart_callback", want)
	p.fails(400, "PATCH", "/api/v2/agents/"+uuid, `{"smart_callback":{"gaps":[{"days":0,"hours":0}]}}`).
		errors(`{"smart_callback.gaps.0.hours":["must leave some time: days and hours can't both be 0"]}`)
	gone := p.ok("PATCH", "/api/v2/agents/"+uuid+"?advanced=true", `{"smart_callback":null}`)
	if strings.Contains(gone.text, "smart_callback") {
		t.Errorf("it is shown when it is not set: %s", gone.text)
	}
}

// What another dialect keeps of an agent is none of this one's business: a
// change leaves it, and an answer does not show it.
func TestKeysAndWordsOfOtherDialectsAreKeptAndNotShown(t *testing.T) {
	p := open(t)
	d := roster.Definition{Name: "A", Enabled: true, VoiceUUID: "abc123", Keys: map[string]roster.Secret{"elevenlabs": "sealed-key"},
		Dialects: map[string]any{"trillet": map[string]any{"settings": map[string]any{"volume": 0.5}}}}
	if _, err := p.db.CreateAgent(t.Context(), roster.Agent{UUID: "made-elsewhere", Workspace: roster.Default, Definition: d}, 0, "cli:test", p.now); err != nil {
		t.Fatal(err)
	}
	for _, a := range []answer{
		p.ok("GET", "/api/v2/agents/made-elsewhere?advanced=true", ""),
		p.ok("PATCH", "/api/v2/agents/made-elsewhere?advanced=true", `{"name":"B","provider_keys":{"elevenlabs":"mine"},"dialects":null}`),
		p.ok("GET", "/api/v2/agents/made-elsewhere/versions/2", ""),
	} {
		if strings.Contains(a.text, "sealed-key") || strings.Contains(a.text, "volume") {
			t.Errorf("it is shown: %s", a.text)
		}
	}
	after, err := p.db.Agent(t.Context(), roster.Default, "made-elsewhere")
	if err != nil || after.Name != "B" || after.Keys["elevenlabs"] != "sealed-key" || after.Dialects["trillet"] == nil {
		t.Errorf("kept are %v and %v, %v", after.Keys, after.Dialects, err)
	}
}
