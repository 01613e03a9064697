package handset_test

import (
	"math"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

func TestToneIsOfItsFrequencyAndLength(t *testing.T) {
	frames := handset.Tone(90*ms, 1000)
	if len(frames) != 5 {
		t.Fatalf("%d frames, want 5", len(frames))
	}
	if got := handset.Level(&frames[1], 1000); math.Abs(got-handset.ToneLevel) > 100 {
		t.Errorf("1000 Hz has amplitude %.0f, want %d", got, handset.ToneLevel)
	}
	if got := handset.Level(&frames[1], 1400); got > 200 {
		t.Errorf("1400 Hz has amplitude %.0f, want about 0", got)
	}
	if begin, end, ok := handset.VoicedSpan(frames); !ok || begin > 2*ms || end < 88*ms || end > 90*ms {
		t.Errorf("it sounds from %v to %v, want 0 to 90ms", begin, end)
	}
}

func TestEveryKeyIsHeardOnce(t *testing.T) {
	const keys = "1234567890*#ABCD1100"
	for _, shift := range []int{0, 37, 80, 121} { // samples by which the tones straddle frames
		if got := hearKeys(shifted(handset.KeyTones(keys), shift)); got != keys {
			t.Errorf("shifted by %d samples, heard %q, want %q", shift, got, keys)
		}
	}
}

func TestPausesBetweenKeysLast(t *testing.T) {
	if got := time.Duration(len(handset.KeyTones("1wW?2"))) * media.FrameDuration; got != 1900*ms {
		t.Errorf("it lasts %v, want 1.9s", got)
	}
}

func TestWhatIsNoKeyIsNotHeard(t *testing.T) {
	for name, frames := range map[string][]media.Frame{
		"silence":     handset.Silence(time.Second),
		"noise":       handset.Loud(time.Second),
		"a beep":      handset.Tone(time.Second, 1000),
		"one row":     handset.Tone(time.Second, 697),
		"two columns": handset.Tone(time.Second, 1209, 1336),
		"ringback":    handset.Tone(time.Second, 440, 480),
		"a chord":     handset.Tone(time.Second, 697, 1209, 300, 500, 1800),
		"a fax":       handset.Tone(time.Second, 2100),
	} {
		if got := hearKeys(frames); got != "" {
			t.Errorf("%s is heard as %q", name, got)
		}
	}
}

func TestMixIsCutOffAtTheLimit(t *testing.T) {
	a, b := media.Frame{30_000, -30_000, 5}, media.Frame{30_000, -30_000, 6}
	if handset.Mix(&a, &b); a[0] != math.MaxInt16 || a[1] != math.MinInt16 || a[2] != 11 {
		t.Errorf("mixed %v", a[:3])
	}
}

func hearKeys(frames []media.Frame) string {
	var ear handset.KeyEar
	var keys []byte
	for i := range frames {
		if k := ear.Hear(&frames[i]); k != 0 {
			keys = append(keys, k)
		}
	}
	return string(keys)
}

// shifted is frames later by n samples.
func shifted(frames []media.Frame, n int) []media.Frame {
	out := make([]media.Frame, len(frames)+1)
	for i := range frames {
		for j, s := range frames[i] {
			at := i*media.FrameSamples + j + n
			out[at/media.FrameSamples][at%media.FrameSamples] = s
		}
	}
	return out
}
