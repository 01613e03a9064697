package live

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/g711"
	"github.com/hookswitch/hookswitch/media/resample"
)

// Linear formats: signed 16-bit samples, little-endian.
const (
	PCM8k  Format = "pcm_8000"
	PCM16k Format = "pcm_16000"
	PCM24k Format = "pcm_24000"
	PCM48k Format = "pcm_48000"
)

var rates = map[Format]int{
	Mulaw: 8000, PCM8k: 8000, PCM16k: 16000, "pcm_22050": 22050, PCM24k: 24000, "pcm_44100": 44100, PCM48k: 48000,
}

// Valid reports whether f is a format at all; which of them a provider takes is
// its adapter's to say.
func (f Format) Valid() bool { return rates[f] != 0 }

// Rate is f's sample rate in Hz; 0 when f is not valid.
func (f Format) Rate() int { return rates[f] }

// String is f as the line about a call's pipeline says it: "mu-law 8k".
func (f Format) String() string {
	if !f.Valid() {
		return string(f)
	}
	kind, _, _ := strings.Cut(string(f), "_")
	if f == Mulaw {
		kind = "mu-law"
	}
	return kind + " " + strconv.FormatFloat(float64(f.Rate())/1000, 'f', -1, 64) + "k"
}

// Bytes is how many bytes d of sound has in f, whole samples, rounded down.
func (f Format) Bytes(d time.Duration) int {
	n := int(d * time.Duration(f.Rate()) / time.Second)
	if f != Mulaw {
		n *= 2
	}
	return n
}

// Check says what is wrong with f for a provider that takes only those of
// allowed; nil when it is one of them.
func (f Format) Check(allowed []Format) error {
	if slices.Contains(allowed, f) {
		return nil
	}
	names := make([]string, len(allowed))
	for i, a := range allowed {
		names[i] = string(a)
	}
	return fmt.Errorf("Format must be one of %s", strings.Join(names, ", "))
}

// Encoder turns the frames of one stream into a provider's format. It is used
// by one goroutine.
type Encoder struct {
	format Format
	up     *resample.Resampler // nil: the rate is the line's own
	buf    []int16
}

// NewEncoder makes an Encoder for one stream; it fails for a format that nobody
// can make.
func NewEncoder(f Format) (*Encoder, error) {
	e := &Encoder{format: f}
	switch {
	case !f.Valid():
		return nil, fmt.Errorf("live: no format %q", string(f))
	case f.Rate() == media.Rate:
		return e, nil
	}
	up, err := resample.New(media.Rate, f.Rate())
	if err != nil {
		return nil, fmt.Errorf("live: format %s: %w", string(f), err)
	}
	e.up = up
	e.buf = make([]int16, 0, int(math.Ceil(float64(media.FrameSamples*f.Rate())/media.Rate))+1)
	return e, nil
}

// Encode appends f to dst and returns the longer slice. It allocates only when
// dst has too little room.
func (e *Encoder) Encode(dst []byte, f *media.Frame) []byte {
	if e.format == Mulaw {
		return g711.Encode(dst, f)
	}
	samples := f[:]
	if e.up != nil {
		e.buf = e.up.Process(e.buf[:0], samples)
		samples = e.buf
	}
	n := len(dst)
	dst = slices.Grow(dst, 2*len(samples))[:n+2*len(samples)]
	for i, s := range samples {
		dst[n+2*i], dst[n+2*i+1] = byte(s), byte(uint16(s)>>8)
	}
	return dst
}
