// Package wire reads and writes the JSON text messages of Twilio Media Streams.
//
// Reading is tolerant: keys may come in any order, unknown fields and unknown
// events are skipped, and a field of another type than documented counts as
// absent. Writing is strict: exactly the documented fields, because Twilio
// drops a message that has one more (warning 31951).
//
// A call exchanges a hundred of these messages a second, so media, mark and
// dtmf are parsed by a scanner of our own that allocates nothing; what it
// cannot do plainly (escapes, the one start message) it leaves to encoding/json.
package wire

import (
	"bytes"
	"errors"
)

// ErrMalformed means that a message is not JSON, nests deeper than [MaxDepth],
// or lacks a field without which its event means nothing.
var ErrMalformed = errors.New("wire: malformed message")

// Kind names the event of a [Message].
type Kind uint8

const (
	Unknown   Kind = iota // an event that is not in this list; to be ignored
	Connected             // the socket is open
	Start                 // the stream begins; Message.Start is set
	Media                 // audio; Message.Payload is set
	Mark                  // a mark was passed or cleared; Message.Name is set
	DTMF                  // a key was pressed; Message.Digit is set
	Stop                  // the stream is over
)

// Message is one message from Twilio. Its slices point into the text that was
// parsed and live as long as that text is left alone.
type Message struct {
	Kind      Kind
	StreamSID []byte // nil if the message names no stream
	Track     []byte // "inbound" or "outbound"; Media only
	Time      int64  // ms from the stream's begin to the payload's; Media only, and if Timed
	Timed     bool   // there is a Time
	Payload   []byte // base64 as sent, see [Decode]; Media only
	Name      []byte // Mark only
	Digit     byte   // '0'-'9', 'A'-'D', '*' or '#'; DTMF only
	Start     *StartInfo
}

// Parse reads one text message into m, which it overwrites. The only error is
// [ErrMalformed]. For media, mark and dtmf without escapes it allocates nothing.
func Parse(msg []byte, m *Message) error {
	if usual(msg, m) {
		return nil
	}
	*m = Message{}
	s := scanner{text: msg}
	s.message(m)
	if !s.atEnd() {
		return ErrMalformed
	}
	return m.complete(msg)
}

// complete checks that m has what its event needs.
func (m *Message) complete(msg []byte) error {
	ok := true
	switch m.Kind {
	case Media:
		ok = m.Payload != nil
	case Mark:
		ok = m.Name != nil
	case DTMF:
		ok = m.Digit != 0
	case Start:
		m.Start, ok = parseStart(msg)
		if ok && m.StreamSID == nil {
			m.StreamSID = []byte(m.Start.StreamSID)
		}
		ok = ok && string(m.StreamSID) == m.Start.StreamSID
	}
	if !ok {
		return ErrMalformed
	}
	return nil
}

// message reads the outermost object.
func (s *scanner) message(m *Message) {
	for more := s.enter(); more; more = s.more() {
		switch string(s.key()) {
		case "event":
			m.Kind = kindOf(s.stringOrSkip())
		case "streamSid":
			m.StreamSID = s.stringOrSkip()
		case "media":
			s.media(m)
		case "mark":
			s.mark(m)
		case "dtmf":
			s.dtmf(m)
		default:
			s.skip()
		}
	}
}

func (s *scanner) media(m *Message) {
	m.Track, m.Payload, m.Time, m.Timed = nil, nil, 0, false // of two fields of one name the last one counts
	for more := s.enterOrSkip(); more; more = s.more() {
		switch string(s.key()) {
		case "track":
			m.Track = s.stringOrSkip()
		case "timestamp":
			m.Time, m.Timed = millisOf(s.stringOrSkip())
		case "payload":
			m.Payload = s.stringOrSkip()
		default:
			s.skip()
		}
	}
}

func (s *scanner) mark(m *Message) {
	m.Name = nil
	for more := s.enterOrSkip(); more; more = s.more() {
		if string(s.key()) == "name" {
			m.Name = s.stringOrSkip()
		} else {
			s.skip()
		}
	}
}

func (s *scanner) dtmf(m *Message) {
	m.Digit = 0
	for more := s.enterOrSkip(); more; more = s.more() {
		if string(s.key()) == "digit" {
			m.Digit = digitOf(s.stringOrSkip())
		} else {
			s.skip()
		}
	}
}

func kindOf(event []byte) Kind {
	switch string(event) {
	case "media":
		return Media
	case "mark":
		return Mark
	case "dtmf":
		return DTMF
	case "connected":
		return Connected
	case "start":
		return Start
	case "stop":
		return Stop
	}
	return Unknown
}

// millisOf reads a time in ms, of a stream that lasts less than 30 years.
func millisOf(text []byte) (ms int64, ok bool) {
	if len(text) == 0 || len(text) > 12 {
		return 0, false
	}
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, false
		}
		ms = ms*10 + int64(c-'0')
	}
	return ms, true
}

// digitOf returns the one key that text names, or 0.
func digitOf(text []byte) byte {
	if len(text) == 1 && bytes.IndexByte([]byte("0123456789ABCD*#"), text[0]) >= 0 {
		return text[0]
	}
	return 0
}
