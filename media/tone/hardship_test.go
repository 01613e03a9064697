package tone_test

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/tone"
)

// lossy loses every tenth frame of all, in its way.
func lossy(all []media.Frame, seed uint64, conceal func(lost, before *media.Frame)) []media.Frame {
	rng := rand.New(rand.NewPCG(seed, 1))
	for i := range all {
		if i > 0 && rng.IntN(10) == 0 {
			conceal(&all[i], &all[i-1])
		}
	}
	return all
}

// Frames that are lost make no second beep, and lose none. Four in a row are one too
// many.
func TestLostFramesSpoilNoBeep(t *testing.T) {
	for _, tt := range []struct {
		name    string
		conceal func(lost, before *media.Frame)
		most    int // of a hundred, that may be missed
	}{
		{"silence", func(lost, _ *media.Frame) { *lost = media.Frame{} }, 1},
		{"the one before", func(lost, before *media.Frame) { *lost = *before }, 1},
		// Behind the beep's end it is like a voice that dies away, and so not told.
		{"the one before, but softer", half, 12},
	} {
		all, missed, twice := 0, 0, 0
		for seed := range uint64(20) {
			for _, length := range lasting {
				s := behind(507*ms, tone.Make(tone.Beep, 700+float64(seed)*50, -20, length))
				frames := lossy(tone.Frames(overTheLine(append(s, tone.Silence(500*ms)...))), seed, tt.conceal)
				n := 0
				for _, got := range heardIn(frames) {
					if got.Kind == tone.Beep {
						n++
					}
				}
				all++
				if n == 0 {
					missed++
				}
				if n > 1 {
					twice++
				}
			}
		}
		if missed*100 > tt.most*all || twice*100 > all {
			t.Errorf("%s for lost frames: of %d beeps %d are missed and %d told twice", tt.name, all, missed, twice)
		}
	}
}

func half(lost, before *media.Frame) {
	for i := range lost {
		lost[i] = before[i] / 2
	}
}

func TestBeepsOfPoorMachinesAreHeard(t *testing.T) {
	const long = 400 * ms
	decay := tone.Make(tone.Beep, 1000, -10, long)
	for i := range decay {
		decay[i] = int16(float64(decay[i]) * min(1, float64(len(decay)-1-i)/(30*8))) // fades for 30 ms
	}
	offset := behind(500*ms, tone.Make(tone.Beep, 1000, -20, long))
	for i := range offset {
		offset[i] += 150
	}
	clip := func(hz float64) []int16 {
		s := tone.Make(tone.Beep, hz, 0, long)
		tone.Gain(s, 20)
		tone.Gain(s, -6)
		return s
	}
	for name, s := range map[string][]int16{
		"a second harmonic 20 dB below": behind(500*ms, tone.Sum(tone.Sines(-12, long, 800), tone.Sines(-32, long, 1600), 0)),
		"a third harmonic 20 dB below":  behind(500*ms, tone.Sum(tone.Sines(-12, long, 800), tone.Sines(-32, long, 2400), 0)),
		"clipped by 20 dB, of 350 Hz":   behind(500*ms, clip(350)),
		"clipped by 20 dB, of 440 Hz":   behind(500*ms, clip(440)),
		"clipped by 20 dB, of 1000 Hz":  behind(500*ms, clip(1000)),
		"clipped by 20 dB, of 1400 Hz":  behind(500*ms, clip(1400)),
		"it fades for 30 ms":            behind(500*ms, decay),
		"an offset of 150":              offset,
		"right behind speech":           append(vowels(time.Second, 3), tone.Make(tone.Beep, 1000, -12, long)...),
		"from the first sample on":      tone.Make(tone.Beep, 1000, -20, long),
		"80 ms right behind noise":      append(noise(-38, time.Second), tone.Make(tone.Beep, 1000, -20, 80*ms)...),
		"with mains hum 20 dB below":    tone.Sum(behind(500*ms, tone.Make(tone.Beep, 1000, -20, long)), tone.Sines(-40, 2*time.Second, 60), 0),
	} {
		if got := kinds(heard(overTheLine(s))); !slices.Equal(got, []tone.Kind{tone.Beep}) {
			t.Errorf("%s: heard %v", name, got)
		}
	}
}

// vowels are like a voice: harmonics of a pitch that moves, in two formants.
func vowels(long time.Duration, seed uint64) []int16 {
	rng := rand.New(rand.NewPCG(seed, 4))
	s := tone.Silence(long)
	phase, pitch, first, second, loud := 0.0, 0.0, 0.0, 0.0, 0.0
	for i := range s {
		if i%1440 == 0 { // a syllable of 180 ms
			pitch, loud = 90+rng.Float64()*260, rng.Float64()
			first, second = 250+rng.Float64()*700, 900+rng.Float64()*1500
		}
		pitch *= 1 + (rng.Float64()-0.45)*1e-4
		phase += 2 * math.Pi * pitch / media.Rate
		at, v := float64(i%1440)/1440, 0.0
		for k := 1.0; k*pitch < 3400; k++ {
			v += math.Sin(k*phase) * (0.1/k + 1/(1+math.Pow((k*pitch-first)/60, 2)) + 0.4/(1+math.Pow((k*pitch-second)/100, 2)))
		}
		s[i] = int16(max(-30_000, min(30_000, v*8000*loud*math.Sin(math.Pi*at))))
	}
	return s
}

// notes are pure tones of a scale, each for long, with a rest behind each.
func notes(n int, long, rest time.Duration) (s []int16) {
	rng := rand.New(rand.NewPCG(7, 8))
	for range n {
		s = append(s, tone.Sines(-15, long, 440*math.Pow(2, float64(1+2*rng.IntN(10))/12))...)
		s = append(s, tone.Silence(rest)...)
	}
	return s
}

func chords(n int) (s []int16) {
	rng := rand.New(rand.NewPCG(9, 9))
	for range n {
		root := 220 * math.Pow(2, float64(rng.IntN(18))/12)
		s = append(s, tone.Sines(-22, 300*ms, root, root*1.26, root*1.5, 2*root)...)
	}
	return s
}

// whistled is one sine that slides up and down between two pitches.
func whistled(long time.Duration, from, to float64) []int16 {
	s := tone.Silence(long)
	phase := 0.0
	for i := range s {
		up := 0.5 - 0.5*math.Cos(2*math.Pi*2*float64(i)/media.Rate)
		phase += 2 * math.Pi * (from + (to-from)*up) / media.Rate
		s[i] = int16(6000 * math.Sin(phase))
	}
	return s
}

func TestWhatIsLikeABeepIsNone(t *testing.T) {
	for _, tt := range []struct {
		name string
		s    []int16
		most int // beeps that it may be taken for
	}{
		{"two minutes of vowels", vowels(2*time.Minute, 1), 0},
		{"a melody without rests", notes(200, 250*ms, 0), 0},
		{"a melody of short rests", notes(200, 250*ms, 40*ms), 0},
		{"a melody with rests: its first note is like a beep", notes(200, 200*ms, 150*ms), 1},
		{"chords", chords(400), 0},
		{"a whistle that slides", whistled(time.Minute, 700, 1400), 0},
		{"a siren", whistled(time.Minute, 800, 900), 0},
		{"a tone that something louder follows", append(tone.Make(tone.Beep, 1000, -20, 400*ms), noise(-12, time.Second)...), 0},
		{"a short tone right behind something louder", append(noise(-12, time.Second), tone.Make(tone.Beep, 1000, -20, 100*ms)...), 0},
		{"noise in bursts", bursts(), 0},
		{"a sine, and its third harmonic of more than clipping gives", tone.Sum(tone.Sines(-15, 400*ms, 600), tone.Sines(-21.1, 400*ms, 1800), 0), 0},
		{"a sine, and its fifth harmonic of more than clipping gives", tone.Sum(tone.Sines(-15, 400*ms, 500), tone.Sines(-22.5, 400*ms, 2500), 0), 0},
		{"a beep that comes again and again", again(20), 2},
	} {
		n := 0
		for _, got := range heard(overTheLine(tt.s)) {
			if got.Kind == tone.Beep {
				n++
			}
		}
		if n > tt.most {
			t.Errorf("%s: %d beeps, want %d at most", tt.name, n, tt.most)
		}
	}
}

func bursts() (s []int16) {
	for i := range 100 {
		b := tone.Silence(200 * ms)
		tone.AddNoise(b, -15, uint64(i))
		s = append(append(s, b...), tone.Silence(300*ms)...)
	}
	return s
}

func again(n int) (s []int16) {
	for range n {
		s = append(s, tone.Make(tone.Beep, 1000, -15, 300*ms)...)
		s = append(s, tone.Silence(700*ms)...)
	}
	return s
}

func TestHearingAllocatesNothing(t *testing.T) {
	frames := tone.Frames(append(tone.Make(tone.Key, 0, -20, 300*ms), append(tone.Make(tone.Beep, 0, -20, 300*ms), vowels(time.Second, 2)...)...))
	var d tone.Detector
	if n := testing.AllocsPerRun(10, func() {
		for i := range frames {
			d.Step(&frames[i])
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Whatever comes in: every tone lies in what was heard, has a pitch and a level,
// and no kind goes back in time.
func FuzzStep(f *testing.F) {
	for _, s := range [][]int16{tone.Make(tone.Beep, 0, -20, 200*ms), tone.Make(tone.SIT, 0, -20, time.Second), tone.Make(tone.Key, 0, -20, 100*ms), noise(0, 100*ms)} {
		b, _ := binary.Append(nil, binary.LittleEndian, s)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s := make([]int16, len(b)/2)
		_, _ = binary.Decode(b, binary.LittleEndian, s)
		var d tone.Detector
		began := map[tone.Kind]time.Duration{}
		for i, frame := range append(tone.Frames(s), make([]media.Frame, 50)...) {
			got, ok := d.Step(&frame)
			if !ok {
				continue
			}
			now := time.Duration(i+1) * media.FrameDuration
			last, again := began[got.Kind]
			began[got.Kind] = got.Began
			if got.Kind < tone.Beep || got.Kind > tone.Dial || got.Began < 0 || got.Began > now || got.Ended > now ||
				got.Ended != 0 && got.Ended <= got.Began || again && got.Began <= last ||
				!(got.Hz >= 300 && got.Hz <= 2200) || !(got.Level > -60 && got.Level < 4) {
				t.Fatalf("%+v at %v, the one before began at %v", got, now, last)
			}
		}
	})
}

// A beep close to Europe's ringing tone is one if somebody spoke before it: who has
// answered does not ring.
func TestALongBeepNearTheRingingToneIsOneBehindSpeech(t *testing.T) {
	for _, hz := range []float64{432, 435, 437} {
		for _, length := range []time.Duration{time.Second, 1500 * ms} {
			beep := append(tone.Make(tone.Beep, hz, -20, length), tone.Silence(2*time.Second)...)
			behindSpeech := append(append(vowels(3*time.Second, 1), tone.Silence(500*ms)...), beep...)
			if got := kinds(heard(overTheLine(behindSpeech))); !slices.Equal(got, []tone.Kind{tone.Beep}) {
				t.Errorf("%v Hz for %v behind speech: heard %v", hz, length, got)
			}
			if got := kinds(heard(overTheLine(append(tone.Silence(time.Second), beep...)))); slices.Contains(got, tone.Beep) {
				t.Errorf("%v Hz for %v out of silence: heard %v", hz, length, got)
			}
		}
	}
}
