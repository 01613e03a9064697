package server_test

import (
	"strings"
	"testing"
)

// Every llmModel that seed 004's page lists is taken by a gateway whose settings
// say nothing of them: its clients send what they have always sent.
func TestEveryModelOfSeed004IsTaken(t *testing.T) {
	t.Parallel()
	o := privately(t)
	o.Config.BootstrapKey = flowKey
	b := boot(t, o)
	const body = `{"name":"Shop","ttsModel":{"provider":"rime","voiceId":"mistv2_Wildflower","language":"en"},"llmModel":"NAME"}`
	for _, name := range []string{
		"gpt-4o-mini", "gpt-4o", "gpt-4o-enterprise", "gpt-4.1", "gpt-4.1-mini", "gpt-4.1-enterprise", "gpt-4.1-mini-enterprise",
		"gemini-2.5-flash", "gemini-2.0-flash-001",
	} {
		a := b.via(trillet, owner, "POST", "/v1/api/agents", strings.Replace(body, "NAME", name, 1))
		if a.status != 200 || a.str("llmModel") != name {
			t.Errorf("%s: %d %s", name, a.status, a.text)
		}
	}
}
