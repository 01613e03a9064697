package whisper_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/asr/asrtest"
	"github.com/hookswitch/hookswitch/agentcore/asr/whisper"
	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/provider/providertest"
)

// hang answers nothing until the client goes away.
func hang(began, over chan<- struct{}) http.HandlerFunc {
	return func(_ http.ResponseWriter, r *http.Request) {
		close(began)
		<-r.Context().Done()
		close(over)
	}
}

// failing answers with a status.
func failing(status int, did chan<- struct{}) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, status, "server_error")
		did <- struct{}{}
	}
}

// faulty is a recogniser whose server has f.
func faulty(t *testing.T, f providertest.Fault) *whisper.Recognizer {
	_, s := serve(t, nil)
	// The answer's head is some 130 bytes long: the fault falls into its body.
	wire := &providertest.Wire{Fault: f, After: 150}
	base := "http://" + wire.Listen(t, strings.TrimPrefix(s.URL, "http://"))
	r := s.client(t, base, func(c *whisper.Config) {
		c.Patience = patience(f)
		if f == providertest.WrongKey {
			c.Key += "r"
		}
	})
	switch f {
	case providertest.NoMoney:
		s.instead(func(w http.ResponseWriter, _ *http.Request) { refuse(w, 429, "insufficient_quota") })
	case providertest.RateLimited:
		s.instead(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			refuse(w, 429, "rate_limit_exceeded")
		})
	case providertest.BadRequest:
		s.instead(func(w http.ResponseWriter, _ *http.Request) { refuse(w, 400, "invalid_value") })
	case providertest.Broken:
		s.instead(func(w http.ResponseWriter, _ *http.Request) { refuse(w, 503, "server_error") })
	case providertest.Closes:
		s.instead(func(w http.ResponseWriter, _ *http.Request) {
			conn, buf, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			fmt.Fprint(buf, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 60\r\n\r\n{\"text\": \"one")
			buf.Flush()
			conn.Close()
		})
	case providertest.SaysError:
		s.instead(func(w http.ResponseWriter, _ *http.Request) { refuse(w, 200, "server_error") })
	case providertest.TalksRot:
		s.instead(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>see my notes on Tuesday") })
	case providertest.TooLarge:
		s.instead(func(w http.ResponseWriter, _ *http.Request) { answer(w, strings.Repeat("word ", 1<<18)) })
	}
	return r
}

func TestEveryFaultIsToldAsWhatItIs(t *testing.T) {
	asrtest.Faults(t, func(t *testing.T, f providertest.Fault) asr.Recognizer { return faulty(t, f) }, key, "Tuesday", "127.0.0.1")
}

func TestOneFailureDoesNotEndTheStream(t *testing.T) {
	r, s := serve(t, nil)
	s.instead(func(w http.ResponseWriter, _ *http.Request) { refuse(w, 500, "server_error") })
	c := asrtest.Open(t, r, asr.Options{})
	if got := final(c, asrtest.Sung("one")); provider.ClassOf(got.Err) != provider.Unavailable {
		t.Errorf("result = %+v, want Unavailable", got)
	}
	s.instead(nil)
	if got := final(c, asrtest.Sung("two")); got.Text != "two" || got.Err != nil {
		t.Errorf("result = %+v", got)
	}
}

func TestCloseReallyEndsTheRequest(t *testing.T) {
	_, s := serve(t, nil)
	wire := &providertest.Wire{}
	r := s.client(t, "http://"+wire.Listen(t, strings.TrimPrefix(s.URL, "http://")), nil)
	began, over := make(chan struct{}), make(chan struct{})
	s.instead(hang(began, over))
	stream, err := r.Open(t.Context(), asr.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := asrtest.Call{Stream: stream}
	c.Say(asrtest.Sung("one"))
	c.Signal(asr.Ended)
	<-began
	if err := stream.Close(); err != nil {
		t.Errorf("Close() = %v", err)
	}
	<-over
	for wire.Open() > 0 {
		time.Sleep(time.Millisecond)
	}
	if r, open := <-stream.Results(); open {
		t.Errorf("after Close: %+v", r)
	}
}

func TestNoMoreRequestsAtOnceThanAllowed(t *testing.T) {
	for _, most := range []int{1, 3} {
		r, s := serve(t, func(c *whisper.Config) { c.AtOnce = most })
		full := make(chan struct{})
		var come atomic.Int32
		s.instead(func(w http.ResponseWriter, _ *http.Request) {
			if come.Add(1) == int32(most) {
				close(full)
			}
			select {
			case <-full:
			case <-time.After(10 * time.Second): // they never are so many
			}
			time.Sleep(20 * time.Millisecond) // in which one too many would come
			answer(w, "la")
		})
		c := asrtest.Open(t, r, asr.Options{})
		for range 6 {
			c.Say(asrtest.Sung("one"))
			c.Signal(asr.Ended)
		}
		for range 6 {
			if got := c.Final(); got.Text != "la" || got.Err != nil {
				t.Errorf("result = %+v", got)
			}
		}
		if s.most != most {
			t.Errorf("%d requests at once, want %d", s.most, most)
		}
	}
}

func TestFinalsKeepTheirOrderThoughALaterAnswerIsFirst(t *testing.T) {
	r, s := serve(t, nil)
	second := make(chan struct{})
	var n int
	s.instead(func(w http.ResponseWriter, _ *http.Request) {
		s.mu.Lock()
		n++
		mine := n
		s.mu.Unlock()
		if mine == 1 {
			<-second
			answer(w, "first")
			return
		}
		answer(w, "second")
		close(second)
	})
	c := asrtest.Open(t, r, asr.Options{})
	c.Say(asrtest.Sung("one"))
	c.Signal(asr.Ended)
	for {
		if len(s.requests()) == 1 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	c.Say(asrtest.Sung("two"))
	c.Signal(asr.Ended)
	if a, b := c.Final(), c.Final(); a.Text != "first" || b.Text != "second" {
		t.Errorf("results = %+v, then %+v", a, b)
	}
}

// A reader that never comes, and more than the queue takes: each Ended is
// answered all the same, the late ones with an error.
func TestWhatCanNotBeKeptIsAnError(t *testing.T) {
	r, _ := serve(t, nil)
	c := asrtest.Open(t, r, asr.Options{})
	const said = 400
	for range said {
		c.Signal(asr.Began)
		c.Signal(asr.Ended)
	}
	failed := 0
	for range said {
		got := c.Final()
		var e *provider.Error
		switch {
		case errors.As(got.Err, &e) && e.Class == provider.Unavailable:
			failed++
		case got.Err != nil || got.Text != "":
			t.Fatalf("result = %+v", got)
		case failed > 0:
			t.Fatal("a result after those that were given up")
		}
	}
	if failed == 0 {
		t.Error("nothing was given up: the test is too small")
	}
}
