package script_test

import (
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/llm/script"
)

// What was said to another agent is no part of a script's dialogue, and what the
// phone system tells of it is nothing that the caller said.
func TestAScriptBeginsWhereItGetsTheFloor(t *testing.T) {
	const (
		upTo = "(The phone system: Up to here the caller talked to Ann.)"
		from = "(The phone system: Up to here the caller talked to Ann. From here on they talk to you.)"
		rec  = "(The phone system: a recording answered first. A person is on the line now.)"
		used = "(The phone system: Ann has used the tool book with day: tuesday. Result: that day is full.)"
	)
	alone, _ := answer(t, script.Demo(), user("an appointment"))
	lost, _ := answer(t, script.Demo(), user("mumble"))
	said := llm.Message{Role: llm.Assistant, Text: "I can't help you."}
	for name, tt := range map[string]struct {
		messages []llm.Message
		want     string
	}{
		"the caller waits for an answer":           {[]llm.Message{user("mumble"), said, user(from + " an appointment")}, alone},
		"with a tool that another used":            {[]llm.Message{user(from + " an appointment " + used)}, alone},
		"and that one said a word":                 {[]llm.Message{user(from + " an appointment"), said, user(used)}, alone},
		"it greeted first":                         {[]llm.Message{user("mumble"), said, user(from), said, user("an appointment")}, alone},
		"two agents before":                        {[]llm.Message{user("mumble"), said, user("mumble " + upTo + " mumble " + from + " an appointment")}, alone},
		"what nobody understood before counts not": {[]llm.Message{user("mumble"), said, user("mumble"), said, user("mumble"), said, user(from + " mumble")}, lost},
		"an agent somewhere else, and a key to it": {[]llm.Message{user(upTo + " [1] (The phone system: What was said is not known. From here on they talk to you.)"), said, user("an appointment")}, alone},
		"a machine before":                         {[]llm.Message{user("mumble"), said, user("leave your message " + rec + " an appointment")}, alone},
		"a machine before, and then a word":        {[]llm.Message{user("mumble " + rec), said, user("an appointment")}, alone},
		"nobody before, so that nothing is told":   {[]llm.Message{user("an appointment")}, alone},
	} {
		if got, _ := answer(t, script.Demo(), tt.messages...); got != tt.want || got == "" {
			t.Errorf("%s: it says %q, want %q", name, got, tt.want)
		}
	}
}
