package agentcore

import (
	"encoding/json"

	"github.com/hookswitch/hookswitch/agentcore/llm"
)

// item is one thing in a conversation. Exactly one of its kinds is set.
type item struct {
	caller string
	note   string  // of the phone system
	spoken *spoken // the phrases from to to of it
	from   int
	to     int
	tool   *toolItem
	change *change // of who has the floor
}

type toolItem struct {
	intent ToolIntent
	result *ToolResult
}

// unknownOutcome is what a model is told of a tool that was called and never
// answered, because the call was cut or the process died.
const unknownOutcome = `{"error":"the outcome of this call is unknown: it was interrupted"}`

// Messages is the conversation as the caller heard it, for a model: words that
// were planned and not heard are not in it. While the caller waits for an answer,
// for more of it or for news, it ends with their words, what tools made of them
// or the news: an excuse said since then is left out. prompt is the system message.
func (s *State) Messages(prompt string) []llm.Message {
	var out []llm.Message
	if prompt != "" {
		out = append(out, llm.Message{Role: llm.System, Text: prompt})
	}
	last := len(s.items) - 1
	for last >= 0 && s.items[last].change == nil {
		last--
	}
	for i := 0; i < len(s.items); i++ {
		switch it := s.items[i]; {
		case it.change != nil:
			if text := it.change.note(i == last); text != "" {
				out = appendText(out, llm.User, text)
			}
		case it.tool != nil:
			n := i
			for n < len(s.items) && s.items[n].tool != nil {
				n++
			}
			out = appendTools(out, s.items[i:n])
			i = n - 1
		case it.spoken != nil:
			if text := it.spoken.text(it.from, it.to); text != "" {
				out = appendText(out, llm.Assistant, text)
			}
		case it.note != "":
			out = appendText(out, llm.User, it.note)
		default:
			out = appendText(out, llm.User, it.caller)
		}
	}
	if n := len(out); n > 0 && (s.Waiting || s.Owes || s.Untold) && out[n-1].Role == llm.Assistant && out[n-1].Calls == nil {
		out = out[:n-1]
	}
	return out
}

// appendText adds text, merged with the message before it if that was of the
// same side: the words of a reply that was cancelled go with those that follow.
func appendText(out []llm.Message, role llm.Role, text string) []llm.Message {
	if n := len(out); n > 0 && out[n-1].Role == role && out[n-1].Calls == nil {
		out[n-1].Text += " " + text
		return out
	}
	return append(out, llm.Message{Role: role, Text: text})
}

func appendTools(out []llm.Message, items []item) []llm.Message {
	ask := llm.Message{Role: llm.Assistant}
	for _, it := range items {
		in := it.tool.intent
		ask.Calls = append(ask.Calls, llm.ToolCall{ID: in.ID, Name: in.Name, Arguments: json.RawMessage(in.Arguments)})
	}
	out = append(out, ask)
	for _, it := range items {
		text := unknownOutcome
		if it.tool.result != nil {
			text = it.tool.result.Text
		}
		out = append(out, llm.Message{Role: llm.ToolRole, Call: it.tool.intent.ID, Text: text})
	}
	return out
}
