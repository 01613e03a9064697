package tracing

import (
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/trace"
)

// turn is a caller's turn: from their first sample to the last of the answer that
// was played.
func (f *folding) turn(n int, cover ...time.Time) *part {
	p := f.turns[n]
	if p == nil {
		p = f.add(part{is: turnName(n), in: trace.Call, name: nameTurn, attrs: []attribute.KeyValue{invokesAgent, keyTurn.Int(n)}})
		f.turns[n] = p
	}
	for _, at := range cover {
		p.cover(at)
	}
	return p
}

func turnName(n int) string { return fmt.Sprintf("turn/%d", n) }

// said folds a reply that is over: a part of the turn that it answers, with the
// stages of its gap, or else one of the call. What nobody heard is none.
func (f *folding) said(ev agentcore.AgentSaid) {
	f.told = f.turns[ev.Turn]
	if ev.EndMS <= ev.StartMS {
		return
	}
	start, end := f.at(ev.StartMS), f.at(ev.EndMS)
	reply := part{is: fmt.Sprintf("reply/%d", ev.Reply), in: trace.Call, name: nameReply}
	if ev.Turn > 0 {
		f.told = f.turn(ev.Turn, start, end)
		reply.in = turnName(ev.Turn)
	}
	p := f.add(reply)
	p.cover(start)
	p.cover(end)
	p.set(keyWhy.String(word(ev.Why)))
	p.set(keyCut.Bool(ev.Cut))
	if ev.Parts != nil && ev.Turn > 0 {
		f.stages(ev)
	}
}

// stages are where a reply's gap went. The journal tells how long each was, and
// not where a tool interrupted the model: all that tools took is shown before the
// model's part, their own spans say when it was.
func (f *folding) stages(ev agentcore.AgentSaid) {
	p := ev.Parts
	gap := p.Sum()
	at := ev.StartMS - gap // the caller's last sample that had voice
	if gap < 0 || at < 0 {
		return
	}
	turn := f.turn(ev.Turn, f.at(at))
	turn.set(keyGap.Int64(gap))
	for _, s := range []struct {
		name string
		took int64
	}{
		{stageEndpoint, p.Endpoint}, {stageRecognise, p.Recognise}, {stageTool, p.Tool},
		{stageModel, p.Model}, {stageVoice, p.Voice}, {stageLine, p.Line},
	} {
		if s.took < 0 || s.took > ev.StartMS-at {
			return // they do not sum: the journal is damaged
		}
		if s.name == stageTool && s.took == 0 {
			continue // it used none
		}
		stage := f.add(part{is: fmt.Sprintf("reply/%d/%s", ev.Reply, s.name), in: turn.is, name: s.name})
		stage.cover(f.at(at))
		at += s.took
		stage.cover(f.at(at))
		if s.name == stageModel {
			f.asked(stage)
		}
	}
}

// used folds what was used since the last time: an entry of it follows each reply.
func (f *folding) used(ev agentcore.Used) {
	var now [2]int64
	for _, u := range ev.Uses {
		if u.Stage != string(provider.Model) || u.N < 0 {
			continue
		}
		switch u.Unit {
		case string(provider.InputTokens):
			now[0] += int64(u.N)
		case string(provider.OutputTokens):
			now[1] += int64(u.N)
		}
	}
	if f.told != nil {
		tokens(f.told, now)
		f.told = nil
	}
	f.spent[0], f.spent[1] = f.spent[0]+now[0], f.spent[1]+now[1]
}

// tokens adds how many a model read and wrote, if it did, given in thousandths.
func tokens(p *part, n [2]int64) {
	if n[0] > 0 {
		p.set(keyInputTokens.Int64(n[0] / 1000))
	}
	if n[1] > 0 {
		p.set(keyOutputTokens.Int64(n[1] / 1000))
	}
}

// asked tells of the model's part which model it was.
func (f *folding) asked(p *part) {
	p.set(chats)
	if f.model == "" {
		return
	}
	name := firstWord(f.model)
	p.set(maker(name))
	if model := f.model[len(name):]; model != "" {
		p.set(keyModel.String(label(model[1:])))
	}
}

// use is a tool that is at work.
type use struct {
	*part
	turn *part // nil: it is for no turn that we know
}

// intent folds a tool that is about to be used.
func (f *folding) intent(ev agentcore.ToolIntent, now time.Time) {
	in, turn := trace.Call, f.turns[ev.Turn]
	if turn != nil {
		in = turn.is
		turn.cover(now)
	}
	name := word(ev.Name)
	p := f.add(part{is: trace.Tool(ev.Key), in: in, name: nameTool + " " + name})
	p.attrs = []attribute.KeyValue{executesTool, keyTool.String(name), keyToolCall.String(label(ev.Key))}
	p.cover(now)
	f.uses[ev.Key] = use{p, turn}
}

// result folds what came of it.
func (f *folding) result(ev agentcore.ToolResult, now time.Time) {
	u, ok := f.uses[ev.Key]
	if !ok {
		return
	}
	delete(f.uses, ev.Key)
	u.cover(now)
	if u.turn != nil {
		u.turn.cover(now)
	}
	if ev.Failed {
		u.failed = "tool_failed"
	}
}

// transferBegan and transferOver fold a call that is handed to somebody else. Who
// that is stays out of it.
func (f *folding) transferBegan(ev agentcore.TransferBegan, now time.Time) {
	p := f.add(part{is: "transfer/" + ev.Transfer, in: trace.Call, name: nameTransfer})
	p.cover(now)
	p.set(keyHow.String(word(ev.How)))
	f.handed[ev.Transfer] = p
}

func (f *folding) transferOver(ev agentcore.TransferOver, now time.Time) {
	p := f.handed[ev.Transfer]
	if p == nil {
		return
	}
	delete(f.handed, ev.Transfer)
	p.cover(now)
	p.set(keyOutcome.String(word(ev.Outcome)))
}

// mark is an event of the call.
func (f *folding) mark(name string, at time.Time, attrs ...attribute.KeyValue) {
	if at.IsZero() {
		return
	}
	if len(f.call.moments) == mostMoments {
		f.call.set(keyTruncated.Bool(true))
		return
	}
	f.call.moments = append(f.call.moments, moment{name, at, attrs})
}
