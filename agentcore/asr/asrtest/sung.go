package asrtest

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/g711"
)

// Vocabulary are the words that [Sung] sings and an [Ear] understands.
var Vocabulary = []string{"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"}

const (
	note   = 8 // frames of a word, and then
	breath = 4 // frames of silence
	loud   = 2000
)

// pitch is the tone of a word, in Hz: far enough from its neighbours to be told
// from them after a µ-law or a resampler, and within a telephone's band.
func pitch(word int) float64 { return 400 + 150*float64(word) }

// First and Second are two things said that differ, for servers with an [Ear].
var (
	First  = Sung("one two three four")
	Second = Sung("nine eight seven")
)

// Sung is text in a code that survives every format: each word of the
// [Vocabulary] is a tone, with a silence behind it. Other words are silence.
func Sung(text string) Speech {
	s := Speech{Text: text}
	for _, word := range strings.Fields(text) {
		tone := slices.Index(Vocabulary, word)
		for i := range note + breath {
			var f media.Frame
			for j := range f {
				if at := float64(i*media.FrameSamples+j) / media.Rate; tone >= 0 && i < note {
					f[j] = int16(8000 * math.Sin(2*math.Pi*pitch(tone)*at))
				}
			}
			s.Frames = append(s.Frames, f)
		}
	}
	return s
}

// Ear understands what was [Sung], as a scripted server that recognises nothing
// else does. The zero Ear is not ready: see [NewEar]. It is used by one goroutine.
type Ear struct {
	rate  int
	mulaw bool
	odd   []byte  // half a sample
	part  []int16 // less than a frame
	tones []int   // frames of the word that sounds, by what they were heard as
	words []string
	heard int // samples
}

// NewEar is an Ear for µ-law, or else signed 16-bit little-endian samples, at
// rate Hz.
func NewEar(rate int, mulaw bool) *Ear { return &Ear{rate: rate, mulaw: mulaw} }

// Hear takes sound, cut anywhere.
func (e *Ear) Hear(sound []byte) {
	if e.mulaw {
		for _, b := range sound {
			e.sample(g711.DecodeSample(b))
		}
		return
	}
	sound = append(e.odd, sound...)
	for ; len(sound) >= 2; sound = sound[2:] {
		e.sample(int16(binary.LittleEndian.Uint16(sound)))
	}
	e.odd = slices.Clone(sound)
}

func (e *Ear) sample(s int16) {
	e.heard++
	if e.part = append(e.part, s); len(e.part) < e.rate/50 {
		return
	}
	peak, crossings := int16(0), 0
	for i, s := range e.part {
		peak = max(peak, s)
		if i > 0 && (s < 0) != (e.part[i-1] < 0) {
			crossings++
		}
	}
	e.part = e.part[:0]
	if peak < loud {
		e.end()
		return
	}
	e.tones = append(e.tones, int(math.Round((float64(crossings)*25-400)/150)))
}

// end ends the word that sounds: what most of its frames were heard as.
func (e *Ear) end() {
	if len(e.tones) >= note/2 {
		slices.Sort(e.tones)
		if word := e.tones[len(e.tones)/2]; word >= 0 && word < len(Vocabulary) {
			e.words = append(e.words, Vocabulary[word])
		}
	}
	e.tones = nil
}

// Heard is how much sound there was.
func (e *Ear) Heard() time.Duration {
	return time.Duration(e.heard) * time.Second / time.Duration(e.rate)
}

// Guess is what was understood since the last Take.
func (e *Ear) Guess() string { return strings.Join(e.words, " ") }

// Take is Guess, with the word that sounds, and begins anew.
func (e *Ear) Take() string {
	e.end()
	said := e.Guess()
	e.words = nil
	return said
}
