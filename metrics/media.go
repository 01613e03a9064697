package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// media is what passes on the lines.
type media struct {
	in, out prometheus.Counter
	late    prometheus.Histogram
	lead    prometheus.Histogram
	gap     prometheus.Histogram
	burst   prometheus.Counter
}

func (f factory) media() *media {
	m := &media{
		in:    f.counter("frames_received_total", "Frames of 20 ms that came from the carrier."),
		out:   f.counter("frames_sent_total", "Frames of 20 ms that went to the carrier."),
		late:  f.times("frame_lateness_seconds", "How long after its time sound was sent, once for each lump.", instants),
		lead:  f.times("playback_lead_seconds", "How far ahead of the clock the line was after a lump.", []float64{.02, .04, .06, .08, .1, .12, .16, .2, .25, .3, .4, .5, 1, 2}),
		gap:   f.delay("carrier_gap_seconds", "How much longer than a frame's time nothing came from the carrier, where it was noticed."),
		burst: f.counter("carrier_burst_frames_total", "Frames that came from the carrier at once, behind a gap."),
	}
	return m
}

// Frames implements twilio.Meter: so many passed on a stream.
func (s *Set) Frames(in, out int) {
	s.media.in.Add(float64(in))
	s.media.out.Add(float64(out))
}

// Gap implements twilio.Meter: the carrier was silent.
func (s *Set) Gap(late time.Duration) { s.media.gap.Observe(late.Seconds()) }

// Burst implements twilio.Meter: so many frames came at once.
func (s *Set) Burst(frames int) { s.media.burst.Add(float64(frames)) }

// Paced implements agentcore.Observer. It is on the hot path of every call: it
// allocates nothing.
func (s *Set) Paced(late, lead time.Duration) {
	s.media.late.Observe(late.Seconds())
	s.media.lead.Observe(lead.Seconds())
}
