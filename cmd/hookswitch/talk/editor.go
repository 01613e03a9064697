package talk

import (
	"bytes"
	"context"
	"io"
	"os"
	"sync"

	"golang.org/x/term"
)

// prompt stands before what a person types, behind what the agent does.
const prompt = "> "

// ctrlC is what a terminal sends that makes no signals of keys.
const ctrlC = 3

// Editor lets a person edit a line on a terminal while others write to it: what
// they write appears above the line, and tears nothing.
type Editor struct {
	in, out *os.File
	stop    func()

	mu     sync.Mutex
	term   *term.Terminal // nil while nobody types
	state  *term.State    // of the terminal before
	doing  string
	settle func() // waits for what the end of Open's ctx began; nil when closed
}

// NewEditor returns an editor on a terminal. Until it is opened, what is written
// to it goes to out as it is. stop is called when Ctrl-C is pressed.
func NewEditor(in, out *os.File, stop func()) *Editor {
	return &Editor{in: in, out: out, stop: stop}
}

// Open implements [Lines].
func (e *Editor) Open(ctx context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	state, err := term.MakeRaw(int(e.in.Fd()))
	if err != nil {
		return err
	}
	e.state = state
	e.term = term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{&keys{e, &patientFile{ctx, e.in}, ctx.Done()}, e.out}, prompt)
	done := make(chan struct{})
	stop := context.AfterFunc(ctx, func() { // at once: a second signal may leave no time
		defer close(done)
		e.restore()
	})
	e.settle = func() {
		if !stop() {
			<-done
		}
	}
	return nil
}

// Doing says what goes on, in front of what is typed; nothing when it is empty.
func (e *Editor) Doing(what string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.term == nil || what == e.doing {
		return
	}
	e.doing = what
	if what != "" {
		what = "[" + what + "] "
	}
	e.term.SetPrompt(what + prompt)
	e.term.Write(nil) // draws it again
}

// Close gives the terminal back as it was. It may be called any number of times.
func (e *Editor) Close() error {
	e.mu.Lock()
	settle := e.settle
	e.settle = nil
	e.mu.Unlock()
	if settle != nil {
		settle()
	}
	return e.restore()
}

// restore makes the terminal what it was, if it isn't.
func (e *Editor) restore() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.term == nil {
		return nil
	}
	e.term = nil
	io.WriteString(e.out, "\r\x1b[K")
	return term.Restore(int(e.in.Fd()), e.state)
}

// ReadLine implements [Lines].
func (e *Editor) ReadLine() (string, error) {
	e.mu.Lock()
	t := e.term
	e.mu.Unlock()
	if t == nil {
		return "", io.EOF
	}
	if w, h, err := term.GetSize(int(e.out.Fd())); err == nil && w > 0 {
		t.SetSize(w, h)
	}
	return t.ReadLine()
}

// Write implements [io.Writer].
func (e *Editor) Write(b []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.term == nil {
		return e.out.Write(b)
	}
	return e.term.Write(b)
}

// keys are those that a person presses.
type keys struct {
	e    *Editor
	r    io.Reader
	done <-chan struct{}
}

// Read makes of Ctrl-C what it is everywhere else. The terminal is as it was
// from then on, so that a second one is a signal.
func (k *keys) Read(b []byte) (int, error) {
	n, err := k.r.Read(b)
	if bytes.IndexByte(b[:n], ctrlC) < 0 {
		return n, err
	}
	k.e.Close()
	k.e.stop()
	<-k.done
	return 0, io.EOF
}
