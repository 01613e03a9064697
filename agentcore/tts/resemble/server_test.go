package resemble_test

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
	"github.com/hookswitch/hookswitch/agentcore/tts/resemble"
	"github.com/hookswitch/hookswitch/agentcore/tts/voicetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const voiceID = "55592656"

// server speaks as Resemble's documentation tells it
// (docs.resemble.ai/voice-generation/text-to-speech/streaming-websocket and
// streaming-http), and is strict. All three hosts are one.
type server struct {
	*voicetest.Server
	t         *testing.T
	noSockets string // "status", "message": the key may not use the websocket, and how that is said
	header    bool   // sound over the websocket has a header all the same
	mulaw     bool   // sound over HTTP comes in µ-law
	restart   bool   // times begin anew with each piece

	mu       sync.Mutex
	sockets  int
	requests []request
	posts    []request
}

type request struct {
	Voice     string `json:"voice_uuid"`
	Project   string `json:"project_uuid"`
	Data      string `json:"data"`
	Model     string `json:"model"`
	ID        *int   `json:"request_id"`
	Binary    *bool  `json:"binary_response"`
	Format    string `json:"output_format"`
	Rate      int    `json:"sample_rate"`
	Precision string `json:"precision"`
	NoHeader  bool   `json:"no_audio_header"`
}

func serve(t *testing.T, f providertest.Fault) *server {
	t.Helper()
	s := &server{t: t}
	s.Server = voicetest.Start(t, f, 6000, func(v *voicetest.Server) http.Handler {
		s.Server = v
		mux := http.NewServeMux()
		mux.HandleFunc("GET /stream", s.socket)
		mux.HandleFunc("POST /stream", s.stream)
		mux.HandleFunc("GET /api/v2/voices", s.voices)
		return mux
	})
	return s
}

const otherKey = "sk-another-secret-key"

// open is a voice at a server that has the fault. change may be nil.
func open(t *testing.T, f providertest.Fault, change func(*resemble.Config)) (*resemble.Voice, *server) {
	t.Helper()
	s := serve(t, f)
	cfg := resemble.Config{BaseURL: s.URL, Key: voicetest.Key, Voice: voiceID, Patience: s.Patience()}
	if f == providertest.WrongKey {
		cfg.Key = otherKey
	}
	if change != nil {
		change(&cfg)
	}
	v, err := resemble.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	return v, s
}

// enter checks what every request has, and refuses what has a fault.
func (s *server) enter(w http.ResponseWriter, r *http.Request) bool {
	key, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !bearer {
		s.t.Error("no bearer token")
	}
	return !s.Refuse(w, key, func(int) string { return fmt.Sprintf(`{"success":false,"message":"No %s for that phrase"}`, key) })
}

// read decodes a request strictly.
func (s *server) read(data []byte) (q request) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&q); err != nil || q.Voice != voiceID || q.Data == "" || len(q.Data) > 2000 || q.Rate != 8000 {
		s.t.Errorf("request %s: %v", data, err)
	}
	return q
}

const noPlan = `{"type":"error","success":false,"error_name":"ConnectionFailure","message":"Failed to establish a connection.","status_code":401}`

func (s *server) socket(w http.ResponseWriter, r *http.Request) {
	if s.noSockets == "status" {
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, noPlan)
		return
	}
	if s.Fault != providertest.BadRequest && !s.enter(w, r) {
		return
	}
	s.mu.Lock()
	s.sockets++
	s.mu.Unlock()
	s.Upgrade(w, r, func(c *voicetest.Conn) {
		if s.noSockets == "message" {
			c.Send("%s", noPlan)
			c.Bye(1008, "Unauthorized")
			return
		}
		for last := -1; ; {
			_, data, err := c.ReadMessage()
			if err != nil {
				return
			}
			q := s.read(data)
			if q.ID == nil || *q.ID <= last || q.Binary == nil || *q.Binary || q.Format != "wav" || q.Precision != "MULAW" || !q.NoHeader {
				s.t.Errorf("request %s", data)
			}
			last = *q.ID
			s.mu.Lock()
			s.requests = append(s.requests, q)
			s.mu.Unlock()
			if !s.say(c, q) {
				return
			}
		}
	})
}

// say speaks a phrase, a word at a time, or fails as it must; false ends the
// connection.
func (s *server) say(c *voicetest.Conn, q request) bool {
	failed := func(status int, name string) bool {
		return c.Send(`{"type":"error","success":false,"error_name":%q,"message":"not that phrase: %s","status_code":%d,"request_id":%d}`, name, strings.ReplaceAll(q.Data, `"`, ""), status, *q.ID)
	}
	if s.Fault == providertest.BadRequest {
		return failed(400, "BadJSON")
	}
	words := voicetest.Words(q.Data)
	if s.Fault == providertest.Fast {
		words = []string{strings.Join(words, " ")}
	}
	for i, word := range words {
		sound := voicetest.Mulaw(voicetest.Hum(len(strings.Fields(word)), 8000))
		if s.header && i == 0 {
			sound = append(wave(7, 8, len(sound)), sound...)
		}
		if !c.Send(`{"type":"audio","audio_content":%q,"audio_timestamps":%s,"sample_rate":8000,"request_id":%d}`, base64.StdEncoding.EncodeToString(sound), s.letters(word, i), *q.ID) {
			return false
		}
		switch {
		case i < 1:
		case s.Fault == providertest.Closes:
			c.Bye(1000, "")
			return false
		case s.Fault == providertest.SaysError:
			return failed(500, "SynthesisFailure")
		case s.Fault == providertest.TalksRot:
			c.Send(`{"type":"audio","audio_content":"*** %s"}`, word)
		case s.Fault == providertest.TooLarge:
			c.Send(`{"type":"audio","audio_content":%q}`, voicetest.Huge())
		}
	}
	return c.Send(`{"type":"audio_end","request_id":%d}`, *q.ID)
}

// letters are the timestamps of a word and the space behind it.
func (s *server) letters(word string, i int) []byte {
	if s.restart {
		i = 0
	}
	var chars []string
	var times [][2]float64
	n := float64(len([]rune(word)) + 1)
	for j, r := range []rune(word + " ") {
		start := (float64(i) + float64(j)/n) * voicetest.WordTime
		chars, times = append(chars, string(r)), append(times, [2]float64{start, start + voicetest.WordTime/n})
	}
	told, err := json.Marshal(map[string]any{"graph_chars": chars, "graph_times": times, "phon_chars": []string{}, "phon_times": []string{}})
	if err != nil {
		s.t.Error(err)
	}
	return told
}

// mostVoices is how many voices there are.
const mostVoices = 250

func (s *server) voices(w http.ResponseWriter, r *http.Request) {
	if !s.enter(w, r) {
		return
	}
	var page int
	if _, err := fmt.Sscanf(r.URL.Query().Get("page"), "%d", &page); err != nil || page < 1 || page > 3 || r.URL.Query().Get("page_size") != "100" {
		s.t.Errorf("query %v", r.URL.Query())
	}
	var items []string
	for i := (page - 1) * 100; i < min(page*100, mostVoices); i++ {
		items = append(items, fmt.Sprintf(`{"uuid":"voice-%d","name":"Voice %d","status":"ready","default_language":"en-US","supported_languages":["en-US"],"component_status":{"text_to_speech":{"status":"ready"}}}`, i, i))
	}
	if page == 1 {
		items[0] = `{"uuid":"many","name":"Many tongues","default_language":"en-US","supported_languages":["en-US","de-DE"]}`
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"success":true,"page":%d,"total_results":%d,"page_count":3,"items":[%s]}`, page, mostVoices, strings.Join(items, ","))
}
