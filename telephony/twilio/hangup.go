package twilio

import (
	"context"
	"io"
	"time"

	"github.com/hookswitch/hookswitch/telephony/ws"
)

// Hangup implements [telephony.Leg]: it closes the socket with code 1000, after
// which Twilio asks the Connect's action what the call does next. Next returns
// io.EOF from now on, at once; Hangup itself returns when the socket is closed,
// at most LegConfig.Linger later, or when ctx ends first. Frames that still
// waited for their lump are not sent.
func (l *Leg) Hangup(ctx context.Context) error {
	deadline := time.Now().Add(l.c.Linger)
	if d, ok := ctx.Deadline(); ok && d.Before(deadline) {
		deadline = d
	}
	return l.release(ws.Normal, deadline).wait(ctx)
}

// closing is the end of a socket, under way or done.
type closing <-chan struct{}

func (c closing) wait(ctx context.Context) error {
	select {
	case <-c:
		return nil
	default:
	}
	select {
	case <-c:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// release closes the socket, saying code; whoever comes first does the work.
//
// Closing a TCP socket that still has unread audio in it resets the connection,
// and the reset may overtake our close frame: the carrier would see a broken
// line where we hung up. So we end our direction first, read what comes until
// the far end has closed too, and only then close.
func (l *Leg) release(code int, deadline time.Time) closing {
	if l.hung.Swap(true) {
		return l.closed
	}
	defer close(l.closed)
	defer l.pulse.tell()
	defer l.conn.Close()
	close(l.done)
	l.stopTimer()
	l.conn.SetReadDeadline(time.Unix(1, 0)) // wakes Next
	err := l.conn.WriteClose(code, "", deadline)
	if err != nil && err != ws.ErrClosed { // to a message that is too big, 1009 was said
		return l.closed
	}
	conn, ok := l.conn.NetConn().(interface{ CloseWrite() error })
	if !ok || conn.CloseWrite() != nil {
		return l.closed
	}
	l.reading <- struct{}{} // Next has been woken and leaves
	defer func() { <-l.reading }()
	l.conn.SetReadDeadline(deadline)
	io.Copy(io.Discard, l.conn.NetConn()) // until the far end closes, or the deadline; either will do
	return l.closed
}

// stopTimer forgets a lump that waits. If a write is under way right now, the
// timer stays, and finds the leg hung up when it fires.
func (l *Leg) stopTimer() {
	select {
	case l.writing <- struct{}{}:
		if l.late != nil {
			l.late.Stop()
		}
		l.unlock()
	default:
	}
}
