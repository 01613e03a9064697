package wire

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"testing"
)

// oracle is Parse written with encoding/json: slow, and plainly right.
func oracle(msg []byte) (m Message, ok bool) {
	var top map[string]json.RawMessage
	if json.Unmarshal(msg, &top) != nil || top == nil {
		return m, false
	}
	m.Kind = kindOf(textOf(top["event"]))
	m.StreamSID = textOf(top["streamSid"])
	m.Payload = textOf(fieldOf(top["media"], "payload"))
	m.Track = textOf(fieldOf(top["media"], "track"))
	if at, err := strconv.ParseUint(string(textOf(fieldOf(top["media"], "timestamp"))), 10, 63); err == nil && len(textOf(fieldOf(top["media"], "timestamp"))) <= 12 {
		m.Time, m.Timed = int64(at), true
	}
	m.Name = textOf(fieldOf(top["mark"], "name"))
	m.Digit = digitOf(textOf(fieldOf(top["dtmf"], "digit")))
	return m, m.complete(msg) == nil
}

// textOf returns raw's text if it is a string, else nil.
func textOf(raw json.RawMessage) []byte {
	var text *string
	if len(raw) == 0 || json.Unmarshal(raw, &text) != nil || text == nil {
		return nil
	}
	return append([]byte{}, *text...)
}

// fieldOf returns a field of raw if that is an object.
func fieldOf(raw json.RawMessage, name string) json.RawMessage {
	var fields map[string]json.RawMessage
	if len(raw) == 0 || json.Unmarshal(raw, &fields) != nil {
		return nil
	}
	return fields[name]
}

func FuzzParse(f *testing.F) {
	for _, frame := range captured(f) {
		f.Add(frame)
	}
	f.Add([]byte(`{"event":"dtmf","streamSid":"MZ1","dtmf":{"digit":"\u0031"},"x":[{"y":-1.5E-7},null,true]}`))
	f.Add([]byte("{\"event\":\"mark\",\"mark\":{\"name\":\"\xff\\ud800\"}}"))
	f.Fuzz(func(t *testing.T, msg []byte) {
		if bytes.Count(msg, []byte("[")) > MaxDepth || bytes.Count(msg, []byte("{")) > MaxDepth {
			return // Parse is stricter than the oracle on depth
		}
		want, ok := oracle(msg)
		var got Message
		err := Parse(bytes.Clone(msg), &got)
		if (err == nil) != ok {
			t.Fatalf("Parse(%q) = %v, encoding/json says ok = %v", msg, err, ok)
		}
		if ok && !same(got, want) {
			t.Fatalf("Parse(%q)\n got %+v\nwant %+v", msg, got, want)
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("/38="))
	f.Add(bytes.Repeat([]byte("AbC+"), 54))
	f.Fuzz(func(t *testing.T, payload []byte) {
		want, werr := base64.StdEncoding.DecodeString(string(payload))
		got, err := Decode(nil, payload)
		if (err == nil) != (werr == nil) || err == nil && !bytes.Equal(got, want) {
			t.Fatalf("Decode(%q) = %x, %v; the standard library says %x, %v", payload, got, err, want, werr)
		}
	})
}
