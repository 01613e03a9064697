package agentcore

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/media"
)

// What pacing a thousand calls costs for each lump: a timer per call, as it is done,
// and one goroutine that sleeps for all of them. Both in one run, by turns, as CPU
// time of this process; what is sent costs nothing here.
func BenchmarkPacing(b *testing.B) {
	const calls, long = 1000, 2 * time.Second
	for _, lump := range []time.Duration{60 * time.Millisecond, 100 * time.Millisecond} {
		lumps := float64(calls) * float64(long/lump)
		b.Run(fmt.Sprintf("%dms", lump.Milliseconds()), func(b *testing.B) {
			least := map[string]float64{}
			for b.Loop() {
				for name, pace := range map[string]func(time.Duration, int, time.Duration){"timers": timers, "wheel": wheel} {
					began := cpu(b)
					pace(lump, calls, long)
					each := float64(cpu(b)-began) / lumps
					if was, ok := least[name]; !ok || each < was {
						least[name] = each
					}
				}
			}
			for name, each := range least {
				b.ReportMetric(each, "cpu-ns/lump-"+name)
			}
		})
	}
}

// timers paces calls with a pacer each.
func timers(lump time.Duration, calls int, long time.Duration) {
	ctx, stop := context.WithTimeout(context.Background(), long)
	defer stop()
	var playing sync.WaitGroup
	for range calls {
		playing.Go(func() {
			p := pacer{lead: 2 * lump, lump: lump, wait: stopped(), paced: nobody{}.Paced}
			for p.due(ctx, time.Time{}) {
			}
		})
	}
	playing.Wait()
}

// wheel paces calls with one goroutine that wakes each 5 ms, and sends the lumps of
// those that are due by themselves: the best that a wheel could do.
func wheel(lump time.Duration, calls int, long time.Duration) {
	const tick = 5 * time.Millisecond
	pacers := make([]pacer, calls)
	began := time.Now()
	for at := began; at.Sub(began) < long; at = at.Add(tick) {
		time.Sleep(time.Until(at))
		for i := range pacers {
			p := &pacers[i]
			if p.ahead(at) > lump && p.sent > 0 {
				continue
			}
			if p.sent == 0 {
				p.start = at.Add(time.Duration(i%int(lump/tick)) * tick) // spread, as calls are
			}
			p.sent += int(lump / media.FrameDuration)
		}
	}
}
