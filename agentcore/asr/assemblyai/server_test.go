package assemblyai_test

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
	"github.com/hookswitch/hookswitch/agentcore/asr/assemblyai"
	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/provider/providertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const key = "a-very-secret-key"

// begin is what a session begins with.
const begin = `{"type":"Begin","id":"de5d9927-73a6-4be8-b52d-b4c07be37e6b","expires_at":1759796682}`

// server speaks version 3 of the streaming protocol, as the pages have it that
// the adapter names, and understands what is sung. What the vendor would refuse
// fails the test.
type server struct {
	*httptest.Server
	t     *testing.T
	wire  *providertest.Wire
	fault providertest.Fault
	// turns has a server end turns by itself, as soon as there are words.
	turns bool

	mu       sync.Mutex
	asked    []url.Values // of each connection
	got      []string     // types of messages
	over     bool
	sessions map[*websocket.Conn]bool
	work     sync.WaitGroup
}

// serve starts a server with a fault, and a recogniser that listens through it.
// change may be nil.
func serve(t *testing.T, f providertest.Fault, change func(*assemblyai.Config)) (*assemblyai.Recognizer, *server) {
	t.Helper()
	s := &server{t: t, fault: f, sessions: map[*websocket.Conn]bool{}}
	s.Server = httptest.NewServer(s)
	// The fault falls into the middle of the message after Begin: the upgrade's
	// answer has 129 bytes.
	s.wire = &providertest.Wire{Fault: f, After: 129 + 2 + len(begin) + 20}
	address := s.wire.Listen(t, s.Listener.Addr().String())
	t.Cleanup(s.end)
	c := assemblyai.Config{BaseURL: "http://" + address, Key: key, Patience: patience(f)}
	if f == providertest.WrongKey {
		c.Key += "-not"
	}
	if change != nil {
		change(&c)
	}
	r, err := assemblyai.New(c)
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
func (s *server) enter(c *websocket.Conn, asked url.Values) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return false
	}
	s.sessions[c] = true
	s.asked = append(s.asked, asked)
	s.work.Add(1)
	return true
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/v3/ws" {
		s.t.Errorf("path = %s", r.URL.Path)
	}
	switch s.fault {
	case providertest.RateLimited:
		w.Header().Set("Retry-After", "7")
		http.Error(w, "too many, "+key, http.StatusTooManyRequests)
		return
	case providertest.Broken:
		http.Error(w, "broken, "+key, http.StatusServiceUnavailable)
		return
	}
	up := websocket.Upgrader{}
	c, err := up.Upgrade(w, r, nil)
	if err != nil {
		s.t.Error(err)
		return
	}
	defer c.Close()
	if !s.enter(c, r.URL.Query()) {
		return
	}
	defer s.work.Done()
	n := &session{server: s, conn: c, rate: s.check(r.URL.Query()), mulaw: r.URL.Query().Get("encoding") == "pcm_mulaw"}
	n.ear = asrtest.NewEar(n.rate, n.mulaw)
	n.formats = r.URL.Query().Get("format_turns") == "true"
	switch {
	case r.Header.Get("Authorization") != key:
		n.fail(1008, "Unauthorized Connection: Missing Authorization header")
	case s.fault == providertest.NoMoney:
		n.fail(1008, "Unauthorized Connection: Insufficient account balance of "+key)
	case s.fault == providertest.BadRequest:
		n.fail(3006, "Bad connection parameters, see my notes on Tuesday")
	default:
		n.run()
	}
}

var parameters = map[string][]string{
	"sample_rate": nil, "keyterms_prompt": nil, "language_codes": nil,
	"min_turn_silence": nil, "max_turn_silence": nil, "end_of_turn_confidence_threshold": nil,
	"encoding":     {"pcm_s16le", "pcm_mulaw"},
	"format_turns": {"true", "false"},
	"speech_model": {"universal-streaming-english", "universal-streaming-multilingual", "universal-3-5-pro", "u3-rt-pro"},
}

// check looks at what a session is opened with. The vendor ignores parameters
// that it doesn't know, so that a wrong name is a silent fault.
func (s *server) check(q url.Values) (rate int) {
	for name, values := range q {
		allowed, known := parameters[name]
		if !known || len(values) != 1 || allowed != nil && !slices.Contains(allowed, values[0]) {
			s.t.Errorf("parameter %s = %q", name, values)
		}
	}
	for _, name := range []string{"sample_rate", "encoding", "speech_model"} {
		if q.Get(name) == "" {
			s.t.Errorf("no %s", name)
		}
	}
	for _, list := range []string{"keyterms_prompt", "language_codes"} {
		var words []string
		if q.Has(list) && json.Unmarshal([]byte(q.Get(list)), &words) != nil {
			s.t.Errorf("%s = %s, want a list in JSON", list, q.Get(list))
		}
		if len(words) > 100 {
			s.t.Errorf("%d words in %s", len(words), list)
		}
	}
	rate, err := strconv.Atoi(q.Get("sample_rate"))
	if err != nil || rate < 8000 {
		s.t.Errorf("sample_rate = %q", q.Get("sample_rate"))
		return 8000
	}
	return rate
}

// session is one connection as the server sees it.
type session struct {
	*server
	conn    *websocket.Conn
	ear     *asrtest.Ear
	rate    int
	mulaw   bool
	formats bool

	turn int
	told string // the last partial
}

func (n *session) run() {
	n.send(begin)
	for {
		kind, data, err := n.conn.ReadMessage()
		if err != nil {
			return
		}
		if kind == websocket.BinaryMessage {
			if !n.hear(data) {
				return
			}
			continue
		}
		var m struct{ Type string }
		if json.Unmarshal(data, &m) != nil {
			n.t.Errorf("message %.80q", data)
		}
		n.mu.Lock()
		n.got = append(n.got, m.Type)
		n.mu.Unlock()
		switch m.Type {
		case "ForceEndpoint":
			if !n.force() {
				return
			}
		case "KeepAlive":
		case "Terminate":
			n.send(`{"type":"Termination","audio_duration_seconds":3,"session_duration_seconds":4}`)
			return
		default:
			n.t.Errorf("message of type %q", m.Type)
			n.fail(3006, "Invalid Message Type")
			return
		}
	}
}

// hear takes sound, and tells what it understands at once.
func (n *session) hear(sound []byte) bool {
	length := time.Duration(len(sound)) * time.Second / time.Duration(n.rate)
	if !n.mulaw {
		length /= 2
	}
	if length < 50*time.Millisecond || length > time.Second {
		n.t.Errorf("a message carries %v, want 50 ms to 1 s", length)
		n.fail(3007, fmt.Sprintf("Input duration violation: %v. Expected between 50 and 1000 ms", length))
		return false
	}
	n.ear.Hear(sound)
	if guess := n.ear.Guess(); guess != n.told {
		n.told = guess
		n.partial(guess)
		if n.turns {
			n.endTurn()
		}
	}
	return true
}

// force ends the turn. Without words it gives no answer: the worst that the
// vendor may do.
func (n *session) force() bool {
	switch n.fault {
	case providertest.Closes:
		_ = n.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, "see my notes on Tuesday"), time.Now().Add(time.Second))
		return false
	case providertest.SaysError:
		n.fail(3005, "Session Cancelled: An error occurred with "+key)
		return false
	case providertest.TalksRot:
		n.send("<html>see my notes on Tuesday")
		return true
	case providertest.TooLarge:
		n.send(`{"type":"Turn","transcript":"` + strings.Repeat("word ", 1<<18) + `"}`)
		return true
	}
	n.endTurn()
	return true
}

func (n *session) endTurn() {
	said := n.ear.Take()
	n.told = ""
	if said == "" {
		return
	}
	n.send(n.state(said, "", true, false))
	if n.formats {
		n.send(n.state(strings.ToUpper(said[:1])+said[1:]+".", "", true, true))
	}
	n.turn++
}

// partial tells of words of which the last may still change. Servers that fail
// have nothing to tell before they do.
func (n *session) partial(words string) {
	if words == "" || n.fault == providertest.Closes || n.fault == providertest.SaysError || n.fault == providertest.TalksRot || n.fault == providertest.TooLarge {
		return
	}
	at := strings.LastIndexByte(words, ' ') + 1
	n.send(n.state(strings.TrimSpace(words[:at]), words[at:], false, false))
}

// state is a Turn as it goes over the wire.
func (n *session) state(final, open string, end, formatted bool) string {
	type word struct {
		Start      int     `json:"start"`
		End        int     `json:"end"`
		Text       string  `json:"text"`
		Confidence float64 `json:"confidence"`
		Final      bool    `json:"word_is_final"`
	}
	words := []word{}
	for i, w := range strings.Fields(final + " " + open) {
		words = append(words, word{i * 240, i*240 + 160, w, 0.75, w != open})
	}
	b, err := json.Marshal(map[string]any{
		"type": "Turn", "turn_order": n.turn, "turn_is_formatted": formatted, "end_of_turn": end,
		"transcript": final, "end_of_turn_confidence": 0.3, "words": words, "utterance": "",
	})
	if err != nil {
		n.t.Error(err)
	}
	return string(b)
}

func (n *session) send(text string) {
	_ = n.conn.WriteMessage(websocket.TextMessage, []byte(text)) // they may be gone
}

// fail says what is wrong, and closes with the same code.
func (n *session) fail(code int, text string) {
	b, err := json.Marshal(map[string]any{"type": "Error", "error_code": code, "error": text})
	if err != nil {
		n.t.Error(err)
	}
	n.send(string(b))
	_ = n.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, text[:min(len(text), 100)]), time.Now().Add(time.Second))
}

// said is how often the client sent a message of this type.
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

func (s *server) query(t *testing.T) url.Values {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.asked) == 0 {
		t.Fatal("nobody connected")
	}
	return s.asked[0]
}
