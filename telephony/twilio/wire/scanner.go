package wire

import (
	"encoding/binary"
	"encoding/json"
	"math/bits"
)

// MaxDepth is how deep a message may nest. Twilio's own go three deep.
const MaxDepth = 64

// scanner walks once over a JSON text. After the first fault bad is set and
// every method is a no-op that says "nothing more", so callers need no error
// handling between the steps.
type scanner struct {
	text []byte
	at   int
	bad  bool
}

func (s *scanner) fail() { s.bad = true }

// peek returns the next byte that is not white space, or 0 at the end.
func (s *scanner) peek() byte {
	for ; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	return 0
}

// take consumes c if it comes next.
func (s *scanner) take(c byte) bool {
	if s.bad || s.peek() != c || s.at == len(s.text) {
		return false
	}
	s.at++
	return true
}

// atEnd reports whether the text was sound and nothing is left of it.
func (s *scanner) atEnd() bool {
	s.peek()
	return !s.bad && s.at == len(s.text)
}

// enter opens an object and reports whether a field follows.
func (s *scanner) enter() bool {
	if !s.take('{') {
		s.fail()
		return false
	}
	return !s.take('}')
}

// enterOrSkip is enter, but steps over a value that is not an object.
func (s *scanner) enterOrSkip() bool {
	if s.peek() != '{' {
		s.skip()
		return false
	}
	return s.enter()
}

// more, called behind a field's value, reports whether another field follows.
func (s *scanner) more() bool {
	switch {
	case s.take(','):
		return true
	case s.take('}'):
		return false
	}
	s.fail()
	return false
}

// key reads a field's name and the colon behind it.
func (s *scanner) key() []byte {
	if s.peek() != '"' {
		s.fail()
	}
	name := s.str()
	if !s.take(':') {
		s.fail()
	}
	return name
}

// stringOrSkip returns a string's content, or nil for any other value.
func (s *scanner) stringOrSkip() []byte {
	if s.peek() != '"' {
		s.skip()
		return nil
	}
	return s.str()
}

// str reads the string that begins here: a slice of the text when it is plain,
// else what encoding/json makes of it.
func (s *scanner) str() []byte {
	begin := s.at
	plain := s.skipString()
	if s.bad {
		return nil
	}
	if plain {
		return s.text[begin+1 : s.at-1]
	}
	var text string
	if json.Unmarshal(s.text[begin:s.at], &text) != nil {
		s.fail()
		return nil
	}
	return append([]byte{}, text...)
}

// skipString steps over the string that begins here. It is plain when it holds
// ASCII without escapes.
func (s *scanner) skipString() (plain bool) {
	if !s.take('"') {
		s.fail()
		return false
	}
	plain = true
	for {
		s.at += plainRun(s.text[s.at:])
		if s.at == len(s.text) {
			s.fail()
			return false
		}
		c := s.text[s.at]
		s.at++
		switch {
		case c == '"':
			return plain
		case c < ' ':
			s.fail()
			return false
		case c == '\\':
			s.escape()
			if s.bad {
				return false
			}
		}
		plain = false
	}
}

// escape steps over what follows a backslash.
func (s *scanner) escape() {
	if s.at == len(s.text) {
		s.fail()
		return
	}
	c := s.text[s.at]
	s.at++
	switch c {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
	case 'u':
		for range 4 {
			if s.at == len(s.text) || !isHex(s.text[s.at]) {
				s.fail()
				return
			}
			s.at++
		}
	default:
		s.fail()
	}
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// plainRun counts the leading bytes of b that mean themselves in a JSON string:
// ASCII, no quote, no backslash, no control character. It looks at eight bytes
// at a time, since nearly all of a media message is one long string.
func plainRun(b []byte) int {
	const (
		ones = 0x0101010101010101
		tops = 0x8080808080808080
	)
	n := 0
	for ; len(b)-n >= 8; n += 8 {
		x := binary.LittleEndian.Uint64(b[n:])
		quote, slash := x^(ones*'"'), x^(ones*'\\')
		// Each term sets the top bit of a byte that is zero (or below a space);
		// a borrow may set further ones, but only above the first true one.
		stop := ((quote-ones)&^quote | (slash-ones)&^slash | (x-ones*' ')&^x | x) & tops
		if stop != 0 {
			return n + bits.TrailingZeros64(stop)/8
		}
	}
	for ; n < len(b); n++ {
		if c := b[n]; c < ' ' || c >= 0x80 || c == '"' || c == '\\' {
			break
		}
	}
	return n
}
