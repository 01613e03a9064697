package whippy_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/chat"
	"github.com/hookswitch/hookswitch/agentcore/dialplan"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/whippy"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/telephony"
)

// opener begins what is due, as far as the store: a row of the call, or the chat.
type opener struct{ db *storage.DB }

func (o opener) Place(ctx context.Context, e agenda.Errand) error {
	now := time.Now().UTC()
	if e.Kind == agenda.Chat {
		_, _, err := o.db.OpenChat(ctx, chat.Chat{
			ID: e.ID, Workspace: e.Workspace, Channel: e.Channel, Kind: roster.PhoneChannel, Address: e.From, Contact: e.To,
			AgentUUID: e.AgentUUID, Agent: e.Agent, Version: 1, Variables: e.Variables, Metadata: e.Metadata, Status: chat.Open, Created: now, Updated: now,
		}, e.Options.InitialMessage)
		return err
	}
	_, _, err := o.db.Create(ctx, dispatch.Record{
		ID: e.Call, Workspace: e.Workspace, AgentUUID: e.AgentUUID, Agent: e.Agent, Version: 1, From: telephony.Number(e.From), To: telephony.Number(e.To),
		Direction: telephony.Outbound, Conversation: "conv-" + e.ID, Variables: e.Variables, FollowUp: true, State: telephony.Queued, Created: now, Epoch: 1,
	})
	return err
}

// real is a place over the real store, clerk and dial plan.
func real(t *testing.T) (p *place, clerk *agenda.Clerk) {
	t.Helper()
	p = open(t, func(cfg *whippy.Config) {
		db := cfg.Roster.(*storage.DB)
		plan, err := dialplan.NewGate(dialplan.Config{Policy: func(context.Context, string) (dialplan.Policy, error) {
			return dialplan.Policy{}, nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		clerk, err = agenda.New(agenda.Config{Store: db.Agenda(), Placer: opener{db}, Calls: db, Node: "node_1"})
		if err != nil {
			t.Fatal(err)
		}
		cfg.Errands, cfg.Clerk, cfg.Chats, cfg.Planner, cfg.Now = db.Agenda(), clerk, db, plan, time.Now
	})
	return p, clerk
}

// work does what is due of these, as their jobs and the clerk do.
func work(t *testing.T, clerk *agenda.Clerk, ids ...string) {
	t.Helper()
	for _, id := range ids {
		if wait, err := clerk.Due(t.Context(), id); wait != 0 || err != nil {
			t.Fatalf("Due(%s) = %v, %v", id, wait, err)
		}
	}
	ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
	defer stop()
	clerk.Run(ctx)
}

// TestTheIDThatIsToldIsTheSessions is the seed's promise: data.id is "the stable
// ID that the eventual session will use".
func TestTheIDThatIsToldIsTheSessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, clerk := real(t)
		due := time.Now().Add(3 * 24 * time.Hour).UTC().Format(time.RFC3339) // a Tuesday at 16:00 in Los Angeles
		told := p.chat(with(smsBody, `"schedule_at":"`+due+`","send_initial_message":true`), "Idempotency-Key", "k").wants(202)
		chatID := told.str("data.id")
		time.Sleep(time.Second)
		callID := p.call(with(strings.Replace(callBody, callee, "+14155550178", 1), `"schedule_at":"`+due+`"`)).wants(202).str("data.id")
		if _, err := p.db.Chat(t.Context(), roster.Default, chatID); err == nil {
			t.Error("the chat is there before its time")
		}
		p.send("GET", "/v1/scheduled_sessions", "").wants(200).has("total", `2`).has("data.0.id", `"`+callID+`"`).has("data.1.id", `"`+chatID+`"`)
		again := p.chat(with(smsBody, `"schedule_at":"`+due+`","send_initial_message":true`), "Idempotency-Key", "k").wants(202)
		if again.text != told.text {
			t.Errorf("again: %s, first %s", again.text, told.text)
		}

		time.Sleep(3 * 24 * time.Hour)
		work(t, clerk, chatID, callID)
		c, err := p.db.Chat(t.Context(), roster.Default, chatID)
		if err != nil || c.Contact != callee || c.AgentUUID != p.agent {
			t.Errorf("the chat is %+v, %v", c, err)
		}
		r, err := p.db.Call(t.Context(), telephony.CallID(callID))
		if err != nil || r.To != "+14155550178" {
			t.Errorf("the call is %+v, %v", r, err)
		}
		p.send("GET", "/v1/chats/"+chatID, "").wants(200).has("data.status", `"open"`)
		p.send("GET", "/v1/scheduled_sessions/"+callID, "").wants(200).has("data.status", `"live"`).has("data.call_id", `"`+callID+`"`)
		p.send("GET", "/v1/scheduled_sessions", "").wants(200).has("total", `0`)
		p.chat(smsBody).refused(409, "The contact has an open chat on this channel already: "+chatID+". Close it first.")
	})
}

func TestACancelledSessionNeverBegins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, clerk := real(t)
		due := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
		id := p.chat(with(smsBody, `"schedule_at":"`+due+`"`)).wants(202).str("data.id")
		p.send("POST", "/v1/scheduled_sessions/"+id+"/cancel", "").wants(200).has("data.status", `"cancelled"`)
		p.send("POST", "/v1/scheduled_sessions/"+id+"/cancel", "").wants(200).has("data.status", `"cancelled"`)
		time.Sleep(2 * time.Hour)
		work(t, clerk, id)
		if c, err := p.db.Chat(t.Context(), roster.Default, id); err == nil {
			t.Errorf("it began: %+v", c)
		}
	})
}

func TestQuietHoursMeetTheRealDialPlan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := real(t) // a Friday at 16:00 in Los Angeles
		p.call(callBody).wants(201)
		time.Sleep(20 * time.Hour)
		p.call(callBody).wants(202).has("data.schedule_at", `"2000-01-03T15:00:00Z"`).has("data.reason", `"quiet_hours"`)
		p.call(with(callBody, `"bypass_quiet_hours":true`)).wants(201)
		p.call(strings.Replace(callBody, callee, premium, 1)).refused(422, "Premium-rate numbers are never called.")
		p.send("GET", "/v1/chats?cursor=x", "").refused(422, "cursor is not one that a page gave")
	})
}
