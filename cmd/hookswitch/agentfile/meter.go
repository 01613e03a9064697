package agentfile

import (
	"context"
	"math"
	"runtime"
	"sync/atomic"
	"time"
)

const (
	meterEvery   = 500 * time.Millisecond
	meterSamples = 5 // 2.5 s, as LiveKit's agents measure theirs
)

// Meter measures the load that a load_threshold is about: the part of this
// process's processors that it used in the last 2.5 s.
type Meter struct {
	used  func() time.Duration // by this process, in all
	cores int
	load  atomic.Uint64 // bits of a float64
}

// NewMeter returns a Meter that shows 0 until Run has measured.
func NewMeter() *Meter { return &Meter{used: ProcessTime, cores: runtime.GOMAXPROCS(0)} }

// Load is from 0 to 1.
func (m *Meter) Load() float64 { return math.Float64frombits(m.load.Load()) }

// Run measures until ctx ends.
func (m *Meter) Run(ctx context.Context) {
	every := time.NewTicker(meterEvery)
	defer every.Stop()
	var samples [meterSamples]sample // ring
	samples[0] = sample{time.Now(), m.used()}
	for n := 1; ; n++ {
		select {
		case <-every.C:
		case <-ctx.Done():
			return
		}
		oldest := samples[n%meterSamples]
		if n < meterSamples {
			oldest = samples[0]
		}
		now := sample{time.Now(), m.used()}
		m.load.Store(math.Float64bits(now.since(oldest, m.cores)))
		samples[n%meterSamples] = now
	}
}

// sample is how much of the processors was used by then.
type sample struct {
	at   time.Time
	used time.Duration
}

// since is the load from before to s.
func (s sample) since(before sample, cores int) float64 {
	lasted := s.at.Sub(before.at)
	if lasted <= 0 || cores < 1 {
		return 0
	}
	return min(1, max(0, float64(s.used-before.used)/float64(lasted)/float64(cores)))
}
