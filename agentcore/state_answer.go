package agentcore

import (
	"slices"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/turn"
)

// machine is what a call's journal says of a machine that answered it.
type machine struct {
	aside    bool          // the agent keeps silent for it
	since    time.Duration // it does
	verdicts int           // so far, on the whole call
	message  int           // the reply that leaves the message; 0: it has not begun
	told     int           // replies that told it who is calling
	pressed  bool          // keys were pressed for it
}

// recordingFirst is what a model is told when a person follows a machine. Scripts read
// it: see llm/script.
const recordingFirst = "(The phone system: a recording answered first. A person is on the line now.)"

// whoAnswered folds who is taken to have answered. What the agent said to a
// machine was meant for a person: no goodbye of it counts, and it leaves nobody.
func (s *State) whoAnswered(ev WhoAnswered, at time.Duration) {
	m := &s.machine
	m.verdicts++
	switch {
	case ev.Aside && !m.aside:
		m.since = at
		s.Goodbye, s.Leaving = false, false
	case m.aside && !ev.Class.Machine():
		s.noteBefore(recordingFirst)
	}
	m.aside = ev.Aside
}

// noteBefore notes what is true of the caller's newest words, whether they are
// known or still awaited.
func (s *State) noteBefore(note string) {
	at := len(s.items)
	if !s.voice && at > 0 && s.items[at-1].caller != "" {
		at--
	}
	s.items = slices.Insert(slices.Clip(s.items), at, item{note: note})
}

// toMachine folds that a reply to a machine begins.
func (s *State) toMachine(why string) {
	switch turn.Why(why) {
	case turn.Screening:
		s.machine.told++
	case turn.Menu:
		s.machine.pressed = true
	}
}
