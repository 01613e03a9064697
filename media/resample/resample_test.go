package resample_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/media/resample"
)

// pairs are all that New knows.
var pairs = func() (all [][2]int) {
	rates := []int{8000, 16000, 24000, 48000}
	for _, from := range rates {
		for _, to := range rates {
			all = append(all, [2]int{from, to})
		}
	}
	return append(all, [2]int{8000, 22050}, [2]int{8000, 44100}, [2]int{22050, 8000}, [2]int{44100, 8000})
}()

func TestSpeechBandPassesUnchanged(t *testing.T) {
	for _, p := range pairs {
		from, to := p[0], p[1]
		for _, hz := range []float64{50, 300, 1000, 2000, 3000, 3400} {
			out := convert(t, from, to, tone(from, hz, 10000))
			got := decibel(amplitude(out, to, hz) / 10000)
			if math.Abs(got) > 0.1 {
				t.Errorf("%d -> %d: %v Hz passes at %+.2f dB, want within 0.1", from, to, hz, got)
			}
		}
	}
}

func TestNoiseAddedIsFarBelowThatOfTheLine(t *testing.T) {
	const want = 65 // dB; µ-law itself leaves about 38
	for _, p := range pairs {
		from, to := p[0], p[1]
		for _, hz := range []float64{300, 1000, 3000, 3400} {
			out := convert(t, from, to, tone(from, hz, 10000))
			if got := -decibel(residue(out, to, hz) / (10000 / math.Sqrt2)); got < want {
				t.Errorf("%d -> %d: %v Hz comes with a signal to noise ratio of %.1f dB, want %d", from, to, hz, got, want)
			}
		}
	}
}

func TestWhatTheLowerRateCannotHoldIsRemoved(t *testing.T) {
	for _, c := range []struct {
		from, to int
		hz, down float64
	}{
		{16000, 8000, 4600, 65}, {16000, 8000, 5000, 65}, {16000, 8000, 6000, 65}, {16000, 8000, 7500, 65},
		{24000, 8000, 4600, 65}, {24000, 8000, 5000, 65}, {24000, 8000, 6000, 65}, {24000, 8000, 11000, 65},
		{48000, 8000, 4600, 65}, {48000, 8000, 6000, 65}, {48000, 8000, 13000, 65}, {48000, 8000, 20000, 65},
		{48000, 16000, 9200, 65}, {48000, 16000, 12000, 65}, {48000, 16000, 23000, 65},
		{48000, 24000, 13800, 65}, {48000, 24000, 20000, 65},
		{24000, 16000, 9200, 65}, {24000, 16000, 11000, 65},
		{22050, 8000, 4600, 65}, {22050, 8000, 5000, 65}, {22050, 8000, 7500, 65}, {22050, 8000, 11000, 65},
		{44100, 8000, 4600, 65}, {44100, 8000, 6000, 65}, {44100, 8000, 13000, 65}, {44100, 8000, 21000, 65},
	} {
		out := convert(t, c.from, c.to, tone(c.from, c.hz, 10000))
		got := -decibel(rms(out) / (10000 / math.Sqrt2))
		t.Logf("%d -> %d: %v Hz is %.1f dB down", c.from, c.to, c.hz, got)
		if got < c.down {
			t.Errorf("%d -> %d: %v Hz is %.1f dB down, want %v", c.from, c.to, c.hz, got, c.down)
		}
	}
}

func TestNothingAppearsAboveTheLowerRatesBand(t *testing.T) {
	for _, c := range []struct{ from, to int }{
		{8000, 16000}, {8000, 24000}, {8000, 48000}, {16000, 24000}, {16000, 48000}, {24000, 48000}, {8000, 22050}, {8000, 44100},
	} {
		for _, hz := range []float64{300, 1000, 3000, 3400} {
			out := convert(t, c.from, c.to, tone(c.from, hz, 10000))
			for k := 1; k*c.from <= c.to/2+c.from; k++ {
				for _, image := range []float64{float64(k*c.from) - hz, float64(k*c.from) + hz} {
					if image >= float64(c.to)/2 {
						continue
					}
					if got := -decibel(amplitude(out, c.to, image) / 10000); got < 65 {
						t.Errorf("%d -> %d: %v Hz has an image at %v Hz only %.1f dB down, want 65", c.from, c.to, hz, image, got)
					}
				}
			}
		}
	}
}

func TestCuttingTheInputChangesNothing(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	in := make([]int16, 5000)
	for i := range in {
		in[i] = int16(rng.IntN(65536) - 32768)
	}
	each(t, func(t *testing.T, from, to int) {
		r := resampler(t, from, to)
		want := r.Process(nil, in)
		if n := (len(in)*to + from - 1) / from; len(want) != n {
			t.Errorf("%d samples became %d, want %d", len(in), len(want), n)
		}
		for _, size := range []int{1, 2, 7, 159, 160, 161, 960, -1} {
			r.Reset()
			var got []int16
			for rest := in; len(rest) > 0; {
				n := size
				if n < 0 {
					n = rng.IntN(400)
				}
				n = min(n, len(rest))
				got = r.Process(got, rest[:n])
				rest = rest[n:]
			}
			if !slices.Equal(got, want) {
				t.Errorf("pieces of %d samples give another result than the whole", size)
			}
		}
	})
}

func TestFloatsAreTheSamplesUnrounded(t *testing.T) {
	in := tone(8000, 440, 30000)
	each(t, func(t *testing.T, from, to int) {
		whole := resampler(t, from, to).Process(nil, in)
		float := resampler(t, from, to).ProcessFloat(nil, in)
		if len(whole) != len(float) {
			t.Fatalf("%d floats for %d samples", len(float), len(whole))
		}
		for i := range whole {
			if d := math.Abs(float64(float[i])*32768 - float64(whole[i])); d > 0.51 {
				t.Fatalf("float %d is %v off the sample", i, d)
			}
		}
	})
}

func TestDelayIsAsTold(t *testing.T) {
	each(t, func(t *testing.T, from, to int) {
		r := resampler(t, from, to)
		if got := r.Delay(); got > 4*time.Millisecond || (got == 0) != (from == to) {
			t.Errorf("Delay() = %v", got)
		}
		in := make([]int16, from/50)
		click := from / 100
		in[click] = 30000
		out := r.Process(nil, in)
		want := float64(click)/float64(from) + r.Delay().Seconds()
		if got := centroid(out) / float64(to); math.Abs(got-want) > 0.6/float64(min(from, to)) {
			t.Errorf("a click comes out after %.2f ms, want %.2f", got*1e3, want*1e3)
		}
	})
}

func TestFlushGivesTheTail(t *testing.T) {
	each(t, func(t *testing.T, from, to int) {
		r := resampler(t, from, to)
		in := make([]int16, from/100)
		for i := len(in) - from/1000; i < len(in); i++ {
			in[i] = 20000 // one millisecond, less than the filters hold back
		}
		out := r.Flush(r.Process(nil, in))
		want := len(in)*to/from + int((r.Delay() * time.Duration(to) / time.Second))
		if len(out) < want {
			t.Errorf("%d samples after Flush, want %d", len(out), want)
		}
		if peak := slices.Max(out); peak < 18000 {
			t.Errorf("the last millisecond, of 20000, is heard as %d", peak)
		}
		if got := r.Process(nil, make([]int16, 100)); slices.Max(got) != 0 || slices.Min(got) != 0 {
			t.Error("something is left after Flush")
		}
	})
}

func TestConstantStaysConstant(t *testing.T) {
	each(t, func(t *testing.T, from, to int) {
		in := slices.Repeat([]int16{12345}, from/10)
		out := resampler(t, from, to).Process(nil, in)
		for i, s := range out[len(out)/2:] {
			if s < 12344 || s > 12346 {
				t.Fatalf("sample %d of a constant 12345 is %d", i, s)
			}
		}
	})
}

func TestLoudestSquareWaveIsClippedNotWrapped(t *testing.T) {
	each(t, func(t *testing.T, from, to int) {
		in := make([]int16, from/10)
		for i := range in {
			in[i] = math.MaxInt16
			if i*200/from%2 == 1 {
				in[i] = math.MinInt16
			}
		}
		out := resampler(t, from, to).Process(nil, in)
		const half = 200 // of the square's cycle per second
		delay := resampler(t, from, to).Delay().Seconds()
		for i, s := range out {
			at := float64(i)/float64(to) - delay
			place := math.Mod(at*half, 1)
			if at < 0 || place < 0.2 || place > 0.8 {
				continue
			}
			if high := int(at*half)%2 == 0; high && s < 25000 || !high && s > -25000 {
				t.Fatalf("at %.2f ms a full-scale square wave is %d", at*1e3, s)
			}
		}
	})
}

func TestUnknownRatesAreRefused(t *testing.T) {
	for _, c := range [][2]int{{44100, 16000}, {22050, 44100}, {8000, 11025}, {0, 0}, {-8000, -8000}, {8000, 0}} {
		if _, err := resample.New(c[0], c[1]); err == nil {
			t.Errorf("New(%d, %d) gave no error", c[0], c[1])
		}
	}
}

func TestFramesAreConvertedWithoutAllocation(t *testing.T) {
	each(t, func(t *testing.T, from, to int) {
		r := resampler(t, from, to)
		in := make([]int16, from/50)
		out := make([]int16, 0, to/50+1)
		floats := make([]float32, 0, to/50+1)
		if n := testing.AllocsPerRun(50, func() {
			out = r.Process(out[:0], in)
			floats = r.ProcessFloat(floats[:0], in)
		}); n != 0 {
			t.Errorf("a frame costs %v allocations, want 0", n)
		}
	})
}

// each runs f for every pair of rates.
func each(t *testing.T, f func(t *testing.T, from, to int)) {
	for _, p := range pairs {
		t.Run(fmt.Sprintf("%d to %d", p[0], p[1]), func(t *testing.T) { f(t, p[0], p[1]) })
	}
}

func resampler(t testing.TB, from, to int) *resample.Resampler {
	t.Helper()
	r, err := resample.New(from, to)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// tone is 1.1 s of a sine.
func tone(rate int, hz, peak float64) []int16 {
	s := make([]int16, rate*11/10)
	for i := range s {
		s[i] = int16(math.Round(peak * math.Sin(2*math.Pi*hz*float64(i)/float64(rate))))
	}
	return s
}

// convert returns the last second of in at the other rate: past the beginning,
// and a whole number of cycles of every whole frequency.
func convert(t *testing.T, from, to int, in []int16) []int16 {
	out := resampler(t, from, to).Process(nil, in)
	return out[len(out)-to:]
}

// project returns the cosine and sine parts of the frequency hz in one second.
func project(s []int16, rate int, hz float64) (re, im float64) {
	for i, x := range s {
		sin, cos := math.Sincos(2 * math.Pi * hz * float64(i) / float64(rate))
		re += float64(x) * cos
		im += float64(x) * sin
	}
	return 2 * re / float64(len(s)), 2 * im / float64(len(s))
}

func amplitude(s []int16, rate int, hz float64) float64 { return math.Hypot(project(s, rate, hz)) }

// residue is the RMS of all but the frequency hz.
func residue(s []int16, rate int, hz float64) float64 {
	re, im := project(s, rate, hz)
	sum := 0.0
	for i, x := range s {
		sin, cos := math.Sincos(2 * math.Pi * hz * float64(i) / float64(rate))
		d := float64(x) - re*cos - im*sin
		sum += d * d
	}
	return math.Sqrt(sum / float64(len(s)))
}

func rms(s []int16) float64 {
	sum := 0.0
	for _, x := range s {
		sum += float64(x) * float64(x)
	}
	return math.Sqrt(sum / float64(len(s)))
}

func decibel(ratio float64) float64 { return 20 * math.Log10(max(ratio, 1e-9)) }

// centroid is the middle of a click's energy, in samples.
func centroid(s []int16) float64 {
	sum, moment := 0.0, 0.0
	for i, x := range s {
		e := float64(x) * float64(x)
		sum += e
		moment += e * float64(i)
	}
	return moment / sum
}

func BenchmarkProcess(b *testing.B) {
	for _, p := range pairs {
		from, to := p[0], p[1]
		if from == to {
			continue
		}
		b.Run(fmt.Sprintf("%dto%d", from/1000, to/1000), func(b *testing.B) {
			r := resampler(b, from, to)
			in := tone(from, 440, 10000)[:from/50]
			out := make([]int16, 0, to/50)
			b.ReportAllocs()
			for b.Loop() {
				out = r.Process(out[:0], in)
			}
		})
	}
}

func BenchmarkProcessFloat8to16(b *testing.B) {
	r := resampler(b, 8000, 16000)
	in := tone(8000, 440, 10000)[:160]
	out := make([]float32, 0, 320)
	b.ReportAllocs()
	for b.Loop() {
		out = r.ProcessFloat(out[:0], in)
	}
}
