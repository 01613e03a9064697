package ws_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/hookswitch/hookswitch/agentcore/provider/ws"
)

func TestAPingIsASignOfLife(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		_, _, _ = c.ReadMessage() // answers pings, until the client is gone
	}))
	defer s.Close()
	c, err := ws.Dial(t.Context(), ws.Config{Provider: "acme", URL: strings.Replace(s.URL, "http", "ws", 1)})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); _, _, _ = c.Read(0) }()
	if at := c.Heard(); !at.IsZero() {
		t.Errorf("heard at %v before anything was said", at)
	}
	if err := c.Ping(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(5 * time.Second); c.Heard().IsZero(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("no sign of life")
		}
	}
	c.Close()
	<-done
	if err := c.Ping(); err == nil {
		t.Error("a ping of a closed connection succeeds")
	}
}
