package twilio

import (
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/media"
)

// meddled is a connection on which something happens when its write deadline is
// moved for the nth time.
type meddled struct {
	net.Conn
	n     atomic.Int32
	moved func(n int)
}

func (m *meddled) SetWriteDeadline(t time.Time) error {
	err := m.Conn.SetWriteDeadline(t)
	m.moved(int(m.n.Add(1)))
	return err
}

// TestAFrameThatMeetsTheHangupDoesNotBreakTheSocket: who hangs up says so by a
// close frame, also when a frame was about to be written in that very moment.
func TestAFrameThatMeetsTheHangupDoesNotBreakTheSocket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn, f := pipe(t)
		go f.say(connectedText, startText("t"))
		m := &meddled{Conn: conn, moved: func(int) {}}
		leg, err := Accept(m, LegConfig{})
		if err != nil {
			t.Fatal(err)
		}
		closing, hung := make(chan struct{}), make(chan error, 1)
		m.moved = func(n int) {
			switch n {
			case 1: // the frame's
				go func() { hung <- leg.Hangup(t.Context()) }()
				<-closing
				synctest.Wait() // the hang-up is announced, and waits for its turn to write
			case 2:
				close(closing)
			}
		}
		code := make(chan int, 1)
		go func() { code <- f.hearClose() }()
		if err := leg.Write(new(media.Frame)); !errors.Is(err, ErrHungUp) {
			t.Errorf("Write() = %v, want ErrHungUp", err)
		}
		if got := <-code; got != 1000 {
			t.Errorf("the far end hears close code %d, want 1000", got)
		}
		f.conn.Close()
		if err := <-hung; err != nil {
			t.Error(err)
		}
	})
}

// TestAFrameThatMeetsTheFarEndsCloseLeavesItItsAnswer, and the stream is counted
// as closed in good order.
func TestAFrameThatMeetsTheFarEndsCloseLeavesItItsAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c tally
		conn, f := pipe(t)
		go f.say(connectedText, startText("t"))
		m := &meddled{Conn: conn, moved: func(int) {}}
		leg, err := Accept(m, LegConfig{Count: c.count})
		if err != nil {
			t.Fatal(err)
		}
		closing := make(chan struct{})
		lost := make(chan error, 1)
		go func() {
			_, err := leg.Next(new(media.Frame))
			lost <- err
		}()
		m.moved = func(n int) {
			switch n {
			case 1: // the frame's
				go f.conn.Write(frame(opClose, []byte{0x03, 0xe8}))
				<-closing
				synctest.Wait() // the answer waits for its turn to write
			case 2:
				close(closing)
			}
		}
		code := make(chan int, 1)
		go func() { code <- f.hearClose() }()
		leg.Write(new(media.Frame))
		if got := <-code; got != 1000 {
			t.Errorf("the far end hears close code %d, want its 1000 back", got)
		}
		<-lost
		if c.of(ReasonPeerClosed) != 1 || c.of(ReasonBroken)+c.of(ReasonSlowReader) != 0 {
			t.Errorf("counted %v", &c)
		}
		f.conn.Close()
		leg.Hangup(t.Context())
	})
}
