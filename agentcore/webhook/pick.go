package webhook

import (
	"strings"
	"unicode"

	"github.com/hookswitch/hookswitch/agentcore"
)

// outcomes are words by which an agent says what came of a call, in the
// languages that agents of this build speak. Whole words, in lower case.
var outcomes = []string{
	"booked", "confirmed", "scheduled", "rescheduled", "cancelled", "canceled", "moved", "changed", "updated",
	"reserved", "ordered", "refunded", "sent", "transfer", "transferring", "transferred", "connect", "connecting",
	"appointment", "reservation", "unavailable", "unfortunately", "done",
}

// farewells begin sentences that say nothing of a call.
var farewells = []string{"goodbye", "good bye", "bye", "have a ", "thank", "you're welcome", "take care", "is there anything", "anything else"}

// Bounds of what is picked, in characters.
const (
	maxWant    = 240
	maxOutcome = 240
)

// Pick is a summary without a model: what the caller asked for first, and the
// agent's last sentences that tell what came of it. The same words give the same
// summary.
func Pick(said []agentcore.Utterance) string {
	var parts []string
	if want := wanted(said); want != "" {
		parts = append(parts, `The caller said: "`+shorten(want, maxWant)+`"`)
	}
	if came := outcome(said); came != "" {
		parts = append(parts, `The agent said: "`+shorten(came, maxOutcome)+`"`)
	}
	return strings.Join(parts, " ")
}

// wanted is the first thing of substance that the caller said: four words, or
// else the longest of all.
func wanted(said []agentcore.Utterance) string {
	longest := ""
	for _, u := range said {
		if u.Speaker != "caller" {
			continue
		}
		words := strings.Fields(u.Text)
		text := strings.Join(words, " ")
		if len(words) >= 4 {
			return text
		}
		if len(text) > len(longest) {
			longest = text
		}
	}
	return longest
}

// outcome is the last two of the agent's sentences that tell an outcome, else
// its last sentence that is no question and no farewell.
func outcome(said []agentcore.Utterance) string {
	var telling []string
	last := ""
	for _, u := range said {
		if u.Speaker != "agent" {
			continue
		}
		for _, s := range sentences(u.Text) {
			switch {
			case strings.HasSuffix(s, "?"), farewell(s):
			case tells(s):
				telling = append(telling, s)
			default:
				last = s
			}
		}
	}
	if n := len(telling); n > 0 {
		return strings.Join(telling[max(0, n-2):], " ")
	}
	return last
}

// sentences splits text behind full stops, question and exclamation marks that
// are followed by a space.
func sentences(text string) []string {
	var all []string
	var now []string
	for _, word := range strings.Fields(text) {
		now = append(now, word)
		if strings.ContainsRune(".!?", rune(word[len(word)-1])) {
			all, now = append(all, strings.Join(now, " ")), nil
		}
	}
	if len(now) > 0 {
		all = append(all, strings.Join(now, " "))
	}
	return all
}

func farewell(sentence string) bool {
	sentence = strings.ToLower(sentence)
	for _, f := range farewells {
		if strings.HasPrefix(sentence, f) {
			return true
		}
	}
	return false
}

func tells(sentence string) bool {
	words := strings.FieldsFunc(strings.ToLower(sentence), func(r rune) bool { return !unicode.IsLetter(r) })
	for _, w := range words {
		for _, o := range outcomes {
			if w == o {
				return true
			}
		}
	}
	return false
}
