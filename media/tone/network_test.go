package tone_test

import (
	"slices"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/media/tone"
)

func TestTonesOfTheNetworkAreTold(t *testing.T) {
	const sec = time.Second
	times := func(k tone.Kind, n int) []tone.Kind { return slices.Repeat([]tone.Kind{k}, n) }
	for _, tt := range []struct {
		name string
		s    []int16
		want []tone.Kind
	}{
		{"North America rings three times", tone.Make(tone.Ringback, 440, -20, 14*sec), times(tone.Ringback, 3)},
		{"Britain rings", tone.Make(tone.Ringback, 400, -20, 3*sec), times(tone.Ringback, 2)},
		{"Europe rings twice", tone.Make(tone.Ringback, 425, -20, 9*sec), times(tone.Ringback, 2)},
		{"North America is busy", tone.Make(tone.Busy, 480, -20, 3*sec), times(tone.Busy, 3)},
		{"Europe is busy: the first burst might be a beep", tone.Make(tone.Busy, 425, -20, 4*sec), times(tone.Busy, 3)},
		{"North America's dial tone", tone.Make(tone.Dial, 350, -20, 10*sec), times(tone.Dial, 1)},
		{"Europe's dial tone", tone.Make(tone.Dial, 425, -20, 10*sec), times(tone.Dial, 1)},
		{"special information tones of the ITU", tone.Make(tone.SIT, 950, -20, 3*sec), times(tone.SIT, 1)},
		{"of a vacant number", tone.Make(tone.SIT, 985, -20, 3*sec), times(tone.SIT, 1)},
		{"of no circuit", tone.Make(tone.SIT, 914, -20, 3*sec), times(tone.SIT, 1)},
		{"a fax answers", tone.Make(tone.FaxAnswer, 0, -20, 3*sec), times(tone.FaxAnswer, 1)},
		{"a modem answers", tone.ANSam(-20, 4*sec), times(tone.FaxAnswer, 1)},
		{"a fax calls: its first burst is taken for a beep", tone.Make(tone.FaxCalling, 0, -20, 10*sec), []tone.Kind{tone.Beep, tone.FaxCalling, tone.FaxCalling}},
		{"two of a fax's pitch and length, not in its cadence", cadenced(1100, 2, 500*ms, 1500*ms), times(tone.Beep, 2)},
		{"nor slower", cadenced(1100, 2, 500*ms, 5500*ms), times(tone.Beep, 2)},
		{"North America rings, 3 dB twisted", twisted(440, 480, -3, 2*sec), times(tone.Ringback, 1)},
		{"one sine, and a little of the other", twisted(440, 480, -12, 2*sec), nil},
		{"France rings: its first burst is like a beep", cadenced(440, 3, 1500*ms, 3500*ms), []tone.Kind{tone.Beep, tone.Ringback, tone.Ringback}},
		{"China rings", cadenced(450, 3, sec, 4*sec), []tone.Kind{tone.Beep, tone.Ringback, tone.Ringback}},
		{"Japan rings, but for its swell", cadenced(400, 2, sec, 2*sec), []tone.Kind{tone.Beep, tone.Ringback}},
		{"France is busy: its first bursts are like beeps", cadenced(440, 4, 500*ms, 500*ms), []tone.Kind{tone.Beep, tone.Beep, tone.Busy, tone.Busy}},
		{"China is busy", cadenced(450, 4, 350*ms, 350*ms), []tone.Kind{tone.Beep, tone.Beep, tone.Busy, tone.Busy}},
		{"Japan is busy", cadenced(400, 3, 500*ms, 500*ms), []tone.Kind{tone.Beep, tone.Beep, tone.Busy}},
		{"a beep of their pitch", cadenced(450, 1, sec, sec), times(tone.Beep, 1)},
		{"two, one behind the other", cadenced(440, 2, 400*ms, 400*ms), times(tone.Beep, 2)},
		{"a short one that comes again", cadenced(440, 2, 500*ms, 3500*ms), times(tone.Beep, 2)},
		{"a long one that comes again much later", cadenced(440, 2, sec, 6*sec), times(tone.Beep, 2)},
		{"a long one, and one behind it that is shorter", append(cadenced(440, 1, 1500*ms, 2*sec), cadenced(440, 1, sec, sec)...), times(tone.Beep, 2)},
		{"two long ones of another pitch", cadenced(500, 2, 1500*ms, 3500*ms), times(tone.Beep, 2)},
		{"short ones that are not regular", append(cadenced(440, 1, 400*ms, 900*ms), cadenced(440, 2, 400*ms, 400*ms)...), times(tone.Beep, 2)},
		{"a long whistle", tone.Sines(-20, 3*sec, 900), nil},
		{"a blip", tone.Sines(-20, 50*ms, 900), nil},
		{"too low for a beep", tone.Sines(-20, 500*ms, 320), nil},
		{"too high for a beep", tone.Sines(-20, 500*ms, 2150), nil},
		{"mains hum", tone.Sines(-20, 3*sec, 50), nil},
		{"white noise", noise(-20, 10*sec), nil},
	} {
		for _, silence := range []time.Duration{0, 307 * ms} {
			for _, hiss := range []float64{-90, -38} {
				s := behind(silence, slices.Clone(tt.s))
				tone.AddNoise(s, hiss, 3)
				if got := kinds(heard(overTheLine(s))); !slices.Equal(got, tt.want) {
					t.Errorf("%s, behind %v, noise at %v dBFS: heard %v, want %v", tt.name, silence, hiss, got, tt.want)
				}
			}
		}
	}
}

// cadenced is n times a sine for on, with silence for off behind each.
func cadenced(hz float64, n int, on, off time.Duration) (s []int16) {
	for range n {
		s = append(append(s, tone.Sines(-20, on, hz)...), tone.Silence(off)...)
	}
	return s
}

// twisted is two sines, of which the other is by so many dB louder.
func twisted(one, other, by float64, long time.Duration) []int16 {
	return tone.Sum(tone.Sines(-20, long, one), tone.Sines(-20+by, long, other), 0)
}

func noise(level float64, long time.Duration) []int16 {
	s := tone.Silence(long)
	tone.AddNoise(s, level, 5)
	return s
}

// What goes on has no end yet, and is told while it does.
func TestWhatGoesOnIsToldBeforeItsEnd(t *testing.T) {
	for kind, by := range map[tone.Kind]time.Duration{
		tone.Ringback: 320 * ms, tone.Busy: 260 * ms, tone.FaxAnswer: 640 * ms, tone.Dial: 700 * ms, tone.Key: 60 * ms,
	} {
		var d tone.Detector
		for i, f := range tone.Frames(behind(200*ms, tone.Make(kind, 0, -20, time.Second))) {
			got, ok := d.Step(&f)
			if !ok {
				continue
			}
			now := time.Duration(i+1) * 20 * ms
			if got.Kind != kind || now > 200*ms+by || (got.Began-200*ms).Abs() > 60*ms {
				t.Errorf("%v: %+v was told at %v", kind, got, now)
			}
			if goesOn := kind != tone.Busy; goesOn && got.Ended != 0 {
				t.Errorf("%v has ended at %v, at %v", kind, got.Ended, now)
			}
			by = 0
		}
		if by != 0 {
			t.Errorf("%v is not told within a second", kind)
		}
	}
}

func TestABeepIsToldSoonAfterItsEdge(t *testing.T) {
	for at := 300 * ms; at < 320*ms; at += 3 * ms {
		var d tone.Detector
		told := time.Duration(0)
		for i, f := range tone.Frames(append(behind(at, tone.Make(tone.Beep, 1000, -20, 400*ms)), tone.Silence(200*ms)...)) {
			if _, ok := d.Step(&f); ok {
				told = time.Duration(i+1) * 20 * ms
			}
		}
		if late := told - at - 400*ms; late < 0 || late > 100*ms {
			t.Errorf("a beep is told %v behind its edge", late)
		}
	}
}

// Europe's busy tone has the pitch of a beep: one of those is told late, once it
// has not come again.
func TestABeepOfEuropesPitchIsToldLate(t *testing.T) {
	s := behind(500*ms, tone.Make(tone.Beep, 425, -20, 400*ms))
	if wrong := aBeep(heard(s), 425, -20, 500*ms, 900*ms, 5*ms); wrong != "" {
		t.Error(wrong)
	}
	var d tone.Detector
	for i, f := range tone.Frames(append(s, tone.Silence(time.Second)...)) {
		if _, ok := d.Step(&f); ok {
			if late := time.Duration(i+1)*20*ms - 900*ms; late < 500*ms || late > 600*ms {
				t.Errorf("told %v behind its edge", late)
			}
		}
	}
}
