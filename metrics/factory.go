package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const namespace = "hookswitch"

// Buckets in seconds. Delays are what a person feels: fine around the 800 ms
// and 1.2 s at which a conversation begins to hurt.
var (
	delays  = []float64{.005, .01, .02, .05, .1, .15, .2, .3, .4, .5, .6, .7, .8, 1, 1.2, 1.5, 2, 3, 5, 10}
	lengths = []float64{1, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200}
)

// factory makes collectors on one registry. Histograms are classic and native
// at once: whoever scrapes chooses.
type factory struct{ r *prometheus.Registry }

func (f factory) counters(name, help string, labels ...string) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
	f.r.MustRegister(c)
	return c
}

func (f factory) counter(name, help string) prometheus.Counter {
	c := prometheus.NewCounter(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help})
	f.r.MustRegister(c)
	return c
}

func (f factory) gauges(name, help string, labels ...string) *prometheus.GaugeVec {
	g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help}, labels)
	f.r.MustRegister(g)
	return g
}

func (f factory) gauge(name, help string) prometheus.Gauge {
	g := prometheus.NewGauge(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help})
	f.r.MustRegister(g)
	return g
}

func (f factory) delay(name, help string) prometheus.Histogram {
	h := prometheus.NewHistogram(histogram(name, help, delays))
	f.r.MustRegister(h)
	return h
}

func (f factory) lengths(name, help string, labels ...string) *prometheus.HistogramVec {
	h := prometheus.NewHistogramVec(histogram(name, help, lengths), labels)
	f.r.MustRegister(h)
	return h
}

func histogram(name, help string, buckets []float64) prometheus.HistogramOpts {
	return prometheus.HistogramOpts{
		Namespace: namespace, Name: name, Help: help, Buckets: buckets,
		NativeHistogramBucketFactor:     1.1, // at most 10% off
		NativeHistogramMaxBucketNumber:  160,
		NativeHistogramMinResetDuration: time.Hour,
	}
}

// bounded is a counter with one label whose values can't run away.
type bounded struct {
	vec   *prometheus.CounterVec
	names *names
}

// bounded makes one; the known values exist from the start, at zero.
func (f factory) bounded(name, help, label string, known ...string) *bounded {
	b := &bounded{f.counters(name, help, label), newNames()}
	for _, k := range known {
		b.vec.WithLabelValues(b.names.admit(k))
	}
	return b
}

func (b *bounded) inc(value string) { b.vec.WithLabelValues(b.names.admit(value)).Inc() }
