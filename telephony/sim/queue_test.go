package sim

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestQueuePlacesOneASecondInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var q queue
		var wg sync.WaitGroup
		began, placed := time.Now(), make([]time.Duration, 4)
		gaveUp, stop := context.WithCancel(t.Context())
		for i := range placed {
			if got, want := q.estimate(1), time.Duration(i)*time.Second; got != want {
				t.Errorf("estimate for call %d is %v, want %v", i, got, want)
			}
			p, ok := q.enter(10)
			if !ok {
				t.Fatal("the queue is full")
			}
			ctx := t.Context()
			if i == 1 {
				ctx = gaveUp
			}
			wg.Go(func() {
				q.wait(ctx, p, 1)
				placed[i] = time.Since(began)
			})
		}
		time.Sleep(500 * time.Millisecond)
		stop()
		wg.Wait()
		for i, want := range []time.Duration{0, 500 * time.Millisecond, time.Second, 2 * time.Second} {
			if placed[i] != want {
				t.Errorf("call %d was placed after %v, want %v", i, placed[i], want)
			}
		}
		p, _ := q.enter(10)
		if q.wait(t.Context(), p, 1); time.Since(began) != 3*time.Second {
			t.Errorf("a later call was placed after %v, want 3s", time.Since(began))
		}
	})
}

func TestQueueIsBounded(t *testing.T) {
	var q queue
	for range 2 {
		if _, ok := q.enter(2); !ok {
			t.Fatal("full with fewer than two in line")
		}
	}
	if _, ok := q.enter(2); ok {
		t.Error("a third call was taken into a line of two")
	}
}

func TestQueueWithoutALimitDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var q queue
		for range 3 {
			p, _ := q.enter(2)
			began := time.Now()
			if q.wait(t.Context(), p, -1); time.Since(began) != 0 || q.estimate(-1) != 0 {
				t.Errorf("waited %v", time.Since(began))
			}
		}
	})
}
