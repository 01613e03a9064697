package answer

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Kinds of evidence.
const (
	byTone    = "tone"
	byCadence = "cadence"
	byWords   = "words"
	byCarrier = "carrier"
	byModel   = "model"
)

// mostItems bounds what a Judge remembers; the lightest goes first.
const mostItems = 64

// item is a piece of evidence under a name: the same name again replaces it.
type item struct {
	Evidence
	name  string
	spent bool // of before somebody picked up: kept for the record, and counts no more
	guess bool // of an interim result
}

// evidence is all that was found out.
type evidence struct {
	items []item
	dirty bool // changed since the last verdict
}

// put adds a piece of evidence, or replaces the one of that name. A weight of 0
// takes it back.
func (e *evidence) put(name string, ev Evidence) {
	e.set(item{name: name, Evidence: ev})
}

func (e *evidence) set(it item) {
	e.dirty = true
	at := slices.IndexFunc(e.items, func(old item) bool { return old.name == it.name && !old.spent })
	switch {
	case at >= 0 && it.Weight == 0:
		e.items = slices.Delete(e.items, at, at+1)
	case it.Weight == 0:
	case at >= 0:
		e.items[at] = it
	default:
		e.items = append(e.items, it)
		e.bound()
	}
}

// bound drops the lightest, first of what is spent.
func (e *evidence) bound() {
	if len(e.items) <= mostItems {
		return
	}
	worth := func(it item) float64 {
		if it.spent {
			return it.Weight - 100
		}
		return it.Weight
	}
	lightest := 0
	for i, it := range e.items {
		if worth(it) < worth(e.items[lightest]) {
			lightest = i
		}
	}
	e.items = slices.Delete(e.items, lightest, lightest+1)
}

// has reports whether there is evidence of that name that counts.
func (e *evidence) has(name string) bool {
	return slices.ContainsFunc(e.items, func(it item) bool { return it.name == name && !it.spent })
}

// weight is how much the evidence of that name weighs, 0 if there is none.
func (e *evidence) weight(name string) float64 {
	for _, it := range e.items {
		if it.name == name && !it.spent {
			return it.Weight
		}
	}
	return 0
}

// weighs gives another weight to the evidence of that name, if there is any.
func (e *evidence) weighs(name string, w float64) {
	for i := range e.items {
		if it := &e.items[i]; it.name == name && !it.spent {
			it.Weight, e.dirty = w, true
		}
	}
}

// clear reports whether a phrase or a tone speaks clearly for a machine.
func (e *evidence) clear() bool {
	return slices.ContainsFunc(e.items, func(it item) bool {
		return !it.spent && it.For.Machine() && (it.Kind == byWords || it.Kind == byTone) && it.counts() >= clearFrom
	})
}

// said reports whether words speak for c.
func (e *evidence) said(c Class) bool {
	return slices.ContainsFunc(e.items, func(it item) bool { return !it.spent && it.For == c && it.Kind == byWords })
}

// forget takes back what was only guessed.
func (e *evidence) forget() {
	e.items = slices.DeleteFunc(e.items, func(it item) bool { return it.guess && !it.spent })
	e.dirty = true
}

// spend keeps all there is for the record, and counts it no more.
func (e *evidence) spend() {
	for i := range e.items {
		e.items[i].spent = true
	}
	e.dirty = true
}

// odds are the log odds for a machine, whichever, against a person.
func (e *evidence) odds() float64 {
	odds := prior
	for _, it := range e.items {
		switch {
		case it.spent:
		case it.For == Human:
			odds -= it.counts()
		case it.For.Machine():
			odds += it.counts()
		}
	}
	return odds
}

func (it item) counts() float64 {
	if it.guess {
		return it.Weight * guessShare
	}
	return it.Weight
}

// machine tells the machines apart: the one with most evidence, of which what is
// fresh counts more, and how sure that is, 0 to 1.
func (e *evidence) machine() (best Class, share float64) {
	var newest int64
	for _, it := range e.items {
		if !it.spent {
			newest = max(newest, it.EndedMS)
		}
	}
	scores := map[Class]float64{}
	for _, it := range e.items {
		if it.spent || !it.For.Machine() {
			continue
		}
		w := it.counts() * math.Exp(float64(it.EndedMS-newest)/float64(classFade.Milliseconds()))
		if it.Kind == byCadence {
			w *= cadenceShare
		}
		scores[it.For] += w
	}
	var sum float64
	for _, c := range Classes { // in their order, so that a draw has one end
		if s := scores[c]; s > 0 {
			sum += math.Exp(s)
			if s > scores[best] {
				best = c
			}
		}
	}
	if best == "" {
		return Unknown, 0
	}
	return best, math.Exp(scores[best]) / sum
}

// list returns the weightiest of all, in the order of time.
func (e *evidence) list() []Evidence {
	out := make([]Evidence, 0, len(e.items))
	for _, it := range e.items {
		ev := it.Evidence
		ev.Weight = math.Round(it.counts()*100) / 100
		out = append(out, ev)
	}
	slices.SortStableFunc(out, func(a, b Evidence) int { return cmp.Compare(b.Weight, a.Weight) })
	out = out[:min(len(out), MostEvidence)]
	slices.SortStableFunc(out, func(a, b Evidence) int { return cmp.Compare(a.EndedMS, b.EndedMS) })
	return out
}

// likely is the probability that goes with log odds.
func likely(odds float64) float64 { return 1 / (1 + math.Exp(-odds)) }

// during is evidence with its times.
func during(kind, what string, c Class, weight float64, began, ended time.Duration) Evidence {
	return Evidence{kind, what, c, weight, began.Milliseconds(), ended.Milliseconds()}
}
