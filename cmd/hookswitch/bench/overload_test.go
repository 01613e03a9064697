package bench

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
)

// Calls of [TestARealNodeIsOfferedTwiceWhatItTakes].
const (
	overloadCPU   = 15 // percent of the cores: a crowd of some dozens is too much
	overloadCalls = 200
	overloadStep  = 40 // that ring at once
	overloadEvery = time.Second
	answeredFast  = 5 * time.Second // in which busy is heard: far above what it takes, for machines that have other work
)

// A crowd calls a gateway that may use little of the processors, in a process of
// its own. It takes some of them; the others hear busy at once and are counted, and
// those that were taken are not late for it. Lateness is wall time: it is judged only
// where the load itself was not late, as in a search.
func TestARealNodeIsOfferedTwiceWhatItTakes(t *testing.T) {
	if testing.Short() {
		t.Skip("seven seconds of calls")
	}
	r := round{agent: Echo, calls: overloadCalls, burst: 1, window: time.Minute, lead: defaultLead, lump: echoLump}
	g, err := start(t.Context(), Options{Gateway: gatewayCommand}, "", settings{Agent: r.agent, Folder: t.TempDir(), Lead: r.lead, Lump: r.lump, CPU: overloadCPU}, anyCore)
	if err != nil {
		t.Fatal(err)
	}
	l := newLoad(r, newCarrier(account, server.SimToken, g.address))
	go l.wheel.run(&l.m)
	l.m.begin()
	var taken, refused atomic.Int64
	var busy histogram
	for first := 0; first < overloadCalls; first += overloadStep {
		err := each(t.Context(), overloadStep, func(ctx context.Context, i int) error {
			began := time.Now()
			err := l.begin(ctx, first+i)
			switch {
			case errors.Is(err, errBusy):
				refused.Add(1)
				busy.add(time.Since(began))
				return nil
			case err == nil:
				taken.Add(1)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
		if err := pause(t.Context(), overloadEvery); err != nil {
			t.Fatal(err)
		}
	}
	l.m.end()
	if err := l.finish(t.Context()); err != nil {
		t.Error(err)
	}
	after, err := g.tell(question{Odd: true})
	l.carrier.close()
	if err := errors.Join(err, g.stop()); err != nil {
		t.Fatal(err)
	}
	late, own, answer := l.m.late.quantiles(), l.wheel.late.quantiles(), busy.quantiles()
	t.Logf("%d taken, %d turned down in %.1f ms (p99 %.1f); frames late %.2f, %.2f, %.2f ms, the load itself %.2f, %.2f, %.2f; %v",
		taken.Load(), refused.Load(), answer.P50, answer.P99, late.P50, late.P99, late.P999, own.P50, own.P99, own.P999, after.Odd)
	if taken.Load() == 0 || refused.Load() < taken.Load() {
		t.Errorf("%d taken and %d turned down, want no more than half of them taken", taken.Load(), refused.Load())
	}
	if counted := int64(after.Odd["cpu"] + after.Odd["lateness"]); counted != refused.Load() {
		t.Errorf("%d were turned down, and %d counted: %v", refused.Load(), counted, after.Odd)
	}
	if answer.P99 > ms(answeredFast) {
		t.Errorf("busy was heard after %.0f ms (p99)", answer.P99)
	}
	for i, f := range l.calls {
		if f != nil && (f.tally.Broken > 0 || f.tally.Echoed != f.sent) {
			t.Errorf("call %d: %d of %d frames came back, %d broken", i, f.tally.Echoed, f.sent, f.tally.Broken)
		}
	}
	if own.P99 <= ms(loadLimit) && late.P99 >= ms(Limit) {
		t.Errorf("p99 of lateness is %.1f ms, the load's own %.1f", late.P99, own.P99)
	}
}
