package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/client"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/sheet"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
	"github.com/hookswitch/hookswitch/telephony"
)

// callCmd looks after calls.
type callCmd struct {
	List       callListCmd       `cmd:"" help:"List calls, the newest first."`
	Get        callGetCmd        `cmd:"" help:"Show a call."`
	Logs       callLogsCmd       `cmd:"" help:"Print what happened in a call; with -f, what happens."`
	Transcript callTranscriptCmd `cmd:"" help:"Print what was said and what was heard of it."`
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
	Direction string    `json:"direction"`
	From      string    `json:"from"`
	To        string    `json:"to"`
	Status    string    `json:"status"`
	Created   time.Time `json:"created_at"`
	Answered  time.Time `json:"answered_at"`
	Ended     time.Time `json:"ended_at"`
	Duration  float64   `json:"duration_secs"`
	EndReason string    `json:"end_reason"`
	Why       string    `json:"why"`
	Turns     int       `json:"turns"`
	MedianGap *int64    `json:"median_gap_ms"`
	Unheard   int       `json:"unheard_words"`
	Live      *struct {
		State string `json:"state"`
	} `json:"live"`
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

type callListCmd struct {
	Query []string `arg:"" optional:"" help:"What they must be, such as agent:front-desk gap>800 said:\"saturday\" since:7d live:true. See /docs of the gateway."`
	Limit int      `short:"n" default:"30" help:"At most so many; 0 means all. Default ${default}."`
	reach
	output
	hushed
}

// Run lists calls. The gateway understands the query.
func (c *callListCmd) Run(ctx context.Context, s streams) error {
	ask, err := c.dial(s)
	if err != nil {
		return err
	}
	defer ask.Close()
	q := url.Values{}
	if query := strings.Join(c.Query, " "); query != "" {
		q.Set("q", query)
	}
	out := &sheet.Sheet{Columns: []sheet.Column{{Name: "ID"}, {Name: "WHEN"}, {Name: "WAY"}, {Name: "NUMBER"}, {Name: "AGENT", Gives: true}, {Name: "STATE", Gives: true}, {Name: "LENGTH", Right: true},
		{Name: "GAP", Right: true}, {Name: "TURNS", Right: true, Wide: true}, {Name: "UNHEARD", Right: true, Wide: true}, {Name: "FULL ID", Wide: true}}}
	table := c.table(s)
	for raw, err := range ask.List(ctx, "/calls", q, c.Limit) {
		if err != nil {
			return err
		}
		var v callView
		if json.Unmarshal(raw, &v) != nil {
			return unreadable("a call")
		}
		id, number, ms, at := v.ID, v.other(), "", when(v.Created)
		if v.MedianGap != nil {
			ms = fmt.Sprint(*v.MedianGap)
		}
		if table {
			id, number, ms, at = short(id), show.Number(number), gap(v.MedianGap), recent(v.Created, time.Now())
		}
		out.Add(v.ID, raw, id, at, v.way(), number, v.agent(), v.state(), minutes(v.Duration), ms, fmt.Sprint(v.Turns), fmt.Sprint(v.Unheard), v.ID)
	}
	if out.Len() == 0 && table {
		if len(c.Query) > 0 {
			c.note(s, "no call is like that")
		} else {
			c.note(s, "no calls yet; watch for them: hookswitch call logs -f")
		}
		return nil
	}
	return out.Write(s.out, c.mode(s))
}

type callGetCmd struct {
	ID string `arg:"" help:"The call's id, or its beginning."`
	reach
	output
}

// Run shows a call.
func (c *callGetCmd) Run(ctx context.Context, s streams) error {
	ask, err := c.dial(s)
	if err != nil {
		return err
	}
	defer ask.Close()
	v, raw, err := findCall(ctx, ask, c.ID)
	if err != nil {
		return err
	}
	if c.structured() {
		return sheet.Item(s.out, c.form(), raw)
	}
	if c.form() == sheet.ID {
		_, err := fmt.Fprintln(s.out, v.ID)
		return err
	}
	from, to := v.From, v.To
	if c.table(s) {
		from, to = show.Number(from), show.Number(to)
	}
	lines := [][2]string{{"id", v.ID}, {"when", when(v.Created)}, {"way", v.way()}, {"from", from}, {"to", to}, {"agent", v.agent()}, {"state", v.state()}, {"why", v.Why},
		{"length", minutes(v.Duration)}, {"turns", fmt.Sprint(v.Turns)}, {"gap", gap(v.MedianGap)}, {"unheard", plural(v.Unheard, "word")}}
	for _, l := range lines {
		text := show.Clean(l[1])
		switch {
		case c.table(s) && text == "":
		case c.table(s):
			_, err = fmt.Fprintf(s.out, "%-8s  %s\n", l[0], text)
		default:
			_, err = fmt.Fprintf(s.out, "%s\t%s\n", l[0], text)
		}
		if err != nil {
			return err
		}
	}
	if c.table(s) {
		fmt.Fprintf(s.out, "what was said: hookswitch call transcript %s\n", short(v.ID))
	}
	return nil
}

type callTranscriptCmd struct {
	ID string `arg:"" help:"The call's id, or its beginning."`
	reach
	output
	Color string `help:"When to use colours: auto, always or never." enum:"auto,always,never" default:"auto"`
}

// Run prints the transcript: on a terminal as talk and the demo show a call.
func (c *callTranscriptCmd) Run(ctx context.Context, s streams) error {
	ask, err := c.dial(s)
	if err != nil {
		return err
	}
	defer ask.Close()
	v, _, err := findCall(ctx, ask, c.ID)
	if err != nil {
		return err
	}
	if c.table(s) {
		screen := screenOf(s, show.Flags{Color: c.Color})
		call := screen.Call(show.Heading{Direction: telephony.Direction(v.Direction), From: v.From, To: v.To})
		if err := entriesOf(ctx, ask, v.ID, func(e agentcore.Entry, _ json.RawMessage) error { call.Entry(e); return nil }); err != nil {
			return err
		}
		call.Flush()
		return screen.Err()
	}
	out := &sheet.Sheet{Columns: []sheet.Column{{Name: "AT"}, {Name: "SPEAKER"}, {Name: "TEXT"}, {Name: "UNHEARD"}, {Name: "GAP"}}}
	for raw, err := range ask.List(ctx, client.Path("calls", v.ID, "transcript"), nil, 0) {
		if err != nil {
			return err
		}
		var u agentcore.Utterance
		if json.Unmarshal(raw, &u) != nil {
			return unreadable("a transcript")
		}
		ms := ""
		if u.GapMS > 0 {
			ms = fmt.Sprint(u.GapMS)
		}
		out.Add(fmt.Sprint(u.Turn), raw, show.Clock(u.StartMS), u.Speaker, u.Text, u.Unheard, ms)
	}
	return out.Write(s.out, c.mode(s))
}

type callHangupCmd struct {
	IDs []string `arg:"" name:"id" help:"The calls' ids, or their beginnings."`
	reach
	careful
}

// Run ends calls. One that is over is no error.
func (c *callHangupCmd) Run(ctx context.Context, s streams) error {
	ask, err := c.dial(s)
	if err != nil {
		return err
	}
	defer ask.Close()
	for _, id := range c.IDs {
		v, _, err := findCall(ctx, ask, id)
		if err != nil {
			return err
		}
		if c.DryRun {
			fmt.Fprintf(s.out, "would hang up %s (%s)\n", short(v.ID), v.state())
			continue
		}
		var got client.Item[any]
		if err := ask.Send(ctx, http.MethodPost, client.Path("calls", v.ID, "hangup"), nil, &got); err != nil {
			return err
		}
		fmt.Fprintf(s.out, "%s  %s\n", short(v.ID), cmp.Or(show.Clean(got.Message), "hung up"))
	}
	return nil
}

type callRecordingCmd struct {
	ID    string `arg:"" help:"The call's id, or its beginning."`
	To    string `short:"O" placeholder:"FILE" help:"Where to; - is standard output. Default the call's id and .wav."`
	Force bool   `help:"Write over a file that exists."`
	reach
}

// Run saves the sound: left the caller, right the agent.
func (c *callRecordingCmd) Run(ctx context.Context, s streams) error {
	ask, err := c.dial(s)
	if err != nil {
		return err
	}
	defer ask.Close()
	v, _, err := findCall(ctx, ask, c.ID)
	if err != nil {
		return err
	}
	path := client.Path("calls", v.ID, "recording")
	name := cmp.Or(c.To, v.ID+".wav")
	if name == "-" {
		_, err := ask.Copy(ctx, path, s.out)
		return err
	}
	mode := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if c.Force {
		mode = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(name, mode, 0o600) // people speak in it
	if err != nil {
		return c.unwritable(name, err)
	}
	n, err := ask.Copy(ctx, path, f)
	if err := errors.Join(err, f.Close()); err != nil {
		os.Remove(name)
		return err
	}
	_, err = io.WriteString(s.out, fmt.Sprintf("%s  %s, left the caller, right the agent\n", name, megabytes(n)))
	return err
}

func (c *callRecordingCmd) unwritable(name string, err error) error {
	f := &fault.Fault{What: "the recording can't be written", Where: fault.Keep("-O " + name), Mend: "another file: " + fault.Keep("-O OTHER.wav"), Code: "call/file", Exit: fault.Impossible, Err: err}
	if errors.Is(err, os.ErrExist) {
		f.What, f.Exit = name+" exists already", fault.Wrong
		f.Mend += "      (or write over it: " + fault.Keep("--force") + ")"
	}
	return f
}
