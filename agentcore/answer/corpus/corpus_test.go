package corpus

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/answer"
)

// least is how many items the issue asks for.
const least = 600

func TestTheCorpusHoldsEachKindInBothParts(t *testing.T) {
	items := Items()
	kinds, people, machines := map[string][2]int{}, [2]int{}, [2]int{}
	names, classes := map[string]bool{}, map[answer.Class]bool{}
	for _, it := range items {
		n := kinds[it.Kind]
		n[it.Part]++
		kinds[it.Kind] = n
		if names[it.Name] {
			t.Errorf("two items are called %s", it.Name)
		}
		names[it.Name], classes[it.Class] = true, true
		switch {
		case it.Person:
			people[it.Part]++
		case it.Class.Machine():
			machines[it.Part]++
		}
		if it.Person && it.Class != answer.Human {
			t.Errorf("%s is a person, of class %s", it.Name, it.Class)
		}
	}
	for kind, n := range kinds {
		if n[Train] == 0 || n[Test] == 0 {
			t.Errorf("%s: %d items to train on, %d to test on", kind, n[Train], n[Test])
		}
	}
	if len(items) < least {
		t.Errorf("%d items, want %d", len(items), least)
	}
	// 0.3 % of people is less than one person where there are fewer.
	if people[Test] < 334 || machines[Test] < 200 {
		t.Errorf("the test part has %d people and %d machines", people[Test], machines[Test])
	}
	t.Logf("%d items; people %v, machines %v, %d kinds", len(items), people, machines, len(kinds))
	for _, c := range answer.Classes {
		if !classes[c] {
			t.Errorf("no item is of class %s", c)
		}
	}
}

// bad is the list of what must be in the corpus: a kind, and what in its
// recipes shows that it is that.
func TestBadInputIsInTheCorpus(t *testing.T) {
	for claim, found := range map[string]func(Item) bool{
		"music on hold for minutes": func(it Item) bool { return it.Class == answer.Hold && it.Recipe.lasts() > 120000 },
		"silence for a minute":      func(it Item) bool { return it.Kind == "nobody/silence" && it.Recipe.lasts() >= 60000 },
		"comfort noise":             func(it Item) bool { return it.Kind == "nobody/comfort" && it.Recipe.Line.Noise == Comfort },
		"clipped":                   func(it Item) bool { return it.Person && it.Recipe.Line.Gain > 15 },
		"very quiet":                func(it Item) bool { return it.Person && it.Recipe.Line.Gain < -10 },
		"10% lost frames, people":   func(it Item) bool { return it.Person && it.Recipe.Line.Lost == .1 },
		"10% lost frames, machines": func(it Item) bool { return it.Class == answer.Beeped && it.Recipe.Line.Lost == .1 },
		"a human who plays a beep":  func(it Item) bool { return it.Person && it.Recipe.has(Beep) },
		"a pick-up amid a greeting": func(it Item) bool { return it.Kind == "person_after/greeting" },
		"two greetings in a row":    func(it Item) bool { return it.Kind == "voicemail/two" },
		"the carrier errs": func(it Item) bool {
			return it.Person && it.Around.Carrier == "machine_start" && it.Around.At > it.speaks()
		},
		"an agent talks at once":    func(it Item) bool { return it.Person && it.Around.Yields && it.Around.Agent.Began < time.Second },
		"and cannot be cut":         func(it Item) bool { return it.Class == answer.Beeped && !it.Around.Yields && it.Around.Agent.Ended > 0 },
		"a beep of a person's oven": func(it Item) bool { return it.Kind == "person/beep_soon" && it.Recipe.has(Beep) },
		"a greeting of 90 s":        func(it Item) bool { return it.Kind == "voicemail/long" && len(it.Recipe.Steps) > 30 },
	} {
		n := [2]int{}
		for _, it := range Items() {
			if found(it) {
				n[it.Part]++
			}
		}
		if n[Test] == 0 {
			t.Errorf("%s: %v items", claim, n)
		}
	}
}

// lasts is how long a recipe's steps last whose length it names, in ms.
func (r Recipe) lasts() (ms int) {
	for _, s := range r.Steps {
		ms += s.MS
	}
	return ms
}

func (r Recipe) has(do Do) bool {
	for _, s := range r.Steps {
		if s.Do == do {
			return true
		}
	}
	return false
}

func TestRecipesAreWellFormed(t *testing.T) {
	for _, it := range append(Items(), Recorded()...) {
		if len(it.Recipe.Steps) == 0 {
			t.Errorf("%s: nothing is heard", it.Name)
		}
		for i, s := range append(it.Recipe.Steps, it.Recipe.Behind...) {
			if fault := s.fault(); fault != "" {
				t.Errorf("%s: step %d: %s: %+v", it.Name, i, fault, s)
			}
		}
		l := it.Recipe.Line
		if l.Lost < 0 || l.Lost > .1 || l.Gain > 30 || l.Noise != "" && (l.NoiseAt > -20 || l.NoiseAt < -90) {
			t.Errorf("%s: a line like %+v", it.Name, l)
		}
	}
}

// fault says what is wrong with a step.
func (s Step) fault() string {
	sounds := s.Do != Rest && s.Do != Keys
	switch {
	case (s.Do == Say || s.Do == Prompt || s.Do == Keys) != (s.Text != ""):
		return "it has a text and no use for it, or none"
	case (s.Do == Say) != (s.By != Voice{}):
		return "it has a voice and no use for it, or none"
	case s.Do == Say && (s.By.Pace < .9 || s.By.Pace > 1.1):
		return "no voice is like that"
	case s.Do != Say && s.Do != Prompt && s.Do != Keys && (s.MS <= 0 || s.MS > 150000):
		return "its length"
	case s.Do == Beep && (s.Hz < 350 || s.Hz > 2000 || s.MS < 80 || s.MS > 1500):
		return "no machine beeps like that"
	case sounds && (s.Level >= 0 || s.Level < -60):
		return "its level"
	}
	return ""
}

func TestBeepsAreSpreadOverTheirGrid(t *testing.T) {
	hz, ms, levels := map[int]bool{}, map[int]bool{}, map[float64]bool{}
	for _, it := range Items() {
		if it.Kind != "voicemail/grid" {
			continue
		}
		for _, s := range it.Recipe.Steps {
			if s.Do != Beep {
				continue
			}
			hz[int(math.Round(s.Hz/50))] = true
			ms[s.MS], levels[s.Level] = true, true
			if over := s.Level - it.Recipe.Line.NoiseAt; it.Recipe.Line.Noise != "" && over < 8 {
				t.Errorf("%s: a beep %.0f dB above the noise", it.Name, over)
			}
			if it.Recipe.Line.Lost > 0 && s.MS < 200 {
				t.Errorf("%s: a beep of %d ms on a line that loses frames", it.Name, s.MS)
			}
		}
	}
	if len(hz) < 14 || len(ms) != len(gridMS) || len(levels) != len(gridLevel) {
		t.Errorf("%d frequencies, %d lengths, %d levels", len(hz), len(ms), len(levels))
	}
}

func TestItemsAreTheSameEachTime(t *testing.T) {
	a, err := json.Marshal(Items())
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(Items())
	if err != nil || string(a) != string(b) {
		t.Errorf("two lists differ (%v)", err)
	}
	keys := map[string]string{}
	for _, it := range Items() {
		if other, taken := keys[it.Key()]; taken && !strings.HasPrefix(it.Kind, "nobody/") {
			t.Errorf("%s and %s sound the same", it.Name, other)
		}
		keys[it.Key()] = it.Name
	}
}
