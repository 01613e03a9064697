package ws

import (
	"errors"
	"fmt"
	"net"
	"time"
)

// Send sends b[Head:] as one message, in one frame and one write. The bytes in
// front of it are overwritten. b is only lent.
//
// A failed write leaves the connection without use; it is for the caller to
// close. The error wraps [ErrSlow] when the far end did not read in time, and is
// [ErrClosed] after WriteClose, also when that was the answer to a close.
func (c *Conn) Send(op Opcode, b []byte) error {
	if err := c.take(); err != nil {
		return err
	}
	err := c.write(b[putHeader(b, op):])
	<-c.turn
	if err == nil && c.owed.Load() {
		err = c.payPong()
	}
	return err
}

// take waits for the turn to write.
func (c *Conn) take() error {
	select {
	case c.turn <- struct{}{}:
		return nil
	default:
	}
	select {
	case c.turn <- struct{}{}:
		return nil
	case <-c.over:
		return ErrClosed
	}
}

// write sends b, unless a close frame was sent. The caller has the turn.
//
// The deadline is moved only when an eighth of it is over: to move it costs as
// much as a third of a microsecond, 50 times a second and call.
func (c *Conn) write(b []byte) error {
	if now := time.Now(); c.until.Sub(now) < c.timeout-c.timeout/8 {
		c.until = now.Add(c.timeout)
		c.conn.SetWriteDeadline(c.until)
	}
	if c.said.Load() { // behind the deadline: WriteClose does both in the other order
		return ErrClosed
	}
	return c.put(b)
}

// put writes b if nothing was written in part before. The caller has the turn.
func (c *Conn) put(b []byte) error {
	if c.broken != nil {
		return c.broken
	}
	_, err := c.wire.Write(b)
	if err == nil {
		return nil
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		err = ErrSlow
	}
	c.broken = fmt.Errorf("ws: write: %w", err)
	return c.broken
}

// answer sees to it that a ping is answered: now, or by whoever writes just now.
// Of pings that come meanwhile only the newest is answered, as RFC 6455 allows
// (5.5.3).
func (c *Conn) answer(payload []byte) error {
	c.pings.Lock()
	c.pingN = copy(c.ping[:], payload)
	c.pings.Unlock()
	c.owed.Store(true)
	return c.payPong()
}

// payPong answers the newest ping. Whoever has the turn when it is asked for
// looks again after giving it back, so that none is forgotten.
func (c *Conn) payPong() error {
	for c.owed.Load() {
		select {
		case c.turn <- struct{}{}:
		default:
			return nil
		}
		err := c.writePong()
		<-c.turn
		if err == ErrClosed {
			return nil // nobody waits for it any more
		}
		if err != nil {
			return fmt.Errorf("%w, answering a ping", err)
		}
	}
	return nil
}

func (c *Conn) writePong() error {
	if !c.owed.Swap(false) {
		return nil
	}
	c.pings.Lock()
	n := copy(c.pong[2:], c.ping[:c.pingN])
	c.pings.Unlock()
	c.pong[0], c.pong[1] = finalBit|byte(opPong), byte(n)
	return c.write(c.pong[:2+n])
}
