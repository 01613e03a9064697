package window

import (
	"github.com/hookswitch/hookswitch/agentcore/llm"
)

// What the frame of a thing costs, in tokens: role, separators, names of fields.
const (
	messageFrame = 8
	callFrame    = 16
	toolFrame    = 24
)

// Tokens is how many tokens r has for a model, estimated on the high side, since
// every vendor counts with a tokenizer of its own. English prose comes out at
// about a third more than it is, Chinese and Japanese at 1.5 a character.
func Tokens(r llm.Request) int {
	n := 0
	for _, m := range r.Messages {
		n += message(m)
	}
	for _, t := range r.Tools {
		n += toolFrame + text(t.Name) + text(t.Description) + text(string(t.Parameters))
	}
	return n
}

func message(m llm.Message) int {
	n := messageFrame + text(m.Text) + text(m.Call)
	for _, c := range m.Calls {
		n += callFrame + text(c.ID) + text(c.Name) + text(string(c.Arguments))
	}
	return n
}

// text estimates by bytes, in sixths of a token: letters and spaces make words
// of three or more, punctuation comes in twos, digits may each be a token of
// their own (Gemini's tokenizer does so), and of what is not ASCII two bytes are
// one: a character of CJK, three bytes, is one and a half.
func text(s string) int {
	sixths := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 0x80:
			sixths += 3
		case c >= '0' && c <= '9':
			sixths += 6
		case c == ' ' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
			sixths += 2
		default:
			sixths += 3
		}
	}
	return (sixths + 5) / 6
}
