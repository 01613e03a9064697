package gemini

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"

	"github.com/hookswitch/hookswitch/agentcore/provider"
)

// mostRefusal is how much of a refusal's body is looked at.
const mostRefusal = 16 << 10

// wire is a transport that turns every answer but a stream into an error, before
// the SDK reads all of its body and makes text of it, and taps the stream.
type wire struct {
	name string // of the service, in errors
	base http.RoundTripper
}

func (w wire) RoundTrip(req *http.Request) (*http.Response, error) {
	base := w.base
	if base == nil {
		base = http.DefaultTransport
	}
	res, err := base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(io.LimitReader(res.Body, mostRefusal)) // without a code it is an error as well
		res.Body.Close()
		return nil, refusal(w.name, "chat", res.StatusCode, res.Header, body)
	}
	if _, err := provider.ReadEvents(w.name, "chat", res); err != nil {
		return nil, err
	}
	if t, ok := req.Context().Value(tapKey{}).(*tap); ok {
		t.body, t.lines = res.Body, bufio.NewReader(res.Body)
		res.Body = t
	}
	return res, nil
}

// tapKey is where a request's context has the tap of its answer.
type tapKey struct{}

// tap is the body that the SDK reads: the events of a stream (HTML standard,
// section 9.2.6) in the one form that the SDK understands, a line of data and an
// empty line. It never fails, because the SDK writes failures to the process's
// log: it ends, and keeps the failure.
type tap struct {
	body   io.ReadCloser // nil until the stream begins
	lines  *bufio.Reader
	failed error

	data  []byte // of the event under way
	bare  []byte // the same, of an error that came as it is, without "data:"
	out   []byte // what the SDK has not read yet
	ended bool
}

func (t *tap) Read(p []byte) (int, error) {
	for len(t.out) == 0 && !t.ended {
		t.line()
	}
	n := copy(p, t.out)
	if t.out = t.out[n:]; n == 0 && t.ended {
		return 0, io.EOF
	}
	return n, nil
}

// line takes the next line. Its length is bounded by [provider.Events].
func (t *tap) line() {
	line, err := t.lines.ReadBytes('\n')
	switch {
	case err == io.EOF:
		t.add(bytes.TrimRight(line, "\r\n"))
		t.ended = true
		if json.Valid(t.data) || json.Valid(t.bare) { // a whole one, without its empty line
			t.end()
		}
	case err != nil:
		t.failed, t.ended = err, true
	case len(bytes.TrimRight(line, "\r\n")) == 0:
		t.end()
	default:
		t.add(bytes.TrimRight(line, "\r\n"))
	}
}

func (t *tap) add(line []byte) {
	if data, ok := bytes.CutPrefix(line, []byte("data:")); ok {
		t.data = append(append(t.data, data...), ' ')
		return
	}
	if t.bare != nil || bytes.HasPrefix(line, []byte("{")) { // else a comment, or a field of no interest
		t.bare = append(append(t.bare, line...), ' ')
	}
}

// end is the end of an event.
func (t *tap) end() {
	switch {
	case len(bytes.TrimSpace(t.data)) > 0:
		t.out = append(append([]byte("data:"), t.data...), "\n\n"...)
	case t.bare != nil:
		t.out = append(t.bare, "\n\n"...)
	}
	t.data, t.bare = nil, nil
}

func (t *tap) Close() error { return t.body.Close() }
