package script

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// collectDigits is the tool that has the caller key something in, by the name
// that every agent gives it. A question for a slot of kind keys calls it.
const collectDigits = "collect_digits"

// keyedRule is what a conversation says of a slot that was keyed in whole (see
// agentcore's digits). Of a sensitive one the digits are asterisks.
var keyedRule = regexp.MustCompile(`\(The phone system: the caller keyed in ([a-z][a-z0-9_]{0,39}): ([0-9A-D*#]{1,64})\.[^()]*\)`)

// keyedNote is anything that it says of keys: no words of the caller's.
var keyedNote = regexp.MustCompile(`\(The phone system: [^()]*\bkey(?:ed|ing) in [^()]*\)`)

// keyed takes what the caller keyed in out of a message, and returns their words.
func (d *dialogue) keyed(text string) (words string, slots map[string]value) {
	if !strings.Contains(text, "(The phone system: ") {
		return text, nil
	}
	for _, m := range keyedRule.FindAllStringSubmatch(text, maxSlots) {
		if s := d.script.slot(m[1]); s != nil && s.kind == keysKind {
			if slots == nil {
				slots = map[string]value{}
			}
			slots[m[1]] = value{plain: m[2], spoken: spelled(m[2]), on: spelled(m[2])}
		}
	}
	return keyedNote.ReplaceAllString(text, " "), slots
}

// keysKind is the kind of slots that are keyed in.
const keysKind = "keys"

func (s *Script) slot(name string) *slot {
	if at := slices.IndexFunc(s.slots, func(sl *slot) bool { return sl.name == name }); at >= 0 {
		return s.slots[at]
	}
	return nil
}

// spelled is digits for a voice, one by one.
func spelled(digits string) string { return strings.Join(strings.Split(digits, ""), " ") }

// collect has the caller key in what the question asks for, if it is for keys.
func (d *dialogue) collect(q *question) {
	if s := d.script.slot(q.slot); s != nil && s.kind == keysKind && d.offered[collectDigits] && d.collects == "" {
		d.collects = q.slot
	}
}

// collectArguments are the tool's.
func collectArguments(slot string) json.RawMessage {
	b, err := json.Marshal(map[string]string{"slot": slot})
	if err != nil { // a map of strings is always JSON
		return json.RawMessage("{}")
	}
	return b
}
