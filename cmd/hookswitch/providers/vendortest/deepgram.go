package vendortest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/hookswitch/hookswitch/agentcore/asr/asrtest"
	"github.com/hookswitch/hookswitch/agentcore/tts/voicetest"
)

// Deepgram listens and speaks. From the documentation:
// developers.deepgram.com/reference/speech-to-text/listen-streaming and
// .../text-to-speech/speak-streaming.
type Deepgram struct {
	Vendor
	hears string
	asked []url.Values
	sound []byte
}

// StartDeepgram starts one until the test ends. It hears this in every
// utterance; with no text it understands what is sung.
func StartDeepgram(t testing.TB, hears string) *Deepgram {
	d := &Deepgram{hears: hears}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/listen", d.listen)
	mux.HandleFunc("GET /v1/speak", d.speak)
	mux.HandleFunc("GET /v1/models", d.models)
	d.start(t, mux)
	return d
}

// Asked are the parameters of the streams so far.
func (d *Deepgram) Asked() []url.Values {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.asked)
}

// Sound is all that came, in the formats that were asked for.
func (d *Deepgram) Sound() []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.sound)
}

// refusal is an error as developers.deepgram.com/docs/errors has it.
func refusal(status int, complaint string) string {
	return fmt.Sprintf(`{"err_code":%q,"err_msg":%q,"request_id":"x"}`,
		map[int]string{http.StatusUnauthorized: "INVALID_AUTH", http.StatusServiceUnavailable: "SERVICE_UNAVAILABLE"}[status], complaint)
}

func (d *Deepgram) listen(w http.ResponseWriter, r *http.Request) {
	key, ok := d.enter(w, r, "Token", refusal)
	if !ok {
		return
	}
	q := r.URL.Query()
	rate, err := strconv.Atoi(q.Get("sample_rate"))
	mulaw := q.Get("encoding") == "mulaw"
	if err != nil || !mulaw && q.Get("encoding") != "linear16" || q.Get("model") == "" {
		d.t.Errorf("asked for %s", r.URL.RawQuery)
		return
	}
	d.mu.Lock()
	d.asked = append(d.asked, q)
	d.mu.Unlock()
	d.upgrade(w, r, func(c *websocket.Conn) {
		(&listener{d: d, c: c, key: key, ear: asrtest.NewEar(rate, mulaw)}).run()
	})
}

// listener is one stream.
type listener struct {
	d     *Deepgram
	c     *websocket.Conn
	key   string
	ear   *asrtest.Ear
	start time.Duration // of what is not settled
}

func (l *listener) run() {
	for {
		kind, data, err := l.c.ReadMessage()
		if err != nil {
			return
		}
		if kind == websocket.BinaryMessage {
			l.ear.Hear(data)
			l.d.mu.Lock()
			l.d.sound = append(l.d.sound, data...)
			l.d.mu.Unlock()
			continue
		}
		var m struct{ Type string }
		if json.Unmarshal(data, &m) != nil {
			l.d.t.Errorf("%q is no control message", data)
		}
		switch m.Type {
		case "KeepAlive":
		case "CloseStream":
			bye(l.c, websocket.CloseNormalClosure, "")
			return
		case "Finalize":
			if !l.settle() {
				return
			}
		default:
			l.d.t.Errorf("%q is no control message", data)
		}
	}
}

// settle says what was heard since the last time; false when it broke off.
func (l *listener) settle() bool {
	switch l.d.now() {
	case Mute: // not even to a ping: without words a stream lives on
		<-l.d.over
		return false
	case Refuses, Broken, BreaksOff:
		complaint := l.d.complaint(l.key)
		send(l.c, `{"type":"Error","description":%q,"message":%q,"variant":%q}`, complaint, complaint, complaint)
		bye(l.c, 1011, complaint)
		return false
	}
	said := l.ear.Take()
	if l.d.hears != "" {
		said = l.d.hears
	}
	until := l.ear.Heard()
	ok := send(l.c, `{"type":"Results","channel_index":[0,1],"duration":%.2f,"start":%.2f,"is_final":true,"speech_final":true,"channel":{"alternatives":[{"transcript":%q,"confidence":0.97,"words":[]}]},"metadata":{"request_id":"x"},"from_finalize":true}`,
		(until - l.start).Seconds(), l.start.Seconds(), said)
	l.start = until
	return ok
}

func (d *Deepgram) models(w http.ResponseWriter, r *http.Request) {
	if _, ok := d.enter(w, r, "Token", refusal); ok {
		fmt.Fprint(w, `{"stt":[],"tts":[{"name":"thalia","canonical_name":"aura-2-thalia-en","architecture":"aura-2","languages":["en","en-US"],"version":"1","uuid":"x"}]}`)
	}
}

func (d *Deepgram) speak(w http.ResponseWriter, r *http.Request) {
	key, ok := d.enter(w, r, "Token", refusal)
	if !ok {
		return
	}
	if q := r.URL.Query(); q.Get("encoding") != "mulaw" || q.Get("sample_rate") != "8000" || q.Get("model") == "" {
		d.t.Errorf("asked for %s", r.URL.RawQuery)
		return
	}
	d.upgrade(w, r, func(c *websocket.Conn) {
		text := ""
		for n := 0; ; {
			_, data, err := c.ReadMessage()
			if err != nil {
				return
			}
			var m struct{ Type, Text string }
			if json.Unmarshal(data, &m) != nil {
				d.t.Errorf("%q is no control message", data)
			}
			switch m.Type {
			case "Speak":
				text += m.Text
			case "Flush":
				if d.now() == BreaksOff {
					send(c, `{"type":"Error","err_code":"INTERNAL_SERVER_ERROR","err_msg":%q}`, d.complaint(key))
					bye(c, 1011, d.complaint(key))
					return
				}
				words := len(voicetest.Words(text))
				if c.WriteMessage(websocket.BinaryMessage, voicetest.Mulaw(voicetest.Hum(words, 8000))) != nil || !send(c, `{"type":"Flushed","sequence_id":%d}`, n) {
					return
				}
				text = ""
				n++
			case "Close":
				return
			default:
				d.t.Errorf("%q is no control message", strings.ToValidUTF8(string(data), "?"))
			}
		}
	})
}
