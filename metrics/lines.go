package metrics

import "time"

// What a transfer is, and what may become of it.
var (
	kinds = []string{"blind", "conference", "warm"}
	fates = []string{"completed", "busy", "no_answer", "failed", "declined", "voicemail", "silent", "canceled"}
)

// TransferOver counts a transfer: how long it was until somebody had taken the
// caller, or nobody would, and how long they talked then, if they did.
func (s *Set) TransferOver(kind, outcome string, waited, talked time.Duration) {
	kind = among(kinds, kind)
	s.handed.WithLabelValues(kind, among(fates, outcome)).Inc()
	s.waited.Observe(waited.Seconds())
	if talked > 0 {
		s.talked.WithLabelValues(kind).Observe(talked.Seconds())
	}
}

// NotPermitted counts a number that was not called because a rule forbids it.
func (s *Set) NotPermitted(rule string) { s.undialled.inc(rule) }

// CallReaped counts a call that was ended because it had lasted longer than any
// call does.
func (s *Set) CallReaped() { s.aged.Inc() }

// DialsWaiting says how many calls wait for their turn now.
func (s *Set) DialsWaiting(n int) { s.queue.Set(float64(n)) }

// DialWaited times a call's wait for its turn.
func (s *Set) DialWaited(d time.Duration) { s.cps.Observe(d.Seconds()) }
