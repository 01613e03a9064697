package whisper

import (
	"context"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/media"
)

// desk is a book whose requests wait until they are answered.
type desk struct {
	*book
	asked     []*piece
	cancelled map[*piece]bool
	guesses   []string
}

func newDesk(atOnce int) *desk {
	d := &desk{cancelled: map[*piece]bool{}}
	d.book = &book{
		atOnce: atOnce,
		ask: func(p *piece) {
			p.cancel = func() { d.cancelled[p] = true }
			d.asked = append(d.asked, p)
		},
		guessed: func(text string, _ time.Duration) { d.guesses = append(d.guesses, text) },
	}
	return d
}

// talk is d of loud sound.
func (d *desk) talk(length time.Duration) {
	for ; length > 0; length -= media.FrameDuration {
		h := heard{}
		for i := range h.frame {
			h.frame[i] = int16(i%2*16000 - 8000)
		}
		d.hear(&h)
	}
}

func (d *desk) signal(all ...asr.Signal) {
	for _, s := range all {
		d.hear(&heard{signal: s})
	}
}

// answer ends the nth request, from 0.
func (d *desk) answer(n int, text string, err error) {
	p := d.asked[n]
	if d.cancelled[p] {
		text, err = "", context.Canceled
	}
	p.text, p.err = text, err
	d.answered(p)
}

// results are those that are ready.
func (d *desk) results() (all []asr.Result) {
	for {
		r, ok := d.head()
		if !ok {
			return all
		}
		all = append(all, r)
		d.pop()
	}
}

func TestEndsWithoutRoomCloseTheOpenUtterance(t *testing.T) {
	d := newDesk(2)
	d.signal(asr.Began)
	d.talk(time.Second)
	d.refuse(3)
	got := d.results()
	if len(got) != 3 {
		t.Fatalf("%d results, want 3", len(got))
	}
	for _, r := range got {
		if r.Err == nil || !r.Final {
			t.Errorf("result = %+v, want an error", r)
		}
	}
	d.signal(asr.Began)
	d.talk(time.Second)
	d.signal(asr.Ended)
	d.answer(0, "hello", nil)
	if got := d.results(); len(got) != 1 || got[0].Text != "hello" || got[0].Err != nil {
		t.Errorf("afterwards: %+v", got)
	}
}

func TestA30sPieceThatEndsInAPauseIsNotSaidTwice(t *testing.T) {
	d := newDesk(2)
	d.signal(asr.Began)
	d.talk(29 * time.Second)
	d.signal(asr.Paused) // asks for the 29 s
	d.talk(2 * time.Second)
	if len(d.asked) != 2 || !d.cancelled[d.asked[0]] {
		t.Fatalf("%d requests, the guess is cancelled: %v", len(d.asked), d.cancelled[d.asked[0]])
	}
	d.answer(0, "all of it", nil)
	d.answer(1, "first", nil)
	d.signal(asr.Ended)
	for n := 2; n < len(d.asked); n++ {
		d.answer(n, "second", nil)
	}
	if got := d.results(); len(got) != 1 || got[0].Text != "first second" || got[0].Err != nil {
		t.Errorf("results = %+v", got)
	}
	if len(d.guesses) != 0 {
		t.Errorf("guesses = %q", d.guesses)
	}
}

func TestPiecesThatTooManyOthersAreBeforeAreRefused(t *testing.T) {
	d := newDesk(1)
	const said = 1 + mostWaiting + 3
	for range said {
		d.signal(asr.Began)
		d.talk(time.Second)
		d.signal(asr.Ended)
	}
	for n := 0; n < len(d.asked); n++ {
		d.answer(n, "hello", nil)
	}
	failed := 0
	for i, r := range d.results() {
		if r.Err != nil {
			failed++
		}
		if (r.Err != nil) != (i > mostWaiting) {
			t.Errorf("result %d = %+v", i, r)
		}
	}
	if failed != 3 || len(d.asked) != said-3 {
		t.Errorf("%d requests, %d results failed", len(d.asked), failed)
	}
}

func TestSoundThatWasDroppedMakesTheUtteranceAnError(t *testing.T) {
	d := newDesk(1)
	d.signal(asr.Began)
	d.talk(time.Second)
	d.hear(&heard{lost: true})
	d.signal(asr.Ended)
	d.answer(0, "half of it", nil)
	if got := d.results(); len(got) != 1 || got[0].Err == nil || got[0].Text != "" {
		t.Errorf("results = %+v, want an error", got)
	}
}
