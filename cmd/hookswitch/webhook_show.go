package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/sheet"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
)

type webhookShowCmd struct {
	ID string `arg:"" help:"The delivery's id, or its beginning."`
	reach
	output
}

// Run shows every attempt. The gateway has masked secrets.
func (c *webhookShowCmd) Run(ctx context.Context, s streams) error {
	ask, err := c.dial(s)
	if err != nil {
		return err
	}
	defer ask.Close()
	d, raw, err := findDelivery(ctx, ask, c.ID)
	if err != nil {
		return err
	}
	switch {
	case c.structured():
		return sheet.Item(s.out, c.form(), raw)
	case c.form() == sheet.ID:
		_, err := fmt.Fprintln(s.out, d.ID)
		return err
	}
	fmt.Fprintf(s.out, "%s   %s, %s   call %s   webhook-id %s\n", d.ID, d.Kind, d.Status, cmp.Or(d.Call, "none"), d.Message)
	for _, a := range d.Attempts {
		fmt.Fprintf(s.out, "\nattempt %d   %s   %s\n", a.N, when(a.Started), a.outcome())
		exchange(s.out, a)
	}
	if !d.Next.IsZero() {
		fmt.Fprintf(s.out, "\nnext attempt %s\n", soon(time.Until(d.Next)))
	}
	return nil
}

// exchange prints what was sent and answered, indented.
func exchange(w io.Writer, a attemptView) {
	fmt.Fprintf(w, "  > %s %s\n", cmp.Or(a.Method, http.MethodPost), show.Clean(a.URL))
	headerLines(w, "  > ", a.RequestHeaders)
	bodyLines(w, "  > ", a.RequestBody)
	if a.Status != 0 {
		fmt.Fprintf(w, "  < %d\n", a.Status)
		headerLines(w, "  < ", a.ResponseHeaders)
		bodyLines(w, "  < ", a.ResponseBody)
	}
}

func headerLines(w io.Writer, lead string, h map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(h)) {
		fmt.Fprintf(w, "%s%s: %s\n", lead, show.Clean(name), show.Clean(h[name]))
	}
}

// bodyShown is how much of a body a person is shown, in bytes; -o json has all
// that was kept.
const bodyShown = 2000

func bodyLines(w io.Writer, lead, body string) {
	shown := body[:min(len(body), bodyShown)]
	for line := range strings.Lines(shown) {
		fmt.Fprintf(w, "%s%s\n", lead, show.Clean(line))
	}
	if left := len(body) - len(shown); left > 0 {
		fmt.Fprintf(w, "%s(%d bytes more: -o json)\n", lead, left)
	}
}
