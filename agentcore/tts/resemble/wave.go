package resemble

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"math"

	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/media/g711"
)

// mostHeader is how many bytes may come before the sound. From the documentation
// (docs.resemble.ai/voice-generation/text-to-speech/streaming-http): the time of
// each letter is there, which we don't read.
const mostHeader = 1 << 20

var errHeader = errors.New("it is no WAV file of one channel in a known form")

// header is what a WAV file says of its sound.
type header struct {
	mulaw bool
	rate  int   // Hz
	size  int64 // bytes of sound; math.MaxInt64 if it doesn't say
}

// readHeader reads r until the sound begins. Its error is errHeader, or r's.
func readHeader(r *bufio.Reader) (h header, err error) {
	var riff [12]byte
	if _, err := io.ReadFull(r, riff[:]); err != nil {
		return h, err
	}
	if string(riff[:4]) != "RIFF" || string(riff[8:]) != "WAVE" {
		return h, errHeader
	}
	for read := int64(0); ; {
		var chunk [8]byte
		if _, err := io.ReadFull(r, chunk[:]); err != nil {
			return h, err
		}
		size := int64(binary.LittleEndian.Uint32(chunk[4:]))
		switch id := string(chunk[:4]); {
		case id == "data" && h.rate == 0:
			return h, errHeader
		case id == "data":
			// Streams that don't know yet say nothing or as much as they can.
			if h.size = size; size == 0 || size >= math.MaxInt32 {
				h.size = math.MaxInt64
			}
			return h, nil
		case size > mostHeader-read:
			return h, errHeader
		case id == "fmt " && size >= 16:
			if err := h.form(r, size); err != nil {
				return h, err
			}
		default:
			if _, err := r.Discard(int(size)); err != nil {
				return h, err
			}
		}
		if read += size + int64(len(chunk)); size%2 == 1 {
			if _, err := r.Discard(1); err != nil {
				return h, err
			}
		}
	}
}

// form reads a fmt chunk.
func (h *header) form(r *bufio.Reader, size int64) error {
	var f [16]byte
	if _, err := io.ReadFull(r, f[:]); err != nil {
		return err
	}
	const linear, mulaw = 1, 7 // format tags
	tag, channels, bits := binary.LittleEndian.Uint16(f[:]), binary.LittleEndian.Uint16(f[2:]), binary.LittleEndian.Uint16(f[14:])
	h.mulaw, h.rate = tag == mulaw, int(binary.LittleEndian.Uint32(f[4:]))
	if channels != 1 || !(tag == mulaw && bits == 8 || tag == linear && bits == 16) || h.rate == 0 {
		return errHeader
	}
	_, err := r.Discard(int(size) - len(f))
	return err
}

// samples reads a WAV file of 8 kHz as bare linear samples.
type samples struct {
	r    *bufio.Reader
	body io.Closer
	head *header // nil until it was read
	left int64
}

func (s *samples) Close() error { return s.body.Close() }

func (s *samples) Read(p []byte) (int, error) {
	if s.head == nil {
		h, err := readHeader(s.r)
		switch {
		case errors.Is(err, errHeader), err == nil && h.rate != pcm.Rate:
			return 0, provider.New(Name, "speak", provider.Garbage, errHeader)
		case errors.Is(err, io.EOF):
			return 0, io.ErrUnexpectedEOF
		case err != nil:
			return 0, err
		}
		s.head, s.left = &h, h.size
	}
	if s.left == 0 { // what follows is not sound
		if _, err := io.Copy(io.Discard, io.LimitReader(s.r, mostHeader)); err != nil {
			return 0, err
		}
		return 0, io.EOF
	}
	if !s.head.mulaw {
		n, err := s.r.Read(p[:min(int64(len(p)), s.left)])
		s.left -= int64(n)
		return n, err
	}
	if len(p) < 2 {
		return 0, io.ErrShortBuffer
	}
	n, err := s.r.Read(p[:min(int64(len(p)/2), s.left)])
	s.left -= int64(n)
	for i := n - 1; i >= 0; i-- { // from behind, since each takes the place of two
		binary.LittleEndian.PutUint16(p[2*i:], uint16(g711.DecodeSample(p[i])))
	}
	return 2 * n, err
}
