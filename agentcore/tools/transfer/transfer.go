// Package transfer is the tool with which an agent hands a call to somebody
// else: transfer_to_number. The model picks from the agent's list and can't go
// outside it: it never writes a number, and a number that somebody speaks, or
// that a tool returns, is never dialled.
package transfer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/tools"
	"github.com/hookswitch/hookswitch/agentcore/vars"
	"github.com/hookswitch/hookswitch/telephony"
)

// Desk hands calls on. [*dispatch.Desk] does.
type Desk interface {
	Transfer(ctx context.Context, w dispatch.TransferWish) (dispatch.Transfer, error)
}

// Config is what the tool of one call needs.
type Config struct {
	Desk     Desk              // Required.
	Call     telephony.CallID  // Required.
	Caller   telephony.Number  // whom the agent talks to; may be withheld. The call is never handed to them
	Settings roster.SystemTool // of the agent's transfer_to_number

	// Variables are the call's as it began, from its record: never what a tool
	// assigned since, for that may be what the caller said.
	Variables vars.Set

	// Owns reports whether a number is the workspace's, so that others may see it
	// as who calls. Nil: none is.
	Owns func(ctx context.Context, n telephony.Number) (bool, error)
}

// ErrNowhere means that the agent's list has nobody to hand this call to, so
// that the tool is not offered.
var ErrNowhere = errors.New("transfer: there is nobody to hand the call to")

// Tool makes transfer_to_number for one call. Destinations whose variable holds
// nothing that can be called are left out; [ErrNowhere] when none is left.
func Tool(c Config) (tools.Tool, error) {
	if c.Desk == nil || c.Call == "" {
		return nil, errors.New("transfer: Config.Desk and Config.Call are required")
	}
	listed, err := Parse(c.Settings.Parameters)
	if err != nil {
		return nil, err
	}
	t := tool{Config: c, list: map[string]target{}}
	var offered []Destination
	for _, d := range listed {
		if to, ok := d.resolve(c.Variables); ok {
			t.list[d.Name] = target{d, to}
			offered = append(offered, d)
		}
	}
	if len(offered) == 0 {
		return nil, ErrNowhere
	}
	parameters, err := schema(offered)
	if err != nil {
		return nil, fmt.Errorf("transfer: %w", err)
	}
	spec := llm.Tool{
		Name: roster.TransferToNumber,
		Description: "Hand the call to somebody else, when the condition of one of the destinations is met. " +
			"Use it once and wait for what comes of it; never promise the caller that somebody will answer.",
		Parameters: parameters,
	}
	// The same key gives the same transfer, so that a repeat does no harm.
	traits := tools.Traits{Safe: true, Hold: c.Settings.DisableInterruptions, SpeakFirst: c.Settings.ForcePreToolSpeech}
	return tools.Func(spec, traits, t.call)
}

// tool is transfer_to_number in one call.
type tool struct {
	Config
	list map[string]target // by name
}

// target is a destination, and where it leads in this call.
type target struct {
	Destination
	to telephony.Number
}

// schema describes the arguments: a name out of the list, and words.
func schema(offered []Destination) (json.RawMessage, error) {
	names := make([]string, len(offered))
	var about strings.Builder
	about.WriteString("who is to take the call")
	for i, d := range offered {
		names[i] = d.Name
		fmt.Fprintf(&about, "\n- %s: %s", d.Name, strings.Join(strings.Fields(d.Condition), " "))
		if d.Announce {
			about.WriteString(" (they are told your summary before they take the call)")
		}
	}
	return json.Marshal(map[string]any{
		"type":                 "object",
		"required":             []string{"destination"},
		"additionalProperties": false,
		"properties": map[string]any{
			"destination": map[string]any{"type": "string", "enum": names, "description": about.String()},
			"reason":      map[string]any{"type": "string", "maxLength": 200, "description": "why the call is handed on, in a few words"},
			"summary": map[string]any{"type": "string", "maxLength": 1_000,
				"description": "who calls, what they want and what was done, in one or two sentences, for whoever takes the call"},
		},
	})
}

func (t *tool) call(ctx context.Context, in tools.Invocation) (tools.Result, error) {
	var wish struct {
		Destination string `json:"destination"`
		Reason      string `json:"reason"`
		Summary     string `json:"summary"`
	}
	if err := json.Unmarshal(in.Arguments, &wish); err != nil {
		return tools.Result{}, &failure{"the arguments can't be read", err}
	}
	to, ok := t.list[wish.Destination]
	if !ok { // the schema has looked already
		return tools.Result{}, &failure{say: "there is no such destination"}
	}
	if to.Kind == sipRefer {
		return tools.Result{}, &failure{say: "this line can't hand calls to that destination in the way that is set for it: offer the caller something else"}
	}
	callerID, err := t.callerID(ctx, to.Destination)
	if err != nil {
		return tools.Result{}, err
	}
	if t.Caller != "" && to.to == t.Caller {
		return tools.Result{}, &failure{say: "that is the caller's own number: offer the caller something else"}
	}
	got, err := t.Desk.Transfer(ctx, dispatch.TransferWish{
		Call: t.Call, Key: in.Key, Kind: to.Kind, Label: to.told(), To: to.to, CallerID: callerID,
		PostDial: to.PostDial, Ring: to.Ring, Summary: to.summary(wish.Summary, wish.Reason), Tries: to.Tries,
	})
	if err != nil {
		return tools.Result{}, explain(err)
	}
	return result(got)
}

// callerID is what the destination sees; empty: our number of the call.
func (t *tool) callerID(ctx context.Context, d Destination) (telephony.Number, error) {
	switch {
	case d.ShowCaller && phone.MatchString(string(t.Caller)):
		return t.Caller, nil
	case d.ShowCaller || d.CallerID == "": // who hides their number goes on hiding it
		return "", nil
	case t.Owns == nil:
		return "", &failure{say: notOurs}
	}
	ours, err := t.Owns(ctx, d.CallerID)
	switch {
	case err != nil:
		return "", &failure{notBegun, err}
	case !ours:
		return "", &failure{say: notOurs}
	}
	return d.CallerID, nil
}

// summary is what who answers is told.
func (t target) summary(summary, reason string) string {
	switch {
	case !t.Announce:
		return ""
	case strings.TrimSpace(summary) != "":
		return strings.TrimSpace(summary)
	}
	return strings.TrimSpace(reason)
}
