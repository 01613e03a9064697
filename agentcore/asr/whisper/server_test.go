package whisper_test

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/hookswitch/hookswitch/agentcore/asr/asrtest"
	"github.com/hookswitch/hookswitch/agentcore/asr/live"
	"github.com/hookswitch/hookswitch/agentcore/asr/whisper"
	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/provider/providertest"
	"github.com/hookswitch/hookswitch/media/wav"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const key = "sk-very-secret"

// server speaks the transcription endpoint's protocol, as
// developers.openai.com/api/reference/resources/audio has it, and understands
// what is sung. What the vendor would refuse fails the test.
type server struct {
	*httptest.Server
	t  *testing.T
	do http.HandlerFunc // instead of an answer, if it is set

	mu    sync.Mutex
	asked []request
	now   int // requests being answered
	most  int // and how many there were at once
}

// request is what the server was asked.
type request struct {
	fields map[string][]string
	format wav.Format
	pcm    []int16
}

// serve starts a server, and makes a recogniser that asks it. change may be nil.
func serve(t *testing.T, change func(*whisper.Config)) (*whisper.Recognizer, *server) {
	t.Helper()
	s := &server{t: t}
	s.Server = httptest.NewServer(s)
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s.client(t, s.URL, change), s
}

// client makes a recogniser that asks whoever is at url.
func (s *server) client(t *testing.T, url string, change func(*whisper.Config)) *whisper.Recognizer {
	t.Helper()
	c := whisper.Config{BaseURL: url + "/v1/", Key: key, Model: "whisper-1", Patience: patience(providertest.None)}
	if change != nil {
		change(&c)
	}
	r, err := whisper.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// patience is short where a stall has to be seen, and else long enough for any
// machine.
func patience(f providertest.Fault) provider.Patience {
	if f == providertest.NoAnswer || f == providertest.StallsIn {
		return providertest.Patience
	}
	return provider.Patience{Connect: 8 * time.Second, First: 8 * time.Second, Gap: 8 * time.Second}
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.now++
	s.most = max(s.most, s.now)
	do := s.do
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.now--
	}()
	req, ok := s.check(w, r)
	if !ok {
		return
	}
	s.mu.Lock()
	s.asked = append(s.asked, req)
	s.mu.Unlock()
	if do != nil {
		do(w, r)
		return
	}
	ear := asrtest.NewEar(req.format.Rate, false)
	var sound []byte
	for _, v := range req.pcm {
		sound = binary.LittleEndian.AppendUint16(sound, uint16(v))
	}
	ear.Hear(sound)
	answer(w, ear.Take())
}

// answer says what was understood, in words as the vendor writes them.
func answer(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]any{"text": " " + text, "usage": map[string]any{"type": "duration", "seconds": 2}})
}

// refuse answers with an error as OpenAI writes them, with what is private in it.
func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"error":{"message":"Incorrect key %s, see my notes on Tuesday","type":%q,"param":null,"code":%[2]q}}`, key, code)
}

var known = []string{"model", "language", "prompt", "keywords[]", "response_format", "temperature"}

// check is what the vendor would look at before it listens.
func (s *server) check(w http.ResponseWriter, r *http.Request) (q request, ok bool) {
	if r.Method != http.MethodPost || r.URL.Path != "/v1/audio/transcriptions" || r.URL.RawQuery != "" {
		s.t.Errorf("%s %s", r.Method, r.URL)
	}
	if r.Header.Get("Authorization") != "Bearer "+key && r.Header.Get("Authorization") != "" {
		refuse(w, http.StatusUnauthorized, "invalid_api_key")
		return q, false
	}
	if err := r.ParseMultipartForm(8 << 20); err != nil {
		if r.Context().Err() == nil {
			s.t.Errorf("form: %v", err)
		}
		return q, false
	}
	q.fields = r.MultipartForm.Value
	for name, values := range q.fields {
		if !slices.Contains(known, name) || len(values) != 1 && name != "keywords[]" {
			s.t.Errorf("field %s = %q", name, values)
		}
	}
	for name, want := range map[string]string{"response_format": "json", "temperature": "0"} {
		if got := r.FormValue(name); got != want {
			s.t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	file, head, err := r.FormFile("file")
	if err != nil {
		s.t.Errorf("file: %v", err)
		return q, false
	}
	defer file.Close()
	if !strings.HasSuffix(head.Filename, ".wav") || head.Header.Get("Content-Type") != "audio/wav" {
		s.t.Errorf("file %q of type %q", head.Filename, head.Header.Get("Content-Type"))
	}
	q.format, q.pcm = s.listen(file)
	if len(q.pcm) < q.format.Rate/10 { // "Audio file is too short. Minimum audio length is 0.1 seconds."
		s.t.Errorf("a file of %d samples", len(q.pcm))
	}
	return q, true
}

func (s *server) listen(file io.Reader) (wav.Format, []int16) {
	a, err := wav.Read(file)
	if err != nil {
		s.t.Errorf("file: %v", err)
		return wav.Format{Rate: 1}, nil
	}
	return a.Format, a.Samples
}

func (s *server) requests() []request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

// instead has requests from now on answered by do.
func (s *server) instead(do http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.do = do
}

// files are the formats as a WAV file should show them.
var files = map[live.Format]wav.Format{
	live.Mulaw:  {Encoding: wav.MuLaw, Rate: 8000, Channels: 1},
	live.PCM8k:  {Encoding: wav.PCM16, Rate: 8000, Channels: 1},
	live.PCM16k: {Encoding: wav.PCM16, Rate: 16000, Channels: 1},
	"pcm_22050": {Encoding: wav.PCM16, Rate: 22050, Channels: 1},
	live.PCM24k: {Encoding: wav.PCM16, Rate: 24000, Channels: 1},
	"pcm_44100": {Encoding: wav.PCM16, Rate: 44100, Channels: 1},
	live.PCM48k: {Encoding: wav.PCM16, Rate: 48000, Channels: 1},
}
