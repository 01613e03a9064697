package agentcore

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// Who has the floor: [FloorTaken].By. Nobody is empty.
const (
	byOwn    = "own"    // an agent that talks here
	byWorker = "worker" // one that talks somewhere else, and the call is bridged to it
)

// floorTaken folds that another has the floor. What was said stays, what was open
// is dropped: a sentence that was cut, a goodbye, a transfer, keys that are
// awaited. A caller who waits for an answer, or for the rest of one that a tool
// was used for, waits for the new one; but what they told an agent somewhere else
// was for that one alone.
func (s *State) floorTaken(ev FloorTaken, at time.Duration) {
	s.Waiting = (s.Waiting || s.Owes) && !s.bridged
	if len(s.items) > 0 || s.bridged {
		s.items = s.handedOn()
	}
	s.left(at)
	if on := s.Transfer.Transfer; on != "" {
		s.ended = append(slices.Clip(s.ended), on)
	}
	s.Rest, s.Planned, s.Owes, s.Goodbye, s.Leaving, s.Untold, s.told = "", false, false, false, false, false, false
	s.Transfer, s.Collect, s.keyed, s.reply = TransferBegan{}, CollectBegan{}, "", nil
	s.Floor, s.Nobody, s.bridged = ev.Job, ev.By == "", ev.By == byWorker
	s.holder, s.taken = ev.Agent, at
	s.machine.aside = false
}

// change is where in a conversation the floor went to another.
type change struct {
	from    string // who had it; empty: nobody
	bridged bool   // and what was said to them is not known here
}

// handedOn are the items for who has the floor next. Tools that were used become
// notes, for the new one may have none of that name; and who talked so far is
// noted before what the caller still waits to be answered.
func (s *State) handedOn() []item {
	items := slices.Clone(s.items)
	for i, it := range items {
		if it.tool != nil {
			items[i] = item{note: it.tool.note(s.holder)}
		}
	}
	return slices.Insert(items, s.unanswered(), item{change: &change{s.holder, s.bridged}})
}

// unanswered is the first item of the caller's turn that waits for an answer, or
// where the next item goes.
func (s *State) unanswered() int {
	if !s.Waiting {
		return len(s.items)
	}
	at := len(s.items)
	for at > 0 && s.items[at-1].caller == "" {
		at--
	}
	for at > 0 && (s.items[at-1].caller != "" || s.items[at-1].note != "") {
		at--
	}
	return at
}

// note is what a model is told of a change; last says that it is the model that
// has the floor since. Scripts read it: see llm/script.
func (c *change) note(last bool) string {
	var text []string
	if c.from != "" {
		text = append(text, "Up to here the caller talked to "+plainly(c.from, mostTo)+".")
	}
	if c.bridged {
		text = append(text, "What was said is not known.")
	}
	if last {
		text = append(text, "From here on they talk to you.")
	}
	if len(text) == 0 {
		return ""
	}
	return "(The phone system: " + strings.Join(text, " ") + ")"
}

// note is what a model is told of a tool that an agent before it has used.
func (t *toolItem) note(agent string) string {
	who := plainly(agent, mostTo)
	if who == "" {
		who = "another agent"
	}
	with, result := "", "what came of it is not known"
	if args := t.intent.Arguments; args != "" && args != "{}" {
		with = " with " + plainly(loosely(args), mostReason)
	}
	if t.result != nil {
		result = plainly(loosely(t.result.Text), mostReason)
	}
	return "(The phone system: " + who + " has used the tool " + variable(t.intent.Name) + with + ". Result: " + strings.TrimRight(result, ".") + ".)"
}

// loosely is JSON as people would say it: names and values, no signs. Other text
// stays as it is.
func loosely(text string) string {
	if !json.Valid([]byte(text)) {
		return text
	}
	return strings.NewReplacer(`":`, `: `, `",`, `, `).Replace(text)
}

// line is a change of the floor in a transcript.
func (ev FloorTaken) line() string {
	who := plainly(ev.Agent, mostTo)
	switch {
	case ev.By == "":
		return "nobody talks to the caller"
	case who == "":
		who = "another agent"
	}
	return who + " has the call now"
}
