// Package agenttest has small things that work in place of a recogniser, a
// model and a voice, so that whole conversations run in virtual time. Speech
// between them is coded into the samples: what a frame says can be read off it,
// whoever played, cut or delayed it.
package agenttest

import (
	"context"

	"github.com/hookswitch/hookswitch/media"
)

// Code writes speech into f: word word of text number text, both from 0. It is
// loud, so that any energy gate hears it.
func Code(f *media.Frame, text, word int) {
	for i := range f {
		f[i] = int16(8000 * (i%2*2 - 1))
	}
	f[0], f[1], f[2] = magic, int16(text), int16(word)
}

const magic = 12345

// Decode reads what [Code] wrote; ok is false for any other frame.
func Decode(f *media.Frame) (text, word int, ok bool) {
	return int(f[1]), int(f[2]), f[0] == magic
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
