package talk

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"time"
)

// Lines is where a caller's lines come from.
type Lines interface {
	// Open begins to read, until Close; at most until ctx ends.
	Open(ctx context.Context) error
	// ReadLine returns the next line, or io.EOF when there are no more.
	ReadLine() (string, error)
	Close() error
}

// longestLine is how many bytes of a line are read.
const longestLine = 16 << 10

// stream are the lines of a pipe or a file.
type stream struct {
	in     io.Reader
	lines  *bufio.Scanner
	forget func() bool
}

// NewLines returns the lines of in. If in is an [io.Closer] but no file, it is
// closed when the lines end before it does.
func NewLines(in io.Reader) Lines { return &stream{in: in} }

func (s *stream) Open(ctx context.Context) error {
	in := s.in
	s.forget = func() bool { return true }
	if f, ok := in.(*os.File); ok {
		in = &patientFile{ctx, f}
	} else if c, ok := in.(io.Closer); ok {
		s.forget = context.AfterFunc(ctx, func() { c.Close() })
	}
	s.lines = bufio.NewScanner(in)
	s.lines.Buffer(nil, longestLine)
	return nil
}

func (s *stream) Close() error {
	s.forget()
	return nil
}

func (s *stream) ReadLine() (string, error) {
	if s.lines.Scan() {
		return s.lines.Text(), nil
	}
	switch err := s.lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return "", mistake("a line is far too long to be said", "one line for each thing to say")
	case err != nil:
		return "", err
	}
	return "", io.EOF
}

// patientFile is f, which has ended when ctx has: a read of a terminal or a pipe
// can't be called off, so f is read only when there is something to read.
type patientFile struct {
	ctx context.Context
	f   *os.File
}

// look is how often ctx is looked at while nothing comes.
const look = 50 * time.Millisecond

func (p *patientFile) Read(b []byte) (int, error) {
	for p.ctx.Err() == nil {
		if readable(p.f, look) {
			return p.f.Read(b)
		}
	}
	return 0, io.EOF
}
