package ttstest

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/provider/providertest"
	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/media"
)

// longestFault is when a phrase must be over, whatever happens to it: far beyond
// [providertest.Patience], which voices under test have.
const longestFault = 20 * time.Second

// Faults checks that a voice over a network survives everything that happens at
// a provider: each fault ends the phrase soon, with an error of its class that
// shows none of secrets, and without a frame afterwards; a crawling or a hasty
// server is no fault. open returns a voice at a server that has f, and cleans up
// by t.Cleanup; it skips what the provider does not have.
func Faults(t *testing.T, open func(t *testing.T, f providertest.Fault) tts.Synthesizer, secrets ...string) {
	for _, f := range providertest.Faults {
		t.Run(string(f), func(t *testing.T) {
			_, err := fated(t, open(t, f))
			if err == nil {
				t.Fatal("the phrase was spoken without an error")
			}
			providertest.Check(t, f, err, append(secrets, phrase)...)
		})
	}
	for _, f := range []providertest.Fault{providertest.Slow, providertest.Fast} {
		t.Run(string(f), func(t *testing.T) {
			frames, err := fated(t, open(t, f))
			if err != nil || frames < 10 {
				t.Errorf("%d frames and %v, want the whole phrase", frames, err)
			}
		})
	}
}

const phrase = "Of course. Which day would suit you best?"

// fated speaks a phrase and tells how many frames came.
func fated(t *testing.T, s tts.Synthesizer) (int, error) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), longestFault)
	defer stop()
	var over atomic.Bool
	frames := 0
	err := s.Speak(ctx, phrase, tts.Frames(func(*media.Frame) error {
		if frames++; over.Load() {
			t.Error("a frame came after the phrase was over")
		}
		return nil
	}))
	over.Store(true)
	if ctx.Err() != nil {
		t.Errorf("the phrase was not over within %v", longestFault)
	}
	return frames, err
}
