// Package show prints a call on a terminal while it happens, and what came of
// it when it is over: the transcript, where the time of each gap went, the
// verdicts, the files, and what to do next.
//
// The transcript and the result go to one writer (stdout); the live line,
// progress and logs go to another (stderr). Everything that was said by
// anybody is hostile until [Clean] has seen it.
package show

import (
	"encoding/json"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
)

// Screen is where calls are shown. Its methods may be called from any
// goroutine: a line is written whole, and the live line is taken away before
// it.
type Screen struct {
	mode Mode

	mu     sync.Mutex
	out    io.Writer // transcript and result
	status io.Writer // live line, progress, logs
	drawn  bool      // a live line stands on status
	when   time.Time // it was last drawn
	err    error     // the first that out returned
}

// New returns a Screen that writes the transcript and the result to out, and
// everything that is of use only now to status.
func New(out, status io.Writer, m Mode) *Screen {
	if m.Width <= 0 {
		m.Width = defaultWidth
	}
	return &Screen{mode: m, out: out, status: status}
}

// Mode is how the Screen writes.
func (s *Screen) Mode() Mode { return s.mode }

// Err is the first error that writing the transcript or the result met: a
// closed pipe, a full disk.
func (s *Screen) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Head prints the first lines of a command, each of them wrapped to the width.
// With [Mode.JSON] they are left out, as is all that is not an entry.
func (s *Screen) Head(lines ...string) {
	p := s.printer()
	for _, l := range lines {
		p.verbatim(l)
	}
	s.print(p)
}

// Status is a writer for logs: what is written to it appears on status, and
// doesn't tear the live line.
func (s *Screen) Status() io.Writer { return statusWriter{s} }

type statusWriter struct{ s *Screen }

func (w statusWriter) Write(b []byte) (int, error) {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	w.s.erase()
	return w.s.status.Write(b)
}

// print writes what p holds to out, whole; with [Mode.JSON] out is kept for
// entries, and it is dropped.
func (s *Screen) print(p *printer) {
	if s.mode.JSON {
		return
	}
	s.write(s.out, p.b.String())
}

func (s *Screen) write(w io.Writer, text string) {
	if text == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.erase()
	if _, err := io.WriteString(w, text); err != nil && s.err == nil {
		s.err = err
	}
}

// entry prints e as one line of JSON, the same as in the journal except that
// control characters which a terminal may obey are escaped (as JSON allows).
func (s *Screen) entry(e agentcore.Entry) {
	b, err := json.Marshal(e)
	if err != nil {
		return // an entry without an event; the journal refuses it too
	}
	var line strings.Builder
	escapeJSON(&line, string(b))
	line.WriteByte('\n')
	s.write(s.out, line.String())
}
