package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// providers is what outside services do: how often they are asked, how often and
// how they fail, how fast they are and what they bill.
type providers struct {
	asked  *prometheus.CounterVec
	failed *prometheus.CounterVec
	first  *prometheus.HistogramVec
	took   *prometheus.HistogramVec
	used   *prometheus.CounterVec

	stages, names, classes, units *names
}

func (f factory) providers() *providers {
	return &providers{
		asked:  f.counters("provider_requests_total", "Requests to providers: an utterance to recognise, a reply to think, a phrase to speak.", "stage", "provider"),
		failed: f.counters("provider_failures_total", "Requests to providers that failed, by class: auth, quota, rate_limited, refused, unavailable, timeout, garbage.", "stage", "provider", "class"),
		first:  f.delays("provider_first_byte_seconds", "From the request to the provider's first word, token or sound.", "stage", "provider"),
		took:   f.delays("provider_duration_seconds", "From the request to the end of the provider's answer, without the time that a caller listened.", "stage", "provider"),
		used:   f.counters("provider_billed_units_total", "What providers bill by: audio_seconds, characters, input_tokens, cached_tokens (of the input), output_tokens.", "stage", "provider", "unit"),
		stages: only("recogniser", "model", "voice"), names: newNames(),
		classes: only("auth", "quota", "rate_limited", "refused", "unavailable", "timeout", "garbage"),
		units:   only("audio_seconds", "characters", "input_tokens", "cached_tokens", "output_tokens"),
	}
}

// Offers makes the requests to a provider that nobody has asked yet count as 0,
// so that a rate over them is known from the start.
func (s *Set) Offers(stage, provider string) {
	p := s.providers
	p.asked.WithLabelValues(p.stages.admit(stage), p.names.admit(provider))
}

// Asked implements meter.Meter.
func (s *Set) Asked(stage, provider string) {
	p := s.providers
	p.asked.WithLabelValues(p.stages.admit(stage), p.names.admit(provider)).Inc()
}

// Failed implements meter.Meter.
func (s *Set) Failed(stage, provider, class string) {
	p := s.providers
	p.failed.WithLabelValues(p.stages.admit(stage), p.names.admit(provider), p.classes.admit(class)).Inc()
}

// First implements meter.Meter.
func (s *Set) First(stage, provider string, d time.Duration) {
	p := s.providers
	p.first.WithLabelValues(p.stages.admit(stage), p.names.admit(provider)).Observe(d.Seconds())
}

// Took implements meter.Meter.
func (s *Set) Took(stage, provider string, d time.Duration) {
	p := s.providers
	p.took.WithLabelValues(p.stages.admit(stage), p.names.admit(provider)).Observe(d.Seconds())
}

// Used implements meter.Meter.
func (s *Set) Used(stage, provider, unit string, n float64) {
	if n < 0 {
		return // a counter can't fall
	}
	p := s.providers
	p.used.WithLabelValues(p.stages.admit(stage), p.names.admit(provider), p.units.admit(unit)).Add(n)
}
