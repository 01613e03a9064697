package report

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
	"github.com/hookswitch/hookswitch/telephony"
)

// row is one line of the transcript.
type row struct {
	ID      string // anchor of the turn; set for its first row
	At      string // as a data attribute: seconds
	Clock   string
	Kind    string // class: agent, caller, tool, note
	Who     string
	Words   []word
	Unheard string
	Text    string // of a row without words to play
	Notes   []string
	Gap     *gap
}

// word plays the recording from At, in seconds.
type word struct{ At, Text string }

// gap is a gap and its parts, as numbers and as a bar.
type gap struct {
	MS   int64
	Text string // 1,294 ms
	Slow string // "", "noticed" or "minded"
	Bar  bar
}

// bar is a row of segments, in pixels.
type bar struct {
	Width    int
	Segments []segment
}

type segment struct {
	Class, Name string
	MS          int64
	X, W        string
	Letter      string // empty where it doesn't fit
	Mid         string // where the letter stands
}

const (
	barWidth = 150 // pixels of the longest bar of a call
	letterIn = 11  // pixels that a letter needs
)

func rows(call int, items []show.Item, turns []show.Turn) []row {
	worst := int64(1)
	for _, i := range items {
		if ms, ok := i.Gap(); ok {
			worst = max(worst, ms)
		}
	}
	var list []row
	seen := map[int]bool{}
	for _, i := range items {
		r := newRow(i, turns)
		if ms, ok := i.Gap(); ok {
			p := show.Parts(*i.Parts)
			r.Gap = &gap{MS: ms, Text: show.Millis(ms), Slow: slow(ms), Bar: newBar(p, ms, worst, barWidth)}
		}
		if of := i.Kind; i.Turn > 0 && !seen[i.Turn] && (of == show.Caller || of == show.Key || of == show.Agent) {
			seen[i.Turn] = true
			r.ID = show.Anchor(call, i.Turn)
		}
		list = append(list, r)
	}
	return list
}

func newRow(i show.Item, turns []show.Turn) row {
	r := row{At: at(i.At), Clock: show.Clock(i.At), Kind: "note"}
	switch i.Kind {
	case show.Agent:
		r.Kind, r.Who, r.Words, r.Unheard = "agent", "agent", words(i.Text, i.At, i.End), i.Unheard
		if i.Parts == nil && i.Why != "" && i.Why != "answer" {
			r.Notes = append(r.Notes, i.Why)
		}
		if beep := i.Beep(); beep != "" {
			r.Notes = append(r.Notes, beep)
		}
	case show.Caller:
		r.Kind, r.Who, r.Words = "caller", "caller", words(i.Text, i.At, i.End)
		r.Notes = append(r.Notes, hearing(i, turns)...)
	case show.Key:
		r.Kind, r.Who, r.Words = "caller", "caller", words("["+i.Text+"]", i.At, i.End)
	case show.Noise:
		r.Kind, r.Who, r.Text = "caller", "caller", "(no words)"
	case show.Tool:
		r.Kind, r.Who, r.Text = "tool", "tool", i.Tool.String()
		r.Notes = append(r.Notes, outcome(*i.Tool))
	default:
		r.Text = note(i)
	}
	if t := i.Talk; t != nil {
		r.Notes = append(r.Notes, fmt.Sprintf("talked over the agent, which was silent after %d ms; %d of %d words not heard",
			t.SilentMS, t.Unheard, t.Words))
	} else if i.Talked {
		r.Notes = append(r.Notes, "talked over the agent")
	}
	return r
}

// hearing says how the words were got, and what was really said where the far
// end tells and it is something else.
func hearing(i show.Item, turns []show.Turn) []string {
	var notes []string
	if i.Heard.Confidence > 0 {
		notes = append(notes, fmt.Sprintf("recognised %.2f, %d ms", i.Heard.Confidence, i.Heard.AskMS))
	}
	for _, t := range turns {
		if t.Turn == i.Turn && t.CallerSaid != "" && !same(t.CallerSaid, t.CallerHeard) {
			notes = append(notes, "spoken: “"+show.Clean(t.CallerSaid)+"”")
		}
	}
	return notes
}

// same compares words only: a recogniser has its own commas.
func same(a, b string) bool {
	fold := func(s string) string {
		s = strings.Map(func(r rune) rune {
			if strings.ContainsRune(".,;:!?\"'-", r) {
				return -1
			}
			return r
		}, strings.ToLower(s))
		return strings.Join(strings.Fields(s), " ")
	}
	return fold(a) == fold(b)
}

func outcome(t show.ToolCall) string {
	if !t.Answered {
		return "no answer"
	}
	text := "→ "
	if t.Failed {
		text += "failed: "
	}
	return fmt.Sprintf("%s%s, %d ms", text, t.Result, t.TookMS)
}

func note(i show.Item) string {
	switch i.Kind {
	case show.Answered:
		if i.Turn > 1 {
			return "resumed: " + i.Text
		}
		return "answered: " + i.Text
	case show.Transfer:
		return "transfer: " + i.Text
	case show.Answerer:
		return "who answered: " + show.Who(*i.Who)
	case show.Message:
		return "the message begins"
	case show.LineLost:
		return "line lost: " + i.Text
	case show.Trouble:
		return "error of the " + i.Why + ": " + i.Text
	}
	return "ended: " + ending(telephony.EndReason(i.Text))
}

// words spreads text over the time from start to end, in milliseconds: each
// word takes as much as it has letters, and one for the gap behind it.
func words(text string, start, end int64) []word {
	fields := strings.Fields(text)
	all := 0
	for _, f := range fields {
		all += utf8.RuneCountInString(f) + 1
	}
	list := make([]word, 0, len(fields))
	before := 0
	for _, f := range fields {
		ms := start + (end-start)*int64(before)/int64(all)
		list = append(list, word{at(ms), f})
		before += utf8.RuneCountInString(f) + 1
	}
	return list
}

// at is a data attribute: seconds. A hundredth is less than a syllable.
func at(ms int64) string { return fmt.Sprintf("%.2f", float64(ms)/1000) }

// slow names the classes of ux.md: from 800 ms a gap is noticed, from 1,200
// minded.
func slow(ms int64) string {
	switch {
	case ms >= 1200:
		return "minded"
	case ms >= 800:
		return "noticed"
	}
	return ""
}
