package server

import (
	"context"
	"runtime/debug"
	"testing"
)

// A small heap is collected as the runtime would, a large one sooner.
func TestALargeHeapHoldsLessGarbage(t *testing.T) {
	for _, c := range []struct {
		live uint64
		want int
	}{{0, 100}, {64 << 20, 100}, {65 << 20, 50}, {128 << 20, 50}, {129 << 20, 25}, {8 << 30, 25}} {
		if got := percentOf(c.live); got != c.want {
			t.Errorf("with %d MB in use %d %% may be garbage, want %d", c.live>>20, got, c.want)
		}
	}
}

// What the operator says of it stays; what we said is taken back.
func TestTheOperatorsWordOnGarbageStays(t *testing.T) {
	was := debug.SetGCPercent(77)
	defer debug.SetGCPercent(was)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	t.Setenv("GOGC", "77")
	new(garbage).run(over)
	if got := debug.SetGCPercent(77); got != 77 {
		t.Errorf("the operator's 77 %% are %d", got)
	}
	t.Setenv("GOGC", "")
	g := &garbage{percent: percentLeast}
	g.set(percentMost)
	if got := debug.SetGCPercent(77); got != percentMost {
		t.Errorf("%d %% are set, want %d", got, percentMost)
	}
}
