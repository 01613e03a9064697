package rime_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/hookswitch/hookswitch/agentcore/provider/providertest"
	"github.com/hookswitch/hookswitch/agentcore/tts/rime"
	"github.com/hookswitch/hookswitch/agentcore/tts/voicetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server speaks Rime's protocol as its documentation tells it
// (docs.rime.ai/api-reference/mistv3/websockets-json.md and
// docs.rime.ai/docs/websockets-segment), and is strict.
type server struct {
	*voicetest.Server
	t           *testing.T
	mu          sync.Mutex
	connections int
	said        []string
}

func serve(t *testing.T, f providertest.Fault) *server {
	t.Helper()
	s := &server{t: t}
	s.Server = voicetest.Start(t, f, 1500, func(v *voicetest.Server) http.Handler {
		s.Server = v
		mux := http.NewServeMux()
		mux.HandleFunc("GET /ws3", s.socket)
		mux.HandleFunc("GET /data/voices/all-v2.json", s.voices)
		return mux
	})
	return s
}

const otherKey = "sk-another-secret-key"

// open is a voice at a server that has the fault.
func open(t *testing.T, f providertest.Fault) (*rime.Voice, *server) {
	t.Helper()
	s := serve(t, f)
	key := voicetest.Key
	if f == providertest.WrongKey {
		key = otherKey
	}
	v, err := rime.New(rime.Config{BaseURL: s.URL, Key: key, Model: "mistv2", Voice: "cove & co", Language: "en-US", Patience: s.Patience()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	return v, s
}

func (s *server) socket(w http.ResponseWriter, r *http.Request) {
	if got, want := r.URL.Query().Encode(), "audioFormat=mulaw&lang=en&modelId=mistv2&samplingRate=8000&segment=never&speaker=cove+%26+co"; got != want {
		s.t.Errorf("query %s, want %s", got, want)
	}
	key, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !bearer {
		s.t.Error("no bearer token")
	}
	if s.Refuse(w, key, func(int) string { return "No " + key + " for that phrase." }) { // plain text, as the error reference says
		return
	}
	s.mu.Lock()
	s.connections++
	s.mu.Unlock()
	s.Upgrade(w, r, func(c *voicetest.Conn) {
		buffer, context := "", ""
		for {
			_, data, err := c.ReadMessage()
			if err != nil {
				return
			}
			var m struct{ Text, ContextID, Operation string }
			if err := json.Unmarshal(data, &m); err != nil || (m.Text == "") == (m.Operation == "") {
				s.t.Errorf("message %s: %v", data, err)
			}
			switch m.Operation {
			case "":
				buffer, context = buffer+m.Text, m.ContextID
			case "flush":
				s.mu.Lock()
				s.said = append(s.said, buffer)
				s.mu.Unlock()
				if !s.say(c, buffer, context) {
					return
				}
				buffer = ""
			default:
				s.t.Errorf("operation %q", m.Operation)
			}
		}
	})
}

// say speaks a phrase, or fails as it must; false ends the connection.
func (s *server) say(c *voicetest.Conn, text, context string) bool {
	words := voicetest.Words(text)
	sound := voicetest.Mulaw(voicetest.Hum(len(words), 8000))
	piece := 800
	if s.Fault == providertest.Fast {
		piece = len(sound)
	}
	for i := 0; len(sound) > 0; i++ {
		n := min(piece, len(sound))
		if !c.Send(`{"type":"chunk","data":%q,"contextId":%q}`, base64.StdEncoding.EncodeToString(sound[:n]), context) {
			return false
		}
		sound = sound[n:]
		switch {
		case i < 1:
		case s.Fault == providertest.Closes:
			c.Bye(1011, "400: text is too long: "+text)
			return false
		case s.Fault == providertest.SaysError:
			c.Send(`{"type":"error","message":"The model failed at: %s"}`, text)
		case s.Fault == providertest.TalksRot:
			c.Send(`{"type":"chunk","data":"*** %s"}`, text)
		case s.Fault == providertest.TooLarge:
			c.Send(`{"type":"chunk","data":%q}`, voicetest.Huge())
		}
	}
	var starts, ends []float64
	for i := range words {
		starts, ends = append(starts, float64(i)*voicetest.WordTime), append(ends, float64(i+1)*voicetest.WordTime)
	}
	told, err := json.Marshal(map[string]any{"words": words, "start": starts, "end": ends})
	if err != nil {
		s.t.Error(err)
	}
	return c.Send(`{"type":"timestamps","word_timestamps":%s,"contextId":%q}`, told, context) && c.Send(`{"type":"done","contextId":null}`)
}

func (s *server) voices(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "" {
		s.t.Error("the key was sent where none is asked for")
	}
	if s.Refuse(w, voicetest.Key, func(int) string { return "no" }) {
		return
	}
	w.Header().Set("Content-Type", "application/json")
	switch s.Fault {
	case providertest.TalksRot:
		fmt.Fprint(w, `{"mistv2":["cove"]}`)
	case providertest.TooLarge:
		fmt.Fprintf(w, `{"mistv2":{"eng":[%q]}}`, voicetest.Huge())
	case providertest.StallsIn, providertest.CutIn:
		fmt.Fprintf(w, `{"mistv2":{"eng":[%q]}}`, voicetest.Huge()[:3000])
	default:
		fmt.Fprint(w, `{"mistv2":{"eng":["cove","abbie","isa"],"spa":["isa","diego"],"xyz":["other"]},"coda":{"eng":["astra"]}}`)
	}
}
