package agentcore

import "time"

// leftover are the keys that a journal tells of somebody's who has lost the floor:
// another may lose it as well before the caller is done. The zero leftover is none.
type leftover struct {
	on CollectBegan
	n  int           // keyed so far
	at time.Duration // of the last key, or of the change before any
}

// until is when no more of them are awaited.
func (l leftover) until() time.Duration { return l.at + l.on.wait(l.n) }

// key folds a key that was pressed for nobody who is there.
func (l *leftover) key(at time.Duration) {
	if l.n++; l.n >= l.on.Max {
		*l = leftover{}
		return
	}
	l.at = at
}

// left folds that the floor changes hands while the caller may be pressing keys.
func (s *State) left(at time.Duration) {
	switch {
	case s.Collect.Slot != "":
		s.leftover = leftover{s.Collect, len(s.keyed), at}
	case at > s.leftover.until():
		s.leftover = leftover{}
	}
}

// stray are keys that the caller goes on pressing for somebody who has lost the
// floor meanwhile: the rest of a PIN must not become words for the next one, nor
// stand in a journal. They end as the collecting would have. The zero stray is
// none.
type stray struct {
	on    CollectBegan
	n     int // keyed so far
	until time.Time
}

// strays are what the caller may still key in for who had the floor. Somebody who
// has not begun is only waited for if nobody may see what they key in.
func (h *holder) strays(now time.Time) stray {
	past := h.state
	past.left(now.Sub(h.pen.began))
	on, n := past.leftover.on, past.leftover.n
	if on.Slot == "" || n == 0 && !on.Sensitive {
		return stray{}
	}
	s := stray{on: on, n: n, until: h.pen.began.Add(past.leftover.until())}
	if on.Sensitive {
		h.unhushRecorder(s.until)
	}
	return s
}

// takes reports whether a key that is pressed now is one of them.
func (s *stray) takes(now time.Time) bool {
	if s.on.Slot == "" || now.After(s.until) {
		*s = stray{}
		return false
	}
	s.n++
	s.until = now.Add(s.on.wait(s.n))
	return true
}

// strayed writes down a key that s takes, and whether it was the last.
func (h *holder) strayed(s *stray, digit byte, now time.Time) {
	last := s.on.Terminator == string(digit) || s.n >= s.on.Max
	until, shown := s.until, string(digit)
	if last {
		until = now
	}
	if s.on.Sensitive {
		shown = masked(1)
		h.unhushRecorder(until)
	}
	slot := s.on.Slot
	h.pen.decide(func(st *State) []Event {
		return []Event{CallerPressed{Turn: st.nextTurn(), Digit: shown, Slot: slot}}
	})
	if last {
		*s = stray{}
	}
}
