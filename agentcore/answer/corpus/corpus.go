// Package corpus is a labelled corpus of what answers a call: people in many
// ways of answering, voicemails, screeners, menus, announcements, faxes, lines on
// hold. It is made, not collected: synthetic voices, tones, music and noise, sent
// over a telephone line that loses and spoils. So it measures how well the engine
// knows what it was made for, and not how well it does on real lines.
//
// An [Item] is a recipe and its label. A [Studio] makes its sound, the same bytes
// each time. What an engine is tuned on ([Train]) and what it is measured on
// ([Test]) have no voice and no sentence in common.
package corpus

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/answer"
)

// Part is one of the two that the corpus has.
type Part uint8

const (
	Train Part = iota // what thresholds may be tuned on
	Test              // what they are measured on
)

// Parts are both, in order.
var Parts = []Part{Train, Test}

func (p Part) String() string {
	if p == Train {
		return "train"
	}
	return "test"
}

// ParsePart is the part of that name.
func ParsePart(name string) (Part, error) {
	for _, p := range Parts {
		if p.String() == name {
			return p, nil
		}
	}
	return 0, fmt.Errorf("corpus: no part %q; there are train and test", name)
}

// Item is one call as it is answered.
type Item struct {
	Name   string // "test/person/short/07"
	Part   Part
	Kind   string // "person/short": what it is an example of
	Class  answer.Class
	Person bool // a person answers and stays: to call them a machine at any time is a mistake
	Recipe Recipe
	Around Around
}

// Around is what is known of the call beside its sound. The zero Around is an
// agent that says nothing, and a carrier that nobody asks.
type Around struct {
	Agent   Span          // when the agent spoke. None: it did not
	Yields  bool          // it falls silent when it is talked to, as an agent that may be interrupted
	Carrier string        // what the carrier says of who answered, right or wrong
	At      time.Duration // when it says so
}

// Span is a stretch of sound, since the call's answer.
type Span struct {
	Began time.Duration `json:"began"`
	Ended time.Duration `json:"ended"`
}

// Truth is what is so in an item's sound. Of what there is none is zero.
type Truth struct {
	FirstGroup   Span          `json:"first_group"`   // of words: speech without a pause of [GroupPause]
	GreetingOver time.Duration `json:"greeting_over"` // the machine has said what it says before it beeps, or at all
	Beeps        []Span        `json:"beeps,omitempty"`
	PickedUp     time.Duration `json:"picked_up"` // a person speaks where a machine did
}

// GroupPause is the silence that ends a group of words.
const GroupPause = 300 * time.Millisecond

// Clip is an item's sound as it comes over the line, at 8 kHz, and what is true
// of it.
type Clip struct {
	Samples []int16
	Truth   Truth
}

// Length is how long the clip lasts.
func (c Clip) Length() time.Duration { return at(len(c.Samples)) }

// Items are all that can be made anywhere, always in the same order. Those of
// recorded prompts are not among them: see [Recorded].
func Items() []Item {
	var all []Item
	for _, p := range Parts {
		l := list{part: p}
		l.people()
		l.voicemails()
		l.beeps()
		l.machines()
		l.nobody()
		l.changes()
		l.around()
		all = append(all, l.items...)
	}
	return all
}

// list collects the items of a part.
type list struct {
	part  Part
	items []Item
}

// these adds n items of a kind. Each is drawn with its own dice, which depend on
// its name alone: to add one changes no other.
// It returns them, still in the list.
func (l *list) these(n int, kind string, class answer.Class, person bool, draw func(i int, d *dice) Recipe) []Item {
	first := len(l.items)
	for i := range n {
		name := fmt.Sprintf("%v/%s/%02d", l.part, kind, i)
		d := newDice(l.part, name)
		r := draw(i, d)
		r.Seed = d.Uint64()
		l.items = append(l.items, Item{Name: name, Part: l.part, Kind: kind, Class: class, Person: person, Recipe: r})
	}
	return l.items[first:]
}

// many is how many items of a kind a part has: the test part has more, for its
// errors are to be rare.
func (l *list) many(train, test int) int {
	if l.part == Train {
		return train
	}
	return test
}

// dice choose for one item.
type dice struct {
	*rand.Rand
	part Part
}

func newDice(p Part, name string) *dice {
	h := fnv.New64a()
	h.Write([]byte(name))
	return &dice{rand.New(rand.NewPCG(h.Sum64(), 8)), p}
}

// one of all.
func one[T any](d *dice, all []T) T { return all[d.IntN(len(all))] }

// between lo and hi, evenly.
func (d *dice) between(lo, hi float64) float64 { return lo + (hi-lo)*d.Float64() }

// ms is a time between lo and hi milliseconds.
func (d *dice) ms(lo, hi int) int { return lo + d.IntN(hi-lo+1) }
