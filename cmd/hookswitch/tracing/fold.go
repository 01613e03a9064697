package tracing

import (
	"fmt"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/trace"
	"github.com/hookswitch/hookswitch/telephony"
	oteltrace "go.opentelemetry.io/otel/trace"
)

// Bounds of a trace. A call of hours has a few thousand spans.
const (
	mostParts   = 20000
	mostMoments = 128
	longest     = 30 * 24 * time.Hour // that a journal's times may be from its answer: what is beyond is damaged
)

// folding makes a call's spans of its journal. All of its times are of the clock
// that began with the answer, so that what followed upon each other in the call
// does so in the trace, whichever nodes had it.
type folding struct {
	zero   time.Time // the answer
	latest time.Time
	call   part
	leg    *part // that is on
	turns  map[int]*part
	uses   map[string]use   // of tools, that go on
	handed map[string]*part // transfers, likewise
	parts  []*part
	lost   int // parts that were too many
	epochs int
	told   *part    // the turn that the newest reply answers; nil: it answers none
	spent  [2]int64 // tokens of the model, in thousandths: in and out
	model  string   // "openai gpt-4o"
}

// fold is the trace of a call that is over: the call itself first. lost is how
// many spans were too many.
func fold(r dispatch.Record, entries []agentcore.Entry) (all []part, lost int) {
	f := folding{
		call:  part{is: trace.Call, name: nameCall, kind: oteltrace.SpanKindServer},
		turns: map[int]*part{}, uses: map[string]use{}, handed: map[string]*part{},
	}
	if r.Direction == telephony.Outbound {
		f.call.kind = oteltrace.SpanKindClient
	}
	f.begin(r)
	for _, e := range entries {
		f.entry(e)
	}
	f.finish(r)
	all = append(make([]part, 0, len(f.parts)+1), f.call)
	for _, p := range f.parts {
		if !p.from.IsZero() {
			all = append(all, *p)
		}
	}
	return all, f.lost
}

// begin tells of the call what its record does.
func (f *folding) begin(r dispatch.Record) {
	c := &f.call
	c.cover(r.Created)
	c.set(keyCall.String(string(r.ID)))
	c.set(keyDirection.String(word(string(r.Direction))))
	if r.Conversation != "" {
		c.set(keyConversation.String(r.Conversation))
	}
	if r.Agent != "" {
		c.set(keyAgent.String(label(r.Agent)))
	}
	if r.AgentUUID != "" {
		c.set(keyAgentID.String(r.AgentUUID))
	}
	if a, ok := r.WhoAnswered(); ok {
		c.set(keyAnsweredBy.String(word(string(a.Class))))
	}
}

// entry folds e.
func (f *folding) entry(e agentcore.Entry) {
	now := f.after(e.At)
	switch ev := e.Event.(type) {
	case agentcore.Opened:
		f.opened(e, ev)
		return
	case agentcore.Lost:
		f.closeLeg(now, "lost")
		f.mark("lost", now)
	case agentcore.CallerSaid:
		f.turn(ev.Turn, f.at(ev.StartMS), f.at(ev.EndMS))
	case agentcore.CallerPressed:
		if ev.Slot == "" {
			f.turn(ev.Turn, now)
		}
	case agentcore.Collected:
		if ev.Turn > 0 {
			f.turn(ev.Turn, f.at(ev.StartMS), f.at(ev.EndMS))
		}
	case agentcore.AgentSaid:
		f.said(ev)
	case agentcore.Used:
		f.used(ev)
	case agentcore.ToolIntent:
		f.intent(ev, now)
	case agentcore.ToolResult:
		f.result(ev, now)
	case agentcore.TransferBegan:
		f.transferBegan(ev, now)
	case agentcore.TransferOver:
		f.transferOver(ev, now)
	case agentcore.ProviderError:
		f.mark("provider_error", now, keyPart.String(word(ev.Part)), keyProvider.String(word(firstWord(ev.Provider))), keyFatal.Bool(ev.Fatal))
	case agentcore.Ended:
		f.call.set(keyEnd.String(word(string(ev.Reason))))
		f.call.failed = failure(ev.Reason)
		f.call.cover(e.Wall)
	}
	if now.After(f.latest) {
		f.latest = now
	}
}

// opened folds a leg that was connected.
func (f *folding) opened(e agentcore.Entry, ev agentcore.Opened) {
	if f.zero.IsZero() {
		f.zero = e.Wall.Add(-e.At)
		f.call.cover(f.zero)
	}
	now := f.after(e.At)
	f.closeLeg(now, "replaced")
	f.epochs++
	f.leg = f.add(part{is: fmt.Sprintf("leg/%d", ev.Epoch), in: trace.Call, name: nameLeg})
	f.leg.cover(now)
	f.leg.set(keyEpoch.Int(ev.Epoch))
	f.latest = now
	hears, thinks, speaks := pipeline(ev.Pipeline)
	f.model = thinks
	if thinks != "" {
		f.leg.set(keyHears.String(label(hears)))
		f.leg.set(keyThinks.String(label(thinks)))
		f.leg.set(keySpeaks.String(label(speaks)))
	}
	if ev.Agent != "" {
		f.leg.set(keyAgent.String(label(ev.Agent)))
	}
}

// closeLeg ends the leg that is on, if there is one.
func (f *folding) closeLeg(at time.Time, why string) {
	if f.leg == nil {
		return
	}
	f.leg.cover(at)
	f.leg.set(keyOutcome.String(why))
	f.leg = nil
}

// finish ends what the call left open, and the call.
func (f *folding) finish(r dispatch.Record) {
	end := f.latest
	if f.call.to.After(end) {
		end = f.call.to
	}
	if r.Ended.After(end) {
		end = r.Ended
	}
	f.closeLeg(end, "ended")
	for _, u := range f.uses {
		u.cover(end)
		u.failed = "interrupted"
	}
	for _, p := range f.handed {
		p.cover(end)
	}
	f.call.cover(end)
	for _, p := range f.parts {
		f.call.cover(p.from)
		f.call.cover(p.to)
	}
	f.call.set(keyEpochs.Int(f.epochs))
	tokens(&f.call, f.spent)
	if f.lost > 0 {
		f.call.set(keyTruncated.Bool(true))
	}
}

// add keeps p. Beyond the bound it is made and not kept.
func (f *folding) add(p part) *part {
	if len(f.parts) < mostParts {
		f.parts = append(f.parts, &p)
	} else {
		f.lost++
	}
	return &p
}

// at is a journal's time.
func (f *folding) at(ms int64) time.Time {
	return f.after(time.Duration(min(max(ms, 0), longest.Milliseconds())) * time.Millisecond)
}

// after is a time since the answer; the zero time before anybody answered.
func (f *folding) after(d time.Duration) time.Time {
	if f.zero.IsZero() {
		return time.Time{}
	}
	return f.zero.Add(min(max(d, 0), longest))
}

// pipeline takes apart what an Opened says of who hears, thinks and speaks: empty
// if it says nothing of that.
func pipeline(text string) (hears, thinks, speaks string) {
	parts := strings.Split(text, " | ")
	if len(parts) != 3 {
		return "", "", ""
	}
	_, hears, _ = strings.Cut(parts[0], " -> ")
	speaks, _, _ = strings.Cut(parts[2], " -> ")
	return hears, parts[1], speaks
}

func firstWord(s string) string {
	first, _, _ := strings.Cut(s, " ")
	return first
}

// failure is why a call failed, if that is what its end reason says.
func failure(reason telephony.EndReason) string {
	switch reason {
	case telephony.ProviderFailed, telephony.GatewayFailed, telephony.LineLost, telephony.NotConnected, telephony.Failed:
		return string(reason)
	}
	return ""
}
