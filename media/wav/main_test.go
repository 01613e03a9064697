package wav_test

import (
	"errors"
	"io"
	"math"
	"testing"

	"go.uber.org/goleak"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/g711"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// disk is a file in memory.
type disk struct {
	bytes []byte
	at    int
	full  int // bytes after which writing fails; 0 means never
}

var errFull = errors.New("no space left")

func (d *disk) Write(b []byte) (int, error) {
	if d.full > 0 && d.at+len(b) > d.full {
		return 0, errFull
	}
	if need := d.at + len(b); need > len(d.bytes) {
		d.bytes = append(d.bytes, make([]byte, need-len(d.bytes))...)
	}
	copy(d.bytes[d.at:], b)
	d.at += len(b)
	return len(b), nil
}

func (d *disk) Seek(offset int64, whence int) (int64, error) {
	if whence != io.SeekStart {
		return 0, errors.New("only from the start")
	}
	d.at = int(offset)
	return offset, nil
}

// tone returns n samples of a sine.
func tone(n, rate int, hz, peak float64) []int16 {
	s := make([]int16, n)
	for i := range s {
		s[i] = int16(math.Round(peak * math.Sin(2*math.Pi*hz*float64(i)/float64(rate))))
	}
	return s
}

// filled is a frame of one value that µ-law keeps exactly, a different one for
// each n up to 200.
func filled(n int) *media.Frame {
	f := new(media.Frame)
	for i := range f {
		f[i] = g711.DecodeSample(byte(n % 100))
	}
	return f
}
