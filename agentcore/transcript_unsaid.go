package agentcore

import (
	"slices"
	"strings"

	"github.com/hookswitch/hookswitch/agentcore/turn"
)

// unsaid is a reply that was planned and of which no AgentSaid told the end. If
// the process died, none ever will: what is known to have been heard is then all
// that the transcript has.
type unsaid struct {
	Item
	planned, heard []string
}

func (s *Script) plan(at int64, ev Planned) {
	if s.open == nil || s.open.Reply != ev.Reply {
		s.open = &unsaid{Item: Item{Kind: ItemAgent, At: at, End: at, Reply: ev.Reply, Why: ev.Why, Cut: true}}
		if ev.Why == string(turn.Answer) {
			s.open.Turn = s.turn
		}
	}
	s.open.planned = append(s.open.planned, ev.Text)
	s.open.heard = append(s.open.heard, "")
}

func (u *unsaid) hear(at int64, ev Heard) {
	if u == nil || u.Reply != ev.Reply || ev.Phrase < 0 || ev.Phrase >= len(u.planned) ||
		!strings.HasPrefix(u.planned[ev.Phrase], ev.Text) {
		return
	}
	u.heard[ev.Phrase], u.End = ev.Text, at
}

// breakOff shows the reply that nobody finished.
func (s *Script) breakOff() {
	u := s.open
	s.open = nil
	if u == nil {
		return
	}
	var rest []string
	for i, p := range u.planned {
		rest = append(rest, strings.TrimSpace(strings.TrimPrefix(p, u.heard[i])))
	}
	blank := func(s string) bool { return s == "" }
	u.Text = strings.Join(slices.DeleteFunc(u.heard, blank), " ")
	u.Unheard = strings.Join(slices.DeleteFunc(rest, blank), " ")
	if u.Text != "" || u.Unheard != "" {
		s.keep(u.Item)
	}
}
