package v2

import (
	"context"
	"slices"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/webhook"
)

// callTransfers is how many transfers a call shows: the first ones. An agent
// tries each of its destinations a few times.
const callTransfers = 50

// callTransfer is the handing of a call to somebody else. It has no number: who
// may see calls need not know where an agent's people are called.
type callTransfer struct {
	ID       string        `json:"id" example:"xfer_3f9a"`
	To       string        `json:"to" doc:"What the agent's list calls them." example:"sales"`
	Kind     string        `json:"kind" enum:"blind,conference,warm" doc:"blind: the agent leaves at once. conference: it stays until somebody answers. warm: and tells them what it is about."`
	Status   string        `json:"status" enum:"asked,dialling,checking,accepted,bridged,over" doc:"bridged: they talk. over: see outcome."`
	Outcome  orNull[text]  `json:"outcome" doc:"completed, busy, no_answer, failed, declined, voicemail, silent or canceled; null until it is over."`
	Reason   orNull[text]  `json:"reason" doc:"The same in words."`
	Started  instant       `json:"started_at"`
	Answered instantOrNull `json:"answered_at" doc:"When the other end was picked up."`
	Bridged  instantOrNull `json:"bridged_at" doc:"When the caller was connected."`
	Ended    instantOrNull `json:"ended_at"`
	Waited   float64       `json:"waited_seconds" doc:"From its start until they were connected, or it was over." example:"12.5"`
	Talked   float64       `json:"talked_seconds" doc:"That the two of them talked." example:"184.2"`
}

// transfersOf reads those of r, oldest first.
func (a *API) transfersOf(ctx context.Context, r dispatch.Record) ([]dispatch.Transfer, error) {
	all, err := a.Calls.Store.TransfersOf(ctx, r.ID)
	return all[:min(len(all), callTransfers)], err
}

// transferItems are all in an answer at now.
func transferItems(all []dispatch.Transfer, now time.Time) *[]callTransfer {
	items := make([]callTransfer, 0, len(all))
	for _, t := range all {
		waited, talked := webhook.TransferTimes(t, now)
		items = append(items, callTransfer{
			ID: string(t.ID), To: t.Label, Kind: t.Kind, Status: t.Status, Outcome: textOrNull(t.Outcome), Reason: textOrNull(t.Reason),
			Started: instant(t.Created), Answered: instantOrNull{instant(t.Answered)}, Bridged: instantOrNull{instant(t.Bridged)}, Ended: instantOrNull{instant(t.Ended)},
			Waited: waited.Seconds(), Talked: talked.Seconds(),
		})
	}
	return &items
}

// away says so in l when the caller is with somebody else, or is waiting for them
// without the agent.
func (l *liveItem) away(all []dispatch.Transfer) {
	i := slices.IndexFunc(all, func(t dispatch.Transfer) bool {
		return t.Status == dispatch.TransferBridged || t.Status == dispatch.TransferDialling && t.Kind == dispatch.Blind
	})
	if i < 0 {
		return
	}
	l.State, l.Since = "away", instant(all[i].Created)
	if !all[i].Bridged.IsZero() {
		l.Since = instant(all[i].Bridged)
	}
}
