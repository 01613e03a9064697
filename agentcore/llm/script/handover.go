package script

import (
	"regexp"
	"strings"

	"github.com/hookswitch/hookswitch/agentcore/llm"
)

// handover is what a conversation says where another agent has talked so far (see
// agentcore's FloorTaken): a script begins there.
var handover = regexp.MustCompile(`\(The phone system: [^()]*From here on they talk to you\.\)`)

// others is what it says of agents before: no words of the caller's.
var others = regexp.MustCompile(`\(The phone system: (?:Up to here the caller talked to|What was said is not known\.|[^()]* has used the tool )[^()]*\)`)

// recorded is what it says where a person has come behind a machine: a script
// answers nothing that the machine said.
var recorded = regexp.MustCompile(`\(The phone system: a recording answered first\.[^()]*\)`)

// own are the messages since the script has the floor, without what the phone
// system says of others. One that held nothing else is left out.
func own(messages []llm.Message) []llm.Message {
	first := 0
	for i, m := range messages {
		if m.Role == llm.User && handover.MatchString(m.Text) {
			first = i
		}
	}
	var out []llm.Message
	for _, m := range messages[first:] {
		if m.Role == llm.User && strings.Contains(m.Text, "(The phone system: ") {
			text := m.Text
			if all := handover.FindAllStringIndex(text, -1); all != nil {
				text = text[all[len(all)-1][1]:]
			}
			if all := recorded.FindAllStringIndex(text, -1); all != nil {
				out, text = nil, text[all[len(all)-1][1]:]
			}
			m.Text = strings.TrimSpace(others.ReplaceAllString(text, " "))
			if m.Text == "" {
				continue
			}
		}
		out = append(out, m)
	}
	return out
}
