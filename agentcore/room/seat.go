package room

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
)

// bench is a call's leg, on which one after the other sits.
type bench struct {
	leg  telephony.Leg
	call context.Context       // of the call's part on this node
	over atomic.Bool           // nobody sits here after who sits here now
	lost atomic.Pointer[error] // what ended the leg itself; nil: it lives

	mu    sync.Mutex
	marks uint32            // the newest that was asked for, whoever did
	kept  []telephony.Event // came for somebody who had just left
}

const (
	mostKept  = 16   // keys: one or two are all that fit into 20 ms
	mostAsked = 4096 // marks on the way, as many as a carrier's stream remembers
)

// seat is the leg as one holder of the floor has it. Who hangs it up leaves the
// leg open for the next; its own Next then returns [io.EOF] at the next frame,
// which comes in 20 ms while the stream lives.
//
// Numbers of marks are the holder's own: none that another asked for comes back
// to it.
type seat struct {
	*bench
	left atomic.Bool

	mu    sync.Mutex
	asked map[uint32]uint32 // its marks that are on the way, by the bench's numbers
}

var _ telephony.Leg = (*seat)(nil)

func (b *bench) seat() *seat { return &seat{bench: b, asked: map[uint32]uint32{}} }

// Next implements [telephony.Leg].
func (s *seat) Next(f *media.Frame) (telephony.Event, error) {
	for {
		if s.left.Load() {
			return telephony.Event{}, io.EOF
		}
		if e, ok := s.take(); ok {
			return e, nil
		}
		e, err := s.leg.Next(f)
		if err != nil {
			lost := err
			s.lost.CompareAndSwap(nil, &lost)
			if s.left.Load() && !errors.Is(err, telephony.ErrLost) {
				err = io.EOF
			}
			return e, err
		}
		if s.left.Load() {
			s.keep(e)
			return telephony.Event{}, io.EOF
		}
		if e, ok := s.mine(e); ok {
			return e, nil
		}
	}
}

// mine translates a mark's number; false when another asked for it.
func (s *seat) mine(e telephony.Event) (telephony.Event, bool) {
	if e.Kind != telephony.Played && e.Kind != telephony.Dropped {
		return e, true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	id, ok := s.asked[e.Mark]
	delete(s.asked, e.Mark)
	e.Mark = id
	return e, ok
}

// keep keeps a key for who comes next. Sound goes by, and marks were another's.
func (b *bench) keep(e telephony.Event) {
	if e.Kind != telephony.Digit {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.kept) < mostKept {
		b.kept = append(b.kept, e)
	}
}

func (b *bench) take() (telephony.Event, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.kept) == 0 {
		return telephony.Event{}, false
	}
	e := b.kept[0]
	b.kept = b.kept[1:]
	return e, true
}

// Write implements [telephony.Leg].
func (s *seat) Write(f *media.Frame) error {
	if s.left.Load() {
		return io.ErrClosedPipe
	}
	return s.leg.Write(f)
}

// Mark implements [telephony.Leg].
func (s *seat) Mark(id uint32) error {
	if s.left.Load() {
		return io.ErrClosedPipe
	}
	s.bench.mu.Lock()
	s.marks++
	n := s.marks
	s.bench.mu.Unlock()
	s.mu.Lock()
	if len(s.asked) >= mostAsked {
		clear(s.asked) // a carrier that forgets marks
	}
	s.asked[n] = id
	s.mu.Unlock()
	return s.leg.Mark(n)
}

// Clear implements [telephony.Leg].
func (s *seat) Clear() error {
	if s.left.Load() {
		return io.ErrClosedPipe
	}
	return s.leg.Clear()
}

// Hangup implements [telephony.Leg]. Of a call that is over it lets the leg
// itself go: nobody waits for its next frame.
func (s *seat) Hangup(ctx context.Context) error {
	s.left.Store(true)
	if s.over.Load() || s.call.Err() != nil {
		return s.leg.Hangup(ctx)
	}
	return nil
}

// page is a call's journal as one holder of the floor has it.
type page struct {
	agentcore.Journal
	*bench
	failed atomic.Bool
}

// Append implements [agentcore.Journal].
func (p *page) Append(ctx context.Context, entries ...agentcore.Entry) error {
	if err := p.Journal.Append(ctx, entries...); err != nil {
		p.failed.Store(true)
		return err
	}
	for _, e := range entries {
		if _, ended := e.Event.(agentcore.Ended); ended {
			p.over.Store(true)
		}
	}
	return nil
}
