package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/client"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/sheet"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
)

// webhookCmd looks after what webhooks were told.
type webhookCmd struct {
	List   webhookListCmd   `cmd:"" help:"List deliveries, the newest first."`
	Show   webhookShowCmd   `cmd:"" help:"Show a delivery, with what was sent and answered."`
	Resend webhookResendCmd `cmd:"" help:"Send deliveries once more."`
	Test   webhookTestCmd   `cmd:"" help:"Send a sample to an agent's webhook."`
}

// deliveryView is what commands read of a delivery of the API.
type deliveryView struct {
	ID       string        `json:"id"`
	Message  string        `json:"webhook_message_id"`
	Call     string        `json:"call_id"`
	Agent    string        `json:"agent_uuid"`
	Version  int           `json:"agent_version"`
	Kind     string        `json:"kind"`
	Status   string        `json:"status"`
	Tries    int           `json:"attempts_count"`
	Created  time.Time     `json:"created_at"`
	Next     time.Time     `json:"next_attempt_at"`
	Attempts []attemptView `json:"attempts"`
}

// attemptView is one time that it was sent.
type attemptView struct {
	N               int               `json:"attempt"`
	Started         time.Time         `json:"started_at"`
	TookMS          int64             `json:"took_ms"`
	Method          string            `json:"method"`
	URL             string            `json:"url"`
	Status          int               `json:"status_code"`
	Error           string            `json:"error"`
	RequestHeaders  map[string]string `json:"request_headers"`
	RequestBody     string            `json:"request_body"`
	ResponseHeaders map[string]string `json:"response_headers"`
	ResponseBody    string            `json:"response_body"`
}

// outcome is how it went: 200 in 61 ms.
func (a attemptView) outcome() string {
	text := fmt.Sprintf("%d in %s", a.Status, show.Millis(a.TookMS))
	if a.Status == 0 {
		text = fmt.Sprintf("no answer after %s", show.Millis(a.TookMS))
	}
	if a.Error != "" {
		text += ": " + show.Clean(a.Error)
	}
	return text
}

// attemptsAll is how often what is told after a call is tried by itself. All else
// somebody waits for: it is tried once.
const attemptsAll = 8

// tries is how often it was tried: 3 of 8.
func (d deliveryView) tries() string {
	if d.Kind == "post_call" {
		return fmt.Sprintf("%d of %d", d.Tries, attemptsAll)
	}
	return fmt.Sprint(d.Tries)
}

const deliveryPrefix = "dlv_"

func shortDelivery(id string) string {
	id = strings.TrimPrefix(id, deliveryPrefix)
	return id[:min(len(id), 6)]
}

type webhookListCmd struct {
	Failed bool   `help:"Only those that failed: given up on, or to be tried again."`
	Agent  string `placeholder:"NAME" help:"Only of this agent."`
	Call   string `placeholder:"ID" help:"Only of this call."`
	Limit  int    `short:"n" default:"30" help:"At most so many; 0 means all. Default ${default}."`
	reach
	output
	hushed
}

// Run lists deliveries.
func (c *webhookListCmd) Run(ctx context.Context, s streams) error {
	ask, err := c.dial(s)
	if err != nil {
		return err
	}
	defer ask.Close()
	q := url.Values{}
	if c.Agent != "" {
		a, err := findAgent(ctx, ask, c.Agent)
		if err != nil {
			return err
		}
		q.Set("agent_uuid", a.Agent.UUID)
	}
	if c.Call != "" {
		v, _, err := findCall(ctx, ask, c.Call)
		if err != nil {
			return err
		}
		q.Set("call_id", v.ID)
	}
	all, raws, err := c.find(ctx, ask, q)
	if err != nil {
		return err
	}
	table := c.table(s)
	out := &sheet.Sheet{Columns: []sheet.Column{{Name: "ID"}, {Name: "WHEN"}, {Name: "EVENT"}, {Name: "CALL"}, {Name: "ATTEMPT"}, {Name: "STATE"}, {Name: "NEXT"}, {Name: "FULL ID", Wide: true}}}
	for i, d := range all {
		id, call, next, at := d.ID, cmp.Or(d.Call, "-"), "-", when(d.Created)
		if table && d.Call != "" {
			call = short(d.Call)
		}
		if table {
			id, at = shortDelivery(d.ID), recent(d.Created, time.Now())
		}
		if !d.Next.IsZero() {
			next = soon(time.Until(d.Next))
		}
		out.Add(d.ID, raws[i], id, at, d.Kind, call, d.tries(), d.Status, next, d.ID)
	}
	if out.Len() == 0 && table {
		c.note(s, map[bool]string{true: "nothing failed", false: "nothing was delivered yet"}[c.Failed])
		return nil
	}
	return out.Write(s.out, c.mode(s))
}

// find asks for the deliveries, the newest first.
func (c *webhookListCmd) find(ctx context.Context, ask *client.Client, q url.Values) (all []deliveryView, raws []json.RawMessage, err error) {
	states := []string{""}
	if c.Failed {
		states = []string{"pending", "dead"}
	}
	type found struct {
		d   deliveryView
		raw json.RawMessage
	}
	var list []found
	for _, state := range states {
		if state != "" {
			q.Set("status", state)
		}
		for raw, err := range ask.List(ctx, "/deliveries", q, c.Limit) {
			if err != nil {
				return nil, nil, err
			}
			var d deliveryView
			if json.Unmarshal(raw, &d) != nil {
				return nil, nil, unreadable("a delivery")
			}
			if state != "pending" || d.Tries > 0 {
				list = append(list, found{d, raw})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b found) int { return b.d.Created.Compare(a.d.Created) })
	if c.Limit > 0 {
		list = list[:min(len(list), c.Limit)]
	}
	for _, f := range list {
		all, raws = append(all, f.d), append(raws, f.raw)
	}
	return all, raws, nil
}

// soon is a time from now in one unit: in 4 min.
func soon(d time.Duration) string {
	switch {
	case d < time.Second:
		return "now"
	case d < 2*time.Minute:
		return fmt.Sprintf("in %d s", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("in %d min", int(d.Minutes()))
	}
	return fmt.Sprintf("in %d h", int(d.Hours()))
}

// readDelivery asks for the delivery with this id.
func readDelivery(ctx context.Context, c *client.Client, id string) (*deliveryView, json.RawMessage, error) {
	var got rawItem
	if err := c.Get(ctx, client.Path("deliveries", id), nil, &got); err != nil {
		return nil, nil, err
	}
	d := &deliveryView{}
	if json.Unmarshal(got.Item, d) != nil || d.ID == "" {
		return nil, nil, unreadable("a delivery")
	}
	return d, got.Item, nil
}

// findDelivery is the delivery of that id, which may be the beginning of one of
// the newest.
func findDelivery(ctx context.Context, c *client.Client, id string) (*deliveryView, json.RawMessage, error) {
	full := deliveryPrefix + strings.TrimPrefix(strings.ToLower(id), deliveryPrefix)
	var found []string
	for raw, err := range c.List(ctx, "/deliveries", nil, recentCalls) {
		if err != nil {
			return nil, nil, err
		}
		var one struct{ ID string }
		if json.Unmarshal(raw, &one) == nil && strings.HasPrefix(one.ID, full) {
			found = append(found, one.ID)
		}
		if len(found) == 1 && found[0] == full {
			break
		}
	}
	switch {
	case len(found) == 0 && len(full) < len(deliveryPrefix)+12:
		return nil, nil, &fault.Fault{What: fmt.Sprintf("there is no delivery %q", id), Where: fmt.Sprintf("the newest %d of this workspace", recentCalls), Mend: fault.Keep("hookswitch webhook list"), Code: "webhook/not-found", Exit: fault.Wrong}
	case len(found) == 0:
		return readDelivery(ctx, c, full) // an old one
	case len(found) > 1:
		return nil, nil, &fault.Fault{What: fmt.Sprintf("%d deliveries have an id that begins with %q", len(found), id), Where: strings.Join(found[:min(len(found), 5)], "  "), Mend: "write more of it", Code: "webhook/several", Exit: fault.Wrong}
	}
	return readDelivery(ctx, c, found[0])
}

// hookView is what commands read of an agent's webhook.
type hookView struct {
	ID   int64  `json:"id"`
	Type string `json:"webhook_type"`
}
