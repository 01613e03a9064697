package dialplan

import (
	"slices"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// maxEntries bounds what is remembered of a workspace. The oldest go first.
const maxEntries = 50_000

// entry is one call within the last 24 hours.
type entry struct {
	telephony.Placed
	block    string // of numbers that count together; empty: none
	home     bool   // a transfer within the region: see [Policy]
	foreign  bool
	asked    time.Time     // when this gate permitted it; zero: another one did
	recorded bool          // it was seen on record, which is where At is from
	took     time.Duration // when told by Done
}

// newEntry is p with what is counted of it.
func (w *window) newEntry(p telephony.Placed) entry {
	e := entry{Placed: p}
	if to := string(p.To); e164.MatchString(to) {
		e.block = to[:max(len(to)-4, 0)]
		e.foreign = w.regions.differ(to, string(p.From))
	}
	e.home = p.Transfer && !e.foreign
	return e
}

// talked is how long e has lasted, or did.
func (e entry) talked(now time.Time) time.Duration {
	switch {
	case e.took > 0:
		return e.took
	case !e.Answered.IsZero() && !e.Ended.IsZero():
		return max(0, e.Ended.Sub(e.Answered))
	case !e.Answered.IsZero():
		return max(0, now.Sub(e.Answered))
	}
	return 0
}

// window is what one workspace called, oldest first.
type window struct {
	turn chan struct{} // held by whoever decides: also while the records are read
	used int64         // when it was asked for last; belongs to windows

	read    time.Time // of the records; zero: never. Belongs to who has the turn
	regions regions   // as read

	mu  sync.Mutex
	all []entry
}

func newWindow() *window { return &window{turn: make(chan struct{}, 1), regions: regions{}} }

// give ends a turn.
func (w *window) give() { <-w.turn }

// tally is what was counted of the calls that one more is like.
type tally struct {
	hour, numberHour, numberDay, alike, fresh int

	talked  time.Duration
	isKnown bool // the number was called before
}

// over says which cap of p one more call, e, would exceed, and from when on it
// would no more; empty: none.
func (w *window) over(e entry, p Policy) (Code, time.Time, tally) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.forget(e.At)
	n := w.count(e)
	code := n.exceeds(e, p)
	return code, w.clears(code, e, p), n
}

// count counts the calls that e is like. w.mu is held.
func (w *window) count(e entry) (n tally) {
	seen := map[telephony.Number]time.Time{} // foreign ones, and when first
	for _, one := range w.all {
		lately := e.At.Sub(one.At) < time.Hour
		if lately {
			n.hour++
		}
		if e.foreign && one.foreign {
			if _, known := seen[one.To]; !known {
				seen[one.To] = one.At
			}
		}
		if one.home {
			continue
		}
		if one.To == e.To {
			n.numberDay++
			n.talked += one.talked(e.At)
			if lately {
				n.numberHour++
			}
		}
		if one.Ended.IsZero() && one.block == e.block && e.block != "" {
			n.alike++
		}
	}
	for _, first := range seen {
		if e.At.Sub(first) < time.Hour {
			n.fresh++
		}
	}
	_, n.isKnown = seen[e.To]
	return n
}

// exceeds is the first cap of p that e would exceed.
func (n tally) exceeds(e entry, p Policy) Code {
	switch {
	case n.hour >= p.MaxPerHour:
		return Hour
	case e.home:
		return ""
	case n.numberHour >= p.MaxPerNumberHour:
		return NumberHour
	case n.numberDay >= p.MaxPerNumberDay:
		return NumberDay
	case n.talked >= time.Duration(p.MinutesPerNumberDay)*time.Minute:
		return Minutes
	case n.alike >= p.MaxConcurrentPrefix:
		return PrefixBusy
	case e.foreign && !n.isKnown && n.fresh >= p.NewForeignPerHour:
		return ForeignBurst
	}
	return ""
}

// clears is when so many of the calls that are counted under code are too long
// ago that e exceeds it no more, should none be added; zero: nobody can tell.
// w.mu is held.
func (w *window) clears(code Code, e entry, p Policy) time.Time {
	most, lasts := 0, time.Hour
	switch code {
	case Hour:
		most = p.MaxPerHour
	case NumberHour:
		most = p.MaxPerNumberHour
	case NumberDay:
		most, lasts = p.MaxPerNumberDay, day
	default:
		return time.Time{}
	}
	for _, one := range slices.Backward(w.all) {
		if code != Hour && (one.home || one.To != e.To) {
			continue
		}
		if most--; most == 0 { // with this one gone, there is a place
			return one.At.Add(lasts)
		}
	}
	return time.Time{}
}

// forget drops what is older than a day, and what is too much.
func (w *window) forget(now time.Time) {
	old := 0
	for old < len(w.all) && (now.Sub(w.all[old].At) >= day || len(w.all)-old > maxEntries) {
		old++
	}
	w.all = slices.Delete(w.all, 0, old)
}

func (w *window) add(e entry) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all = append(w.all, e)
}

// replace makes the records what is known, beside what was permitted so lately
// that it may not be on record yet.
func (w *window) replace(records []telephony.Placed, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var young []entry
	for _, e := range w.all {
		if !e.asked.IsZero() && now.Sub(e.asked) < settle {
			young = append(young, e)
		}
	}
	w.all = w.all[:0]
	for _, r := range slices.SortedStableFunc(slices.Values(records), func(a, b telephony.Placed) int { return a.At.Compare(b.At) }) {
		e := w.newEntry(r)
		at := slices.IndexFunc(young, func(y entry) bool { return y.recorded && y.To == r.To && y.At.Equal(r.At) })
		if at < 0 {
			at = slices.IndexFunc(young, func(y entry) bool { return y.becomes(r) })
		}
		if at >= 0 {
			e.asked, e.recorded, e.took = young[at].asked, true, young[at].took
			young = slices.Delete(young, at, at+1)
		}
		w.all = append(w.all, e)
	}
	for _, y := range young {
		if !y.recorded {
			w.all = append(w.all, y)
		}
	}
	slices.SortStableFunc(w.all, func(a, b entry) int { return a.At.Compare(b.At) })
	w.forget(now)
}

// becomes reports whether r can be the record of what e reserved: whoever asks
// makes it about then, maybe of a time before they asked.
func (e entry) becomes(r telephony.Placed) bool {
	after := r.At.Sub(e.asked)
	return !e.recorded && e.To == r.To && after > -recent && after < settle
}

// release forgets the newest reservation of to that is not on record.
func (w *window) release(to string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, e := range slices.Backward(w.all) {
		if !e.asked.IsZero() && !e.recorded && string(e.To) == to {
			w.all = slices.Delete(w.all, i, i+1)
			return
		}
	}
}

// done ends the oldest call to to that goes on.
func (w *window) done(to string, took time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, e := range w.all {
		if string(e.To) == to && e.Ended.IsZero() {
			w.all[i].Ended, w.all[i].took = time.Now(), max(0, took)
			return
		}
	}
}
