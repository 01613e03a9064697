package ttstest

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	"go.uber.org/goleak"

	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/media"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// hummer hums each word for 200 ms, a frame at a time, after lag.
type hummer struct{ lag time.Duration }

func (h hummer) Speak(ctx context.Context, text string, out tts.Sink) error {
	words := strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for range words {
		select {
		case <-time.After(h.lag):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		for range 10 {
			var f media.Frame
			for i := range f {
				f[i] = int16(3000 * (i % 8))
			}
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if err := out.Frame(&f); err != nil {
				return err
			}
		}
	}
	return nil
}

func TestAWorkingFakePasses(t *testing.T) {
	Run(t, func(*testing.T) tts.Synthesizer { return hummer{time.Millisecond} })
}

func TestTheFakeKeepsVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		if n := len(Speak(t, hummer{time.Second}, "three whole words")); n != 30 {
			t.Errorf("%d frames, want 30", n)
		}
		if d := time.Since(began); d != 3*time.Second {
			t.Errorf("took %v, want 3 s", d)
		}
	})
}
