package llmtest

import (
	"context"
	"io"
	"net/http"
	"strings"
	"time"
)

// Canned is a server of one answer, a stream of events, without a network.
type Canned struct {
	Stream string
	Asked  []byte // the last request's body
}

// RoundTrip implements [http.RoundTripper].
func (c *Canned) RoundTrip(r *http.Request) (*http.Response, error) {
	var err error
	if c.Asked, err = io.ReadAll(r.Body); err != nil {
		return nil, err
	}
	return stream(r, io.NopCloser(strings.NewReader(c.Stream))), nil
}

// Drip is a server without a network that begins with First and then, for ever,
// sends the same every second.
type Drip struct{ First, Then string }

// RoundTrip implements [http.RoundTripper].
func (d Drip) RoundTrip(r *http.Request) (*http.Response, error) {
	return stream(r, &dripping{r.Context(), strings.NewReader(d.First), d.Then}), nil
}

func stream(r *http.Request, body io.ReadCloser) *http.Response {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"text/event-stream"}}, Body: body, Request: r}
}

type dripping struct {
	ctx  context.Context
	now  *strings.Reader
	then string
}

func (d *dripping) Close() error { return nil }

func (d *dripping) Read(b []byte) (int, error) {
	if d.now.Len() == 0 {
		select {
		case <-time.After(time.Second):
			d.now = strings.NewReader(d.then)
		case <-d.ctx.Done():
			return 0, d.ctx.Err()
		}
	}
	return d.now.Read(b)
}
