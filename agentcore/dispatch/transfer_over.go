package dispatch

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/telephony"
)

// hungUpAtOnce is how short two may have talked for it to count as not having
// talked: the one who was called hung up again, and the caller is still there.
const hungUpAtOnce = 2 * time.Second

// reasons are what people are told of an outcome of which nobody said more.
var reasons = map[string]string{
	OutcomeCompleted: "they talked",
	OutcomeBusy:      "the line was busy",
	OutcomeNoAnswer:  "nobody answered",
	OutcomeFailed:    "the call could not be connected",
	OutcomeDeclined:  "they hung up",
	OutcomeVoicemail: "a machine answered",
	OutcomeSilent:    "somebody answered and said nothing",
	OutcomeCanceled:  "the caller hung up first",
}

// adds is t's reason for who knows its outcome: empty if it is the outcome once
// more, in other words.
func (t Transfer) adds() string {
	saysWho := t.Outcome == OutcomeDeclined || t.Outcome == OutcomeCanceled // hung up
	if t.Reason == reasons[t.Outcome] && !saysWho {
		return ""
	}
	return t.Reason
}

// outcomeOf is what the end of the other leg means when the two never talked.
func outcomeOf(s telephony.State) string {
	switch s {
	case telephony.StateBusy:
		return OutcomeBusy
	case telephony.StateNone:
		return OutcomeNoAnswer
	case telephony.Completed:
		return OutcomeDeclined
	case telephony.StateStop:
		return OutcomeCanceled
	}
	return OutcomeFailed
}

// move is [Transfers.MoveTransfer]. Who brings a transfer to its end counts it.
func (d *Desk) move(ctx context.Context, t Transfer, from []string, change TransferChange) (Transfer, error) {
	now, err := d.cfg.Transfers.MoveTransfer(ctx, t.ID, from, change)
	if err == nil && change.Status == TransferOver {
		end := now.Ended
		if !now.Bridged.IsZero() {
			end = now.Bridged
		}
		d.cfg.Counter.TransferOver(now.Kind, now.Outcome, max(0, end.Sub(now.Created)), now.Talked())
		d.cfg.Log.Info("transfer over", "call", now.Call, "transfer", now.ID, "outcome", now.Outcome)
	}
	if err == nil {
		d.pokeTransfer(t.ID)
	}
	return now, err
}

// close ends t with change's outcome if its status is one of from, and returns
// it as it is then. What the store refuses is left to who attends to t.
func (d *Desk) close(ctx context.Context, t Transfer, from []string, change TransferChange) Transfer {
	change.Status = TransferOver
	change.Reason = cmp.Or(change.Reason, reasons[change.Outcome])
	if change.Ended.IsZero() {
		change.Ended = time.Now()
	}
	now, err := d.move(ctx, t, from, change)
	switch {
	case err == nil, errors.Is(err, ErrMoved):
		return now
	default:
		d.cfg.Log.Warn("cannot end a transfer", "transfer", t.ID, "error", err)
		return t
	}
}

// drop hangs the other leg up, and reports whether it is. Should it fail, the
// door tells the leg the same when it asks; who is in a room does not ask: see
// [Desk.dropSurely] and [Desk.callIsOver].
func (d *Desk) drop(ctx context.Context, t Transfer) bool {
	trunk := d.trunk()
	if trunk == nil || t.Carrier == "" {
		return true
	}
	if err := trunk.Hangup(ctx, t.ref()); err != nil {
		d.cfg.Log.Warn("cannot hang up a transfer's leg", "transfer", t.ID, "error", err)
		return false
	}
	return true
}

// dropSurely is drop for who may be in a room, of whom nobody thinks once the
// transfer is over: it is tried again until it is done.
func (d *Desk) dropSurely(ctx context.Context, t Transfer) {
	if d.drop(ctx, t) {
		return
	}
	d.alongside(func() {
		again := time.NewTicker(attendEvery)
		defer again.Stop()
		for range dropTries {
			select {
			case <-again.C:
			case <-d.ctx.Done():
				return
			}
			if d.isClosed() || d.dropNow(t) {
				return
			}
		}
	})
}

// dropNow is drop, in its own time.
func (d *Desk) dropNow(t Transfer) bool {
	ctx, cancel := context.WithTimeout(d.ctx, effortTimeout)
	defer cancel()
	return d.drop(ctx, t)
}

// event is what the journal tells of a transfer that is over.
func (t Transfer) event() agentcore.TransferOver {
	return agentcore.TransferOver{
		Transfer: string(t.ID), To: t.Label, Outcome: t.Outcome, Reason: t.adds(),
		TookMS: t.Ended.Sub(t.Created).Milliseconds(), TalkedMS: t.Talked().Milliseconds(),
	}
}

// untold are those of all that are over and of which the agent was not told, as
// its journal says. One that failed while the agent's tool asked for it, and so
// never began, was told by the tool's result.
func untold(all []Transfer, past []agentcore.Entry) []Transfer {
	began, told, answered := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, e := range past {
		switch ev := e.Event.(type) {
		case agentcore.TransferBegan:
			began[ev.Transfer] = true
		case agentcore.TransferOver:
			told[ev.Transfer] = true
		case agentcore.ToolResult:
			answered[ev.Key] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(t Transfer) bool {
		id := string(t.ID)
		return !t.Over() || told[id] || !began[id] && answered[t.Key]
	})
}

// tellJournal writes what became of r's transfers and is not in its journal yet,
// for the agent that takes the call up, or for the record. The pen of epoch must
// be nobody's: so nothing is written twice.
func (d *Desk) tellJournal(ctx context.Context, r Record, epoch int) error {
	all, err := d.transfersOf(ctx, r.ID)
	if err != nil || len(all) == 0 {
		return err
	}
	past, err := d.cfg.Calls.Journal(ctx, r.ID, 0)
	if err != nil {
		return err
	}
	var last agentcore.Entry
	if len(past) > 0 {
		last = past[len(past)-1]
	}
	var entries []agentcore.Entry
	now := time.Now()
	for i, t := range untold(all, past) {
		e := agentcore.Entry{N: last.N + 1 + i, Version: agentcore.JournalVersion, Wall: now, At: last.At, Sync: true, Event: t.event()}
		if !r.Answered.IsZero() {
			e.At = max(e.At, now.Sub(r.Answered))
		}
		entries = append(entries, e)
	}
	if len(entries) == 0 {
		return nil
	}
	if err := d.append(ctx, r.ID, epoch, entries); err != nil {
		return err
	}
	for _, e := range entries {
		d.cfg.Watch(r.ID, e)
	}
	return nil
}
