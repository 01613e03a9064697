package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/sheet"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
)

type callListCmd struct {
	Query []string `arg:"" optional:"" help:"What they must be, such as agent:front-desk gap>800 said:\"saturday\" who:human since:7d live:true. See /docs of the gateway."`
	Limit int      `short:"n" default:"30" help:"At most so many; 0 means all. Default ${default}."`
	reach
	output
	hushed
}

// whoColumn is the place of the column that says who answered. A person's table
// lacks it as long as nobody found out of any call.
const whoColumn = 8

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
		{Name: "GAP", Right: true}, {Name: "WHO", Wide: c.table(s)}, {Name: "TURNS", Right: true, Wide: true}, {Name: "UNHEARD", Right: true, Wide: true}, {Name: "FULL ID", Wide: true}}}
	table := c.table(s)
	for raw, err := range ask.List(ctx, "/calls", q, c.Limit) {
		if err != nil {
			return err
		}
		var v callView
		if json.Unmarshal(raw, &v) != nil {
			return unreadable("a call")
		}
		id, number, ms, at, who := v.ID, v.other(), "", when(v.Created), ""
		if v.Answer != nil {
			who, out.Columns[whoColumn].Wide = string(v.Answer.Class), false
		}
		if v.MedianGap != nil {
			ms = fmt.Sprint(*v.MedianGap)
		}
		if table {
			id, number, ms, at, who = short(id), show.Number(number), gap(v.MedianGap), recent(v.Created, time.Now()), v.Answer.short()
		}
		out.Add(v.ID, raw, id, at, v.way(), number, v.agent(), v.state(), minutes(v.Duration), ms, who, fmt.Sprint(v.Turns), fmt.Sprint(v.Unheard), v.ID)
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
	if v.SIPCode != 0 {
		lines = append(lines, [2]string{"sip", fmt.Sprint(v.SIPCode)})
	}
	if v.Answerer != "" {
		lines = append(lines, [2]string{"answerer", v.Answerer})
	}
	if v.Answer != nil {
		lines = append(lines, [2]string{"who", v.Answer.line(", ")})
		most := 0
		if c.table(s) {
			most = leftRoom
		}
		if left := v.Answer.left(most); left != "" {
			lines = append(lines, [2]string{"left", left})
		}
		for _, why := range v.Answer.why() {
			lines = append(lines, [2]string{"evidence", why})
		}
	}
	if v.Cost != nil {
		lines = append(lines, v.Cost.lines()...)
	}
	for _, x := range v.Transfers {
		lines = append(lines, [2]string{"transfer", x.line()})
	}
	for _, w := range v.Webhooks {
		id := w.ID
		if c.table(s) {
			id = shortDelivery(id)
		}
		what := fmt.Sprintf("%s %s %s", w.Kind, id, w.Status)
		if w.Error != "" {
			what += ": " + w.Error
		}
		lines = append(lines, [2]string{"webhook", what})
	}
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
