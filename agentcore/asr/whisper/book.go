package whisper

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/provider"
)

// Bounds of what a call may owe its caller.
const (
	mostOwed    = 64 // utterances without a result
	mostWaiting = 8  // pieces without a request
)

var (
	errBehind = errors.New("it can't keep up: a part of the utterance was dropped")
	errBusy   = errors.New("too many requests wait")
)

// piece is what one request is about: a whole utterance, or 30 s of one.
type piece struct {
	pcm    []int16 // until it is done
	asked  bool    // a request has begun
	done   bool
	waits  time.Time     // since when
	queued time.Duration // until the request began
	cancel context.CancelFunc

	text string
	err  error
	took time.Duration
}

// utterance is what one Ended owes a result for.
type utterance struct {
	pieces []*piece
	lost   bool // some of its sound was dropped
	ended  bool
}

// book keeps account of a call: of the utterance that is being spoken, of the
// requests under way and of the results that are owed, in order. It is used by
// one goroutine, and never waits.
type book struct {
	atOnce  int
	ask     func(*piece)                // begins a request
	guessed func(string, time.Duration) // tells an interim result

	speech speech
	now    *utterance // being spoken; the last of owed
	guess  *piece     // a request for what was said until the pause
	owed   []*utterance
	busy   int // requests under way
	dead   int // results owed after all of owed, each an error
}

// hear takes a frame or a signal.
func (b *book) hear(h *heard) {
	if h.lost && b.now != nil {
		b.now.lost = true
	}
	switch h.signal {
	case 0:
		if whole := b.speech.write(&h.frame); whole != nil {
			b.full(whole)
		}
		return
	case asr.Began, asr.Resumed:
		b.forget()
		b.speech.begin()
		if b.now == nil {
			b.open()
		}
	case asr.Paused:
		if b.now != nil && b.speech.pause() {
			b.tryGuess()
		}
	case asr.Ended:
		b.end()
	}
	b.start()
}

// open opens an utterance, if no more is owed than can be.
func (b *book) open() {
	if b.dead > 0 || len(b.owed) == mostOwed {
		return
	}
	b.now = &utterance{}
	b.owed = append(b.owed, b.now)
}

// full takes 30 s of an utterance that goes on.
func (b *book) full(whole []int16) {
	b.forget() // it was about a part of them
	if b.now != nil {
		b.now.pieces = append(b.now.pieces, b.piece(whole))
		b.start()
	}
}

// end closes the utterance. The guess becomes its result, unless it failed: then
// it is asked once more.
func (b *book) end() {
	pcm := b.speech.end() // nil if nobody began
	if b.now == nil {
		b.open()
	}
	if b.now == nil { // too much is owed already
		b.refuse(1)
		return
	}
	last := b.guess
	b.guess = nil
	if last == nil || last.done && last.err != nil {
		last = b.piece(pcm)
	}
	b.now.pieces = append(b.now.pieces, last)
	b.now.ended = true
	b.now = nil
}

// refuse owes n results that are errors, the one of an open utterance among
// them.
func (b *book) refuse(n int) {
	if n > 0 && b.now != nil {
		b.forget()
		b.speech.end()
		b.now.lost, b.now.ended = true, true
		b.now = nil
		n--
	}
	b.dead += n
}

// piece makes one; it is done already if nothing sounds in it.
func (b *book) piece(pcm []int16) *piece {
	if !sounds(pcm) {
		return &piece{done: true}
	}
	return &piece{pcm: pcm, waits: time.Now()}
}

// tryGuess asks for what was said until now, if a request is free.
func (b *book) tryGuess() {
	p := b.piece(b.speech.said())
	if p.done || b.busy >= b.atOnce {
		return
	}
	b.guess = p
	b.request(p)
}

// forget gives up the guess: the caller goes on.
func (b *book) forget() {
	if b.guess != nil && !b.guess.done {
		b.guess.cancel()
	}
	b.guess = nil
}

// start begins the requests that may begin, oldest first; those that too many
// others are before are refused.
func (b *book) start() {
	waiting := 0
	for _, u := range b.owed {
		for _, p := range u.pieces {
			switch {
			case p.done || p.asked:
			case b.busy < b.atOnce:
				b.request(p)
			case waiting == mostWaiting:
				p.err, p.done, p.pcm = provider.New(Name, "decode", provider.Unavailable, errBusy), true, nil
			default:
				waiting++
			}
		}
	}
}

func (b *book) request(p *piece) {
	b.busy++
	p.asked, p.queued = true, time.Since(p.waits)
	b.ask(p)
}

// answered takes back a piece whose request is over.
func (b *book) answered(p *piece) {
	b.busy--
	p.done, p.pcm = true, nil
	if p == b.guess && p.err == nil && p.text != "" && len(b.owed) == 1 {
		b.guessed(join(append(b.now.pieces[:len(b.now.pieces):len(b.now.pieces)], p)), p.took)
	}
	b.start()
}

// head is the next result, if it is ready.
func (b *book) head() (asr.Result, bool) {
	if len(b.owed) == 0 {
		return asr.Result{Final: true, Err: provider.New(Name, "decode", provider.Unavailable, errBehind)}, b.dead > 0
	}
	u := b.owed[0]
	if !u.ended {
		return asr.Result{}, false
	}
	r := asr.Result{Final: true}
	for _, p := range u.pieces {
		if !p.done {
			return asr.Result{}, false
		}
		if p.err != nil && r.Err == nil {
			r.Err = p.err
		}
		r.Queued, r.Took = p.queued, p.took // the last is what was waited for
	}
	if u.lost && r.Err == nil {
		r.Err = provider.New(Name, "decode", provider.Unavailable, errBehind)
	}
	if r.Err == nil {
		r.Text = join(u.pieces)
	}
	return r, true
}

// pop crosses out what head returned.
func (b *book) pop() {
	if len(b.owed) > 0 {
		b.owed = append(b.owed[:0], b.owed[1:]...)
		return
	}
	b.dead--
}

// join puts the texts of pieces together.
func join(pieces []*piece) string {
	var texts []string
	for _, p := range pieces {
		if p.text != "" {
			texts = append(texts, p.text)
		}
	}
	return strings.Join(texts, " ")
}
