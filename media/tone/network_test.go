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
	if wrong := aBeep(heard(behind(500*ms, tone.Make(tone.Beep, 425, -20, 400*ms))), 425, -20, 500*ms, 900*ms, 5*ms); wrong != "" {
		t.Error(wrong)
	}
}
