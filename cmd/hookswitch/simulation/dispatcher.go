package simulation

import (
	"context"
	"fmt"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/telephony"
)

// hooks are the webhooks of the agent. Every call is told of when it is over;
// half of them are asked for before.
const preCall, postCall = 1, 2

// asks reports whether a call's webhook is asked before the agent speaks.
func (w *world) asks(number int) int64 {
	return int64(hash(w.seed, number, "pre_call", 0) % 2 * preCall)
}

// route is the [dispatch.Config.Route]: to the agent, or nowhere for some.
func (w *world) route(_ context.Context, in telephony.Incoming) (dispatch.Route, error) {
	number := numbered(in.Carrier)
	r := dispatch.Route{
		Workspace: "default", Agent: agent.Name, AgentUUID: "sim", Version: 1,
		PreCall: w.asks(number), PostCall: postCall,
	}
	if hash(w.seed, number, "route", 0)%25 == 0 {
		r.Refuse, r.Say, r.Why = telephony.AgentDisabled, "Nobody is here.", "the agent is disabled"
	}
	return r, nil
}

// prepare is the [dispatch.Config.Prepare].
func (w *world) prepare(db dispatch.Calls) func(context.Context, dispatch.Record) error {
	return func(ctx context.Context, r dispatch.Record) error {
		call := w.named(r.ID)
		ctx = as(ctx, "prepare")
		_, err := w.through(ctx, call, "hook.prepare", func() error {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.prepared[r.ID]++
			return nil
		})
		if err != nil {
			return err
		}
		return records{Calls: db, w: w}.SetPrepared(ctx, r.ID, fmt.Sprintf(`{"call":%d}`, call), time.Now())
	}
}

// dispatch has a call placed. A client whose request fails tries again, with the
// same key.
func (w *world) dispatch(ctx context.Context, desk *dispatch.Desk, number int) {
	for range 3 {
		on, replayed, err := desk.Dispatch(ctx, dispatch.Wish{
			Workspace: "default", Agent: agent.Name, AgentUUID: "sim", Version: 1, PreCall: w.asks(number), PostCall: postCall,
			From: "+15550199", To: phoneNumber(number), RingTimeout: 20 * time.Second,
			IdemKey: carrierID(number), IdemHash: "the same",
		})
		w.trace(fmt.Sprintf("%02d", number), "dispatched: %s, replayed %t, %v", on.Status, replayed, err)
		if replayed {
			w.saw("replayed dispatch")
		}
		if err == nil {
			return
		}
		time.Sleep(time.Second + time.Duration(number)*200 + 1)
	}
}
