package sim

import (
	"math"
	"slices"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/media"
)

// mixer joins legs: what is said on one is heard on all others. Each leg has a
// clock of its own. The zero mixer is empty.
type mixer struct {
	mu    sync.Mutex
	seats []*seat
}

// seat is one leg's place in a mixer. It is an [endpoint].
type seat struct {
	room  *mixer
	muted bool                     // nobody hears it
	from  map[*seat]*[]media.Frame // what each other one said and this one has not heard
	own   []media.Frame            // played to this one alone, mixed with the others
}

// Two clocks drift, and a busy machine ticks late and then twice. What one side
// is behind is made up for in silence, or else thrown away.
const (
	mixerSlack = 3  // frames that one side may be behind
	maxMixer   = 50 // frames after which a voice is cut
)

// sit makes a place for one more leg.
func (m *mixer) sit(muted bool) *seat {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := &seat{room: m, muted: muted, from: map[*seat]*[]media.Frame{}}
	for _, o := range m.seats {
		o.from[s], s.from[o] = new([]media.Frame), new([]media.Frame)
	}
	m.seats = append(m.seats, s)
	return s
}

// rise gives the place up. Any number of times will do.
func (s *seat) rise() {
	s.room.mu.Lock()
	defer s.room.mu.Unlock()
	s.room.seats = slices.DeleteFunc(s.room.seats, func(o *seat) bool { return o == s })
	for _, o := range s.room.seats {
		delete(o.from, s)
	}
}

// play lets all seats but except hear frames.
func (m *mixer) play(frames []media.Frame, except *seat) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.seats {
		if s != except {
			s.own = append(s.own[:len(s.own):len(s.own)], frames...)
		}
	}
}

// tick implements [endpoint].
func (s *seat) tick(_ time.Duration, said *media.Frame, _ byte, hear *media.Frame) {
	s.room.mu.Lock()
	defer s.room.mu.Unlock()
	silent := s.muted || *said == media.Frame{}
	for _, o := range s.room.seats {
		mine := o.from[s]
		if mine == nil || len(*mine) >= maxMixer || silent && len(*mine) >= mixerSlack {
			continue // itself, or one that is far behind
		}
		if s.muted {
			*mine = append(*mine, media.Frame{})
		} else {
			*mine = append(*mine, *said)
		}
	}
	var sum [media.FrameSamples]int32
	for _, o := range s.room.seats {
		take(s.from[o], &sum)
	}
	take(&s.own, &sum)
	for i, v := range sum {
		hear[i] = int16(min(max(v, math.MinInt16), math.MaxInt16))
	}
}

// take adds the first of frames to sum.
func take(frames *[]media.Frame, sum *[media.FrameSamples]int32) {
	if frames == nil || len(*frames) == 0 {
		return
	}
	for i, v := range (*frames)[0] {
		sum[i] += int32(v)
	}
	*frames = append((*frames)[:0], (*frames)[1:]...)
}
