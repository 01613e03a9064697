package providers_test

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/media"
)

const (
	calls = 200
	turns = 100 // of 20 ms each
)

// BenchmarkHearCalls lets 200 callers be heard in real time, and tells what this
// process computes for each frame, kernel included, and keeps for each call. What
// nobody costs is the clockwork, and part of all the others.
func BenchmarkHearCalls(b *testing.B) {
	base, got := awayProvider(b)
	names, open := listeners(b, base)
	for _, name := range names {
		b.Run(name, func(b *testing.B) {
			hushed(got)
			heap, rss := memory(b)
			all := make([]asr.Stream, calls)
			for i := range all {
				all[i] = open[name]()
			}
			listen(b, all, 100) // they are connected, and have what they need
			heap2, rss2 := memory(b)
			var before, after runtime.MemStats
			var used time.Duration
			sent := got()
			for b.Loop() {
				runtime.ReadMemStats(&before)
				began := cpu(b)
				listen(b, all, turns)
				used += cpu(b) - began
				runtime.ReadMemStats(&after)
			}
			sent = got() - sent
			frames := float64(b.N * calls * turns)
			b.ReportMetric(float64(used.Nanoseconds())/1000/frames, "cpu-µs/frame")
			b.ReportMetric(used.Seconds()/frames*50*3600, "cpu-s/call-hour")
			b.ReportMetric(float64(after.Mallocs-before.Mallocs)/(calls*turns), "allocs/frame")
			b.ReportMetric(float64(sent)/frames*50/1000, "kB/s")
			b.ReportMetric(float64(heap2-heap)/calls/1024, "heapKiB/call")
			b.ReportMetric(float64(rss2-rss)/calls/1024, "rssKiB/call")
			b.ReportMetric(0, "ns/op")
			for _, s := range all {
				s.Close()
			}
		})
	}
}

// listen gives each stream a frame every 20 ms. Each millisecond it is the turn of
// a twentieth of them.
func listen(b *testing.B, all []asr.Stream, turns int) {
	const share = int(media.FrameDuration / time.Millisecond)
	f := noise
	began := time.Now()
	for tick := range turns * share {
		time.Sleep(time.Until(began.Add(time.Duration(tick) * time.Millisecond)))
		for i := tick % share; i < len(all); i += share {
			if !all[i].Write(&f) {
				b.Fatal("a frame was dropped")
			}
		}
	}
}

// noise is 20 ms of something to convert.
var noise = func() (f media.Frame) {
	for i := range f {
		f[i] = int16(i*7919%8000 - 4000)
	}
	return f
}()

// cpu is what this process has computed so far.
func cpu(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// memory is what this process keeps: what is reachable, stacks included, and
// what of it all is in RAM.
func memory(t testing.TB) (heap, rss int64) {
	t.Helper()
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.ParseInt(strings.Fields(string(text))[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return int64(m.HeapAlloc + m.StackInuse), pages * int64(os.Getpagesize())
}
