package failover

import (
	"errors"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/media"
)

var (
	errClosed  = errors.New("the stream was closed")
	errNoWords = errors.New("no words in time")
	errTooMany = errors.New("too many utterances wait for their words")
)

// mostPending is how many results may wait for who reads them, before no more
// are taken.
const mostPending = 64

// hearing is the stream that listens now.
type hearing struct {
	turn   turn[asr.Recognizer]
	stream asr.Stream
	opened time.Time
	frame  int       // the next frame of the tape that it gets
	rests  time.Time // until when it gets no more, having got much at once
	mark   int       // the next mark
	owes   int       // final results, for the Ended that it was given
	since  time.Time // since when the oldest of them is awaited
	ignore int       // final results that come too late
	good   bool      // it gave a final result
	spent  bool      // it was to be replaced; what it did well before counts no more
	asleep bool      // it is dead, and nobody speaks
	err    error     // the last of its results' errors, if it was good for nothing since
}

// run plays the tape to one recogniser after the other, until the call is over
// or all of them have failed.
func (s *stream) run() {
	defer close(s.ended)
	defer s.shut()
	s.round = s.r.round()
	alive := s.next(nil)
	for alive {
		s.feed()
		s.tidy()
		s.now.share()
		alive = s.wait()
	}
	s.flush()
}

// wait lets one thing happen. It reports false when it was the end.
func (s *stream) wait() bool {
	if s.now.asleep && s.wanted() {
		return s.wakeUp()
	}
	in := s.now.stream.Results()
	var out chan<- asr.Result
	var first asr.Result
	if len(s.pending) >= mostPending {
		in = nil
	}
	if len(s.pending) > 0 {
		out, first = s.results, s.pending[0]
	}
	if s.late.Stop(); s.now.owes > 0 && in != nil {
		s.late.Reset(time.Until(s.due()))
	}
	select {
	case <-s.ctx.Done():
		return false
	case <-s.wake:
	case <-s.again.C:
	case out <- first:
		s.pending = s.pending[:copy(s.pending, s.pending[1:])]
	case r, ok := <-in:
		if !ok {
			return s.died()
		}
		return s.take(r)
	case <-s.late.C:
		s.overdue()
	}
	return true
}

// due is when the words of the oldest utterance are overdue: FinalWait after the
// stream that listens was told of its end, if there is somebody else to ask; and
// twice that after its end, however many were asked.
func (s *stream) due() time.Time {
	last := s.last()
	due := s.now.since.Add(s.r.finalWait)
	others := len(s.r.all) > 1 && (s.now.didWell() || s.round.more())
	if others && due.Before(last) {
		return due
	}
	return last
}

func (s *stream) last() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tape.owed[0].ended.Add(2 * s.r.finalWait)
}

func (s *stream) failure(err error, class provider.Class) error {
	return provider.New(s.now.turn.Name, "recognise", class, err)
}

// gulp is how many frames are played without a rest of one frame: a recogniser
// may have room for some seconds only, and may take a frame that it had no room
// for as lost, even if it gets it later.
const gulp = int(2 * time.Second / media.FrameDuration)

// feed gives the stream that listens what it has not had yet, as far as it takes
// it.
func (s *stream) feed() {
	h := s.now
	s.again.Stop()
	if !h.rests.IsZero() {
		if wait := time.Until(h.rests); wait > 0 {
			s.again.Reset(wait)
			return
		}
		h.rests = time.Time{}
	}
	for n := 0; ; {
		sig, more := s.read(h)
		switch {
		case !more:
			return
		case sig == 0 && n == gulp:
			h.rests = time.Now().Add(media.FrameDuration)
			s.again.Reset(media.FrameDuration)
			return
		case sig == 0:
			n++
			if !h.stream.Write(&s.frame) {
				s.again.Reset(media.FrameDuration)
				return
			}
			h.frame++
		default:
			h.stream.Signal(sig)
			h.mark++
			if sig == asr.Ended {
				if h.owes++; h.owes == 1 {
					h.since = time.Now()
				}
			}
		}
	}
}

// read finds what is next for h on the tape: a signal, or a frame, which it
// copies into s.frame.
func (s *stream) read(h *hearing) (sig asr.Signal, more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tape
	h.frame = max(h.frame, t.first)
	if n := h.mark - t.markBase; n < len(t.marks) && t.marks[n].at <= h.frame {
		return t.marks[n].signal, true
	}
	if h.frame == t.written {
		return 0, false
	}
	s.frame = *t.frame(h.frame)
	return 0, true
}

// tidy keeps the tape's memory small and ready.
func (s *stream) tidy() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tape.trim(s.now.frame)
	s.tape.stock()
	for ; s.tape.excess > 0 && len(s.tape.owed) == 0; s.tape.excess-- {
		s.hand(asr.Result{Final: true, Err: s.failure(errTooMany, provider.RateLimited)})
	}
}

// take takes a result of the stream that listens.
func (s *stream) take(r asr.Result) bool {
	h := s.now
	switch {
	case !r.Final:
		s.hand(r)
	case h.ignore > 0:
		h.ignore--
		if r.Err != nil {
			h.err = r.Err // if it dies now, this is why
		}
	case r.Err != nil:
		h.blame(r.Err)
		s.mishear(r.Err)
	case h.owes > 0:
		h.turn.over(nil)
		h.turn.trial, h.good, h.spent, h.err = false, true, false, nil
		s.answer(r)
	}
	return true
}

// answer gives the oldest utterance its final result.
func (s *stream) answer(r asr.Result) {
	s.now.owes--
	s.now.since = time.Now()
	s.mu.Lock()
	s.tape.answer()
	s.mu.Unlock()
	s.hand(r)
}

// hand queues r. A guess that nobody has read gives way.
func (s *stream) hand(r asr.Result) {
	if n := len(s.pending); n > 0 && !s.pending[n-1].Final {
		s.pending = s.pending[:n-1]
	}
	s.pending = append(s.pending, r)
	s.told = r.Err
}

// flush hands on what is left.
func (s *stream) flush() {
	for _, r := range s.pending {
		select {
		case s.results <- r:
		case <-s.ctx.Done():
			return
		}
	}
}

// shut lets go of everything.
func (s *stream) shut() {
	if h := s.now; h != nil {
		_ = h.stream.Close() // whatever it says, the call has no use for it
		if !h.good && h.turn.trial {
			h.turn.unused()
		}
	}
	s.closing.Wait()
	s.again.Stop()
	s.late.Stop()
	s.mu.Lock()
	s.over = true
	s.tape.free()
	s.mu.Unlock()
	close(s.results)
}
