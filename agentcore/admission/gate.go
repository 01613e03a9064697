package admission

import (
	"math"
	"sync"
	"time"
)

// Times and shares of the gate.
const (
	quiet   = time.Second     // that a call which has just come costs nothing yet, as a rule
	settle  = 3 * time.Second // then its share of the CPU is seen after about as long
	calm    = 2 * time.Second // below a limit, until a signal that was above it lets in again
	relief  = .9              // of a limit: below it a signal lets in again at once
	longest = time.Minute     // between two readings; who measured less often tells nothing

	enough    = 8                // calls from which on their mean says what one costs
	unknown   = .01              // share of the CPU that a call is thought to cost until then
	costliest = .125             // share that one call can cost, as far as one believes
	learn     = 30 * time.Second // until it is believed that calls cost less than was thought
)

// Gate says whether one more call is let in. It is a fold over readings, and has
// no clock: time comes with them. All methods may be called from any goroutine.
//
// A signal above its limit closes the gate for new calls, and lets them in again
// below nine tenths of it, or when it was below it for two seconds: so it does not
// flap. Between readings the calls that were let in are counted as if they cost
// what the others do: a crowd that rings at once does not find the same idle
// processor five hundred times.
type Gate struct {
	limits Limits

	mu      sync.Mutex
	at      time.Time // of the last reading
	last    Reading
	entered int                  // calls let in since then
	cpu     float64              // mean of some seconds
	calls   float64              // the same of the calls
	cost    float64              // of a call, as a share of the CPU
	young   float64              // calls let in just now, of whom the CPU shows nothing yet
	fresh   float64              // and those a little older, of whom it does not show all
	shut    map[Signal]time.Time // signals that close the gate: since when they are below their limit; zero: they are not
}

// New returns a gate that is open until it has a reading.
func New(l Limits) *Gate {
	if l.Each <= 0 {
		l.Each = unknown
	}
	return &Gate{limits: l, cost: l.Each, shut: map[Signal]time.Time{}}
}

// Take takes a reading of time at.
func (g *Gate) Take(at time.Time, r Reading) {
	g.mu.Lock()
	defer g.mu.Unlock()
	since := at.Sub(g.at)
	if g.at.IsZero() || since < 0 || since > longest {
		since = 0
	}
	// What is new is seen by as much as it is forgotten that it is not seen.
	old := math.Exp(-since.Seconds() / settle.Seconds())
	g.cpu = g.cpu*old + bounded(r.CPU)*(1-old)
	g.calls = g.calls*old + float64(r.Calls)*(1-old)
	grown := g.young * (1 - math.Exp(-since.Seconds()/quiet.Seconds()))
	g.young, g.fresh = g.young-grown, g.fresh*old+grown
	g.learn(since)
	g.at, g.last, g.entered = at, r, 0
	for _, s := range Signals {
		g.turn(s)
	}
}

// learn finds out what a call costs. That it is more is believed at once. That it is
// less is not: one who has just come costs little until they talk. g.mu is held.
func (g *Gate) learn(since time.Duration) {
	if g.calls < enough {
		return
	}
	seen := min(g.cpu/g.calls, costliest)
	old := math.Exp(-since.Seconds() / learn.Seconds())
	g.cost = max(seen, g.cost*old+seen*(1-old))
}

// turn opens or closes the gate for s. g.mu is held.
func (g *Gate) turn(s Signal) {
	load := g.load(s)
	below, isShut := g.shut[s]
	switch {
	case s == Calls:
	case load > 1:
		g.shut[s] = time.Time{}
	case !isShut:
	case load <= relief || !below.IsZero() && g.at.Sub(below) >= calm:
		delete(g.shut, s)
	case below.IsZero():
		g.shut[s] = g.at
	}
}

// Admit lets a call in, and counts it, or says which signal is against it. back:
// the call comes back, for which each limit is a tenth higher and the past of no
// account.
func (g *Gate) Admit(back bool) (why Signal, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if why, full := g.full(back); full {
		return why, false
	}
	g.entered++
	g.young++
	return "", true
}

// Full says which signal is against a new call now, if one is. It counts nobody.
func (g *Gate) Full() (why Signal, full bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.full(false)
}

// full is Full, for any call. g.mu is held.
func (g *Gate) full(back bool) (Signal, bool) {
	for _, s := range Signals {
		if s == Calls || s != Memory && g.last.Calls+g.entered < g.limits.Least {
			continue
		}
		_, isShut := g.shut[s]
		switch load := g.load(s); {
		case back && load > Returning, !back && (isShut || load > 1):
			return s, true
		}
	}
	return "", false
}

// Load is a signal's reading as a share of its limit: above 1 new calls are
// turned down. It is 0 without a limit.
func (g *Gate) Load(s Signal) float64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.load(s)
}

func (g *Gate) load(s Signal) float64 {
	l := g.limits
	switch s {
	case Calls:
		return share(float64(g.last.Calls+g.entered), float64(l.Calls))
	case CPU:
		return share(g.cpu+(g.young+g.fresh)*g.cost, l.CPU)
	case Lateness:
		return share(float64(g.last.Lateness), float64(l.Lateness))
	case Recogniser:
		return share(float64(g.last.Queue), float64(l.Queue))
	case Memory:
		return share(bounded(g.last.Memory), l.Memory)
	}
	return 0
}

// share is what is used of a limit; without one nothing.
func share(used, limit float64) float64 {
	if limit <= 0 {
		return 0
	}
	return max(0, used/limit)
}

// bounded is a share that was measured, without what no share can be.
func bounded(f float64) float64 {
	if math.IsNaN(f) || f < 0 {
		return 0
	}
	return min(f, 2)
}
