package v2

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/hookswitch/hookswitch/agentcore/captions"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/gate"
)

// StreamLimit bounds the streams of events that are open at once.
type StreamLimit struct {
	PerKey int // 0 means 20
	All    int // 0 means 1000
	// Patience is how long a client may take over one write. 0 means 10 s.
	Patience time.Duration
}

// What a stream's client may expect, and must bear.
const (
	heartbeat   = 15 * time.Second // a comment, when nothing happens
	streamBatch = 100              // entries that are written at once
)

// streams counts the streams that are open.
type streams struct {
	limit StreamLimit
	mu    sync.Mutex
	all   int
	of    map[string]int // by key
}

func newStreams(limit StreamLimit) *streams {
	if limit.PerKey <= 0 {
		limit.PerKey = 20
	}
	if limit.All <= 0 {
		limit.All = 1000
	}
	if limit.Patience <= 0 {
		limit.Patience = 10 * time.Second
	}
	return &streams{limit: limit, of: map[string]int{}}
}

// enter takes a place for key until leave.
func (s *streams) enter(key string) (leave func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of[key] >= s.limit.PerKey {
		return nil, huma.ErrorWithHeaders(Fail(http.StatusTooManyRequests,
			fmt.Sprintf("This API key has %d streams of events open. Close one first.", s.limit.PerKey)), http.Header{"Retry-After": {"15"}})
	}
	if s.all >= s.limit.All {
		return nil, huma.ErrorWithHeaders(Fail(http.StatusServiceUnavailable,
			"The gateway has as many streams of events open as it may. Try again later."), http.Header{"Retry-After": {"15"}})
	}
	s.all++
	s.of[key]++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.all--
		if s.of[key]--; s.of[key] == 0 {
			delete(s.of, key)
		}
	}, nil
}

// event is one server-sent event.
type event struct {
	id   int64
	kind string
	data []byte // JSON: one line
}

// source reads the events above after, at most limit. over says that nothing
// will follow those that were ever returned.
type source func(ctx context.Context, after int64, limit int) (events []event, over bool, err error)

// stream answers with the events of from above after as they happen. wake, of
// [Hub.listen], and the place of leave are given back when it ends.
func (a *API) stream(from source, after int64, wake <-chan struct{}, leave func()) *huma.StreamResponse {
	return a.streamWith(from, after, wake, nil, leave)
}

// streamWith is stream with interim captions among the events.
func (a *API) streamWith(from source, after int64, wake <-chan struct{}, now <-chan captions.Interim, leave func()) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(c huma.Context) {
		defer leave()
		f, ctx := a.follower(c)
		f.after, f.now = after, now
		err := f.follow(ctx, from, wake, a.Calls.Hub.done)
		if err != nil && ctx.Err() == nil && !errors.Is(err, errSlow) {
			a.Log.WarnContext(ctx, "a stream of events is broken off", "request", gate.RequestID(ctx), "error", err)
		}
	}}
}

// follower begins a stream of events as the answer to c.
func (a *API) follower(c huma.Context) (*follower, context.Context) {
	r, w := humago.Unwrap(c)
	f := &follower{control: http.NewResponseController(w), w: w, patience: a.streams.limit.Patience,
		may: a.stillMay(gate.Key(r.Context()))}
	// The server's own deadlines are for requests that are short.
	_ = f.control.SetReadDeadline(time.Time{})
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store, no-transform")
	h.Set("X-Accel-Buffering", "no")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(http.StatusOK)
	return f, r.Context()
}

// stillMay asks whether a stream's key is good: one that was revoked ends at once,
// and a stream may last for days. A store that does not answer ends nothing.
func (a *API) stillMay(key roster.Key) func(context.Context) bool {
	return func(ctx context.Context) bool {
		now, err := a.Roster.KeyByHash(ctx, key.Hash)
		if errors.Is(err, roster.ErrNotFound) {
			return false
		}
		return err != nil || now.May(roster.CallsRead)
	}
}

// errSlow means that a client went away, or does not read.
var errSlow = errors.New("v2: the client does not read")

// follower writes one stream.
type follower struct {
	control *http.ResponseController
	w       http.ResponseWriter
	after   int64
	buf     []byte
	now     <-chan captions.Interim // sent beside the events; nil: there are none

	patience time.Duration
	may      func(context.Context) bool // asked with each heartbeat; nil: it may go on
}

// follow writes until nothing more can come, the client is gone or too slow, or
// the hub ends, or its key may not read any more.
func (f *follower) follow(ctx context.Context, from source, wake, done <-chan struct{}) error {
	if err := f.write([]byte("retry: 1000\n\n")); err != nil {
		return err
	}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		over, err := f.drain(ctx, from)
		if over || err != nil {
			return err
		}
		switch err := f.pause(ctx, wake, beat.C, done); {
		case errors.Is(err, errDone):
			_, err = f.drain(ctx, from) // the ends that stopping made
			return err
		case errors.Is(err, errRevoked):
			return nil
		case err != nil:
			return err
		}
	}
}

// Why a stream ends before what it follows does.
var (
	errDone    = errors.New("v2: the hub has ended")
	errRevoked = errors.New("v2: the key may not read any more")
)

// pause waits until there may be something new, and writes what nobody keeps
// meanwhile. It fails with errDone or errRevoked.
func (f *follower) pause(ctx context.Context, wake <-chan struct{}, beat <-chan time.Time, done <-chan struct{}) error {
	for {
		select {
		case <-wake:
			return nil
		case i := <-f.now:
			b, err := interim(i)
			if err == nil {
				err = f.write(b)
			}
			if err != nil {
				return err
			}
		case <-beat:
			if f.may != nil && !f.may(ctx) {
				return errRevoked
			}
			return f.write([]byte(": still here\n\n"))
		case <-done:
			return errDone
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// drain writes what there is.
func (f *follower) drain(ctx context.Context, from source) (over bool, err error) {
	for {
		events, over, err := from(ctx, f.after, streamBatch)
		if err != nil {
			return false, err
		}
		f.buf = f.buf[:0]
		for _, e := range events {
			f.buf = fmt.Appendf(f.buf, "id: %d\nevent: %s\ndata: %s\n\n", e.id, e.kind, e.data)
		}
		if len(events) > 0 {
			if err := f.write(f.buf); err != nil {
				return false, err
			}
			f.after = events[len(events)-1].id
		}
		if over || len(events) < streamBatch {
			return over, nil
		}
	}
}

// write sends b to the client now. One that does not take it in time is left: it
// can resume.
func (f *follower) write(b []byte) error {
	_ = f.control.SetWriteDeadline(time.Now().Add(f.patience)) // tests' recorders have none
	if _, err := f.w.Write(b); err != nil {
		return errSlow
	}
	if err := f.control.Flush(); err != nil {
		return errSlow
	}
	return nil
}

// Resume is where a client wants a stream or a list to go on.
type Resume struct {
	After  string `query:"after" maxLength:"20" pattern:"^[0-9]+$" doc:"Only events with a higher number."`
	Header string `header:"Last-Event-ID" maxLength:"20" doc:"As a browser's EventSource sends it when it connects again; goes before after."`
	Accept string `header:"Accept" hidden:"true"` // OpenAPI has answers of several kinds for it
}

// from is the number to go on behind; ok is false when the client gave none.
func (r Resume) from() (n int64, ok bool, err error) {
	text, field := r.After, "after"
	if r.Header != "" {
		text, field = r.Header, "Last-Event-ID"
	}
	if text == "" {
		return 0, false, nil
	}
	n, err = strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, false, roster.Problems{{Field: field, Messages: []string{"must be the number of an event"}}}
	}
	return n, true, nil
}

// live reports whether a stream is asked for.
func (r Resume) live() bool { return strings.Contains(strings.ToLower(r.Accept), "text/event-stream") }
