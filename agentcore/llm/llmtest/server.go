package llmtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// Server plays a provider, with the protocol that an adapter's tests put into
// it. R is what they keep of a request.
type Server[R any] struct {
	*httptest.Server
	mu    sync.Mutex
	asked []R
}

// Serve starts a server, and ends it with the test. take reads a request, and
// fails the test if the provider would refuse it; answer answers it, n being how
// many were before.
func Serve[R any](t testing.TB, take func(*http.Request) R, answer func(n int, c *Conn, r R)) *Server[R] {
	s := &Server[R]{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		req := take(r)
		s.mu.Lock()
		n := len(s.asked)
		s.asked = append(s.asked, req)
		s.mu.Unlock()
		answer(n, &Conn{t, w, r}, req)
	}))
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s
}

// Asked are the requests so far.
func (s *Server[R]) Asked() []R {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

// Conn is one answer under way.
type Conn struct {
	T testing.TB
	W http.ResponseWriter
	R *http.Request
}

// Stream begins an answer that is a stream of events.
func (c *Conn) Stream() {
	c.W.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	c.flush()
}

func (c *Conn) flush() { c.W.(http.Flusher).Flush() }

// Raw sends bytes as they are.
func (c *Conn) Raw(s string) {
	fmt.Fprint(c.W, s)
	c.flush()
}

// Stall waits until the client goes away.
func (c *Conn) Stall() { <-c.R.Context().Done() }

// Cut breaks the connection.
func (c *Conn) Cut() { panic(http.ErrAbortHandler) }

// Refuse answers with a status and body as JSON; header are names and values.
func (c *Conn) Refuse(status int, body any, header ...string) {
	for i := 0; i+1 < len(header); i += 2 {
		c.W.Header().Set(header[i], header[i+1])
	}
	c.W.Header().Set("Content-Type", "application/json; charset=utf-8")
	c.W.WriteHeader(status)
	if err := json.NewEncoder(c.W).Encode(body); err != nil {
		c.T.Error(err)
	}
}
