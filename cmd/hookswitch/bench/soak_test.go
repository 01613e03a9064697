package bench

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// memory are samples of a process that grows by so many KB a minute, with a
// collector's teeth of several MB.
func memory(perMinute float64, minutes int) (all []timed) {
	rng := rand.New(rand.NewPCG(1, 2))
	began := time.Now()
	for i := range minutes * 60 {
		kb := 90_000 + perMinute*float64(i)/60 + float64(i%17)*300 + 500*rng.NormFloat64()
		all = append(all, timed{sample{Resident: int64(kb * 1024)}, began.Add(time.Duration(i) * time.Second)})
	}
	return all
}

func TestALeakIsToldFromTheCollectorsTeeth(t *testing.T) {
	for _, tt := range []struct {
		grows float64
		flat  bool
	}{{0, true}, {-200, true}, {40, true}, {200, false}, {2000, false}} {
		s := soaked(memory(tt.grows, 30), 400)
		if s.Flat != tt.flat || math.Abs(s.SlopeKBPerMinute-tt.grows) > 4*s.StandardError+2 {
			t.Errorf("%v KB a minute: %s", tt.grows, s.verdict())
		}
		if len(s.Samples) > mostKept || len(s.Samples) < 100 {
			t.Errorf("%d samples are kept", len(s.Samples))
		}
	}
}

func TestTheSlopeOfAPerfectLineHasNoError(t *testing.T) {
	slope, err := fit([]float64{0, 1, 2, 3}, []float64{5, 7, 9, 11})
	if slope != 2 || err > 1e-9 {
		t.Errorf("%v, %v", slope, err)
	}
}
