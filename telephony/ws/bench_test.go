package ws

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
)

// A media message as Twilio sends it has about 388 bytes, one of ours 300.
var (
	fromCarrier = strings.Repeat("m", 388)
	toCarrier   = strings.Repeat("s", 300)
)

// loopback is a websocket over a real socket: answer reads and answers one message, and the far end is a bare connection.
func loopback(tb testing.TB, answer func(*websocket.Conn) error) net.Conn {
	var up websocket.Upgrader
	done := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(done)
		conn, err := up.Upgrade(w, r, nil)
		if err != nil {
			tb.Error(err)
			return
		}
		defer conn.Close()
		for answer(conn) == nil {
		}
	}))
	client, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(server.URL, "http"), nil)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		client.Close()
		<-done
		server.Close()
	})
	return client.NetConn()
}

// own answers by this package.
func own() func(*websocket.Conn) error {
	var c *Conn
	reply := message(toCarrier)
	return func(upgraded *websocket.Conn) error {
		if c == nil {
			c = New(upgraded.NetConn(), Config{})
		}
		if _, _, err := c.Next(); err != nil {
			return err
		}
		return c.Send(Text, reply)
	}
}

// tuned answers by gorilla, as cheaply as it can: one buffer of ours for all
// messages.
func tuned() func(*websocket.Conn) error {
	reply, text := []byte(toCarrier), make([]byte, 0, 1024)
	return func(c *websocket.Conn) error {
		_, r, err := c.NextReader()
		if err != nil {
			return err
		}
		text = text[:0]
		for {
			n, err := r.Read(text[len(text):cap(text)])
			text = text[:len(text)+n]
			if err == io.EOF {
				return c.WriteMessage(websocket.TextMessage, reply)
			}
			if err != nil {
				return err
			}
		}
	}
}

// talk sends a message and waits for the answer, n times.
func talk(tb testing.TB, far net.Conn, say []byte, n int) {
	answer := make([]byte, 4+len(toCarrier))
	for range n {
		if _, err := far.Write(say); err != nil {
			tb.Fatal(err)
		}
		if _, err := io.ReadFull(far, answer); err != nil {
			tb.Fatal(err)
		}
	}
}

// TestAMessageEitherWayAllocatesNothing over a real socket, the kernel's and the
// runtime's part included.
func TestAMessageEitherWayAllocatesNothing(t *testing.T) {
	far := loopback(t, own())
	say := peer{}.text(fromCarrier)
	talk(t, far, say, 100)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	talk(t, far, say, 2000)
	runtime.ReadMemStats(&after)
	if n := after.Mallocs - before.Mallocs; n > 20 { // the runtime's own, now and then
		t.Errorf("%d allocations for 2,000 messages in and out", n)
	}
}

// BenchmarkSocket is a message in and one out over a real socket, by this
// package and by gorilla. The far end is in the same process, so its system
// calls count too, the same for both.
func BenchmarkSocket(b *testing.B) {
	for _, by := range []struct {
		name   string
		answer func() func(*websocket.Conn) error
	}{{"own", own}, {"gorilla", tuned}} {
		b.Run(by.name, func(b *testing.B) {
			far := loopback(b, by.answer())
			say := peer{}.text(fromCarrier)
			b.ReportAllocs()
			b.ResetTimer()
			talk(b, far, say, b.N)
		})
	}
}

// endless says the same over and over, and takes anything.
type endless struct {
	line
	say []byte
	at  int
}

func (e *endless) Read(p []byte) (int, error) {
	n := copy(p, e.say[e.at:])
	e.at = (e.at + n) % len(e.say)
	return n, nil
}

func (e *endless) Write(p []byte) (int, error) { return len(p), nil }

// BenchmarkFraming is the same without a socket: what is left are the frames.
func BenchmarkFraming(b *testing.B) {
	say := bytes.Repeat(peer{}.text(fromCarrier), 4)
	b.Run("own", func(b *testing.B) {
		c, reply := New(&endless{say: say}, Config{}), message(toCarrier)
		b.ReportAllocs()
		for b.Loop() {
			if _, _, err := c.Next(); err != nil {
				b.Fatal(err)
			}
			if err := c.Send(Text, reply); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("gorilla", func(b *testing.B) {
		e := &endless{}
		c := upgradedOn(b, e)
		e.say = say
		answer := tuned()
		b.ReportAllocs()
		for b.Loop() {
			if err := answer(c); err != nil {
				b.Fatal(err)
			}
		}
	})
}
