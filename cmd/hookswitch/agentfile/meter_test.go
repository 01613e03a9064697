package agentfile

import (
	"context"
	"math"
	"testing"
	"testing/synctest"
	"time"
)

func TestLoadIsThatOfTheLastSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		// Two processors: idle for 10 s, one busy for 10 s, then both.
		used := func() time.Duration {
			at := time.Since(began)
			return max(0, at-10*time.Second) + max(0, at-20*time.Second)
		}
		m := &Meter{used: used, cores: 2}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { m.Run(ctx); close(done) }()
		for _, c := range []struct {
			at   time.Duration
			want float64
		}{
			{0, 0}, {9 * time.Second, 0},
			{11250 * time.Millisecond, .2}, // one of the last two and a half seconds, on one of two
			{15 * time.Second, .5}, {19 * time.Second, .5}, {30 * time.Second, 1},
		} {
			time.Sleep(time.Until(began.Add(c.at)))
			synctest.Wait()
			if got := m.Load(); math.Abs(got-c.want) > 1e-9 {
				t.Errorf("after %v the load is %v, want %v", c.at, got, c.want)
			}
		}
		stop()
		<-done
	})
}

func TestLoadStaysWithinBounds(t *testing.T) {
	at := time.Now()
	for _, c := range []struct {
		from, to sample
		want     float64
	}{
		{sample{at, 0}, sample{at, time.Second}, 0},
		{sample{at, 0}, sample{at.Add(time.Second), time.Hour}, 1},
		{sample{at, time.Hour}, sample{at.Add(time.Second), 0}, 0},
	} {
		if got := c.to.since(c.from, 1); got != c.want {
			t.Errorf("load from %v to %v is %v, want %v", c.from, c.to, got, c.want)
		}
	}
}

func TestProcessTimeGrows(t *testing.T) {
	before, x := ProcessTime(), 0
	for began := time.Now(); time.Since(began) < 10*time.Second && ProcessTime() == before; x++ {
	}
	if ProcessTime() <= before {
		t.Errorf("no time is used by %d rounds", x)
	}
}
