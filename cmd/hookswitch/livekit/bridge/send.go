package bridge

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/pion/rtp"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/g711"
)

// backlog is how many frames may wait for the network: 200 ms.
const backlog = 10

// pause is the time without a frame after which the track's clock is set anew.
const pause = 100 * time.Millisecond

// ticks of a track's clock pass in a frame.
const ticks = uint32(media.FrameSamples)

// track is what a mouth speaks into.
type track interface{ WriteRTP(*rtp.Packet) error }

// mouth is one track that we publish. Its clock goes on over a new session.
type mouth struct {
	name  string
	queue chan said
	lost  atomic.Int64 // frames for which there was no room
}

type said struct {
	at    time.Time
	frame media.Frame
}

func newMouth(name string) *mouth { return &mouth{name: name, queue: make(chan said, backlog)} }

func (m *mouth) send(f *media.Frame) {
	select {
	case m.queue <- said{time.Now(), *f}:
	default:
		m.lost.Add(1)
	}
}

// speak sends what is queued until ctx is over, into the track that now tells;
// nil: nowhere. The SSRC and the payload type are the track's to fill in.
func (m *mouth) speak(ctx context.Context, now func() track) {
	var (
		p    = rtp.Packet{Header: rtp.Header{Version: 2, Marker: true}}
		code = make([]byte, 0, media.FrameSamples)
		last time.Time
	)
	for {
		select {
		case <-ctx.Done():
			return
		case s := <-m.queue:
			if gap := s.at.Sub(last); !last.IsZero() && gap > pause {
				p.Timestamp += uint32(gap/media.FrameDuration-1) * ticks
				p.Marker = true
			}
			last = s.at
			p.Payload = g711.Encode(code[:0], &s.frame)
			if t := now(); t != nil {
				// What cannot be sent is lost, as on any network; a session that is
				// broken is found out by its peer connections.
				_ = t.WriteRTP(&p)
			}
			p.SequenceNumber++
			p.Timestamp += ticks
			p.Marker = false
		}
	}
}
