package tone

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/hookswitch/hookswitch/media"
)

// fullScale is the peak of a sine of 0 dBFS.
const fullScale = 1 << 15

// edge is how long a made tone swells and fades, so that it doesn't click: 2 ms.
const edge = 2 * media.Rate / 1000

// part is a piece of a signal: sines of one level for a while, none for a pause.
type part struct {
	long time.Duration
	hz   []float64
}

// Make is a tone of a kind for tests and for labelled sounds: length of it, each
// sine at level in dBFS, 0 at most. A kind that has a cadence is repeated and cut
// to length. What hz means depends on the kind, and 0 always has a default:
//
//	Beep       the sine; 0 is 1000
//	SIT        the first of the three sines, 914 or 985 as North America has them; 0 is 950. It is said once, then there is silence
//	Ringback   440 (with 480; the default), 400 (with 450, Britain) or 425 (Europe)
//	Busy       480 (with 620; the default) or any other, alone
//	FaxCalling the sine; 0 is 1100
//	FaxAnswer  the sine; 0 is 2100. It is plain CED; see [ANSam]
//	Key        the low sine of a key of the middle column; 0 is 770, the key 5. See [Keyed] for others
//	Dial       350 (with 440; the default) or any other, alone
func Make(kind Kind, hz, level float64, length time.Duration) []int16 {
	out := make([]int16, 0, samples(length))
	parts := cadence(kind, hz, length)
	for i := 0; len(out) < samples(length); i++ {
		p := part{long: length}
		if i < len(parts) || kind != SIT {
			p = parts[i%len(parts)]
		}
		out = append(out, Sines(level, p.long, p.hz...)...)
	}
	return out[:samples(length)]
}

// cadence is what a kind repeats, never empty and never of no length.
func cadence(kind Kind, hz float64, length time.Duration) []part {
	const ms = time.Millisecond
	on := func(long time.Duration, hz ...float64) part { return part{long, hz} }
	alone := hz
	switch kind {
	case SIT:
		return special(hz)
	case Ringback:
		switch hz {
		case 400:
			return []part{on(400*ms, 400, 450), {long: 200 * ms}, on(400*ms, 400, 450), {long: 2000 * ms}}
		case 425:
			return []part{on(1000*ms, 425), {long: 4000 * ms}}
		}
		return []part{on(2000*ms, 440, 480), {long: 4000 * ms}}
	case Busy:
		if hz != 0 && hz != 480 {
			return []part{on(500*ms, hz), {long: 500 * ms}}
		}
		return []part{on(500*ms, 480, 620), {long: 500 * ms}}
	case FaxCalling:
		return []part{on(500*ms, or(hz, 1100)), {long: 3000 * ms}}
	case FaxAnswer:
		alone = or(hz, 2100)
	case Key:
		return []part{on(max(length, ms), or(hz, 770), 1336)}
	case Dial:
		if hz == 0 || hz == 350 {
			return []part{on(max(length, ms), 350, 440)}
		}
	}
	return []part{on(max(length, ms), or(alone, 1000))}
}

// special are special information tones: those of the ITU have three equal parts
// (E.180), North America's tell by pitch and length why (Telcordia GR-1162).
func special(hz float64) []part {
	const ms = time.Millisecond
	switch hz {
	case 914: // no circuit, and what else hurries
		return []part{{276 * ms, []float64{913.8}}, {380 * ms, []float64{1370.6}}, {380 * ms, []float64{1776.7}}}
	case 985: // the number is vacant, or has changed
		return []part{{380 * ms, []float64{985.2}}, {276 * ms, []float64{1370.6}}, {380 * ms, []float64{1776.7}}}
	}
	return []part{{330 * ms, []float64{950}}, {330 * ms, []float64{1400}}, {330 * ms, []float64{1800}}}
}

// Keyed is the tone of a row and a column of keys, in Hz (ITU-T Q.23).
func Keyed(low, high, level float64, length time.Duration) []int16 {
	return Sines(level, length, low, high)
}

// ANSam is a fax's or a modem's answer as ITU-T V.8 has it: 2100 Hz that swells
// and fades by a fifth 15 times a second and is turned round every 450 ms.
func ANSam(level float64, length time.Duration) []int16 {
	out := make([]int16, samples(length))
	for i := range out {
		at := float64(i) / media.Rate
		swell := 1 + 0.2*math.Sin(2*math.Pi*15*at)
		if i/samples(450*time.Millisecond)%2 == 1 {
			swell = -swell
		}
		out[i] = clipped(amplitude(level) * swell * math.Sin(2*math.Pi*2100*at))
	}
	return out
}

// Sines are sines of one level in dBFS each, added up. None are silence.
func Sines(level float64, length time.Duration, hz ...float64) []int16 {
	out := make([]int16, samples(length))
	for i := range out {
		sum := 0.0
		for _, hz := range hz {
			sum += math.Sin(2 * math.Pi * hz * float64(i) / media.Rate)
		}
		swell := min(1, float64(min(i, len(out)-1-i))/edge)
		out[i] = clipped(amplitude(level) * swell * sum)
	}
	return out
}

// Silence is nothing, for a while.
func Silence(length time.Duration) []int16 { return make([]int16, samples(length)) }

// Sum adds b to a from at on, in a's memory if it is long enough. It clips.
func Sum(a, b []int16, at time.Duration) []int16 {
	from := samples(at)
	if n := from + len(b) - len(a); n > 0 {
		a = append(a, make([]int16, n)...)
	}
	for i, s := range b {
		a[from+i] = clipped(float64(a[from+i]) + float64(s))
	}
	return a
}

// AddNoise adds white noise to s, in place. Its level in dBFS is that of a sine
// that is as strong: 15 dB below a tone's level is a signal-to-noise ratio of 15
// dB. The same seed gives the same noise.
func AddNoise(s []int16, level float64, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 0))
	for i := range s {
		s[i] = clipped(float64(s[i]) + amplitude(level)/math.Sqrt2*rng.NormFloat64())
	}
}

// Gain turns s up by as many dB, in place, and clips what becomes too loud.
func Gain(s []int16, db float64) {
	for i := range s {
		s[i] = clipped(float64(s[i]) * math.Pow(10, db/20))
	}
}

// Frames cuts s into frames; the last is filled with silence.
func Frames(s []int16) []media.Frame {
	all := make([]media.Frame, (len(s)+media.FrameSamples-1)/media.FrameSamples)
	for i := range all {
		copy(all[i][:], s[i*media.FrameSamples:])
	}
	return all
}

// amplitude is the peak of a sine of a level in dBFS.
func amplitude(level float64) float64 { return fullScale * math.Pow(10, level/20) }

func clipped(v float64) int16 { return int16(max(math.MinInt16, min(math.MaxInt16, math.Round(v)))) }

func samples(d time.Duration) int { return max(0, int(d*media.Rate/time.Second)) }

func or(hz, other float64) float64 {
	if hz == 0 {
		return other
	}
	return hz
}
