package webhook

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// fill takes every place at a receiver, one of them a second time, so that it is
// known to be quick.
func fill(t *testing.T, h *hosts, name string) {
	t.Helper()
	for range perHost {
		if !h.enter(t.Context(), name) {
			t.Fatal("there is no place at a receiver with nothing under way")
		}
	}
	h.leave(name)
	if !h.enter(t.Context(), name) {
		t.Fatal("a place that was left is not free")
	}
}

func TestDeliveryWaitsForAPlaceAtAQuickReceiver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h hosts
		fill(t, &h, "quick")
		began := time.Now()
		time.AfterFunc(100*time.Millisecond, func() { h.leave("quick") })
		if !h.enter(t.Context(), "quick") || time.Since(began) != 100*time.Millisecond {
			t.Errorf("after %v there is no place", time.Since(began))
		}
		if began := time.Now(); h.enter(t.Context(), "quick") || time.Since(began) != hostWait {
			t.Errorf("waited %v for a place that nobody leaves, want %v", time.Since(began), hostWait)
		}
		for range perHost {
			h.leave("quick")
		}
		if len(h.of) != 0 {
			t.Errorf("%d receivers are remembered, want none", len(h.of))
		}
	})
}

func TestNobodyWaitsForASlowReceiver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h hosts
		fill(t, &h, "slow")
		time.Sleep(hostWait + time.Millisecond)
		if began := time.Now(); h.enter(t.Context(), "slow") || time.Since(began) != 0 {
			t.Errorf("waited %v at a receiver where nothing moves", time.Since(began))
		}
		if !h.enter(t.Context(), "another") {
			t.Error("there is no place at another receiver")
		}
	})
}

func TestFewWaitAtOneReceiver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h hosts
		fill(t, &h, "quick")
		var wg sync.WaitGroup
		got := make(chan bool, 2*waitPerHost)
		for range waitPerHost {
			wg.Go(func() { got <- h.enter(t.Context(), "quick") })
		}
		synctest.Wait()
		if began := time.Now(); h.enter(t.Context(), "quick") || time.Since(began) != 0 {
			t.Errorf("waited %v behind %d others", time.Since(began), waitPerHost)
		}
		for range perHost {
			h.leave("quick")
		}
		wg.Wait()
		close(got)
		in := 0
		for ok := range got {
			if ok {
				in++
			}
		}
		if in != perHost {
			t.Errorf("%d of those who waited came in, %d places were left", in, perHost)
		}
	})
}
