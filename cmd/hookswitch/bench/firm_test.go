package bench

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/storage/sqlite"
	"github.com/hookswitch/hookswitch/telephony"
)

// firm is a database file of a firm with many agents.
type firm struct {
	url     string
	key     string   // of its administrator
	numbers []string // each leads to an agent of its own
}

// found makes a firm in dir: agents of 5 tools and one webhook, each with a
// number and some calls behind it, of which some were today. What the webhooks
// send goes to hook.
func found(b *testing.B, dir, hook string, agents, calls int) firm {
	b.Helper()
	f := firm{url: "sqlite://" + dir + "/hookswitch.db"}
	db, err := sqlite.Open(b.Context(), f.url)
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			b.Error(err)
		}
	}()
	now := time.Now()
	if _, f.key, err = roster.Issue(b.Context(), db, roster.Default, "bench", []roster.Scope{roster.Admin}, "cli:bench", now); err != nil {
		b.Fatal(err)
	}
	for i := range agents {
		n, err := db.CreateNumber(b.Context(), roster.Number{
			Workspace: roster.Default, Number: fmt.Sprintf("+1415%07d", 5550000+i), Label: "Line", Provider: "twilio", Inbound: true, Outbound: true,
		}, "cli:bench", now)
		if err != nil {
			b.Fatal(err)
		}
		f.numbers = append(f.numbers, n.Number)
		a, err := db.CreateAgent(b.Context(), roster.Agent{
			UUID: fmt.Sprintf("00000000-0000-4000-8000-%012d", i), Workspace: roster.Default, Definition: receptionist(i, hook, now),
		}, n.ID, "cli:bench", now)
		if err != nil {
			b.Fatal(err)
		}
		for c := range calls {
			record := storage.Call{
				ID: telephony.CallID(fmt.Sprintf("call_%d_%d", i, c)), Direction: telephony.Inbound, Workspace: roster.Default,
				From: "+14155550134", To: telephony.Number(n.Number), AgentUUID: a.UUID, Version: 1,
				Created: now.Add(time.Duration(-5*c)*time.Hour - time.Minute),
			}
			if _, _, err := db.Create(b.Context(), record); err != nil {
				b.Fatal(err)
			}
			if _, _, err := db.End(b.Context(), record.ID, 1, telephony.CallerHangup, now); err != nil {
				b.Fatal(err)
			}
		}
	}
	return f
}

// receptionist is the definition of agent i, about as long as a real one.
func receptionist(i int, hook string, now time.Time) roster.Definition {
	prompt := strings.Repeat("You are a helpful customer support agent. ", 20)
	greeting, provider, model := "Hello {{customer_name}}, how can I help you?", "script", "demo"
	zone := []string{"America/New_York", "Europe/Berlin", "Asia/Tokyo"}[i%3]
	d := roster.Definition{
		Name: fmt.Sprintf("Agent %d", i), Enabled: true, VoiceUUID: "flite-rms", Languages: []string{"en-US"}, Greeting: &greeting,
		Variables: map[string]any{"customer_name": "there", "account_id": nil},
		ASR:       &roster.ASR{Provider: "moonshine", Model: "tiny-en", AudioFormat: "pcm_16000", Keywords: []string{"refund", "account"}},
		Turn:      &roster.Turn{Timeout: 7, SilenceEnd: -1, Mode: "silence"},
		LLM:       &roster.LLM{Prompt: &prompt, Provider: &provider, Model: &model, Temperature: 0.3, Timezone: &zone},
		SystemTools: map[string]roster.SystemTool{
			roster.EndCall: {Active: true}, roster.TransferToNumber: {}, roster.VoicemailDetection: {},
		},
		Webhooks: []roster.Webhook{{
			UUID: fmt.Sprintf("hook-%d", i), Type: roster.PostCall, Created: now, Updated: now,
			Config: roster.WebhookConfig{Request: &roster.Request{URL: hook, Method: "POST", Body: json.RawMessage(`{"call":"{{call_id}}"}`)}, Timeout: 10},
		}},
	}
	for t, name := range []string{"look_up_account", "look_up_order", "open_ticket", "cancel_order", "book_visit"} {
		d.Tools = append(d.Tools, roster.Tool{
			UUID: fmt.Sprintf("tool-%d-%d", i, t), Name: name, Description: "Does that in the back office, and says what came of it.",
			Type: roster.WebhookTool, Active: true, Created: now, Updated: now,
			Config: roster.ToolConfig{
				Request: &roster.Request{URL: hook, Method: "POST", Body: json.RawMessage(`{"id":"{{id}}","note":"{{note}}"}`)}, Timeout: 30,
				Parameters: map[string]roster.Parameter{
					"id":   {Type: "string", Description: "of the account or order"},
					"note": {Type: "string", Description: "what the caller wants, in a sentence"},
				},
			},
		})
	}
	return d
}
