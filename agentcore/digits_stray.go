package agentcore

import "time"

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
	on, n := h.state.Collect, len(h.state.keyed)
	if on.Slot == "" || n == 0 && !on.Sensitive {
		return stray{}
	}
	s := stray{on: on, n: n, until: now.Add(on.wait(n))}
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
