package vendortest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/hookswitch/hookswitch/agentcore/tts/voicetest"
)

// Resemble speaks with one voice. From the documentation:
// docs.resemble.ai/voice-creation/voices/list and
// docs.resemble.ai/voice-generation/text-to-speech/streaming-websocket.
type Resemble struct {
	Vendor
	voice    string
	unlisted bool
	spoken   []string
}

// StartResemble starts one until the test ends, that has this voice.
func StartResemble(t testing.TB, voice string) *Resemble {
	r := &Resemble{voice: voice}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v2/voices", r.voices)
	mux.HandleFunc("GET /stream", r.socket)
	mux.HandleFunc("POST /stream", r.post)
	r.start(t, mux)
	return r
}

// Unlist makes the list of voices fail, and nothing else.
func (r *Resemble) Unlist() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unlisted = true
}

// Spoken are the phrases so far.
func (r *Resemble) Spoken() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.spoken)
}

func mishap(status int, complaint string) string {
	return fmt.Sprintf(`{"success":false,"message":%q,"status_code":%d}`, complaint, status)
}

func (r *Resemble) voices(w http.ResponseWriter, req *http.Request) {
	key, ok := r.enter(w, req, "Bearer", mishap)
	if !ok {
		return
	}
	r.mu.Lock()
	unlisted := r.unlisted
	r.mu.Unlock()
	if unlisted {
		w.WriteHeader(http.StatusInternalServerError)
		fmt.Fprint(w, mishap(http.StatusInternalServerError, r.complaint(key)))
		return
	}
	fmt.Fprintf(w, `{"success":true,"page":1,"total_results":1,"page_count":1,"items":[{"uuid":%q,"name":"Professional Voice","default_language":"en-US","supported_languages":["en-US"]}]}`, r.voice)
}

// post is HTTP streaming, which is asked when the websocket refuses a key.
func (r *Resemble) post(w http.ResponseWriter, req *http.Request) {
	if _, ok := r.enter(w, req, "Bearer", mishap); ok {
		r.t.Error("the voice was asked over HTTP, though the websocket does not refuse it")
	}
}

// phrase is a request over the websocket.
type phrase struct {
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

func (r *Resemble) socket(w http.ResponseWriter, req *http.Request) {
	key, ok := r.enter(w, req, "Bearer", mishap)
	if !ok {
		return
	}
	r.upgrade(w, req, func(c *websocket.Conn) {
		for {
			_, data, err := c.ReadMessage()
			if err != nil {
				return
			}
			var p phrase
			strict := json.NewDecoder(bytes.NewReader(data))
			strict.DisallowUnknownFields()
			if err := strict.Decode(&p); err != nil || p.Voice != r.voice || p.Data == "" || p.ID == nil || p.Precision != "MULAW" || p.Rate != 8000 {
				r.t.Errorf("request %s: %v", data, err)
				return
			}
			r.mu.Lock()
			r.spoken = append(r.spoken, p.Data)
			r.mu.Unlock()
			if !r.say(c, p, key) {
				return
			}
		}
	})
}

// say speaks a phrase, a word at a time; false ends the connection.
func (r *Resemble) say(c *websocket.Conn, p phrase, key string) bool {
	words := voicetest.Words(p.Data)
	for i, word := range words {
		if mood := r.now(); mood == Mute {
			return true
		} else if mood != Well && i == len(words)/2 {
			send(c, `{"type":"error","success":false,"error_name":"SynthesisFailure","message":%q,"status_code":500,"request_id":%d}`, r.complaint(key), *p.ID)
			bye(c, 1011, r.complaint(key))
			return false
		}
		begin := float64(i) * voicetest.WordTime
		times, err := json.Marshal(map[string]any{"graph_chars": []string{word, " "}, "graph_times": [][]float64{{begin, begin + voicetest.WordTime}, {begin + voicetest.WordTime, begin + voicetest.WordTime}}})
		if err != nil {
			r.t.Error(err)
		}
		sound := base64.StdEncoding.EncodeToString(voicetest.Mulaw(voicetest.Hum(1, 8000)))
		if !send(c, `{"type":"audio","audio_content":%q,"audio_timestamps":%s,"sample_rate":8000,"request_id":%d}`, sound, times, *p.ID) {
			return false
		}
	}
	return send(c, `{"type":"audio_end","request_id":%d}`, *p.ID)
}
