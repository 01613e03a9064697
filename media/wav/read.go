package wav

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/hookswitch/hookswitch/media/g711"
)

// MaxBytes is the size from which a file is refused: an hour of a call as
// µ-law, half as much of 16 kHz as 16-bit linear.
const MaxBytes = 64 << 20

var (
	// ErrFormat means that a file is not WAV, is cut before its samples, or is of
	// a kind that this package does not read.
	ErrFormat = errors.New("wav: not a file that can be read")

	// ErrTooLarge means that a file has more than [MaxBytes] bytes.
	ErrTooLarge = fmt.Errorf("wav: more than %d MB", MaxBytes>>20)
)

// Audio is a file's sound.
type Audio struct {
	Format          // as it was in the file
	Samples []int16 // linear, the channels in turn
}

// ReadFile reads the file at path. See [Read].
func ReadFile(path string) (Audio, error) {
	f, err := os.Open(path)
	if err != nil {
		return Audio{}, fmt.Errorf("wav: %w", err)
	}
	defer f.Close()
	return Read(f)
}

// Read reads a WAV file of 16-bit linear or µ-law samples from r, as far as the
// end of the samples.
//
// It takes files as they are found: chunks that it doesn't know, in any order
// before the samples, padded or not; sizes that were never filled in; samples
// that stop early. A size that is claimed costs no memory until the bytes have
// come. Errors are [ErrFormat], [ErrTooLarge], or r's.
func Read(r io.Reader) (Audio, error) {
	limit := &io.LimitedReader{R: r, N: MaxBytes + 1}
	a, err := parse(bufio.NewReader(limit))
	if limit.N <= 0 {
		err = ErrTooLarge
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("%w: it ends before its samples", ErrFormat)
	}
	if err != nil {
		return Audio{}, err
	}
	return a, nil
}

func parse(r *bufio.Reader) (a Audio, err error) {
	var head [12]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return a, err
	}
	if string(head[:4]) != "RIFF" || string(head[8:]) != "WAVE" {
		return a, fmt.Errorf("%w: it does not begin with RIFF and WAVE", ErrFormat)
	}
	open := !known(binary.LittleEndian.Uint32(head[4:]))
	for {
		var chunk [8]byte
		if _, err := io.ReadFull(r, chunk[:]); err != nil {
			return a, err
		}
		size := int64(binary.LittleEndian.Uint32(chunk[4:]))
		switch string(chunk[:4]) {
		case "fmt ":
			a.Format, err = parseFormat(r, size)
		case "data":
			if a.Channels == 0 {
				return a, fmt.Errorf("%w: its samples come before their format", ErrFormat)
			}
			if size == unknown || size == 0 && open {
				size = MaxBytes + 1
			}
			a.Samples, err = decode(io.LimitReader(r, size), a.Format)
			return a, err
		default:
			err = skip(r, size)
		}
		if err == nil {
			err = pad(r, size)
		}
		if err != nil {
			return a, err
		}
	}
}

// known reports whether a size was filled in.
func known(size uint32) bool { return size != 0 && size != unknown }

func parseFormat(r *bufio.Reader, size int64) (Format, error) {
	if size < 16 {
		return Format{}, fmt.Errorf("%w: its format chunk has %d bytes, not 16 or more", ErrFormat, size)
	}
	var b [40]byte
	n := min(size, int64(len(b)))
	if _, err := io.ReadFull(r, b[:n]); err != nil {
		return Format{}, err
	}
	le := binary.LittleEndian
	f := Format{Encoding(le.Uint16(b[0:])), int(le.Uint32(b[4:])), int(le.Uint16(b[2:]))}
	if f.Encoding == extensible && n == 40 {
		f.Encoding = Encoding(le.Uint16(b[24:]))
	}
	if err := f.check(); err != nil {
		return Format{}, err
	}
	if bits := le.Uint16(b[14:]); int(bits) != 8*f.Encoding.bytes() {
		return Format{}, fmt.Errorf("%w: %d bits a sample in %v", ErrFormat, bits, f.Encoding)
	}
	return f, skip(r, size-n)
}

func skip(r *bufio.Reader, n int64) error {
	_, err := io.CopyN(io.Discard, r, n)
	return err
}

// pad skips the zero byte that ought to follow a chunk of odd length. No chunk's
// name begins with one, so that files without it can be read too.
func pad(r *bufio.Reader, size int64) error {
	if size%2 == 0 {
		return nil
	}
	if b, err := r.Peek(1); err == nil && b[0] == 0 {
		return skip(r, 1)
	}
	return nil
}

// decode reads samples until r ends. A last one that isn't there for every
// channel is left out.
func decode(r io.Reader, f Format) ([]int16, error) {
	var samples []int16
	buf := make([]byte, 32<<10)
	for {
		n, err := io.ReadFull(r, buf)
		b := buf[:n]
		if f.Encoding == MuLaw {
			for _, code := range b {
				samples = append(samples, g711.DecodeSample(code))
			}
		} else {
			for ; len(b) >= 2; b = b[2:] {
				samples = append(samples, int16(binary.LittleEndian.Uint16(b)))
			}
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return samples[:len(samples)-len(samples)%f.Channels], nil
		}
		if err != nil {
			return nil, fmt.Errorf("wav: read: %w", err)
		}
	}
}

// Parse is [Read] of a file in memory.
func Parse(b []byte) (Audio, error) { return Read(bytes.NewReader(b)) }
