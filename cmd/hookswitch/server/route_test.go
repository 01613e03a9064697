package server_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/search"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// receptionist is an agent that needs no key.
func receptionist(name string) roster.Definition {
	provider, model, greeting := "script", "demo", "Hello, this is "+name+"."
	return roster.Definition{
		Name: name, Enabled: true, VoiceUUID: "flite-rms", Languages: []string{"en-US"}, Variables: map[string]any{"shop": "Acme"},
		Greeting: &greeting, ASR: &roster.ASR{Provider: "moonshine", Model: "tiny-en"},
		Turn: &roster.Turn{Timeout: 7, SilenceEnd: -1, Mode: "silence"},
		LLM:  &roster.LLM{Provider: &provider, Model: &model},
	}
}

// linked makes an agent of d that answers number.
func (b *booted) linked(d roster.Definition, number string) roster.Agent {
	b.t.Helper()
	ctx, now := b.t.Context(), time.Now()
	n, err := b.Store().CreateNumber(ctx, roster.Number{
		Workspace: roster.Default, Number: number, Label: "x", Inbound: true, Outbound: true, Provider: "twilio", Status: roster.NumberActive,
	}, "test", now)
	if err != nil {
		b.t.Fatal(err)
	}
	a, err := b.Store().CreateAgent(ctx, roster.Agent{UUID: "uuid-of-" + d.Name, Workspace: roster.Default, Definition: d}, n.ID, "test", now)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := b.Buy(telephony.Number(number)); err != nil {
		b.t.Fatal(err)
	}
	return a
}

// dial has somebody call number, and returns the record when the call is over.
func (b *booted) dial(number string, h handset.Handset) (*sim.Call, storage.Call) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	call, err := b.Sim().Call(ctx, "+14155550134", number, h)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := call.Wait(ctx); err != nil {
		b.t.Fatal(err)
	}
	var record storage.Call
	eventually(b.t, "the record", func() bool {
		record, err = b.Store().CallByCarrier(ctx, call.SID())
		return err == nil && record.Over()
	})
	return call, record
}

// deafOptions are options of a gateway whose catalog can hear: agents of the API
// are fit, though the server under test has the hum for a voice.
func deafOptions(t *testing.T) server.Options {
	o := options(t)
	o.Config.Speech.Recogniser = "moonshine"
	return o
}

func TestALinkedNumberReachesItsAgent(t *testing.T) {
	t.Parallel()
	b := boot(t, deafOptions(t))
	a := b.linked(receptionist("Front Desk"), "+14155550142")
	_, r := b.dial("+14155550142", polite())
	if r.AgentUUID != a.UUID || r.Version != 1 || r.Agent != "Front Desk" || r.Workspace != roster.Default || r.Variables != `{"shop":"Acme"}` {
		t.Errorf("the record says %q version %d, agent %q, workspace %q, variables %s", r.AgentUUID, r.Version, r.Agent, r.Workspace, r.Variables)
	}
	if !strings.HasPrefix(r.Conversation, "conv-") || r.Reason != telephony.CallerHangup {
		t.Errorf("conversation %q, end reason %s", r.Conversation, r.Reason)
	}
	found, _, err := b.Store().SearchCalls(t.Context(), roster.Default, parsed(t, `said:"this is front desk"`), time.Now(), "", 10)
	if err != nil || len(found) != 1 {
		t.Errorf("search for its greeting: %d calls, %v", len(found), err)
	}
}

// Who can't be answered is told so, and the record says why.
func TestNobodyIsMetWithSilence(t *testing.T) {
	t.Parallel()
	b := boot(t, deafOptions(t))
	off := receptionist("Off")
	off.Enabled = false
	half := receptionist("Half")
	half.ASR = nil
	b.linked(off, "+14155550143")
	b.linked(half, "+14155550144")
	b.linked(receptionist("Broken"), "+14155550146")
	broken, _, err := b.Store().NumberOf(t.Context(), "+14155550146")
	if err := errors.Join(err, b.Buy("+14155550145"),
		b.Store().SetNumberStatus(t.Context(), roster.Default, broken.ID, roster.NumberCorrupted, "test", time.Now())); err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for number, want := range map[string]struct {
		reason telephony.EndReason
		why    string
		agent  string
	}{
		"+14155550143": {telephony.AgentDisabled, "the agent is disabled", "Off"},
		"+14155550144": {telephony.AgentIncomplete, "Agent ASR configuration is missing", "Half"},
		"+14155550146": {telephony.NumberUnknown, "no agent is linked to the number that was called", ""},
		"+14155550145": {telephony.NumberUnknown, "no agent is linked to the number that was called", ""},
	} {
		wait.Go(func() {
			call, r := b.dial(number, handset.Silent)
			if r.Reason != want.reason || r.Why != want.why || r.Agent != want.agent {
				t.Errorf("%s: %s, %q, agent %q, want %+v", number, r.Reason, r.Why, r.Agent, want)
			}
			said := false
			for _, e := range call.Events() {
				said = said || e.What == "verb" && e.Detail == "Say"
			}
			if !said {
				t.Errorf("%s: the caller heard nothing: %v", number, call.Events())
			}
		})
	}
	wait.Wait()
	if violations := b.Sim().Police().Violations(); len(violations) != 0 {
		t.Errorf("the carrier complains: %v", violations)
	}
}

// The settings' own agent answers its number and no other.
func TestTheSettingsAgentAnswersItsNumber(t *testing.T) {
	t.Parallel()
	b := boot(t, options(t))
	_, r := b.dial(server.SimNumber, polite())
	if r.AgentUUID != "" || r.Agent != "demo" || r.Reason != telephony.CallerHangup {
		t.Errorf("agent %q %q, %s", r.Agent, r.AgentUUID, r.Reason)
	}
}

// A file that seals credentials is made beside the database.
func TestFirstStartMakesTheSecretKey(t *testing.T) {
	t.Parallel()
	o := options(t)
	boot(t, o)
	file := filepath.Join(filepath.Dir(strings.TrimPrefix(o.Config.DatabaseURL, "sqlite://")), "secret.key")
	if _, made, err := server.OpenKeyring(o.Config); err != nil || made {
		t.Errorf("OpenKeyring() after the start made = %v, %v; want the key of %s", made, err, file)
	}
}

func parsed(t *testing.T, q string) search.Query {
	t.Helper()
	query, err := search.Parse(q)
	if err != nil {
		t.Fatal(err)
	}
	return query
}
