package cartesia_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/hookswitch/hookswitch/agentcore/provider/providertest"
	"github.com/hookswitch/hookswitch/agentcore/tts/cartesia"
	"github.com/hookswitch/hookswitch/agentcore/tts/voicetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const voiceID = "a0e99841-438c-4a64-b679-ae501e7d6091"

// server speaks Cartesia's protocol as its documentation tells it
// (docs.cartesia.ai/2026-03-01/api-reference/tts/websocket), and is strict.
type server struct {
	*voicetest.Server
	t  *testing.T
	mu sync.Mutex
	// what came, by connection
	requests [][]request
}

// request is what says a phrase.
type request struct {
	Context    string `json:"context_id"`
	Model      string `json:"model_id"`
	Transcript string `json:"transcript"`
	Voice      struct {
		Mode string `json:"mode"`
		ID   string `json:"id"`
	} `json:"voice"`
	Language string `json:"language"`
	Format   struct {
		Container string `json:"container"`
		Encoding  string `json:"encoding"`
		Rate      int    `json:"sample_rate"`
	} `json:"output_format"`
	Timestamps bool  `json:"add_timestamps"`
	Continue   *bool `json:"continue"`
}

func serve(t *testing.T, f providertest.Fault) *server {
	t.Helper()
	s := &server{t: t}
	s.Server = voicetest.Start(t, f, 1500, func(v *voicetest.Server) http.Handler {
		s.Server = v
		mux := http.NewServeMux()
		mux.HandleFunc("GET /tts/websocket", s.socket)
		mux.HandleFunc("GET /voices", s.voices)
		return mux
	})
	return s
}

// open is a voice at a server that has the fault.
func open(t *testing.T, f providertest.Fault) (*cartesia.Voice, *server) {
	t.Helper()
	s := serve(t, f)
	key := voicetest.Key
	if f == providertest.WrongKey {
		key = "sk-another-secret-key"
	}
	v, err := cartesia.New(cartesia.Config{BaseURL: s.URL, Key: key, Model: "sonic-2", Voice: voiceID, Language: "en-US", Patience: s.Patience()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	return v, s
}

// enter checks what every request has, and refuses what has a fault.
func (s *server) enter(w http.ResponseWriter, r *http.Request) bool {
	if v := r.Header.Get("Cartesia-Version"); v != "2026-03-01" {
		s.t.Errorf("Cartesia-Version: %q", v)
	}
	key, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !bearer {
		s.t.Errorf("no bearer token")
	}
	return !s.Refuse(w, key, func(status int) string {
		return fmt.Sprintf(`{"error_code":"refused_so","title":"No","message":"Not with %s, and not that phrase","request_id":"1"}`, key)
	})
}

func (s *server) socket(w http.ResponseWriter, r *http.Request) {
	if !s.enter(w, r) {
		return
	}
	s.mu.Lock()
	n := len(s.requests)
	s.requests = append(s.requests, nil)
	s.mu.Unlock()
	s.Upgrade(w, r, func(c *voicetest.Conn) {
		seen := map[string]bool{}
		for {
			_, data, err := c.ReadMessage()
			if err != nil {
				return
			}
			var q request
			d := json.NewDecoder(bytes.NewReader(data))
			d.DisallowUnknownFields()
			if err := d.Decode(&q); err != nil {
				s.t.Errorf("request %s: %v", data, err)
			}
			s.mu.Lock()
			s.requests[n] = append(s.requests[n], q)
			s.mu.Unlock()
			if q.Context == "" || seen[q.Context] || q.Model == "" || q.Transcript == "" || q.Voice.Mode != "id" || q.Voice.ID != voiceID || q.Continue == nil || *q.Continue {
				s.t.Errorf("request %s", data)
			}
			if q.Format.Container != "raw" || q.Format.Encoding != "pcm_mulaw" || q.Format.Rate != 8000 {
				s.t.Errorf("format %+v", q.Format)
			}
			seen[q.Context] = true
			if !s.say(c, q) {
				return
			}
		}
	})
}

// say speaks a phrase, or fails as it must; false ends the connection.
func (s *server) say(c *voicetest.Conn, q request) bool {
	words := voicetest.Words(q.Transcript)
	sound := voicetest.Mulaw(voicetest.Hum(len(words), 8000))
	piece := 800
	if s.Fault == providertest.Fast {
		piece = len(sound)
	}
	for i := 0; len(sound) > 0; i++ {
		n := min(piece, len(sound))
		if !c.Send(`{"type":"chunk","data":%q,"done":false,"status_code":206,"step_time":12.5,"context_id":%q}`, base64.StdEncoding.EncodeToString(sound[:n]), q.Context) {
			return false
		}
		sound = sound[n:]
		if i == 0 && q.Timestamps {
			s.timestamps(c, q.Context, words)
		}
		switch {
		case i < 1:
		case s.Fault == providertest.Closes:
			c.Bye(1000, "")
			return false
		case s.Fault == providertest.SaysError:
			c.Send(`{"type":"error","done":true,"status_code":500,"error_code":"internal","title":"No","message":"not that phrase: %s","request_id":"1","context_id":%q}`, q.Transcript, q.Context)
		case s.Fault == providertest.TalksRot:
			c.Send(`{"type":"chunk","data":"*** %s"}`, q.Transcript)
		case s.Fault == providertest.TooLarge:
			c.Send(`{"type":"chunk","data":%q,"context_id":%q}`, voicetest.Huge(), q.Context)
		}
	}
	return c.Send(`{"type":"flush_done","done":false,"flush_done":true,"flush_id":1,"status_code":206,"context_id":%q}`, q.Context) &&
		c.Send(`{"type":"done","done":true,"status_code":206,"context_id":%q}`, q.Context)
}

// timestamps tells all words, in two messages.
func (s *server) timestamps(c *voicetest.Conn, context string, words []string) {
	var starts, ends []float64
	for i := range words {
		starts, ends = append(starts, float64(i)*voicetest.WordTime), append(ends, (float64(i)+0.9)*voicetest.WordTime)
	}
	half := len(words) / 2
	for _, part := range [][2]int{{0, half}, {half, len(words)}} {
		told, err := json.Marshal(map[string]any{"words": words[part[0]:part[1]], "start": starts[part[0]:part[1]], "end": ends[part[0]:part[1]]})
		if err != nil {
			s.t.Error(err)
		}
		c.Send(`{"type":"timestamps","done":false,"status_code":206,"context_id":%q,"word_timestamps":%s}`, context, told)
	}
}

// mostVoices is how many voices there are.
const mostVoices = 250

func (s *server) voices(w http.ResponseWriter, r *http.Request) {
	if !s.enter(w, r) {
		return
	}
	q := r.URL.Query()
	if q.Get("limit") != "100" {
		s.t.Errorf("query %v", q)
	}
	first := 0
	if after := q.Get("starting_after"); after != "" {
		if _, err := fmt.Sscanf(after, "voice-%d", &first); err != nil {
			s.t.Errorf("starting_after=%q", after)
		}
		first++
	}
	w.Header().Set("Content-Type", "application/json")
	if s.Fault == providertest.TalksRot {
		fmt.Fprint(w, `{"data":[{"id":7`)
		return
	}
	if s.Fault == providertest.TooLarge {
		fmt.Fprintf(w, `{"data":[{"id":%q}]}`, voicetest.Huge())
		return
	}
	var data []string
	for i := first; i < min(first+100, mostVoices); i++ {
		data = append(data, fmt.Sprintf(`{"id":"voice-%d","name":"Voice %d","language":"en","is_public":true,"is_owner":false}`, i, i))
	}
	fmt.Fprintf(w, `{"data":[%s],"has_more":%t,"next_page":null}`, strings.Join(data, ","), first+100 < mostVoices)
}
