package dtmf_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/dtmf"
	"github.com/hookswitch/hookswitch/media/g711"
)

// played is the sound of keys.
func played(t testing.TB, keys string) []media.Frame {
	t.Helper()
	p, err := dtmf.Play(keys)
	if err != nil {
		t.Fatal(err)
	}
	var all []media.Frame
	for f := (media.Frame{}); p.Next(&f); {
		all = append(all, f)
	}
	return all
}

// overTheLine is what comes out of µ-law and back, behind a delay that is no
// whole number of frames.
func overTheLine(frames []media.Frame, delay int) []media.Frame {
	samples := make([]int16, delay)
	for _, f := range frames {
		for _, s := range f {
			samples = append(samples, g711.DecodeSample(g711.EncodeSample(s)))
		}
	}
	return framed(samples)
}

func framed(samples []int16) []media.Frame {
	samples = append(samples, make([]int16, 2*media.FrameSamples)...)
	var all []media.Frame
	for len(samples) >= media.FrameSamples {
		all = append(all, media.Frame(samples[:media.FrameSamples]))
		samples = samples[media.FrameSamples:]
	}
	return all
}

func heard(frames []media.Frame) string {
	var d dtmf.Detector
	var keys strings.Builder
	for i := range frames {
		if k := d.Step(&frames[i]); k != 0 {
			keys.WriteByte(k)
		}
	}
	return keys.String()
}

func TestEveryKeyIsHeardOverTheLine(t *testing.T) {
	for delay := 0; delay < media.FrameSamples; delay += 7 {
		if got := heard(overTheLine(played(t, dtmf.Keys+"11##"), delay)); got != dtmf.Keys+"11##" {
			t.Errorf("delayed by %d samples: heard %q", delay, got)
		}
	}
}

func TestEachPairOfKeysIsToldApart(t *testing.T) {
	for _, a := range dtmf.Keys {
		for _, b := range dtmf.Keys {
			if got, want := heard(overTheLine(played(t, string(a)+string(b)), 31)), string(a)+string(b); got != want {
				t.Errorf("heard %q, want %q", got, want)
			}
		}
	}
}

func TestKeysLastAsLongAsTheirTonesAndPauses(t *testing.T) {
	for keys, want := range map[string]time.Duration{"": 0, "5": 200 * time.Millisecond, "5w5": 900 * time.Millisecond, "ww": time.Second} {
		frames := played(t, keys)
		if got := time.Duration(len(frames)) * media.FrameDuration; got != want {
			t.Errorf("%q lasts %v, want %v", keys, got, want)
		}
	}
}

// The level of each sine, measured where it is not ramped, and the peak of both.
func TestTonesAreAsLoudAsTheStandardHasThem(t *testing.T) {
	for i, key := range dtmf.Keys {
		var samples []float64
		peak := 0.0
		for _, f := range overTheLine(played(t, string(key))[1:4], 0)[:3] {
			for _, s := range f {
				samples = append(samples, float64(s))
				peak = max(peak, math.Abs(float64(s)))
			}
		}
		for _, tt := range []struct{ hz, want float64 }{
			{[]float64{697, 770, 852, 941}[i/4], -9}, {[]float64{1209, 1336, 1477, 1633}[i%4], -7},
		} {
			if got := level(samples, tt.hz); math.Abs(got-tt.want) > 0.5 {
				t.Errorf("%c: %.0f Hz at %.1f dBm0, want %.0f", key, tt.hz, got, tt.want)
			}
		}
		if peak > 20_000 {
			t.Errorf("%c peaks at %.0f", key, peak)
		}
	}
}

// level is how loud hz is, in dBm0: a correlation with both phases.
func level(samples []float64, hz float64) float64 {
	var re, im float64
	for i, s := range samples {
		w := 2 * math.Pi * hz * float64(i) / media.Rate
		re, im = re+s*math.Cos(w), im+s*math.Sin(w)
	}
	amplitude := 2 * math.Hypot(re, im) / float64(len(samples))
	return 3.17 + 20*math.Log10(amplitude/32124)
}

// tone is a key made of sines that are off: in dB over -9 dBm0, and in parts of
// their frequency.
func tone(lowDB, highDB, off float64, long time.Duration) []media.Frame {
	samples := make([]int16, 500)
	n := int(long * media.Rate / time.Second)
	for i := range n {
		at := 2 * math.Pi * float64(i) / media.Rate
		low := 7900 * math.Pow(10, lowDB/20) * math.Sin(at*770*(1+off))
		high := 7900 * math.Pow(10, highDB/20) * math.Sin(at*1336*(1+off))
		samples = append(samples, g711.DecodeSample(g711.EncodeSample(int16(low+high))))
	}
	return framed(samples)
}

func TestATonesFaultsAreTakenWithinBounds(t *testing.T) {
	const long = 60 * time.Millisecond
	for _, tt := range []struct {
		name           string
		low, high, off float64
		long           time.Duration
		want           string
	}{
		{"as it should be", 0, 0, 0, long, "5"},
		{"the shortest that counts", 0, 0, 0, 40 * time.Millisecond, "5"},
		{"too short", 0, 0, 0, 20 * time.Millisecond, ""},
		{"twist, the high one up 6 dB", 0, 6, 0, long, "5"},
		{"twist, the low one up 3 dB", 3, 0, 0, long, "5"},
		{"the high one up 12 dB", -6, 6, 0, long, ""},
		{"the low one up 9 dB", 5, -4, 0, long, ""},
		{"1.5 % high", 0, 0, 0.015, long, "5"},
		{"1.5 % low", 0, 0, -0.015, long, "5"},
		{"4.5 % off", 0, 0, 0.045, long, ""},
		{"quiet, -34 dBm0", -25, -25, 0, long, "5"},
		{"all but silent", -50, -50, 0, long, ""},
		{"one sine alone", 0, -60, 0, long, ""},
	} {
		if got := heard(tone(tt.low, tt.high, tt.off, tt.long)); got != tt.want {
			t.Errorf("%s: heard %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestNoiseOnTheLineHidesNoKey(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	frames := overTheLine(played(t, "0123456789"), 11)
	for i := range frames {
		for j := range frames[i] {
			frames[i][j] += int16(rng.NormFloat64() * 800) // 15 dB below the tones
		}
	}
	if got := heard(frames); got != "0123456789" {
		t.Errorf("heard %q", got)
	}
}

// Two minutes of what is like speech, with pitches of men and women, and of noise.
func TestSpeechIsNoKey(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	var d dtmf.Detector
	phase, pitch := 0.0, 0.0
	var first, second, hiss float64 // formants, in Hz, and how much of it is noise
	for n := range 2 * 60 * 50 {
		if n%9 == 0 { // a syllable
			pitch, hiss = 80+rng.Float64()*170, 0.02+rng.Float64()*0.3
			first, second = 250+rng.Float64()*700, 900+rng.Float64()*1500
		}
		var f media.Frame
		for i := range f {
			pitch *= 1 + (rng.Float64()-0.5)*2e-3
			phase += 2 * math.Pi * pitch / media.Rate
			s := hiss * rng.NormFloat64()
			for k := 1.0; k*pitch < 3600; k++ {
				s += math.Sin(k*phase) * (0.2/k + 1/(1+math.Pow((k*pitch-first)/80, 2)) + 0.6/(1+math.Pow((k*pitch-second)/120, 2)))
			}
			f[i] = g711.DecodeSample(g711.EncodeSample(int16(max(-30_000, min(30_000, s*5000)))))
		}
		if k := d.Step(&f); k != 0 {
			t.Errorf("after %v of speech it heard %c", time.Duration(n)*media.FrameDuration, k)
		}
	}
}

func TestWhatIsNoKeyIsRefusedWithoutBeingRepeated(t *testing.T) {
	for _, keys := range []string{"12x4", "W", "a", "1 2", "\x00", "é"} {
		if _, err := dtmf.Play(keys); err == nil || len(keys) > 1 && strings.Contains(err.Error(), keys) {
			t.Errorf("Play(%q) = %v", keys, err)
		}
	}
}

func TestNothingIsAllocated(t *testing.T) {
	var f media.Frame
	var d dtmf.Detector
	n := testing.AllocsPerRun(100, func() {
		p, _ := dtmf.Play("1w#")
		for p.Next(&f) {
			d.Step(&f)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzPlay(f *testing.F) {
	f.Add("123w#")
	f.Fuzz(func(t *testing.T, keys string) {
		p, err := dtmf.Play(keys)
		if err != nil || len(keys) > 100 {
			return
		}
		if got, want := heard(append(framesOf(p), make([]media.Frame, 2)...)), strings.ReplaceAll(keys, "w", ""); got != want {
			t.Errorf("%q is heard as %q", keys, got)
		}
	})
}

func framesOf(p dtmf.Player) (all []media.Frame) {
	for f := (media.Frame{}); p.Next(&f); {
		all = append(all, f)
	}
	return all
}

func BenchmarkPlayFrame(b *testing.B) {
	b.ReportAllocs()
	var f media.Frame
	p, _ := dtmf.Play("5")
	for b.Loop() {
		if !p.Next(&f) {
			p, _ = dtmf.Play("5")
		}
	}
}

func BenchmarkDetectFrame(b *testing.B) {
	b.ReportAllocs()
	var d dtmf.Detector
	f := played(b, "5")[2]
	for b.Loop() {
		d.Step(&f)
	}
}
