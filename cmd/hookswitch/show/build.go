package show

import (
	"slices"
	"strings"

	"github.com/hookswitch/hookswitch/agentcore"
)

// Fill sets what a call's journal tells about it: how it ended, how long it
// lasted, and its turns. What only the far end knows (the persona's words, its
// own gaps, violations) is left to the caller.
func (c *Call) Fill(entries []agentcore.Entry) {
	for _, e := range entries {
		switch ev := e.Event.(type) {
		case agentcore.Opened:
			c.Direction, c.Agent, c.Pipeline = ev.Direction, ev.Agent, ev.Pipeline
		case agentcore.Ended:
			c.EndReason, c.LastedMS = ev.Reason, e.At.Milliseconds()
		}
	}
	c.Turns = Turns(entries)
}

// Turns builds a call's turns from its journal, in their order.
func Turns(entries []agentcore.Entry) []Turn {
	b := turns{ends: map[int]int64{}}
	for _, e := range entries {
		b.add(e)
	}
	out := make([]Turn, 0, len(b.list))
	for _, t := range b.list {
		out = append(out, *t)
	}
	slices.SortStableFunc(out, func(a, b Turn) int { return a.Turn - b.Turn })
	return out
}

type turns struct {
	list []*Turn
	talk *agentcore.TalkOver // that no turn has had yet
	ends map[int]int64       // of the replies that were cut

	machine bool // it is one that speaks: what it says is nobody's turn
}

func (b *turns) turn(n int) *Turn {
	for _, t := range slices.Backward(b.list) {
		if t.Turn == n {
			return t
		}
	}
	t := &Turn{Turn: n}
	b.list = append(b.list, t)
	return t
}

func (b *turns) add(e agentcore.Entry) {
	switch ev := e.Event.(type) {
	case agentcore.WhoAnswered:
		b.answered(ev)
	case agentcore.CallerSaid:
		if b.machine {
			b.talk = nil
			return
		}
		b.began(b.turn(ev.Turn), ev.StartMS, ev.EndMS, ev.TalkedOver).said(ev.Text)
	case agentcore.CallerPressed:
		at := e.At.Milliseconds()
		b.began(b.turn(ev.Turn), at, at, false).Keys += ev.Digit
	case agentcore.NotUnderstood:
		b.talk = nil // it belongs to no turn
	case agentcore.TalkOver:
		b.talk = &ev
	case agentcore.AgentSaid:
		b.agent(ev)
	}
}

// answered notes who speaks from here on. What a machine had said before that was
// known, nobody need have answered.
func (b *turns) answered(ev agentcore.WhoAnswered) {
	b.machine = ev.Aside
	if ev.Aside {
		b.list = slices.DeleteFunc(b.list, func(t *Turn) bool { return !t.Answered })
	}
}

// began notes that the caller spoke, or pressed a key, from start to end.
func (b *turns) began(t *Turn, start, end int64, over bool) *Turn {
	if t.CallerHeard == "" && t.Keys == "" {
		t.CallerStartMS = start
	}
	t.CallerEndMS = max(t.CallerEndMS, end)
	t.TalkedOver = t.TalkedOver || over || b.talk != nil
	if b.talk != nil {
		t.CutClearMS = b.talk.ClearMS - b.talk.StartMS
		t.CutSilentMS = max(b.talk.ClearMS, b.ends[b.talk.Reply]) - b.talk.StartMS
		b.talk = nil
	}
	return t
}

func (t *Turn) said(text string) { t.CallerHeard = join(t.CallerHeard, text) }

func (b *turns) agent(ev agentcore.AgentSaid) {
	if ev.Cut {
		b.ends[ev.Reply] = ev.EndMS
	}
	if ev.Turn == 0 {
		return // a greeting, a prompt
	}
	t := b.turn(ev.Turn)
	if !t.Answered {
		t.AgentStartMS = ev.StartMS
	}
	if ev.Parts != nil && t.Parts == nil {
		p := Parts(*ev.Parts)
		t.Parts, t.GapMS = &p, p.Sum()
	}
	t.Answered = t.Answered || ev.Text != ""
	t.AgentSaid = join(t.AgentSaid, ev.Text)
	t.AgentUnheard = join(t.AgentUnheard, ev.Unheard)
	t.AgentEndMS = max(t.AgentEndMS, ev.EndMS)
}

func join(a, b string) string {
	return strings.TrimSpace(a + " " + strings.TrimSpace(b))
}
