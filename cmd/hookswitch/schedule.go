package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/client"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/sheet"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
)

// scheduleCmd looks after what waits for its time.
type scheduleCmd struct {
	List   scheduleListCmd   `cmd:"" help:"List calls and chats that wait for their time, and what became of others."`
	Show   scheduleShowCmd   `cmd:"" help:"Show one, with its attempts."`
	Cancel scheduleCancelCmd `cmd:"" help:"Cancel what waits, and further attempts."`
}

// scheduleView is what commands read of a schedule of the API.
type scheduleView struct {
	ID       string    `json:"id"`
	Kind     string    `json:"kind"`
	Status   string    `json:"status"`
	Code     string    `json:"code"`
	Why      string    `json:"why"`
	Agent    string    `json:"agent_name"`
	To       string    `json:"to"`
	Batch    string    `json:"batch_id"`
	Attempt  int       `json:"attempt"`
	Call     string    `json:"call_id"`
	Asked    time.Time `json:"schedule_at"`
	Due      time.Time `json:"due_at"`
	Created  time.Time `json:"created_at"`
	Ended    time.Time `json:"ended_at"`
	Attempts []struct {
		Attempt   int       `json:"attempt"`
		Call      string    `json:"call_id"`
		Status    string    `json:"status"`
		EndReason string    `json:"end_reason"`
		Answered  string    `json:"answered_by"`
		Class     string    `json:"answer_class"`
		Created   time.Time `json:"created_at"`
	} `json:"attempts"`
}

// state is how it is, and why.
func (v scheduleView) state() string {
	if v.Code != "" && v.Code != v.Status {
		return v.Status + ", " + v.Code
	}
	return v.Status
}

type scheduleListCmd struct {
	Status string `placeholder:"STATUS,..." help:"Only these: scheduled, ready, placing, live, done, failed, refused, cancelled. Default those that are not over."`
	All    bool   `help:"Those that are over, too."`
	Kind   string `enum:"call,chat," default:"" help:"call or chat. Default both."`
	Agent  string `placeholder:"NAME" help:"Only this agent's."`
	To     string `placeholder:"NUMBER" help:"Only to this number: its series."`
	Batch  string `placeholder:"ID" help:"Only this batch's."`
	Limit  int    `short:"n" default:"30" help:"At most so many; 0 means all. Default ${default}."`
	reach
	output
	hushed
}

// Run lists them.
func (c *scheduleListCmd) Run(ctx context.Context, s streams) error {
	ask, err := c.dial(s)
	if err != nil {
		return err
	}
	defer ask.Close()
	q, err := c.query(ctx, ask)
	if err != nil {
		return err
	}
	out := &sheet.Sheet{Columns: []sheet.Column{{Name: "ID"}, {Name: "KIND"}, {Name: "DUE"}, {Name: "TO"}, {Name: "AGENT", Gives: true}, {Name: "STATE", Gives: true},
		{Name: "TRIES", Right: true}, {Name: "ASKED FOR", Wide: true}, {Name: "BATCH", Wide: true}, {Name: "FULL ID", Wide: true}}}
	table := c.table(s)
	for raw, err := range ask.List(ctx, "/schedules", q, c.Limit) {
		if err != nil {
			return err
		}
		var v scheduleView
		if json.Unmarshal(raw, &v) != nil {
			return unreadable("a schedule")
		}
		id, to := v.ID, v.To
		if table {
			id, to = shortSchedule(id), show.Number(to)
		}
		out.Add(v.ID, raw, id, v.Kind, when(v.Due), to, v.Agent, v.state(), fmt.Sprint(v.Attempt), when(v.Asked), cmp.Or(v.Batch, "-"), v.ID)
	}
	if out.Len() == 0 && table {
		c.note(s, "nothing waits for its time; a call that does: hookswitch call dial NUMBER --agent NAME --at 'tomorrow 10:00'")
		return nil
	}
	return out.Write(s.out, c.mode(s))
}

// query is what the flags ask for.
func (c *scheduleListCmd) query(ctx context.Context, ask *client.Client) (url.Values, error) {
	q := url.Values{}
	set := func(name, value string) {
		if value != "" {
			q.Set(name, value)
		}
	}
	if !c.All {
		set("status", cmp.Or(c.Status, "scheduled,ready,placing,live"))
	} else {
		set("status", c.Status)
	}
	set("kind", c.Kind)
	set("batch_id", c.Batch)
	if c.To != "" {
		contact, err := contactOf(c.To, "--to")
		if err != nil {
			return nil, err
		}
		set("phone_number", contact)
	}
	if c.Agent != "" {
		a, err := findAgent(ctx, ask, c.Agent)
		if err != nil {
			return nil, err
		}
		set("agent_uuid", a.Agent.UUID)
	}
	return q, nil
}

// shortSchedule tells a schedule apart from others of its time.
func shortSchedule(id string) string {
	_, rest, _ := strings.Cut(id, "_")
	return rest[:min(len(rest), 6)]
}

type scheduleShowCmd struct {
	ID string `arg:"" help:"The schedule's id, or its beginning."`
	reach
	output
}

// Run shows one.
func (c *scheduleShowCmd) Run(ctx context.Context, s streams) error {
	ask, err := c.dial(s)
	if err != nil {
		return err
	}
	defer ask.Close()
	v, raw, err := findSchedule(ctx, ask, c.ID)
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
	to := v.To
	if c.table(s) {
		to = show.Number(to)
	}
	lines := [][2]string{{"id", v.ID}, {"kind", v.Kind}, {"to", to}, {"agent", v.Agent}, {"state", v.state()}, {"why", v.Why}, {"asked", when(v.Asked)}, {"due", when(v.Due)}, {"batch", v.Batch}}
	for _, a := range v.Attempts {
		text := fmt.Sprintf("%d  %s  %s  %s", a.Attempt, a.Call, when(a.Created), cmp.Or(a.EndReason, a.Status))
		if by := cmp.Or(a.Class, a.Answered); by != "" {
			text += ", " + by
		}
		lines = append(lines, [2]string{"attempt", text})
	}
	return writeLines(s, c.table(s), lines)
}

// writeLines prints names and values, one a line; a person is spared the empty
// ones.
func writeLines(s streams, table bool, lines [][2]string) error {
	for _, l := range lines {
		text := show.Clean(l[1])
		form := "%s\t%s\n"
		if table && text == "" {
			continue
		}
		if table {
			form = "%-8s  %s\n"
		}
		if _, err := fmt.Fprintf(s.out, form, l[0], text); err != nil {
			return err
		}
	}
	return nil
}

type scheduleCancelCmd struct {
	IDs []string `arg:"" name:"id" help:"The schedules' ids, or their beginnings."`
	reach
	careful
}

// Run cancels. A call that goes on is not cut short.
func (c *scheduleCancelCmd) Run(ctx context.Context, s streams) error {
	ask, err := c.dial(s)
	if err != nil {
		return err
	}
	defer ask.Close()
	for _, id := range c.IDs {
		v, _, err := findSchedule(ctx, ask, id)
		if err != nil {
			return err
		}
		if c.DryRun {
			fmt.Fprintf(s.out, "would cancel %s (%s)\n", v.ID, v.state())
			continue
		}
		var got rawItem
		if err := ask.Send(ctx, http.MethodPost, client.Path("schedules", v.ID, "cancel"), nil, &got); err != nil {
			return err
		}
		fmt.Fprintf(s.out, "%s  %s\n", shortSchedule(v.ID), cmp.Or(show.Clean(got.Message), "cancelled"))
	}
	return nil
}

// findSchedule is the one of that id, which may be the beginning of one: it is
// then looked for among the newest.
func findSchedule(ctx context.Context, c *client.Client, id string) (*scheduleView, json.RawMessage, error) {
	id = strings.ToLower(id)
	full, err := fullID(ctx, c, "/schedules", id, "call_", "chat_")
	if err != nil {
		return nil, nil, err
	}
	if full == "" {
		return nil, nil, &fault.Fault{What: fmt.Sprintf("there is no schedule %q", id), Where: fmt.Sprintf("this workspace; the beginning of an id is looked for among its newest %d", recentCalls), Mend: fault.Keep("hookswitch schedule list --all"), Code: "schedule/not-found", Exit: fault.Wrong}
	}
	var got rawItem
	if err := c.Get(ctx, client.Path("schedules", full), nil, &got); err != nil {
		return nil, nil, err
	}
	v := &scheduleView{}
	if json.Unmarshal(got.Item, v) != nil || v.ID == "" {
		return nil, nil, unreadable("a schedule")
	}
	return v, got.Item, nil
}

// fullID is the id at path that id is, or begins; its prefix may be left out.
// Empty: there is none.
func fullID(ctx context.Context, c *client.Client, path, id string, prefixes ...string) (string, error) {
	bare := id
	for _, p := range prefixes {
		if strings.HasPrefix(id, p) {
			bare, prefixes = strings.TrimPrefix(id, p), []string{p}
			break
		}
	}
	for _, p := range prefixes {
		var e *client.Error
		err := c.Get(ctx, path+client.Path(p+bare), nil, nil)
		if err == nil {
			return p + bare, nil
		}
		if !errors.As(err, &e) || e.Status != http.StatusNotFound {
			return "", err
		}
	}
	if len(bare) < 3 {
		return "", nil
	}
	var found []string
	for item, err := range c.List(ctx, path, nil, recentCalls) {
		if err != nil {
			return "", err
		}
		var one struct{ ID string }
		for _, p := range prefixes {
			if json.Unmarshal(item, &one) == nil && strings.HasPrefix(one.ID, p+bare) {
				found = append(found, one.ID)
			}
		}
	}
	switch len(found) {
	case 0:
		return "", nil
	case 1:
		return found[0], nil
	}
	return "", &fault.Fault{What: fmt.Sprintf("%d ids begin with %q", len(found), id), Where: strings.Join(found[:min(len(found), 5)], "  "), Mend: "write more of it", Code: "schedule/several", Exit: fault.Wrong}
}
