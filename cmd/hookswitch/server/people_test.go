package server_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenttest"
	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/vad"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// converses speaks with the hum, and understands the same in every noise.
func converses(context.Context) (*server.Speech, error) {
	return &server.Speech{
		Voice: hum{}, Speaks: "hum", Recognizer: single("an appointment on Tuesday at ten, please"), Hears: "one sentence",
		Detector: func() (vad.Detector, error) { return agenttest.Detector{}, nil },
	}, nil
}

// single is a recogniser that hears this sentence whenever somebody has spoken.
type single string

func (s single) Open(context.Context, asr.Options) (asr.Stream, error) {
	return &singleStream{text: string(s), results: make(chan asr.Result, 64)}, nil
}

type singleStream struct {
	text    string
	mu      sync.Mutex
	closed  bool
	results chan asr.Result
}

func (s *singleStream) Write(*media.Frame) bool    { return true }
func (s *singleStream) Results() <-chan asr.Result { return s.results }

func (s *singleStream) Signal(what asr.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if what == asr.Ended && !s.closed {
		s.results <- asr.Result{Text: s.text, Final: true}
	}
}

func (s *singleStream) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.closed = true
		close(s.results)
	}
	return nil
}

// caller is somebody who does what the test says, when it says so.
type caller struct {
	noisy atomic.Bool
	press atomic.Int32 // a key, once
}

func (c *caller) Tick(_ time.Duration, _, say *media.Frame) handset.Touch {
	if c.noisy.Load() {
		*say = handset.Loud(media.FrameDuration)[0]
	}
	return handset.Touch{Digit: byte(c.press.Swap(0))}
}

// told is a webhook's receiver, and what it was told.
type told struct {
	*httptest.Server
	mu    sync.Mutex
	posts []post
}

type post struct {
	header http.Header
	body   string
}

// receives starts a receiver. answer may be nil: it then takes everything.
func receives(t *testing.T, answer func(n int, w http.ResponseWriter, r *http.Request)) *told {
	p := &told{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("a webhook's body: %v", err)
		}
		p.mu.Lock()
		p.posts = append(p.posts, post{r.Header, string(body)})
		n := len(p.posts)
		p.mu.Unlock()
		if answer != nil {
			answer(n, w, r)
		}
	}))
	t.Cleanup(func() {
		p.CloseClientConnections()
		p.Close()
	})
	return p
}

func (p *told) all() []post {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.posts[:len(p.posts):len(p.posts)]
}
