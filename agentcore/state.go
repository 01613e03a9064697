package agentcore

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/turn"
	"github.com/hookswitch/hookswitch/agentcore/vars"
	"github.com/hookswitch/hookswitch/telephony"
)

// State is where a conversation stands: everything that its journal says and
// that matters for going on. It is made by folding the journal's entries, while
// the call runs and after a crash alike.
type State struct {
	Last     int       // number of the last entry
	Answered time.Time // when the first leg was connected; zero before
	Epoch    int       // of the last leg
	Turn     int       // the caller's turns so far
	Reply    int       // the newest reply's number
	Waiting  bool      // the caller's last words have not been answered
	Rest     string    // the phrases of the last reply that were not heard to their end
	Planned  bool      // an answer to them was planned
	Owes     bool      // the last answer used a tool and has said nothing since: there is more to come
	Goodbye  bool      // a tool ended the call; what is being said are its last words
	Leaving  bool      // a tool handed the call over; what is being said are the agent's last words
	Untold   bool      // what became of a transfer is news to the caller
	Assigned vars.Set  // variables that tools have set. Never changed, only replaced
	Floor    string    // id of the job that has the floor; empty: the call's own agent, or nobody
	Nobody   bool      // nobody has it
	End      telephony.EndReason

	Transfer TransferBegan // that is on; zero when none is
	Collect  CollectBegan  // what the caller is to key in; zero when it is nothing

	items []item // the conversation, in order
	uses  int    // of tools, in this turn
	reply *spoken

	since time.Duration // when Transfer began
	ended []string      // transfers that are over
	told  bool          // a reply was planned that tells what is Untold

	holder  string        // name of who has the floor
	bridged bool          // they talk somewhere else
	taken   time.Duration // when they got it
	voice   bool          // the caller has begun to speak, and what they said is not known yet

	Answer  Answer // who answered, and what was left; zero when nobody asked
	machine machine

	keyed    string   // of Collect; "*" for each key if it is sensitive
	leftover leftover // keys for who has the floor no more
	collects int      // begun so far
	hidden   []string // variables whose values only memory has
}

// spoken is the reply that is being said.
type spoken struct {
	number  int
	why     string
	filler  int // phrases before the first that says anything
	planned []string
	heard   []string
	tail    string // Resume: what of the rest is not planned yet
	excuse  int    // Resume: phrases before the rest
}

var errEntry = errors.New("agentcore: the journal is damaged")

// Resume rebuilds a conversation from a journal or any prefix of it. Entries of
// a reply that was being said stay open: what of them was heard beyond what the
// journal says is unknown.
func Resume(entries []Entry) (State, error) {
	var s State
	for _, e := range entries {
		if err := s.apply(e); err != nil {
			return State{}, err
		}
	}
	return s, nil
}

// apply folds e into s.
func (s *State) apply(e Entry) error {
	switch {
	case e.N != s.Last+1:
		return fmt.Errorf("%w: entry %d follows %d", errEntry, e.N, s.Last)
	case e.Version > JournalVersion:
		return fmt.Errorf("%w: entry %d is of version %d, this build reads up to %d", errEntry, e.N, e.Version, JournalVersion)
	case s.End != "":
		return fmt.Errorf("%w: entry %d follows the end", errEntry, e.N)
	}
	s.Last = e.N
	s.Answer, _ = s.Answer.Fold(e)
	switch ev := e.Event.(type) {
	case Opened:
		if s.Answered.IsZero() {
			s.Answered = e.Wall.Add(-e.At)
		}
		s.Epoch = ev.Epoch
		if s.Floor == "" && !s.Nobody {
			s.holder = ev.Agent
		}
		if s.Waiting || s.Untold || s.Leaving { // nothing of an answer was heard, or it holds no more: it is made anew
			s.Rest, s.Planned, s.told = "", false, false
		}
		s.voice = false
		s.Leaving = false // whoever connects the agent again has not handed the caller on
	case SpeechBegan:
		s.voice = true
	case NotUnderstood:
		s.voice = false
	case CallerSaid:
		s.voice = false
		s.callerTurn(ev.Turn, ev.Text)
	case CallerPressed:
		s.pressed(ev, e.At)
	case CollectBegan:
		s.Collect, s.keyed, s.leftover = ev, "", leftover{}
		s.collects++
	case Collected:
		s.collected(ev)
	case Planned:
		return s.plan(ev)
	case Heard:
		return s.hear(ev)
	case AgentSaid:
		s.said(ev)
	case ToolIntent:
		s.intend(ev)
	case ToolResult:
		return s.result(ev)
	case TransferBegan:
		s.transferBegan(ev, e.At)
	case TransferOver:
		s.transferOver(ev)
	case FloorTaken:
		s.floorTaken(ev, e.At)
	case WhoAnswered:
		s.whoAnswered(ev, e.At)
	case MessageBegan:
		s.machine.message = ev.Reply
	case Ended:
		s.End = ev.Reason
	}
	return nil
}

// nextTurn is the number of the caller's turn that goes on or begins now.
func (s *State) nextTurn() int {
	if s.Waiting {
		return s.Turn
	}
	return s.Turn + 1
}

func (s *State) callerTurn(n int, text string) {
	if last := len(s.items) - 1; mutant("words-lost") && s.Waiting && s.items[last].caller != "" {
		s.items = s.items[:last]
	}
	if n != s.Turn {
		s.uses = 0
	}
	s.Turn, s.Waiting, s.Planned, s.Rest, s.Owes, s.Goodbye = n, true, false, "", false, false
	s.Leaving, s.told = false, false
	s.items = append(s.items, item{caller: text})
}

func (s *State) plan(ev Planned) error {
	if s.reply == nil || s.reply.number != ev.Reply {
		if ev.Reply <= s.Reply {
			return fmt.Errorf("%w: reply %d is planned after reply %d", errEntry, ev.Reply, s.Reply)
		}
		s.reply = &spoken{number: ev.Reply, why: ev.Why}
		if ev.Why == string(turn.Resume) {
			s.reply.tail = s.Rest
		}
		s.Reply = ev.Reply
		s.toMachine(ev.Why)
	}
	r := s.reply
	switch {
	case ev.Why == string(turn.Answer):
		s.Planned, s.Owes, s.told = true, false, true
	case ev.Why == string(turn.Tidings):
		s.Owes, s.told = false, true
	case bridges(ev.Why) && r.filler == len(r.planned):
		r.filler++
	}
	if bridges(r.why) {
		r.why = ev.Why
	}
	if ev.Phrase != len(r.planned) {
		return fmt.Errorf("%w: phrase %d of reply %d is planned after %d others", errEntry, ev.Phrase, ev.Reply, len(r.planned))
	}
	if after, is := strings.CutPrefix(r.tail, ev.Text); is {
		r.tail = strings.TrimSpace(after)
	} else if r.why == string(turn.Resume) && r.excuse == len(r.planned) {
		r.excuse++
	}
	r.planned = append(r.planned, ev.Text)
	r.heard = append(r.heard, "")
	s.Rest = r.rest()
	if n := len(s.items); n == 0 || s.items[n-1].spoken != r {
		s.items = append(s.items, item{spoken: r, from: ev.Phrase})
	}
	s.items[len(s.items)-1].to = ev.Phrase + 1
	return nil
}

func (s *State) hear(ev Heard) error {
	r := s.reply
	if r == nil || r.number != ev.Reply || ev.Phrase < 0 || ev.Phrase >= len(r.planned) {
		return fmt.Errorf("%w: phrase %d of reply %d was heard but not planned", errEntry, ev.Phrase, ev.Reply)
	}
	if !strings.HasPrefix(r.planned[ev.Phrase], ev.Text) {
		return fmt.Errorf("%w: phrase %d of reply %d: what was heard is not the beginning of what was planned", errEntry, ev.Phrase, ev.Reply)
	}
	r.heard[ev.Phrase] = ev.Text
	if ev.Text != "" && ev.Phrase >= r.filler {
		s.answered(r.why)
	}
	s.Rest = r.rest()
	return nil
}

func (s *State) said(ev AgentSaid) {
	s.Reply = max(s.Reply, ev.Reply)
	r := s.reply
	mere := r != nil && r.number == ev.Reply && r.filler > 0 && r.text(r.filler, len(r.heard)) == ""
	if !ev.Cut || ev.Text != "" && !mere {
		s.answered(ev.Why)
	}
	if !ev.Cut && (ev.Why == string(turn.Answer) || ev.Why == string(turn.Tidings)) {
		s.Owes = false
	}
	s.reply = nil
}

// answered notes that some of a reply was heard. The rest of an answer is as
// good as the answer, and an answer that knows of news tells them.
func (s *State) answered(why string) {
	resumed := why == string(turn.Resume)
	if why == string(turn.Answer) || resumed && s.Planned {
		s.Waiting = false
	}
	if s.told && (resumed || why == string(turn.Answer) || why == string(turn.Tidings)) {
		s.Untold = false
	}
}

// rest is what to say when a reply goes on: a phrase that was cut is said anew.
// An excuse is not part of it, nor is a filler, nor what is said last of all: an
// apology, or that the caller is being connected. Nor is what only machines hear.
func (r *spoken) rest() string {
	switch turn.Why(r.why) {
	case turn.Apology, turn.Connect, turn.Message, turn.Screening, turn.Menu:
		return ""
	}
	var rest []string
	for i, p := range r.planned {
		if i >= max(r.excuse, r.filler) && r.heard[i] != p {
			rest = append(rest, p)
		}
	}
	return strings.Join(appendWords(rest, r.tail), " ")
}

func (r *spoken) text(from, to int) string {
	var got []string
	for _, h := range r.heard[from:to] {
		if h = strings.TrimSpace(h); h != "" {
			got = append(got, h)
		}
	}
	return strings.Join(got, " ")
}
