package tap_test

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/tap"
)

// record puts frames numbered from to to, the end left out, on the tap.
func record(t *tap.Tap, from, to int) {
	for n := from; n < to; n++ {
		caller, agent := numbered(n), numbered(-n)
		t.Record(&caller, &agent)
	}
}

func numbered(n int) (f media.Frame) {
	f[0], f[media.FrameSamples-1] = int16(n), int16(n)
	return f
}

// next reads one frame and returns its number.
func next(t *testing.T, e *tap.Ear) int {
	t.Helper()
	var caller, agent media.Frame
	if err := e.Next(t.Context(), &caller, &agent); err != nil {
		t.Fatalf("Next: %v", err)
	}
	n := int(caller[0])
	if caller != numbered(n) || agent != numbered(-n) {
		t.Fatalf("the frame of %d is torn: caller %d..%d, agent %d..%d", n,
			caller[0], caller[media.FrameSamples-1], agent[0], agent[media.FrameSamples-1])
	}
	return n
}

func ended(t *testing.T, e *tap.Ear) {
	t.Helper()
	var caller, agent media.Frame
	if err := e.Next(t.Context(), &caller, &agent); !errors.Is(err, io.EOF) {
		t.Errorf("Next = %v, want io.EOF", err)
	}
}

func TestEveryEarHearsBothSidesFromWhenItListens(t *testing.T) {
	var call tap.Tap
	record(&call, 0, 3) // nobody listens
	first := call.Listen()
	record(&call, 3, 5)
	second := call.Listen()
	record(&call, 5, 6)
	for _, want := range []int{3, 4, 5} {
		if got := next(t, first); got != want {
			t.Errorf("the first ear hears frame %d, want %d", got, want)
		}
	}
	if got := next(t, second); got != 5 {
		t.Errorf("the second ear hears frame %d, want 5", got)
	}
}

// Who does not read loses what comes when the ear is full, and hears the rest in
// order; others lose nothing.
func TestASlowEarLosesTheNewestFrames(t *testing.T) {
	var call tap.Tap
	slow, quick := call.Listen(), call.Listen()
	for n := range tap.Held + 10 {
		record(&call, n, n+1)
		if got := next(t, quick); got != n {
			t.Fatalf("the quick ear hears frame %d, want %d", got, n)
		}
	}
	if slow.Lost() != 10 || quick.Lost() != 0 {
		t.Errorf("lost %d and %d frames, want 10 and 0", slow.Lost(), quick.Lost())
	}
	for want := range tap.Held {
		if got := next(t, slow); got != want {
			t.Fatalf("the slow ear hears frame %d, want %d", got, want)
		}
	}
	record(&call, 200, 201)
	if got := next(t, slow); got != 200 {
		t.Errorf("after that it hears frame %d, want 200", got)
	}
}

func TestAClosedTapIsHeardToItsEnd(t *testing.T) {
	for name, end := range map[string]func(*tap.Tap, *tap.Ear){
		"the tap is closed":   func(call *tap.Tap, _ *tap.Ear) { call.Close() },
		"the ear is closed":   func(_ *tap.Tap, e *tap.Ear) { e.Close() },
		"both, and once more": func(call *tap.Tap, e *tap.Ear) { call.Close(); e.Close(); call.Close(); e.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			var call tap.Tap
			e := call.Listen()
			record(&call, 1, 3)
			end(&call, e)
			record(&call, 3, 4)
			if a, b := next(t, e), next(t, e); a != 1 || b != 2 {
				t.Errorf("it hears %d, %d, want 1, 2", a, b)
			}
			ended(t, e)
			ended(t, e)
		})
	}
}

func TestAnEarOfAClosedTapIsAtItsEnd(t *testing.T) {
	var call tap.Tap
	call.Close()
	e := call.Listen()
	record(&call, 1, 2)
	ended(t, e)
}

// A reader who waits is woken by a frame, by the end, and by its context.
func TestAReaderWhoWaitsIsWoken(t *testing.T) {
	for name, tt := range map[string]struct {
		wake func(*tap.Tap, *tap.Ear, context.CancelCauseFunc)
		want error
	}{
		"by a frame":          {func(call *tap.Tap, _ *tap.Ear, _ context.CancelCauseFunc) { record(call, 1, 2) }, nil},
		"by the tap's end":    {func(call *tap.Tap, _ *tap.Ear, _ context.CancelCauseFunc) { call.Close() }, io.EOF},
		"by its own end":      {func(_ *tap.Tap, e *tap.Ear, _ context.CancelCauseFunc) { e.Close() }, io.EOF},
		"by the context":      {func(_ *tap.Tap, _ *tap.Ear, stop context.CancelCauseFunc) { stop(errEnough) }, errEnough},
		"by nothing too soon": {func(call *tap.Tap, e *tap.Ear, _ context.CancelCauseFunc) { time.Sleep(time.Hour); record(call, 1, 2) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var call tap.Tap
				e := call.Listen()
				ctx, stop := context.WithCancelCause(t.Context())
				defer stop(nil)
				got := make(chan error)
				go func() {
					var caller, agent media.Frame
					got <- e.Next(ctx, &caller, &agent)
				}()
				synctest.Wait()
				tt.wake(&call, e, stop)
				if err := <-got; !errors.Is(err, tt.want) {
					t.Errorf("Next = %v, want %v", err, tt.want)
				}
			})
		})
	}
}

var errEnough = errors.New("heard enough")

// Listeners come and go while the call goes on: nobody hears a torn frame, a
// frame twice, or one out of order, and who stays to the end hears it all.
func TestListenersComeAndGo(t *testing.T) {
	const frames = 20_000
	var call tap.Tap
	var all sync.WaitGroup
	steady := call.Listen()
	heard := make(chan struct{}, tap.Held)
	all.Go(func() {
		for want := range frames {
			var caller, agent media.Frame
			if err := steady.Next(t.Context(), &caller, &agent); err != nil || caller != numbered(want) || agent != numbered(-want) {
				t.Errorf("the steady ear hears frame %d (%v), want %d", caller[0], err, want)
			}
			<-heard
		}
		ended(t, steady)
	})
	for range 4 {
		all.Go(func() {
			for range 200 {
				e, last := call.Listen(), -1
				for range 5 {
					var caller, agent media.Frame
					if e.Next(t.Context(), &caller, &agent) != nil {
						break
					}
					if n := int(caller[0]); n <= last || agent != numbered(-n) {
						t.Errorf("frame %d follows %d", n, last)
					} else {
						last = n
					}
				}
				e.Close()
			}
		})
	}
	for n := range frames {
		heard <- struct{}{} // the steady ear is never more behind than it may be
		record(&call, n, n+1)
	}
	call.Close()
	all.Wait()
	if steady.Lost() != 0 {
		t.Errorf("the steady ear lost %d frames", steady.Lost())
	}
}

func TestRecordDoesNotAllocate(t *testing.T) {
	var caller, agent media.Frame
	for _, ears := range []int{0, 1, 10} {
		var call tap.Tap
		var listening []*tap.Ear
		for range ears {
			listening = append(listening, call.Listen())
		}
		if n := testing.AllocsPerRun(1000, func() {
			call.Record(&caller, &agent)
			for _, e := range listening {
				if err := e.Next(t.Context(), &caller, &agent); err != nil {
					t.Fatal(err)
				}
			}
		}); n != 0 {
			t.Errorf("%d ears: %v allocations a frame, want 0", ears, n)
		}
	}
}

// recorder is what a conversation has of a tap.
type recorder interface {
	Record(caller, agent *media.Frame)
}

// nobody is a recorder that keeps nothing: what a call costs without a tap.
type nobody struct{}

func (nobody) Record(*media.Frame, *media.Frame) {}

func BenchmarkRecord(b *testing.B) {
	one := func(b *testing.B, r recorder) {
		var caller, agent media.Frame
		b.ReportAllocs()
		for b.Loop() {
			r.Record(&caller, &agent)
		}
	}
	b.Run("no tap", func(b *testing.B) { one(b, nobody{}) })
	b.Run("0 ears", func(b *testing.B) { one(b, &tap.Tap{}) })
	for _, ears := range []int{1, 10} {
		b.Run(map[int]string{1: "1 ear, read", 10: "10 ears, read"}[ears], func(b *testing.B) {
			var call tap.Tap
			var listening []*tap.Ear
			for range ears {
				listening = append(listening, call.Listen())
			}
			var caller, agent media.Frame
			ctx := context.Background()
			b.ReportAllocs()
			for b.Loop() {
				call.Record(&caller, &agent)
				for _, e := range listening {
					_ = e.Next(ctx, &caller, &agent)
				}
			}
		})
	}
	b.Run("1 ear, awaited", func(b *testing.B) { // the reader sleeps whenever it can
		var call tap.Tap
		var reading sync.WaitGroup
		e := call.Listen()
		reading.Go(func() {
			var caller, agent media.Frame
			for e.Next(context.Background(), &caller, &agent) == nil {
			}
		})
		one(b, &call)
		call.Close()
		reading.Wait()
	})
}
