package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/client"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/sheet"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
)

type callCaptionsCmd struct {
	ID     string `arg:"" help:"The call's id, or its beginning."`
	Follow bool   `short:"f" help:"Go on as it is said, until the call is over or Ctrl-C."`
	reach
	output
	hushed
}

// captionView is what commands read of a caption.
type captionView struct {
	N       int       `json:"n"`
	Side    string    `json:"side"`
	Speaker string    `json:"speaker"`
	Text    string    `json:"text"`
	Start   time.Time `json:"started_at"`
}

// who is the speaker's name, or their side.
func (v captionView) who() string { return cmp.Or(v.Speaker, v.Side) }

// at is when the voice began, on this machine's clock.
func (v captionView) at() string { return v.Start.Local().Format("15:04:05") }

// Run prints what was said, as an agent that listened wrote it.
func (c *callCaptionsCmd) Run(ctx context.Context, s streams) error {
	ctx, stop := interruptible(ctx)
	defer stop()
	ask, err := c.dial(s)
	if err != nil {
		return err
	}
	defer ask.Close()
	v, _, err := findCall(ctx, ask, c.ID)
	if err != nil {
		return err
	}
	path := client.Path("calls", v.ID, "captions")
	if c.Follow {
		return ask.Events(ctx, client.Stream{Path: path, Lost: func(err error, again time.Duration) {
			if !errors.Is(err, io.EOF) { // else the gateway ended it: nothing may follow
				c.note(s, "the stream of captions broke; trying again in %.1f s", again.Seconds())
			}
		}}, func(e client.Event) error { return c.print(s, e) })
	}
	out := &sheet.Sheet{Columns: []sheet.Column{{Name: "AT"}, {Name: "SPEAKER"}, {Name: "TEXT"}}}
	err = captionsOf(ctx, ask, path, func(one captionView, raw json.RawMessage) {
		out.Add(fmt.Sprint(one.N), raw, one.at(), one.who(), one.Text)
	})
	if err != nil {
		return err
	}
	return out.Write(s.out, c.mode(s))
}

// print writes a caption of the stream in one line. What is being said just now
// is left out: it changes.
func (c *callCaptionsCmd) print(s streams, e client.Event) error {
	if e.Name != "caption" {
		return nil
	}
	var one captionView
	if json.Unmarshal(e.Data, &one) != nil {
		return unreadable("a caption")
	}
	if c.structured() {
		_, err := fmt.Fprintln(s.out, oneLine(e.Data))
		return err
	}
	_, err := fmt.Fprintf(s.out, "%s  %-6s %s\n", one.at(), show.Clean(one.who()), show.Clean(one.Text))
	return err
}

// captionsOf goes through the captions at path.
func captionsOf(ctx context.Context, ask *client.Client, path string, each func(captionView, json.RawMessage)) error {
	for after := int64(0); ; {
		var page struct {
			Items []json.RawMessage `json:"items"`
			Next  int64             `json:"next_after"`
		}
		if err := ask.Get(ctx, path, url.Values{"after": {fmt.Sprint(after)}}, &page); err != nil {
			return err
		}
		for _, raw := range page.Items {
			var one captionView
			if json.Unmarshal(raw, &one) != nil {
				return unreadable("a caption")
			}
			each(one, raw)
		}
		if len(page.Items) == 0 || page.Next <= after {
			return nil
		}
		after = page.Next
	}
}
