package elevenlabs

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"github.com/hookswitch/hookswitch/agentcore/provider/providertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	key   = "sk_very_secret"
	voice = "JBFqnCBsd6RMkjVDRZzb"
)

// vendor is ElevenLabs as its documentation has it: elevenlabs.io/docs/
// api-reference/text-to-speech/v-1-text-to-speech-voice-id-multi-stream-input,
// /voices/search and /docs/eleven-api/resources/errors. It fails the test on
// what the real one would refuse. A character lasts 50 ms.
type vendor struct {
	t      *testing.T
	fault  providertest.Fault
	query  map[string]string // wanted besides the usual
	wire   *providertest.Wire
	dials  atomic.Int32
	muteIn bool // it falls silent after the first sound, until the client is gone
	spells bool // it spells is_final and context_id
	work   sync.WaitGroup

	mu       sync.Mutex
	settings []string // of the contexts
}

// serve starts v and returns a Config that leads to it.
func serve(t *testing.T, v *vendor) Config {
	t.Helper()
	v.t = t
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/text-to-speech/{voice}/multi-stream-input", v.speak)
	mux.HandleFunc("GET /v2/voices", v.voices)
	s := httptest.NewServer(mux)
	t.Cleanup(func() { s.CloseClientConnections(); s.Close(); v.work.Wait() })
	v.wire = &providertest.Wire{Fault: v.fault, After: 2000}
	return Config{BaseURL: "http://" + v.wire.Listen(t, s.Listener.Addr().String()), Key: key, Voice: voice, Patience: v.fault.Patience()}
}

func open(t *testing.T, v *vendor) *Voice {
	t.Helper()
	return start(t, serve(t, v))
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
	case providertest.RateLimited:
		status, code = 429, "concurrent_limit_exceeded"
	case providertest.BadRequest:
		status, code = 400, "voice_not_found"
	case providertest.Broken:
		status, code = 503, "service_unavailable"
	case "", providertest.WrongKey:
		if r.Header.Get("xi-api-key") != key {
			status, code = 401, "invalid_api_key"
		}
	}
	if status == 0 {
		return false
	}
	w.Header().Set("Retry-After", "7")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"detail":{"type":"error","code":%q,"status":%q,"message":"no %s"}}`, code, code, key)
	return true
}

func (v *vendor) speak(w http.ResponseWriter, r *http.Request) {
	v.work.Add(1) // before the connection is hijacked: until then the server's Close waits
	defer v.work.Done()
	v.dials.Add(1)
	if v.refused(w, r) {
		return
	}
	want := map[string]string{"output_format": "ulaw_8000", "auto_mode": "true", "sync_alignment": "true", "model_id": DefaultModel, "inactivity_timeout": "60"}
	for name, value := range v.query {
		want[name] = value
	}
	got := map[string]string{}
	for name := range r.URL.Query() {
		got[name] = r.URL.Query().Get(name)
	}
	if r.PathValue("voice") != voice || !maps.Equal(got, want) {
		v.t.Errorf("asked for %s, want %v", r.URL, want)
	}
	up := websocket.Upgrader{}
	c, err := up.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer c.Close()
	switch v.fault {
	case providertest.WrongKey:
		v.fail(c, "invalid_api_key")
		return
	case providertest.NoMoney:
		v.fail(c, "quota_exceeded")
		return
	}
	k := &client{v, c, map[string]bool{}}
	for k.phrase() {
	}
}

// fail tells an error and closes, as the vendor does.
func (v *vendor) fail(c *websocket.Conn, code string) {
	c.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `{"message":"no %s","error":%q,"code":1008}`, key, code))
	c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1008, "no "+key), time.Now().Add(time.Second))
}

// voices lists 150 voices in two pages.
func (v *vendor) voices(w http.ResponseWriter, r *http.Request) {
	if v.refused(w, r) {
		return
	}
	q := r.URL.Query()
	from := 0
	switch q.Get("next_page_token") {
	case "":
	case "page two":
		from = 100
	default:
		v.t.Errorf("asked for %s", r.URL)
	}
	if q.Get("page_size") != "100" {
		v.t.Errorf("page_size = %q", q.Get("page_size"))
	}
	var all []map[string]any
	for i := from; i < min(from+100, 150); i++ {
		all = append(all, map[string]any{"voice_id": fmt.Sprint("id", i), "name": fmt.Sprint("Voice ", i), "labels": map[string]any{"language": "en", "accent": "american"}})
	}
	json.NewEncoder(w).Encode(map[string]any{"voices": all, "has_more": from == 0, "next_page_token": map[bool]any{true: "page two", false: nil}[from == 0]})
}
