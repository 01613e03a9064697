package sqlite_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/telephony"
)

// A list of 1,000 agents as the API makes it is these three, definitions decoded.
// Together they must take well under 50 ms.
func BenchmarkListAgents1000(b *testing.B) {
	ctx := b.Context()
	db := open(b, "sqlite://"+filepath.Join(b.TempDir(), "x.db"))
	now := time.UnixMicro(1_790_000_000_123_456)
	prompt := strings.Repeat("You are a helpful customer support agent. ", 20)
	request := &roster.Request{URL: "https://example.com/hook", Method: "POST", Body: json.RawMessage(`{"agent":"{{agent_uuid}}"}`)}
	for i := range 1000 {
		zone := []string{"America/New_York", "Europe/Berlin", "Asia/Tokyo"}[i%3]
		n, err := db.CreateNumber(ctx, roster.Number{Workspace: roster.Default, Number: fmt.Sprintf("+1555%07d", i), Provider: "twilio", Inbound: true}, "cli:bench", now)
		if err != nil {
			b.Fatal(err)
		}
		a, err := db.CreateAgent(ctx, roster.Agent{UUID: fmt.Sprintf("00000000-0000-4000-8000-%012d", i), Workspace: roster.Default, Definition: roster.Definition{
			Name: fmt.Sprintf("Agent %d", i), Enabled: true, VoiceUUID: "voice", Languages: []string{"en-US"},
			Variables: map[string]any{"customer_name": "you", "account_id": nil},
			ASR:       &roster.ASR{Provider: "deepgram", Model: "nova-2", AudioFormat: "pcm_16000", Keywords: []string{"resemble", "account"}},
			Turn:      &roster.Turn{Timeout: 7, SilenceEnd: -1, Mode: "silence"},
			LLM:       &roster.LLM{Prompt: &prompt, Temperature: 0.3, Timezone: &zone},
			SystemTools: map[string]roster.SystemTool{
				roster.EndCall: {Active: true}, roster.TransferToNumber: {}, roster.VoicemailDetection: {},
			},
			Tools: []roster.Tool{{
				UUID: "tool", Name: "look_up", Description: "Looks an account up.", Type: roster.WebhookTool, Active: true, Created: now, Updated: now,
				Config: roster.ToolConfig{Request: request, Parameters: map[string]roster.Parameter{"id": {Type: "string", Description: "of the account"}}, Timeout: 30},
			}},
			Webhooks: []roster.Webhook{{UUID: "hook", Type: roster.PostCall, Created: now, Updated: now, Config: roster.WebhookConfig{Request: request, Secret: "sealed"}}},
		}}, n.ID, "cli:bench", now)
		if err != nil {
			b.Fatal(err)
		}
		for c := range 5 {
			id := telephony.CallID(fmt.Sprintf("call_%d_%d", i, c))
			_, _, err := db.Create(ctx, storage.Call{
				ID: id, Direction: telephony.Inbound, Workspace: roster.Default, AgentUUID: a.UUID, Created: now.Add(time.Duration(-5*c) * time.Hour),
			})
			if err != nil {
				b.Fatal(err)
			}
			if _, _, err := db.End(ctx, id, 1, telephony.Silence, now); err != nil {
				b.Fatal(err)
			}
		}
	}
	since := func(a roster.Agent) time.Time { return now.Add(-time.Duration(len(*a.LLM.Timezone)) * time.Hour) }
	b.Run("agents", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if all, err := db.ListAgents(ctx, roster.Default, roster.AgentFilter{}); err != nil || len(all) != 1000 {
				b.Fatal(len(all), err)
			}
		}
	})
	all, err := db.ListAgents(ctx, roster.Default, roster.AgentFilter{})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("activities", func(b *testing.B) {
		for b.Loop() {
			if told, err := db.Activities(ctx, roster.Default, all, since); err != nil || len(told) != 1000 {
				b.Fatal(len(told), err)
			}
		}
	})
	b.Run("numbers", func(b *testing.B) {
		for b.Loop() {
			if numbers, err := db.ListNumbers(ctx, roster.Default); err != nil || len(numbers) != 1000 {
				b.Fatal(len(numbers), err)
			}
		}
	})
}
