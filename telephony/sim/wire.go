package sim

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/g711"
)

// The stream's messages, in the key order seen on the wire. Numbers are strings.

const connectedMessage = `{"event":"connected","protocol":"Call","version":"1.0.0"}`

func quote(b []byte, s string) []byte {
	q, _ := json.Marshal(s) // a string never fails
	return append(b, q...)
}

func number(b []byte, n int) []byte {
	b = append(b, '"')
	b = strconv.AppendInt(b, int64(n), 10)
	return append(b, '"')
}

func (s *stream) startMessage(seq int) []byte {
	b := append([]byte(nil), `{"event":"start","sequenceNumber":`...)
	b = number(b, seq)
	b = append(b, `,"start":{"accountSid":"`+s.call.owner.SID+`","streamSid":"`+s.sid+`","callSid":"`+s.call.sid+
		`","tracks":[`+s.trackList()+`],"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1},"customParameters":{`...)
	for i, name := range slices.Sorted(maps.Keys(s.params)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(quote(b, name), ':')
		b = quote(b, s.params[name])
	}
	return append(b, `}},"streamSid":"`+s.sid+`"}`...)
}

func (s *stream) mediaMessage(seq int, track string, chunk int, ulaw []byte) []byte {
	b := make([]byte, 0, 400)
	b = append(b, `{"event":"media","sequenceNumber":`...)
	b = number(b, seq)
	b = append(b, `,"media":{"track":"`+track+`","chunk":`...)
	b = number(b, chunk)
	b = append(b, `,"timestamp":`...)
	b = number(b, timestamp(s.call.carrier.knobs.FirstTimestamp, chunk))
	b = append(b, `,"payload":"`...)
	b = base64.StdEncoding.AppendEncode(b, ulaw)
	return append(b, `"},"streamSid":"`+s.sid+`"}`...)
}

func (s *stream) markMessage(seq int, name string) []byte {
	b := number([]byte(`{"event":"mark","sequenceNumber":`), seq)
	b = append(b, `,"streamSid":"`+s.sid+`","mark":{"name":`...)
	return append(quote(b, name), `}}`...)
}

func (s *stream) digitMessage(seq int, digit byte) []byte {
	b := number([]byte(`{"event":"dtmf","streamSid":"`+s.sid+`","sequenceNumber":`), seq)
	b = append(b, `,"dtmf":{"track":"inbound_track","digit":`...)
	return append(quote(b, string(rune(digit))), `}}`...)
}

func (s *stream) stopMessage(seq int) []byte {
	b := number([]byte(`{"event":"stop","sequenceNumber":`), seq)
	return append(b, `,"streamSid":"`+s.sid+`","stop":{"accountSid":"`+s.call.owner.SID+`","callSid":"`+s.call.sid+`"}}`...)
}

// wobble keeps timestamps off the multiples of 20 ms: in the capture chunk 1
// came at 155 and chunk 73 at 1593, 2 ms early.
var wobble = [7]int{0, 1, -2, -1, 2, -1, 1}

// timestamp is the presentation time of a chunk, in ms; chunks count from 1.
func timestamp(first time.Duration, chunk int) int {
	k := chunk - 1
	return int(first/time.Millisecond) + k*int(media.FrameDuration/time.Millisecond) + wobble[k%len(wobble)]
}

// voiceBytes encodes what was said. Silence alternates between the two zeros
// of µ-law, as a captured line does.
func (s *stream) voiceBytes(dst []byte, f *media.Frame) []byte {
	dst = g711.Encode(dst, f)
	if *f != (media.Frame{}) {
		return dst
	}
	for i := range dst {
		s.noise = s.noise*1664525 + 1013904223 // Numerical Recipes' generator
		if s.noise>>30 == 0 {
			dst[i] = 0x7F
		}
	}
	return dst
}
