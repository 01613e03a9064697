// Package booth is what commands need that put somebody at the far end of a
// simulated call and show it on a screen: a voice, level meters, and the end of
// the call as both sides see it.
package booth

import (
	"context"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// Voice lets synth speak a caller's lines.
func Voice(synth tts.Synthesizer) handset.Voice {
	return func(ctx context.Context, text string) (frames []media.Frame, err error) {
		err = synth.Speak(ctx, text, tts.Frames(func(f *media.Frame) error {
			frames = append(frames, *f)
			return nil
		}))
		return frames, err
	}
}

// Metered is h, whose sound is also shown on the live line.
func Metered(h handset.Handset, m *show.Meters) handset.Handset {
	return handset.Func(func(now time.Duration, hear, say *media.Frame) handset.Touch {
		touch := h.Tick(now, hear, say)
		m.Record(say, hear)
		return touch
	})
}
