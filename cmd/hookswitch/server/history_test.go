package server

import (
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/storage/sqlite"
	"github.com/hookswitch/hookswitch/telephony"
)

// A stream that comes to a door says itself whose call it is: whoever may open
// one is not told what an agent has talked about with whom they name.
func TestWhoComesInByADoorHasNoPast(t *testing.T) {
	db, err := sqlite.Open(t.Context(), sqlite.Memory)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	const victim, anHourAgo = "+14155550188", -time.Hour
	was := storage.Call{
		ID: "call_1", Carrier: "CA1", Direction: telephony.Inbound, Workspace: roster.Default, From: victim, Created: time.Now().Add(anHourAgo),
	}
	if _, _, err := db.Create(t.Context(), was); err != nil {
		t.Fatal(err)
	}
	line := agentcore.Entry{N: 1, Version: agentcore.JournalVersion, Wall: was.Created, Event: agentcore.CallerSaid{Turn: 1, Text: "my code is 1234"}}
	if err := db.Append(t.Context(), was.ID, 1, []agentcore.Entry{line}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		claim   string
		foreign bool
		told    bool
	}{{"by phone", false, true}, {"by a door", true, false}} {
		p := person{agent: agentcore.Agent{Prompt: "Before: {{conversation_history}}"}}
		now := dispatch.Record{ID: "call_2", Direction: telephony.Inbound, Workspace: roster.Default, From: victim, Foreign: tt.foreign, Created: time.Now()}
		if err := (&Server{store: db}).remember(t.Context(), now, &p); err != nil {
			t.Fatal(err)
		}
		if past := p.vars.Fill("{{conversation_history}}", nil); (past != "none") != tt.told {
			t.Errorf("%s: the agent is told %q", tt.claim, past)
		}
	}
}
