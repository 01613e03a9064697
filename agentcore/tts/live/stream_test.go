package live

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/provider/providertest"
	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/agentcore/tts/ttstest"
	"github.com/hookswitch/hookswitch/media"
)

// reader is a voice over HTTP.
type reader struct {
	url    string
	client *http.Client
	fault  providertest.Fault
}

func (r *reader) Speak(ctx context.Context, text string, out tts.Sink) error {
	if !Speakable(text) {
		return nil
	}
	p, err := NewPour(Mulaw8k, out)
	if err != nil {
		return err
	}
	return Stream(ctx, "reader", r.fault.Patience(), func(ctx context.Context) (*http.Response, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.url, nil)
		if err != nil {
			return nil, err
		}
		req.Header.Set("Authorization", "Bearer "+key)
		req.Header.Set("X-Text", Clean(text))
		return r.client.Do(req)
	}, p)
}

// read starts a server that answers with what it is asked to read, and a voice
// in front of it.
func readAloud(t *testing.T, f providertest.Fault) (*reader, *providertest.Wire) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status := map[providertest.Fault]int{
			providertest.WrongKey: 401, providertest.NoMoney: 402, providertest.RateLimited: 429,
			providertest.BadRequest: 400, providertest.Broken: 503,
		}[f]
		if status != 0 {
			w.Header().Set("Retry-After", "7")
			http.Error(w, key, status)
			return
		}
		w.Header().Set("Content-Type", "audio/basic")
		words := 1
		for _, c := range r.Header.Get("X-Text") {
			if c == ' ' {
				words++
			}
		}
		for i := range words {
			w.Write(hum)
			http.NewResponseController(w).Flush()
			if i == words/2 && f == providertest.Closes {
				panic(http.ErrAbortHandler)
			}
		}
	}))
	wire := &providertest.Wire{Fault: f, After: 2500}
	host := wire.Listen(t, s.Listener.Addr().String())
	client := provider.NewClient(f.Patience().Connect)
	t.Cleanup(func() { client.CloseIdleConnections(); s.CloseClientConnections(); s.Close() })
	return &reader{"http://" + host, client, f}, wire
}

func TestOverHTTP(t *testing.T) {
	ttstest.Run(t, func(t *testing.T) tts.Synthesizer { r, _ := readAloud(t, providertest.None); return r })
}

func TestEveryFaultOverHTTPIsSurvived(t *testing.T) {
	ttstest.Faults(t, func(t *testing.T, f providertest.Fault) tts.Synthesizer {
		switch f {
		case providertest.SaysError, providertest.TalksRot, providertest.TooLarge:
			t.Skip("the body is sound and nothing else")
		}
		r, _ := readAloud(t, f)
		return r
	}, key, "127.0.0.1")
}

func TestCancelClosesTheRequest(t *testing.T) {
	r, wire := readAloud(t, providertest.StallsIn)
	over := errors.New("the caller spoke")
	ctx, cancel := context.WithCancelCause(t.Context())
	err := r.Speak(ctx, "One two three.", tts.Frames(func(*media.Frame) error { cancel(over); return nil }))
	if !errors.Is(err, over) || provider.ClassOf(err) != provider.Canceled {
		t.Errorf("Speak = %v, want canceled", err)
	}
	soon(t, "the request is closed", func() bool { return wire.Open() == 0 })
}

func TestAnAnswerThatIsNoSound(t *testing.T) {
	for name, answer := range map[string]func(w http.ResponseWriter){
		"a page":  func(w http.ResponseWriter) { w.Header().Set("Content-Type", "text/html"); w.Write(make([]byte, 999)) },
		"JSON":    func(w http.ResponseWriter) { w.Header().Set("Content-Type", "application/json"); w.Write([]byte("{}")) },
		"nothing": func(w http.ResponseWriter) { w.Header().Set("Content-Type", "audio/basic") },
		"endless": func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "audio/basic")
			for end := time.Now().Add(time.Minute); time.Now().Before(end); {
				if _, err := w.Write(hum); err != nil {
					return
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { answer(w) }))
			defer s.Close()
			r := &reader{s.URL, s.Client(), providertest.None}
			n, err := say(t.Context(), r, "One word.")
			if provider.ClassOf(err) != provider.Garbage || name != "endless" && n > 0 {
				t.Errorf("%d frames, %v; want garbage", n, err)
			}
		})
	}
}
