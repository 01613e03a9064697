package ws

import "encoding/binary"

// Opcode says what a frame or a message is (RFC 6455, 11.8).
type Opcode byte

// The opcodes that there are. Next only returns the first two.
const (
	Text   Opcode = 1
	Binary Opcode = 2

	continuation Opcode = 0
	opClose      Opcode = 8
	opPing       Opcode = 9
	opPong       Opcode = 10
)

// control reports whether o may stand between the fragments of a message.
func (o Opcode) control() bool { return o >= opClose }

const (
	finalBit    = 0x80
	reserved    = 0x70
	opcodeBits  = 0x0f
	maskBit     = 0x80
	lengthBits  = 0x7f
	length16    = 126
	length64    = 127
	maxControl  = 125 // bytes of a control frame's payload
	maxHeader   = 14  // bytes of a client's header: it is masked
	maxUint16   = 1<<16 - 1
	maxLength64 = 1<<63 - 1
)

// header is the head of a client's frame.
type header struct {
	op    Opcode
	final bool
	n     uint64 // bytes of payload
	key   uint32 // the mask, first byte lowest
}

// parseHeader reads the head of a client's frame from the beginning of b; within
// is whether a message is under way. A size of 0 is that b does not hold all of
// it yet. The error, which is a violation, comes as soon as the bytes that
// violate are there.
func parseHeader(b []byte, within bool) (h header, size int, err error) {
	if len(b) > 0 && b[0]&reserved != 0 {
		return h, 0, errReserved
	}
	if len(b) < 2 {
		return h, 0, nil
	}
	h = header{op: Opcode(b[0] & opcodeBits), final: b[0]&finalBit != 0, n: uint64(b[1] & lengthBits)}
	if h.op > Binary && h.op < opClose || h.op > opPong {
		return h, 0, errOpcode
	}
	if b[1]&maskBit == 0 {
		return h, 0, errUnmasked
	}
	if err := h.check(within); err != nil {
		return h, 0, err
	}
	size, err = h.length(b)
	if err != nil || size == 0 || len(b) < size+4 {
		return h, 0, err
	}
	h.key = binary.LittleEndian.Uint32(b[size:])
	return h, size + 4, nil
}

// check looks at what the first two bytes say.
func (h header) check(within bool) error {
	switch {
	case h.op.control() && !h.final:
		return errControlFragment
	case h.op.control() && h.n > maxControl:
		return errControlLong
	case h.op == continuation && !within:
		return errNoMessage
	case h.op != continuation && !h.op.control() && within:
		return errInterrupted
	}
	return nil
}

// length reads a length that needs more than the header's seven bits, and
// returns the size of the header without its mask; 0: it is not all there.
func (h *header) length(b []byte) (size int, err error) {
	switch h.n {
	case length16:
		if len(b) < 4 {
			return 0, nil
		}
		h.n = uint64(binary.BigEndian.Uint16(b[2:]))
		if h.n < length16 {
			return 0, errLength
		}
		return 4, nil
	case length64:
		if len(b) < 10 {
			return 0, nil
		}
		h.n = binary.BigEndian.Uint64(b[2:])
		if h.n <= maxUint16 || h.n > maxLength64 {
			return 0, errLength
		}
		return 10, nil
	}
	return 2, nil
}

// Head is how many bytes in front of a message [Conn.Send] needs for itself.
const Head = 10

// putHeader writes the head of a server's frame, final and not masked, right
// in front of the payload b[Head:], and returns where it begins.
func putHeader(b []byte, op Opcode) (begin int) {
	switch n := len(b) - Head; {
	case n <= maxControl:
		begin = Head - 2
		b[begin+1] = byte(n)
	case n <= maxUint16:
		begin = Head - 4
		b[begin+1] = length16
		binary.BigEndian.PutUint16(b[begin+2:], uint16(n))
	default:
		b[1] = length64
		binary.BigEndian.PutUint64(b[2:], uint64(n))
	}
	b[begin] = finalBit | byte(op)
	return begin
}
