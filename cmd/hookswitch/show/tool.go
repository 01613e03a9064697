package show

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// String is the call as a person would write it: book(day="Tuesday"). Arguments
// that are no JSON object stand as they came.
func (t ToolCall) String() string {
	return Clean(t.Name) + "(" + arguments(t.Arguments) + ")"
}

// Outcome is what came of it in a word or, when it failed, in the tool's own.
func (t ToolCall) Outcome() string {
	switch {
	case !t.Answered:
		return "no answer"
	case t.Failed && t.Result != "":
		return "failed: " + t.Result
	case t.Failed:
		return "failed"
	}
	return "ok"
}

// arguments keeps the order in which the model wrote them.
func arguments(raw string) string {
	d := json.NewDecoder(strings.NewReader(raw))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return Clean(raw)
	}
	var list []string
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return Clean(raw)
		}
		var value json.RawMessage
		if d.Decode(&value) != nil {
			return Clean(raw)
		}
		list = append(list, fmt.Sprintf("%v=%s", name, compact(value)))
	}
	if _, err := d.Token(); err != nil {
		return Clean(raw)
	}
	return Clean(strings.Join(list, ", "))
}

func compact(v json.RawMessage) string {
	var b bytes.Buffer
	if json.Compact(&b, v) != nil {
		return string(v)
	}
	return b.String()
}
