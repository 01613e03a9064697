package agentcore

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/tools"
	"github.com/hookswitch/hookswitch/agentcore/vars"
)

// How the collecting of digits ends.
const (
	byTerminator = "terminator" // the key that ends them
	byCount      = "full"       // no more may come
	byTimeout    = "timeout"    // none came for too long
	bySpeech     = "speech"     // the caller spoke instead
	byLoss       = "lost"       // the value went with the line or the process
)

// Bounds of what is collected.
const (
	mostKeys     = 64
	firstKeyWait = 10 * time.Second
	nextKeyWait  = 3 * time.Second
	mostKeyWait  = time.Minute
)

// collectBegan is what the journal says of what a tool wants to have keyed in.
func collectBegan(c tools.Collect) CollectBegan {
	within := func(d, or time.Duration) int64 {
		if d <= 0 {
			d = or
		}
		return min(d, mostKeyWait).Milliseconds()
	}
	if c.Max <= 0 || c.Max > mostKeys {
		c.Max = mostKeys
	}
	return CollectBegan{
		Slot: tools.Cut(c.Slot, 4*vars.MaxKey), Min: max(0, min(c.Min, c.Max)), Max: c.Max,
		Terminator: c.Terminator[:min(1, len(c.Terminator))], Sensitive: c.Sensitive,
		FirstMS: within(c.First, firstKeyWait), BetweenMS: within(c.Between, nextKeyWait),
	}
}

// wait is how long the caller has for the key behind n others.
func (ev CollectBegan) wait(n int) time.Duration {
	ms := ev.BetweenMS
	if n == 0 {
		ms = ev.FirstMS
	}
	return time.Duration(ms) * time.Millisecond
}

// masked stands for n keys that nobody may see.
func masked(n int) string { return strings.Repeat("*", n) }

// pressed folds a key.
func (s *State) pressed(ev CallerPressed, at time.Duration) {
	switch {
	case ev.Slot == "":
		s.callerTurn(ev.Turn, "["+ev.Digit+"]")
	case ev.Slot == s.Collect.Slot && len(s.keyed) < mostKeys:
		s.keyed += ev.Digit
	case ev.Slot == s.leftover.on.Slot:
		s.leftover.key(at)
	}
}

// collected folds what came of collecting digits. It is the caller's turn; but a
// value that was lost behind everybody's back is only a note.
func (s *State) collected(ev Collected) {
	if ev.Slot == s.Collect.Slot {
		s.Collect, s.keyed = CollectBegan{}, ""
	}
	if ev.Complete || ev.How == byLoss {
		s.hidden = slices.DeleteFunc(slices.Clone(s.hidden), func(name string) bool { return name == ev.Slot })
		s.Assigned = vars.Merge(s.Assigned)
		delete(s.Assigned, ev.Slot)
	}
	if ev.Complete {
		s.Assigned[ev.Slot] = ev.Digits
		if ev.Sensitive {
			s.hidden = append(s.hidden, ev.Slot)
		}
	}
	if ev.Turn == 0 {
		s.items = append(s.items, item{note: ev.note()})
		return
	}
	s.callerTurn(ev.Turn, ev.note())
}

// note is what a model is told of it, in the place of the caller's words. Scripts
// read it: see llm/script.
func (ev Collected) note() string {
	slot, n := variable(ev.Slot), len(ev.Digits)
	shown := plainly(ev.Digits, mostKeys)
	if ev.Sensitive {
		shown = masked(n)
	}
	text := ""
	switch {
	case ev.How == byLoss:
		text = "the line was lost, and with it what the caller keyed in for " + slot + ". Ask for it again if it is needed."
	case ev.Complete && ev.Sensitive:
		text = fmt.Sprintf("the caller keyed in %s: %s. You can't see it, tools get it as {{%s}}.", slot, shown, slot)
	case ev.Complete:
		text = fmt.Sprintf("the caller keyed in %s: %s.", slot, shown)
	case ev.How == bySpeech && n == 0:
		text = "the caller spoke instead of keying in " + slot + "."
	case ev.How == bySpeech:
		text = fmt.Sprintf("the caller spoke instead of keying in the rest of %s. So far they had keyed in %s.", slot, shown)
	case n == 0:
		text = "the caller keyed in nothing for " + slot + "."
	default:
		text = fmt.Sprintf("the caller keyed in only %s for %s, at least %d keys are wanted.", shown, slot, ev.Least)
	}
	return "(The phone system: " + text + ")"
}

// variable is the name of a variable as plain words, with the "_" that tools and
// scripts know it by.
func variable(name string) string {
	parts := strings.Split(tools.Cut(name, 4*vars.MaxKey), "_")
	for i, part := range parts {
		parts[i] = plainly(part, vars.MaxKey)
	}
	return strings.Join(parts, "_")
}

// keyed shows what the caller keyed in.
func (s *Script) keyed(ev Collected) {
	if ev.Turn == 0 {
		return
	}
	if s.turn = ev.Turn; ev.Digits != "" {
		s.keep(Item{Kind: ItemKey, At: ev.StartMS, End: ev.EndMS, Turn: ev.Turn, Text: ev.Digits, Talk: s.talked()})
	}
}
