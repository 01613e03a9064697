package corpus

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/dtmf"
)

// ramp is how long a tone swells and fades: 4 ms.
const ramp = 4 * media.Rate / 1000

// tones is the sound of a step that is made of sines. They are made here, not by
// media/tone: what makes a tone and what hears it must not share a mistake.
func tones(st Step) ([]float64, error) {
	n := samples(st.MS)
	out := make([]float64, n)
	switch st.Do {
	case Beep:
		sines(out, st.Level, st.Hz)
	case SIT: // ITU-T E.180: three of 330 ms, each as long as the other
		third := samples(330)
		for i, hz := range []float64{950, 1400, 1800} {
			sines(cut(out, i*third, third), st.Level, hz)
		}
	case Ring: // two seconds in six, as in North America
		for i := 0; i < n; i += samples(6000) {
			sines(cut(out, i, samples(2000)), st.Level, 440, 480)
		}
	case CED:
		sines(out, st.Level, 2100)
	case ANSam:
		ansam(out, st.Level)
	case Keys:
		return keys(st)
	default:
		return nil, fmt.Errorf("corpus: nobody knows how %q sounds", st.Do)
	}
	return out, nil
}

// cut is n samples of out from at on, or as many as there are.
func cut(out []float64, at, n int) []float64 { return out[min(at, len(out)):min(at+n, len(out))] }

// sines fills out with sines of one level, each of which begins at 0.
func sines(out []float64, level float64, hz ...float64) {
	peak := amplitude(level) * math.Sqrt2
	for i := range out {
		x := 0.
		for _, h := range hz {
			x += math.Sin(2 * math.Pi * h * float64(i) / media.Rate)
		}
		edge := min(1, float64(i+1)/ramp, float64(len(out)-i)/ramp)
		out[i] = peak * edge * x
	}
}

// ansam is the answer tone of ITU-T V.8: 2100 Hz, a fifth of it swelling at 15
// Hz, its phase turned every 450 ms.
func ansam(out []float64, level float64) {
	sines(out, level, 2100)
	for i := range out {
		t := float64(i) / media.Rate
		out[i] *= 1 + .2*math.Sin(2*math.Pi*15*t)
		if int(t/.45)%2 == 1 {
			out[i] = -out[i]
		}
	}
}

// keys is the sound of a telephone's keys.
func keys(st Step) ([]float64, error) {
	p, err := dtmf.Play(st.Text)
	if err != nil {
		return nil, err
	}
	var out []float64
	var f media.Frame
	for p.Next(&f) {
		out = append(out, floats(f[:])...)
	}
	return out, nil
}

// chords are those of hold music, as semitones from a low A.
var chords = [][]int{{0, 7, 12, 16}, {5, 9, 12, 17}, {-3, 4, 12, 16}, {7, 11, 14, 19}, {2, 9, 14, 17}}

// music is n samples of it: plucked chords, a bass, and at half of the notes a
// flute above, which is nearly a sine and long, so that it might pass for a beep.
func music(n int, d *rand.Rand) []float64 {
	out := make([]float64, n)
	beat := samples(350 + d.IntN(300))
	for i := 0; i < n; i += beat {
		chord := chords[i/(4*beat)%len(chords)]
		pluck(out[i:], pitch(chord[d.IntN(len(chord))]), .6, d)
		if i/beat%2 == 0 {
			pluck(out[i:], pitch(chord[0]-12), 1, d)
			flute(cut(out, i, beat*(1+d.IntN(2))), pitch(chord[d.IntN(len(chord))]+12))
		}
	}
	return out
}

// pitch is that many semitones above 220 Hz, in Hz.
func pitch(semitones int) float64 { return 220 * math.Pow(2, float64(semitones)/12) }

// pluck adds a string (Karplus and Strong) to out.
func pluck(out []float64, hz, loud float64, d *rand.Rand) {
	line := make([]float64, max(2, int(media.Rate/hz)))
	for i := range line {
		line[i] = loud * (2*d.Float64() - 1)
	}
	for i := range min(len(out), 2*media.Rate) {
		at, next := i%len(line), (i+1)%len(line)
		out[i] += line[at]
		line[at] = .498 * (line[at] + line[next])
	}
}

// flute adds a note with a little vibrato and one overtone to out.
func flute(out []float64, hz float64) {
	phase := 0.
	for i := range out {
		t := float64(i) / media.Rate
		phase += 2 * math.Pi * hz * (1 + .006*math.Sin(2*math.Pi*5*t)) / media.Rate
		edge := min(1, float64(i)/400, float64(len(out)-i)/800)
		out[i] += .35 * edge * (math.Sin(phase) + .15*math.Sin(2*phase))
	}
}

// cough is n samples of one: a burst that fades, and a weaker one.
func cough(n int, d *rand.Rand) []float64 {
	out := make([]float64, n)
	throat, mouth := newResonance(500+200*d.Float64(), 300), newResonance(1400+400*d.Float64(), 500)
	for i := range out {
		x := float64(i) / float64(n)
		envelope := math.Exp(-9*x) * min(1, 40*x)
		if x > .5 {
			envelope += .6 * math.Exp(-12*(x-.5))
		}
		w := d.NormFloat64()
		out[i] = envelope * (throat.next(w) + mouth.next(w))
	}
	return out
}
