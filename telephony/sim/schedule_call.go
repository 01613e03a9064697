package sim

import (
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// trouble is what is to go wrong in one call. Its methods may be called from any
// goroutine, and with any lock held.
type trouble struct {
	carrier *Carrier
	ordinal uint64

	base int // index of the first fault that [Call.Schedule] adds: no other has it

	at atomic.Int64 // [time.Duration] after answer, by the leg's clock

	mu      sync.Mutex
	plan    []planned
	streams int           // how many the call has opened
	skew    time.Duration // of the carrier's clock, in what it says of the call
}

// planned is a fault of one call, and what became of it.
type planned struct {
	Fault
	index  int // in the plan; what is left to chance depends on it
	seen   int // occasions that fit
	bitten int
}

// newTrouble is what the carrier's schedule has for a call. The caller holds the
// carrier's lock.
func (c *Carrier) newTrouble(call *Call) *trouble {
	t := &trouble{carrier: c, ordinal: call.ordinal, base: len(c.schedule)}
	for i, f := range c.schedule {
		if (f.Call == 0 || uint64(f.Call) == call.ordinal) && (f.Number == "" || f.Number == call.from || f.Number == call.to) {
			t.add(planned{Fault: f, index: i})
		}
	}
	return t
}

// add plans a fault. The caller holds mu, or is alone.
func (t *trouble) add(p planned) {
	if p.What == Skew && t.drawn(&p, 1) {
		t.skew += p.For
		t.carrier.countStrike(Skew)
	}
	t.plan = append(t.plan, p)
}

// Schedule adds faults to what is to go wrong in the call. Their Call and Number
// are ignored.
func (c *Call) Schedule(faults ...Fault) error {
	for _, f := range faults {
		if err := f.check(); err != nil {
			return err
		}
	}
	t := c.trouble
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, f := range faults {
		t.add(planned{Fault: f, index: t.base + len(t.plan)})
	}
	return nil
}

// occasion is when a fault may bite.
type occasion struct {
	at   time.Duration // after answer
	n    int           // which one of its kind; 0: each fault counts those that fit it
	path string
	says []string // CallStatus and the like
}

// requestAt is the occasion of a request.
func (c *asker) requestAt(address string, params url.Values) occasion {
	o := occasion{at: time.Duration(c.trouble.at.Load()), says: []string{params.Get("CallStatus"), params.Get("StreamEvent"), params.Get("StatusCallbackEvent")}}
	if u, err := url.Parse(address); err == nil {
		o.path = u.Path
	}
	return o
}

// strike finds the fault, one of whats, that bites at o. Every fault that fits
// counts o, so that none depends on the others.
func (t *trouble) strike(o occasion, whats ...What) (bite Fault, struck bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range t.plan {
		p := &t.plan[i]
		if !slices.Contains(whats, p.What) || !p.fits(o) {
			continue
		}
		p.seen++
		n := p.seen
		if o.n > 0 {
			n = o.n
		}
		if struck || !p.due(n) || !t.drawn(p, n) {
			continue
		}
		p.bitten++
		bite, struck = p.Fault, true
	}
	if struck {
		t.carrier.countStrike(bite.What)
	}
	return bite, struck
}

// fits reports whether the fault is one for such an occasion.
func (p *planned) fits(o occasion) bool {
	lasts := p.For
	if !slices.Contains([]What{LoseMedia, TwiceMedia, SwapMedia, Misnumber}, p.What) {
		lasts = 0 // For says how late
	}
	return o.at >= p.At && (lasts == 0 || o.at < p.At+lasts) && strings.Contains(o.path, p.Path) &&
		(p.Status == "" || slices.Contains(o.says, p.Status))
}

// due reports whether it is to bite at the nth occasion.
func (p *planned) due(n int) bool {
	return (p.Nth == 0 || n == p.Nth) && n%max(p.Every, 1) == 0 && (p.Times == 0 || p.bitten < p.Times)
}

// drawn reports whether chance has it. It depends on nothing but the seed, the
// call, the fault and the number of the occasion, so that runs repeat exactly.
func (t *trouble) drawn(p *planned, n int) bool {
	if p.Chance == 0 || p.Chance == 1 {
		return true
	}
	return luck(t.carrier.knobs.Seed, t.ordinal, uint64(p.index), uint64(n)) < p.Chance
}

// luck is a number from 0 to below 1 that depends on what it is given alone:
// the finalizer of SplitMix64, over each.
func luck(of ...uint64) float64 {
	var h uint64
	for _, x := range of {
		h += x + 0x9E3779B97F4A7C15
		h = (h ^ h>>30) * 0xBF58476D1CE4E5B9
		h = (h ^ h>>27) * 0x94D049BB133111EB
		h ^= h >> 31
	}
	return float64(h>>11) / (1 << 53)
}

// opened counts a stream, and returns its number.
func (t *trouble) opened() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.streams++
	return t.streams
}

// moments are the faults of a moment that has come: at after answer, in the
// middle of the call's nth stream; 0 when it has none.
func (t *trouble) moments(at time.Duration, stream int) (due []Fault) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range t.plan {
		p := &t.plan[i]
		if p.bitten > 0 || at < p.At || !p.What.moment() {
			continue
		}
		if p.What != Do && (stream == 0 || p.Nth > 0 && p.Nth != stream) {
			continue // waits for its stream
		}
		p.bitten++
		if t.drawn(p, 1) {
			t.carrier.countStrike(p.What)
			due = append(due, p.Fault)
		}
	}
	return due
}

func (w What) moment() bool {
	return slices.Contains([]What{CutStream, FinStream, CloseFrame, HalfOpen, SlowReader, HoldBack, Do}, w)
}

// skewed is how far the carrier's clock is ahead in what it says of the call.
func (t *trouble) skewed() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.skew
}

// clock is what the carrier's clock showed at t, in the matter of this call.
func (c *Call) clock(t time.Time) time.Time {
	return t.UTC().Add(c.carrier.knobs.Skew + c.trouble.skewed())
}

// stamp writes what the carrier's clock showed at t.
func (c *Call) stamp(t time.Time) string { return stamp(c.clock(t)) }
