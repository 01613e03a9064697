package failover

import (
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/media"
)

// Bounds of a tape.
const (
	blockFrames = int(time.Second / media.FrameDuration)
	mostBlocks  = 31  // 30 s, and the one that is being written
	preroll     = 50  // frames kept from before a voice was noticed: 1 s
	mostOwed    = 128 // utterances without a final result
	mostMarks   = 4 * mostOwed
)

// block is a second of sound, 16 KB.
type block [blockFrames]media.Frame

// blocks are shared by all calls: most need two or three, for most of the time.
var blocks = sync.Pool{New: func() any { return new(block) }}

// tape keeps what was written and signalled to a stream since the oldest
// utterance that has no final result, 30 s at most, so that it can be played
// again to another recogniser. Frames and marks are numbered from 0. It is used
// under its stream's lock.
type tape struct {
	blocks  []*block
	spare   []*block
	first   int // the oldest frame in blocks
	written int

	marks    []mark
	markBase int // number of marks[0]

	owed   []utterance // without a final result, oldest first; the last may go on
	excess int         // utterances beyond mostOwed that ended; behind those in owed
	beyond bool        // one beyond mostOwed goes on

	floor int // what lies before belongs to utterances that have ended
	quiet int // where the last pause began; -1 while there is none
}

// mark is a signal in its place: behind frame at-1.
type mark struct {
	at     int
	signal asr.Signal
}

type utterance struct {
	from  int       // its first frame, or the silence before it
	ended time.Time // zero while it goes on
	mark  int       // number of its Ended
}

func newTape() *tape {
	t := &tape{
		blocks: make([]*block, 0, mostBlocks), spare: make([]*block, 0, mostBlocks),
		marks: make([]mark, 0, mostMarks+2*mostOwed+2), owed: make([]utterance, 0, mostOwed), quiet: -1,
	}
	t.stock()
	return t
}

// write copies f. The memory for it is ready, unless a burst outran [tape.stock]:
// sound at its own pace never does. It reports false when the oldest second had
// to go.
func (t *tape) write(f *media.Frame) bool {
	kept := true
	if t.written == t.first+len(t.blocks)*blockFrames {
		switch n := len(t.spare); {
		case len(t.blocks) == mostBlocks:
			oldest := t.blocks[0]
			t.blocks = append(t.blocks[:copy(t.blocks, t.blocks[1:])], oldest)
			t.first += blockFrames
			kept = false
		case n > 0:
			t.blocks, t.spare = append(t.blocks, t.spare[n-1]), t.spare[:n-1]
		default:
			t.blocks = append(t.blocks, blocks.Get().(*block))
		}
	}
	*t.frame(t.written) = *f
	t.written++
	return kept
}

func (t *tape) frame(n int) *media.Frame {
	n -= t.first
	return &t.blocks[n/blockFrames][n%blockFrames]
}

// stock gets memory for the next seconds.
func (t *tape) stock() {
	for len(t.spare) < 2 && len(t.spare)+len(t.blocks) < mostBlocks {
		t.spare = append(t.spare, blocks.Get().(*block))
	}
}

// signal notes s in its place.
func (t *tape) signal(s asr.Signal) {
	switch s {
	case asr.Began:
		if !t.began() {
			return
		}
	case asr.Ended:
		if !t.ended() {
			return
		}
	case asr.Paused:
		t.quiet = t.written
	case asr.Resumed:
		t.quiet = -1
	}
	if s == asr.Paused || s == asr.Resumed {
		if len(t.marks) >= mostMarks || t.beyond {
			return // a hint; the others must have room
		}
	}
	t.marks = append(t.marks, mark{t.written, s})
}

// goesOn reports whether an utterance that is kept has not ended.
func (t *tape) goesOn() bool { return len(t.owed) > 0 && t.owed[len(t.owed)-1].ended.IsZero() }

func (t *tape) began() bool {
	switch {
	case t.goesOn() || t.beyond:
		return false // it has begun already
	case t.full():
		t.beyond = true
		return false
	}
	t.owed = append(t.owed, utterance{from: t.live()})
	t.quiet = -1
	return true
}

func (t *tape) ended() bool {
	switch {
	case t.goesOn():
	case t.beyond || t.full():
		t.beyond = false
		t.excess++
		return false
	default: // nobody began
		t.owed = append(t.owed, utterance{from: t.written})
	}
	u := &t.owed[len(t.owed)-1]
	u.ended, u.mark = time.Now(), t.markBase+len(t.marks)
	if t.floor = t.written; t.quiet >= 0 {
		t.floor = t.quiet
	}
	t.quiet = -1
	return true
}

func (t *tape) full() bool { return len(t.owed) == mostOwed || t.excess > 0 }

// live is where to begin for a recogniser that has nothing to catch up with: a
// moment ago, since a voice is noticed only when it has begun.
func (t *tape) live() int { return max(t.first, t.floor, t.written-preroll) }

// oldest is where to begin for one that has.
func (t *tape) oldest() int {
	if len(t.owed) == 0 {
		return t.live()
	}
	return max(t.first, t.owed[0].from)
}

// answer forgets the oldest utterance: it has its final result.
func (t *tape) answer() {
	u := t.owed[0]
	t.owed = t.owed[:copy(t.owed, t.owed[1:])]
	gone := u.mark + 1 - t.markBase
	t.marks = t.marks[:copy(t.marks, t.marks[gone:])]
	t.markBase += gone
}

// trim gives back the memory of what nobody needs: neither an utterance nor who
// has read up to reader.
func (t *tape) trim(reader int) {
	need := min(reader, t.oldest())
	for len(t.blocks) > 0 && t.first+blockFrames <= need {
		b := t.blocks[0]
		t.blocks = t.blocks[:copy(t.blocks, t.blocks[1:])]
		t.first += blockFrames
		if len(t.spare) < 2 {
			t.spare = append(t.spare, b)
		} else {
			blocks.Put(b)
		}
	}
}

// free gives back all memory.
func (t *tape) free() {
	for _, b := range append(t.blocks, t.spare...) {
		blocks.Put(b)
	}
	t.blocks, t.spare = nil, nil
}
