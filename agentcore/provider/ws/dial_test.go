package ws_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/provider/ws"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A server that takes the connection and never answers the upgrade must not hold
// a call that has ended.
func TestDiallingEndsWithItsContext(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	over := errors.New("the caller hung up")
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(20*time.Millisecond, func() { cancel(over) })
	began := time.Now()
	_, err = ws.Dial(ctx, ws.Config{Provider: "p", URL: "ws://" + l.Addr().String(), Connect: time.Minute})
	if provider.ClassOf(err) != provider.Canceled || !errors.Is(err, over) {
		t.Errorf("Dial = %v, want canceled because %v", err, over)
	}
	if d := time.Since(began); d > 10*time.Second {
		t.Errorf("it took %v", d)
	}
}

// What ended the dialling in vain must not end the connection.
func TestAConnectionOutlivesItsDialling(t *testing.T) {
	up := websocket.Upgrader{}
	gone := make(chan bool)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(gone)
		if c, err := up.Upgrade(w, r, nil); err == nil {
			defer c.Close()
			time.Sleep(150 * time.Millisecond)
			c.WriteMessage(websocket.TextMessage, []byte("late"))
		}
	}))
	defer s.Close()
	c, err := ws.Dial(t.Context(), ws.Config{Provider: "p", URL: "ws" + s.URL[4:], Connect: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, m, err := c.Read(5 * time.Second); err != nil || string(m) != "late" {
		t.Errorf("Read = %q, %v", m, err)
	}
	<-gone
}

// A server whose answer to the upgrade never ends must not fill our memory.
func TestTheAnswerToAnUpgradeIsBounded(t *testing.T) {
	for claim, head := range map[string]string{
		"one line":   "HTTP/1.1 101 Switching Protocols\r\nX: ",
		"many lines": "HTTP/1.1 101 Switching Protocols\r\nX: x",
		"no status":  "HTTP/1.1 ",
	} {
		t.Run(claim, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			sent := make(chan int, 1)
			go func() {
				c, err := l.Accept()
				if err != nil {
					sent <- 0
					return
				}
				defer c.Close()
				piece, n := bytes.Repeat([]byte("x"), 64<<10), 0
				if claim == "many lines" {
					piece = bytes.Repeat([]byte("\r\nX: x"), 8<<10)
				}
				for _, err = c.Write([]byte(head)); err == nil && n < 256<<20; n += len(piece) {
					_, err = c.Write(piece)
				}
				sent <- n
			}()
			_, err = ws.Dial(t.Context(), ws.Config{Provider: "p", URL: "ws://" + l.Addr().String(), Connect: time.Minute})
			var e *provider.Error
			if !errors.As(err, &e) || e.Class != provider.Garbage {
				t.Errorf("Dial = %v, want garbage", err)
			}
			if n := <-sent; n > 32<<20 { // what lies in the sockets' buffers included
				t.Errorf("%d bytes were taken", n)
			}
		})
	}
}
