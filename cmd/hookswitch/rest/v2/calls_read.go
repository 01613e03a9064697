package v2

import (
	"context"
	"net/http"
	"slices"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/roster"
)

type callAnswer struct {
	Success bool     `json:"success"`
	Item    callItem `json:"item"`
}

type transcriptAnswer struct {
	Success  bool                  `json:"success"`
	Items    []agentcore.Utterance `json:"items" doc:"In the order in which they began; what the caller did not hear of the agent's stands in unheard."`
	Count    int                   `json:"count"`
	Complete bool                  `json:"complete" doc:"The call is over: nothing will be added."`
}

type latencyAnswer struct {
	Success bool        `json:"success"`
	Items   []latency   `json:"items" doc:"The answered turns, in order."`
	Count   int         `json:"count"`
	Summary latencyWhat `json:"summary"`
}

// latency is what the answer to one turn took. The parts sum to the gap.
type latency struct {
	Turn  int             `json:"turn"`
	AtMS  int64           `json:"at_ms" doc:"The agent's first sound, since the call was answered."`
	GapMS int64           `json:"gap_ms" doc:"From the caller's last word to it: what the caller felt."`
	Parts agentcore.Parts `json:"parts" doc:"Where the gap went; they sum to it."`
}

type latencyWhat struct {
	Median orNull[int64] `json:"median_gap_ms"`
	P95    orNull[int64] `json:"p95_gap_ms"`
	Max    orNull[int64] `json:"max_gap_ms"`
}

// readCalls registers what one call is read with.
func (a *API) readCalls() {
	handle(a, operation{
		ID: "get-call", Method: http.MethodGet, Path: "/calls/{id}", Tag: tagCalls, Thing: "Call",
		Summary: "Get call", Scope: roster.CallsRead, Fail: "Failed to get call",
		About: "Returns a call. While it runs, `live` says what goes on in it. `transfers` are whom it was handed to, and what came of that. `answer` is who answered a call that was placed, why we take it for that, and what was left. `usage` is what it used of what is billed, and `cost` what that came to. `webhooks` are what was asked before it and told after it, and why that failed.",
	}, func(ctx context.Context, in *CallPath) (*reply[callAnswer], error) {
		r, err := a.call(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		n, err := a.Calls.Store.Numbers(ctx, r.ID)
		if err != nil {
			return nil, err
		}
		item := callItemOf(r, n, a.Now())
		item.Checks = checksOf(r.Proof)
		if item.Answer.Is != nil {
			item.Answer.Is.Evidence = evidenceOf(r)
		}
		item.Usage = usageOf(r)
		if item.Cost.Is != nil {
			item.Cost.Is.withParts(r)
		}
		transfers, err := a.transfersOf(ctx, r)
		if err != nil {
			return nil, err
		}
		item.Transfers = transferItems(transfers, a.Now())
		if item.Webhooks, err = a.webhooksOf(ctx, r); err != nil {
			return nil, err
		}
		if !r.Over() {
			entries, err := a.Calls.Store.JournalPage(ctx, r.ID, max(0, r.Last-recent), 0)
			if err != nil {
				return nil, err
			}
			item.Live = liveOf(entries)
			item.Live.Turn = max(item.Live.Turn, n.Turns)
			if item.Live.State == "connecting" {
				item.Live.Since = instant(r.Created)
			}
			item.Live.away(transfers)
		}
		return &reply[callAnswer]{callAnswer{true, item}}, nil
	})
	handle(a, operation{
		ID: "get-transcript", Method: http.MethodGet, Path: "/calls/{id}/transcript", Tag: tagCalls, Thing: "Call",
		Summary: "Get transcript", Scope: roster.CallsRead, Fail: "Failed to get transcript",
		About: "Returns what was said, as it was heard: of a sentence that was interrupted, `text` is what the caller heard and `unheard` the rest.",
	}, func(ctx context.Context, in *CallPath) (*reply[transcriptAnswer], error) {
		r, err := a.call(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		entries, err := a.journal(ctx, r.ID, 0)
		if err != nil {
			return nil, err
		}
		lines := agentcore.Transcript(entries)
		if lines == nil {
			lines = []agentcore.Utterance{}
		}
		return &reply[transcriptAnswer]{transcriptAnswer{true, lines, len(lines), r.Over()}}, nil
	})
	handle(a, operation{
		ID: "get-latency", Method: http.MethodGet, Path: "/calls/{id}/latency", Tag: tagCalls, Thing: "Call",
		Summary: "Get latency", Scope: roster.CallsRead, Fail: "Failed to get latency",
		About: "Returns, for each turn that was answered, how long the caller waited and where the time went, in milliseconds.",
	}, func(ctx context.Context, in *CallPath) (*reply[latencyAnswer], error) {
		r, err := a.call(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		entries, err := a.journal(ctx, r.ID, 0)
		if err != nil {
			return nil, err
		}
		return &reply[latencyAnswer]{latencyOf(agentcore.Transcript(entries))}, nil
	})
}

func latencyOf(lines []agentcore.Utterance) latencyAnswer {
	out := latencyAnswer{Success: true, Items: []latency{}}
	var gaps []int64
	for _, l := range lines {
		if l.Parts != nil {
			out.Items = append(out.Items, latency{l.Turn, l.StartMS, l.GapMS, *l.Parts})
			gaps = append(gaps, l.GapMS)
		}
	}
	out.Count = len(gaps)
	if len(gaps) > 0 {
		slices.Sort(gaps)
		// The nearest rank: a gap that was. Rounded down, the 95th of four would hide the worst.
		at := func(percent int) orNull[int64] { return orNull[int64]{&gaps[(len(gaps)*percent+99)/100-1]} }
		out.Summary = latencyWhat{at(50), at(95), at(100)}
	}
	return out
}
