package bench

import (
	"testing"
	"time"
)

// What the database does at a clock's pace, in a window that is a little longer, is
// nobody's frame; what only calls that talk allocate is, also where another site
// happened to have less.
func TestAllocationsOfFramesAreThoseThatSilentCallsDoNotMake(t *testing.T) {
	idle := notes{map[string]int64{"sql < beat": 2000, "once < start": 60}, 0, 6 * time.Second}
	busy := notes{map[string]int64{"sql < beat": 2100, "read < listen": 9000}, 30000, 6600 * time.Millisecond}
	a := busy.less(idle)
	if a.Frames != 30000 || a.PerFrame != 0.3 || int(a.PerSec) != 343 {
		t.Errorf("%+v", a)
	}
	if len(a.Sites) != 1 || a.Sites[0] != (Site{"read < listen", 9000}) || len(a.Idle) != 2 {
		t.Errorf("sites %v, idle %v", a.Sites, a.Idle)
	}
}

func TestWhatTheAskingTookIsNotCounted(t *testing.T) {
	got := between(map[string]int64{"a < b": 5}, map[string]int64{"a < b": 7, "x < cmd/hookswitch/bench.allocations": 90})
	if len(got) != 1 || got["a < b"] != 2 {
		t.Errorf("%v", got)
	}
}
