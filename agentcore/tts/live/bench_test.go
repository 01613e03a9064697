package live

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/media"
)

// singer is parrot's protocol at the speed of light: it answers each phrase at
// once with a word, and tells when it began to.
type singer struct {
	began chan time.Time
	gone  chan time.Time // when the client went in mid-phrase; nil: phrases end
	work  sync.WaitGroup
}

func (s *singer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.work.Add(1)
	defer s.work.Done()
	c, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
	if err != nil {
		return // the client is gone already
	}
	defer c.Close()
	for {
		if _, _, err := c.ReadMessage(); err != nil {
			return
		}
		s.began <- time.Now()
		c.WriteMessage(websocket.BinaryMessage, hum)
		if s.gone != nil {
			_, _, _ = c.ReadMessage()
			s.gone <- time.Now()
			return
		}
		c.WriteMessage(websocket.TextMessage, []byte(`{"done":true}`))
	}
}

// sing starts a singer, far off if far is positive: so long one way, by TLS.
func sing(b *testing.B, s *singer, far, warm time.Duration) (v *Voice, url string) {
	s.began = make(chan time.Time, 1)
	server := httptest.NewUnstartedServer(s)
	cfg := Config{Provider: "singer", Format: Mulaw8k, Warm: warm}
	if url = "ws://"; far > 0 {
		server.StartTLS()
		url, cfg.TLS = "wss://", &tls.Config{InsecureSkipVerify: true}
	} else {
		server.Start()
	}
	host := server.Listener.Addr().String()
	if far > 0 {
		host = away(b, host, far)
	}
	url += host
	cfg.Protocol = func() Protocol { return &talk{url: url} }
	v, err := New(cfg)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		v.Close()
		server.CloseClientConnections()
		server.Close()
		s.work.Wait()
	})
	return v, url
}

// BenchmarkFirstFrame is how long it takes from a provider's first byte to the
// first frame for the line, on a connection that stands, and to a bare websocket
// client that looks at nothing, in turn.
func BenchmarkFirstFrame(b *testing.B) {
	s := &singer{}
	v, url := sing(b, s, 0, 0)
	bare, _, err := websocket.DefaultDialer.DialContext(b.Context(), url, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer bare.Close()
	var ours, theirs []time.Duration
	for b.Loop() {
		ours = append(ours, firstFrame(b, v).Sub(<-s.began))
		if err := bare.WriteMessage(websocket.TextMessage, []byte(`{"say":"word"}`)); err != nil {
			b.Fatal(err)
		}
		if _, _, err := bare.ReadMessage(); err != nil {
			b.Fatal(err)
		}
		theirs = append(theirs, time.Since(<-s.began))
		if _, _, err := bare.ReadMessage(); err != nil { // done
			b.Fatal(err)
		}
	}
	report(b, ours, "voice")
	report(b, theirs, "bare")
}

// BenchmarkConnection is a phrase of a provider that is 10 ms off one way, until
// its first frame: on a connection that stands, and on a new one.
func BenchmarkConnection(b *testing.B) {
	for name, warm := range map[string]time.Duration{"warm": time.Minute, "cold": -1} {
		b.Run(name, func(b *testing.B) {
			s := &singer{}
			v, _ := sing(b, s, 10*time.Millisecond, warm)
			firstFrame(b, v)
			<-s.began
			var all []time.Duration
			for b.Loop() {
				asked := time.Now()
				all = append(all, firstFrame(b, v).Sub(asked))
				<-s.began
			}
			report(b, all, "phrase")
		})
	}
}

// BenchmarkLetGo is how long after the end of a phrase's context the provider
// sees that nobody listens any more.
func BenchmarkLetGo(b *testing.B) {
	s := &singer{gone: make(chan time.Time)}
	v, _ := sing(b, s, 0, 0)
	var all []time.Duration
	for b.Loop() {
		ctx, cancel := context.WithCancel(b.Context())
		var ended time.Time
		_ = v.Speak(ctx, "word", tts.Frames(func(*media.Frame) error { // it is canceled
			if ended.IsZero() {
				ended = time.Now()
				cancel()
			}
			return nil
		}))
		<-s.began
		all = append(all, (<-s.gone).Sub(ended))
	}
	report(b, all, "letgo")
}

// firstFrame speaks a word, and tells when its first frame came.
func firstFrame(b *testing.B, v *Voice) (at time.Time) {
	err := v.Speak(b.Context(), "word", tts.Frames(func(*media.Frame) error {
		if at.IsZero() {
			at = time.Now()
		}
		return nil
	}))
	if err != nil || at.IsZero() {
		b.Fatal("no frame:", err)
	}
	return at
}

// report tells the median and the worst of a hundred, in milliseconds.
func report(b *testing.B, all []time.Duration, what string) {
	slices.Sort(all)
	at := func(q float64) float64 { return float64(all[int(q*float64(len(all)-1))].Microseconds()) / 1000 }
	b.ReportMetric(at(.5), "p50-ms/"+what)
	b.ReportMetric(at(.99), "p99-ms/"+what)
	b.ReportMetric(0, "ns/op")
}

// BenchmarkPour is a second of sound, in messages of 100 ms, made frames of.
func BenchmarkPour(b *testing.B) {
	for _, f := range []Format{Mulaw8k, {Rate: 8000}, {Rate: 16000}, {Rate: 22050}, {Rate: 24000}, {Rate: 44100}} {
		b.Run(f.String(), func(b *testing.B) {
			p, err := NewPour(f, tts.Frames(func(*media.Frame) error { return nil }))
			if err != nil {
				b.Fatal(err)
			}
			piece := []byte(strings.Repeat("a sound!", f.Rate/10/4)) // 16 bit
			if f.Mulaw {
				piece = piece[:len(piece)/2]
			}
			b.ReportAllocs()
			for b.Loop() {
				for range 10 {
					if err := p.Write(piece); err != nil {
						b.Fatal(err)
					}
				}
				p.samples = 0 // it is not one long phrase
			}
		})
	}
}

// Once a phrase is under way, its frames cost no memory, whatever they come as.
func TestAFrameAllocatesNothing(t *testing.T) {
	for _, f := range []Format{Mulaw8k, {Rate: 8000}, {Rate: 24000}, {Rate: 44100}} {
		p, err := NewPour(f, tts.Frames(func(*media.Frame) error { return nil }))
		if err != nil {
			t.Fatal(err)
		}
		piece := make([]byte, f.Rate/5)
		if n := testing.AllocsPerRun(200, func() {
			if err := p.Write(piece); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%v: %v allocations", f, n)
		}
	}
}

// away is host at a distance: each byte needs so long one way, and so does what
// TCP says before the first.
func away(b *testing.B, host string, far time.Duration) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	var work sync.WaitGroup
	work.Go(func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			work.Go(func() {
				time.Sleep(2 * far) // SYN and its answer
				there, err := net.Dial("tcp", host)
				if err != nil {
					near.Close()
					return
				}
				var both sync.WaitGroup
				both.Go(func() { carry(there, near, far) })
				both.Go(func() { carry(near, there, far) })
				both.Wait()
			})
		}
	})
	b.Cleanup(func() { l.Close(); work.Wait() })
	return l.Addr().String()
}

// carry copies, each piece so much later; the end of one side is that of both.
func carry(to, from net.Conn, later time.Duration) {
	type piece struct {
		data []byte
		due  time.Time
	}
	way := make(chan piece, 64)
	var work sync.WaitGroup
	work.Go(func() {
		for p := range way {
			time.Sleep(time.Until(p.due))
			_, _ = to.Write(p.data) // who is gone reads nothing
		}
	})
	buf := make([]byte, 16<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			way <- piece{slices.Clone(buf[:n]), time.Now().Add(later)}
		}
		if err != nil {
			break
		}
	}
	close(way)
	work.Wait()
	to.Close()
	from.Close()
}
