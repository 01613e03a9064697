package sim

import (
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/g711"
)

// playout is the far end's buffer: µ-law bytes and marks between them, emptied
// 160 bytes a tick. Its owner holds a lock.
type playout struct {
	buf     []byte // from head on
	head    int
	written int64 // bytes that were, or will be, played
	popped  int64 // bytes handed to the phone
	due     int64 // samples of phone time until the last popped byte was played
	marks   []openMark
}

// openMark waits until what was written before it has been played.
type openMark struct {
	name string
	pos  int64 // bytes
	due  int64 // samples of phone time; 0 until its position is handed out
}

func (p *playout) buffered() int { return len(p.buf) - p.head }

func (p *playout) write(ulaw []byte) {
	if p.head > len(p.buf)/2 {
		p.buf = append(p.buf[:0], p.buf[p.head:]...)
		p.head = 0
	}
	p.buf = append(p.buf, ulaw...)
	p.written += int64(len(ulaw))
}

// mark opens a mark behind everything written.
func (p *playout) mark(name string) {
	m := openMark{name: name, pos: p.written}
	if m.pos <= p.popped {
		m.due = p.due
	}
	p.marks = append(p.marks, m)
}

// passed removes and returns the first mark if everything before it was played,
// which at samples of phone time it was.
func (p *playout) passed(samples int64) (name string, ok bool) {
	if len(p.marks) == 0 {
		return "", false
	}
	m := p.marks[0]
	if m.pos > p.popped || m.due > samples {
		return "", false
	}
	p.marks = append(p.marks[:0], p.marks[1:]...)
	return m.name, true
}

// pop fills f with the next 160 bytes, which the phone plays until its time is
// end. Less than 160 leave the rest of f as it was.
func (p *playout) pop(f *media.Frame, end int64) {
	n := min(p.buffered(), media.FrameSamples)
	if n == 0 {
		return
	}
	for i, b := range p.buf[p.head : p.head+n] {
		f[i] = g711.DecodeSample(b)
	}
	p.head += n
	p.popped += int64(n)
	p.due = end
	for i := range p.marks {
		if m := &p.marks[i]; m.due == 0 && m.pos <= p.popped {
			m.due = end
		}
	}
}

// clear drops what is not in the phone yet, and returns every open mark.
func (p *playout) clear() []openMark {
	p.written -= int64(p.buffered())
	p.buf, p.head = p.buf[:0], 0
	marks := p.marks
	p.marks = nil
	return marks
}
