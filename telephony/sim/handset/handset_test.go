package handset_test

import (
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

const ms = time.Millisecond

func TestVoicedSpanSkipsSilenceAndClicks(t *testing.T) {
	frames := make([]media.Frame, 6)
	frames[1][50] = 20_000 // a click
	for i := range 40 {
		frames[2][100+i] = 5000
		frames[4][i] = -5000
	}
	for i := range frames[5] {
		frames[5][i] = 300 // noise
	}
	begin, end, ok := handset.VoicedSpan(frames)
	if !ok || begin != 52500*time.Microsecond || end != 85*ms {
		t.Errorf("voice from %v to %v, %v; want 52.5ms to 85ms", begin, end, ok)
	}
	if _, _, ok := handset.VoicedSpan(frames[:2]); ok {
		t.Error("a click is a voice")
	}
}

func TestLoudIsExactToTheSample(t *testing.T) {
	frames := handset.Loud(30 * ms)
	begin, end, ok := handset.VoicedSpan(frames)
	if len(frames) != 2 || !ok || begin != 0 || end != 30*ms {
		t.Errorf("%d frames, voice from %v to %v", len(frames), begin, end)
	}
}

func TestRecordingPlaysOnceAndHangsUp(t *testing.T) {
	r := &handset.Recording{Frames: handset.Loud(60 * ms), Wait: 40 * ms, Hangup: 100 * ms}
	var spoke []time.Duration
	for now := time.Duration(0); ; now += media.FrameDuration {
		var hear, say media.Frame
		touch := r.Tick(now, &hear, &say)
		if say != (media.Frame{}) {
			spoke = append(spoke, now)
		}
		if touch.Hangup {
			if now != 200*ms || len(spoke) != 3 || spoke[0] != 40*ms {
				t.Errorf("spoke at %v, hung up at %v; want 40 to 80ms, 200ms", spoke, now)
			}
			return
		}
	}
}

func TestSilentSaysNothing(t *testing.T) {
	var hear, say media.Frame
	if touch := handset.Silent.Tick(0, &hear, &say); touch != (handset.Touch{}) || say != (media.Frame{}) {
		t.Errorf("touch %v", touch)
	}
}
