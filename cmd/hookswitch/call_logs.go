package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/client"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/sheet"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
)

type callLogsCmd struct {
	ID     string `arg:"" optional:"" help:"The call's id, or its beginning."`
	All    bool   `help:"All calls of the workspace; the same as no id."`
	Follow bool   `short:"f" help:"Go on as it happens, until the call is over or Ctrl-C."`
	Agent  string `placeholder:"NAME" help:"Only calls of this agent."`
	reach
	output
	hushed
}

// Run prints one line for each thing that was said or happened.
func (c *callLogsCmd) Run(ctx context.Context, s streams) error {
	ctx, stop := interruptible(ctx)
	defer stop()
	if c.ID == "" && !c.Follow || c.ID != "" && (c.All || c.Agent != "") {
		return &fault.Fault{What: "logs is either of one call or, with -f, of all", Where: fault.Keep("hookswitch call logs"),
			Mend: fault.Keep("hookswitch call logs ID") + "   or   " + fault.Keep("hookswitch call logs -f"), Code: "cli/usage", Exit: fault.Wrong}
	}
	ask, err := c.dial(s)
	if err != nil {
		return err
	}
	defer ask.Close()
	w := &logWriter{ask: ask, out: s.out, structured: c.structured(), width: c.mode(s).Width, calls: map[string]*logged{}}
	if c.Agent != "" {
		a, err := findAgent(ctx, ask, c.Agent)
		if err != nil {
			return err
		}
		w.only = a.Agent.UUID
	}
	if c.ID == "" {
		c.note(s, "following every call; Ctrl-C ends it")
		return ask.Events(ctx, c.stream(s, "/events"), func(e client.Event) error { return w.event(ctx, "", e.Data) })
	}
	v, _, err := findCall(ctx, ask, c.ID)
	if err != nil {
		return err
	}
	if c.Follow {
		return ask.Events(ctx, c.stream(s, client.Path("calls", v.ID, "events")), func(e client.Event) error {
			if err := w.event(ctx, v.ID, e.Data); err != nil {
				return err
			}
			if e.Name == "ended" {
				return client.ErrEnough
			}
			return nil
		})
	}
	return entriesOf(ctx, ask, v.ID, func(_ agentcore.Entry, raw json.RawMessage) error { return w.event(ctx, v.ID, raw) })
}

// stream follows path, and says when it is cut.
func (c *callLogsCmd) stream(s streams, path string) client.Stream {
	return client.Stream{Path: path, Lost: func(_ error, again time.Duration) {
		c.note(s, "the stream of events broke; trying again in %.1f s", again.Seconds())
	}}
}

// entriesOf goes through the journal of a call.
func entriesOf(ctx context.Context, ask *client.Client, id string, each func(agentcore.Entry, json.RawMessage) error) error {
	for after := int64(0); ; {
		var page struct {
			Items []json.RawMessage `json:"items"`
			Next  int64             `json:"next_after"`
		}
		if err := ask.Get(ctx, client.Path("calls", id, "events"), url.Values{"after": {fmt.Sprint(after)}}, &page); err != nil {
			return err
		}
		for _, raw := range page.Items {
			var e agentcore.Entry
			if json.Unmarshal(raw, &e) != nil {
				return unreadable("an event")
			}
			if err := each(e, raw); err != nil {
				return err
			}
		}
		if len(page.Items) == 0 || page.Next <= after {
			return nil
		}
		after = page.Next
	}
}

// logWriter prints events of calls, one a line.
type logWriter struct {
	ask        *client.Client
	out        io.Writer
	structured bool   // the events as they are
	only       string // an agent's uuid; empty: all
	width      int
	calls      map[string]*logged
}

// logged is what is known of a call whose events are printed.
type logged struct {
	view   *callView
	script show.Script
}

// event prints what an entry completes. call is its call's id; empty: the entry
// names it.
func (w *logWriter) event(ctx context.Context, call string, data json.RawMessage) error {
	var head struct {
		Call string `json:"call_id"`
	}
	var e agentcore.Entry
	if json.Unmarshal(data, &head) != nil || json.Unmarshal(data, &e) != nil {
		return unreadable("an event")
	}
	if call == "" {
		call = head.Call
	}
	l := w.calls[call]
	if l == nil {
		view, _, err := readCall(ctx, w.ask, call)
		if err != nil {
			return err
		}
		l = &logged{view: view}
		w.calls[call] = l
	}
	_, over := e.Event.(agentcore.Ended)
	if over {
		delete(w.calls, call)
	}
	if w.only != "" && l.view.Agent.UUID != w.only {
		return nil
	}
	if w.structured {
		_, err := fmt.Fprintf(w.out, "%s\n", oneLine(data))
		return err
	}
	items := l.script.Add(e)
	if over {
		items = append(items, l.script.Rest()...)
	}
	for _, i := range items {
		if _, err := io.WriteString(w.out, w.line(l.view, e.Wall, i)+"\n"); err != nil {
			return err
		}
	}
	return nil
}

// oneLine is JSON that came from elsewhere as one harmless line.
func oneLine(raw json.RawMessage) string {
	var b strings.Builder
	if sheet.Item(&b, sheet.JSON, raw) != nil {
		return ""
	}
	var out strings.Builder
	for line := range strings.Lines(b.String()) {
		out.WriteString(strings.TrimSpace(line))
	}
	return out.String()
}

// line is an item as a log has it: the clock of this machine, the call, what
// happened, and the gap at the right edge.
func (w *logWriter) line(v *callView, wall time.Time, i show.Item) string {
	label, text, right := i.Kind, i.Text, ""
	switch i.Kind {
	case show.Answered:
		far, near := v.From, v.agent()
		if v.way() == "out" {
			far = v.To
		}
		label, text = v.way(), fmt.Sprintf("%s -> %s   %s", show.Number(far), show.Clean(near), map[bool]string{true: "resumed", false: "answered"}[i.Turn > 1])
		if v.way() == "out" {
			text = fmt.Sprintf("%s -> %s   %s", show.Clean(near), show.Number(far), map[bool]string{true: "resumed", false: "answered"}[i.Turn > 1])
		}
	case show.Agent:
		if i.Unheard != "" {
			text = strings.TrimSpace(text + " [not heard: " + i.Unheard + "]")
		}
		if ms, ok := i.Gap(); ok {
			right = show.Millis(ms)
		}
		if beep := i.Beep(); beep != "" {
			text += " [" + beep + "]"
		}
	case show.Answerer:
		text = show.Who(*i.Who)
	case show.Message:
		label, text = "agent", "begins its message"
	case show.Key:
		label, text = "caller", "["+text+"]"
	case show.Noise:
		label, text = "caller", "(no words)"
	case show.Tool:
		text, right = i.Tool.String()+" -> "+show.Clean(i.Tool.Outcome()), show.Millis(i.Tool.TookMS)
	case show.Trouble:
		label, text = "error", i.Why+": "+text
	case show.Over:
		text = fmt.Sprintf("%s %s", text, minutes(float64(i.At)/1000))
	}
	line := strings.TrimRight(fmt.Sprintf("%s %s  %-6s %s", wall.Local().Format("15:04:05"), short(v.ID), label, text), " ")
	if right == "" {
		return line
	}
	room := w.width
	if room <= 0 {
		room = 100
	}
	return line + strings.Repeat(" ", max(room-8-utf8.RuneCountInString(line)-utf8.RuneCountInString(right), 3)) + right
}
