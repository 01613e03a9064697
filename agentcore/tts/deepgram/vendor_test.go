package deepgram

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"github.com/hookswitch/hookswitch/agentcore/provider/providertest"
	"github.com/hookswitch/hookswitch/media/g711"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const key = "dg-very-secret"

// vendor is Deepgram as its documentation has it: developers.deepgram.com/
// reference/text-to-speech/speak-streaming, /docs/tts-ws-flush and
// /reference/manage/models/list. It fails the test on what the real one would
// refuse. A character that is no blank lasts 50 ms.
type vendor struct {
	t     *testing.T
	fault providertest.Fault
	model string // wanted; empty is the default
	mute  bool   // it falls silent after the first sound, until the client is gone
	after int    // bytes, before a stall or cut. Zero means 2500
	wire  *providertest.Wire
	dials atomic.Int32
	work  sync.WaitGroup
}

// serve starts v and returns a Config that leads to it.
func serve(t *testing.T, v *vendor) Config {
	t.Helper()
	v.t = t
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/speak", v.speak)
	mux.HandleFunc("GET /v2/speak", v.speak)
	mux.HandleFunc("GET /v1/models", v.models)
	s := httptest.NewServer(mux)
	t.Cleanup(func() { s.CloseClientConnections(); s.Close(); v.work.Wait() })
	v.wire = &providertest.Wire{Fault: v.fault, After: cmp.Or(v.after, 2500)}
	return Config{BaseURL: "http://" + v.wire.Listen(t, s.Listener.Addr().String()) + "/", Key: key, Patience: v.fault.Patience()}
}

func start(t *testing.T, c Config) *Voice {
	t.Helper()
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// refused answers r with an error if there is a fault that HTTP tells.
func (v *vendor) refused(w http.ResponseWriter, r *http.Request) bool {
	status, code := 0, ""
	switch v.fault {
	case providertest.NoMoney:
		status, code = 402, "ASR_PAYMENT_REQUIRED"
	case providertest.RateLimited:
		status, code = 429, "TOO_MANY_REQUESTS"
	case providertest.BadRequest:
		status, code = 400, "INVALID_QUERY_PARAMETER"
	case providertest.Broken:
		status, code = 503, "SERVICE_UNAVAILABLE"
	default:
		if r.Header.Get("Authorization") != "Token "+key || v.fault == providertest.WrongKey {
			status, code = 401, "INVALID_AUTH"
		}
	}
	if status == 0 {
		return false
	}
	w.Header().Set("Retry-After", "7")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"err_code":%q,"err_msg":"no %s","request_id":"1"}`, code, key)
	return true
}

func (v *vendor) speak(w http.ResponseWriter, r *http.Request) {
	v.work.Add(1) // before the connection is hijacked: until then the server's Close waits
	defer v.work.Done()
	v.dials.Add(1)
	if v.refused(w, r) {
		return
	}
	got := map[string]string{}
	for name := range r.URL.Query() {
		got[name] = r.URL.Query().Get(name)
	}
	model := v.model
	if model == "" {
		model = "aura-2-thalia-en"
	}
	flux := strings.HasPrefix(model, "flux-")
	if want := map[string]string{"model": model, "encoding": "mulaw", "sample_rate": "8000"}; !maps.Equal(got, want) || flux != (r.URL.Path == "/v2/speak") {
		v.t.Errorf("asked for %s, want %v", r.URL, want)
	}
	up := websocket.Upgrader{}
	c, err := up.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer c.Close()
	if flux {
		say(c, `{"type":"Connected","request_id":"1","model_name":%q,"model_version":"1","model_uuids":["2"]}`, model)
	} else {
		say(c, `{"type":"Metadata","request_id":"1","model_name":%q,"model_version":"1","model_uuid":"2"}`, model)
	}
	text, flushes := "", 0
	for {
		kind, m, err := c.ReadMessage()
		if err != nil {
			return
		}
		var a struct{ Type, Text string }
		if json.Unmarshal(m, &a) != nil || kind != websocket.TextMessage {
			v.t.Errorf("the client sent %q", m)
			return
		}
		switch {
		case a.Type == "Speak" && a.Text != "" && len(a.Text) <= 2000:
			text += a.Text
		case a.Type == "Flush" && text != "":
			if flushes++; flushes > 20 {
				say(c, `{"type":"Warning","description":"Too many Flush messages","code":"EXCEEDED"}`)
				continue
			}
			if flux {
				say(c, `{"type":"SpeechStarted","speech_id":"dg_sp_1"}`)
			}
			if !v.flush(c, text) {
				return
			}
			if flux {
				say(c, `{"type":"SpeechMetadata","speech_id":"dg_sp_1"}`)
			} else {
				say(c, `{"type":"Flushed","sequence_id":%d}`, flushes-1)
			}
			text = ""
		default:
			v.t.Errorf("the client sent %q", m)
			return
		}
	}
}

func say(c *websocket.Conn, format string, args ...any) {
	c.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, format, args...))
}

// flush sends the sound of text; false ends the connection.
func (v *vendor) flush(c *websocket.Conn, text string) bool {
	words := strings.Fields(text)
	for i, word := range words {
		if i == len(words)/2 {
			switch v.fault {
			case providertest.Closes:
				c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""), time.Now().Add(time.Second))
				return false
			case providertest.SaysError:
				say(c, `{"type":"Error","err_code":"INTERNAL_SERVER_ERROR","err_msg":"no %s"}`, key)
				return false
			case providertest.TalksRot:
				say(c, `{"kind":"no %s"}`, key)
			case providertest.TooLarge:
				c.WriteMessage(websocket.BinaryMessage, make([]byte, 8<<20))
			}
		}
		c.WriteMessage(websocket.BinaryMessage, sound(word))
		if v.mute {
			c.ReadMessage()
			return false
		}
	}
	return true
}

func sound(word string) (pcm []byte) {
	for i := range 400 * len([]rune(word)) {
		pcm = append(pcm, g711.EncodeSample(int16(3000*(i%8))))
	}
	return pcm
}

func (v *vendor) models(w http.ResponseWriter, r *http.Request) {
	if v.refused(w, r) {
		return
	}
	fmt.Fprint(w, `{"stt":[{"name":"nova","canonical_name":"nova-2","languages":["en"]}],"tts":[
		{"name":"thalia","canonical_name":"aura-2-thalia-en","architecture":"aura-2","languages":["en","en-US"],"metadata":{"accent":"American","display_name":"Thalia"}},
		{"name":"celeste","canonical_name":"aura-2-celeste-es","languages":["es-CO","es"],"metadata":null},
		{"canonical_name":"aura-two-tongues","languages":["en","es"]},
		{"name":"haley","canonical_name":"flux-haley-en","languages":["en"]},
		{"name":"odd","canonical_name":"aura ../odd"}]}`)
}
