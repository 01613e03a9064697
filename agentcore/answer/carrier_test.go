package answer

import (
	"slices"
	"testing"
)

// carriers is what counts of the carrier's words.
func carriers(j *Judge) (all []item) {
	for _, it := range j.ev.items {
		if it.Kind == byCarrier && !it.spent {
			all = append(all, it)
		}
	}
	return all
}

func TestTheCarriersWordCountsOnce(t *testing.T) {
	for _, c := range []struct {
		name  string
		words []string
		what  string
		odds  float64
	}{
		{"one", []string{"machine_start"}, "the carrier says: a machine", prior + carrierMachine},
		{"the same twice", []string{"machine_start", "machine_start"}, "the carrier says: a machine", prior + carrierMachine},
		{"a better one", []string{"machine_start", "machine_end_beep"}, "the carrier says: a machine, and its beep", prior + carrierEarly},
		{"a better one, twice", []string{"machine_start", "machine_end_silence", "machine_end_silence"}, "the carrier says: a machine that has finished", prior + carrierEarly},
		{"it thinks better of it", []string{"machine_start", "human"}, "the carrier says: a person", prior - carrierHuman},
		{"it knows no better", []string{"fax", "unknown"}, "the carrier says: a fax", prior + carrierFax},
		{"a word that is none", []string{"human", "robot", ""}, "the carrier says: a person", prior - carrierHuman},
	} {
		j := NewJudge(JudgeConfig{})
		for i, word := range c.words {
			j.Carrier(word, seconds(float64(i+1)))
		}
		got := carriers(j)
		if len(got) != 1 || got[0].What != c.what || j.ev.odds() != c.odds {
			t.Errorf("%s: %v, odds %v, want %q and %v", c.name, got, j.ev.odds(), c.what, c.odds)
		}
	}
}

// Somebody picks up behind the carrier's word, and then the same word comes by
// its other way: it is about who was there before.
func TestTheCarriersWordIsNoNewsBehindAPickUp(t *testing.T) {
	greeting := says(0.7, 6, "You've reached Bob. Please leave a message.")
	early := fact{at: 3, carrier: "machine_start"}
	hello := says(8.2, 0.4, "Hello?")
	for name, facts := range map[string][]fact{
		"once":  {greeting, early, hello},
		"twice": {greeting, early, hello, {at: 11, carrier: "machine_start"}},
	} {
		j := NewJudge(JudgeConfig{})
		all := play(j, 12, facts...)
		if got := classes(all); !slices.Equal(got, []Class{Greeting, Human}) || len(carriers(j)) != 0 {
			t.Errorf("%s: %v, and %v counts", name, got, carriers(j))
		}
	}
}

func TestTheCarriersWordIsNoNewsBehindAResume(t *testing.T) {
	first := NewJudge(JudgeConfig{})
	play(first, 4, says(0.6, 0.4, "Hello?"), fact{at: 3, carrier: "human"})
	past := first.Verdict()
	j := NewJudge(JudgeConfig{Past: &past})
	before := j.ev.odds()
	j.Carrier("human", seconds(6))
	if got := j.ev.odds(); got != before {
		t.Errorf("odds = %v, want %v as on record", got, before)
	}
	j.Carrier("machine_start", seconds(7))
	if got := j.ev.odds(); got != before+carrierMachine {
		t.Errorf("odds = %v behind another word, want %v", got, before+carrierMachine)
	}
}

// What the carrier says of the beep comes later than the beep: our own ear's time
// of it stands.
func TestTheBeepIsWhereItWasHeard(t *testing.T) {
	said := fact{at: 9.5, carrier: "machine_end_beep"}
	for name, c := range map[string]struct {
		facts []fact
		want  float64
	}{
		"heard before": {[]fact{says(0.7, 6, ""), beeps(8, 0.4), said}, 8.4},
		"not heard":    {[]fact{says(0.7, 6, ""), said}, 9.5},
		"told twice":   {[]fact{says(0.7, 6, ""), said, {at: 10.5, carrier: "machine_end_beep"}}, 9.5},
	} {
		j := NewJudge(JudgeConfig{})
		all := play(j, 12, c.facts...)
		if given := cues(all, Leave); len(given) != 1 || !near(given[0].finding.At, c.want) || !near(j.moment.beep, c.want) {
			t.Errorf("%s: beep at %v, %d cues", name, j.moment.beep, len(given))
		}
	}
}
