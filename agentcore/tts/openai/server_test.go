package openai_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/hookswitch/hookswitch/agentcore/provider/providertest"
	"github.com/hookswitch/hookswitch/agentcore/tts/openai"
	"github.com/hookswitch/hookswitch/agentcore/tts/voicetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server speaks as OpenAI's documentation tells it
// (platform.openai.com/docs/api-reference/audio/createSpeech), and is strict.
type server struct {
	*voicetest.Server
	t        *testing.T
	head     string // what the sound begins with
	mu       sync.Mutex
	requests []request
}

type request struct {
	Model        string  `json:"model"`
	Input        string  `json:"input"`
	Voice        string  `json:"voice"`
	Format       string  `json:"response_format"`
	Instructions string  `json:"instructions"`
	Speed        float64 `json:"speed"`
}

const otherKey = "sk-another-secret-key"

// open is a voice at a server that has the fault. change may be nil.
func open(t *testing.T, f providertest.Fault, change func(*openai.Config)) (*openai.Voice, *server) {
	t.Helper()
	s := &server{t: t}
	s.Server = voicetest.Start(t, f, 6000, func(v *voicetest.Server) http.Handler {
		s.Server = v
		mux := http.NewServeMux()
		mux.HandleFunc("POST /v1/audio/speech", s.speech)
		return mux
	})
	cfg := openai.Config{BaseURL: s.URL + "/v1/", Key: voicetest.Key, Voice: "alloy", Patience: s.Patience()}
	if f == providertest.WrongKey {
		cfg.Key = otherKey
	}
	if change != nil {
		change(&cfg)
	}
	v, err := openai.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	return v, s
}

func (s *server) speech(w http.ResponseWriter, r *http.Request) {
	if ct := r.Header.Get("Content-Type"); ct != "application/json" {
		s.t.Errorf("Content-Type: %q", ct)
	}
	var q request
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(&q); err != nil || q.Model == "" || q.Input == "" || q.Voice == "" || q.Format != "pcm" {
		s.t.Errorf("request %+v: %v", q, err)
	}
	s.mu.Lock()
	s.requests = append(s.requests, q)
	s.mu.Unlock()
	key, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	failed := func(kind, code string) string {
		return fmt.Sprintf(`{"error":{"message":"No %s for: %s","type":%q,"param":null,"code":%q}}`, key, q.Input, kind, code)
	}
	switch s.Fault {
	case providertest.NoMoney:
		w.WriteHeader(http.StatusTooManyRequests) // that is how OpenAI says it
		fmt.Fprint(w, failed("insufficient_quota", "insufficient_quota"))
		return
	case providertest.SaysError:
		w.WriteHeader(http.StatusInternalServerError) // there are no errors within the sound
		fmt.Fprint(w, failed("server_error", ""))
		return
	case providertest.TalksRot:
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<html>Welcome to this hotel's network")
		return
	}
	if s.Refuse(w, key, func(int) string { return failed("invalid_request_error", "") }) {
		return
	}
	s.sound(w, q)
}

// sound answers with words, or fails as it must.
func (s *server) sound(w http.ResponseWriter, q request) {
	w.Header().Set("Content-Type", "audio/pcm")
	sound := append([]byte(s.head), voicetest.Linear(voicetest.Hum(len(voicetest.Words(q.Input)), 24000))...)
	if s.Fault == providertest.TooLarge {
		sound = bytes.Repeat(sound, 1000)
	}
	piece := 1501 // cuts samples in two
	if s.Fault == providertest.Fast {
		piece = len(sound)
	}
	for i := 0; len(sound) > 0; i++ {
		n := min(piece, len(sound))
		if _, err := w.Write(sound[:n]); err != nil {
			return
		}
		if f, ok := w.(http.Flusher); ok && s.Fault != providertest.TooLarge {
			f.Flush()
		}
		sound = sound[n:]
		if i == 3 && s.Fault == providertest.Closes {
			panic(http.ErrAbortHandler)
		}
	}
}
