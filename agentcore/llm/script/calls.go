package script

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"strings"

	"github.com/hookswitch/hookswitch/agentcore/llm"
)

// toolCalls writes the calls down. Their ids are unique in the conversation:
// the count of messages grows with it, and the hash tells two replies apart
// that were asked for at the same length, one of them cancelled.
func (d *dialogue) toolCalls(r llm.Request) []llm.ToolCall {
	var calls []llm.ToolCall
	h := fnv.New32a()
	for _, m := range r.Messages {
		h.Write([]byte(m.Text))
	}
	for i, name := range d.calls {
		args := map[string]string{}
		if t := d.script.tools[name]; t != nil {
			for _, a := range t.arguments {
				args[a.name] = a.value(d)
			}
		}
		b, err := json.Marshal(args)
		if err != nil { // a map of strings is always JSON
			b = []byte("{}")
		}
		calls = append(calls, llm.ToolCall{
			ID:        fmt.Sprintf("call_%d_%d_%08x", len(r.Messages), i+1, h.Sum32()),
			Name:      name,
			Arguments: b,
		})
	}
	if d.collects != "" {
		calls = append(calls, llm.ToolCall{
			ID:        fmt.Sprintf("call_%d_%d_%08x", len(r.Messages), len(calls)+1, h.Sum32()),
			Name:      collectDigits,
			Arguments: collectArguments(d.collects),
		})
	}
	return calls
}

// value is the argument with its variables put in, and nothing else changed.
func (a argument) value(d *dialogue) string {
	var b strings.Builder
	for _, p := range a.text {
		if p.variable != "" {
			b.WriteString(d.variable(p.variable))
		}
		b.WriteString(p.words)
	}
	return b.String()
}

// readResult reads a tool's result: the scalars of a JSON object, and whether
// it went well. {"ok":false}, {"error":...} and words that begin with "error"
// did not.
func readResult(s string) (fields map[string]string, ok bool) {
	var object map[string]any
	if err := json.Unmarshal([]byte(s), &object); err != nil {
		return nil, !strings.HasPrefix(strings.ToLower(strings.TrimSpace(s)), "error")
	}
	fields = map[string]string{}
	for k, v := range object {
		switch v := v.(type) {
		case string:
			fields[k] = v
		case float64, bool:
			fields[k] = fmt.Sprint(v)
		}
	}
	_, failed := object["error"]
	return fields, !failed && object["ok"] != false
}
