package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/client"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
	"github.com/hookswitch/hookswitch/telephony"
)

// callCmd looks after calls.
type callCmd struct {
	List       callListCmd       `cmd:"" help:"List calls, the newest first."`
	Get        callGetCmd        `cmd:"" help:"Show a call."`
	Logs       callLogsCmd       `cmd:"" help:"Print what happened in a call; with -f, what happens."`
	Transcript callTranscriptCmd `cmd:"" help:"Print what was said and what was heard of it."`
	Captions   callCaptionsCmd   `cmd:"" help:"Print what both sides said, as live captions have it; with -f, while they say it."`
	Dial       callDialCmd       `cmd:"" help:"Have an agent call somebody."`
	Hangup     callHangupCmd     `cmd:"" help:"End a call."`
	Recording  callRecordingCmd  `cmd:"" help:"Save the sound of a call."`
}

// callView is what commands read of a call of the API.
type callView struct {
	ID    string `json:"id"`
	Agent struct {
		Name    string `json:"name"`
		UUID    string `json:"uuid"`
		Version int    `json:"version"`
	} `json:"agent"`
	Direction string      `json:"direction"`
	From      string      `json:"from"`
	To        string      `json:"to"`
	Status    string      `json:"status"`
	Created   time.Time   `json:"created_at"`
	Answered  time.Time   `json:"answered_at"`
	Ended     time.Time   `json:"ended_at"`
	Duration  float64     `json:"duration_secs"`
	EndReason string      `json:"end_reason"`
	Why       string      `json:"why"`
	SIPCode   int         `json:"sip_code"`
	Answerer  string      `json:"answered_by"`
	Answer    *answerView `json:"answer"`
	Turns     int         `json:"turns"`
	MedianGap *int64      `json:"median_gap_ms"`
	Unheard   int         `json:"unheard_words"`
	Cost      *costView   `json:"cost"` // nil: it goes on, or nothing has a price
	Live      *struct {
		State string `json:"state"`
	} `json:"live"`
	Transfers []transferView `json:"transfers"`
	Webhooks  []struct {
		ID     string `json:"id"`
		Kind   string `json:"kind"`
		Status string `json:"status"`
		Error  string `json:"error"`
	} `json:"webhooks"`
}

// transferView is what commands read of a call's transfer.
type transferView struct {
	To      string  `json:"to"`
	Kind    string  `json:"kind"`
	Status  string  `json:"status"`
	Outcome string  `json:"outcome"`
	Reason  string  `json:"reason"`
	Waited  float64 `json:"waited_seconds"`
	Talked  float64 `json:"talked_seconds"`
}

// line is a transfer in one line.
func (v transferView) line() string {
	text := fmt.Sprintf("%s (%s): %s after %s", v.To, v.Kind, cmp.Or(v.Outcome, v.Status), minutes(v.Waited))
	if v.Talked > 0 {
		text += ", talked " + minutes(v.Talked)
	}
	if v.Reason != "" {
		text += "; " + v.Reason
	}
	return text
}

// idPrefix begins every call's id.
const idPrefix = "call_"

// short is the part of a call's id that tells it apart from others of its time.
func short(id string) string {
	id = strings.TrimPrefix(id, idPrefix)
	return id[:min(len(id), 6)]
}

// way is in or out.
func (v *callView) way() string {
	if v.Direction == string(telephony.Outbound) {
		return "out"
	}
	return "in"
}

// other is the number at the far end.
func (v *callView) other() string {
	if v.Direction == string(telephony.Outbound) {
		return v.To
	}
	return v.From
}

// agent is who talks, with the version.
func (v *callView) agent() string {
	if v.Agent.Version == 0 {
		return v.Agent.Name
	}
	return fmt.Sprintf("%s v%d", v.Agent.Name, v.Agent.Version)
}

// state is how the call is, or why it is over.
func (v *callView) state() string {
	if v.Status == "ended" {
		return v.EndReason
	}
	if v.Live != nil {
		return v.Status + ", " + v.Live.State
	}
	return v.Status
}

// minutes is a length of time as on a telephone's display: 1:02.
func minutes(secs float64) string {
	n := int64(secs)
	return fmt.Sprintf("%d:%02d", n/60, n%60)
}

func gap(ms *int64) string {
	if ms == nil {
		return "-"
	}
	return show.Millis(*ms)
}

// readCall asks for the call with this id.
func readCall(ctx context.Context, c *client.Client, id string) (*callView, json.RawMessage, error) {
	var got rawItem
	if err := c.Get(ctx, client.Path("calls", id), nil, &got); err != nil {
		return nil, nil, err
	}
	v := &callView{}
	if json.Unmarshal(got.Item, v) != nil || v.ID == "" {
		return nil, nil, unreadable("a call")
	}
	return v, got.Item, nil
}

// recentCalls is how many of the newest calls a short id is looked for in.
const recentCalls = 1000

// findCall is the call of that id, which may be the beginning of one: it is then
// looked for among the newest.
func findCall(ctx context.Context, c *client.Client, id string) (*callView, json.RawMessage, error) {
	full := idPrefix + strings.TrimPrefix(strings.ToLower(id), idPrefix)
	v, raw, err := readCall(ctx, c, full)
	var e *client.Error
	if err == nil || !errors.As(err, &e) || e.Status != http.StatusNotFound {
		return v, raw, err
	}
	if len(full)-len(idPrefix) < 3 {
		return nil, nil, noCall(id, err)
	}
	var found []string
	for item, err := range c.List(ctx, "/calls", nil, recentCalls) {
		if err != nil {
			return nil, nil, err
		}
		var one struct{ ID string }
		if json.Unmarshal(item, &one) == nil && strings.HasPrefix(one.ID, full) {
			found = append(found, one.ID)
		}
	}
	switch len(found) {
	case 0:
		return nil, nil, noCall(id, err)
	case 1:
		return readCall(ctx, c, found[0])
	}
	return nil, nil, &fault.Fault{What: fmt.Sprintf("%d calls have an id that begins with %q", len(found), id), Where: strings.Join(found[:min(len(found), 5)], "  "), Mend: "write more of it", Code: "call/several", Exit: fault.Wrong}
}

func noCall(id string, err error) error {
	return &fault.Fault{What: fmt.Sprintf("there is no call %q", id), Where: fmt.Sprintf("this workspace; the beginning of an id is looked for among its newest %d calls", recentCalls), Mend: fault.Keep("hookswitch call list"), Code: "call/not-found", Exit: fault.Wrong, Err: err}
}
