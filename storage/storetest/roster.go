package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/storage"
)

func init() {
	suite("workspaces and keys",
		check{"the default workspace is there from the start", defaultWorkspace},
		check{"a workspace's id is taken once", workspaceTaken},
		check{"a key comes back as it went in", keyKept},
		check{"a key's hash is taken once, in all workspaces", keyTaken},
		check{"use of a key is kept to the minute", keyUsed},
		check{"a key is revoked once and for good", keyRevoked},
	)
	suite("agents",
		check{"an agent comes back as it went in", agentKept},
		check{"lists that are nil are empty ones", agentOfNothing},
		check{"ids are unique in the installation", agentIDs},
		check{"ids stay with what has them", agentIDsStay},
		check{"an agent's UUID is taken for good", agentTaken},
		check{"every change makes a version that stays", agentVersions},
		check{"what says nothing new makes no version", agentUnchanged},
		check{"versions are listed newest first", versionPages},
		check{"agents are listed oldest first, by number and by name", agentList},
		check{"a deleted agent is out of sight, its versions stay", agentDeleted},
		check{"text that no database takes is kept as one that all do, in agents too", agentOddText},
		check{"of 16 changes of one version one wins", agentRace},
		check{"of 16 agents with one UUID one is made", agentUUIDRace},
		check{"16 agents made at once have ids of their own", agentIDRace},
		check{"activities tell of calls", activities},
	)
	suite("phone numbers",
		check{"a number comes back as it went in", numberKept},
		check{"a number is taken once, in all workspaces", numberTaken},
		check{"a number's status is set", numberStatus},
		check{"what a number was at its carrier is kept, and its token stays", numberAtCarrier},
		check{"an account's numbers are those that were proved to be its", numbersOfAccount},
		check{"a number that is deleted is free", numberDeleted},
		check{"a number leads to one agent", numberLinked},
		check{"an agent is made with its number, or not at all", agentWithNumber},
		check{"an agent is changed with its number, or not at all", agentChangedWithNumber},
		check{"of 16 links of one number one wins", linkRace},
		check{"of 16 agents made with one number one is made", createLinkRace},
		check{"of 16 owners of one number one wins", numberRace},
		check{"a link and a delete leave no link to a deleted agent", linkAgainstDelete},
	)
	suite("audit, isolation, secrets",
		check{"every change is in the audit, refused ones are not", audited},
		check{"the audit tells no secrets and no numbers", auditDiscreet},
		check{"nothing is seen from another workspace", isolated},
		check{"secrets are sealed anew everywhere", resealed},
	)
}

const (
	who   = roster.Actor("key:key_1")
	other = "ws_other"
)

// ptr returns a pointer to v.
func ptr[V any](v V) *V { return &v }

// uuid is the n-th of a test.
func uuid(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

// definition is one in which every field is set.
func definition(name string) roster.Definition {
	return roster.Definition{
		Name: name, Enabled: true, VoiceUUID: "voice-1", FallbackVoices: []string{"voice-2"}, Languages: []string{"en-US"},
		Variables: map[string]any{"plan": "gold <b>", "seats": json.Number("2.5"), "vip": true, "none": nil},
		Greeting:  ptr("Grüß Gott, {{plan}}"),
		ASR:       &roster.ASR{Provider: "deepgram", Model: "nova-2", AudioFormat: "pcm_16000", Keywords: []string{"resemble"}, Fallbacks: []roster.Choice{{Provider: "moonshine", Model: "tiny-en"}}},
		Turn:      &roster.Turn{Timeout: 7, SilenceEnd: -1, Mode: "silence", EndpointWaitMS: 450},
		LLM: &roster.LLM{
			Prompt: ptr("Be short & polite. \u2028 漢 🙂"), Provider: ptr("openai"), Model: ptr("gpt-4o"),
			Temperature: 0.3, Timezone: ptr("America/New_York"), BuiltInTools: map[string]any{"search": map[string]any{"on": true}},
			Fallbacks: []roster.Choice{{Provider: "script", Model: "demo"}},
		},
		SystemTools: map[string]roster.SystemTool{
			roster.EndCall:            {Active: true},
			roster.TransferToNumber:   {Parameters: json.RawMessage(`{"transfers":[{"condition":"a < b"}]}`)},
			roster.VoicemailDetection: {DisableInterruptions: true, ForcePreToolSpeech: true},
		},
		Tools:    []roster.Tool{tool("tool-1", "look_up"), tool("tool-2", "book")},
		Webhooks: []roster.Webhook{webhook("hook-1", roster.PreCall), webhook("hook-2", roster.PostCall)},
	}
}

func tool(uuid, name string) roster.Tool {
	return roster.Tool{
		UUID: uuid, Name: name, Description: "Looks it up.", Type: roster.WebhookTool, Active: true, CreatedBy: who,
		Created: now.UTC(), Updated: now.UTC(),
		Config: roster.ToolConfig{
			Request:     request(),
			Parameters:  map[string]roster.Parameter{"city": {Type: "string", Description: "where", Required: ptr(false)}},
			Assignments: []roster.Assignment{{Source: "response", Attribute: "a.b", Variable: "plan"}},
			Timeout:     30, SafeToRetry: true,
		},
	}
}

func webhook(uuid, kind string) roster.Webhook {
	return roster.Webhook{
		UUID: uuid, Type: kind, Created: now.UTC(), Updated: now.UTC(),
		Config: roster.WebhookConfig{Request: request(), Assignments: []roster.Assignment{}, Timeout: 10, Secret: roster.Secret("sealed-" + uuid)},
	}
}

func request() *roster.Request {
	return &roster.Request{
		URL: "https://example.com/a?b=1&c={{plan}}", Method: "POST",
		Headers: map[string]string{"X-A": "b"}, Body: json.RawMessage(`{"text":"{{plan}} <&>","n":1}`),
	}
}

// newAgent makes the n-th agent of a workspace.
func newAgent(t testing.TB, s storage.Store, workspace string, n int, d roster.Definition) roster.Agent {
	t.Helper()
	a, err := s.CreateAgent(t.Context(), roster.Agent{UUID: uuid(n), Workspace: workspace, Definition: d}, 0, who, now)
	if err != nil {
		t.Fatalf("CreateAgent(%d) = %v", n, err)
	}
	return a
}

// newNumber makes a phone number that nobody answers.
func newNumber(t testing.TB, s storage.Store, workspace, number string) roster.Number {
	t.Helper()
	n, err := s.CreateNumber(t.Context(), roster.Number{
		Workspace: workspace, Number: number, Label: "Line", Inbound: true, Provider: "twilio", Account: "AC1", Token: "sealed-token",
		OutTrunk: json.RawMessage(`{"address": "sip.example.com"}`),
	}, who, now)
	if err != nil {
		t.Fatalf("CreateNumber() = %v", err)
	}
	return n
}

// newKey makes a key.
func newKey(t testing.TB, s storage.Store, workspace, id string) roster.Key {
	t.Helper()
	k := roster.Key{
		ID: id, Workspace: workspace, Name: "of a test", Prefix: "hsk_abcdef", Hash: roster.HashKey(id),
		Scopes: []roster.Scope{roster.AgentsRead, roster.CallsWrite}, Created: now,
	}
	if err := s.CreateKey(t.Context(), k, who); err != nil {
		t.Fatalf("CreateKey(%s) = %v", id, err)
	}
	return k
}

// newWorkspace makes the other workspace.
func newWorkspace(t testing.TB, s storage.Store) {
	t.Helper()
	if err := s.CreateWorkspace(t.Context(), roster.Workspace{ID: other, Name: "Other", Created: now}); err != nil {
		t.Fatalf("CreateWorkspace() = %v", err)
	}
}

// asJSON compares what holds raw JSON, times and maps.
func asJSON(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// refused fails t unless err is want.
func refused(t testing.TB, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s = %v, want %v", what, err, want)
	}
}

// lines are the audit of a workspace, oldest first, as "who what target: detail".
func lines(t testing.TB, s storage.Store, workspace string) []string {
	t.Helper()
	changes, err := s.Changes(t.Context(), workspace, 1000)
	if err != nil {
		t.Fatalf("Changes() = %v", err)
	}
	all := make([]string, len(changes))
	for i, c := range changes {
		all[len(all)-1-i] = strings.TrimSuffix(fmt.Sprintf("%s %s %s: %s", c.Who, c.What, c.Target, c.Detail), ": ")
	}
	return all
}

// later is n minutes after the tests begin.
func later(n int) time.Time { return now.Add(time.Duration(n) * time.Minute) }
