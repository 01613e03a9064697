package provider

import (
	"encoding/json"
	"strings"
)

// TooLong is the code of a [StatusError] that refuses a request because it is
// more than the model can read: OpenAI's own, and what other providers' words
// for it become.
const TooLong = "context_length_exceeded"

// tooLongWords are what servers write that have no code for it, in lower case:
// vLLM and others, Anthropic (twice), Gemini, llama.cpp.
var tooLongWords = []string{"maximum context length", "prompt is too long", "exceed context limit", "input token count", "available context size"}

// tooLong reports whether an error's body says that the request is too long for
// the model. Nothing of the text is kept.
func tooLong(body []byte) bool {
	var b struct{ Error, Message any }
	if json.Unmarshal(body, &b) != nil {
		return false
	}
	text, _ := b.Message.(string)
	switch e := b.Error.(type) {
	case string:
		text = e
	case map[string]any:
		text, _ = e["message"].(string)
	}
	text = strings.ToLower(text)
	for _, words := range tooLongWords {
		if strings.Contains(text, words) {
			return true
		}
	}
	return false
}
