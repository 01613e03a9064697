package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/client"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/sheet"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
)

// batchCmd looks after many calls from one file.
type batchCmd struct {
	Start  batchStartCmd  `cmd:"" help:"Have an agent call everybody in a CSV file."`
	Status batchStatusCmd `cmd:"" help:"Say how far a batch is; with --follow, as it goes."`
	List   batchListCmd   `cmd:"" help:"List batches, the newest first."`
	Cancel batchCancelCmd `cmd:"" help:"Cancel the calls that wait."`
}

// batchView is what commands read of a batch of the API.
type batchView struct {
	ID       string         `json:"id"`
	Name     string         `json:"name"`
	Status   string         `json:"status"`
	Agent    string         `json:"agent_name"`
	Total    int            `json:"total"`
	Invalid  int            `json:"invalid_rows"`
	At       time.Time      `json:"schedule_at"`
	Created  time.Time      `json:"created_at"`
	Ended    time.Time      `json:"ended_at"`
	Progress *batchProgress `json:"progress"`
	Errors   []struct {
		Line  int    `json:"line"`
		Field string `json:"field"`
		Error string `json:"error"`
	} `json:"errors"`
}

// batchProgress is how far a batch is.
type batchProgress struct {
	Status    string `json:"status"`
	Total     int    `json:"total"`
	Scheduled int    `json:"scheduled"`
	Ready     int    `json:"ready"`
	Placing   int    `json:"placing"`
	Live      int    `json:"live"`
	Done      int    `json:"done"`
	Failed    int    `json:"failed"`
	Refused   int    `json:"refused"`
	Cancelled int    `json:"cancelled"`
}

// line is it in one line.
func (p batchProgress) line() string {
	over := p.Done + p.Failed + p.Refused + p.Cancelled
	text := fmt.Sprintf("%s, %d of %d over: %d reached, %d not", p.Status, over, p.Total, p.Done, p.Failed)
	for _, more := range []struct {
		n    int
		what string
	}{{p.Refused, "refused"}, {p.Cancelled, "cancelled"}, {p.Placing + p.Live, "live"}, {p.Scheduled + p.Ready, "waiting"}} {
		if more.n > 0 {
			text += fmt.Sprintf(", %d %s", more.n, more.what)
		}
	}
	return text
}

type batchStartCmd struct {
	File  string `arg:"" help:"A CSV file with a column phone_number; the other columns are variables. - is standard input."`
	Agent string `required:"" placeholder:"NAME" help:"The agent that calls."`
	Name  string `placeholder:"NAME" help:"What the batch is called. Default the file's name."`
	laterFlags
	reach
	output
	hushed
	careful
}

// Run sends the file as it is read.
func (c *batchStartCmd) Run(ctx context.Context, s streams) error {
	q, err := c.query(time.Now())
	if err != nil {
		return err
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
	q.Set("agent_uuid", a.Agent.UUID)
	file, err := c.open(s)
	if err != nil {
		return err
	}
	if c.DryRun {
		_, err := fmt.Fprintf(s.out, "would have %s v%d call everybody in %s\n", show.Clean(a.Agent.Name), a.Version, show.Clean(c.File))
		return err
	}
	var got rawItem
	if err := ask.Upload(ctx, "/batches", q, "text/csv", file, &got); err != nil {
		return err
	}
	var v batchView
	if json.Unmarshal(got.Item, &v) != nil || v.ID == "" {
		return unreadable("a batch")
	}
	c.note(s, "%s; how far it is: hookswitch batch status %s --follow", v.taken(), v.ID)
	for _, e := range v.Errors {
		c.note(s, "line %d: %s", e.Line, show.Clean(strings.TrimSpace(e.Field+" "+e.Error)))
	}
	return c.printed(s, v.ID, got.Item, v.ID+"\n")
}

// taken says what became of a file.
func (v batchView) taken() string {
	text := plural(v.Total, "call") + " taken"
	if v.Invalid > 0 {
		text += ", " + plural(v.Invalid, "line") + " left out"
	}
	if !v.At.IsZero() {
		text += ", from " + when(v.At) + " on"
	}
	return text
}

func (c *batchStartCmd) query(now time.Time) (url.Values, error) {
	body, err := c.body(now)
	if err != nil {
		return nil, err
	}
	q := url.Values{}
	for name, v := range body {
		if text, ok := v.(string); ok {
			q.Set(name, text)
			continue
		}
		b, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		q.Set(name, string(b))
	}
	name := c.Name
	if name == "" && c.File != "-" {
		name = filepath.Base(c.File)
	}
	q.Set("name", name)
	return q, nil
}

// open says how the file is opened, and whether it can be.
func (c *batchStartCmd) open(s streams) (func() (io.ReadCloser, error), error) {
	if c.File == "-" {
		return func() (io.ReadCloser, error) { return io.NopCloser(s.in), nil }, nil
	}
	open := func() (io.ReadCloser, error) {
		f, err := os.Open(c.File)
		if err != nil {
			return nil, &fault.Fault{What: "the file can't be read", Where: fault.Keep(c.File), Mend: "name a CSV file with a column phone_number", Code: "batch/file", Exit: fault.Wrong, Err: err}
		}
		return f, nil
	}
	f, err := open()
	if err != nil {
		return nil, err
	}
	return open, f.Close()
}

type batchStatusCmd struct {
	ID     string `arg:"" help:"The batch's id, or its beginning."`
	Follow bool   `short:"f" help:"Print what changes, until the batch is over."`
	reach
	output
	hushed
}

// Run shows a batch.
func (c *batchStatusCmd) Run(ctx context.Context, s streams) error {
	ctx, stop := interruptible(ctx)
	defer stop()
	ask, err := c.dial(s)
	if err != nil {
		return err
	}
	defer ask.Close()
	v, raw, err := findBatch(ctx, ask, c.ID)
	if err != nil {
		return err
	}
	switch {
	case c.Follow:
		return c.follow(ctx, s, ask, v.ID)
	case c.structured():
		return sheet.Item(s.out, c.form(), raw)
	case c.form() == sheet.ID:
		_, err := fmt.Fprintln(s.out, v.ID)
		return err
	}
	lines := [][2]string{{"id", v.ID}, {"name", v.Name}, {"agent", v.Agent}, {"state", v.Status}, {"from", when(v.At)}, {"made", when(v.Created)}, {"over", when(v.Ended)}, {"rows", v.taken()}}
	if v.Progress != nil {
		lines = append(lines, [2]string{"progress", v.Progress.line()})
	}
	for _, e := range v.Errors {
		lines = append(lines, [2]string{"wrong", fmt.Sprintf("line %d: %s", e.Line, strings.TrimSpace(e.Field+" "+e.Error))})
	}
	return writeLines(s, c.table(s), lines)
}

// follow prints the progress as it changes.
func (c *batchStatusCmd) follow(ctx context.Context, s streams, ask *client.Client, id string) error {
	stream := client.Stream{Path: client.Path("batches", id, "events"), Lost: func(_ error, again time.Duration) {
		c.note(s, "the stream of events broke; trying again in %.1f s", again.Seconds())
	}}
	err := ask.Events(ctx, stream, func(e client.Event) error {
		var p batchProgress
		if json.Unmarshal(e.Data, &p) != nil {
			return unreadable("a batch's progress")
		}
		text := p.line()
		if c.structured() {
			text = string(e.Data)
		}
		if _, err := fmt.Fprintln(s.out, show.Clean(text)); err != nil {
			return err
		}
		if e.Name == "over" {
			return client.ErrEnough
		}
		return nil
	})
	if ctx.Err() != nil {
		c.note(s, "the batch goes on; to end it: hookswitch batch cancel %s", id)
		return context.Canceled
	}
	return err
}

type batchListCmd struct {
	Limit int `short:"n" default:"30" help:"At most so many; 0 means all. Default ${default}."`
	reach
	output
	hushed
}

// Run lists batches.
func (c *batchListCmd) Run(ctx context.Context, s streams) error {
	ask, err := c.dial(s)
	if err != nil {
		return err
	}
	defer ask.Close()
	out := &sheet.Sheet{Columns: []sheet.Column{{Name: "ID"}, {Name: "MADE"}, {Name: "NAME", Gives: true}, {Name: "AGENT", Gives: true}, {Name: "STATE"}, {Name: "CALLS", Right: true}, {Name: "LEFT OUT", Right: true}, {Name: "FROM", Wide: true}, {Name: "OVER", Wide: true}}}
	for raw, err := range ask.List(ctx, "/batches", nil, c.Limit) {
		if err != nil {
			return err
		}
		var v batchView
		if json.Unmarshal(raw, &v) != nil {
			return unreadable("a batch")
		}
		id := v.ID
		if c.table(s) {
			id = shortSchedule(id)
		}
		out.Add(v.ID, raw, id, when(v.Created), cmp.Or(v.Name, "-"), v.Agent, v.Status, fmt.Sprint(v.Total), fmt.Sprint(v.Invalid), when(v.At), when(v.Ended))
	}
	if out.Len() == 0 && c.table(s) {
		c.note(s, "no batches yet; the first one: hookswitch batch start people.csv --agent NAME")
		return nil
	}
	return out.Write(s.out, c.mode(s))
}

type batchCancelCmd struct {
	ID string `arg:"" help:"The batch's id, or its beginning."`
	reach
	careful
}

// Run cancels what waits. Calls that go on are not cut short.
func (c *batchCancelCmd) Run(ctx context.Context, s streams) error {
	ask, err := c.dial(s)
	if err != nil {
		return err
	}
	defer ask.Close()
	v, _, err := findBatch(ctx, ask, c.ID)
	if err != nil {
		return err
	}
	if c.DryRun {
		_, err := fmt.Fprintf(s.out, "would cancel %s (%s)\n", v.ID, v.Progress.line())
		return err
	}
	var got client.Item[batchView]
	if err := ask.Send(ctx, http.MethodPost, client.Path("batches", v.ID, "cancel"), nil, &got); err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "%s  %s\n", shortSchedule(v.ID), show.Clean(got.Message))
	return err
}

// findBatch is the one of that id, which may be the beginning of one.
func findBatch(ctx context.Context, c *client.Client, id string) (*batchView, json.RawMessage, error) {
	full, err := fullID(ctx, c, "/batches", strings.ToLower(id), "batch_")
	if err != nil {
		return nil, nil, err
	}
	if full == "" {
		return nil, nil, &fault.Fault{What: fmt.Sprintf("there is no batch %q", id), Where: "this workspace", Mend: fault.Keep("hookswitch batch list"), Code: "batch/not-found", Exit: fault.Wrong}
	}
	var got rawItem
	if err := c.Get(ctx, client.Path("batches", full), nil, &got); err != nil {
		return nil, nil, err
	}
	v := &batchView{}
	if json.Unmarshal(got.Item, v) != nil || v.Progress == nil {
		return nil, nil, unreadable("a batch")
	}
	return v, got.Item, nil
}
