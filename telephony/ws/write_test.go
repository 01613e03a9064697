package ws

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// message is text with room for a header in front.
func message(s string) []byte { return append(make([]byte, Head), s...) }

// serverFrame reads one frame of a server's.
func serverFrame(r io.Reader) (first byte, payload string, err error) {
	var head [Head]byte
	if _, err := io.ReadFull(r, head[:2]); err != nil {
		return 0, "", err
	}
	n := int(head[1])
	switch head[1] {
	case length16:
		_, err = io.ReadFull(r, head[2:4])
		n = int(head[2])<<8 | int(head[3])
	case length64:
		_, err = io.ReadFull(r, head[2:10])
		n = int(head[7])<<16 | int(head[8])<<8 | int(head[9])
	}
	if err != nil {
		return 0, "", err
	}
	b := make([]byte, n)
	_, err = io.ReadFull(r, b)
	return head[0], string(b), err
}

// writes counts how often it is written to.
type writes struct {
	line
	n int
}

func (w *writes) Write(p []byte) (int, error) { w.n++; return w.line.Write(p) }

func TestAMessageIsOneFrameInOneWrite(t *testing.T) {
	for _, n := range sizes {
		w := &writes{}
		c := New(w, Config{})
		want := strings.Repeat("x", n)
		b := message(want)
		if err := c.Send(Text, b); err != nil {
			t.Fatal(err)
		}
		first, got, err := serverFrame(bytes.NewReader(w.out))
		if err != nil || first != 0x81 || got != want || w.n != 1 || string(b[Head:]) != want {
			t.Errorf("%d bytes: %x, %d bytes back, %v, in %d writes", n, first, len(got), err, w.n)
		}
		shortest := 2
		if n > maxControl {
			shortest = 4
		}
		if n > maxUint16 {
			shortest = 10
		}
		if len(w.out) != n+shortest {
			t.Errorf("%d bytes take %d on the wire", n, len(w.out))
		}
	}
}

// pipe is a websocket over memory, and its far end.
func pipe(t *testing.T, c Config) (*Conn, net.Conn) {
	ours, theirs := net.Pipe()
	t.Cleanup(func() { ours.Close(); theirs.Close() })
	return New(ours, c), theirs
}

func TestAWriteThatNobodyReadsFailsAfterItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, far := pipe(t, Config{WriteTimeout: 3 * time.Second})
		begin := time.Now()
		go io.ReadFull(far, make([]byte, 4)) // a part of it only
		if err := c.Send(Text, message("Hello")); !errors.Is(err, ErrSlow) || time.Since(begin) != 3*time.Second {
			t.Errorf("Send() = %v after %v", err, time.Since(begin))
		}
		if err := c.Send(Text, message("more")); !errors.Is(err, ErrSlow) || time.Since(begin) != 3*time.Second {
			t.Errorf("behind half a frame: %v after %v, want the same at once", err, time.Since(begin))
		}
		if err := c.WriteClose(Normal, "", time.Now().Add(time.Hour)); !errors.Is(err, ErrSlow) {
			t.Errorf("WriteClose() behind half a frame = %v", err)
		}
	})
}

// TestADeadlineIsMovedLateAndStillHolds: a steady writer moves it once in an
// eighth of its time, and a write that gets stuck fails within seven to eight
// eighths.
func TestADeadlineIsMovedLateAndStillHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, far := net.Pipe()
		moved := &deadlines{Conn: ours}
		c := New(moved, Config{WriteTimeout: 8 * time.Second})
		stop := make(chan struct{})
		go func() {
			for range 1000 {
				serverFrame(far)
			}
			close(stop)
		}()
		for range 1000 {
			if err := c.Send(Text, message("x")); err != nil {
				t.Fatal(err)
			}
			time.Sleep(20 * time.Millisecond)
		}
		<-stop
		if moved.n > 21 {
			t.Errorf("moved %d times in 20 s, want once a second", moved.n)
		}
		begin := time.Now()
		if err := c.Send(Text, message("x")); !errors.Is(err, ErrSlow) || time.Since(begin) < 7*time.Second || time.Since(begin) > 8*time.Second {
			t.Errorf("stuck: %v after %v", err, time.Since(begin))
		}
		far.Close()
	})
}

// deadlines counts how often the write deadline is moved.
type deadlines struct {
	net.Conn
	n int
}

func (d *deadlines) SetWriteDeadline(t time.Time) error { d.n++; return d.Conn.SetWriteDeadline(t) }

func TestAPingThatComesWhileWeWriteIsAnsweredBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, far := pipe(t, Config{})
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := c.Send(Text, message("ours")); err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			if _, text, err := c.Next(); err != nil || string(text) != "theirs" {
				t.Errorf("Next() = %q, %v: the reader waits for the writer", text, err)
			}
		})
		synctest.Wait() // one waits to write, one to read
		far.Write(peer{}.ping("1").ping("2").text("theirs"))
		r := bufio.NewReader(far)
		for _, want := range []string{"\x81ours", "\x8a2"} {
			if first, payload, err := serverFrame(r); err != nil || string(append([]byte{first}, payload...)) != want {
				t.Errorf("%x %q, %v; want %q", first, payload, err, want)
			}
		}
		wg.Wait()
	})
}

func TestAFarEndThatPingsAndDoesNotReadIsSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, far := pipe(t, Config{})
		go far.Write(peer{}.ping("1"))
		begin := time.Now()
		if _, _, err := c.Next(); !errors.Is(err, ErrSlow) || time.Since(begin) != 5*time.Second {
			t.Errorf("Next() = %v after %v", err, time.Since(begin))
		}
	})
}

func TestCloseIsTheLastThatIsSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, far := pipe(t, Config{})
		var heard []byte
		done := make(chan struct{})
		go func() {
			heard, _ = io.ReadAll(far)
			close(done)
		}()
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				for c.Send(Text, message("x")) == nil {
				}
			})
			if i%2 == 0 {
				wg.Go(func() { c.WriteClose(Normal, "bye", time.Now().Add(time.Second)) })
			}
		}
		wg.Wait()
		if err := c.Send(Text, message("x")); err != ErrClosed {
			t.Errorf("Send() = %v, want ErrClosed", err)
		}
		c.Close()
		<-done
		want := append([]byte{0x88, 5}, "\x03\xe8bye"...)
		if !bytes.HasSuffix(heard, want) || bytes.Count(heard, want) != 1 || len(bytes.ReplaceAll(heard[:len(heard)-len(want)], []byte{0x81, 1, 'x'}, nil)) != 0 {
			t.Errorf("heard %q", heard)
		}
	})
}

func TestCloseWaitsForAStuckWriteUntilItsDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := pipe(t, Config{})
		failed := make(chan error)
		go func() { failed <- c.Send(Text, message("x")) }()
		synctest.Wait()
		begin := time.Now()
		err := c.WriteClose(Normal, "", begin.Add(time.Second))
		if stuck := <-failed; time.Since(begin) != time.Second || !errors.Is(stuck, ErrSlow) || !errors.Is(err, ErrSlow) {
			t.Errorf("after %v: Send() = %v, WriteClose() = %v", time.Since(begin), stuck, err)
		}
	})
}

// TestATimeoutLosesNothing: the deadline may pass anywhere in a frame.
func TestATimeoutLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, far := pipe(t, Config{})
		go func() {
			for _, b := range (peer{}.textOn("κό").ping("").last("σμε")) {
				time.Sleep(time.Second)
				far.Write([]byte{b})
			}
		}()
		go io.Copy(io.Discard, far)
		timeouts := 0
		for {
			c.SetReadDeadline(time.Now().Add(700 * time.Millisecond))
			_, text, err := c.Next()
			var timeout net.Error
			if errors.As(err, &timeout) && timeout.Timeout() {
				timeouts++
				continue
			}
			if err != nil || string(text) != "κόσμε" || timeouts < 20 {
				t.Errorf("Next() = %q, %v after %d timeouts", text, err, timeouts)
			}
			return
		}
	})
}

// TestWhoAnnouncesMuchGetsNoMemory until it comes, and what came large is given
// back.
func TestWhoAnnouncesMuchGetsNoMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, far := pipe(t, Config{})
		whole := peer{}.text(strings.Repeat("x", 1<<20))
		wait := make(chan struct{})
		go func() {
			far.Write(whole[:1000])
			<-wait
			far.Write(whole[1000:])
			far.Write(peer{}.text("small"))
		}()
		c.SetReadDeadline(time.Now().Add(time.Second))
		if _, _, err := c.Next(); err == nil || len(c.buf) != small {
			t.Errorf("a buffer of %d bytes for what was announced, %v", len(c.buf), err)
		}
		close(wait)
		c.SetReadDeadline(time.Time{})
		if _, text, err := c.Next(); err != nil || len(text) != 1<<20 {
			t.Fatal(len(text), err)
		}
		if _, text, err := c.Next(); err != nil || string(text) != "small" || len(c.buf) != small {
			t.Errorf("%q, %v; a buffer of %d bytes stays", text, err, len(c.buf))
		}
	})
}

func TestTextMayBeLeftToWhoReadsIt(t *testing.T) {
	l := &line{in: peer{}.text("\xff").chopped("\xce\xba\xce", 1).bye(), piece: func() int { return 1 }}
	heard, end := hear(New(l, Config{AnyText: true}))
	if want := []string{text("\xff"), text("\xce\xba\xce")}; !slices.Equal(heard, want) || end != goodbye {
		t.Errorf("heard %q, %s", heard, end)
	}
}
