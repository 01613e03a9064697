package metrics

import (
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// What an errand is, and how it is over.
var (
	errandKinds = []string{"call", "chat"}
	begunKinds  = []string{"call", "callback", "chat"}
	errandEnds  = []string{"done", "failed", "refused", "cancelled"}
)

// agenda is what is done later, and in writing.
type agenda struct {
	begun    *prometheus.CounterVec
	late     prometheus.Histogram
	later    *bounded
	lost     prometheus.Counter
	over     *prometheus.CounterVec
	codes    *bounded
	messages *bounded
}

func (f factory) agenda() *agenda {
	a := &agenda{
		begun:    f.counters("errands_begun_total", "Calls and chats that were due and begun, each attempt once, by kind. A callback is a call to somebody who was not reached before.", "kind"),
		late:     f.times("errand_delay_seconds", "From when a call or a chat was due until it was begun.", patience),
		later:    f.bounded("errands_put_off_total", "Times that a call or a chat that was due had to wait, by reason.", "reason", "quiet_hours", "workspace_full", "trunk_full", "node_full"),
		lost:     f.counter("errands_repeated_total", "Attempts that were made again because a process died before anybody was asked for them."),
		over:     f.counters("errands_ended_total", "Calls and chats for which nothing more is done, by kind and status.", "kind", "status"),
		codes:    f.bounded("errand_end_codes_total", "Calls and chats for which nothing more is done, by the reason, where there is one.", "reason"),
		messages: f.bounded("messages_total", "Messages of chats, by what happened to them.", "what", "received", "sent", "failed"),
	}
	for _, kind := range begunKinds {
		a.begun.WithLabelValues(kind)
	}
	for _, kind := range errandKinds {
		for _, end := range errandEnds {
			a.over.WithLabelValues(kind, end)
		}
	}
	return a
}

// among is value as a label that has those values.
func among(values []string, value string) string {
	if slices.Contains(values, value) {
		return value
	}
	return other
}

// ErrandBegun counts an attempt of what was due, so late.
func (s *Set) ErrandBegun(kind string, late time.Duration) {
	s.agenda.begun.WithLabelValues(among(begunKinds, kind)).Inc()
	s.agenda.late.Observe(late.Seconds())
}

// ErrandLater counts what was due and could not be done yet.
func (s *Set) ErrandLater(code string) { s.agenda.later.inc(code) }

// ErrandLost counts an attempt that is made again, since nobody was asked for it.
func (s *Set) ErrandLost() { s.agenda.lost.Inc() }

// ErrandOver counts what is over.
func (s *Set) ErrandOver(kind, status, code string) {
	s.agenda.over.WithLabelValues(among(errandKinds, kind), among(errandEnds, status)).Inc()
	if code != "" {
		s.agenda.codes.inc(code)
	}
}

// Message counts what happened to a message of a chat.
func (s *Set) Message(what string) { s.agenda.messages.inc(what) }
