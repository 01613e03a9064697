package show

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/hookswitch/hookswitch/agentcore/answer"
	"github.com/hookswitch/hookswitch/agentcore/answer/replay"
)

// happened is something on a recording, at the time at which it was known.
type happened struct {
	at    int64
	order int // among what was known at once: what was heard, what it says, what is made of it
	print func(p *printer)
}

// Replayed prints how it was found out who answered on a recording, and who it is.
func (s *Screen) Replayed(t replay.Timeline) {
	p := s.printer()
	p.newline()
	for _, h := range story(t) {
		h.print(p)
	}
	p.newline()
	p.spaces(1)
	p.put(Class(t.Verdict.Class), styleOf(t.Verdict.Class))
	if t.Verdict.Class != answer.Unknown {
		p.b.WriteString(fmt.Sprintf("   %.2f, known at %s", t.Verdict.Confidence, clock(t.Verdict.AtMS)))
	} else {
		p.b.WriteString("   taken for a person, as everybody is about whom nothing is clear")
	}
	p.newline()
	s.print(p)
}

// story is all that t tells, in the order of time.
func story(t replay.Timeline) []happened {
	var all []happened
	add := func(at int64, order int, print func(p *printer)) { all = append(all, happened{at, order, print}) }
	for _, w := range t.Words {
		text, label := w.Text, span{}
		if !w.Final {
			label = span{"a guess", grey}
		}
		if text == "" {
			text = "(words)"
		}
		add(w.KnownMS, 0, func(p *printer) { p.said(w.BeganMS, "line", cyan, []span{{Clean(text), none}}, label) })
	}
	for _, m := range t.Agent {
		add(m.EndedMS, 0, func(p *printer) {
			p.said(m.BeganMS, "agent", green, []span{{"speaks for " + seconds(m.EndedMS-m.BeganMS), none}}, span{})
		})
	}
	for _, e := range t.Evidence() {
		text := fmt.Sprintf("%s -> %s %+.1f", Clean(e.What), Class(e.For), e.Weight)
		add(e.EndedMS, 1, func(p *printer) { p.carrier(e.EndedMS, Clean(e.Kind), text, grey) })
	}
	for _, v := range t.Changes {
		add(v.AtMS, 2, func(p *printer) {
			p.carrier(v.AtMS, "verdict", fmt.Sprintf("%s %.2f", Class(v.Class), v.Confidence), styleOf(v.Class))
		})
	}
	for _, c := range t.Cues {
		add(c.KnownMS, 3, func(p *printer) { p.carrier(c.KnownMS, "cue", cue(c), grey) })
	}
	slices.SortStableFunc(all, func(a, b happened) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.order, b.order))
	})
	return all
}

func cue(c replay.CueMark) string {
	switch c.Cue {
	case "leave":
		return "leave the message; from " + clock(c.AtMS) + " on it is recorded"
	case "reply":
		return "reply; it has paused"
	case "done":
		return "nobody listens for who answered from here on"
	}
	return Clean(c.Cue)
}

func styleOf(c answer.Class) style {
	switch {
	case c.Machine():
		return yellow
	case c == answer.Human:
		return green
	}
	return grey
}
