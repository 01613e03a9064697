// Package wav reads and writes WAV files, and records calls to them: the caller
// on the left, the agent on the right.
//
// It knows the two encodings that telephony needs, µ-law and 16-bit linear.
// Everything that it hands out or takes is linear; see [media.Frame].
package wav

import (
	"encoding/binary"
	"fmt"
)

// Encoding is how a file keeps a sample. Its values are WAV's format tags.
type Encoding uint16

const (
	PCM16 Encoding = 1 // signed 16-bit, little-endian
	MuLaw Encoding = 7 // ITU-T G.711, one byte a sample: half the size, telephone quality
)

// String returns the encoding's name.
func (e Encoding) String() string {
	switch e {
	case PCM16:
		return "16-bit linear"
	case MuLaw:
		return "µ-law"
	}
	return fmt.Sprintf("format %d", uint16(e))
}

// bytes is the size of one sample.
func (e Encoding) bytes() int {
	if e == MuLaw {
		return 1
	}
	return 2
}

// Format is what is said of a file's sound at its beginning.
type Format struct {
	Encoding Encoding
	Rate     int // Hz
	Channels int // their samples take turns, left first
}

const (
	maxRate     = 384_000
	maxChannels = 8
)

// frame is the size of one sample of every channel.
func (f Format) frame() int { return f.Channels * f.Encoding.bytes() }

func (f Format) check() error {
	switch {
	case f.Encoding != PCM16 && f.Encoding != MuLaw:
		return fmt.Errorf("%w: %v, not 16-bit linear or µ-law", ErrFormat, f.Encoding)
	case f.Channels < 1 || f.Channels > maxChannels:
		return fmt.Errorf("%w: %d channels, not 1 to %d", ErrFormat, f.Channels, maxChannels)
	case f.Rate < 1 || f.Rate > maxRate:
		return fmt.Errorf("%w: %d Hz, not 1 to %d", ErrFormat, f.Rate, maxRate)
	}
	return nil
}

const (
	extensible = 0xFFFE // format tag that says: the real one is further on

	// unknown stands for a size in a file that is still being written. Readers,
	// this package's among others, then take all there is.
	unknown = 0xFFFFFFFF
)

// appendHeader appends all that comes before the samples, of which there are
// size bytes (or [unknown]).
func (f Format) appendHeader(b []byte, size uint32) []byte {
	start, le := len(b), binary.LittleEndian
	b = append(b, "RIFF\xff\xff\xff\xffWAVEfmt "...)
	extra := 0
	if f.Encoding != PCM16 { // all but PCM tell how many extra fields follow, and have a fact chunk
		extra = 2
	}
	b = le.AppendUint32(b, uint32(16+extra))
	b = le.AppendUint16(b, uint16(f.Encoding))
	b = le.AppendUint16(b, uint16(f.Channels))
	b = le.AppendUint32(b, uint32(f.Rate))
	b = le.AppendUint32(b, uint32(f.Rate*f.frame()))
	b = le.AppendUint16(b, uint16(f.frame()))
	b = le.AppendUint16(b, uint16(8*f.Encoding.bytes()))
	if extra > 0 {
		b = le.AppendUint16(b, 0)
		b = append(b, "fact"...)
		b = le.AppendUint32(b, 4)
		samples := uint32(unknown)
		if size != unknown {
			samples = size / uint32(f.frame())
		}
		b = le.AppendUint32(b, samples)
	}
	b = append(b, "data"...)
	b = le.AppendUint32(b, size)
	if size != unknown {
		le.PutUint32(b[start+4:], uint32(len(b)-start-8)+size+size%2)
	}
	return b
}
