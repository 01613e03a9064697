package bench

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// quantity is a figure of a [Result] that can be asked for by name.
type quantity struct {
	name string
	unit unit
	doc  string
	of   func(r *Result) (value float64, there bool)
}

// unit is what a quantity is counted in, and what else may be written for it.
type unit struct {
	name  string             // of the value that quantity.of returns
	known map[string]float64 // what one of another is in it
}

var (
	inMS      = unit{"ms", map[string]float64{"us": 1e-3, "µs": 1e-3, "ms": 1, "s": 1e3}}
	inUS      = unit{"us", map[string]float64{"ns": 1e-3, "us": 1, "µs": 1, "ms": 1e3}}
	inKB      = unit{"KB", map[string]float64{"B": 1.0 / 1024, "KB": 1, "MB": 1024}}
	inPercent = unit{"%", map[string]float64{"%": 1}}
	inNumbers = unit{"", map[string]float64{"": 1}}
	inPerMin  = unit{"KB/min", map[string]float64{"KB/min": 1, "MB/min": 1024}}
)

func always(of func(r *Result) float64) func(*Result) (float64, bool) {
	return func(r *Result) (float64, bool) { return of(r), true }
}

// quantities are all that [Condition]s can name.
var quantities = []quantity{
	{"lateness_p50", inMS, "how late frames are, the median", always(func(r *Result) float64 { return r.Late.P50 })},
	{"lateness_p99", inMS, "the same, of the worst in a hundred the best", always(func(r *Result) float64 { return r.Late.P99 })},
	{"lateness_p999", inMS, "the same, of the worst in a thousand", always(func(r *Result) float64 { return r.Late.P999 })},
	{"lateness_most", inMS, "the latest frame", always(func(r *Result) float64 { return r.Late.Most })},
	{"cpu", inUS, "CPU time for 20 ms of a call, over the window", always(func(r *Result) float64 { return r.CPU.USPer20MS })},
	{"cpu_best", inUS, "the same of the cheapest second", always(func(r *Result) float64 { return r.CPU.BestUSPerFrame })},
	{"cpu_percent", inPercent, "CPU time of a call, of one core", always(func(r *Result) float64 { return r.CPU.PercentOfCore })},
	{"memory", inKB, "resident memory for each call", always(func(r *Result) float64 { return float64(r.Memory.PerCall) / 1024 })},
	{"memory_slope", inPerMin, "by how much resident memory grew, in a soak", func(r *Result) (float64, bool) {
		if r.Soak == nil {
			return 0, false
		}
		return r.Soak.SlopeKBPerMinute, true
	}},
	{"allocations", inNumbers, "allocations for a frame, of everything that the process does", always(func(r *Result) float64 { return r.CPU.Allocations })},
	{"heap_allocations", inNumbers, "allocations on a frame's way, by the heap profile; with --allocs", func(r *Result) (float64, bool) {
		if r.Allocs == nil {
			return 0, false
		}
		return r.Allocs.PerFrame, true
	}},
	{"calls", inNumbers, "the most calls that were not late; with --search", func(r *Result) (float64, bool) {
		if r.Search == nil {
			return 0, false
		}
		return float64(r.Search.Largest), true
	}},
	{"violations", inNumbers, "messages that Twilio would refuse, and wrong echoes", always(func(r *Result) float64 { return float64(r.Traffic.Broken) })},
	{"ratio", inNumbers, "how many times dearer the peer's frame is, by the best seconds; with --peer", nil},
}

// signs are what may stand between a name and a number; the longer first.
var signs = []struct {
	text  string
	holds func(a, b float64) bool
}{
	{">=", func(a, b float64) bool { return a >= b }},
	{"<=", func(a, b float64) bool { return a <= b }},
	{">", func(a, b float64) bool { return a > b }},
	{"<", func(a, b float64) bool { return a < b }},
}

// Condition is something that must not hold of a [Report], such as
// lateness_p99>20ms.
type Condition struct {
	text  string
	what  quantity
	sign  string
	limit float64 // in the unit of what
}

// mostCondition bounds the text of a condition, in bytes.
const mostCondition = 200

// ParseCondition understands a name, one of > >= < <=, and a number with its unit.
func ParseCondition(text string) (Condition, error) {
	if len(text) > mostCondition {
		return Condition{}, fmt.Errorf("a condition has at most %d letters", mostCondition)
	}
	at := strings.IndexAny(text, "<>")
	if at < 0 {
		return Condition{}, fmt.Errorf("%q compares nothing: lateness_p99>20ms", text)
	}
	name := strings.TrimSpace(text[:at])
	i := slices.IndexFunc(quantities, func(q quantity) bool { return q.name == name })
	if i < 0 {
		return Condition{}, fmt.Errorf("there is no figure %q; there are %s", name, strings.Join(Quantities(), ", "))
	}
	c := Condition{text: text, what: quantities[i]}
	rest := text[at:]
	for _, s := range signs {
		if strings.HasPrefix(rest, s.text) {
			c.sign, rest = s.text, rest[len(s.text):]
			break
		}
	}
	var err error
	c.limit, err = c.what.unit.read(strings.TrimSpace(rest))
	if err != nil {
		return Condition{}, fmt.Errorf("%q: %w", text, err)
	}
	return c, nil
}

// read understands a number with one of u's units.
func (u unit) read(text string) (float64, error) {
	end := strings.LastIndexAny(text, "0123456789.") + 1
	factor, ok := u.known[strings.TrimSpace(text[end:])]
	if !ok {
		if u.name == "" {
			return 0, fmt.Errorf("%q is no plain number", text)
		}
		return 0, fmt.Errorf("%q is no number with a unit such as %s", text, u.name)
	}
	n, err := strconv.ParseFloat(text[:end], 64)
	if err != nil || n < 0 || n > 1e12 {
		return 0, fmt.Errorf("%q is no number from 0 on", text[:end])
	}
	return n * factor, nil
}

// Quantities are the names that a condition may have.
func Quantities() (names []string) {
	for _, q := range quantities {
		names = append(names, q.name)
	}
	return names
}

// String is c as it was typed.
func (c Condition) String() string { return c.text }

// Holds lists where c holds in r: for which run, and what the figure is. It is an
// error when r has no such figure at all.
func (c Condition) Holds(r Report) (where []string, err error) {
	seen := false
	look := func(value float64, of string) {
		seen = true
		for _, s := range signs {
			if s.text == c.sign && s.holds(value, c.limit) {
				where = append(where, fmt.Sprintf("%s: %s is %s%s", of, c.what.name, strconv.FormatFloat(value, 'f', -1, 64), c.what.unit.name))
			}
		}
	}
	if c.what.of == nil {
		for _, ratio := range r.Ratios {
			if ratio.Peer == BareFloor { // nobody is compared with it
				continue
			}
			if !ratio.Counts {
				return nil, fmt.Errorf("%q can't be judged: %s was late itself, p99 %.0f ms: with fewer calls it would not be", c.text, ratio.Peer, ratio.Late)
			}
			look(ratio.Best, fmt.Sprintf("%s of %s, %d ms at a time", ratio.Agent, ratio.Peer, ratio.LumpMS))
		}
	}
	for i := range r.Runs {
		run := &r.Runs[i]
		if c.what.of == nil || run.Peer != "" { // peers may be as late as they like
			continue
		}
		if value, there := c.what.of(run); there {
			look(value, round{agent: run.Agent, lump: time.Duration(run.LumpMS) * time.Millisecond}.name())
		}
	}
	if !seen {
		return nil, fmt.Errorf("%q can't be judged: %s: %s, and it was not measured", c.text, c.what.name, c.what.doc)
	}
	return where, nil
}
