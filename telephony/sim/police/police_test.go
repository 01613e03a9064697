package police_test

import (
	"testing"

	"github.com/hookswitch/hookswitch/telephony/sim/police"
)

func TestPoliceKeepsTheFirstOnesAndCountsAll(t *testing.T) {
	var p police.Police
	if !p.Report(police.Violation{Kind: police.Binary, Call: "a", Code: 31950, Detail: "x"}) {
		t.Error("the first violation is not the first")
	}
	if p.Report(police.Violation{Kind: police.Binary, Call: "a"}) {
		t.Error("the second of its kind in one call is a first")
	}
	if !p.Report(police.Violation{Kind: police.Binary, Call: "b"}) || !p.Report(police.Violation{Kind: police.Ragged, Call: "a"}) {
		t.Error("another call or another kind is no first")
	}
	for range police.Limit {
		p.Report(police.Violation{Kind: police.NotJSON})
	}
	if got := p.Count(police.NotJSON); got != police.Limit {
		t.Errorf("counted %d, want %d", got, police.Limit)
	}
	if v, w := p.Violations(), p.Warnings(); len(v)+len(w) != police.Limit || len(w) != 1 {
		t.Errorf("kept %d and %d, want %d in all and 1 warning", len(v), len(w), police.Limit)
	}
	if got := p.Violations()[0]; got.String() != "binary (31950): x" || got.At.IsZero() {
		t.Errorf("violation %v at %v", got, got.At)
	}
}
