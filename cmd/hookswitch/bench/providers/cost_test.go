package providers_test

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/asr/live"
	"github.com/hookswitch/hookswitch/media"
)

// A frame's whole way to a provider, over a recogniser's replacement, its meter
// and a websocket, costs no memory of ours, in whatever format it goes. The
// websocket library allocates once for a message, which is two frames.
func TestAFrameToAProviderAllocatesNothing(t *testing.T) {
	for _, f := range []live.Format{live.Mulaw, live.PCM16k, "pcm_44100"} {
		there := &sink{}
		server := httptest.NewServer(there)
		r := recogniser(t, server.URL, f)
		s := stream(t, whole(r, r))
		frame := noise
		message := func() {
			before := there.bytes.Load()
			if !s.Write(&frame) || !s.Write(&frame) {
				t.Fatal("a frame was dropped")
			}
			for there.bytes.Load() == before {
				time.Sleep(100 * time.Microsecond)
			}
		}
		for range 100 { // past what a stream begins with
			message()
		}
		n := testing.AllocsPerRun(100, func() {
			for range 10 {
				message()
			}
		})
		if n > 11 { // one of a hundred is the runtime's, when it tidies up
			t.Errorf("%s: %v allocations for ten messages of two frames", f, n)
		}
		s.Close()
		server.Close()
	}
}

// A call keeps some seconds of sound for a network that is slow and a provider
// that must be replaced, and not all that it might come to need.
func TestACallKeepsLittleMemory(t *testing.T) {
	const calls, most = 50, 250 << 10
	server := httptest.NewServer(&sink{})
	defer server.Close()
	r := recogniser(t, server.URL, live.Mulaw)
	before, _ := memory(t)
	all := make([]asr.Stream, calls)
	for i := range all {
		all[i] = stream(t, whole(r, r))
	}
	for began, frame := time.Now(), noise; time.Since(began) < 3*time.Second; time.Sleep(media.FrameDuration) {
		for _, s := range all {
			s.Write(&frame)
		}
	}
	after, _ := memory(t)
	if each := (after - before) / calls; each > most { // the server's half included
		t.Errorf("%d KiB a call, want at most %d", each>>10, most>>10)
	}
	for _, s := range all {
		s.Close()
	}
}
