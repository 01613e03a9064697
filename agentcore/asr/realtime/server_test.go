package realtime_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"github.com/hookswitch/hookswitch/agentcore/asr/asrtest"
	"github.com/hookswitch/hookswitch/agentcore/asr/realtime"
	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/provider/providertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const key = "sk-very-secret"

// What a session begins with.
const (
	created = `{"type":"session.created","event_id":"event_1","session":{"type":"transcription","object":"realtime.transcription_session","id":"sess_1"}}`
	updated = `{"type":"session.updated","event_id":"event_2","session":{"type":"transcription","object":"realtime.transcription_session","id":"sess_1"}}`
)

// server speaks the Realtime protocol of a session that transcribes, as the pages
// have it that the adapter names, and understands what is sung. What the vendor
// would refuse fails the test.
type server struct {
	*httptest.Server
	t     *testing.T
	wire  *providertest.Wire
	fault providertest.Fault
	// answer, if set, says what becomes of the nth commit, from 0.
	answer func(c *conn, n int, id, said string)

	mu       sync.Mutex
	updates  []update
	got      []string // types of events
	heard    time.Duration
	over     bool
	sessions map[*websocket.Conn]bool
	work     sync.WaitGroup
}

// update is a session as the client asks for it.
type update struct {
	Type    string
	Session struct {
		Type  string
		Audio struct {
			Input struct {
				Format struct {
					Type string
					Rate int
				}
				Transcription struct {
					Model, Language, Prompt string
					Languages, Keywords     []string
				}
				TurnDetection json.RawMessage `json:"turn_detection"`
			}
		}
	}
}

// serve starts a server with a fault, and a recogniser that listens through it.
// change may be nil.
func serve(t *testing.T, f providertest.Fault, change func(*realtime.Config)) (*realtime.Recognizer, *server) {
	t.Helper()
	s := &server{t: t, fault: f, sessions: map[*websocket.Conn]bool{}}
	s.Server = httptest.NewServer(s)
	// The fault falls into the middle of the event after the session's two: the
	// upgrade's answer has 129 bytes, and a frame of more than 125 a head of 4.
	s.wire = &providertest.Wire{Fault: f, After: 129 + 4 + len(created) + 4 + len(updated) + 20}
	address := s.wire.Listen(t, s.Listener.Addr().String())
	t.Cleanup(s.end)
	c := realtime.Config{BaseURL: "http://" + address + "/v1", Key: key, Patience: patience(f)}
	if f == providertest.WrongKey {
		c.Key += "-not"
	}
	if change != nil {
		change(&c)
	}
	r, err := realtime.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r, s
}

// patience is short where a stall has to be seen, and else long enough for any
// machine.
func patience(f providertest.Fault) provider.Patience {
	if f == providertest.NoAnswer || f == providertest.StallsIn {
		return providertest.Patience
	}
	return provider.Patience{Connect: 8 * time.Second, First: 8 * time.Second, Gap: 8 * time.Second}
}

func (s *server) end() {
	s.mu.Lock()
	s.over = true
	for c := range s.sessions {
		c.Close()
	}
	s.mu.Unlock()
	s.work.Wait()
	s.Close()
}

// enter counts a session; false when the test is over.
func (s *server) enter(c *websocket.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return false
	}
	s.sessions[c] = true
	s.work.Add(1)
	return true
}

// refuse answers an upgrade with an error as OpenAI writes them.
func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"error":{"message":"Incorrect key %s, see my notes on Tuesday","type":"invalid_request_error","param":null,"code":%q}}`, key, code)
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/v1/realtime" || r.URL.RawQuery != "intent=transcription" || r.Header.Get("OpenAI-Beta") != "" {
		s.t.Errorf("%s with header %q", r.URL, r.Header)
	}
	switch {
	case r.Header.Get("Authorization") != "Bearer "+key:
		refuse(w, http.StatusUnauthorized, "invalid_api_key")
		return
	case s.fault == providertest.RateLimited:
		w.Header().Set("Retry-After", "7")
		refuse(w, http.StatusTooManyRequests, "rate_limit_exceeded")
		return
	case s.fault == providertest.Broken:
		refuse(w, http.StatusServiceUnavailable, "server_error")
		return
	}
	up := websocket.Upgrader{}
	c, err := up.Upgrade(w, r, nil)
	if err != nil {
		s.t.Error(err)
		return
	}
	defer c.Close()
	if !s.enter(c) {
		return
	}
	defer s.work.Done()
	n := &conn{server: s, ws: c}
	n.send(created)
	if s.fault == providertest.NoMoney {
		n.error("insufficient_quota", "insufficient_quota")
	}
	n.run()
}

// conn is one connection as the server sees it.
type conn struct {
	*server
	ws      *websocket.Conn
	ear     *asrtest.Ear // nil until the session is known
	second  int          // bytes of it
	unasked int          // bytes in the buffer
	commits int
}

func (c *conn) run() {
	for {
		kind, data, err := c.ws.ReadMessage()
		if err != nil {
			return
		}
		var e struct{ Type, Audio string }
		if kind != websocket.TextMessage || json.Unmarshal(data, &e) != nil {
			c.t.Errorf("message %.80q", data)
			return
		}
		c.mu.Lock()
		c.got = append(c.got, e.Type)
		c.mu.Unlock()
		if e.Type != "session.update" && c.ear == nil {
			c.t.Errorf("%s before the session is known", e.Type)
			return
		}
		switch e.Type {
		case "session.update":
			c.configure(data)
		case "input_audio_buffer.append":
			c.hear(e.Audio)
		case "input_audio_buffer.clear":
			c.unasked = 0
			c.ear.Take()
			c.send(`{"type":"input_audio_buffer.cleared","event_id":"event_3"}`)
		case "input_audio_buffer.commit":
			c.commit()
		default:
			c.t.Errorf("event %q", e.Type)
			c.error("invalid_request_error", "invalid_value")
		}
	}
}

var models = []string{"whisper-1", "gpt-transcribe", "gpt-live-transcribe", "gpt-4o-mini-transcribe", "gpt-4o-transcribe", "gpt-realtime-whisper"}

// configure takes the session as the client wants it.
func (c *conn) configure(data []byte) {
	var u update
	strict := json.NewDecoder(bytes.NewReader(data))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&u); err != nil {
		c.t.Errorf("session.update: %v", err)
	}
	in := u.Session.Audio.Input
	hints := in.Transcription
	itself := hints.Model == "gpt-transcribe" || hints.Model == "gpt-live-transcribe"
	switch {
	case u.Session.Type != "transcription", string(in.TurnDetection) != "null", !slices.Contains(models, hints.Model):
		c.t.Errorf("session = %s", data)
	case (hints.Languages != nil || hints.Keywords != nil) && !itself, hints.Prompt != "" && hints.Model == "gpt-realtime-whisper":
		c.t.Errorf("%s can't take %+v", hints.Model, hints)
	}
	switch {
	case in.Format.Type == "audio/pcmu" && in.Format.Rate == 0:
		c.ear, c.second = asrtest.NewEar(8000, true), 8000
	case in.Format.Type == "audio/pcm" && in.Format.Rate == 24000:
		c.ear, c.second = asrtest.NewEar(24000, false), 48000
	default:
		c.t.Errorf("format = %+v", in.Format)
	}
	c.mu.Lock()
	c.updates = append(c.updates, u)
	c.mu.Unlock()
	if c.fault == providertest.BadRequest {
		c.error("invalid_request_error", "invalid_value")
		return
	}
	c.send(updated)
}

func (c *conn) hear(audio string) {
	sound, err := base64.StdEncoding.DecodeString(audio)
	if err != nil || len(sound) == 0 {
		c.t.Errorf("%d bytes of audio, %v", len(sound), err)
	}
	c.unasked += len(sound)
	c.ear.Hear(sound)
	c.mu.Lock()
	c.heard = c.ear.Heard()
	c.mu.Unlock()
}

func (c *conn) commit() {
	if c.unasked < c.second/10 {
		c.t.Errorf("a commit of %d bytes, where a second has %d", c.unasked, c.second)
		c.error("invalid_request_error", "input_audio_buffer_commit_empty")
		return
	}
	c.unasked = 0
	said := c.ear.Take()
	n := c.commits
	id := fmt.Sprintf("item_%d", n)
	c.commits++
	c.send(fmt.Sprintf(`{"type":"input_audio_buffer.committed","event_id":"event_4","previous_item_id":null,"item_id":%q}`, id))
	c.send(fmt.Sprintf(`{"type":"conversation.item.added","event_id":"event_5","item":{"id":%q,"type":"message"}}`, id))
	switch c.fault {
	case providertest.Closes:
		_ = c.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, "see my notes on Tuesday"), time.Now().Add(time.Second))
	case providertest.SaysError:
		c.error("server_error", "server_error")
	case providertest.TalksRot:
		c.send("<html>see my notes on Tuesday")
	case providertest.TooLarge:
		c.completed(id, strings.Repeat("word ", 1<<18))
	default:
		if c.answer != nil {
			c.answer(c, n, id, said)
			return
		}
		for i, word := range strings.Fields(said) {
			c.delta(id, []string{"", " "}[min(i, 1)]+word)
		}
		c.completed(id, said)
	}
}

func (c *conn) delta(id, words string) {
	c.send(fmt.Sprintf(`{"type":"conversation.item.input_audio_transcription.delta","event_id":"event_6","item_id":%q,"content_index":0,"delta":%q}`, id, words))
}

func (c *conn) completed(id, words string) {
	c.send(fmt.Sprintf(`{"type":"conversation.item.input_audio_transcription.completed","event_id":"event_7","item_id":%q,"content_index":0,"transcript":%q,"usage":{"type":"duration","seconds":1}}`, id, words))
}

func (c *conn) failed(id string) {
	c.send(fmt.Sprintf(`{"type":"conversation.item.input_audio_transcription.failed","event_id":"event_8","item_id":%q,"content_index":0,"error":{"type":"server_error","code":"server_error","message":"see %s","param":null}}`, id, key))
}

func (c *conn) error(kind, code string) {
	c.send(fmt.Sprintf(`{"type":"error","event_id":"event_9","error":{"type":%q,"code":%q,"message":"Incorrect key %s, see my notes on Tuesday","param":null,"event_id":null}}`, kind, code, key))
}

func (c *conn) send(text string) {
	_ = c.ws.WriteMessage(websocket.TextMessage, []byte(text)) // they may be gone
}

// said is how often the client sent an event of this type.
func (s *server) said(kind string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, got := range s.got {
		if got == kind {
			n++
		}
	}
	return n
}

// sound is how much the client sent.
func (s *server) sound() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.heard
}
