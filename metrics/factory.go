package metrics

import (
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const namespace = "hookswitch"

// Buckets in seconds. Delays are what a person feels: fine around the 800 ms
// and 1.2 s at which a conversation begins to hurt. Patience is
// what somebody waits for who knows that they wait. Instants are of what should
// take no time at all.
var (
	delays   = []float64{.005, .01, .02, .05, .1, .15, .2, .3, .4, .5, .6, .7, .8, 1, 1.2, 1.5, 2, 3, 5, 10}
	patience = []float64{.1, .5, 1, 2, 5, 10, 15, 20, 30, 45, 60, 120, 300, 600, 1800, 3600}
	lengths  = []float64{1, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200}
	instants = []float64{.0005, .001, .002, .003, .005, .01, .015, .02, .03, .05, .1, .2, .5, 1}
)

// Family is all series of one name.
type Family struct {
	Name   string // with its prefix
	Type   string // "counter", "gauge", "histogram"
	Help   string
	Labels []string
}

// factory makes collectors on one registry, and notes what it made: of a family
// whose labels nobody has filled yet a registry tells nothing. Histograms are
// classic and native at once: whoever scrapes chooses.
type factory struct {
	r   *prometheus.Registry
	all *[]Family
}

func newFactory() factory { return factory{prometheus.NewRegistry(), new([]Family)} }

// note registers c as a family.
func (f factory) note(c prometheus.Collector, kind, name, help string, labels ...string) {
	f.r.MustRegister(c)
	*f.all = append(*f.all, Family{prometheus.BuildFQName(namespace, "", name), kind, help, slices.Clone(labels)})
}

func (f factory) counters(name, help string, labels ...string) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
	f.note(c, "counter", name, help, labels...)
	return c
}

func (f factory) counter(name, help string) prometheus.Counter {
	c := prometheus.NewCounter(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help})
	f.note(c, "counter", name, help)
	return c
}

func (f factory) gauges(name, help string, labels ...string) *prometheus.GaugeVec {
	g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help}, labels)
	f.note(g, "gauge", name, help, labels...)
	return g
}

func (f factory) gauge(name, help string) prometheus.Gauge {
	g := prometheus.NewGauge(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help})
	f.note(g, "gauge", name, help)
	return g
}

// times is a histogram of seconds.
func (f factory) times(name, help string, buckets []float64) prometheus.Histogram {
	h := prometheus.NewHistogram(histogram(name, help, buckets))
	f.note(h, "histogram", name, help)
	return h
}

func (f factory) timesOf(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	h := prometheus.NewHistogramVec(histogram(name, help, buckets), labels)
	f.note(h, "histogram", name, help, labels...)
	return h
}

func (f factory) delay(name, help string) prometheus.Histogram { return f.times(name, help, delays) }

func (f factory) delays(name, help string, labels ...string) *prometheus.HistogramVec {
	return f.timesOf(name, help, delays, labels...)
}

func (f factory) lengths(name, help string, labels ...string) *prometheus.HistogramVec {
	return f.timesOf(name, help, lengths, labels...)
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
