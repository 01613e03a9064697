// Package digits is what an agent does with a telephone's keys: collect_digits
// has the caller key something in, play_dtmf presses keys for whoever is on the
// line.
package digits

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/tools"
)

// Slot is one thing that callers may key in, as roster keeps it.
type Slot struct {
	Name        string  `json:"name"` // of the dynamic variable that gets it
	Description string  `json:"description"`
	Min         int     `json:"min_digits"`   // zero: 1
	Max         int     `json:"max_digits"`   // zero: 32
	Terminator  *string `json:"terminator"`   // nil: "#"; empty: none
	Timeout     int     `json:"timeout_secs"` // for the first key; zero: 10
	Between     int     `json:"between_secs"` // for each other; zero: 3
	Sensitive   bool    `json:"sensitive"`    // nobody but tools may see it
}

// ErrNone means that an agent has no slots, so that the tool is not offered.
var ErrNone = errors.New("digits: there is nothing to key in")

// Collect makes collect_digits of an agent's settings. It does nothing by itself:
// the conversation listens for the keys, and tells the model in the caller's next
// turn. [ErrNone] when there are no slots.
func Collect(settings roster.SystemTool) (tools.Tool, error) {
	var in struct {
		Slots []Slot `json:"slots"`
	}
	if len(settings.Parameters) > 0 {
		if err := json.Unmarshal(settings.Parameters, &in); err != nil {
			return nil, fmt.Errorf("digits: parameters: %w", err)
		}
	}
	if len(in.Slots) == 0 {
		return nil, ErrNone
	}
	c := collector{}
	for _, s := range in.Slots {
		c[s.Name] = s.wanted()
	}
	parameters, err := schema(in.Slots)
	if err != nil {
		return nil, fmt.Errorf("digits: %w", err)
	}
	spec := llm.Tool{
		Name: roster.CollectDigits,
		Description: "Listen for what the caller keys in on their telephone. Use it when you ask them to, then wait: " +
			"what they keyed in comes as their next message. Never ask them to say what is sensitive.",
		Parameters: parameters,
	}
	// An interrupted use is not repeated: the caller must be asked again first.
	traits := tools.Traits{Hold: settings.DisableInterruptions, SpeakFirst: settings.ForcePreToolSpeech}
	return tools.Func(spec, traits, c.call)
}

// wanted is what the conversation is told of s.
func (s Slot) wanted() tools.Collect {
	or := func(n, other int) int {
		if n <= 0 {
			return other
		}
		return n
	}
	c := tools.Collect{
		Slot: s.Name, Min: or(s.Min, 1), Max: or(s.Max, 32), Terminator: "#", Sensitive: s.Sensitive,
		First: time.Duration(or(s.Timeout, 10)) * time.Second, Between: time.Duration(or(s.Between, 3)) * time.Second,
	}
	c.Max = max(c.Min, c.Max)
	if s.Terminator != nil {
		c.Terminator = *s.Terminator
	}
	return c
}

// schema describes the argument: a name out of the list.
func schema(slots []Slot) (json.RawMessage, error) {
	names := make([]string, len(slots))
	var about strings.Builder
	about.WriteString("what the caller is to key in")
	for i, s := range slots {
		names[i] = s.Name
		fmt.Fprintf(&about, "\n- %s: %s", s.Name, strings.Join(strings.Fields(s.Description), " "))
		about.WriteString(manner(s.wanted()))
	}
	return json.Marshal(map[string]any{
		"type": "object", "required": []string{"slot"}, "additionalProperties": false,
		"properties": map[string]any{"slot": map[string]any{"type": "string", "enum": names, "description": about.String()}},
	})
}

// collector is what can be keyed in, by name.
type collector map[string]tools.Collect

func (c collector) call(_ context.Context, in tools.Invocation) (tools.Result, error) {
	var want struct {
		Slot string `json:"slot"`
	}
	if err := json.Unmarshal(in.Arguments, &want); err != nil {
		return tools.Result{}, errors.New("the arguments can't be read")
	}
	slot, ok := c[want.Slot]
	if !ok { // the schema has looked already
		return tools.Result{}, errors.New("there is no such slot")
	}
	text, err := json.Marshal(map[string]string{
		"listening_for": slot.Slot,
		"then":          "if you have not asked the caller yet, ask them now in one sentence to key it in" + manner(slot) + "; say nothing else, and wait",
	})
	return tools.Result{Text: string(text), Collect: &slot}, err
}

// manner is how the caller has to key it in, for the model to say.
func manner(c tools.Collect) string {
	count := fmt.Sprintf(" (%d to %d digits", c.Min, c.Max)
	if c.Min == c.Max {
		count = fmt.Sprintf(" (%d digits", c.Min)
	}
	switch c.Terminator {
	case "":
		return count + ")"
	case "#":
		return count + ", ended with the hash key)"
	case "*":
		return count + ", ended with the star key)"
	}
	return count + ", ended with " + c.Terminator + ")"
}
