package answer

import (
	"slices"
	"testing"
)

func TestClassOfALaterBuildIsNoMachine(t *testing.T) {
	people := []Class{Human, Unknown}
	for _, c := range Classes {
		if c.Machine() == slices.Contains(people, c) {
			t.Errorf("%s: machine is %v", c, c.Machine())
		}
	}
	for _, c := range []Class{"", "assistant"} {
		if c.Machine() {
			t.Errorf("%q is a machine: it would be hung up on", c)
		}
	}
}

func TestPastVerdictOfALaterBuildIsUnknown(t *testing.T) {
	past := Verdict{Class: "assistant", Confidence: 0.9, AtMS: 3000, Evidence: []Evidence{{Kind: byWords, What: "says so", For: "assistant", Weight: 9}}}
	j := NewJudge(JudgeConfig{Past: &past})
	if v := j.Verdict(); v.Class != Unknown || v.Confidence != 0 || len(v.Evidence) != 1 {
		t.Errorf("verdict %+v, want unknown, with its evidence", v)
	}
	if got := classes(play(j, 9, says(4, 0.5, "Hello?"))); !slices.Equal(got, []Class{Human}) {
		t.Errorf("then somebody says hello: %v, want a person", got)
	}
}
