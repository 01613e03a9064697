package server_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// offered is a call of a crowd: how long until it was answered or turned down, and
// what came back of what was said.
type offered struct {
	caller *counts
	call   *sim.Call
	took   time.Duration // until it was turned down; 0: it was not
}

// crowdCalls has n call at once, each for so many frames, and waits for their ends.
func (b *booted) crowdCalls(n, frames int) []offered {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), 30*time.Second)
	defer cancel()
	all := make([]offered, n)
	var wg sync.WaitGroup
	for i := range all {
		wg.Go(func() {
			r := offered{caller: &counts{frames: frames}}
			began := time.Now()
			var err error
			if r.call, err = b.Sim().Call(ctx, "+1415555"+string([]byte{'1', '0', '0' + byte(i/10), '0' + byte(i%10)}), server.SimNumber, r.caller); err != nil {
				b.t.Error(err)
				return
			}
			err = r.call.Wait(ctx)
			switch status := r.call.Status(); {
			case status == telephony.StateBusy:
				r.took = time.Since(began)
			case err != nil || status != telephony.Completed:
				b.t.Errorf("a call is %s in the end: %v", status, err)
			}
			all[i] = r
		})
	}
	wg.Wait()
	return all
}

// Twice as many call as the node may take. Those that it takes notice nothing:
// every frame of theirs comes back, in order. The others are turned down at once,
// are counted and on record, and nothing is left of them.
func TestTwiceAsManyCallAsMay(t *testing.T) {
	t.Parallel()
	const may = 8
	o := options(t)
	o.Echo, o.Load, o.Config.MaxCalls = true, nil, may
	b := boot(t, o)
	eventually(t, "ready", func() bool { status, _ := b.get("/readyz"); return status == http.StatusOK })
	crowded := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		defer close(crowded)
		eventually(t, "/readyz says that it passes", func() bool {
			status, body := b.get("/readyz")
			return status == http.StatusTooManyRequests && strings.Contains(body, "full: max_calls is reached") && strings.Contains(body, `"full":1`)
		})
	})
	all := b.crowdCalls(2*may, 150)
	watching.Wait()
	taken, refused := 0, 0
	for i, r := range all {
		if r.took > 0 {
			refused++
			if r.took > time.Second {
				t.Errorf("caller %d was turned down after %v, want it at once", i, r.took)
			}
			continue
		}
		taken++
		if len(r.caller.heard) < 100 {
			t.Errorf("caller %d: %d frames came back of %d", i, len(r.caller.heard), len(r.caller.said))
			continue
		}
		from := slices.IndexFunc(r.caller.said, func(f []byte) bool { return slices.Equal(f, r.caller.heard[0]) })
		if from < 0 || from+len(r.caller.heard) > len(r.caller.said) || !slices.EqualFunc(r.caller.said[from:from+len(r.caller.heard)], r.caller.heard, slices.Equal) {
			t.Errorf("caller %d: what came back is not what was said", i)
		}
	}
	if taken != may || refused != may {
		t.Errorf("%d taken and %d turned down, want %d of each", taken, refused, may)
	}
	eventually(t, "it takes calls again", func() bool { status, _ := b.get("/readyz"); return status == http.StatusOK })
	_, text := b.get("/metrics")
	for _, line := range []string{`hookswitch_calls_refused_total{reason="full"} 8`, `hookswitch_calls_begun_total{direction="inbound"} 8`, "hookswitch_admission_open 1", `hookswitch_load_ratio{signal="cpu"} 0`} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("/metrics lacks %q", line)
		}
	}
	ends := map[telephony.EndReason]int{}
	for range 2 * may {
		ends[b.end()]++
	}
	if ends[telephony.Refused] != may || ends[telephony.CallerHangup] != may {
		t.Errorf("calls ended %v, want %d refused and %d hung up by callers", ends, may, may)
	}
	if open, err := b.Store().Unended(t.Context(), "", time.Now()); err != nil || len(open) != 0 {
		t.Errorf("%d records are open, %v", len(open), err)
	}
	if violations := b.Sim().Police().Violations(); len(violations) != 0 {
		t.Errorf("the carrier complains: %v", violations)
	}
}

// Whom there is no room for is connected to the overflow number, by the carrier,
// and talks to whoever answers there.
func TestCallersOverflow(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.Config.MaxCalls, o.Config.Overflow = 1, "+14155550190"
	b := boot(t, o)
	eventually(t, "ready", func() bool { status, _ := b.get("/readyz"); return status == http.StatusOK })
	answered := make(chan struct{}, 1)
	b.Sim().Register("+14155550190", sim.Phone{Make: func() handset.Handset {
		answered <- struct{}{}
		return handset.Silent
	}})
	first := b.call(handset.Silent)
	eventually(t, "one call goes on", func() bool { return len(b.Desk().Live()) == 1 })
	if _, text := b.get("/metrics"); !strings.Contains(text, `hookswitch_calls_active{direction="inbound"} 1`+"\n") || !strings.Contains(text, `hookswitch_calls_active{direction="outbound"} 0`+"\n") {
		t.Error("/metrics does not say that one call goes on, and came in")
	}
	second := b.call(handset.Silent)
	select {
	case <-answered:
	case <-time.After(10 * time.Second):
		t.Fatal("nobody answered at the overflow number in 10 s")
	}
	r, err := b.Store().CallByCarrier(t.Context(), second.SID())
	if err != nil || r.Reason != telephony.Refused || r.Why != "full: as many calls go on as may: connected to the overflow number" {
		t.Errorf("record %+v, %v; want it to say where they went", r, err)
	}
	second.Hangup()
	first.Hangup()
	for range 2 {
		b.end()
	}
	if violations := b.Sim().Police().Violations(); len(violations) != 0 {
		t.Errorf("the carrier complains: %v", violations)
	}
}
