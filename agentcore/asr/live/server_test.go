package live_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/asr/asrtest"
	"github.com/hookswitch/hookswitch/agentcore/asr/live"
	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/provider/providertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const key = "a-very-secret-key"

// plain is a protocol of our own: binary sound, one word of text for each order,
// a JSON of live.Heard for each answer.
type plain struct {
	url   string
	quiet bool // no keep-alive
	slow  bool // wants its hello answered
	greet bool // it was
	blind bool // has no Finalize
}

func (p *plain) Dial() (string, http.Header, []string) {
	return p.url, http.Header{"X-Key": {key}}, []string{"plain"}
}

func orders(text string) []live.Message { return []live.Message{{Data: []byte(text)}} }

func (p *plain) Hello() []live.Message {
	if p.slow {
		return orders("hello")
	}
	return nil
}
func (p *plain) Ready() bool { return !p.slow || p.greet }
func (p *plain) Audio(dst, sound []byte) live.Message {
	return live.Message{Binary: true, Data: append(dst, sound...)}
}

func (p *plain) Finalize() []live.Message {
	if p.blind {
		return nil
	}
	return orders("finalize")
}

func (p *plain) KeepAlive() []live.Message {
	if p.quiet {
		return nil
	}
	return orders("alive")
}
func (p *plain) Bye() []live.Message { return orders("bye") }

func (p *plain) Take(m live.Message) ([]live.Heard, error) {
	if string(m.Data) == "welcome" {
		p.greet = true
		return nil, nil
	}
	if string(m.Data) == "busy" {
		return nil, provider.New("plain", "stream", provider.RateLimited, errors.New("busy"))
	}
	var h struct {
		live.Heard
		Err string
	}
	if err := json.Unmarshal(m.Data, &h); err != nil {
		return nil, err
	}
	if h.Err != "" {
		h.Heard.Err = provider.New("plain", "stream", provider.Refused, errors.New(h.Err))
	}
	return []live.Heard{h.Heard}, nil
}

// server speaks plain. play answers each connection, the next for each.
type server struct {
	*httptest.Server
	mu    sync.Mutex
	plays []func(*conn)
	conns []*conn
	open  []*websocket.Conn
	over  bool
	work  sync.WaitGroup
	wire  *providertest.Wire
}

// conn is one connection, as the server sees it.
type conn struct {
	t     *testing.T
	ws    *websocket.Conn
	ear   *asrtest.Ear
	sound []byte
	sizes []int
	times []time.Time
	got   []string     // orders
	read  atomic.Int32 // messages of either kind
	ended chan struct{}
}

// serve starts a server, and a recogniser that dials it. Unless change says
// otherwise, only a machine that stands still could spend its patience.
func serve(t *testing.T, f live.Format, change func(*live.Config, *plain), plays ...func(*conn)) (*live.Recognizer, *server) {
	t.Helper()
	s := &server{plays: plays, wire: &providertest.Wire{}}
	up := websocket.Upgrader{Subprotocols: []string{"plain"}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Key") != key {
			t.Errorf("key = %q", r.Header.Get("X-Key"))
		}
		c, err := up.Upgrade(w, r, nil)
		if err != nil {
			return // the client is gone already
		}
		defer c.Close()
		if !s.enter(c) {
			return
		}
		defer s.work.Done()
		n := &conn{t: t, ws: c, ear: asrtest.NewEar(f.Rate(), f == live.Mulaw), ended: make(chan struct{})}
		defer close(n.ended)
		s.mu.Lock()
		play := s.plays[min(len(s.conns), len(s.plays)-1)]
		s.conns = append(s.conns, n)
		s.mu.Unlock()
		play(n)
	}))
	address := s.wire.Listen(t, s.Listener.Addr().String())
	p := plain{url: "ws://" + address}
	cfg := live.Config{Provider: "plain", Format: f, Patience: providertest.None.Patience(), FinalWait: 10 * time.Second}
	if change != nil {
		change(&cfg, &p)
	}
	cfg.Protocol = func(asr.Options) live.Protocol { one := p; return &one }
	r, err := live.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.end)
	return r, s
}

// enter counts a connection; false when the test is over.
func (s *server) enter(c *websocket.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return false
	}
	s.work.Add(1)
	s.open = append(s.open, c)
	return true
}

func (s *server) end() {
	s.mu.Lock()
	s.over = true
	for _, c := range s.open {
		c.Close()
	}
	s.mu.Unlock()
	s.work.Wait()
	s.Close()
}

// conn waits for the nth connection, from 0.
func (s *server) conn(t *testing.T, n int) *conn {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		s.mu.Lock()
		if len(s.conns) > n {
			defer s.mu.Unlock()
			return s.conns[n]
		}
		s.mu.Unlock()
	}
	t.Fatalf("no connection number %d", n)
	return nil
}

// next is the next order; sound before it is heard. Empty: the client is gone.
func (c *conn) next() string {
	for {
		kind, data, err := c.ws.ReadMessage()
		if err != nil {
			return ""
		}
		c.times = append(c.times, time.Now())
		c.read.Add(1)
		if kind == websocket.BinaryMessage {
			c.sound = append(c.sound, data...)
			c.sizes = append(c.sizes, len(data))
			c.ear.Hear(data)
			continue
		}
		c.got = append(c.got, string(data))
		return string(data)
	}
}

func (c *conn) say(h live.Heard) {
	b, err := json.Marshal(h)
	if err != nil {
		c.t.Error(err)
	}
	c.raw(string(b))
}

func (c *conn) raw(text string) { _ = c.ws.WriteMessage(websocket.TextMessage, []byte(text)) } // they may be gone

// works recognises: a guess and the settled words upon each Finalize.
func works(c *conn) {
	for order := c.next(); order != ""; order = c.next() {
		switch order {
		case "hello":
			c.raw("welcome")
		case "finalize":
			said := c.ear.Take()
			first, _, _ := strings.Cut(said, " ")
			c.say(live.Heard{Text: first})
			c.say(live.Heard{Text: said, Settled: true, Confidence: 0.5})
			c.say(live.Heard{Finalized: true})
		}
	}
}

// silent takes everything and says nothing.
func silent(c *conn) {
	for c.next() != "" {
	}
}
