package provider

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
)

// mostEvent bounds one event of a stream, in bytes. The vendors' SDKs alone
// would take 32 MB lines, and any number of them, into memory.
const mostEvent = 1 << 20

// Events is the body of an answer that is a stream of server-sent events, as
// the HTML standard, section 9.2, has them. A Read fails when one event is too
// large.
type Events struct {
	body   io.ReadCloser
	head   []byte // the first bytes of the line under way
	line   int    // its length so far
	event  int    // bytes since the last empty line
	done   bool
	failed error
}

// ReadEvents makes sure that res is a stream of events, before an SDK reads all
// of its body and makes text of it, and puts bounds on it: the Events are res's
// body from now on. Any other answer is closed and becomes an *[Error].
func ReadEvents(provider, op string, res *http.Response) (*Events, error) {
	if res.StatusCode != http.StatusOK {
		return nil, Answer(provider, op, res)
	}
	kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if kind == "application/json" || kind == "text/html" {
		res.Body.Close()
		return nil, New(provider, op, Garbage, errors.New("its answer is no stream"))
	}
	e := &Events{body: res.Body}
	res.Body = e
	return e, nil
}

func (e *Events) Read(p []byte) (int, error) {
	if e.failed != nil {
		return 0, e.failed
	}
	n, err := e.body.Read(p)
	for _, b := range p[:n] {
		switch b {
		case '\n':
			e.endLine()
		default:
			if e.event++; e.event > mostEvent {
				e.failed = errTooLarge
				return 0, e.failed
			}
			if b == '\r' { // of the line's end: a line of nothing else is empty
				continue
			}
			if e.line++; len(e.head) < 16 {
				e.head = append(e.head, b)
			}
		}
	}
	if err == io.EOF {
		e.endLine()
	}
	return n, err
}

func (e *Events) endLine() {
	if e.line == 0 {
		e.event = 0
	}
	data, ok := bytes.CutPrefix(e.head, []byte("data:"))
	e.done = e.done || ok && bytes.HasPrefix(bytes.TrimSpace(data), []byte("[DONE]"))
	e.head, e.line = e.head[:0], 0
}

// Done reports whether "data: [DONE]" was there, with which OpenAI and many
// others end a stream.
func (e *Events) Done() bool { return e.done }

// Close closes the stream.
func (e *Events) Close() error { return e.body.Close() }
