package metrics

import "github.com/prometheus/client_golang/prometheus"

// traces is what becomes of spans.
type traces struct {
	exported prometheus.Counter
	dropped  *bounded
}

func (f factory) traces() *traces {
	return &traces{
		exported: f.counter("spans_exported_total", "Spans that the collector of traces took."),
		dropped:  f.bounded("spans_dropped_total", "Spans that reached no collector, by reason: queue (it is too slow, or away), refused (it did not take them in time), journal (their call could not be read), size (their call has too many).", "reason", "queue", "refused", "journal", "size"),
	}
}

// SpansExported counts spans that the collector took.
func (s *Set) SpansExported(n int) { s.traces.exported.Add(float64(n)) }

// SpansDropped counts spans that reach no collector, and why.
func (s *Set) SpansDropped(why string, n int) {
	d := s.traces.dropped
	d.vec.WithLabelValues(d.names.admit(why)).Add(float64(n))
}
