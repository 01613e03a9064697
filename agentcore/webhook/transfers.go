package webhook

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
)

// Bounds of what is told of transfers.
const (
	maxTransfers = 50 // in an event
	maxLabel     = 80 // characters, in a summary
	maxWhy       = 120

	// settleTime is how long a post_call waits for the transfers of its call: who
	// was being called when the caller hung up is let go a moment after it.
	settleTime = 30 * time.Second
	settlePoll = time.Second
)

// Transfer is what an [Event] tells of one of the call's transfers.
type Transfer struct {
	ID         string  `json:"id"`
	To         string  `json:"to"`      // what the agent's list calls them; no number
	Kind       string  `json:"kind"`    // blind, conference, warm
	Status     string  `json:"status"`  // over, but for one that was lost sight of
	Outcome    *string `json:"outcome"` // completed, busy, no_answer, failed, declined, voicemail, silent, canceled
	Reason     *string `json:"reason"`
	StartedAt  string  `json:"started_at"`
	AnsweredAt *string `json:"answered_at"`
	BridgedAt  *string `json:"bridged_at"` // when the caller was connected
	EndedAt    *string `json:"ended_at"`
	Waited     float64 `json:"waited_seconds"` // from its start until they were connected, or it was over
	Talked     float64 `json:"talked_seconds"`
}

// transfersOf are all as an event tells them; until is the end of their call.
func transfersOf(all []dispatch.Transfer, until time.Time) []Transfer {
	told := make([]Transfer, 0, min(len(all), maxTransfers))
	for _, t := range all[:min(len(all), maxTransfers)] {
		waited, talked := TransferTimes(t, until)
		told = append(told, Transfer{
			ID: string(t.ID), To: t.Label, Kind: t.Kind, Status: t.Status, Outcome: orNull(t.Outcome), Reason: orNull(t.Reason),
			StartedAt: stamp(t.Created), AnsweredAt: orNull(stamp(t.Answered)), BridgedAt: orNull(stamp(t.Bridged)), EndedAt: orNull(stamp(t.Ended)),
			Waited: waited.Seconds(), Talked: talked.Seconds(),
		})
	}
	return told
}

// TransferTimes tells how long a caller waited to be connected, and talked then,
// to the millisecond. What goes on still is counted up to now.
func TransferTimes(t dispatch.Transfer, now time.Time) (waited, talked time.Duration) {
	end := t.Ended
	if end.IsZero() {
		end = now
	}
	connected := t.Bridged
	if connected.IsZero() {
		connected = end
	}
	return max(0, connected.Sub(t.Created)).Truncate(time.Millisecond), max(0, end.Sub(connected)).Truncate(time.Millisecond)
}

// unsettled is when to look again, while a transfer of a call that is over is
// not; 0: now is the time to tell. Every attempt is to say the same.
func (m matter) unsettled(now time.Time) time.Duration {
	open := slices.ContainsFunc(m.transfers, func(t dispatch.Transfer) bool { return !t.Over() })
	if !open || now.Sub(m.call.Ended) >= settleTime {
		return 0
	}
	return settlePoll
}

// handovers are sentences that say what came of transfers.
func handovers(all []dispatch.Transfer) []string {
	var told []string
	for _, t := range all[:min(len(all), maxTransfers)] {
		to, why := shorten(oneLine(t.Label), maxLabel), shorten(oneLine(t.Reason), maxWhy)
		switch {
		case t.Outcome == dispatch.OutcomeCompleted:
			told = append(told, fmt.Sprintf("The call was transferred to %q: they talked for %d s.", to, int64(t.Talked().Seconds())))
		case t.Outcome == "":
			told = append(told, fmt.Sprintf("The call was being transferred to %q.", to))
		case why == "":
			told = append(told, fmt.Sprintf("The transfer to %q came to nothing: %s.", to, strings.ReplaceAll(t.Outcome, "_", " ")))
		default:
			told = append(told, fmt.Sprintf("The transfer to %q came to nothing: %s.", to, strings.TrimSuffix(why, ".")))
		}
	}
	return told
}

func oneLine(s string) string { return strings.Join(strings.Fields(clean(s)), " ") }

// orNull is nil for what is empty.
func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
