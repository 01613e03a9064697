// Package lint says what is wrong with metrics: names without a unit, texts that
// explain nothing, labels that could grow without end. Tests hold what the gateway
// shows against it.
package lint

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	dto "github.com/prometheus/client_model/go"

	"github.com/hookswitch/hookswitch/metrics"
)

// Labels are all labels that there may be, and how many values each may have. A
// label is as bounded as what fills it: see metrics/names.go and metrics/agents.go.
var Labels = map[string]int{
	"agent":     102, // a hundred names, "other", and "" of who has none
	"cause":     3,
	"class":     33,
	"direction": 2,
	"goversion": 1,
	"heard":     3,
	"kind":      5,
	"outcome":   33,
	"part":      33,
	"provider":  35, // and the carrier's two directions
	"reason":    33,
	"rule":      33,
	"side":      33,
	"signal":    8,
	"stage":     5,
	"status":    5,
	"tool":      33,
	"unit":      6,
	"verdict":   33,
	"version":   1,
	"what":      33,
	"where":     33,
}

// counts are the gauges that count things, which are their own unit, or say yes
// or no.
var counts = []string{
	"admission_open", "calls_active", "calls_live", "dials_waiting", "livekit_workers", "provider_breakers_open", "ready",
	"recogniser_workers", "recogniser_workers_busy",
}

const (
	prefix       = "hookswitch_"
	shortestHelp = 20  // characters
	mostSeries   = 900 // of a family that has no label agent
	longestValue = 64  // bytes
)

var (
	wellNamed = regexp.MustCompile(`^[a-z0-9]+(_[a-z0-9]+)*$`)
	notBase   = regexp.MustCompile(`(^|_)(ms|us|ns|msec|millis|milliseconds|microseconds|nanoseconds|minutes|hours|days|kb|mb|kilobytes|megabytes|percent|cents)(_|$)`)
	numbers   = regexp.MustCompile(`[0-9]{3}`)
	word      = regexp.MustCompile(`^[a-z_]*$`)
)

// Families says what is wrong with what families are called, whatever they count.
func Families(all []metrics.Family) (wrong []string) {
	helps := map[string]string{}
	for _, f := range all {
		for _, fault := range append(append(name(f), help(f.Help)...), labels(f.Labels)...) {
			wrong = append(wrong, f.Name+": "+fault)
		}
		if of, taken := helps[f.Help]; taken {
			wrong = append(wrong, f.Name+": has the help text of "+of)
		}
		helps[f.Help] = f.Name
	}
	return wrong
}

// name looks for a unit, by the rules of Prometheus (prometheus.io/docs/practices/naming).
func name(f metrics.Family) (wrong []string) {
	bare, ours := strings.CutPrefix(f.Name, prefix)
	switch {
	case !ours:
		return []string{"has no prefix"}
	case !wellNamed.MatchString(bare) || numbers.MatchString(bare):
		return []string{"has a name of more than small words"}
	case notBase.MatchString(bare):
		return []string{"is not in a base unit"}
	}
	has := func(units ...string) bool {
		return slices.ContainsFunc(units, func(u string) bool { return strings.HasSuffix(bare, "_"+u) })
	}
	switch f.Type {
	case "counter":
		if !has("total") {
			wrong = append(wrong, "is a counter without _total")
		}
	case "histogram":
		if !has("seconds", "bytes", "usd") {
			wrong = append(wrong, "is a histogram without its unit")
		}
	case "gauge":
		if !has("seconds", "bytes", "ratio", "info", "usd") && !slices.Contains(counts, bare) {
			wrong = append(wrong, "is a gauge without its unit")
		}
	default:
		wrong = append(wrong, "is a "+f.Type)
	}
	return wrong
}

func help(text string) (wrong []string) {
	if utf8.RuneCountInString(text) < shortestHelp {
		return []string{"has no help text that helps"}
	}
	if !strings.HasSuffix(text, ".") {
		wrong = append(wrong, "has a help text without an end")
	}
	return wrong
}

func labels(all []string) (wrong []string) {
	for _, l := range all {
		if _, ok := Labels[l]; !ok {
			wrong = append(wrong, "has a label that nothing bounds: "+l)
		}
	}
	return wrong
}

// Series says what is wrong with the series that were gathered of our families: too
// many, or values that could be a call's, a number's or a person's.
func Series(gathered []*dto.MetricFamily) (wrong []string) {
	for _, f := range gathered {
		if !strings.HasPrefix(f.GetName(), prefix) {
			continue
		}
		seen, most := map[string]map[string]bool{}, mostSeries
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if seen[l.GetName()] == nil {
					seen[l.GetName()] = map[string]bool{}
				}
				seen[l.GetName()][l.GetValue()] = true
			}
		}
		for label, values := range seen {
			bound, ok := Labels[label]
			if !ok || len(values) > bound {
				wrong = append(wrong, fmt.Sprintf("%s: label %s has %d values, of %d", f.GetName(), label, len(values), bound))
			}
			if label == "agent" {
				most *= bound
			}
			for v := range values {
				if fault := value(label, v); fault != "" {
					wrong = append(wrong, fmt.Sprintf("%s: label %s %s: %q", f.GetName(), label, fault, v))
				}
			}
		}
		if n := len(f.GetMetric()); n > most {
			wrong = append(wrong, fmt.Sprintf("%s: has %d series, of %d", f.GetName(), n, most))
		}
	}
	slices.Sort(wrong)
	return wrong
}

// value says what is wrong with a label's value. Agents are called as their owners
// like; versions are ours.
func value(label, v string) string {
	switch {
	case len(v) > longestValue:
		return "is too long"
	case !utf8.ValidString(v):
		return "is no text"
	case label == "agent" || label == "version" || label == "goversion":
		return ""
	case !word.MatchString(v):
		return "is no word of ours"
	}
	return ""
}
