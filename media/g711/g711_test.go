package g711_test

import (
	"bytes"
	"errors"
	"io"
	"math"
	"testing"

	zaf "github.com/zaf/g711"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/g711"
)

// The reference below is written from ITU-T G.711 section 3.2 and the µ-law
// routines that G.191 describes: 14-bit samples, one's complement magnitude, a
// bias of 33, eight segments of sixteen steps, all bits but the sign inverted.

func referenceEncode(s int16) byte {
	magnitude := int(s) >> 2 // 16 -> 14 bit, truncated
	negative := magnitude < 0
	if negative {
		magnitude = -magnitude - 1
	}
	magnitude = min(magnitude+33, 0x1FFF)
	segment := 0
	for limit := 0x3F; magnitude > limit; limit = limit<<1 | 1 {
		segment++
	}
	step := magnitude >> (segment + 1) & 0x0F
	code := byte(segment<<4|step) ^ 0x7F
	if !negative {
		code |= 0x80
	}
	return code
}

func referenceDecode(code byte) int16 {
	bits := ^code
	segment, step := int(bits>>4&7), int(bits&0x0F)
	magnitude := (2*step+33)<<segment - 33
	if bits&0x80 != 0 {
		magnitude = -magnitude
	}
	return int16(magnitude << 2)
}

func TestEveryCodeDecodesAsG711Says(t *testing.T) {
	for i := range 256 {
		code := byte(i)
		got := g711.DecodeSample(code)
		if want := zaf.DecodeUlawFrame(code); got != want {
			t.Errorf("DecodeSample(%#02x) = %d, zaf says %d", code, got, want)
		}
		if want := referenceDecode(code); got != want {
			t.Errorf("DecodeSample(%#02x) = %d, G.711 says %d", code, got, want)
		}
	}
}

func TestEverySampleEncodesAsG711Says(t *testing.T) {
	for i := math.MinInt16; i <= math.MaxInt16; i++ {
		s := int16(i)
		got := g711.EncodeSample(s)
		if want := zaf.EncodeUlawFrame(s); got != want {
			t.Fatalf("EncodeSample(%d) = %#02x, zaf says %#02x", s, got, want)
		}
		if want := referenceEncode(s); got != want {
			t.Fatalf("EncodeSample(%d) = %#02x, G.711 says %#02x", s, got, want)
		}
	}
}

func TestEveryCodeButNegativeZeroComesBack(t *testing.T) {
	for i := range 256 {
		code, want := byte(i), byte(i)
		if code == 0x7F {
			want = g711.Silence
		}
		if got := g711.EncodeSample(g711.DecodeSample(code)); got != want {
			t.Errorf("code %#02x came back as %#02x, want %#02x", code, got, want)
		}
	}
}

func TestEveryCodeIsRestored(t *testing.T) {
	var src [g711.FrameBytes]byte
	var f, plain media.Frame
	for code := range 256 {
		for i := range src {
			src[i] = byte(code)
		}
		g711.Restore(&f, &src)
		if got := g711.Encode(nil, &f); !bytes.Equal(got, src[:]) {
			t.Errorf("code %#x is restored as %d, which is coded as %#x", code, f[0], got[0])
		}
		if err := g711.Decode(&plain, src[:]); err != nil {
			t.Fatal(err)
		}
		if code != 0x7F && f != plain {
			t.Errorf("code %#x is restored as %d, decoded as %d", code, f[0], plain[0])
		}
	}
}

func TestEncodingIsWithinHalfAStep(t *testing.T) {
	for i := -32124; i <= 32124; i++ {
		got := int(g711.DecodeSample(g711.EncodeSample(int16(i))))
		// A step is 8 in the lowest segment and doubles with each.
		step := 8 << (referenceSegment(int16(i)))
		if d := got - i; d > step/2+3 || d < -step/2-3 { // 3: the two bits that are cut off
			t.Fatalf("sample %d came back as %d: off by more than half a step of %d", i, got, step)
		}
	}
}

func referenceSegment(s int16) int { return int(^referenceEncode(s)>>4) & 7 }

func TestSilenceIsZero(t *testing.T) {
	if got := g711.DecodeSample(g711.Silence); got != 0 {
		t.Errorf("Silence decodes to %d, want 0", got)
	}
	var f media.Frame
	got := g711.Encode(nil, &f)
	if want := bytes.Repeat([]byte{g711.Silence}, g711.FrameBytes); !bytes.Equal(got, want) {
		t.Errorf("the zero frame encodes to % x", got)
	}
}

func TestDecodeFillsTheFrame(t *testing.T) {
	src := make([]byte, 200)
	for i := range src {
		src[i] = byte(i)
	}
	var f media.Frame
	if err := g711.Decode(&f, src); err != nil {
		t.Fatal(err)
	}
	for i, got := range f {
		if want := referenceDecode(src[i]); got != want {
			t.Fatalf("sample %d = %d, want %d", i, got, want)
		}
	}
}

func TestDecodeOfTooLittleLeavesTheFrame(t *testing.T) {
	for _, n := range []int{0, 1, 159} {
		f := ramp()
		if err := g711.Decode(&f, make([]byte, n)); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("Decode of %d bytes = %v, want ErrUnexpectedEOF", n, err)
		}
		if f != ramp() {
			t.Errorf("Decode of %d bytes changed the frame", n)
		}
	}
}

func TestEncodeAppends(t *testing.T) {
	f := ramp()
	got := g711.Encode([]byte("head"), &f)
	if len(got) != 4+g711.FrameBytes || string(got[:4]) != "head" {
		t.Fatalf("Encode after 4 bytes gave %d bytes beginning %q", len(got), got[:4])
	}
	for i, code := range got[4:] {
		if want := referenceEncode(f[i]); code != want {
			t.Fatalf("byte %d = %#02x, want %#02x", i, code, want)
		}
	}
}

func TestFramesAreConvertedWithoutAllocation(t *testing.T) {
	f := ramp()
	buf := make([]byte, 0, g711.FrameBytes)
	if n := testing.AllocsPerRun(100, func() {
		buf = g711.Encode(buf[:0], &f)
		if err := g711.Decode(&f, buf); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("a frame out and in costs %v allocations, want 0", n)
	}
}

func ramp() (f media.Frame) {
	for i := range f {
		f[i] = int16(i*409 - 32000)
	}
	return f
}

func BenchmarkDecode(b *testing.B) {
	f := ramp()
	src := g711.Encode(nil, &f)
	b.ReportAllocs()
	for b.Loop() {
		_ = g711.Decode(&f, src)
	}
}

func BenchmarkDecodeZaf(b *testing.B) {
	f := ramp()
	src := g711.Encode(nil, &f)
	b.ReportAllocs()
	for b.Loop() {
		for i, code := range src {
			f[i] = zaf.DecodeUlawFrame(code)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	f := ramp()
	dst := make([]byte, 0, g711.FrameBytes)
	b.ReportAllocs()
	for b.Loop() {
		dst = g711.Encode(dst[:0], &f)
	}
}

func BenchmarkEncodeZaf(b *testing.B) {
	f := ramp()
	dst := make([]byte, g711.FrameBytes)
	b.ReportAllocs()
	for b.Loop() {
		for i, s := range f {
			dst[i] = zaf.EncodeUlawFrame(s)
		}
	}
}
