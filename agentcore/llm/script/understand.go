package script

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// maxIntents bounds how many wishes of one message are answered.
const maxIntents = 4

// rules say how an intent is recognised: any one of them is enough.
type rules struct {
	words []phrase
	match []*regexp.Regexp // of the words without punctuation, lower case
	keys  string           // keys pressed, one a character
	slots []string         // one of these was told
}

// span is words [from, to) of a sentence that mean something.
type span struct{ from, to, cost int }

func (s span) len() int { return s.to - s.from }

// find returns the best place in s at which a rule holds.
func (r rules) find(s sentence) (best span, ok bool) {
	take := func(c span) {
		if !ok || c.cost < best.cost || c.cost == best.cost && c.len() > best.len() {
			best, ok = c, true
		}
	}
	for _, p := range r.words {
		if at, cost, found := p.find(s); found {
			take(span{at, at + len(p), cost})
		}
	}
	if len(r.match) > 0 {
		text := s.String()
		for _, re := range r.match {
			if m := re.FindStringIndex(text); m != nil && m[0] < m[1] {
				from := strings.Count(text[:m[0]], " ")
				take(span{from, from + 1 + strings.Count(text[m[0]:m[1]], " "), 0})
			}
		}
	}
	for i, w := range s {
		if len(w) == 3 && w[0] == '[' && strings.Contains(r.keys, w[1:2]) {
			take(span{i, i + 1, 0})
		}
	}
	return best, ok
}

// meaning is what a message says.
type meaning struct {
	intents []*intent        // in the order in which they were said
	slots   map[string]value // told, and not merely asked about
}

// understand finds everything that a message says, beside what was keyed in, whichever sentences it is
// spread over: two turns may have been merged in it.
func (d *dialogue) understand(message []sentence, keyed map[string]value) meaning {
	m := meaning{slots: map[string]value{}}
	maps.Copy(m.slots, keyed)
	bySlots := d.about(keyed) // recognised by nothing but a slot
	for _, s := range message {
		told, spans := d.told(s)
		intents := d.intents(s, spans)
		forget(told, intents)
		for name, v := range told {
			m.slots[name] = v
		}
		m.add(intents...)
		bySlots = append(bySlots, d.about(told)...)
	}
	d.weigh(&m, bySlots)
	return m
}

// about are the intents that one of the slots is enough for.
func (d *dialogue) about(told map[string]value) (all []*intent) {
	for _, in := range d.here() {
		if slices.ContainsFunc(in.rules.slots, func(name string) bool { _, ok := told[name]; return ok }) {
			all = append(all, in)
		}
	}
	return all
}

// told returns the slots of a sentence, the last value of each, and where they
// are.
func (d *dialogue) told(s sentence) (map[string]value, []span) {
	told, spans := map[string]value{}, []span(nil)
	missing := d.missing()
	for _, sl := range d.script.slots {
		for _, h := range sl.find(s, missing != nil && missing.slot == sl.name) {
			told[sl.name] = h.value
			spans = append(spans, span{h.from, h.to, 0})
		}
	}
	return told, spans
}

// intents returns what a sentence asks for. Each of its words counts once: for
// the longest phrase, then the closest, then the one that belongs to this state
// only. Words inside a slot's are taken: the "one" of "at one" is not a yes.
func (d *dialogue) intents(s sentence, taken []span) []*intent {
	type found struct {
		span
		in *intent
	}
	var all []found
	for _, in := range d.here() {
		if at, ok := in.rules.find(s); ok {
			all = append(all, found{at, in})
		}
	}
	slices.SortStableFunc(all, func(a, b found) int {
		return cmp.Or(cmp.Compare(b.len(), a.len()), cmp.Compare(a.cost, b.cost),
			cmp.Compare(min(1, len(b.in.in)), min(1, len(a.in.in))))
	})
	var kept []found
	for _, f := range all {
		within := slices.ContainsFunc(taken, func(t span) bool { return t.from <= f.from && f.to <= t.to })
		overlaps := slices.ContainsFunc(kept, func(k found) bool { return f.from < k.to && k.from < f.to })
		if !within && !overlaps {
			kept = append(kept, f)
		}
	}
	slices.SortStableFunc(kept, func(a, b found) int { return cmp.Compare(a.from, b.from) })
	intents := make([]*intent, len(kept))
	for i, f := range kept {
		intents[i] = f.in
	}
	return intents
}

// here are the intents that make sense in this state.
func (d *dialogue) here() []*intent {
	var here []*intent
	for _, in := range d.script.intents {
		if len(in.in) == 0 || slices.Contains(in.in, d.state.name) {
			here = append(here, in)
		}
	}
	return here
}

// forget drops the slots that a question was about ("are you open on
// Tuesday?"), unless others were told with them ("... Tuesday at three").
func forget(told map[string]value, intents []*intent) {
	var about []string
	for _, in := range intents {
		about = append(about, in.about...)
	}
	for name := range told {
		if !slices.Contains(about, name) {
			return
		}
	}
	clear(told)
}

func (m *meaning) add(intents ...*intent) {
	for _, in := range intents {
		if len(m.intents) < maxIntents && !slices.Contains(m.intents, in) {
			m.intents = append(m.intents, in)
		}
	}
}

// weigh settles what contradicts itself within one message.
func (d *dialogue) weigh(m *meaning, bySlots []*intent) {
	changed := false
	for name, v := range m.slots {
		changed = changed || d.slots[name] != v
	}
	moves := slices.ContainsFunc(bySlots, func(in *intent) bool { return in.do.state != "" })
	if changed && moves { // "no, Wednesday" and "yes, but at four" correct; they neither start over nor agree
		m.drop(func(in *intent) bool { return len(in.do.clear) > 0 || in.do.call != "" })
	}
	if changed || len(m.intents) == 0 {
		m.add(bySlots...)
	}
	if slices.ContainsFunc(m.intents, func(in *intent) bool { return !in.alone }) {
		m.drop(func(in *intent) bool { return in.alone })
	} else {
		m.intents = m.intents[:min(1, len(m.intents))]
	}
	if slices.ContainsFunc(m.intents, func(in *intent) bool { return in.do.call != "" }) { // its result decides what is said
		m.drop(func(in *intent) bool { return in.do.call == "" && (in.do.state != "" || in.do.end) })
	}
}

func (m *meaning) drop(which func(*intent) bool) { m.intents = slices.DeleteFunc(m.intents, which) }
