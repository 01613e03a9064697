package ws

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"time"
)

// Codes of a close frame (RFC 6455, 7.4.1).
const (
	Normal          = 1000
	ProtocolError   = 1002
	NoStatus        = 1005 // there was none; never sent
	NotText         = 1007
	PolicyViolation = 1008
	TooBig          = 1009
)

// mayBeSent reports whether code may stand in a close frame: those of the RFC,
// those that were registered with IANA since, and those of libraries and
// applications.
func mayBeSent(code int) bool {
	switch {
	case 1000 <= code && code <= 1003, 1007 <= code && code <= 1014, 3000 <= code && code <= 4999:
		return true
	}
	return false
}

// CloseError is that the far end closed the websocket in good order.
type CloseError struct {
	Code   int    // [NoStatus] if it gave none
	Reason string // a stranger's words, at most 123 bytes of UTF-8; not part of the error's text
}

func (e *CloseError) Error() string {
	return fmt.Sprintf("ws: closed by the far end with code %d", e.Code)
}

// ViolationError is that the far end sent what no client may send.
type ViolationError struct {
	Code int // that it is told
	what string
}

func (e *ViolationError) Error() string { return "ws: " + e.what }

// ErrTooBig is that a message is longer than the limit.
var ErrTooBig = &ViolationError{TooBig, "a message is over the limit"}

var (
	errReserved        = &ViolationError{ProtocolError, "a reserved bit is set"}
	errOpcode          = &ViolationError{ProtocolError, "an opcode that there is not"}
	errUnmasked        = &ViolationError{ProtocolError, "a client's frame is not masked"}
	errControlFragment = &ViolationError{ProtocolError, "a control frame in fragments"}
	errControlLong     = &ViolationError{ProtocolError, "a control frame of more than 125 bytes"}
	errLength          = &ViolationError{ProtocolError, "a length in more bytes than it needs, or beyond 63 bits"}
	errNoMessage       = &ViolationError{ProtocolError, "a continuation of nothing"}
	errInterrupted     = &ViolationError{ProtocolError, "a message within another"}
	errCloseShort      = &ViolationError{ProtocolError, "a close frame with half a code"}
	errCloseCode       = &ViolationError{ProtocolError, "a close frame with a code that must not be sent"}
	errText            = &ViolationError{NotText, "text is not UTF-8"}
)

// Errors of writing.
var (
	ErrClosed = errors.New("ws: a close frame was sent")
	ErrSlow   = errors.New("ws: the far end does not read") // a write took too long
)

// WriteClose says that we close, with a code and at most 123 bytes of reason,
// and is the last that is said: Send fails with [ErrClosed] from now on. It
// takes until deadline at most; so does a write that is under way. Any further
// call returns ErrClosed, and says nothing.
func (c *Conn) WriteClose(code int, reason string, deadline time.Time) error {
	var payload []byte
	if code != NoStatus {
		payload = append(binary.BigEndian.AppendUint16(nil, uint16(code)), reason[:min(len(reason), maxControl-2)]...)
	}
	if c.said.Swap(true) {
		return ErrClosed
	}
	close(c.over)
	c.conn.SetWriteDeadline(deadline) // behind said, as a write that begins looks at both in the other order
	c.turn <- struct{}{}
	defer func() { <-c.turn }()
	c.conn.SetWriteDeadline(deadline) // again: a write that looked at said too late has moved it
	return c.put(append([]byte{finalBit | byte(opClose), byte(len(payload))}, payload...))
}

// ends notes that nothing comes after err, and tells the far end what it has to
// know of it. A timeout is no end.
func (c *Conn) ends(err error) error {
	var timeout net.Error
	var closed *CloseError
	var broke *ViolationError
	switch {
	case errors.As(err, &closed):
		c.WriteClose(closed.Code, "", time.Now().Add(closeWait)) // or it was us who closed first
	case errors.As(err, &broke):
		c.WriteClose(broke.Code, "", time.Now().Add(closeWait))
	case !errors.Is(err, ErrSlow) && errors.As(err, &timeout) && timeout.Timeout():
		return err
	}
	c.err = err
	return err
}
