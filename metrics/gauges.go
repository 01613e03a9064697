package metrics

import "github.com/prometheus/client_golang/prometheus"

// Gauge adds a number that is asked for when /metrics is. name has neither
// prefix nor digits; value must be fast and may be called at any time.
func (s *Set) Gauge(name, help string, value func() float64) {
	s.factory.note(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help}, value), "gauge", name, help)
}

// Gauges adds one with a label that has those values and no others.
func (s *Set) Gauges(name, help, label string, values []string, value func(of string) float64) {
	g := asked{desc: prometheus.NewDesc(prometheus.BuildFQName(namespace, "", name), help, []string{label}, nil), values: values, value: value}
	s.factory.note(g, "gauge", name, help, label)
}

// asked is a gauge of a few series that are asked for one after the other.
type asked struct {
	desc   *prometheus.Desc
	values []string
	value  func(of string) float64
}

// Describe implements [prometheus.Collector].
func (a asked) Describe(to chan<- *prometheus.Desc) { to <- a.desc }

// Collect implements [prometheus.Collector].
func (a asked) Collect(to chan<- prometheus.Metric) {
	for _, of := range a.values {
		to <- prometheus.MustNewConstMetric(a.desc, prometheus.GaugeValue, a.value(of), of)
	}
}
