package server

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// garbage is how much of it the process lets come together before it is collected.
// Calls leave little, so that the runtime's own rule, as much again as is in use,
// has memory for twice the calls that there are, and stacks that once were deep are
// cut back every few minutes only. But to collect takes a processor from the calls,
// ten milliseconds at a time: a quarter of it for all of 800 calls that talk saved 40
// KB a call, and the latest one in a hundred lumps came 7 ms later. So a smaller share
// is for large heaps. GOGC, if it is set, is the operator's word, and stays.
type garbage struct {
	percent int
	live    []metrics.Sample
}

const (
	garbageLook = 2 * time.Second
	garbageMost = 64 << 20 // bytes: how much may come together, by and large
)

// run looks again and again at how large the heap is, until ctx ends.
func (g *garbage) run(ctx context.Context) {
	if os.Getenv("GOGC") != "" {
		return
	}
	g.percent = percentMost
	g.live = []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	tick := time.NewTicker(garbageLook)
	defer tick.Stop()
	for {
		metrics.Read(g.live)
		if g.live[0].Value.Kind() == metrics.KindUint64 {
			g.set(percentOf(g.live[0].Value.Uint64()))
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			g.set(percentMost)
			return
		}
	}
}

// set stops the world for a moment, so it is done for a change alone.
func (g *garbage) set(percent int) {
	if percent != g.percent {
		g.percent = percent
		debug.SetGCPercent(percent)
	}
}

const (
	percentLeast = 25
	percentMost  = 100 // the runtime's own
)

// percentOf is the share of a heap with so many bytes in use that may be garbage.
// There are three, so that it seldom changes.
func percentOf(live uint64) int {
	for percent := percentMost; percent > percentLeast; percent /= 2 {
		if live*uint64(percent)/100 <= garbageMost {
			return percent
		}
	}
	return percentLeast
}
