package agentcore

import (
	"testing"
	"testing/synctest"
	"time"
)

// A process that stood still for a moment sends what has become due, in whole lumps,
// and is on time again with the next.
func TestALateLumpMovesNoneBehindIt(t *testing.T) {
	for _, stall := range []time.Duration{10, 25, 36, 59, 61, 80, 100} {
		synctest.Test(t, func(t *testing.T) {
			const lead, lump = 200 * time.Millisecond, 60 * time.Millisecond
			p := pacer{lead: lead, lump: lump, wait: stopped(), paced: func(_, ahead time.Duration) {
				if ahead > lead {
					t.Errorf("the line is %v ahead, more than %v", ahead, lead)
				}
			}}
			began := time.Now()
			for n := range 100 {
				if !p.due(t.Context(), time.Time{}) {
					t.Fatal("no frame may go")
				}
				if n == 30 {
					time.Sleep(stall * time.Millisecond)
				}
				if n < 40 {
					continue
				}
				if late := time.Since(began) - lump*time.Duration(1+(n-10)/3); late != 0 {
					t.Errorf("after %v, frame %d is %v late", stall*time.Millisecond, n, late)
				}
			}
		})
	}
}
