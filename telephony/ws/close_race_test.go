package ws

import (
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// meddled is a connection on which something happens whenever the write deadline
// is moved.
type meddled struct {
	net.Conn
	moved func()
}

func (m *meddled) SetWriteDeadline(t time.Time) error {
	m.moved()
	return m.Conn.SetWriteDeadline(t)
}

// TestCloseHoldsItsDeadlineWhoeverMovesItMeanwhile: a write that began just before
// moves the deadline behind the close's, and finds only then that all was said.
func TestCloseHoldsItsDeadlineWhoeverMovesItMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, far := net.Pipe() // which reads nothing
		defer far.Close()
		moved, took := 0, make(chan time.Duration, 1)
		m := &meddled{Conn: ours}
		c := New(m, Config{WriteTimeout: 5 * time.Second})
		closing := make(chan struct{})
		m.moved = func() {
			switch moved++; moved {
			case 1: // by Send
				go func() {
					begin := time.Now()
					c.WriteClose(Normal, "", begin.Add(time.Second))
					took <- time.Since(begin)
				}()
				<-closing
				synctest.Wait() // the close's deadline is set, and it waits for its turn
			case 2: // by WriteClose, once it was said
				close(closing)
			}
		}
		if err := c.Send(Text, message("x")); !errors.Is(err, ErrClosed) {
			t.Errorf("Send() = %v, want ErrClosed", err)
		}
		if d := <-took; d != time.Second {
			t.Errorf("WriteClose() took %v, want the second that it was given", d)
		}
	})
}
