package agentcore

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/hookswitch/hookswitch/agentcore/tools"
)

// Bounds of what a note tells, in characters.
const (
	mostTo     = 80
	mostReason = 160
)

// blind is the TransferBegan.How of a transfer for which the agent leaves before
// anybody has answered.
const blind = "blind"

// canceled is the outcome of a transfer that nobody wants any more.
const canceled = "canceled"

// transferBegan folds a transfer that is on.
func (s *State) transferBegan(ev TransferBegan, at time.Duration) {
	if !s.transferEnded(ev.Transfer) {
		s.Transfer, s.since = ev, at
	}
}

// transferOver folds what became of a transfer: the model gets a note, and the
// caller is owed word of it. The desk and the conversation may both tell; the
// first one counts.
func (s *State) transferOver(ev TransferOver) {
	if s.transferEnded(ev.Transfer) {
		return
	}
	s.ended = append(slices.Clip(s.ended), ev.Transfer)
	left := false
	if s.Transfer.Transfer == ev.Transfer {
		left = s.Transfer.How == blind && ev.Outcome != canceled
		s.Transfer, s.Leaving = TransferBegan{}, false
	}
	s.Untold, s.told = true, false
	s.items = append(s.items, item{note: ev.note(left)})
}

// called is the end of a transfer that was called off after a while.
func (ev TransferBegan) called(reason string, took time.Duration) TransferOver {
	return TransferOver{Transfer: ev.Transfer, To: ev.To, Outcome: canceled, Reason: reason, TookMS: took.Milliseconds()}
}

// transferEnded reports whether the journal knows what became of a transfer.
func (s *State) transferEnded(id string) bool { return slices.Contains(s.ended, id) }

// began is what the journal says of a transfer that a tool began; on is false if
// it began none, or one that is over by now.
func (u *use) began(s *State) (ev TransferBegan, on bool) {
	h := u.result.Handed
	ev = TransferBegan{Transfer: tools.Cut(h.ID, mostName), To: tools.Cut(h.To, 4*mostTo), How: tools.Cut(h.Kind, mostName)}
	return ev, ev.Transfer != "" && !s.transferEnded(ev.Transfer)
}

// note is what a model is told of it, in the place of the caller's words. left is
// set if the agent had left the caller meanwhile.
func (ev TransferOver) note(left bool) string {
	with := "The caller is still with you."
	if left || ev.Outcome == completed {
		with = "The caller is back with you."
	}
	why := ""
	if reason := strings.TrimRight(plainly(ev.Reason, mostReason), "."); reason != "" {
		why = " Reason: " + reason + "."
	}
	return "(The phone system: " + ev.story() + "." + why + " " + with + ")"
}

// completed is the outcome of a transfer whose two have talked.
const completed = "completed"

// story is what became of it in a few words.
func (ev TransferOver) story() string {
	to := toWhom(ev.To)
	switch ev.Outcome {
	case completed:
		return "the caller has talked to " + to
	case "busy":
		return "the line to " + to + " was busy"
	case "no_answer":
		return "nobody answered at " + to
	case "declined":
		return to + " did not take the call"
	case "voicemail":
		return "only a machine answered at " + to
	case "silent":
		return "somebody picked up at " + to + " and said nothing"
	case canceled:
		return "the transfer to " + to + " was called off"
	}
	return to + " could not be reached"
}

// line is the beginning of a transfer in a transcript.
func (ev TransferBegan) line() string {
	switch to := toWhom(ev.To); ev.How {
	case blind:
		return "the caller is sent to " + to
	default:
		return "the agent calls " + to + " and stays with the caller"
	}
}

// line is the end of one in a transcript.
func (ev TransferOver) line() string {
	text := ev.story()
	switch {
	case ev.TalkedMS > 0:
		text += fmt.Sprintf(", for %v", seconds(ev.TalkedMS))
	case ev.TookMS > 0:
		text += fmt.Sprintf(", after %v", seconds(ev.TookMS))
	}
	if reason := plainly(ev.Reason, mostReason); reason != "" {
		text += ": " + reason
	}
	return text
}

// seconds is a time as people say it.
func seconds(ms int64) time.Duration {
	return (time.Duration(ms) * time.Millisecond).Round(time.Second)
}

// toWhom is a destination for people and models to read.
func toWhom(to string) string {
	if to = strings.TrimRight(plainly(to, mostTo), "."); to != "" {
		return to
	}
	return "the other side"
}

// plainly is the first most characters of text as plain words: no line breaks,
// brackets or quotes with which it could pass for anything else.
func plainly(text string, most int) string {
	kept := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r) || strings.ContainsRune(".,;:'’&+-/!?#@%", r) {
			return r
		}
		return ' '
	}, strings.ToValidUTF8(text, ""))
	kept = strings.Join(strings.Fields(kept), " ")
	if all := []rune(kept); len(all) > most {
		kept = strings.TrimSpace(string(all[:most])) + "…"
	}
	return kept
}
