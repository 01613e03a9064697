package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/hookswitch/hookswitch/agentcore/answer"
	"github.com/hookswitch/hookswitch/agentcore/search"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
	"github.com/hookswitch/hookswitch/telephony"
)

// answerView is what commands read of who answered a call.
type answerView struct {
	answer.Verdict
	Left   *string `json:"message_left"`
	LeftAt *int64  `json:"message_left_at_ms"`
	Whole  bool    `json:"whole"`
}

// shortClasses are who answered, in a word that fits a column.
var shortClasses = map[answer.Class]string{
	answer.Human: "human", answer.Screener: "screener", answer.IVR: "menu", answer.Greeting: "voicemail", answer.Beeped: "voicemail",
	answer.MailboxFull: "full mailbox", answer.Unavailable: "unavailable", answer.Fax: "fax", answer.Hold: "on hold", answer.Unknown: "-",
}

// short is who answered, in a word; nil: nobody found out.
func (v *answerView) short() string {
	if v == nil {
		return "-"
	}
	return cmp.Or(shortClasses[v.Class], show.Clean(string(v.Class)))
}

// beep is when the last beep was over, since the call was answered; 0: there was
// none.
func (v *answerView) beep() (ms int64) {
	for _, e := range v.Evidence {
		if e.Kind == "tone" && e.For == answer.Beeped {
			ms = max(ms, e.EndedMS)
		}
	}
	return ms
}

// line is who answered: "voicemail 0.99 at 2.8 s   beep 9.4 s", with between
// before the beep.
func (v *answerView) line(between string) string {
	class := v.Class
	if class == answer.Beeped {
		class = answer.Greeting // the beep is told behind it
	}
	text := show.Class(class)
	if v.Class != answer.Unknown {
		text += fmt.Sprintf(" %.2f at %s", v.Confidence, tenths(v.AtMS))
	}
	if beep := v.beep(); beep > 0 {
		text += between + "beep " + tenths(beep)
	}
	return text
}

// leftRoom is how much of a message stands on a line.
const leftRoom = 40

// left is what was left of the agent's message, and when; empty: it never began.
// most bounds the text, in characters; 0 is all of it.
func (v *answerView) left(most int) string {
	if v.LeftAt == nil {
		return ""
	}
	at := "at " + tenths(*v.LeftAt)
	if beep := v.beep(); beep > 0 && beep <= *v.LeftAt {
		at = tenths(*v.LeftAt-beep) + " after the beep"
	}
	if v.Left == nil || *v.Left == "" {
		return "a message began " + at + ", nothing of it was heard"
	}
	text := show.Clean(*v.Left)
	if most > 0 && utf8.RuneCountInString(text) > most {
		text = strings.TrimRight(string([]rune(text)[:most-3]), " ") + "..."
	}
	text = `"` + text + `" ` + at
	if !v.Whole {
		text += ", cut short"
	}
	return text
}

// why is the evidence, a line each.
func (v *answerView) why() []string {
	var all []string
	for _, e := range v.Evidence {
		all = append(all, fmt.Sprintf("%s: %s, %s to %s: %s %+.1f", e.Kind, e.What, tenths(e.BeganMS), tenths(e.EndedMS), show.Class(e.For), e.Weight))
	}
	return all
}

// tenths is a length of time in seconds: 9.4 s.
func tenths(ms int64) string { return fmt.Sprintf("%.1f s", float64(ms)/1000) }

// expectation is what --expect names: any of it will do.
type expectation struct {
	reasons []string
	who     []answer.Class
}

// answerers are the names of those who may answer, for --expect. voicemail is
// all kinds of it.
var answerers = map[string][]answer.Class{
	"human": {answer.Human}, "screener": {answer.Screener}, "ivr": {answer.IVR}, "fax": {answer.Fax}, "hold": {answer.Hold},
	"unavailable": {answer.Unavailable}, "voicemail": {answer.Greeting, answer.Beeped, answer.MailboxFull},
	"voicemail_greeting": {answer.Greeting}, "voicemail_beep": {answer.Beeped}, "mailbox_full": {answer.MailboxFull},
}

// expected is what names ask for; nil: nothing.
func expected(names []string) (*expectation, error) {
	if len(names) == 0 {
		return nil, nil
	}
	var known []string
	for _, r := range search.Reasons {
		if _, is := answerers[string(r)]; !is {
			known = append(known, string(r))
		}
	}
	out := &expectation{}
	for _, name := range names {
		classes, is := answerers[name]
		switch {
		case is:
			out.who = append(out.who, classes...)
		case name == "answered":
			out.reasons = append(out.reasons, answeredReasons...)
		case slices.Contains(known, name):
			out.reasons = append(out.reasons, name)
		default:
			all := append(known, "answered", "human", "voicemail", "screener", "ivr", "fax", "hold", "unavailable")
			mend := "one of " + strings.Join(all, ", ")
			if near := fault.Nearest(name, all); near != "" {
				mend = "did you mean " + near + "? " + mend
			}
			return nil, &fault.Fault{What: fmt.Sprintf("%q is neither an end reason nor one who answers", name), Where: fault.Keep("--expect " + name), Mend: mend, Code: "call/expect", Exit: fault.Wrong}
		}
	}
	return out, nil
}

// met reports whether the call v is as e asks for.
func (e *expectation) met(v *callView) bool {
	return slices.Contains(e.reasons, v.EndReason) || slices.ContainsFunc(v.classes(), func(c answer.Class) bool { return slices.Contains(e.who, c) })
}

// classes are who may be said to have answered: as the gateway found out; where
// nothing became clear, as the carrier says, or how the call ended.
func (v *callView) classes() []answer.Class {
	switch {
	case v.Answer != nil && v.Answer.Class != answer.Unknown:
		return []answer.Class{v.Answer.Class}
	case v.Answerer == "human":
		return []answer.Class{answer.Human}
	case v.Answerer == "fax":
		return []answer.Class{answer.Fax}
	case strings.HasPrefix(v.Answerer, "machine"), v.EndReason == string(telephony.Voicemail):
		return []answer.Class{answer.Greeting}
	}
	return nil
}
