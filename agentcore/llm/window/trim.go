// Package window keeps a conversation within what a model can read at once, by
// leaving out its oldest turns.
package window

import (
	"fmt"

	"github.com/hookswitch/hookswitch/agentcore/llm"
)

// Trim leaves out the oldest turns of r until it has most tokens at most, as
// [Tokens] counts them, and returns how many messages are gone. A turn is what
// the caller said and all that came of it. What always stays: system messages
// and the last turn, even if they alone are too many; a tool call goes together
// with its result. In the place of what is gone a system message says so. r is
// left as it was; the result shares its messages. most of zero or less is no
// bound.
func Trim(r llm.Request, most int) (llm.Request, int) {
	if most <= 0 || Tokens(r) <= most {
		return r, 0
	}
	cuts := turns(r.Messages)
	if len(cuts) < 2 {
		return r, 0
	}
	room := most - Tokens(llm.Request{Tools: r.Tools}) - message(note(len(r.Messages)))
	for _, m := range r.Messages {
		if m.Role == llm.System {
			room -= message(m)
		}
	}
	cut := len(r.Messages)
	last := cuts[len(cuts)-1]
	for i := len(cuts) - 1; i > 0; i-- { // from the end, as long as one more turn has room
		for _, m := range r.Messages[cuts[i]:cut] {
			if m.Role != llm.System {
				room -= message(m)
			}
		}
		if room < 0 && cuts[i] != last {
			break
		}
		cut = cuts[i]
	}
	return without(r, cut)
}

// turns are the places where turns begin: first whatever follows the system
// prompt, then each time the caller speaks.
func turns(messages []llm.Message) []int {
	first := 0
	for first < len(messages) && messages[first].Role == llm.System {
		first++
	}
	all := []int{first}
	for i := first + 1; i < len(messages); i++ {
		if messages[i].Role == llm.User && messages[i-1].Role != llm.User {
			all = append(all, i)
		}
	}
	return all
}

// without is r without what stands before cut, but for system messages, and
// without the results, after it, of calls before it.
func without(r llm.Request, cut int) (llm.Request, int) {
	var out []llm.Message
	called := map[string]bool{} // true is kept, false is gone
	gone := 0
	for _, m := range r.Messages[:cut] {
		if m.Role == llm.System {
			out = append(out, m)
			continue
		}
		gone++
		for _, c := range m.Calls {
			called[c.ID] = false
		}
	}
	place := len(out)
	out = append(out, llm.Message{})
	for _, m := range r.Messages[cut:] {
		for _, c := range m.Calls {
			called[c.ID] = true
		}
		if kept, known := called[m.Call]; m.Role == llm.ToolRole && known && !kept {
			gone++
			continue
		}
		out = append(out, m)
	}
	out[place] = note(gone)
	return llm.Request{Messages: out, Tools: r.Tools}, gone
}

// note tells the model that n messages are gone.
func note(n int) llm.Message {
	were := "messages of this call were"
	if n == 1 {
		were = "message of this call was"
	}
	return llm.Message{Role: llm.System, Text: fmt.Sprintf("(The first %d %s left out to save room.)", n, were)}
}
