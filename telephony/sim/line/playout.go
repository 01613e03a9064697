package line

import (
	"time"

	"github.com/hookswitch/hookswitch/media"
)

// op is something on its way to the far end.
type op struct {
	at    time.Duration // when it gets there
	kind  opKind
	frame media.Frame
	mark  mark
}

type opKind uint8

const (
	opWrite opKind = iota
	opMark
	opClear
)

// mark waits for its position to have been heard.
type mark struct {
	id     uint32
	pos    int64 // frames written before it
	doomed bool  // open at a Clear: its echo says nothing about hearing
}

// playout is the far end's buffer: a queue of frames that empties on the clock,
// one per slot of 20 ms. It is evaluated late: a slot's frame is chosen only
// when something later than the slot's start happens, so that two things at the
// same nanosecond give the same call whichever goroutine comes first.
type playout struct {
	start   time.Duration // of the current slot
	popped  bool          // hearing is chosen
	full    bool          // hearing is audio, not underrun
	hearing media.Frame

	ops     []op          // in flight, by time of arrival
	queue   []media.Frame // from head on
	head    int
	marks   []mark
	written int64 // frames that were, or will be, heard
	played  int64 // frames whose slot has ended

	keep  bool
	heard []Heard
}

// boundary is the end of the current slot.
func (p *playout) boundary() time.Duration { return p.start + media.FrameDuration }

// applyUntil carries out what has reached the far end up to t.
func (p *playout) applyUntil(t time.Duration, echo func(time.Duration, mark)) {
	n := 0
	for ; n < len(p.ops) && p.ops[n].at <= t; n++ {
		if p.ops[n].at > p.start {
			p.pop()
		}
		if p.ops[n].at == p.boundary() {
			break // belongs to the next slot
		}
		p.apply(&p.ops[n], echo)
	}
	p.ops = append(p.ops[:0], p.ops[n:]...)
}

func (p *playout) apply(o *op, echo func(time.Duration, mark)) {
	switch o.kind {
	case opWrite:
		p.queue = append(p.queue, o.frame)
		p.written++
	case opMark:
		o.mark.pos = p.written
		if p.played >= p.written {
			echo(o.at, o.mark)
			return
		}
		p.marks = append(p.marks, o.mark)
	case opClear:
		p.written -= int64(p.buffered())
		p.queue, p.head = p.queue[:0], 0
		for _, m := range p.marks {
			echo(o.at, m)
		}
		p.marks = p.marks[:0]
	}
}

// pop chooses what is heard in the current slot, once.
func (p *playout) pop() {
	if p.popped {
		return
	}
	p.popped = true
	if p.full = p.buffered() > 0; !p.full {
		p.hearing = media.Frame{}
		return
	}
	p.hearing = p.queue[p.head]
	if p.head++; p.head*2 >= len(p.queue) { // amortised, however long the buffer never empties
		p.queue = append(p.queue[:0], p.queue[p.head:]...)
		p.head = 0
	}
}

// buffered is how many frames wait to be heard.
func (p *playout) buffered() int { return len(p.queue) - p.head }

// finish ends the current slot: marks that were passed are echoed.
func (p *playout) finish(echo func(time.Duration, mark)) {
	end := p.boundary()
	if p.full {
		p.played++
		if p.keep {
			p.heard = append(p.heard, Heard{p.start, p.hearing})
		}
	}
	n := 0
	for ; n < len(p.marks) && p.marks[n].pos <= p.played; n++ {
		echo(end, p.marks[n])
	}
	p.marks = append(p.marks[:0], p.marks[n:]...)
	p.start, p.popped, p.full = end, false, false
}

// doom remembers that every mark open now was open at a Clear.
func (p *playout) doom() {
	for i := range p.marks {
		p.marks[i].doomed = true
	}
	for i := range p.ops {
		p.ops[i].mark.doomed = true
	}
}
