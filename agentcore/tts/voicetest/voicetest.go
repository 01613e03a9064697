// Package voicetest is what the servers have in common that stand in for voice
// providers in tests: they refuse as such servers do, stand behind a wire with
// faults, and hum where a voice would speak.
package voicetest

import (
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/provider/providertest"
	"github.com/hookswitch/hookswitch/media/g711"
)

// Key is the only one that servers take.
const Key = "sk-very-secret-key"

// Server is a vendor's server behind a wire.
type Server struct {
	URL   string // http://HOST:PORT
	Wire  *providertest.Wire
	Fault providertest.Fault

	t    testing.TB
	work sync.WaitGroup // those who speak over websockets
}

// Start serves h with f's fault until the test ends. midway is how many of the
// server's bytes go through before the wire stalls or breaks.
func Start(t testing.TB, f providertest.Fault, midway int, h func(*Server) http.Handler) *Server {
	t.Helper()
	s := &Server{t: t, Fault: f, Wire: &providertest.Wire{Fault: f, After: midway}}
	server := httptest.NewServer(h(s))
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
		s.work.Wait()
	})
	s.URL = "http://" + s.Wire.Listen(t, strings.TrimPrefix(server.URL, "http://"))
	return s
}

// Refuse answers as servers do that have the fault, if it is one that is told in
// the status of an answer, or if the key is not [Key]; key is what the request
// has. body is what the vendor says with a status.
func (s *Server) Refuse(w http.ResponseWriter, key string, body func(status int) string) bool {
	status := map[providertest.Fault]int{
		providertest.WrongKey: 401, providertest.NoMoney: 402, providertest.RateLimited: 429, providertest.BadRequest: 400, providertest.Broken: 503,
	}[s.Fault]
	if key != Key && status == 0 {
		s.t.Errorf("the key came as %q", key)
		status = http.StatusUnauthorized
	}
	if status == 0 {
		return false
	}
	if status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", fmt.Sprint(providertest.RetryAfter.Seconds()))
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprint(w, body(status))
	return true
}

// Conn is a websocket that the server speaks over.
type Conn struct {
	*websocket.Conn
	s *Server
}

// Upgrade makes a websocket of a request and lets talk speak over it. What the
// test checks is over when talk returns.
func (s *Server) Upgrade(w http.ResponseWriter, r *http.Request, talk func(*Conn)) {
	s.work.Add(1)
	defer s.work.Done()
	c, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
	if err != nil {
		s.t.Errorf("no websocket: %v", err)
		return
	}
	defer c.Close()
	talk(&Conn{c, s})
}

// Send sends a text, unless the client has gone.
func (c *Conn) Send(format string, args ...any) bool {
	return c.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, format, args...)) == nil
}

// Bye closes politely, with a code and a reason.
func (c *Conn) Bye(code int, reason string) {
	_ = c.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason)) // the client may have gone
	for {
		if _, _, err := c.ReadMessage(); err != nil {
			return
		}
	}
}

// Huge is larger than any message may be.
func Huge() string { return strings.Repeat("x", 5<<20) }

// Words are the words of a text, as a voice says them.
func Words(text string) (words []string) {
	for _, w := range strings.Fields(text) {
		if strings.ContainsFunc(w, func(r rune) bool {
			return r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r > 127
		}) {
			words = append(words, w)
		}
	}
	return words
}

// WordTime is how long a voice takes for each word, in seconds.
const WordTime = 0.2

// Hum is n words, as linear samples at rate.
func Hum(n, rate int) []int16 {
	pcm := make([]int16, int(float64(n)*WordTime*float64(rate)))
	for i := range pcm {
		pcm[i] = int16(8000 * math.Sin(2*math.Pi*440*float64(i)/float64(rate)))
	}
	return pcm
}

// Mulaw is pcm in µ-law.
func Mulaw(pcm []int16) []byte {
	sound := make([]byte, len(pcm))
	for i, s := range pcm {
		sound[i] = g711.EncodeSample(s)
	}
	return sound
}

// Linear is pcm as little-endian bytes.
func Linear(pcm []int16) []byte {
	sound := make([]byte, 0, 2*len(pcm))
	for _, s := range pcm {
		sound = append(sound, byte(uint16(s)), byte(uint16(s)>>8))
	}
	return sound
}

// Patience is the client's: short if the server will be silent, and that of a
// busy machine else.
func (s *Server) Patience() provider.Patience {
	if s.Fault == providertest.NoAnswer || s.Fault == providertest.StallsIn {
		return providertest.Patience
	}
	return provider.Patience{Connect: 10 * time.Second, First: 10 * time.Second, Gap: 10 * time.Second}
}
