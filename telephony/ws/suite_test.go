package ws

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// A peer is a client's frames, in the order in which they are sent.
type peer []byte

var masks = [][4]byte{{0x37, 0xfa, 0x21, 0x3d}, {0, 0, 0, 0}, {0xff, 0xff, 0xff, 0xff}, {1, 0x80, 0x7f, 0xfe}}

// raw appends a frame of any first byte.
func (p peer) raw(first byte, payload string) peer {
	p = append(p, first)
	switch n := len(payload); {
	case n <= maxControl:
		p = append(p, maskBit|byte(n))
	case n <= maxUint16:
		p = binary.BigEndian.AppendUint16(append(p, maskBit|length16), uint16(n))
	default:
		p = binary.BigEndian.AppendUint64(append(p, maskBit|length64), uint64(n))
	}
	mask := masks[len(p)%len(masks)]
	p = append(p, mask[:]...)
	for i := range len(payload) {
		p = append(p, payload[i]^mask[i%4])
	}
	return p
}

func (p peer) text(s string) peer     { return p.raw(0x81, s) }
func (p peer) binary(s string) peer   { return p.raw(0x82, s) }
func (p peer) textOn(s string) peer   { return p.raw(0x01, s) } // a first fragment
func (p peer) binaryOn(s string) peer { return p.raw(0x02, s) }
func (p peer) more(s string) peer     { return p.raw(0x00, s) } // one in the middle
func (p peer) last(s string) peer     { return p.raw(0x80, s) }
func (p peer) ping(s string) peer     { return p.raw(0x89, s) }
func (p peer) pong(s string) peer     { return p.raw(0x8a, s) }
func (p peer) bye() peer              { return p.raw(0x88, "\x03\xe8") }
func (p peer) close(code int, reason string) peer {
	return p.raw(0x88, string(binary.BigEndian.AppendUint16(nil, uint16(code)))+reason)
}
func (p peer) bytes(b ...byte) peer { return append(p, b...) }

// chopped appends s as a text message of fragments of n bytes.
func (p peer) chopped(s string, n int) peer {
	first := byte(Text)
	for len(s) > n {
		p = p.raw(first, s[:n])
		first, s = 0, s[n:]
	}
	return p.raw(first|finalBit, s)
}

func (p peer) times(n int, f func(p peer, i int) peer) peer {
	for i := range n {
		p = f(p, i)
	}
	return p
}

// A claim is what must come of what a client sends: the messages that are
// handed out, the control frames that it is told, and how it ends.
type claim struct {
	name  string
	in    peer
	heard []string
	told  []string
	end   string
}

const (
	cut      = "cut"  // it went without a word
	goodbye  = "1000" // it closed with that code, and was told the same
	notText  = "violation 1007"
	protocol = "violation 1002"
	tooBig   = "violation 1009"
)

func text(s string) string { return "text " + s }
func bin(s string) string  { return "binary " + s }
func pong(s string) string { return "pong " + s }

// suiteLimit is the limit of a message in all claims.
const suiteLimit = 1 << 20

// said is the close frame that belongs to an end.
func (c claim) said() []string {
	switch {
	case c.end == cut:
		return c.told
	case c.end == "1005":
		return append(c.told[:len(c.told):len(c.told)], "close")
	}
	return append(c.told[:len(c.told):len(c.told)], "close "+c.end[max(0, len(c.end)-4):])
}

// suite is what Autobahn's sections 1 to 7, 9 and 10 ask of a server without
// extensions, and what RFC 6455 asks besides.
func suite() []claim {
	var all []claim
	for _, part := range [][]claim{framing(), pings(), reservedBits(), opcodes(), lengths(), fragments(), utf8Whole(), utf8Cut(), closes(), limits()} {
		all = append(all, part...)
	}
	return all
}

// sizes are payloads about the edges of the three forms of a length.
var sizes = []int{0, 1, 7, 8, 125, 126, 127, 128, 1000, 2041, 2048, 65535, 65536, 100_000}

func framing() (cases []claim) {
	for _, n := range sizes {
		s := strings.Repeat("*", n)
		cases = append(cases,
			claim{fmt.Sprintf("1.1 text of %d bytes", n), peer{}.text(s).bye(), []string{text(s)}, nil, goodbye},
			claim{fmt.Sprintf("1.2 binary of %d bytes", n), peer{}.binary(strings.Repeat("\xfe", n)).bye(), []string{bin(strings.Repeat("\xfe", n))}, nil, goodbye})
	}
	var hundred []string
	for i := range 100 {
		hundred = append(hundred, text(fmt.Sprint("message ", i)))
	}
	return append(cases,
		claim{"1.3 a hundred messages at once", peer{}.times(100, func(p peer, i int) peer { return p.text(fmt.Sprint("message ", i)) }).bye(), hundred, nil, goodbye},
		claim{"1.4 a large message, then small ones", peer{}.text(strings.Repeat("a", 40_000)).text("b").text("c").bye(), []string{text(strings.Repeat("a", 40_000)), text("b"), text("c")}, nil, goodbye},
		claim{"1.5 nothing at all", peer{}, nil, nil, cut},
		claim{"1.6 half a header", peer{}.bytes(0x81), nil, nil, cut},
		claim{"1.7 a header and no mask", peer{}.bytes(0x81, 0x85, 1, 2), nil, nil, cut},
		claim{"1.8 half a payload", peer{}.text("Hello")[:8], nil, nil, cut},
		claim{"1.9 a client that does not mask", peer{}.bytes(0x81, 5, 'H', 'e', 'l', 'l', 'o'), nil, nil, protocol},
		claim{"1.10 a client that forgets to mask later", peer{}.text("a").bytes(0x81, 0), []string{text("a")}, nil, protocol},
		claim{"1.11 a ping that is not masked", peer{}.bytes(0x89, 0), nil, nil, protocol},
	)
}

func pings() []claim {
	long := strings.Repeat("\xfe", 125)
	var ten []string
	for i := range 10 {
		ten = append(ten, pong(fmt.Sprint("payload-", i)))
	}
	return []claim{
		{"2.1 a ping without payload", peer{}.ping("").bye(), nil, []string{pong("")}, goodbye},
		{"2.2 a ping with text", peer{}.ping("Hello, world!").bye(), nil, []string{pong("Hello, world!")}, goodbye},
		{"2.3 a ping with bytes that are no text", peer{}.ping("\x00\xff\xfe\xfd\xfc\xfb\x00\xff").bye(), nil, []string{pong("\x00\xff\xfe\xfd\xfc\xfb\x00\xff")}, goodbye},
		{"2.4 the longest ping", peer{}.ping(long).bye(), nil, []string{pong(long)}, goodbye},
		{"2.5 a ping of 126 bytes", peer{}.ping(long + "x").bye(), nil, nil, protocol},
		{"2.6 a pong that nobody asked for", peer{}.pong("").bye(), nil, nil, goodbye},
		{"2.7 a pong with payload", peer{}.pong("unsolicited").bye(), nil, nil, goodbye},
		{"2.8 a pong, then a ping", peer{}.pong("unsolicited").ping("ping").bye(), nil, []string{pong("ping")}, goodbye},
		{"2.9 a pong of 126 bytes", peer{}.pong(long + "x").bye(), nil, nil, protocol},
		{"2.10 ten pings are answered in order", peer{}.times(10, func(p peer, i int) peer { return p.ping(fmt.Sprint("payload-", i)) }).bye(), nil, ten, goodbye},
		{"2.11 a ping between messages", peer{}.text("a").ping("p").text("b").bye(), []string{text("a"), text("b")}, []string{pong("p")}, goodbye},
		{"2.12 a ping in fragments", peer{}.raw(0x09, "p").bye(), nil, nil, protocol},
		{"2.13 a pong in fragments", peer{}.raw(0x0a, "p").bye(), nil, nil, protocol},
		{"2.14 half a ping", peer{}.ping("Hello")[:9], nil, nil, cut},
	}
}

func reservedBits() (cases []claim) {
	for rsv := byte(1); rsv <= 7; rsv++ {
		for _, op := range []struct {
			name  string
			first byte
		}{{"text", 0x81}, {"binary", 0x82}, {"ping", 0x89}, {"close", 0x88}} {
			cases = append(cases, claim{
				fmt.Sprintf("3.%d reserved bits %03b on %s", rsv, rsv, op.name),
				peer{}.text("before").raw(op.first|rsv<<4, "").text("after"), []string{text("before")}, nil, protocol,
			})
		}
	}
	return append(cases, claim{"3.8 a reserved bit on a continuation", peer{}.textOn("a").raw(0xc0, "b"), nil, nil, protocol})
}

func opcodes() (cases []claim) {
	for _, op := range []byte{3, 4, 5, 6, 7, 11, 12, 13, 14, 15} {
		cases = append(cases,
			claim{fmt.Sprintf("4.1 opcode %d", op), peer{}.raw(0x80|op, "").ping("late"), nil, nil, protocol},
			claim{fmt.Sprintf("4.2 opcode %d with payload, behind a message", op), peer{}.text("a").ping("p").raw(0x80|op, "reserved").ping("late"), []string{text("a")}, []string{pong("p")}, protocol})
	}
	return cases
}

func lengths() []claim {
	return []claim{
		{"L.1 5 in sixteen bits", peer{}.bytes(0x81, 0x80|126, 0, 5, 0, 0, 0, 0).bytes([]byte("Hello")...), nil, nil, protocol},
		{"L.2 125 in sixteen bits", peer{}.bytes(0x82, 0x80|126, 0, 125, 0, 0, 0, 0), nil, nil, protocol},
		{"L.3 5 in sixty-four bits", peer{}.bytes(0x81, 0x80|127, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0), nil, nil, protocol},
		{"L.4 65535 in sixty-four bits", peer{}.bytes(0x81, 0x80|127, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0), nil, nil, protocol},
		{"L.5 the highest bit of sixty-four", peer{}.bytes(0x81, 0x80|127, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), nil, nil, protocol},
		{"L.6 all sixty-four bits", peer{}.bytes(0x81, 0x80|127, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0), nil, nil, protocol},
		{"L.7 the longest length that there is", peer{}.bytes(0x81, 0x80|127, 0x7f, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0), nil, nil, tooBig},
		{"L.8 a ping whose length takes sixteen bits", peer{}.bytes(0x89, 0x80|126, 0, 5, 0, 0, 0, 0), nil, nil, protocol},
	}
}

func fragments() []claim {
	return []claim{
		{"5.1 a message in two", peer{}.textOn("frag").last("ment").bye(), []string{text("fragment")}, nil, goodbye},
		{"5.2 binary in three", peer{}.binaryOn("\xff").more("\xfe").last("\xfd").bye(), []string{bin("\xff\xfe\xfd")}, nil, goodbye},
		{"5.3 a ping in between", peer{}.textOn("frag").ping("p").last("ment").bye(), []string{text("fragment")}, []string{pong("p")}, goodbye},
		{"5.4 several pings in between", peer{}.textOn("a").ping("1").more("b").ping("2").ping("3").last("c").bye(), []string{text("abc")}, []string{pong("1"), pong("2"), pong("3")}, goodbye},
		{"5.5 a pong in between", peer{}.textOn("a").pong("x").last("b").bye(), []string{text("ab")}, nil, goodbye},
		{"5.6 empty fragments", peer{}.textOn("").more("").last("").bye(), []string{text("")}, nil, goodbye},
		{"5.7 empty ones about a full one", peer{}.textOn("").more("middle").last("").bye(), []string{text("middle")}, nil, goodbye},
		{"5.8 an empty last one", peer{}.textOn("a").last("").text("b").bye(), []string{text("a"), text("b")}, nil, goodbye},
		{"5.9 a continuation of nothing", peer{}.last("non-continuation").text("Hello"), nil, nil, protocol},
		{"5.10 one that is not the last", peer{}.more("non-continuation").text("Hello"), nil, nil, protocol},
		{"5.11 one behind a whole message", peer{}.text("a").last("b"), []string{text("a")}, nil, protocol},
		{"5.12 one behind a message in two", peer{}.textOn("a").last("b").more("c"), []string{text("ab")}, nil, protocol},
		{"5.13 text within text", peer{}.textOn("a").text("b"), nil, nil, protocol},
		{"5.14 binary within text", peer{}.textOn("a").binary("b"), nil, nil, protocol},
		{"5.15 fragments within fragments", peer{}.textOn("a").textOn("b").last("c"), nil, nil, protocol},
		{"5.16 text within binary", peer{}.binaryOn("a").text("b"), nil, nil, protocol},
		{"5.17 the first says text, so all is text", peer{}.textOn("\xc3").last("\xa9").bye(), []string{text("é")}, nil, goodbye},
		{"5.18 a hundred fragments of a byte", peer{}.chopped(strings.Repeat("abcdefghij", 10), 1).bye(), []string{text(strings.Repeat("abcdefghij", 10))}, nil, goodbye},
		{"5.19 a close within a message drops it", peer{}.textOn("a").bye(), nil, nil, goodbye},
		{"5.20 a cut within a message drops it", peer{}.textOn("a").more("b"), nil, nil, cut},
		{"5.21 a message of fragments of all sizes", peer{}.times(1, func(p peer, _ int) peer {
			p = p.textOn("")
			for _, n := range []int{1, 125, 126, 2000, 3000, 65536} {
				p = p.more(strings.Repeat("z", n)).ping(fmt.Sprint(n))
			}
			return p.last("!").text("behind")
		}).bye(), []string{text(strings.Repeat("z", 1+125+126+2000+3000+65536) + "!"), text("behind")}, []string{pong("1"), pong("125"), pong("126"), pong("2000"), pong("3000"), pong("65536")}, goodbye},
		{"5.22 small messages behind one in fragments, at once", peer{}.chopped(strings.Repeat("q", 5000), 700).text("a").chopped("bcd", 2).text("e").bye(), []string{text(strings.Repeat("q", 5000)), text("a"), text("bcd"), text("e")}, nil, goodbye},
	}
}
