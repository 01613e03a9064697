package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/hookswitch/hookswitch/agentcore/search"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/client"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/sheet"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
	"github.com/hookswitch/hookswitch/telephony"
)

type callDialCmd struct {
	To     string            `arg:"" help:"Whom to call: a number with + and its country."`
	Agent  string            `required:"" placeholder:"NAME" help:"The agent that calls."`
	From   string            `placeholder:"NUMBER" help:"From which of its numbers. Default the first that calls go out from."`
	Var    map[string]string `placeholder:"NAME=VALUE" mapsep:"none" help:"A dynamic variable; may be given several times."`
	Wait   bool              `help:"Print what happens, until the call is over. The exit status is 0 when somebody answered, 1 when not."`
	Expect []string          `placeholder:"REASON" help:"Wait, and exit with 0 only for one of these end reasons, such as busy or caller_hangup; answered stands for all that somebody answered."`
	Key    string            `name:"idempotency-key" placeholder:"KEY" help:"Of an earlier try: what was placed then is not placed again. Default a new one."`
	laterFlags
	reach
	output
	hushed
	careful
}

// answeredReasons are the ends of calls that somebody answered.
var answeredReasons = []string{string(telephony.AgentHangup), string(telephony.CallerHangup), string(telephony.Silence), string(telephony.MaxDuration), string(telephony.OperatorHangup)}

// Run places the call.
func (c *callDialCmd) Run(ctx context.Context, s streams) error {
	ctx, stop := interruptible(ctx)
	defer stop()
	to, err := e164Of(c.To, "the first argument")
	if err != nil {
		return err
	}
	expect, err := c.expected()
	if err != nil {
		return err
	}
	if c.later() && (c.Wait || expect != nil) {
		return &fault.Fault{What: "a call that is placed later can't be waited for", Where: fault.Keep("--at, --retry with --wait"), Mend: "leave out " + fault.Keep("--wait") + "; then " + fault.Keep("hookswitch schedule show ID"), Code: "cli/usage", Exit: fault.Wrong}
	}
	body, err := c.body(time.Now())
	if err != nil {
		return err
	}
	body["phone_number"] = to
	if c.From != "" {
		if body["from"], err = e164Of(c.From, "--from"); err != nil {
			return err
		}
	}
	if len(c.Var) > 0 {
		body["dynamic_variables"] = c.Var
	}
	ask, err := c.dial(s)
	if err != nil {
		return err
	}
	defer ask.Close()
	a, err := findAgent(ctx, ask, c.Agent)
	if err != nil {
		return err
	}
	if c.DryRun {
		with := ""
		if len(c.Var) > 0 {
			with = ", with " + strings.Join(slices.Sorted(maps.Keys(c.Var)), ", ")
		}
		if at, ok := body["schedule_at"].(string); ok {
			with += " at " + at
		}
		_, err := fmt.Fprintf(s.out, "would have %s v%d call %s%s\n", show.Clean(a.Agent.Name), a.Version, show.Number(to), show.Clean(with))
		return err
	}
	key := cmp.Or(c.Key, uuid.NewString())
	var got struct {
		Call string          `json:"call_id"`
		Item json.RawMessage `json:"item"`
	}
	again, err := ask.Once(ctx, client.Path("agents", a.Agent.UUID, "dispatch"), key, body, &got)
	if err != nil {
		return c.notKnown(err, key)
	}
	if c.later() {
		return c.booked(s, got.Call, got.Item, again, key)
	}
	c.note(s, "call %s placed%s (idempotency key %s)", short(got.Call), map[bool]string{true: " earlier", false: ""}[again], key)
	if !c.Wait && expect == nil {
		return c.printed(s, got.Call, got.Item, got.Call+"\n")
	}
	return c.wait(ctx, s, ask, got.Call, expect)
}

// booked tells the id of a call that is to come, and when that is.
func (c *callDialCmd) booked(s streams, id string, item json.RawMessage, again bool, key string) error {
	var v struct {
		At time.Time `json:"schedule_at"`
	}
	if json.Unmarshal(item, &v) != nil {
		return unreadable("a schedule")
	}
	at := "as soon as possible"
	if !v.At.IsZero() {
		at = when(v.At)
	}
	c.note(s, "call %s scheduled%s: %s (idempotency key %s)      to end it: hookswitch schedule cancel %s", short(id), map[bool]string{true: " earlier", false: ""}[again], at, key, short(id))
	return c.printed(s, id, item, id+"\t"+at+"\n")
}

// expected are the end reasons that --expect names; nil: it was not given.
func (c *callDialCmd) expected() ([]string, error) {
	var out, known []string
	for _, r := range search.Reasons {
		known = append(known, string(r))
	}
	for _, name := range c.Expect {
		switch {
		case name == "answered":
			out = append(out, answeredReasons...)
		case slices.Contains(known, name):
			out = append(out, name)
		default:
			mend := "answered, or one of " + strings.Join(known, ", ")
			if near := fault.Nearest(name, append(known, "answered")); near != "" {
				mend = "did you mean " + near + "? " + mend
			}
			return nil, &fault.Fault{What: fmt.Sprintf("%q is not an end reason", name), Where: fault.Keep("--expect " + name), Mend: mend, Code: "call/expect", Exit: fault.Wrong}
		}
	}
	return out, nil
}

// notKnown says, where it is not known whether the call was placed, how to find
// out without placing another.
func (c *callDialCmd) notKnown(err error, key string) error {
	var f *fault.Fault
	var e *client.Error
	if errors.As(err, &e) || !errors.As(err, &f) {
		return err
	}
	f.Mend = "whether it was placed is not known; the same again places no second one: " + fault.Keep("--idempotency-key "+key)
	return f
}

// wait prints the call's events until it is over, and judges how it ended.
func (c *callDialCmd) wait(ctx context.Context, s streams, ask *client.Client, id string, expect []string) error {
	w := &logWriter{ask: ask, out: s.out, structured: c.structured(), width: c.mode(s).Width, calls: map[string]*logged{}}
	stream := client.Stream{Path: client.Path("calls", id, "events"), Lost: func(_ error, again time.Duration) {
		c.note(s, "the stream of events broke; trying again in %.1f s", again.Seconds())
	}}
	err := ask.Events(ctx, stream, func(e client.Event) error {
		if err := w.event(ctx, id, e.Data); err != nil {
			return err
		}
		if e.Name == "ended" {
			return client.ErrEnough
		}
		return nil
	})
	if ctx.Err() != nil {
		c.note(s, "the call goes on: hookswitch call logs -f %s      to end it: hookswitch call hangup %s", short(id), short(id))
		return context.Canceled
	}
	if err != nil {
		return err
	}
	v, raw, err := c.ended(ctx, ask, id)
	if err != nil {
		return err
	}
	if c.structured() {
		if err := sheet.Item(s.out, c.form(), raw); err != nil {
			return err
		}
	} else {
		why := ""
		if v.Why != "" {
			why = "   " + show.Clean(v.Why)
		}
		c.note(s, "ended %s %s%s", v.EndReason, minutes(v.Duration), why)
	}
	if expect == nil {
		expect = answeredReasons
	}
	if !slices.Contains(expect, v.EndReason) {
		return fault.ErrCheckFailed
	}
	return nil
}

// ended asks for a call that is over, or about to be.
func (c *callDialCmd) ended(ctx context.Context, ask *client.Client, id string) (*callView, json.RawMessage, error) {
	for try := 0; ; try++ {
		v, raw, err := readCall(ctx, ask, id)
		if err != nil || v.Status == "ended" {
			return v, raw, err
		}
		if try == 50 {
			return nil, nil, &fault.Fault{What: "the call's events ended, but its record is still open", Where: http.MethodGet + " /api/v2/calls/" + id, Mend: fault.Keep("hookswitch call get " + short(id)), Code: "call/open"}
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
	}
}
