package answer

import (
	"math"
	"syscall"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/media/tone"
)

// vowels are like a voice: harmonics of a pitch that moves, in two formants that
// move from syllable to syllable.
func vowels(long float64) sound {
	s := tone.Silence(seconds(long))
	phase := 0.0
	for i := range s {
		at := float64(i) / 8000
		pitch := 150 + 60*math.Sin(2*math.Pi*0.7*at)
		first, second := 500+300*math.Sin(2*math.Pi*2.1*at), 1500+600*math.Sin(2*math.Pi*1.3*at)
		phase += 2 * math.Pi * pitch / 8000
		v := 0.0
		for k := 1.0; k*pitch < 3400; k++ {
			v += math.Sin(k*phase) * (0.1/k + 1/(1+math.Pow((k*pitch-first)/60, 2)) + 0.4/(1+math.Pow((k*pitch-second)/100, 2)))
		}
		s[i] = int16(5000 * v * (0.55 + 0.45*math.Sin(2*math.Pi*4*at)))
	}
	tone.AddNoise(s, -55, 1)
	return sound{tone.Frames(s), 0.9}
}

// chords are music: four sines at a time.
func chords(long float64) sound {
	var s []int16
	for root := 220.0; len(s) < int(long*8000); root *= 1.19 {
		if root > 600 {
			root /= 2.7
		}
		s = append(s, tone.Sines(-20, 300*time.Millisecond, root, root*1.26, root*1.5, root*2)...)
	}
	return sound{tone.Frames(s), 0.2}
}

// What a frame of each sound costs, as CPU time of this process and not as time
// that passes: the least of many short runs, for whatever else runs on a machine
// only ever adds to it.
func BenchmarkEar(b *testing.B) {
	for _, bb := range []struct {
		name string
		sound
	}{
		{"silence", hush(10)},
		{"hiss", hiss(10)},
		{"speech", vowels(10)},
		{"music", chords(10)},
		{"loud_noise", voice(10)},
		{"beep", toneOf(tone.Beep, 1000, 10)},
		{"key", toneOf(tone.Key, 0, 10)},
		{"ringback", toneOf(tone.Ringback, 440, 1.9)},
	} {
		b.Run(bb.name, func(b *testing.B) {
			const run = 2000
			e := NewEar(0)
			b.ReportAllocs()
			best, began := math.Inf(1), cpu(b)
			n := 0
			for b.Loop() {
				e.Hear(&bb.frames[n%len(bb.frames)], bb.speech)
				if n++; n%run == 0 {
					now := cpu(b)
					best, began = min(best, float64(now-began)/run), now
				}
			}
			if !math.IsInf(best, 1) {
				b.ReportMetric(best, "cpu-ns/frame")
			}
		})
	}
}

func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
