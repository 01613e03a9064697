package captions

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

const (
	mostKept   = 500  // captions that wait for the store; more are lost
	mostBatch  = 100  // of them at a time
	mostText   = 4096 // bytes of one
	appendWait = 5 * time.Second
	retryFirst = 500 * time.Millisecond
	retryLast  = 15 * time.Second
	guessEvery = 200 * time.Millisecond // between two interims of a side
)

// scribe puts captions into the store, in the order in which they were said to
// it, and hands guesses on.
type scribe struct {
	call    telephony.CallID
	store   Store
	interim func(Interim)
	kept    func([]Caption)
	missed  func(part string)
	log     *slog.Logger

	soon chan struct{} // something waits

	mu      sync.Mutex
	waiting []Caption
	shown   map[Side]Interim // what readers see now
	at      map[Side]time.Time
}

// write queues c.
func (s *scribe) write(c Caption) {
	c.Text = clip(c.Text)
	s.mu.Lock()
	delete(s.shown, c.Side) // its caption replaces it
	full := len(s.waiting) >= mostKept
	if !full {
		s.waiting = append(s.waiting, c)
	}
	s.mu.Unlock()
	if full {
		s.missed("store")
		return
	}
	poke(s.soon)
}

// guess shows i, if its side has not shown another a moment ago. One without
// text takes away what is shown.
func (s *scribe) guess(i Interim) {
	i.Text = clip(i.Text)
	if s.fits(i, time.Now()) {
		s.interim(i)
	}
}

func (s *scribe) fits(i Interim, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	shown, some := s.shown[i.Side]
	switch {
	case i.Text == "":
		delete(s.shown, i.Side)
		return some
	case some && shown.Text == i.Text, now.Sub(s.at[i.Side]) < guessEvery:
		return false
	}
	s.shown[i.Side], s.at[i.Side] = i, now
	return true
}

// clip is text as it may be kept.
func clip(text string) string {
	if len(text) <= mostText {
		return text
	}
	n := mostText
	for n > 0 && text[n]&0xC0 == 0x80 {
		n--
	}
	return text[:n]
}

// run keeps captions until ctx ends, and tries again what the store did not
// take.
func (s *scribe) run(ctx context.Context) {
	wait := retryFirst
	for {
		select {
		case <-s.soon:
		case <-ctx.Done():
			return
		}
		for s.flush(ctx) != nil {
			select {
			case <-time.After(wait):
			case <-ctx.Done():
				return
			}
			wait = min(2*wait, retryLast)
		}
		wait = retryFirst
	}
}

// flush keeps all that waits. What a store did not take waits on.
func (s *scribe) flush(ctx context.Context) error {
	for {
		s.mu.Lock()
		batch := append([]Caption(nil), s.waiting[:min(len(s.waiting), mostBatch)]...)
		s.mu.Unlock()
		if len(batch) == 0 {
			return nil
		}
		if err := s.append(ctx, batch); err != nil {
			return err
		}
		s.mu.Lock()
		s.waiting = append(s.waiting[:0], s.waiting[len(batch):]...)
		s.mu.Unlock()
	}
}

func (s *scribe) append(ctx context.Context, batch []Caption) error {
	ctx, stop := context.WithTimeout(ctx, appendWait)
	defer stop()
	kept, err := s.store.Append(ctx, s.call, batch)
	if err != nil {
		s.log.Warn("captions could not be kept, they are tried again", "call", s.call, "captions", len(batch), "error", err)
		return err
	}
	s.kept(kept)
	return nil
}

// close keeps what still waits, and tells what is lost.
func (s *scribe) close(ctx context.Context) {
	for range 3 {
		if s.flush(ctx) == nil || ctx.Err() != nil {
			break
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for range s.waiting {
		s.missed("store")
	}
	s.waiting = nil
}
