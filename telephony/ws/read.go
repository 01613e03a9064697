package ws

import (
	"encoding/binary"
	"io"
	"unicode/utf8"
)

// Next returns the next message, which is only lent: it is overwritten by the
// next call. Pings are answered on the way, pongs mean nothing.
//
// It returns a [*CloseError] when the far end closed in good order, which it is
// told back; a [*ViolationError], which it is told as well, when it broke the
// rules or the limit; io.ErrUnexpectedEOF when it went without a word; and
// otherwise the connection's own error, or that of answering a ping. But for a
// timeout of the read deadline nothing comes after an error.
func (c *Conn) Next() (Opcode, []byte, error) {
	if c.err != nil {
		return 0, nil, c.err
	}
	if c.message == 0 { // the last message is done with
		c.from, c.to, c.checked = c.next, c.next, c.next
	}
	for {
		done, err := c.step()
		if err != nil {
			return 0, nil, c.ends(err)
		}
		if done {
			op := c.message
			c.message = 0
			return op, c.buf[c.from:c.to], nil
		}
	}
}

// step takes in what is there, up to the end of one frame, or else reads more.
// It reports whether the message is complete.
func (c *Conn) step() (done bool, err error) {
	if !c.inside {
		size := 0
		c.frame, size, err = parseHeader(c.buf[c.next:c.end], c.message != 0)
		if err != nil {
			return false, err
		}
		if size == 0 {
			return false, c.fill()
		}
		c.next += size
		if err := c.begin(); err != nil {
			return false, err
		}
	}
	if c.frame.op.control() {
		return false, c.control()
	}
	return c.data()
}

// begin is a frame whose header is there. It reports one that makes its message
// too long, before any of it is read.
func (c *Conn) begin() error {
	c.inside, c.did = true, 0
	switch c.frame.op {
	case Text, Binary:
		c.message = c.frame.op
		c.from, c.to, c.checked = c.next, c.next, c.next // in place: nothing is moved
	case continuation:
	default:
		return nil
	}
	if have := uint64(c.to - c.from); c.frame.n > uint64(c.limit) || have+c.frame.n > uint64(c.limit) {
		return ErrTooBig
	}
	return nil
}

// data takes in what is there of a data frame's payload.
func (c *Conn) data() (done bool, err error) {
	n := min(int(c.frame.n)-c.did, c.end-c.next)
	part := c.buf[c.next : c.next+n]
	ascii := unmask(part, c.frame.key, c.did)
	if c.to != c.next {
		copy(c.buf[c.to:], part)
	}
	whole := c.checked == c.to
	c.to, c.next, c.did = c.to+n, c.next+n, c.did+n
	switch {
	case c.message != Text || c.anyText:
	case ascii && whole:
		c.checked = c.to
	default:
		n, ok := wholeRunes(c.buf[c.checked:c.to])
		if c.checked += n; !ok {
			return false, errText // as early as can be
		}
	}
	if c.did < int(c.frame.n) {
		return false, c.fill()
	}
	c.inside = false
	if !c.frame.final {
		return false, nil
	}
	if c.message == Text && c.checked < c.to && !c.anyText {
		return false, errText // it ends within a character
	}
	return true, nil
}

// control answers a control frame once all of it is there.
func (c *Conn) control() error {
	n := int(c.frame.n)
	if c.end-c.next < n {
		return c.fill()
	}
	payload := c.buf[c.next : c.next+n]
	unmask(payload, c.frame.key, 0)
	c.next += n
	c.inside = false
	switch c.frame.op {
	case opPing:
		return c.answer(payload)
	case opClose:
		return closeOf(payload)
	}
	return nil
}

// closeOf is what a close frame's payload says, which is an error either way.
func closeOf(payload []byte) error {
	if len(payload) == 0 {
		return &CloseError{Code: NoStatus}
	}
	if len(payload) == 1 {
		return errCloseShort
	}
	code, reason := int(binary.BigEndian.Uint16(payload)), payload[2:]
	if !mayBeSent(code) {
		return errCloseCode
	}
	if !utf8.Valid(reason) {
		return errText
	}
	return &CloseError{Code: code, Reason: string(reason)}
}

// fill reads once, behind what is there.
func (c *Conn) fill() error {
	c.makeRoom()
	n, err := c.wire.Read(c.buf[c.end:])
	c.end += n
	if n > 0 {
		return nil // an error comes again
	}
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// makeRoom sees to it that there is some to read into. What has to stay is moved
// to the front when there is more room than behind it, and the buffer grows only
// when it is full of what came: whoever announces a long message gets no memory
// for that.
func (c *Conn) makeRoom() {
	if c.message == 0 {
		c.from, c.to, c.checked = c.next, c.next, c.next
	}
	have, rest := c.to-c.from, c.end-c.next
	if have+rest == 0 { // the usual case
		if len(c.buf) > keep {
			c.buf = make([]byte, small)
		}
		c.from, c.to, c.checked, c.next, c.end = 0, 0, 0, 0, 0
		return
	}
	gone := c.end - have - rest
	if behind := len(c.buf) - c.end; behind >= gone && behind > 0 {
		return
	}
	to := c.buf
	if gone == 0 {
		const piece = maxHeader + maxControl // the rest is less: part of a header, or of a control frame
		to = make([]byte, max(min(2*len(c.buf), c.limit+2*piece), len(c.buf)+piece))
	}
	if gone == 0 || c.from > 0 { // a long message is moved once, not for every ping within it
		copy(to, c.buf[c.from:c.to])
	}
	copy(to[have:], c.buf[c.next:c.end])
	c.checked -= c.from
	c.buf, c.from, c.to, c.next, c.end = to, 0, have, have, have+rest
}
