package agentcore_test

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/media"
)

// heardTone is a sound of the far end's that is no speech.
type heardTone struct {
	at, long time.Duration
	hz       []float64 // at once
	step     time.Duration
}

// newHeardTone is DURATION HZ[+HZ...], or DURATION for music: a chord that changes
// four times a second.
func newHeardTone(verb string, at time.Duration, text string) heardTone {
	long, tones, _ := strings.Cut(text, " ")
	h := heardTone{at: at}
	h.long, _ = time.ParseDuration(long)
	if verb == "music" {
		h.step, tones = 250*time.Millisecond, "262+330+392"
	}
	for hz := range strings.SplitSeq(tones, "+") {
		f, _ := strconv.ParseFloat(hz, 64)
		h.hz = append(h.hz, f)
	}
	return h
}

// tick adds what sounds at now. It is never so loud that the fake detector takes it
// for speech.
func (h heardTone) tick(f *media.Frame, now time.Duration) {
	if now < h.at || now >= h.at+h.long {
		return
	}
	since := now - h.at
	bend, loud := 1., 3000/float64(len(h.hz))
	if h.step > 0 {
		beat := since / h.step
		bend, loud = math.Pow(2, float64(beat*5%12)/12), loud/float64(1+beat*3%5)
	}
	for i := range f {
		t := since.Seconds() + float64(i)/media.Rate
		for _, hz := range h.hz {
			f[i] += int16(loud * math.Sin(2*math.Pi*hz*bend*t))
		}
	}
}

// syllable makes coded speech as uneven as a voice is: what keeps its level is a
// tone.
func syllable(f *media.Frame, now time.Duration) {
	quieter := int16(1 + now/media.FrameDuration*3%7)
	for i := 4; i < len(f); i++ {
		f[i] /= quieter
	}
}
