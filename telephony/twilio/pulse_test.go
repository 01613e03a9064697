package twilio

import (
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/media"
)

// gauge writes down what a [Meter] is told.
type gauge struct {
	mu      sync.Mutex
	in, out int
	told    []time.Time
	odd     []string // gaps and bursts
}

func (g *gauge) Frames(in, out int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.in, g.out, g.told = g.in+in, g.out+out, append(g.told, time.Now())
}

func (g *gauge) Gap(late time.Duration) { g.note("gap %v", late) }
func (g *gauge) Burst(frames int)       { g.note("burst %d", frames) }

func (g *gauge) note(format string, v any) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.odd = append(g.odd, fmt.Sprintf(format, v))
}

func TestFramesAreToldOnceASecondAndAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g gauge
		leg, f := accepted(t, LegConfig{Meter: &g, Lump: 60 * time.Millisecond})
		go io.Copy(io.Discard, f.r)
		begin := time.Now()
		var helpers sync.WaitGroup
		defer helpers.Wait()
		helpers.Go(func() {
			for range 171 { // 3.42 s
				f.say(mediaText(repeat(160)))
				time.Sleep(20 * time.Millisecond)
			}
		})
		var frame media.Frame
		for range 171 {
			if _, err := leg.Next(&frame); err != nil {
				t.Fatal(err)
			}
			leg.Write(&frame)
		}
		leg.Mark(1) // which sends what waits
		leg.Clear()
		leg.Hangup(t.Context())
		if g.in != 171 || g.out != 171 || len(g.told) != 4 || len(g.odd) != 0 {
			t.Errorf("told of %d in, %d out in %d times; %v", g.in, g.out, len(g.told), g.odd)
		}
		for i, at := range g.told[:3] {
			if got := at.Sub(begin); got != time.Duration(i+1)*time.Second {
				t.Errorf("told after %v", got)
			}
		}
	})
}

func TestGapsAndBursts(t *testing.T) {
	const ms = time.Millisecond
	say := func(n int) func(*far) { // so many frames, each in its time
		return func(f *far) {
			for range n {
				f.say(mediaText(repeat(160)))
				time.Sleep(20 * ms)
			}
		}
	}
	wait := func(d time.Duration) func(*far) { return func(*far) { time.Sleep(d) } }
	rush := func(n int, each time.Duration) func(*far) {
		return func(f *far) {
			for range n {
				f.say(mediaText(repeat(160)))
				time.Sleep(each)
			}
		}
	}
	long := func(f *far) {
		for range 5 {
			f.say(mediaText(repeat(1600)))
			time.Sleep(200 * ms)
		}
	}
	for _, tt := range []struct {
		name string
		play []func(*far)
		want []string
	}{
		{"a steady stream has none", []func(*far){say(50)}, nil},
		{"before it begins there is none", []func(*far){wait(3 * time.Second), say(5)}, nil},
		{"60 ms late is none", []func(*far){say(5), wait(60 * ms), say(5)}, nil},
		{"61 ms late is one", []func(*far){say(5), wait(61 * ms), say(5)}, []string{"gap 61ms"}},
		{"each is told once", []func(*far){say(5), wait(time.Second), say(5), wait(100 * ms), say(5)}, []string{"gap 1s", "gap 100ms"}},
		{"what was late comes at once", []func(*far){say(5), wait(200 * ms), rush(10, 0), say(5)}, []string{"gap 200ms", "burst 10"}},
		{"or nearly at once", []func(*far){say(5), wait(200 * ms), rush(10, 4*ms), say(5)}, []string{"gap 200ms", "burst 8"}},
		{"frames at once behind no gap are none", []func(*far){say(5), rush(5, 0), say(5)}, nil},
		{"a burst at the end of the stream", []func(*far){say(5), wait(200 * ms), rush(5, 0)}, []string{"gap 200ms", "burst 4"}},
		{"a gap at the end of it", []func(*far){say(5), wait(500 * ms)}, []string{"gap 500ms"}},
		{"a carrier of longer messages has its own time", []func(*far){long}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var g gauge
				leg, f := accepted(t, LegConfig{Meter: &g})
				go io.Copy(io.Discard, f.r)
				go func() {
					for _, play := range tt.play {
						play(f)
					}
					f.say(stopText)
				}()
				var frame media.Frame
				for {
					if _, err := leg.Next(&frame); err != nil {
						break
					}
				}
				leg.Hangup(t.Context())
				if !slices.Equal(g.odd, tt.want) {
					t.Errorf("told %v, want %v", g.odd, tt.want)
				}
			})
		})
	}
}
