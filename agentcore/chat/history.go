package chat

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/tools"
)

// history is where a chat stands: its journal, folded. The zero history is a
// chat's before its first turn.
type history struct {
	last     int // number of the last entry
	opened   bool
	turn     int            // the newest
	uses     int            // of tools in it
	failures int            // of the model in it
	ended    bool           // a tool ended the chat in it
	wrote    bool           // the agent has written
	noted    map[string]int // messages -> their turn
	began    []time.Time    // when each turn did
	held     map[string]bool
	items    []item
}

// item is one thing in a chat. Exactly one of its kinds is set.
type item struct {
	contact string
	agent   string
	note    string
	tool    *use
}

type use struct {
	agentcore.ToolIntent
	result *agentcore.ToolResult
}

// read folds what is new in a chat's journal.
func (h *history) read(ctx context.Context, s Store, chat string) error {
	entries, err := s.ChatJournal(ctx, chat, h.last)
	for _, e := range entries {
		h.apply(e)
	}
	return err
}

// apply folds e.
func (h *history) apply(e agentcore.Entry) {
	h.last = e.N
	switch ev := e.Event.(type) {
	case agentcore.Opened:
		h.opened = true
	case agentcore.ContactWrote:
		h.contact(ev, e.Wall)
	case agentcore.AgentWrote:
		h.wrote = true
		h.items = append(h.items, item{agent: ev.Text})
	case agentcore.ToolIntent:
		h.uses++
		h.items = append(h.items, item{tool: &use{ToolIntent: ev}})
	case agentcore.ToolResult:
		if u := h.use(ev.Key); u != nil {
			u.result = &ev
		}
		h.ended = h.ended || ev.End
	case agentcore.ProviderError:
		h.failures++
	case agentcore.CallHeld:
		if h.held == nil {
			h.held = map[string]bool{}
		}
		h.held[ev.Call] = true
		h.items = append(h.items, item{note: callNote(ev)})
	}
}

func (h *history) contact(ev agentcore.ContactWrote, at time.Time) {
	if ev.Turn != h.turn {
		h.turn, h.uses, h.failures = ev.Turn, 0, 0
		h.began = append(h.began, at)
	}
	if h.noted == nil {
		h.noted = map[string]int{}
	}
	h.noted[ev.Message] = ev.Turn
	h.ended = false // they have more to say
	h.items = append(h.items, item{contact: ev.Text})
}

// use is the newest use of a tool under key, nil if there is none.
func (h *history) use(key string) *use {
	for i := len(h.items) - 1; i >= 0; i-- {
		if u := h.items[i].tool; u != nil && u.Key == key {
			return u
		}
	}
	return nil
}

// untouched reports whether nobody has written anything: what is owed, if a turn
// is due, is the agent's first message.
func (h *history) untouched() bool { return h.turn == 0 && !h.wrote }

// interrupted are the uses of tools whose results nobody knows, and that may be
// tried again under their keys: the contact has written nothing since.
func (h *history) interrupted() []agentcore.ToolIntent {
	var all []agentcore.ToolIntent
	for i := len(h.items) - 1; i >= 0 && h.items[i].contact == ""; i-- {
		if u := h.items[i].tool; u != nil && u.result == nil && u.Safe {
			all = append([]agentcore.ToolIntent{u.ToolIntent}, all...)
		}
	}
	return all
}

const (
	mostItems   = 200       // of a chat that its model is told
	mostHistory = 128 << 10 // bytes of their texts
)

// unknownOutcome is what a model is told of a tool that was called and never
// answered, because the process died.
const unknownOutcome = `{"error":"the outcome of this call is unknown: it was interrupted"}`

// begin is what a model is told that writes the first message.
const begin = "[You begin this conversation: write the first message.]"

// messages is the chat for a model, the newest of it.
func (h *history) messages(prompt string) []llm.Message {
	var out []llm.Message
	if prompt != "" {
		out = append(out, llm.Message{Role: llm.System, Text: prompt})
	}
	if h.untouched() {
		out = append(out, llm.Message{Role: llm.User, Text: begin})
	}
	items := newest(h.items)
	for i := 0; i < len(items); i++ {
		switch it := items[i]; {
		case it.tool != nil:
			n := i
			for n < len(items) && items[n].tool != nil {
				n++
			}
			out = appendUses(out, items[i:n])
			i = n - 1
		case it.agent != "":
			out = appendText(out, llm.Assistant, it.agent)
		case it.note != "":
			out = appendText(out, llm.User, it.note)
		default:
			out = appendText(out, llm.User, it.contact)
		}
	}
	return out
}

// newest is the end of items that a model has room for. It begins with words, not
// with a tool's result.
func newest(items []item) []item {
	from, room := len(items), mostHistory
	for from > 0 && len(items)-from < mostItems && room > 0 {
		from--
		room -= items[from].size()
	}
	for from > 0 && from < len(items) && items[from].tool != nil {
		from++
	}
	return items[from:]
}

func (it item) size() int {
	if it.tool == nil {
		return len(it.contact) + len(it.agent) + len(it.note)
	}
	n := len(it.tool.Arguments)
	if it.tool.result != nil {
		n += len(it.tool.result.Text)
	}
	return n
}

// appendText adds text, merged with the message before it if that was of the same
// side.
func appendText(out []llm.Message, role llm.Role, text string) []llm.Message {
	if n := len(out); n > 0 && out[n-1].Role == role && out[n-1].Calls == nil {
		out[n-1].Text += "\n" + text
		return out
	}
	return append(out, llm.Message{Role: role, Text: text})
}

func appendUses(out []llm.Message, items []item) []llm.Message {
	ask := llm.Message{Role: llm.Assistant}
	for _, it := range items {
		ask.Calls = append(ask.Calls, llm.ToolCall{ID: it.tool.ID, Name: it.tool.Name, Arguments: json.RawMessage(it.tool.Arguments)})
	}
	out = append(out, ask)
	for _, it := range items {
		text := unknownOutcome
		if it.tool.result != nil {
			text = it.tool.result.Text
		}
		out = append(out, llm.Message{Role: llm.ToolRole, Call: it.tool.ID, Text: text})
	}
	return out
}

// callNote is what the agent is told of a call that it held.
func callNote(ev agentcore.CallHeld) string {
	var b strings.Builder
	b.WriteString("[A phone call with you is over (" + ev.Outcome + ").")
	if len(ev.Lines) == 0 {
		b.WriteString(" Nothing was said.")
	} else {
		b.WriteString(" On it was said:")
	}
	for _, l := range ev.Lines {
		who := "you"
		if l.Contact {
			who = "contact"
		}
		b.WriteString("\n" + who + ": " + oneLine(l.Text))
	}
	return tools.Cut(b.String(), mostPast) + "]"
}
