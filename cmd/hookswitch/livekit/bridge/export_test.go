package bridge

import (
	"context"
	"time"

	"github.com/pion/rtp"

	"github.com/hookswitch/hookswitch/media"
)

// SayOpus joins a room as an agent that says packets of 20 ms of Opus over and
// over, as LiveKit's own clients send them, until ctx is over.
func SayOpus(ctx context.Context, c Config, packets [][]byte) error {
	c = c.withDefaults()
	at, err := endpoint(c.URL)
	if err != nil {
		return err
	}
	j := newLine(c, at).joining()
	j.codec = opusCodec
	s, err := join(ctx, j)
	if err != nil {
		return err
	}
	defer s.close()
	every := time.NewTicker(media.FrameDuration)
	defer every.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return nil
		case <-every.C:
			h := rtp.Header{Version: 2, SequenceNumber: uint16(n), Timestamp: uint32(n * 960)}
			if err := s.tracks[0].WriteRTP(&rtp.Packet{Header: h, Payload: packets[n%len(packets)]}); err != nil {
				return err
			}
		}
	}
}

// Voices is how many tracks are heard.
func (l *Line) Voices() int { return len(l.voices.all()) }

// PacketsOf reads packets of testdata.
var PacketsOf = packetsOf
