package talk

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// screen is the far side of a terminal: who types there, and what is seen.
type screen struct {
	*os.File
	wg   sync.WaitGroup
	mu   sync.Mutex
	seen strings.Builder
}

// terminal opens a pair.
func terminal(t *testing.T) (*screen, *os.File) {
	t.Helper()
	far, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no terminals here: %v", err)
	}
	s := &screen{File: far}
	n, err := unix.IoctlGetInt(int(far.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(far.Fd()), unix.TIOCSPTLCK, 0)
	}
	var near *os.File
	if err == nil {
		near, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err != nil {
		far.Close()
		t.Skipf("no terminals here: %v", err)
	}
	s.wg.Go(func() {
		b := make([]byte, 1024)
		for {
			n, err := far.Read(b)
			s.mu.Lock()
			s.seen.Write(b[:n])
			s.mu.Unlock()
			if err != nil {
				return
			}
		}
	})
	t.Cleanup(func() {
		near.Close() // the far side's read ends with it
		s.wg.Wait()
		far.Close()
	})
	return s, near
}

// sees waits until text was seen, and forgets all that was.
func (s *screen) sees(t *testing.T, text string) {
	t.Helper()
	for began := time.Now(); time.Since(began) < 20*time.Second; time.Sleep(5 * time.Millisecond) {
		s.mu.Lock()
		seen := s.seen.String()
		if strings.Contains(seen, text) {
			s.seen.Reset()
			s.mu.Unlock()
			return
		}
		s.mu.Unlock()
	}
	t.Fatalf("%q was not seen", text)
}

func cooked(t *testing.T, f *os.File) bool {
	t.Helper()
	state, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return state.Lflag&unix.ICANON != 0
}

func TestTypingIsNotTornByWhatIsWritten(t *testing.T) {
	person, tty := terminal(t)
	e := NewEditor(tty, tty, func() { t.Error("stopped") })
	if err := e.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	var line string
	var err error
	var wg sync.WaitGroup
	wg.Go(func() { line, err = e.ReadLine() })
	io.WriteString(person, "hel")
	person.sees(t, "hel")
	e.Doing("agent speaks")
	person.sees(t, "[agent speaks] > hel")
	io.WriteString(e, "  agent  Good morning.\n")
	person.sees(t, "Good morning.\r\n[agent speaks] > hel")
	io.WriteString(person, "lo\r")
	wg.Wait()
	if line != "hello" || err != nil {
		t.Errorf("ReadLine() = %q, %v", line, err)
	}
	if err := e.Close(); err != nil || !cooked(t, tty) {
		t.Errorf("Close() = %v, as before: %v", err, cooked(t, tty))
	}
	io.WriteString(e, "over\n")
	person.sees(t, "over")
	if _, err := e.ReadLine(); err != io.EOF {
		t.Errorf("ReadLine() after Close() = %v, want io.EOF", err)
	}
}

func TestCtrlCGivesTheTerminalBackAndStops(t *testing.T) {
	person, tty := terminal(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	e := NewEditor(tty, tty, func() {
		if !cooked(t, tty) {
			t.Error("a second Ctrl-C would be no signal")
		}
		stop()
	})
	if err := e.Open(ctx); err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	io.WriteString(person, "half a li\x03")
	if _, err := e.ReadLine(); err != io.EOF || ctx.Err() == nil {
		t.Errorf("ReadLine() = %v, stopped: %v", err, ctx.Err())
	}
}

func TestReadingEndsWithTheCall(t *testing.T) {
	_, tty := terminal(t)
	ctx, cancel := context.WithCancel(t.Context())
	e := NewEditor(tty, tty, func() { t.Error("stopped") })
	if err := e.Open(ctx); err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := e.ReadLine(); err != io.EOF {
		t.Errorf("ReadLine() = %v, want io.EOF", err)
	}
}
