package bench

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// Whose calls the counting carrier places.
const (
	countedAccount = "AC000000000000000000000000000000be"
	countedToken   = "0123456789abcdef0123456789abcdef"
)

// ringsFor is how long a callee of the counting carrier rings before it is busy.
const ringsFor = 200 * time.Millisecond

// counter is a carrier that takes every call, notes when, and soon says that the
// callee is busy. It is behind the gateway's real client.
type counter struct {
	*httptest.Server
	address string // of the gateway
	*carrier
	callbacks sync.WaitGroup

	mu    sync.Mutex
	calls []counted
	lost  []error // callbacks that were not taken
}

// counted is one call that was asked for.
type counted struct {
	to   string
	at   time.Time
	over time.Time // when the callee was busy
}

// newCounter starts one for a gateway that is to listen at a free address.
func newCounter(b *testing.B) *counter {
	b.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer free.Close()
	c := &counter{address: free.Addr().String()}
	c.carrier = newCarrier(countedAccount, countedToken, c.address)
	c.Server = httptest.NewServer(http.HandlerFunc(c.serve))
	b.Cleanup(func() {
		c.callbacks.Wait()
		c.Server.Close()
		c.carrier.close()
	})
	return c
}

// flags make a gateway call through c, that many a second.
func (c *counter) flags(rate string) []string {
	return []string{"listen=" + c.address, "public-url=http://" + c.address, "carrier=twilio", "twilio-account-sid=" + countedAccount,
		"twilio-auth-token=" + countedToken, "twilio-api-base=" + c.URL, "twilio-cps=" + rate}
}

// serve answers the gateway's REST requests.
func (c *counter) serve(w http.ResponseWriter, r *http.Request) {
	at := time.Now()
	if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/Calls.json") || r.ParseForm() != nil {
		http.Error(w, `{"code":20404,"status":404,"message":"not found"}`, http.StatusNotFound)
		return
	}
	back, err := url.Parse(r.Form.Get("StatusCallback"))
	if err != nil {
		http.Error(w, `{"code":21609,"status":400,"message":"no StatusCallback"}`, http.StatusBadRequest)
		return
	}
	to := r.Form.Get("To")
	c.mu.Lock()
	n := len(c.calls)
	c.calls = append(c.calls, counted{to: to, at: at})
	c.mu.Unlock()
	id := idsOf(countedAccount, n)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	json.NewEncoder(w).Encode(map[string]string{"sid": id.call, "status": "queued"})
	c.callbacks.Go(func() { c.busy(n, back.RequestURI(), id, to) })
}

// busy tells the gateway that the callee of call n is busy.
func (c *counter) busy(n int, path string, id ids, to string) {
	time.Sleep(ringsFor) // it rings
	over := time.Now()
	_, err := c.post(context.Background(), path, id, to, "busy")
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls[n].over = over
	if err != nil {
		c.lost = append(c.lost, err)
	}
}

// seen are the calls so far, in the order in which they were asked for.
func (c *counter) seen() ([]counted, []error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]counted(nil), c.calls...), c.lost
}
