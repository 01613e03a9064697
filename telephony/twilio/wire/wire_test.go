package wire

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
)

// captured returns the frames of a real session, ids replaced, text otherwise
// byte for byte as Twilio sent it.
func captured(tb testing.TB) [][]byte {
	tb.Helper()
	f, err := os.Open("testdata/capture.jsonl")
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	var frames [][]byte
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var line struct{ Frame string }
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			tb.Fatal(err)
		}
		if line.Frame != "" {
			frames = append(frames, []byte(line.Frame))
		}
	}
	return frames
}

func TestRealSessionIsUnderstood(t *testing.T) {
	const stream, call = "MZ00112233445566778899aabbccddeeff", "CAfedcba9876543210fedcba9876543210"
	var kinds []Kind
	for _, frame := range captured(t) {
		var m Message
		if err := Parse(frame, &m); err != nil {
			t.Fatalf("Parse(%s) = %v", frame, err)
		}
		kinds = append(kinds, m.Kind)
		if m.Kind != Connected && string(m.StreamSID) != stream {
			t.Errorf("%s: streamSid = %q", frame, m.StreamSID)
		}
		switch m.Kind {
		case Start:
			if m.Start.CallSID != call || m.Start.Encoding != "audio/x-mulaw" || m.Start.SampleRate != 8000 || m.Start.Channels != 1 {
				t.Errorf("start = %+v", m.Start)
			}
		case Media:
			ulaw, err := Decode(nil, m.Payload)
			if err != nil || len(ulaw) != 160 || string(m.Track) != "inbound" {
				t.Errorf("media: %d bytes of %q, %v; want 160 of inbound", len(ulaw), m.Track, err)
			}
		case Mark:
			if id, ok := MarkID(m.Name); !ok || id != 171 {
				t.Errorf("mark = %q", m.Name)
			}
		}
	}
	want := []Kind{Connected, Start, Media, Media, Stop, Media, Mark, Stop}
	if len(kinds) != len(want) {
		t.Fatalf("kinds = %v, want %v", kinds, want)
	}
	for i := range want {
		if kinds[i] != want[i] {
			t.Errorf("frame %d is of kind %d, want %d", i, kinds[i], want[i])
		}
	}
}

func TestParse(t *testing.T) {
	deep := strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth)
	tooDeep := strings.Repeat("[", 100000) + strings.Repeat("]", 100000)
	for _, tt := range []struct {
		name, text string
		want       Message
		err        error
	}{
		{"keys in another order", `{"streamSid":"MZ1","media":{"payload":"AA==","chunk":"1","track":"inbound"},"event":"media"}`, Message{Kind: Media, StreamSID: []byte("MZ1"), Track: []byte("inbound"), Payload: []byte("AA==")}, nil},
		{"extra fields of every type", `{"a":[1,-2.5e+3,{"b":null}],"event":"media","c":{"d":{}},"media":{"payload":"","x":true},"e":false}`, Message{Kind: Media, Payload: []byte{}}, nil},
		{"white space everywhere", " {\t\"event\" :\r\n\"mark\" , \"mark\" : { \"name\" : \"7\" } } ", Message{Kind: Mark, Name: []byte("7")}, nil},
		{"a time", `{"event":"media","media":{"payload":"AA==","timestamp":"1593"}}`, Message{Kind: Media, Payload: []byte("AA=="), Time: 1593, Timed: true}, nil},
		{"times that are none", `{"event":"media","media":{"payload":"AA==","timestamp":"-1"}}`, Message{Kind: Media, Payload: []byte("AA==")}, nil},
		{"a time of no clock", `{"event":"media","media":{"payload":"AA==","timestamp":"9999999999999"}}`, Message{Kind: Media, Payload: []byte("AA==")}, nil},
		{"a time that is a number", `{"event":"media","media":{"payload":"AA==","timestamp":7}}`, Message{Kind: Media, Payload: []byte("AA==")}, nil},
		{"an escaped slash in base64", `{"event":"media","media":{"payload":"\/\/8="}}`, Message{Kind: Media, Payload: []byte("//8=")}, nil},
		{"an escaped key", `{"\u0065vent":"stop"}`, Message{Kind: Stop}, nil},
		{"a name beyond ASCII", `{"event":"mark","mark":{"name":"ü"}}`, Message{Kind: Mark, Name: []byte("ü")}, nil},
		{"a digit", `{"event":"dtmf","streamSid":"MZ1","dtmf":{"track":"inbound_track","digit":"#"}}`, Message{Kind: DTMF, StreamSID: []byte("MZ1"), Digit: '#'}, nil},
		{"an event of tomorrow", `{"event":"sentiment","sentiment":{"joy":0.4}}`, Message{}, nil},
		{"no event", `{}`, Message{}, nil},
		{"of two fields the last one counts", `{"event":"mark","mark":{"name":"1"},"mark":{"name":"2"}}`, Message{Kind: Mark, Name: []byte("2")}, nil},
		{"a field of a wrong type is absent", `{"event":"stop","streamSid":5,"media":"x"}`, Message{Kind: Stop}, nil},
		{"deep but bounded", `{"x":` + deep + `}`, Message{}, nil},
		{"too deep", `{"x":` + tooDeep + `}`, Message{}, ErrMalformed},
		{"media without payload", `{"event":"media","media":{}}`, Message{}, ErrMalformed},
		{"media that is a string", `{"event":"media","media":"AA=="}`, Message{}, ErrMalformed},
		{"a mark without name", `{"event":"mark"}`, Message{}, ErrMalformed},
		{"two digits at once", `{"event":"dtmf","dtmf":{"digit":"12"}}`, Message{}, ErrMalformed},
		{"a key that no phone has", `{"event":"dtmf","dtmf":{"digit":"x"}}`, Message{}, ErrMalformed},
		{"start without start", `{"event":"start","streamSid":"MZ1"}`, Message{}, ErrMalformed},
		{"start of another stream", `{"event":"start","streamSid":"MZ1","start":{"streamSid":"MZ2"}}`, Message{}, ErrMalformed},
		{"empty", ``, Message{}, ErrMalformed},
		{"not an object", `[]`, Message{}, ErrMalformed},
		{"cut short", `{"event":"stop"`, Message{}, ErrMalformed},
		{"two objects", `{"event":"stop"}{}`, Message{}, ErrMalformed},
		{"a trailing comma", `{"event":"stop",}`, Message{}, ErrMalformed},
		{"a control character", "{\"event\":\"st\x01op\"}", Message{}, ErrMalformed},
		{"a bad escape", `{"event":"\q"}`, Message{}, ErrMalformed},
		{"a leading zero", `{"x":01}`, Message{}, ErrMalformed},
		{"a zero byte", "\x00", Message{}, ErrMalformed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var m Message
			err := Parse([]byte(tt.text), &m)
			if !errors.Is(err, tt.err) {
				t.Fatalf("Parse() = %v, want %v", err, tt.err)
			}
			if err == nil && !same(m, tt.want) {
				t.Errorf("Parse() made %+v, want %+v", m, tt.want)
			}
		})
	}
}

// same compares everything but Start.
func same(a, b Message) bool {
	return a.Kind == b.Kind && a.Digit == b.Digit && a.Time == b.Time && a.Timed == b.Timed &&
		bytes.Equal(a.StreamSID, b.StreamSID) && (a.Payload == nil) == (b.Payload == nil) &&
		bytes.Equal(a.Payload, b.Payload) && bytes.Equal(a.Name, b.Name) && bytes.Equal(a.Track, b.Track)
}

func TestWrittenMessagesAreExactlyTheDocumentedOnes(t *testing.T) {
	for _, tt := range []struct{ got, want string }{
		{string(AppendMedia(nil, "MZ1", []byte{0xff, 0x7f})), `{"event":"media","streamSid":"MZ1","media":{"payload":"/38="}}`},
		{string(AppendMark(nil, "MZ1", 4294967295)), `{"event":"mark","streamSid":"MZ1","mark":{"name":"4294967295"}}`},
		{string(AppendClear(nil, "MZ1")), `{"event":"clear","streamSid":"MZ1"}`},
	} {
		if tt.got != tt.want {
			t.Errorf("got  %s\nwant %s", tt.got, tt.want)
		}
	}
}

func TestMarkNamesThatAreNotOursAreRefused(t *testing.T) {
	for name, want := range map[string]uint32{"0": 0, "7": 7, "4294967295": 1<<32 - 1} {
		if got, ok := MarkID([]byte(name)); !ok || got != want {
			t.Errorf("MarkID(%q) = %d, %v; want %d", name, got, ok, want)
		}
	}
	for _, name := range []string{"", "x", "-1", "+1", "07", "00", "4294967296", "99999999999", "1.0", "1 "} {
		if got, ok := MarkID([]byte(name)); ok {
			t.Errorf("MarkID(%q) = %d, want a refusal", name, got)
		}
	}
}

func TestBadBase64IsAnErrorAndAddsNothing(t *testing.T) {
	for _, payload := range []string{"!", "AA=", "A", "AA==AA==", "AAA\x00", strings.Repeat("A", 213) + "*AA", "=AAA", "____"} {
		dst, err := Decode([]byte("kept"), []byte(payload))
		if !errors.Is(err, ErrPayload) || string(dst) != "kept" {
			t.Errorf("Decode(%.12q) = %q, %v; want the old content and ErrPayload", payload, dst, err)
		}
	}
}

func TestAFrameEitherWayAllocatesNothing(t *testing.T) {
	media := captured(t)[2]
	mark := []byte(`{"event":"mark","sequenceNumber":"3","streamSid":"MZ1","mark":{"name":"171"}}`)
	dtmf := []byte(`{"event":"dtmf","streamSid":"MZ1","sequenceNumber":"5","dtmf":{"track":"inbound_track","digit":"1"}}`)
	var m Message
	ulaw, out := make([]byte, 0, 512), make([]byte, 0, 1024)
	for name, step := range map[string]func() error{
		"media": func() error {
			if err := Parse(media, &m); err != nil {
				return err
			}
			_, err := Decode(ulaw, m.Payload)
			return err
		},
		"mark":  func() error { return Parse(mark, &m) },
		"dtmf":  func() error { return Parse(dtmf, &m) },
		"write": func() error { _ = AppendMedia(out, "MZ1", ulaw[:160]); return nil },
		"ask":   func() error { _ = AppendMark(AppendClear(out, "MZ1"), "MZ1", 1234567); return nil },
	} {
		if n := testing.AllocsPerRun(100, func() {
			if err := step(); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations, want 0", name, n)
		}
	}
}

// TestBase64OfAnyLengthIsThatOfTheStandardLibrary guards the assembly under it.
func TestBase64OfAnyLengthIsThatOfTheStandardLibrary(t *testing.T) {
	raw := make([]byte, 700)
	for i := range raw {
		raw[i] = byte(i*131 + i>>3)
	}
	for n := range raw {
		got := AppendMedia(nil, "", raw[:n])
		want := `{"event":"media","streamSid":"","media":{"payload":"` + base64.StdEncoding.EncodeToString(raw[:n]) + `"}}`
		if string(got) != want {
			t.Fatalf("%d bytes: %s", n, got)
		}
		back, err := Decode(nil, []byte(base64.StdEncoding.EncodeToString(raw[:n])))
		if err != nil || !bytes.Equal(back, raw[:n]) {
			t.Fatalf("%d bytes do not come back: %v", n, err)
		}
	}
}

// TestJSONIsJudgedAsTheStandardLibraryJudgesIt puts each text where any value
// may stand, in a field that Parse skips and in one that it reads.
func TestJSONIsJudgedAsTheStandardLibraryJudgesIt(t *testing.T) {
	for _, value := range []string{
		`0`, `-0`, `1.5`, `-1.5e3`, `1E+3`, `1e-3`, `0.1e1`, `12345678901234567890123`,
		`-`, `01`, `1.`, `.5`, `1e`, `1e+`, `+1`, `0x1`, `--1`, `1 2`, `NaN`, `Infinity`,
		`true`, `false`, `null`, `tru`, `nul`, `falsey`, `True`, `t`,
		`"\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00"`, `"\u12"`, `"\u12g4"`, `"\x"`, `"\`, `"abc`, "\"a\tb\"", "\"\x7f\"", `"é"`, "\"\xff\"", `"\ud800"`,
		`[]`, `[1]`, `[1,]`, `[,1]`, `[1 2]`, `[`, `]`, `[1`, `[[],[[]]]`,
		`{}`, `{"a":1}`, `{"a":1,}`, `{,}`, `{a:1}`, `{"a" 1}`, `{"a":}`, `{"a"}`, `{1:2}`, `{`, `}`, `{"a":1 "b":2}`, `{"\u0061":{"b":[{}]}}`,
		``, ` `, `,`, `'a'`, "\x00",
	} {
		for _, text := range []string{`{"x":` + value + `}`, `{"event":` + value + `,"y":1}`, `{"x":[` + value + `]}`, ` { "x" : ` + value + ` } `, `{"media":` + value + `}`} {
			var m Message
			if err := Parse([]byte(text), &m); (err == nil) != json.Valid([]byte(text)) {
				t.Errorf("Parse(%q) = %v, json.Valid = %v", text, err, json.Valid([]byte(text)))
			}
		}
	}
}
