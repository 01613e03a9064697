// Package agenttest has small things that work in place of a recogniser, a
// model and a voice, so that whole conversations run in virtual time. Speech
// between them is coded into the samples: what a frame says can be read off it,
// whoever played, cut or delayed it.
package agenttest

import (
	"context"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/g711"
)

// Code writes speech into f: word word, below 200, of text number text, from -1 to
// 3198. It is loud, so that any energy gate hears it, and its first four samples
// are such as µ-law leaves as they are.
func Code(f *media.Frame, text, word int) {
	for i := range f {
		f[i] = int16(8000 * (i%2*2 - 1))
	}
	text++
	f[0] = g711.DecodeSample(byte(magic | text/digits%16))
	f[1], f[2] = digit(text%digits), digit(word%digits)
	f[3] = g711.DecodeSample(loud)
}

const (
	magic  = 0x10 // to 0x1F: a loud negative sample, and the text's upper digit
	loud   = 0x9D // about 10,000
	digits = 200
)

// digit is a number below digits as a sample.
func digit(n int) int16 {
	if n >= 0x7F { // negative zero, which comes out as zero
		n++
	}
	return g711.DecodeSample(byte(n))
}

func undigit(s int16) (n int, ok bool) {
	n = int(g711.EncodeSample(s))
	ok = s == g711.DecodeSample(byte(n))
	if n > 0x7F {
		n--
	}
	return n, ok && n < digits
}

// Decode reads what [Code] wrote; ok is false for any other frame.
func Decode(f *media.Frame) (text, word int, ok bool) {
	first := g711.EncodeSample(f[0])
	low, known := undigit(f[1])
	word, of := undigit(f[2])
	ok = known && of && first&^0xF == magic && f[0] == g711.DecodeSample(first) && f[3] == g711.DecodeSample(loud)
	return int(first&0xF)*digits + low - 1, word, ok
}

// Detector is a vad.Detector that hears [Code], and any loud noise.
type Detector struct{}

// Speech implements vad.Detector.
func (Detector) Speech(f *media.Frame) float32 {
	if f[3] > 4000 || f[3] < -4000 {
		return 1
	}
	return 0
}

// Close implements vad.Detector.
func (Detector) Close() error { return nil }

// Port is what every effect of the fakes goes through: it may number it, delay
// it, fail it, or run it and fail all the same. Nil runs it.
type Port func(ctx context.Context, op string, effect func() error) error

func (p Port) do(ctx context.Context, op string, effect func() error) error {
	if p == nil {
		return effect()
	}
	return p(ctx, op, effect)
}
