package sim

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/gorilla/websocket"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony/sim/police"
)

// gatewayEvents are the messages a gateway may send, with every field that each
// must have. A message with another one is ignored: warning 31951.
var gatewayEvents = map[string]struct {
	inner  string   // the object's name; empty for none
	fields []string // of the object
}{
	"media": {"media", []string{"payload"}},
	"mark":  {"mark", []string{"name"}},
	"clear": {},
}

// maxMarks is how many marks may be open at once: three for every frame of the
// longest buffer.
const maxMarks = 10_000

// take acts on one message from the gateway.
func (s *stream) take(kind int, data []byte) {
	if kind != websocket.TextMessage {
		s.call.offend(police.Binary, 31950, fmt.Sprintf("binary message of %d bytes", len(data)))
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tracks != nil {
		s.call.offend(police.OneWay, 31951, "message to a stream that only listens")
		return
	}
	if !s.started {
		s.call.offend(police.BeforeStart, 31951, "message before start")
		return
	}
	event, field, offence := s.check(data)
	if offence != nil {
		s.call.offend(offence.kind, offence.code, offence.text)
		return
	}
	switch event {
	case "media":
		s.play(field)
	case "mark":
		if len(s.playout.marks) >= maxMarks {
			s.call.offend(police.Overflow, 0, "too many open marks")
			return
		}
		s.call.note("mark", field)
		s.playout.mark(field)
		s.echo()
	case "clear":
		s.call.note("clear", "dropped "+duration(s.playout.buffered()).String())
		for _, m := range s.playout.clear() {
			s.echoMark(m.name)
		}
	}
}

// play buffers audio. The caller holds mu.
func (s *stream) play(payload string) {
	ulaw, err := base64.StdEncoding.DecodeString(payload)
	switch {
	case err != nil:
		s.call.offend(police.BadPayload, 0, "media payload is no base64")
	case len(ulaw) == 0:
		s.call.offend(police.BadPayload, 0, "media payload is empty")
	case duration(s.playout.buffered()+len(ulaw)) > s.call.carrier.knobs.MaxBuffer:
		s.call.offend(police.Overflow, 31930, "playout buffer is full")
	default:
		if len(ulaw) < media.FrameSamples {
			s.call.offend(police.Ragged, 0, fmt.Sprintf("media of %d bytes is less than 20 ms", len(ulaw)))
		}
		s.playout.write(ulaw)
	}
}

// duration is how long bytes of µ-law play.
func duration(bytes int) time.Duration {
	return time.Duration(bytes) * time.Second / media.Rate
}

// check parses a message strictly. field is the payload or the mark's name.
func (s *stream) check(data []byte) (event, field string, offence *webFault) {
	bad := func(kind police.Kind, format string, args ...any) (string, string, *webFault) {
		return event, "", &webFault{kind, 31951, fmt.Sprintf(format, args...)}
	}
	var m map[string]json.RawMessage
	if json.Unmarshal(data, &m) != nil || m == nil {
		return bad(police.NotJSON, "message of %d bytes is no JSON object", len(data))
	}
	if json.Unmarshal(m["event"], &event) != nil {
		return bad(police.MissingField, "message has no event")
	}
	want, ok := gatewayEvents[event]
	if !ok {
		return bad(police.UnknownEvent, "event is unknown") // the name may hold anything
	}
	outer := []string{"event", "streamSid"}
	if want.inner != "" {
		outer = append(outer, want.inner)
	}
	if kind, name := compare(m, outer); kind != "" {
		return bad(kind, "%s message: %s", event, name)
	}
	var sid string
	if json.Unmarshal(m["streamSid"], &sid) != nil || sid != s.sid {
		return bad(police.WrongStream, "%s message names another stream", event)
	}
	if want.inner == "" {
		return event, "", nil
	}
	var inner map[string]json.RawMessage
	if json.Unmarshal(m[want.inner], &inner) != nil {
		return bad(police.MissingField, "%s message: %s is no object", event, want.inner)
	}
	if kind, name := compare(inner, want.fields); kind != "" {
		return bad(kind, "%s message: %s in %s", event, name, want.inner)
	}
	if json.Unmarshal(inner[want.fields[0]], &field) != nil || (event == "mark" && field == "") {
		return bad(police.MissingField, "%s message: %s is no text", event, want.fields[0])
	}
	return event, field, nil
}

// compare finds the first field of m that is not wanted, or wanted and missing.
func compare(m map[string]json.RawMessage, want []string) (police.Kind, string) {
	for _, name := range want {
		if _, ok := m[name]; !ok {
			return police.MissingField, name + " is missing"
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if !slices.Contains(want, name) {
			return police.ExtraField, fmt.Sprintf("%.40q is extra", name)
		}
	}
	return "", ""
}
