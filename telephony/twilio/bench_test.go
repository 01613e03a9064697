package twilio

import (
	"io"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
)

// BenchmarkFrameIn is our part of a frame that arrives: message to samples.
func BenchmarkFrameIn(b *testing.B) {
	var m marks
	in := inbound{stream: testStream, marks: &m, count: func(string) {}}
	text := []byte(mediaText(repeat(160)))
	var frame media.Frame
	b.ReportAllocs()
	for b.Loop() {
		in.take(text)
		for in.frame(&frame) {
		}
	}
}

// BenchmarkFrameOut is our part of a frame that leaves: samples to message.
func BenchmarkFrameOut(b *testing.B) {
	for name, lump := range map[string]time.Duration{"20ms": 20 * time.Millisecond, "60ms": 60 * time.Millisecond} {
		b.Run(name, func(b *testing.B) {
			out := newOutbound(testStream, lump)
			var frame media.Frame
			now := time.Now()
			b.ReportAllocs()
			for b.Loop() {
				out.add(&frame, now)
			}
		})
	}
}

// BenchmarkSocket is one frame in and one out over a real loopback socket, with
// what the kernel adds. The far end is in the same process, so its
// writes and reads count too.
func BenchmarkSocket(b *testing.B) {
	for name, lump := range map[string]time.Duration{"20ms": 20 * time.Millisecond, "60ms": 60 * time.Millisecond} {
		b.Run(name, func(b *testing.B) {
			e := newEcho(b, LegConfig{Lump: lump})
			b.ReportAllocs()
			for b.Loop() {
				e.frame()
			}
			b.StopTimer()
			e.far.conn.Close()
		})
	}
}

// echoing is a call that says back what it hears, over a real socket.
type echoing struct {
	far     *far
	message []byte
	heard   chan struct{}
}

func newEcho(tb testing.TB, c LegConfig) *echoing {
	r := newRig(tb, func(config *Config) { config.Leg = c })
	e := &echoing{message: frame(opText, []byte(mediaText(repeat(160)))), heard: make(chan struct{}, 1024)}
	r.desk.talk = func(leg telephony.Leg) error {
		var f media.Frame
		for {
			if _, err := leg.Next(&f); err != nil {
				return nil
			}
			if err := leg.Write(&f); err != nil {
				return nil
			}
			e.heard <- struct{}{}
		}
	}
	e.far = r.talking()
	go io.Copy(io.Discard, e.far.r)
	return e
}

// frame sends one and waits until it is said back, or waits for its lump.
func (e *echoing) frame() {
	e.far.conn.Write(e.message)
	<-e.heard
}

// TestAFrameOverARealSocketAllocatesNothing: not only our part of it, but all of
// it, the websocket's and the runtime's included, with a meter that listens.
func TestAFrameOverARealSocketAllocatesNothing(t *testing.T) {
	for _, lump := range []time.Duration{20 * time.Millisecond, 100 * time.Millisecond} {
		var g countOnly
		e := newEcho(t, LegConfig{Lump: lump, Meter: &g})
		for range 200 {
			e.frame()
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range 2000 {
			e.frame()
		}
		runtime.ReadMemStats(&after)
		if n := after.Mallocs - before.Mallocs; n > 20 { // the runtime's own, now and then
			t.Errorf("lumps of %v: %d allocations for 2,000 frames in and out", lump, n)
		}
		e.far.conn.Close()
	}
}

// countOnly is a [Meter] like the real one: it counts.
type countOnly struct{ frames, gaps, bursts atomic.Int64 }

func (c *countOnly) Frames(in, out int) { c.frames.Add(int64(in + out)) }
func (c *countOnly) Gap(time.Duration)  { c.gaps.Add(1) }
func (c *countOnly) Burst(frames int)   { c.bursts.Add(int64(frames)) }
