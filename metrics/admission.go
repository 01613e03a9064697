package metrics

import "time"

// SchedulerLate tells how much later than it wanted to something woke up that had
// nothing to do: what every pace in the process suffers.
func (s *Set) SchedulerLate(late time.Duration) { s.scheduler.Observe(late.Seconds()) }

// Admission adds what the node's gate shows: whether it lets new calls in, and of
// each signal the reading as a share of its limit. signals are a few fixed words;
// open and load must be fast and may be called at any time.
func (s *Set) Admission(signals []string, open func() bool, load func(signal string) float64) {
	s.Gauge("admission_open", "1 while new calls are let in, 0 while the node is too busy for one more.", func() float64 {
		if open() {
			return 1
		}
		return 0
	})
	s.Gauges("load_ratio", "How near the node is to its limits: reading by limit, by signal. Above 1 new calls are turned down; 0 without a limit.", "signal", signals, load)
}
