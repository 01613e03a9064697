// Package g711 converts between µ-law, which telephone lines speak, and the
// linear samples of a [media.Frame]. It works in the caller's memory and never
// allocates on its own.
//
// What a code or a sample becomes is decided by github.com/zaf/g711; this
// package asks it once for every value and keeps the answers in two tables,
// because a look-up costs a third of the arithmetic.
package g711

import (
	"io"
	"slices"

	"github.com/zaf/g711"

	"github.com/hookswitch/hookswitch/media"
)

const (
	// FrameBytes is the length of one [media.Frame] in µ-law: a byte a sample.
	FrameBytes = media.FrameSamples

	// Silence is the µ-law code of a zero sample. 0x7F is the other zero, which
	// samples from -4 to -1 become; both decode to 0.
	Silence = 0xFF

	negativeZero = 0x7F
)

// linear holds the sample of each of the 256 codes.
var linear = func() (t [256]int16) {
	for code := range t {
		t[code] = g711.DecodeUlawFrame(uint8(code))
	}
	return t
}()

// codes holds the code of each sample, found by the sample's upper 14 bits: µ-law
// ignores the lower two (G.711 codes 14-bit samples), so 16 KB do for all 65,536.
var codes = func() (t [1 << 14]uint8) {
	for i := range t {
		t[i] = g711.EncodeUlawFrame(int16(i << 2))
	}
	return t
}()

// exact is linear, but for negative zero, which becomes one of the samples that
// are coded so.
var exact = func() [256]int16 {
	t := linear
	t[negativeZero] = -1
	return t
}()

// DecodeSample returns the linear sample of a µ-law code.
func DecodeSample(code byte) int16 { return linear[code] }

// EncodeSample returns the µ-law code of a linear sample.
func EncodeSample(s int16) byte { return codes[uint16(s)>>2] }

// Decode expands 160 µ-law bytes (ITU-T G.711, tables 2a and 2b) into f.
// It returns [io.ErrUnexpectedEOF] if src is shorter, and leaves f as it was.
// Bytes of src past the 160th are not looked at.
func Decode(f *media.Frame, src []byte) error {
	if len(src) < FrameBytes {
		return io.ErrUnexpectedEOF
	}
	for i, code := range (*[FrameBytes]byte)(src) {
		f[i] = linear[code]
	}
	return nil
}

// Encode appends f to dst as 160 µ-law bytes and returns the longer slice. It
// allocates only when dst has less than 160 bytes to spare.
func Encode(dst []byte, f *media.Frame) []byte {
	n := len(dst)
	dst = slices.Grow(dst, FrameBytes)[:n+FrameBytes]
	out := (*[FrameBytes]byte)(dst[n:])
	for i, s := range f {
		out[i] = codes[uint16(s)>>2]
	}
	return dst
}

// Restore expands src into f as [Decode] does, so that [Encode] makes src again of
// it, to the bit: negative zero becomes -1. It is for who keeps sound as µ-law that
// others are to have as if it had never been. src has 160 bytes.
func Restore(f *media.Frame, src *[FrameBytes]byte) {
	for i, code := range src {
		f[i] = exact[code]
	}
}
