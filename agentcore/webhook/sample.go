package webhook

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/vars"
	"github.com/hookswitch/hookswitch/telephony"
)

// Test sends a sample of a call to a webhook of an agent as it is now, once, and
// waits for the answer. The attempt tells how that went and is on record under a
// delivery of its own; the error is [ErrNotFound] or the store's.
func (d *Deliverer) Test(ctx context.Context, workspace, agentUUID string, webhookID int64) (Attempt, error) {
	agent, err := d.c.Agents.Agent(ctx, workspace, agentUUID)
	if err != nil {
		return Attempt{}, err
	}
	hook, ok := find(agent.Definition, webhookID, "")
	if !ok || webhookID == 0 {
		return Attempt{}, fmt.Errorf("webhook: test: %w", ErrNotFound)
	}
	now := time.Now()
	call, said, err := sample(agent, now)
	if err != nil {
		return Attempt{}, err
	}
	name := strings.ToLower(rand.Text())
	t := Delivery{
		ID: "dlv_" + name, Message: "msg_" + name, Workspace: workspace, AgentUUID: agentUUID, Version: agent.Version,
		Webhook: hook.ID, Kind: TestKind, Status: Delivered, Created: now,
	}
	var x Exchange
	if hook.Type == roster.PreCall {
		x, _, err = d.c.ask(ctx, hook, t, call, agent.Definition)
	} else {
		x, err = d.c.post(ctx, matter{hook: hook, call: call, agent: agent.Definition, said: said}, t, Pick(said))
	}
	if err != nil {
		t.Status = Dead
	}
	t.Done = time.Now()
	d.c.Counter.WebhookSent(TestKind, t.Status, x.Took)
	return d.c.keep(ctx, t, x)
}

// sample is a call of agent that nobody made. Its numbers are those that are set
// aside for fiction.
func sample(agent roster.Agent, now time.Time) (dispatch.Record, []agentcore.Utterance, error) {
	variables, err := vars.Set(agent.Variables).Encode()
	if err != nil {
		return dispatch.Record{}, nil, err
	}
	return dispatch.Record{
			ID: "call_test", Carrier: "CAtest", From: "+12025550100", To: "+12025550199", Direction: telephony.Inbound,
			Agent: agent.Name, Workspace: agent.Workspace, AgentUUID: agent.UUID, Version: agent.Version,
			Conversation: "conv-00000000-0000-4000-8000-000000000000", Variables: variables,
			State: telephony.Completed, Reason: telephony.AgentHangup,
			Created: now.Add(-65 * time.Second), Answered: now.Add(-63 * time.Second), Ended: now,
		}, []agentcore.Utterance{
			{Speaker: "agent", Text: "Hello, this is a test of your webhook.", StartMS: 200, EndMS: 2400},
			{Turn: 1, Speaker: "caller", Text: "I would like to book a table for two.", StartMS: 3100, EndMS: 5200},
			{Turn: 1, Speaker: "agent", Text: "Your table is booked for six o'clock. Goodbye.", StartMS: 6000, EndMS: 9100},
		}, nil
}
