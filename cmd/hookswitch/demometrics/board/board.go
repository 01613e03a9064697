// Package board describes the dashboards of deploy/grafana: what each panel asks,
// and of which metrics. The JSON that Grafana wants is written from it, so that
// six dashboards look alike and an expression stands in one place.
package board

import "strings"

// Dashboard is one page.
type Dashboard struct {
	UID   string // also the file's name
	Title string
	About string // the question that the page answers
	Rows  []Row
}

// Row is a heading and the panels below it, left to right.
type Row struct {
	Title  string
	Height int // of its panels, in Grafana's units of about 30 pixels
	Panels []Panel
}

// Kind is how a panel shows its series.
type Kind string

// Kinds of panels.
const (
	Stat  Kind = "stat"  // one number, the newest
	Lines Kind = "lines" // one line a series
	Stack Kind = "stack" // series that sum to something
)

// Panel answers one question.
type Panel struct {
	Title  string
	About  string // what is asked, and what a good answer looks like
	Kind   Kind
	Unit   string // Grafana's: "s", "percentunit", "short", "cpm" (a minute), "bytes", "currencyUSD"
	Width  int    // of 24; 0: what is left, divided among those that don't say
	Limits []Limit
	Help   string // heading of docs/runbook.md, as an anchor; may be empty
	Asks   []Ask
}

// Ask is one expression and what its series are called. {@} in it stands for the
// selection of a job and its instances.
type Ask struct{ Expr, Legend string }

// Limit colours a value from At on.
type Limit struct {
	At    float64
	Color string // "green", "orange", "red"
}

// selection is what the variables at the top of a dashboard select.
const selection = `job=~"$job", instance=~"$instance"`

// expr is what Grafana is given.
func (a Ask) expr() string {
	return strings.NewReplacer("{@}", "{"+selection+"}", "{@, ", "{"+selection+", ").Replace(a.Expr)
}

// rate is a counter's increase a second; more are further matchers.
func rate(counter string, more ...string) string {
	return "rate(hookswitch_" + counter + selected(more) + "[$__rate_interval])"
}

// perMinute is a counter's increase a minute, summed by labels.
func perMinute(counter, by string, more ...string) string {
	return "60 * sum" + grouped(by) + " (" + rate(counter, more...) + ")"
}

// quantile is one of a histogram: "0.99". It works on classic buckets, which
// every scrape has.
func quantile(q, histogram, by string, more ...string) string {
	if by != "" {
		by = ", " + by
	}
	return "histogram_quantile(" + q + ", sum by (le" + by + ") (" + rate(histogram+"_bucket", more...) + "))"
}

// orNone is a sum that is 0 where there is no such series yet.
func orNone(expr string) string { return "(sum(" + expr + ") or vector(0))" }

// gauge is one as it is.
func gauge(name string, more ...string) string { return "hookswitch_" + name + selected(more) }

func selected(more []string) string {
	if len(more) == 0 {
		return "{@}"
	}
	return "{@, " + strings.Join(more, ", ") + "}"
}

func grouped(by string) string {
	if by == "" {
		return ""
	}
	return " by (" + by + ")"
}

// quantiles are the three that a delay is looked at by.
func quantiles(histogram string) []Ask {
	return []Ask{{quantile("0.5", histogram, ""), "p50"}, {quantile("0.95", histogram, ""), "p95"}, {quantile("0.99", histogram, ""), "p99"}}
}

// one is a panel's only expression.
func one(expr, legend string) []Ask { return []Ask{{expr, legend}} }

// over colours a value that should be small, and under one that should be large.
func over(orange, red float64) []Limit {
	return []Limit{{0, "green"}, {orange, "orange"}, {red, "red"}}
}

func under(orange, red float64) []Limit {
	return []Limit{{0, "red"}, {red, "orange"}, {orange, "green"}}
}

// All are the dashboards, in the order in which one looks at them.
func All() []Dashboard {
	return []Dashboard{overview(), waterfall(), carrier(), providers(), outbound(), capacity()}
}
