package client

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// eventLimit bounds an event, in bytes; ours are below 64 KB.
const eventLimit = 1 << 20

var errLongEvent = errors.New("client: an event is larger than 1 MB")

// reader takes events out of a stream, by "Server-sent events" of the HTML
// standard. An event that was cut off is never returned.
type reader struct {
	lines *bufio.Scanner
	name  string
	id    string
	data  []byte
	any   bool // a data line has come
}

func newReader(r io.Reader) *reader {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 4096), eventLimit)
	s.Split(line)
	return &reader{lines: s}
}

// next returns the next whole event, [io.EOF] after the last. Data is good until
// the next call.
func (r *reader) next() (Event, error) {
	r.name, r.id, r.data, r.any = "message", "", r.data[:0], false
	for r.lines.Scan() {
		text := r.lines.Bytes()
		if len(text) > 0 {
			if err := r.take(text); err != nil {
				return Event{}, err
			}
			continue
		}
		if r.any {
			return Event{ID: r.id, Name: r.name, Data: bytes.TrimSuffix(r.data, []byte("\n"))}, nil
		}
		r.name, r.id = "message", ""
	}
	if err := r.lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return Event{}, errLongEvent
	} else if err != nil {
		return Event{}, err
	}
	return Event{}, io.EOF
}

// take reads one line that is not empty.
func (r *reader) take(text []byte) error {
	field, value, _ := bytes.Cut(text, []byte(":"))
	value = bytes.TrimPrefix(value, []byte(" "))
	switch string(field) { // "" is a comment
	case "event":
		r.name = string(value)
	case "id":
		if bytes.IndexByte(value, 0) < 0 {
			r.id = string(value)
		}
	case "data":
		if len(r.data)+len(value) > eventLimit {
			return errLongEvent
		}
		r.data = append(append(r.data, value...), '\n')
		r.any = true
	}
	return nil
}

// line cuts at \n, \r\n or \r. A last line without an end is dropped: it may
// have been cut.
func line(data []byte, atEOF bool) (advance int, token []byte, err error) {
	i := bytes.IndexAny(data, "\r\n")
	switch {
	case i < 0 && atEOF:
		return len(data), nil, nil
	case i < 0:
		return 0, nil, nil
	case data[i] == '\n':
		return i + 1, data[:i], nil
	case i+1 < len(data) && data[i+1] == '\n':
		return i + 2, data[:i], nil
	case i+1 == len(data) && !atEOF:
		return 0, nil, nil // is a \n behind it?
	}
	return i + 1, data[:i], nil
}
