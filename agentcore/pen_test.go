package agentcore

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/media"
)

// Notes of calls that know nothing of each other are committed in one moment, soon
// enough, and in the moment of no frame of a call whose first came at a whole one.
func TestNotesOfAllCallsAreCommittedOnOneBeat(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 9))
	began := time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC)
	moments := map[time.Time]bool{}
	for range 10_000 {
		now := began.Add(time.Duration(rng.Int64N(int64(6 * time.Second))))
		at := batchAt(now)
		if wait := at.Sub(now); wait > penBatch || wait < penBatch-penBeat-time.Millisecond {
			t.Fatalf("noted at %v, committed %v later", now, wait)
		}
		if at.Equal(at.Truncate(media.FrameDuration)) {
			t.Fatalf("noted at %v, committed with a frame", now)
		}
		moments[at] = true
	}
	if most := int(6*time.Second/penBeat) + 1; len(moments) > most {
		t.Errorf("%d moments in six seconds, want at most %d", len(moments), most)
	}
}
