package live_test

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/asr/live"
	"github.com/hookswitch/hookswitch/media"
)

// deafen opens a stream to a server that looks at nothing, allocates nothing,
// and tells of each message that comes.
func deafen(t testing.TB, f live.Format) (s asr.Stream, came <-chan struct{}) {
	t.Helper()
	message := make(chan struct{}, 1)
	var work sync.WaitGroup
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		work.Add(1)
		defer work.Done()
		c, err := (&websocket.Upgrader{Subprotocols: []string{"plain"}}).Upgrade(w, r, nil)
		if err != nil {
			return // the client is gone already
		}
		defer c.Close()
		buf := make([]byte, 64<<10)
		for {
			if _, err := c.NetConn().Read(buf); err != nil {
				return
			}
			select {
			case message <- struct{}{}:
			default:
			}
		}
	}))
	r, err := live.New(live.Config{
		Provider: "plain", Format: f,
		Protocol: func(asr.Options) live.Protocol { return &plain{url: "ws" + server.URL[len("http"):]} },
	})
	if err != nil {
		t.Fatal(err)
	}
	if s, err = r.Open(t.Context(), asr.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Close()
		server.Close()
		work.Wait()
	})
	return s, message
}

// lump writes two frames and waits until they have arrived.
func lump(t testing.TB, s asr.Stream, f *media.Frame, came <-chan struct{}) {
	if !s.Write(f) || !s.Write(f) {
		t.Fatal("a frame was dropped")
	}
	<-came
}

// Nothing of ours allocates for a frame, from the line to the wire. The
// websocket library does, once for each message: two frames.
func TestAFrameAllocatesNothing(t *testing.T) {
	for _, f := range []live.Format{live.Mulaw, live.PCM16k, "pcm_44100"} {
		s, came := deafen(t, f)
		var frame media.Frame
		for range 10 {
			lump(t, s, &frame, came)
		}
		if n := testing.AllocsPerRun(500, func() { lump(t, s, &frame, came) }); n > 1 {
			t.Errorf("%s: %v allocations for a message", f, n)
		}
	}
}

// BenchmarkEncode is a frame made what a provider is sent.
func BenchmarkEncode(b *testing.B) {
	for _, f := range []live.Format{live.Mulaw, live.PCM8k, live.PCM16k, live.PCM24k, "pcm_44100", live.PCM48k} {
		b.Run(string(f), func(b *testing.B) {
			e, err := live.NewEncoder(f)
			if err != nil {
				b.Fatal(err)
			}
			var frame media.Frame
			for i := range frame {
				frame[i] = int16(i*7919%8000 - 4000)
			}
			dst := make([]byte, 0, 4096)
			b.ReportAllocs()
			for b.Loop() {
				dst = e.Encode(dst[:0], &frame)
			}
		})
	}
}

// BenchmarkLump is two frames from the line into the hands of a server on this
// machine, one message at a time.
func BenchmarkLump(b *testing.B) {
	s, came := deafen(b, live.Mulaw)
	var frame media.Frame
	lump(b, s, &frame, came)
	b.ReportAllocs()
	for b.Loop() {
		lump(b, s, &frame, came)
	}
}
