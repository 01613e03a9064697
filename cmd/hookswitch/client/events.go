package client

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"time"
)

// Event is one server-sent event.
type Event struct {
	ID   string // empty: it has none, and does not move where a stream resumes
	Name string // "message" when the stream gives none
	Data []byte // lent until the callback returns
}

// ErrEnough is what the callback of [Client.Events] returns to stop.
var ErrEnough = errors.New("client: enough")

// How a stream that broke is opened again.
const (
	firstWait = 500 * time.Millisecond
	longWait  = 15 * time.Second
	quiet     = 50 * time.Second // without a byte; the gateway sends a comment every 15 s
)

// Stream is what is followed.
type Stream struct {
	Path  string
	Query url.Values
	After string // id of the last event that is known already; empty: none
	// Lost is told, if not nil, when the stream broke and after which time it is
	// opened again.
	Lost func(err error, again time.Duration)
}

// Events calls each with the events of s, in order, none twice and none left
// out: a stream that breaks is opened again behind the last event that each was
// called for. It ends when each returns an error (nil is returned for
// [ErrEnough]), when ctx ends, when the gateway says that nothing will follow
// (nil), or when it refuses.
func (c *Client) Events(ctx context.Context, s Stream, each func(Event) error) error {
	wait := firstWait
	for {
		before := s.After
		err := c.follow(ctx, &s, each)
		var stop stopped
		switch {
		case errors.As(err, &stop):
			if errors.Is(stop.err, ErrEnough) {
				return nil
			}
			return stop.err
		case ctx.Err() != nil:
			return ctx.Err()
		case final(err):
			return err
		}
		if s.After != before {
			wait = firstWait // it works, now and then
		}
		pause := wait/2 + rand.N(wait/2+1)
		if s.Lost != nil {
			s.Lost(err, pause)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
		wait = min(2*wait, longWait)
	}
}

// stopped carries the callback's own error out.
type stopped struct{ err error }

func (s stopped) Error() string { return s.err.Error() }

// final reports whether opening the stream again would be of no use.
func final(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Status < 500 && e.Status != http.StatusTooManyRequests && e.Status != http.StatusRequestTimeout
}

// follow reads one connection's worth of events.
func (c *Client) follow(ctx context.Context, s *Stream, each func(Event) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	silent := time.AfterFunc(quiet, cancel)
	defer silent.Stop()

	r := request{method: http.MethodGet, path: s.Path, query: s.Query, accept: "text/event-stream"}
	if s.After != "" {
		r.header = http.Header{"Last-Event-Id": {s.After}}
	}
	resp, err := c.do(ctx, r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusNoContent {
		return stopped{ErrEnough} // nothing will follow
	}
	events := newReader(alive{resp.Body, silent})
	for {
		ev, err := events.next()
		if err != nil {
			return c.unreachable(ctx, r, err)
		}
		if err := each(ev); err != nil {
			return stopped{err}
		}
		if ev.ID != "" {
			s.After = ev.ID
		}
	}
}

// alive puts off the end of a connection with every byte that comes.
type alive struct {
	r io.Reader
	t *time.Timer
}

func (a alive) Read(b []byte) (int, error) {
	n, err := a.r.Read(b)
	a.t.Reset(quiet)
	return n, err
}
