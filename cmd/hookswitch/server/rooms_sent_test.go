package server

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/agenttest"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/vars"
	"github.com/hookswitch/hookswitch/media/tap"
	"github.com/hookswitch/hookswitch/metrics"
	"github.com/hookswitch/hookswitch/storage/sqlite"
	"github.com/hookswitch/hookswitch/telephony"
	simline "github.com/hookswitch/hookswitch/telephony/sim/line"
)

// sent is a gateway's store with two agents and a call of the first, into whose
// room the second is sent.
type sent struct {
	s             *Server
	first, second roster.Agent
	call          dispatch.Record
	job           room.Job
}

func send(t *testing.T) sent {
	t.Helper()
	db, err := sqlite.Open(t.Context(), sqlite.Memory)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	now, w := time.Now(), sent{s: &Server{store: db}}
	agent := func(name string, set vars.Set) roster.Agent {
		a, err := db.CreateAgent(t.Context(), roster.Agent{UUID: "u-" + name, Workspace: roster.Default,
			Definition: roster.Definition{Name: name, Enabled: true, Variables: set}}, 0, "", now)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	w.first = agent("Ann", vars.Set{"desk": "sales", "company": "Acme", "since": 12.0})
	w.second = agent("Bob", vars.Set{"desk": "support", "tone": "kind", "since": 3.0, "plan": "free"})
	w.call, _, err = db.Create(t.Context(), dispatch.Record{
		ID: "call_1", Epoch: 1, Workspace: roster.Default, Carrier: "CA1", Direction: telephony.Inbound, State: telephony.InProgress, Sequence: -1,
		Agent: "Ann", AgentUUID: w.first.UUID, Version: w.first.Version, Created: now, Prepared: now,
		Variables: `{"desk":"sales","company":"Acme","since":12,"plan":"gold"}`, // the first's own, and what came with the call
	})
	if err != nil {
		t.Fatal(err)
	}
	r, err := db.Rooms().Open(t.Context(), roster.Default, "call_1", now)
	if err != nil {
		t.Fatal(err)
	}
	w.job = room.Job{ID: "AJ_second", Kind: room.Own, Agent: "Bob", AgentUUID: w.second.UUID, Version: w.second.Version, Join: room.Replace,
		Status: room.Pending, Reason: room.ReasonNone, Call: "call_1", Created: now, Updated: now}
	if _, err := db.Rooms().Add(t.Context(), room.Dispatch{ID: "AD_second", Workspace: roster.Default, Room: r.ID, Agent: "Bob", Trigger: room.ByAPI,
		Join: room.Replace, Created: now, Jobs: []room.Job{w.job}}); err != nil {
		t.Fatal(err)
	}
	return w
}

// What an agent is by default goes before what another is by default, and behind
// what came with the call.
func TestAnAgentThatIsSentHasItsOwnVariables(t *testing.T) {
	w := send(t)
	r, err := w.s.sentTo(t.Context(), w.call, w.job)
	if err != nil {
		t.Fatal(err)
	}
	got, err := vars.Decode(r.Variables)
	if err != nil {
		t.Fatal(err)
	}
	if text := got.Fill("{{desk}} {{company}} {{since}} {{tone}} {{plan}}", nil); text != "support Acme 3 kind gold" {
		t.Errorf("Bob says %q", text)
	}
	if r.AgentUUID != w.second.UUID || r.Version != w.second.Version {
		t.Errorf("it is %s of version %d", r.AgentUUID, r.Version)
	}
}

// Who is called for a transfer hears the agent that asked for it, whoever the call
// was for.
func TestATransferIsAskedForByWhoHasTheFloor(t *testing.T) {
	w := send(t)
	entries := []agentcore.Event{
		agentcore.Opened{Epoch: 1, Agent: "Ann"},
		agentcore.FloorTaken{Job: "AJ_second", Agent: "Bob", By: "own"},
	}
	for n, want := range []string{w.first.UUID, w.second.UUID} {
		e := agentcore.Entry{N: n + 1, Version: agentcore.JournalVersion, Wall: time.Now(), Event: entries[n]}
		if err := w.s.store.Append(t.Context(), w.call.ID, 1, []agentcore.Entry{e}); err != nil {
			t.Fatal(err)
		}
		r, err := w.s.holding(t.Context(), w.call)
		if err != nil || r.AgentUUID != want {
			t.Errorf("after %d entries %q asks, %v; want %q", n+1, r.AgentUUID, err, want)
		}
	}
}

// endsIt is a journal that ends the call when somebody has the floor.
type endsIt struct {
	agenttest.Pages
	end context.CancelCauseFunc
}

func (p *endsIt) Append(ctx context.Context, entries ...agentcore.Entry) error {
	defer p.end(telephony.OverError{Reason: telephony.CallerHangup})
	return p.Pages.Append(ctx, entries...)
}

// A call of anybody's account that came by a door is nobody's, also while it can't
// be told which room it has: the settings' own agent is the operator's.
func TestTheSettingsAgentAnswersNoCallOfADoor(t *testing.T) {
	w := send(t)
	w.s.set, w.s.log = metrics.New(metrics.Config{}), slog.New(slog.DiscardHandler)
	foreign, _, err := w.s.store.Create(t.Context(), dispatch.Record{
		ID: "call_2", Epoch: 1, Workspace: roster.Default, Carrier: "door:default:CA2", Direction: telephony.Inbound, State: telephony.InProgress,
		Sequence: -1, Foreign: true, Room: "lobby", Created: time.Now(), Prepared: time.Now(), Variables: "{}",
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancelCause(t.Context())
	pages := &endsIt{end: end}
	sum, err := w.s.speak(ctx, room.Floor{
		Call: foreign.Call(), Leg: simline.New(simline.Config{}), Journal: pages, Tap: &tap.Tap{}, Yield: func() bool { return false },
	})
	if err != nil || sum.End != telephony.CallerHangup {
		t.Errorf("speak() = %+v, %v", sum, err)
	}
	for _, e := range pages.Entries() {
		if ev, ok := e.Event.(agentcore.FloorTaken); ok && ev == (agentcore.FloorTaken{}) {
			return
		}
	}
	t.Errorf("somebody has the floor: %+v", pages.Entries())
}
