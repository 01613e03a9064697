package deepgram_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"github.com/hookswitch/hookswitch/agentcore/asr/asrtest"
	"github.com/hookswitch/hookswitch/agentcore/asr/deepgram"
	"github.com/hookswitch/hookswitch/agentcore/provider/providertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const key = "dg-a-very-secret-key"

// server speaks /v1/listen as Deepgram documents it
// (developers.deepgram.com/reference/speech-to-text/listen-streaming), and
// understands what is sung. What Deepgram would refuse fails the test.
type server struct {
	*httptest.Server
	t     *testing.T
	wire  *providertest.Wire // in front of it
	fault providertest.Fault
	mute  bool // it does not answer a Finalize about little

	mu    sync.Mutex
	over  bool
	open  []*websocket.Conn
	asked []url.Values
	got   []string // control messages
	sound []byte
	work  sync.WaitGroup
}

// serve starts a server with a fault, and a recogniser that dials it.
func serve(t *testing.T, f providertest.Fault, change func(*deepgram.Config, *server)) (*deepgram.Recognizer, *server) {
	t.Helper()
	s := &server{t: t, fault: f, wire: &providertest.Wire{Fault: f, After: 200}} // inside the first message
	s.Server = httptest.NewServer(http.HandlerFunc(s.listen))
	cfg := deepgram.Config{
		BaseURL: "http://" + s.wire.Listen(t, s.Listener.Addr().String()), Key: key,
		Patience: f.Patience(), FinalWait: f.Patience().Gap,
	}
	if change != nil {
		change(&cfg, s)
	}
	r, err := deepgram.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.end)
	return r, s
}

func (s *server) end() {
	s.mu.Lock()
	s.over = true
	for _, c := range s.open {
		c.Close()
	}
	s.mu.Unlock()
	s.work.Wait()
	s.Close()
}

// known are the parameters of the documentation that we use, and what they may
// be.
var known = map[string]func(string) bool{
	"model":           func(v string) bool { return v != "" },
	"language":        func(v string) bool { return v != "" },
	"encoding":        func(v string) bool { return v == "mulaw" || v == "linear16" },
	"sample_rate":     func(v string) bool { n, err := strconv.Atoi(v); return err == nil && n >= 8000 && n <= 48000 },
	"channels":        func(v string) bool { return v == "1" },
	"interim_results": isBool,
	"smart_format":    isBool,
	"punctuate":       isBool,
	"mip_opt_out":     isBool,
	"endpointing":     func(v string) bool { n, err := strconv.Atoi(v); return v == "false" || err == nil && n >= 10 },
	"keyterm":         func(v string) bool { return v != "" },
	"keywords": func(v string) bool {
		word, weight, ok := strings.Cut(v, ":")
		_, err := strconv.ParseFloat(weight, 64)
		return ok && err == nil && word != "" && !strings.Contains(word, " ")
	},
}

func isBool(v string) bool { return v == "true" || v == "false" }

// refusals are the answers of developers.deepgram.com/docs/errors.
var refusals = map[providertest.Fault]struct {
	status int
	code   string
}{
	providertest.WrongKey:    {401, "INVALID_AUTH"},
	providertest.NoMoney:     {402, "ASR_PAYMENT_REQUIRED"},
	providertest.RateLimited: {429, "TOO_MANY_REQUESTS"},
	providertest.BadRequest:  {400, "Bad Request"},
	providertest.Broken:      {503, "SERVICE_UNAVAILABLE"},
}

func (s *server) listen(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if r.URL.Path != "/v1/listen" {
		s.t.Errorf("path = %q", r.URL.Path)
	}
	if got := r.Header.Get("Authorization"); got != "Token "+key {
		s.t.Errorf("Authorization = %q", got)
	}
	for name, values := range q {
		for _, v := range values {
			if rule := known[name]; rule == nil || !rule(v) {
				s.t.Errorf("%s = %q, which is not documented", name, v)
			}
		}
	}
	if q.Get("encoding") == "" || q.Get("sample_rate") == "" {
		s.t.Error("raw audio needs its encoding and sample_rate")
	}
	if no := refusals[s.fault]; no.status != 0 {
		w.Header().Set("dg-request-id", "00000000-0000-0000-0000-000000000000")
		w.Header().Set("dg-error", "no "+key)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(no.status)
		fmt.Fprintf(w, `{"err_code":%q,"err_msg":"What is %s?","request_id":"x"}`, no.code, key)
		return
	}
	c, err := (&websocket.Upgrader{}).Upgrade(w, r, http.Header{"dg-request-id": {"00000000-0000-0000-0000-000000000000"}})
	if err != nil {
		return // the client is gone already
	}
	defer c.Close()
	s.mu.Lock()
	over := s.over
	s.open, s.asked = append(s.open, c), append(s.asked, q)
	if !over {
		s.work.Add(1)
	}
	s.mu.Unlock()
	if over {
		return
	}
	defer s.work.Done()
	rate, err := strconv.Atoi(q.Get("sample_rate"))
	if err != nil {
		s.t.Error(err)
		return
	}
	(&listener{server: s, c: c, rate: rate, ear: asrtest.NewEar(rate, q.Get("encoding") == "mulaw")}).run()
}

// listener is one stream.
type listener struct {
	*server
	c     *websocket.Conn
	rate  int
	ear   *asrtest.Ear
	start time.Duration // of what is not settled
	guess string
}

func (l *listener) run() {
	for {
		kind, data, err := l.c.ReadMessage()
		if err != nil {
			return
		}
		if kind == websocket.BinaryMessage {
			if len(data) == 0 {
				l.t.Error("an empty message: Deepgram closes the stream upon it")
			}
			l.ear.Hear(data)
			l.mu.Lock()
			l.sound = append(l.sound, data...)
			l.mu.Unlock()
			if g := l.ear.Guess(); g != l.guess {
				l.guess = g
				l.result(g, false, false)
			}
			continue
		}
		var m struct {
			Type string `json:"type"`
		}
		if err := json.Unmarshal(data, &m); err != nil || !slices.Contains([]string{"Finalize", "KeepAlive", "CloseStream"}, m.Type) {
			l.t.Errorf("%q is no control message", data)
		}
		l.mu.Lock()
		l.got = append(l.got, m.Type)
		l.mu.Unlock()
		if !l.control(m.Type) {
			return
		}
	}
}

// control obeys; false when the stream is over.
func (l *listener) control(kind string) bool {
	switch kind {
	case "CloseStream":
		l.say(`{"type":"Metadata","transaction_key":"deprecated","request_id":"x","sha256":"0","created":"2026-01-01T00:00:00.000Z","duration":1.5,"channels":1}`)
		l.bye(websocket.CloseNormalClosure, "")
		return false
	case "Finalize":
		switch l.fault {
		case providertest.Closes:
			l.bye(1011, "NET-0000")
			return false
		case providertest.SaysError:
			l.say(`{"type":"Error","description":"` + key + `","message":"` + key + `","variant":"x"}`)
			return true
		case providertest.TalksRot:
			l.say(`<html>` + key + `</html>`)
			return true
		case providertest.TooLarge:
			l.say(`{"type":"Results","channel":{"alternatives":[{"transcript":"` + strings.Repeat("a ", 1<<20) + `"}]}}`)
			return true
		}
		if l.mute && l.ear.Heard()-l.start < 400*time.Millisecond {
			return true // there is no noticeable amount of audio
		}
		said := l.ear.Take()
		l.guess = ""
		l.result(said, true, true)
		l.start = l.ear.Heard()
	}
	return true
}

func (l *listener) result(text string, final, finalize bool) {
	l.say(fmt.Sprintf(`{"type":"Results","channel_index":[0,1],"duration":%.2f,"start":%.2f,"is_final":%t,"speech_final":%t,"channel":{"alternatives":[{"transcript":%q,"confidence":0.98,"words":[]}]},"metadata":{"request_id":"x","model_info":{"name":"2-general-nova","version":"x","arch":"nova-2"},"model_uuid":"x"},"from_finalize":%t}`,
		(l.ear.Heard() - l.start).Seconds(), l.start.Seconds(), final, finalize, text, finalize))
}

func (l *listener) say(text string) { _ = l.c.WriteMessage(websocket.TextMessage, []byte(text)) } // they may be gone

func (l *listener) bye(code int, reason string) {
	_ = l.c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason), time.Now().Add(time.Second))
}

// streams are the connections so far.
func (s *server) streams() []*websocket.Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.open)
}

// heard is the sound that arrived so far.
func (s *server) heard() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.sound)
}
