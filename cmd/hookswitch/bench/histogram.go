package bench

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// histogram counts times by their size, each to within 3 %, from 1 µs to 70
// minutes. Any number of goroutines may add to it. The zero one is ready.
type histogram struct {
	counts [32 * 28]atomic.Int64
	n      atomic.Int64
	most   atomic.Int64 // ns
}

// fine is the number of steps in each power of two.
const fine = 32

func bucket(us uint64) int {
	if us < fine {
		return int(us)
	}
	exp := bits.Len64(us) - 6 // us >> exp lies in 32..63
	return min((exp+1)*fine+int(us>>exp)-fine, 32*28-1)
}

// upper is the largest time that falls into bucket i, in µs.
func upper(i int) uint64 {
	if i < fine {
		return uint64(i)
	}
	exp := i/fine - 1
	return (uint64(i%fine)+fine+1)<<exp - 1
}

func (h *histogram) add(d time.Duration) {
	d = max(d, 0)
	h.counts[bucket(uint64(d.Microseconds()))].Add(1)
	h.n.Add(1)
	for {
		most := h.most.Load()
		if int64(d) <= most || h.most.CompareAndSwap(most, int64(d)) {
			return
		}
	}
}

// quantile returns the time that a share q of all is not above; 0 if there are
// none.
func (h *histogram) quantile(q float64) time.Duration {
	total := h.n.Load()
	rank := max(int64(q*float64(total)+0.999999), 1)
	var seen int64
	for i := range h.counts {
		if seen += h.counts[i].Load(); seen >= rank {
			return min(time.Duration(upper(i))*time.Microsecond, time.Duration(h.most.Load()))
		}
	}
	return time.Duration(h.most.Load())
}

// Quantiles are how a number of times are spread, in milliseconds.
type Quantiles struct {
	P50   float64 `json:"p50"`
	P99   float64 `json:"p99"`
	P999  float64 `json:"p999"`
	Most  float64 `json:"most"`
	Count int64   `json:"count"`
}

func (h *histogram) quantiles() Quantiles {
	return Quantiles{ms(h.quantile(0.5)), ms(h.quantile(0.99)), ms(h.quantile(0.999)), ms(time.Duration(h.most.Load())), h.n.Load()}
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
