package agentcore

import (
	"context"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/answer"
	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
)

type quietStream struct{}

func (quietStream) Write(*media.Frame) bool    { return true }
func (quietStream) Signal(asr.Signal)          {}
func (quietStream) Results() <-chan asr.Result { return nil }
func (quietStream) Close() error               { return nil }

type loud struct{}

func (loud) Speech(*media.Frame) float32 { return 1 }
func (loud) Close() error                { return nil }

// A frame in: ear and ledger. Silence and speech alike.
func TestFrameInDoesNotAllocate(t *testing.T) {
	e := newEar(loud{}, quietStream{}, Agent{EndpointWait: time.Second, PauseWait: time.Second})
	l := newLedger()
	var caller, agent media.Frame
	now := time.Now()
	if n := testing.AllocsPerRun(1000, func() {
		e.hear(&caller, now)
		l.play(&agent, now)
	}); n != 0 {
		t.Errorf("%v allocations for a frame in, want 0", n)
	}
}

// A frame in while who answered is found out, and once that is decided.
func TestFrameInDoesNotAllocateForWhoAnswers(t *testing.T) {
	c := &Conversation{events: make(chan event, 64)}
	c.pen = newPen(nil, State{}, time.Now())
	var caller media.Frame
	var who *answer.Ear
	now := time.Now()
	hear := func() {
		now = now.Add(media.FrameDuration)
		who = c.hearWho(t.Context(), who, &caller, 0, now)
		select {
		case <-c.events:
		default:
		}
	}
	c.judging.Store(true)
	hear() // the ear itself
	if n := testing.AllocsPerRun(1000, hear); n != 0 || who == nil {
		t.Errorf("%v allocations for a frame in, want 0; somebody listens: %v", n, who != nil)
	}
	c.judging.Store(false)
	if n := testing.AllocsPerRun(1000, hear); n != 0 || who != nil {
		t.Errorf("%v allocations once it is decided, want 0; somebody listens: %v", n, who != nil)
	}
}

// A frame out: from the reply's maker over the one hop to the line.
func TestFrameOutDoesNotAllocate(t *testing.T) {
	u := newUtterance(context.Background(), 1, "answer")
	m := &maker{u: u, ctx: u.ctx}
	l := newLedger()
	l.open(1)
	phrase := l.plan(1, "hello", func(int) {})
	var said, sent media.Frame
	var out sound
	clock := pacer{lead: 1 << 62, lump: time.Hour, wait: time.NewTimer(time.Hour), paced: nobody{}.Paced}
	var heard media.Frame
	if n := testing.AllocsPerRun(1000, func() {
		if err := m.queue(sound{packet: pack(&said), phrase: phrase}); err != nil {
			t.Fatal(err)
		}
		out = <-u.sounds
		out.packet.unpack(&sent)
		clock.due(u.ctx, time.Time{})
		l.send(1, phrase, out.packet)
		l.play(&heard, time.Time{})
	}); n != 0 {
		t.Errorf("%v allocations for a frame out, want 0", n)
	}
}

func BenchmarkFrameIn(b *testing.B) {
	e := newEar(loud{}, quietStream{}, Agent{EndpointWait: time.Second, PauseWait: time.Second})
	l := newLedger()
	var caller, agent media.Frame
	now := time.Now()
	b.ReportAllocs()
	for b.Loop() {
		e.hear(&caller, now)
		l.play(&agent, now)
	}
}

func BenchmarkFrameOut(b *testing.B) {
	u := newUtterance(context.Background(), 1, "answer")
	m := &maker{u: u, ctx: u.ctx}
	l := newLedger()
	l.open(1)
	phrase := l.plan(1, "hello", func(int) {})
	var said, sent media.Frame
	var out sound
	clock := pacer{lead: 1 << 62, lump: time.Hour, wait: time.NewTimer(time.Hour), paced: nobody{}.Paced}
	var heard media.Frame
	b.ReportAllocs()
	for b.Loop() {
		if err := m.queue(sound{packet: pack(&said), phrase: phrase}); err != nil {
			b.Fatal(err)
		}
		out = <-u.sounds
		out.packet.unpack(&sent)
		clock.due(u.ctx, time.Time{})
		l.send(1, phrase, out.packet)
		l.play(&heard, time.Time{})
	}
}

// patchable is a far end that always talks, and a leg that takes all.
type patchable struct{ telephony.Leg }

func (patchable) Send(*media.Frame)                      {}
func (patchable) Receive(*media.Frame) bool              { return true }
func (patchable) Gone() <-chan struct{}                  { return nil }
func (patchable) Err() error                             { return nil }
func (patchable) Close() error                           { return nil }
func (patchable) Write(*media.Frame) error               { return nil }
func (patchable) Record(_, _ *media.Frame)               {}
func (patchable) Append(context.Context, ...Entry) error { return nil }

// A frame of a bridged call, both ways.
func TestAPatchedFrameDoesNotAllocate(t *testing.T) {
	p := newTestPatch(t)
	now := time.Now()
	if n := testing.AllocsPerRun(1000, func() {
		now = now.Add(media.FrameDuration)
		if err := p.frame(patchable{}, now); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations for a frame, want 0", n)
	}
}

func BenchmarkPatchedFrame(b *testing.B) {
	p := newTestPatch(b)
	now := time.Now()
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(media.FrameDuration)
		if err := p.frame(patchable{}, now); err != nil {
			b.Fatal(err)
		}
	}
}

func newTestPatch(t testing.TB) *Patch {
	p, err := NewPatch(PatchConfig{Journal: patchable{}, Floor: "AJ_1", Line: patchable{}, Recorder: patchable{}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}
