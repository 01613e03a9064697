package bench

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/emmansun/base64"
)

// The carrier's messages, field by field as Twilio sends them: numbers are
// strings, the first timestamp is not zero and the steps are not quite 20 ms.

const connectedText = `{"event":"connected","protocol":"Call","version":"1.0.0"}`

// ids name one call and its stream.
type ids struct{ account, call, stream string }

func idsOf(account string, i int) ids {
	hex := strconv.FormatInt(int64(i), 16)
	hex = strings.Repeat("0", 32-len(hex)) + hex
	return ids{account, "CA" + hex, "MZ" + hex}
}

func quoted(b []byte, n int) []byte {
	b = append(b, '"')
	b = strconv.AppendInt(b, int64(n), 10)
	return append(b, '"')
}

func appendStart(b []byte, id ids, token string) []byte {
	return append(b, `{"event":"start","sequenceNumber":"1","start":{"accountSid":"`+id.account+`","streamSid":"`+id.stream+
		`","callSid":"`+id.call+`","tracks":["inbound"],"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1},"customParameters":{"token":"`+
		token+`"}},"streamSid":"`+id.stream+`"}`...)
}

func appendMedia(b []byte, id ids, seq, chunk int, text []byte) []byte {
	b = quoted(append(b, `{"event":"media","sequenceNumber":`...), seq)
	b = quoted(append(b, `,"media":{"track":"inbound","chunk":`...), chunk)
	b = quoted(append(b, `,"timestamp":`...), 155+20*(chunk-1)+[...]int{0, 1, -2, -1, 2, -1, 1}[(chunk-1)%7])
	b = append(append(b, `,"payload":"`...), text...)
	return append(append(append(b, `"},"streamSid":"`...), id.stream...), `"}`...)
}

func appendMark(b []byte, id ids, seq int, name string) []byte {
	b = quoted(append(b, `{"event":"mark","sequenceNumber":`...), seq)
	b = append(append(append(b, `,"streamSid":"`...), id.stream...), `","mark":{"name":"`...)
	return append(append(b, name...), `"}}`...)
}

func appendStop(b []byte, id ids, seq int) []byte {
	b = quoted(append(b, `{"event":"stop","sequenceNumber":`...), seq)
	return append(b, `,"streamSid":"`+id.stream+`","stop":{"accountSid":"`+id.account+`","callSid":"`+id.call+`"}}`...)
}

// heard is one message of the gateway's.
type heard struct {
	event string // "media", "mark", "clear"
	ulaw  []byte // of media; appended to the buffer that was lent
	name  string // of a mark
}

var errMessage = errors.New("bench: a message that Twilio would refuse")

// understand reads a message as strictly as Twilio does: exactly the documented
// fields (warning 31951 otherwise). ulaw is the memory for audio.
func understand(text []byte, stream string, ulaw []byte) (heard, error) {
	if payload, ok := plainMedia(text, stream); ok {
		out, err := base64.StdEncoding.AppendDecode(ulaw[:0], payload)
		return heard{event: "media", ulaw: out}, err
	}
	var m struct {
		Event     string `json:"event"`
		StreamSid string `json:"streamSid"`
		Media     *struct {
			Payload []byte `json:"payload"`
		} `json:"media"`
		Mark *struct {
			Name string `json:"name"`
		} `json:"mark"`
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	switch err := d.Decode(&m); {
	case err != nil, m.StreamSid != stream:
		return heard{}, errMessage
	case m.Event == "media" && m.Media != nil && m.Mark == nil:
		return heard{event: m.Event, ulaw: append(ulaw[:0], m.Media.Payload...)}, nil
	case m.Event == "mark" && m.Mark != nil && m.Media == nil:
		return heard{event: m.Event, name: m.Mark.Name}, nil
	case m.Event == "clear" && m.Mark == nil && m.Media == nil:
		return heard{event: m.Event}, nil
	}
	return heard{}, errMessage
}

// plainMedia finds the payload of a media message that is spelled in the usual
// way, so that the load generator has little to do.
func plainMedia(text []byte, stream string) ([]byte, bool) {
	rest, ok := bytes.CutPrefix(text, []byte(`{"event":"media","streamSid":"`))
	if !ok || len(rest) < len(stream) || string(rest[:len(stream)]) != stream {
		return nil, false
	}
	if rest, ok = bytes.CutPrefix(rest[len(stream):], []byte(`","media":{"payload":"`)); !ok {
		return nil, false
	}
	return bytes.CutSuffix(rest, []byte(`"}}`))
}

// Opcodes of websocket frames (RFC 6455 5.2).
const (
	opText  = 1
	opClose = 8
	opPing  = 9
	opPong  = 10
)

// appendFrame appends a whole masked frame. The mask is zero: it changes
// nothing, and the gateway unmasks it like any other.
func appendFrame(b []byte, op byte, payload []byte) []byte {
	b = append(b, 0x80|op)
	if n := len(payload); n < 126 {
		b = append(b, 0x80|byte(n))
	} else { // no message of ours reaches 64 KiB
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
	}
	return append(append(b, 0, 0, 0, 0), payload...)
}
