package failover

import (
	"errors"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/media"
)

// served is how long a stream must have lived to be worth opening anew, if it
// never had an utterance.
const served = 10 * time.Second

// didWell reports whether h was worth its opening, and was not given up yet.
func (h *hearing) didWell() bool { return !h.spent && (h.good || time.Since(h.opened) >= served) }

// passing reports whether err, of a stream that did well, may be gone when it is
// opened anew: it was good for words, or broke when nobody waited for any. Who
// fell silent would cost too much time.
func (h *hearing) passing(err error) bool {
	class := provider.ClassOf(err)
	return class.Retryable() && class != provider.Timeout && (h.good || h.owes == 0)
}

// blame notes what h's end or failure is due to.
func (h *hearing) blame(err error) {
	h.turn.over(err)
	h.turn.trial, h.err = false, err
}

// share gives the trial that a breaker waits for to another call, when this one's
// caller has said nothing for long: nothing is known yet, and nobody else may try.
func (h *hearing) share() {
	if h.turn.trial && time.Since(h.opened) >= served {
		h.turn.unused()
		h.turn.trial = false
	}
}

// mishear is an utterance that failed on a stream that may live.
func (s *stream) mishear(err error) {
	if s.replace(err) || s.now.owes == 0 { // or it is about to die, and nothing to answer
		return
	}
	s.answer(asr.Result{Final: true, Err: err})
	s.fresh()
}

// overdue is an utterance whose words take too long. When it is too late to ask
// anybody else for them, the next hears what follows; if there is none, the words
// are ignored should they come.
func (s *stream) overdue() {
	err := s.failure(errNoWords, provider.Timeout)
	s.now.blame(err)
	if time.Now().Before(s.last()) && s.replace(err) {
		return
	}
	s.answer(asr.Result{Final: true, Err: err})
	if s.replace(err) {
		return
	}
	s.now.ignore++
	s.fresh()
}

// died is the end of the stream that listens. Its last result said why, unless it
// breaks the port's rules.
func (s *stream) died() bool {
	if s.now.err == nil {
		s.now.blame(s.failure(errClosed, provider.Unavailable))
	}
	return s.next(s.now.err)
}

// next goes on behind a stream that is dead. It reports false when nobody is
// left. But a network that is down for some seconds while nobody speaks is no
// reason to end a call: then there is time until somebody does.
func (s *stream) next(err error) bool {
	switch {
	case s.replace(err):
		return true
	case s.ctx.Err() != nil:
		return false
	case s.proven && !s.wanted():
		old := s.now.stream
		s.closing.Go(func() { _ = old.Close() })
		s.now = &hearing{turn: s.now.turn, stream: asleep{}, asleep: true, frame: s.now.frame, mark: s.now.mark}
		return true
	}
	s.despair()
	return false
}

// asleep is a stream that hears nothing.
type asleep struct{}

func (asleep) Write(*media.Frame) bool    { return true }
func (asleep) Signal(asr.Signal)          {}
func (asleep) Results() <-chan asr.Result { return nil }
func (asleep) Close() error               { return nil }

// wanted reports whether somebody speaks, or waits for words.
func (s *stream) wanted() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.tape.owed) > 0 || s.tape.excess > 0
}

// wakeUp asks everybody again, once.
func (s *stream) wakeUp() bool {
	last := s.round
	s.round, s.proven = s.r.round(), false
	s.round.last, s.round.err = last.last, last.err
	return s.next(nil)
}

// replace opens the next stream, and lets it hear what has no final result. The
// old one stays when there is no other.
func (s *stream) replace(err error) bool {
	if s.ctx.Err() != nil {
		return false
	}
	if h := s.now; h != nil && !h.asleep {
		well := h.didWell()
		if well {
			s.fresh() // trouble of its own, and not the end of another's
			s.proven, h.spent = true, true
		}
		s.round.passes(h.turn, err)
		if well && h.passing(err) {
			s.round.again(h.turn)
		}
	}
	for {
		t, ok := s.round.next(s.ctx)
		if !ok {
			return false
		}
		stream, err := t.Port.Open(s.ctx, s.o)
		switch {
		case err == nil:
			s.begin(t, stream)
			return true
		case s.ctx.Err() != nil:
			t.unused()
			return false
		}
		s.round.failed(t, err)
	}
}

func (s *stream) begin(t turn[asr.Recognizer], stream asr.Stream) {
	if old := s.now; old != nil {
		s.closing.Go(func() { _ = old.stream.Close() })
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = &hearing{turn: t, stream: stream, opened: time.Now(), frame: s.tape.oldest(), mark: s.tape.markBase}
}

// despair answers everything that is owed, and says why if nothing is: nobody
// else will.
func (s *stream) despair() {
	s.mu.Lock()
	s.over = true
	owed := s.tape.excess
	for _, u := range s.tape.owed {
		if !u.ended.IsZero() {
			owed++
		}
	}
	s.mu.Unlock()
	if owed == 0 && !errors.Is(s.told, s.round.err) {
		owed = 1
	}
	for range owed {
		s.hand(asr.Result{Final: true, Err: s.round.err})
	}
}

// fresh lets everybody try again at what comes next, except who has it already.
func (s *stream) fresh() {
	s.round = s.r.round()
	s.round.tried[s.now.turn.index] = true
}
