package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// journal is what keeps calls alive: their records, and who takes them up again.
type journal struct {
	setUp      *prometheus.HistogramVec
	resumed    *prometheus.CounterVec
	gap        prometheus.Histogram
	dispatched *bounded
	commit     prometheus.Histogram
	entries    prometheus.Counter
	uncommited prometheus.Counter
	fenced     prometheus.Counter
}

// Why a call is taken up again, and what comes of it.
var (
	resumeCauses = []string{"line", "process"}
	resumeEnds   = []string{"talking", "given_up", "gone"}
)

func (f factory) journal() *journal {
	j := &journal{
		setUp:      f.delays("call_setup_seconds", "From the carrier's question, or from its being asked to place the call, to the stream that was let in.", "direction"),
		resumed:    f.counters("calls_resumed_total", "Times that a call was to be taken up again, by cause and outcome.", "cause", "outcome"),
		gap:        f.times("resume_gap_seconds", "How long nobody was there for a caller whose call was taken up again.", patience),
		dispatched: f.bounded("dispatches_total", "Wishes for calls, by outcome.", "outcome", "placed", "session", "repeated"),
		commit:     f.times("journal_commit_seconds", "How long a commit of journal entries took.", instants),
		entries:    f.counter("journal_entries_total", "Entries of journals that were committed."),
		uncommited: f.counter("journal_failures_total", "Commits of journal entries that failed."),
		fenced:     f.counter("fenced_writes_total", "Writes that were refused because another has the pen of the call."),
	}
	for _, d := range directions {
		j.setUp.WithLabelValues(d)
	}
	for _, cause := range resumeCauses {
		for _, end := range resumeEnds {
			j.resumed.WithLabelValues(cause, end)
		}
	}
	return j
}

// CallSetUp implements dispatch.Counter.
func (s *Set) CallSetUp(d string, took time.Duration) {
	s.journal.setUp.WithLabelValues(direction(d)).Observe(took.Seconds())
}

// CallResumed implements dispatch.Counter.
func (s *Set) CallResumed(cause, outcome string, gap time.Duration) {
	s.journal.resumed.WithLabelValues(among(resumeCauses, cause), among(resumeEnds, outcome)).Inc()
	if gap > 0 {
		s.journal.gap.Observe(gap.Seconds())
	}
}

// Dispatched implements dispatch.Counter.
func (s *Set) Dispatched(outcome string) { s.journal.dispatched.inc(outcome) }

// Committed implements dispatch.Counter.
func (s *Set) Committed(took time.Duration, entries int) {
	s.journal.commit.Observe(took.Seconds())
	if s.journal.entries.Add(float64(entries)); entries == 0 {
		s.journal.uncommited.Inc()
	}
}

// Fenced implements dispatch.Counter.
func (s *Set) Fenced() { s.journal.fenced.Inc() }
