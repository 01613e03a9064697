package agentcore

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/tap"
	"github.com/hookswitch/hookswitch/media/vad"
	"github.com/hookswitch/hookswitch/media/wav"
	"github.com/hookswitch/hookswitch/telephony"
)

// bottomless is a disk with room for anything.
type bottomless struct{}

func (bottomless) Write(b []byte) (int, error)             { return len(b), nil }
func (bottomless) Seek(offset int64, _ int) (int64, error) { return offset, nil }

// overheard is a recorder that can also be listened to.
type overheard struct {
	*wav.Recorder
	tap tap.Tap
}

func (r *overheard) Record(caller, agent *media.Frame) {
	r.Recorder.Record(caller, agent)
	r.tap.Record(caller, agent)
}

// both is a leg that brings frames and takes them.
type both struct {
	telephony.Leg
	left int // frames that it brings
	room int // frames that it takes until all is over
	over func()
}

func (b *both) Next(*media.Frame) (telephony.Event, error) {
	if b.left--; b.left < 0 {
		return telephony.Event{}, io.EOF
	}
	return telephony.Event{Kind: telephony.Audio}, nil
}

func (b *both) Write(*media.Frame) error {
	if b.room--; b.room == 0 {
		b.over()
	}
	return nil
}
func (b *both) Mark(uint32) error { return nil }
func (b *both) Clear() error      { return nil }

// paced counts lumps.
type paced struct {
	nobody
	lumps int
}

func (p *paced) Paced(_, _ time.Duration) { p.lumps++ }

// A frame in and a frame out through all of the conversation that is on their way:
// gate, ledger, recorder, a tap that somebody listens to, the queue, the pacer. What
// is allocated is for the leg and for the reply, and not for frames.
func TestAWholeFrameDoesNotAllocate(t *testing.T) { synctest.Test(t, testAWholeFrame) }

func testAWholeFrame(t *testing.T) {
	recorder, err := wav.NewRecorder(bottomless{}, wav.RecorderConfig{Sync: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	defer recorder.Close()
	rec := &overheard{Recorder: recorder}
	defer rec.tap.Listen().Close()
	told := &paced{}
	c := listener(t)
	c.cfg.Recorder, c.cfg.Observer, c.cfg.Detector = rec, told, vad.NewGate(&vad.Energy{})
	c.cfg.Lead, c.cfg.Lump = 40*time.Millisecond, time.Nanosecond // a lump each frame
	call := func(frames int) float64 {
		return testing.AllocsPerRun(3, func() {
			u := newUtterance(context.Background(), 1, "answer")
			m := &maker{c: c, u: u, ctx: u.ctx, stall: stopped()}
			c.ledger.open(1)
			phrase := c.ledger.plan(1, "hello", func(int) {})
			var said media.Frame
			done := make(chan error, 1)
			leg := &both{room: frames, over: func() { u.cancel(errOver) }}
			go func() { done <- c.playOne(leg, u) }()
			for range frames {
				if err := m.queue(sound{packet: pack(&said), phrase: phrase}); err != nil {
					t.Fatal(err)
				}
			}
			close(u.sounds)
			if err := <-done; err != nil {
				t.Fatal(err)
			}
			c.ledger.cut(1)
			leg.left = frames
			if err := c.listen(t.Context(), leg, quietStream{}); !errors.Is(err, errGone) {
				t.Fatal(err)
			}
		})
	}
	call(100) // what is pooled
	few, many := call(10), call(110)
	if added := (many - few) / 100; added > 0.5 { // a goroutine, a pool that the collector has emptied; one each frame would be 1, and the race detector empties a quarter of a pool
		t.Errorf("a frame in and a frame out cost %.2f allocations, want 0", added)
	}
	if told.lumps < 100 {
		t.Errorf("%d lumps were told, want one for each of hundreds of frames", told.lumps)
	}
}
