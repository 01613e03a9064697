package v2

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/telephony"
)

// numberer counts how often it was asked to number. It numbers twenty at a time.
type numberer struct {
	asked atomic.Int64
	wait  atomic.Int64 // entries
	fails atomic.Bool
}

func (n *numberer) Sequence(context.Context, int) (int, error) {
	n.asked.Add(1)
	if n.fails.Load() {
		return 0, errors.New("no database")
	}
	some := min(n.wait.Load(), 20)
	n.wait.Add(-some)
	if some > 0 {
		time.Sleep(2 * time.Millisecond)
	}
	return int(some), nil
}

// hub runs one for the time of do.
func hub(t *testing.T, do func(h *Hub, n *numberer)) {
	synctest.Test(t, func(t *testing.T) {
		n := &numberer{}
		h := NewHub(n, nil)
		ctx, stop := context.WithCancel(t.Context())
		go h.Run(ctx)
		do(h, n)
		stop()
		<-h.done
	})
}

// woken counts how often wake is told within d.
func woken(wake <-chan struct{}, d time.Duration) int {
	n, over := 0, time.After(d)
	for {
		select {
		case <-wake:
			n++
		case <-over:
			return n
		}
	}
}

func TestNobodyListensAndNumbersAreGivenNowAndThen(t *testing.T) {
	hub(t, func(h *Hub, n *numberer) {
		for range 1000 {
			h.Poke("call_1")
			time.Sleep(30 * time.Millisecond)
		}
		if got := n.asked.Load(); got < 4 || got > 7 {
			t.Errorf("numbered %d times in 30 s, want about once in %v", got, hubIdle)
		}
	})
}

func TestAllThatWaitsIsNumberedAndNobodyWaitsLongMeanwhile(t *testing.T) {
	hub(t, func(h *Hub, n *numberer) {
		n.wait.Store(9010) // 450 times twenty, each 2 ms, are most of a second
		wake, stop := h.listen("call_1")
		defer stop()
		time.Sleep(hubLook + 2*time.Second)
		if left, asked := n.wait.Load(), n.asked.Load(); left != 0 || asked < 451 || asked > 453 {
			t.Errorf("after %d looks %d wait", asked, left)
		}
		n.wait.Store(9010)
		for range 3 {
			h.Poke("call_1")
			if got := woken(wake, hubNumbers+hubGather+10*time.Millisecond); got == 0 {
				t.Error("meanwhile nobody is woken")
			}
		}
	})
}

func TestManyPokesAreOneWakeUp(t *testing.T) {
	hub(t, func(h *Hub, _ *numberer) {
		wake, stop := h.listen("call_1")
		defer stop()
		other, stopOther := h.listen("call_2")
		defer stopOther()
		synctest.Wait()
		woken(wake, hubGather) // the first look
		go func() {
			for range 100 { // a second of a busy call
				h.Poke("call_1")
				time.Sleep(10 * time.Millisecond)
			}
		}()
		if got := woken(wake, time.Second); got < 8 || got > 12 {
			t.Errorf("woken %d times in a second, want about 10", got)
		}
		if got := woken(other, time.Millisecond); got > 1 {
			t.Errorf("the other call was woken %d times", got)
		}
	})
}

func TestFirstPokeIsPassedOnAtOnce(t *testing.T) {
	hub(t, func(h *Hub, _ *numberer) {
		wake, stop := h.listen("")
		defer stop()
		woken(wake, 500*time.Millisecond)
		h.Poke("call_1")
		if got := woken(wake, 5*time.Millisecond); got != 1 {
			t.Errorf("woken %d times in the first 5 ms, want once", got)
		}
	})
}

func TestWhoListensIsWokenForEntriesOfOtherNodes(t *testing.T) {
	hub(t, func(h *Hub, n *numberer) {
		for _, call := range []telephony.CallID{"call_1", ""} {
			wake, stop := h.listen(call)
			if got := woken(wake, 10*time.Second); got < 8 || got > 12 {
				t.Errorf("listener of %q: woken %d times in 10 s, want about once a second", call, got)
			}
			stop()
		}
		n.fails.Store(true) // what fails is tried again
		before := n.asked.Load()
		time.Sleep(3 * hubIdle)
		if n.asked.Load() < before+2 {
			t.Error("after a failure nothing is numbered any more")
		}
	})
}

// TestQuietStreamBeats is over virtual time: a comment every 15 s, and an end
// when the hub ends.
func TestQuietStreamBeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := httptest.NewRecorder()
		f := &follower{control: http.NewResponseController(w), w: w, patience: time.Second}
		done := make(chan struct{})
		go func() {
			time.Sleep(time.Minute + time.Second)
			close(done)
		}()
		nothing := func(context.Context, int64, int) ([]event, bool, error) { return nil, false, nil }
		if err := f.follow(t.Context(), nothing, nil, done); err != nil {
			t.Errorf("follow() = %v", err)
		}
		if got := strings.Count(w.Body.String(), ": still here\n\n"); got != 4 {
			t.Errorf("%d comments in a minute, want 4", got)
		}
	})
}

// oneKey is a store of one key.
type oneKey struct {
	roster.Store
	mu  sync.Mutex // over what follows
	key roster.Key
	err error
}

// becomes changes the store while it is used.
func (s *oneKey) becomes(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

func (s *oneKey) KeyByHash(_ context.Context, hash string) (roster.Key, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if hash != s.key.Hash {
		return roster.Key{}, roster.ErrNotFound
	}
	return s.key, s.err
}

// TestStreamEndsWithItsKey is over virtual time: who lost the right to read is
// told no more than a heartbeat later.
func TestStreamEndsWithItsKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &oneKey{key: roster.Key{Hash: "h", Scopes: []roster.Scope{roster.CallsRead}}}
		a := &API{Config: Config{Roster: store}}
		w := httptest.NewRecorder()
		f := &follower{control: http.NewResponseController(w), w: w, patience: time.Second, may: a.stillMay(store.key)}
		nothing := func(context.Context, int64, int) ([]event, bool, error) { return nil, false, nil }
		begun := time.Now()
		time.AfterFunc(time.Minute, func() { store.becomes(func() { store.err = errors.New("no database") }) }) // ends nothing
		time.AfterFunc(2*time.Minute, func() { store.becomes(func() { store.err, store.key.Revoked = nil, time.Now() }) })
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := f.follow(ctx, nothing, nil, nil); err != nil {
			t.Errorf("follow() = %v", err)
		}
		if took := time.Since(begun); took < 2*time.Minute || took > 2*time.Minute+heartbeat {
			t.Errorf("the stream of a key that was revoked after 2m lasted %v", took)
		}
		if a.stillMay(roster.Key{Hash: "another"})(t.Context()) {
			t.Error("a key that is not there may read")
		}
	})
}

func TestBrokenSourceEndsTheStream(t *testing.T) {
	w := httptest.NewRecorder()
	f := &follower{control: http.NewResponseController(w), w: w, patience: time.Second}
	broken := errors.New("no database")
	calls := 0
	from := func(_ context.Context, after int64, _ int) ([]event, bool, error) {
		if calls++; calls > 1 {
			return nil, false, broken
		}
		var all []event
		for i := range streamBatch {
			all = append(all, event{after + int64(i) + 1, "heard", []byte(`{}`)})
		}
		return all, false, nil
	}
	if err := f.follow(t.Context(), from, nil, nil); !errors.Is(err, broken) || f.after != streamBatch {
		t.Errorf("follow() = %v after event %d, want %v after %d", err, f.after, broken, streamBatch)
	}
}
