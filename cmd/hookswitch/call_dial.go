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
	Wait   bool              `help:"Print what happens, until the call is over. The exit status is 0 when it was answered, by a machine, too, and 1 when not."`
	Expect []string          `placeholder:"WHAT" help:"Wait, and exit with 0 only for one of these: who answered, such as human or voicemail, or an end reason, such as busy; answered stands for all that somebody or something answered."`
	Key    string            `name:"idempotency-key" placeholder:"KEY" help:"Of an earlier try: what was placed then is not placed again. Default a new one."`
	laterFlags
	reach
	output
	hushed
	careful
}

// answeredReasons are the ends of calls that somebody answered, or a machine.
var answeredReasons = []string{string(telephony.Voicemail), string(telephony.AgentHangup), string(telephony.CallerHangup), string(telephony.Silence), string(telephony.MaxDuration), string(telephony.OperatorHangup)}

// Run places the call.
func (c *callDialCmd) Run(ctx context.Context, s streams) error {
	ctx, stop := interruptible(ctx)
	defer stop()
	to, err := e164Of(c.To, "the first argument")
	if err != nil {
		return err
	}
	expect, err := expected(c.Expect)
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
func (c *callDialCmd) wait(ctx context.Context, s streams, ask *client.Client, id string, expect *expectation) error {
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
		c.tell(s, v)
	}
	if expect == nil {
		expect = &expectation{reasons: answeredReasons}
	}
	if !expect.met(v) {
		return fault.ErrCheckFailed
	}
	return nil
}

// tell says who answered, what was left there, and how the call ended.
func (c *callDialCmd) tell(s streams, v *callView) {
	ended := fmt.Sprintf("ended %s %s", v.EndReason, minutes(v.Duration))
	if v.Why != "" {
		ended += "   " + show.Clean(v.Why)
	}
	if v.Answer != nil {
		c.note(s, "ringing %s   %s", tenths(v.Answered.Sub(v.Created).Milliseconds()), v.Answer.line("   "))
		if left := v.Answer.left(leftRoom); left != "" {
			ended = "left " + left + "   " + ended
		}
	}
	c.note(s, "%s", ended)
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
