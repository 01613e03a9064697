package bridge

import (
	"errors"
	"fmt"

	"github.com/pion/opus"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/g711"
)

// maxSound is the most that one packet may hold, in samples at 8 kHz: 120 ms,
// which is Opus' own limit (RFC 6716, 3.2.5).
const maxSound = 6 * media.FrameSamples

// decoder makes samples at 8 kHz of packets.
type decoder interface {
	// length is how many samples packet holds, by its look; 0: it is none.
	length(packet []byte) int
	// decode fills out, which has room for maxSound, and returns how much.
	decode(out []int16, packet []byte) (int, error)
}

var errPacket = errors.New("bridge: a packet holds no sound")

// ulaw is G.711 µ-law: a byte is a sample.
type ulaw struct{}

func (ulaw) length(packet []byte) int {
	if len(packet) > maxSound {
		return 0
	}
	return len(packet)
}

func (u ulaw) decode(out []int16, packet []byte) (int, error) {
	n := u.length(packet)
	if n == 0 {
		return 0, errPacket
	}
	for i, code := range packet {
		out[i] = g711.DecodeSample(code)
	}
	return n, nil
}

// opusSound is Opus in any of its modes. Its decoder is asked for 8 kHz, and
// leaves out what is above 4 kHz.
type opusSound struct{ d opus.Decoder }

func newOpus() (*opusSound, error) {
	d, err := opus.NewDecoderWithOutput(media.Rate, 1)
	if err != nil {
		return nil, fmt.Errorf("bridge: opus: %w", err)
	}
	return &opusSound{d}, nil
}

// length reads a packet's first bytes (RFC 6716, 3.1): how long a frame is, and
// how many there are.
func (o *opusSound) length(packet []byte) int {
	if len(packet) == 0 {
		return 0
	}
	const ms = media.Rate / 1000
	var frame int
	switch config := packet[0] >> 3; {
	case config < 12: // SILK: 10, 20, 40, 60 ms
		frame = []int{10 * ms, 20 * ms, 40 * ms, 60 * ms}[config&3]
	case config < 16: // hybrid: 10, 20 ms
		frame = []int{10 * ms, 20 * ms}[config&1]
	default: // CELT: 2.5, 5, 10, 20 ms
		frame = 20 * ms >> (3 - config&3)
	}
	count := 1
	switch packet[0] & 3 {
	case 1, 2:
		count = 2
	case 3:
		if len(packet) < 2 {
			return 0
		}
		count = int(packet[1] & 63)
	}
	if n := frame * count; n <= maxSound {
		return n
	}
	return 0
}

// decode also stands a decoder that breaks over a packet: what comes from the
// network must not end a call. It then starts anew.
func (o *opusSound) decode(out []int16, packet []byte) (n int, err error) {
	defer func() {
		if broken := recover(); broken != nil {
			n, err = 0, fmt.Errorf("bridge: opus: %v", broken)
			_ = o.d.Init(media.Rate, 1) // both are known to be allowed
		}
	}()
	if o.length(packet) == 0 {
		return 0, errPacket
	}
	n, err = o.d.DecodeToInt16(packet, out)
	if err != nil {
		return 0, fmt.Errorf("bridge: opus: %w", err)
	}
	return n, nil
}
