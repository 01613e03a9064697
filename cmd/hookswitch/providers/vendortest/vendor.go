// Package vendortest plays three vendors on this machine, so that whole calls
// can be made with their keys: Deepgram, OpenAI and Resemble, each as strict as
// its documentation. They understand what is sung (see asrtest), and hum where a
// voice would speak.
//
// The servers of the adapters' own tests know every fault of a protocol. These
// know the few that a call can tell apart, and whoever asks decides when.
package vendortest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// Mood is how a vendor answers. In all but the first it repeats the key that it
// was sent, and [Vendor.Private], wherever there is room for words: bodies,
// headers, messages, the reason of a close.
type Mood string

// Moods.
const (
	Well      Mood = ""
	Refuses   Mood = "refuses"    // 401, whatever the key
	Broken    Mood = "broken"     // 503
	BreaksOff Mood = "breaks off" // in the middle of an answer
	Mute      Mood = "mute"       // it takes the request, and never says a byte
)

// Vendor is what all three have in common.
type Vendor struct {
	// Private is what a vendor knows of a call and must not be told in any error.
	// It is set before the first request.
	Private string

	server *httptest.Server
	t      testing.TB
	over   chan struct{} // closed when the test ends
	work   sync.WaitGroup

	mu   sync.Mutex
	mood Mood
	keys []string
	open []*websocket.Conn
}

// start serves h until the test ends.
func (v *Vendor) start(t testing.TB, h http.Handler) {
	v.t, v.over = t, make(chan struct{})
	v.server = httptest.NewServer(h)
	t.Cleanup(func() {
		close(v.over)
		v.mu.Lock()
		for _, c := range v.open {
			c.Close()
		}
		v.mu.Unlock()
		v.work.Wait()
		v.server.CloseClientConnections()
		v.server.Close()
	})
}

// URL is the base URL of the vendor's API.
func (v *Vendor) URL() string { return v.server.URL }

// Turn changes the mood, also in the middle of an answer.
func (v *Vendor) Turn(m Mood) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.mood = m
}

func (v *Vendor) now() Mood {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.mood
}

// Keys are those that came, one for each request, in order.
func (v *Vendor) Keys() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.keys)
}

// complaint is what a vendor says that can't keep a secret.
func (v *Vendor) complaint(key string) string {
	return strings.TrimSpace("no " + key + " " + v.Private)
}

// enter notes the key of a request, which follows scheme, and answers it if the
// mood is such. body is an error as this vendor writes them.
func (v *Vendor) enter(w http.ResponseWriter, r *http.Request, scheme string, body func(status int, complaint string) string) (key string, ok bool) {
	key, found := strings.CutPrefix(r.Header.Get("Authorization"), scheme+" ")
	if !found || key == "" {
		v.t.Errorf("%s: no %s in %q", r.URL.Path, scheme, r.Header.Get("Authorization"))
	}
	v.mu.Lock()
	v.keys = append(v.keys, key)
	mood := v.mood
	v.mu.Unlock()
	status := map[Mood]int{Refuses: http.StatusUnauthorized, Broken: http.StatusServiceUnavailable}[mood]
	switch {
	case mood == Mute:
		select {
		case <-r.Context().Done():
		case <-v.over:
		}
		return key, false
	case status == 0:
		return key, true
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Error", v.complaint(key))
	w.WriteHeader(status)
	fmt.Fprint(w, body(status, v.complaint(key)))
	return key, false
}

// upgrade makes a websocket of a request and lets talk speak over it.
func (v *Vendor) upgrade(w http.ResponseWriter, r *http.Request, talk func(*websocket.Conn)) {
	c, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
	if err != nil {
		return // the client has gone
	}
	defer c.Close()
	v.mu.Lock()
	select {
	case <-v.over:
		v.mu.Unlock()
		return
	default:
	}
	v.open = append(v.open, c)
	v.work.Add(1)
	v.mu.Unlock()
	defer v.work.Done()
	talk(c)
}

// send sends a text; false when the client has gone.
func send(c *websocket.Conn, format string, args ...any) bool {
	return c.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, format, args...)) == nil
}

// bye closes c with a reason, of which a frame has room for 123 bytes.
func bye(c *websocket.Conn, code int, reason string) {
	_ = c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason[:min(len(reason), 123)]), time.Now().Add(time.Second)) // they may be gone
}
