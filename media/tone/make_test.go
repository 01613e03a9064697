package tone_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/tone"
)

const ms = time.Millisecond

// level is how loud hz is between two places, in dBFS: a correlation with both phases.
func level(s []int16, from, to time.Duration, hz float64) float64 {
	var re, im float64
	s = s[from*media.Rate/time.Second : to*media.Rate/time.Second]
	for i, v := range s {
		w := 2 * math.Pi * hz * float64(i) / media.Rate
		re, im = re+float64(v)*math.Cos(w), im+float64(v)*math.Sin(w)
	}
	return 20 * math.Log10(2*math.Hypot(re, im)/float64(len(s))/32768)
}

func TestMadeTonesAreWhatTheirStandardsSay(t *testing.T) {
	for _, tt := range []struct {
		kind     tone.Kind
		hz       float64
		from, to time.Duration
		want     []float64 // sines that sound meanwhile; none: silence
	}{
		{tone.Beep, 0, 100 * ms, 900 * ms, []float64{1000}},
		{tone.Beep, 440, 100 * ms, 900 * ms, []float64{440}},
		{tone.SIT, 0, 20 * ms, 320 * ms, []float64{950}},
		{tone.SIT, 0, 340 * ms, 640 * ms, []float64{1400}},
		{tone.SIT, 0, 680 * ms, 980 * ms, []float64{1800}},
		{tone.SIT, 0, 1000 * ms, 8000 * ms, nil},
		{tone.SIT, 985, 390 * ms, 650 * ms, []float64{1370.6}},
		{tone.Ringback, 0, 100 * ms, 1900 * ms, []float64{440, 480}},
		{tone.Ringback, 0, 2000 * ms, 6000 * ms, nil},
		{tone.Ringback, 400, 620 * ms, 980 * ms, []float64{400, 450}},
		{tone.Ringback, 400, 1000 * ms, 3000 * ms, nil},
		{tone.Ringback, 425, 5100 * ms, 5900 * ms, []float64{425}},
		{tone.Busy, 0, 1100 * ms, 1400 * ms, []float64{480, 620}},
		{tone.Busy, 425, 1500 * ms, 2000 * ms, nil},
		{tone.FaxCalling, 0, 3600 * ms, 3900 * ms, []float64{1100}},
		{tone.FaxAnswer, 0, 100 * ms, 2600 * ms, []float64{2100}},
		{tone.Key, 0, 100 * ms, 600 * ms, []float64{770, 1336}},
		{tone.Dial, 0, 100 * ms, 8000 * ms, []float64{350, 440}},
		{tone.Dial, 425, 100 * ms, 8000 * ms, []float64{425}},
	} {
		s := tone.Make(tt.kind, tt.hz, -20, 8*time.Second)
		if len(s) != 8*media.Rate {
			t.Fatalf("%v lasts %d samples", tt.kind, len(s))
		}
		for _, hz := range tt.want {
			if got := level(s, tt.from, tt.to, hz); math.Abs(got+20) > 1 {
				t.Errorf("%v (%v) from %v to %v: %v Hz at %.1f dBFS, want -20", tt.kind, tt.hz, tt.from, tt.to, hz, got)
			}
		}
		quiet := !slices.ContainsFunc(s[tt.from*media.Rate/time.Second:tt.to*media.Rate/time.Second], func(v int16) bool { return v != 0 })
		if quiet != (tt.want == nil) {
			t.Errorf("%v (%v) from %v to %v is quiet: %v", tt.kind, tt.hz, tt.from, tt.to, quiet)
		}
	}
}

// A turn every 450 ms: over two of them the sines cancel out.
func TestAModemsAnswerIsTurnedRound(t *testing.T) {
	s := tone.ANSam(-20, time.Second)
	if got := level(s, 20*ms, 420*ms, 2100); math.Abs(got+20) > 0.5 {
		t.Errorf("2100 Hz at %.1f dBFS, want -20", got)
	}
	if got := level(s, 0, 900*ms, 2100); got > -50 {
		t.Errorf("2100 Hz at %.1f dBFS over a turn, want none", got)
	}
}

func TestNoiseIsAsLoudAsAskedForAndTheSameEachTime(t *testing.T) {
	a, b, c := tone.Silence(time.Second), tone.Silence(time.Second), tone.Silence(time.Second)
	tone.AddNoise(a, -30, 7)
	tone.AddNoise(b, -30, 7)
	tone.AddNoise(c, -30, 8)
	power := 0.0
	for _, v := range a {
		power += float64(v) * float64(v) / float64(len(a))
	}
	if got := 10 * math.Log10(2*power/(1<<30)); math.Abs(got+30) > 0.2 {
		t.Errorf("noise at %.1f dBFS, want -30", got)
	}
	if !slices.Equal(a, b) || slices.Equal(a, c) {
		t.Error("noise does not follow its seed")
	}
}

func TestWhatIsAddedUpIsClippedAndGrows(t *testing.T) {
	got := tone.Sum([]int16{30_000, -30_000}, []int16{10_000, -10_000, 5}, 0)
	if !slices.Equal(got, []int16{32767, -32768, 5}) {
		t.Errorf("%v", got)
	}
	if got := tone.Sum(nil, []int16{1}, 125*time.Microsecond); !slices.Equal(got, []int16{0, 1}) {
		t.Errorf("%v", got)
	}
	if got := tone.Frames(make([]int16, 161)); len(got) != 2 {
		t.Errorf("161 samples are %d frames", len(got))
	}
	loud := []int16{-20_000, 100}
	if tone.Gain(loud, 20); !slices.Equal(loud, []int16{-32768, 1000}) {
		t.Errorf("%v", loud)
	}
	if tone.Make(tone.Beep, 0, 0, -1) == nil || len(tone.Make(tone.SIT, 0, 0, 0)) != 0 {
		t.Error("a tone of no length is none")
	}
}
