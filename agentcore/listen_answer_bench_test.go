package agentcore

import (
	"context"
	"errors"
	"io"
	"math"
	"syscall"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/answer"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/tone"
	"github.com/hookswitch/hookswitch/media/vad"
	"github.com/hookswitch/hookswitch/telephony"
)

// taped is a leg that brings frames of a tape, over and over, until left is 0.
type taped struct {
	telephony.Leg
	tape []media.Frame
	left int
}

func (l *taped) Next(f *media.Frame) (telephony.Event, error) {
	if l.left == 0 {
		return telephony.Event{}, io.EOF
	}
	*f = l.tape[l.left%len(l.tape)]
	l.left--
	return telephony.Event{Kind: telephony.Audio}, nil
}

// greeting is a tape of what may come: syllables, a beep, a key, ringing, silence.
func greeting() []media.Frame {
	var s []int16
	for i := range 20 {
		pitch := 110 + float64(i%7)*13
		var harmonics []float64
		for k := 1.0; k*pitch < 3400; k++ {
			harmonics = append(harmonics, k*pitch)
		}
		s = append(s, tone.Sines(-35, 160*time.Millisecond, harmonics...)...)
		s = append(s, tone.Silence(40*time.Millisecond)...)
	}
	s = append(s, tone.Make(tone.Beep, 1000, -15, 500*time.Millisecond)...)
	s = append(s, tone.Silence(time.Second)...)
	s = append(s, tone.Make(tone.Key, 0, -15, 200*time.Millisecond)...)
	s = append(s, tone.Silence(time.Second)...)
	s = append(s, tone.Make(tone.Ringback, 440, -15, 2*time.Second)...)
	tone.AddNoise(s, -65, 1)
	return tone.Frames(s)
}

// listener is a conversation whose events go nowhere.
func listener(tb testing.TB) *Conversation {
	c := &Conversation{events: make(chan event, 64), ledger: newLedger()}
	c.cfg.Observer, c.cfg.Detector = nobody{}, &vad.Energy{}
	c.cfg.defaults()
	c.pen = newPen(nil, State{}, time.Now())
	gone, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-c.events:
			case <-gone.Done():
				return
			}
		}
	}()
	tb.Cleanup(func() { stop(); <-done })
	return c
}

// What finding out who answered adds to a frame's way from the leg to the
// conversation, as CPU time of this process: runs with and without take turns, and
// the least of each counts, for whatever else runs on a machine only ever adds.
func BenchmarkListen(b *testing.B) {
	const frames = 2000
	c := listener(b)
	leg := &taped{tape: greeting()}
	least := map[bool]float64{false: math.Inf(1), true: math.Inf(1)}
	b.ReportAllocs()
	for b.Loop() {
		for _, asked := range []bool{false, true} {
			c.judging.Store(asked)
			leg.left = frames
			began := cpu(b)
			if err := c.listen(b.Context(), leg, quietStream{}); !errors.Is(err, errGone) {
				b.Fatal(err)
			}
			least[asked] = min(least[asked], float64(cpu(b)-began)/frames)
		}
	}
	b.ReportMetric(least[false], "cpu-ns/frame-off")
	b.ReportMetric(least[true], "cpu-ns/frame-on")
	b.ReportMetric(least[true]-least[false], "cpu-ns/frame-added")
}

func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// The whole way of a frame, whatever is in it, with somebody who listens for who
// answered. What is allocated is for the call: its two ears, and not for frames.
func TestListeningForWhoAnswersDoesNotAllocate(t *testing.T) {
	c := listener(t)
	leg := &taped{tape: greeting()}
	for _, asked := range []bool{true, false} {
		c.judging.Store(asked)
		of := func(frames int) float64 {
			return testing.AllocsPerRun(5, func() {
				leg.left = frames
				if err := c.listen(t.Context(), leg, quietStream{}); !errors.Is(err, errGone) {
					t.Fatal(err)
				}
			})
		}
		if short, long := of(2), of(3*len(leg.tape)); long > short {
			t.Errorf("%v allocations for %d frames, %v for two; somebody asks: %v", long, 3*len(leg.tape), short, asked)
		}
	}
}

// The tape above holds what an ear tells of, or the figures would be of silence.
func TestTheTapeIsHeard(t *testing.T) {
	ear := answer.NewEar(0)
	tones := map[tone.Kind]bool{}
	for _, f := range greeting() {
		if s, ok := ear.Hear(&f, 0.9); ok && s.Kind == answer.Toned {
			tones[s.Tone.Kind] = true
		}
	}
	if !tones[tone.Beep] || !tones[tone.Key] || !tones[tone.Ringback] {
		t.Errorf("heard %v", tones)
	}
}
