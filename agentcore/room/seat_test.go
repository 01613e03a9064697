package room

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim/line"
)

// onSeat has a bench in virtual time.
func onSeat(t *testing.T, test func(b *bench, l *line.Line, stop context.CancelFunc)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		l := line.New(line.Config{Forget: true})
		test(&bench{leg: l, call: ctx}, l, stop)
	})
}

func TestASeatThatIsLeftLeavesTheLegOpen(t *testing.T) {
	onSeat(t, func(b *bench, l *line.Line, _ context.CancelFunc) {
		s := b.seat()
		var f media.Frame
		if _, err := s.Next(&f); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		time.AfterFunc(5*time.Millisecond, func() { _ = s.Hangup(context.Background()) })
		if _, err := s.Next(&f); !errors.Is(err, io.EOF) || time.Since(began) > media.FrameDuration {
			t.Errorf("Next() = %v after %v, want EOF at the next frame", err, time.Since(began))
		}
		for what, err := range map[string]error{"Write": s.Write(&f), "Mark": s.Mark(1), "Clear": s.Clear()} {
			if !errors.Is(err, io.ErrClosedPipe) {
				t.Errorf("%s() = %v on a seat that was left", what, err)
			}
		}
		next := b.seat()
		if _, err := next.Next(&f); err != nil || l.Hangups() != 0 {
			t.Errorf("the next one's Next() = %v, and %d hangups", err, l.Hangups())
		}
		if err := next.Write(&f); err != nil {
			t.Errorf("Write() = %v", err)
		}
	})
}

func TestMarksComeBackToWhoAskedForThem(t *testing.T) {
	onSeat(t, func(b *bench, _ *line.Line, _ context.CancelFunc) {
		first, second := b.seat(), b.seat()
		var f media.Frame
		for _, s := range []*seat{first, second} {
			_ = s.Write(&f)
			if err := s.Mark(7); err != nil {
				t.Fatal(err)
			}
		}
		_ = first.Hangup(context.Background())
		var marks []uint32
		for range 10 {
			e, err := second.Next(&f)
			if err != nil {
				t.Fatal(err)
			}
			if e.Kind == telephony.Played {
				marks = append(marks, e.Mark)
			}
		}
		if len(marks) != 1 || marks[0] != 7 {
			t.Errorf("marks %v came back, want its own", marks)
		}
	})
}

// keypad is a leg whose caller presses the keys that are put in.
type keypad struct {
	telephony.Leg
	keys    chan byte
	pressed func()
}

func (k *keypad) Next(*media.Frame) (telephony.Event, error) {
	key := <-k.keys
	if k.pressed != nil {
		k.pressed()
	}
	return telephony.Event{Kind: telephony.Digit, Digit: key}, nil
}

func TestAKeyThatCameInBetweenIsTheNextOnes(t *testing.T) {
	k := &keypad{keys: make(chan byte, 2)}
	b := &bench{leg: k, call: t.Context()}
	first := b.seat()
	k.keys <- '5'
	k.pressed = func() { _ = first.Hangup(t.Context()) } // just as it comes in
	if _, err := first.Next(new(media.Frame)); !errors.Is(err, io.EOF) {
		t.Errorf("Next() = %v, want EOF", err)
	}
	k.keys <- '6'
	second := b.seat()
	for _, want := range []byte("56") {
		if e, err := second.Next(new(media.Frame)); err != nil || e.Digit != want {
			t.Errorf("Next() = %+v, %v, want %c", e, err, want)
		}
	}
}

func TestNobodyWaitsForTheLastFrameOfACallThatIsOver(t *testing.T) {
	for what, over := range map[string]func(b *bench, stop context.CancelFunc){
		"its journal ended": func(b *bench, _ context.CancelFunc) {
			p := &page{Journal: paper{}, bench: b}
			if err := p.Append(context.Background(), agentcore.Entry{Event: agentcore.Ended{}}); err != nil || p.failed.Load() {
				t.Error(err)
			}
		},
		"it was cut": func(_ *bench, stop context.CancelFunc) { stop() },
	} {
		onSeat(t, func(b *bench, l *line.Line, stop context.CancelFunc) {
			s := b.seat()
			l.Stall(time.Minute)
			over(b, stop)
			began := time.Now()
			time.AfterFunc(time.Second, func() { _ = s.Hangup(context.Background()) })
			if _, err := s.Next(new(media.Frame)); !errors.Is(err, io.EOF) || time.Since(began) > time.Second || l.Hangups() != 1 {
				t.Errorf("%s: Next() = %v after %v, with %d hangups", what, err, time.Since(began), l.Hangups())
			}
		})
	}
}

// paper is a journal that takes everything.
type paper struct{ err error }

func (p paper) Append(context.Context, ...agentcore.Entry) error { return p.err }

func TestAPageNotesThatItCouldNotBeWritten(t *testing.T) {
	away := errors.New("away")
	p := &page{Journal: paper{away}, bench: &bench{}}
	if err := p.Append(t.Context(), agentcore.Entry{Event: agentcore.Ended{}}); !errors.Is(err, away) || !p.failed.Load() || p.over.Load() {
		t.Errorf("Append() = %v, failed %v, over %v", err, p.failed.Load(), p.over.Load())
	}
}

func TestALegThatIsLostIsLostToAll(t *testing.T) {
	onSeat(t, func(b *bench, l *line.Line, _ context.CancelFunc) {
		s := b.seat()
		l.Lose(io.ErrUnexpectedEOF)
		if _, err := s.Next(new(media.Frame)); !errors.Is(err, telephony.ErrLost) || b.lost.Load() == nil {
			t.Errorf("Next() = %v, and the bench does not know", err)
		}
	})
}

func TestASeatAllocatesNothing(t *testing.T) {
	s := (&bench{leg: silentLeg{}, call: t.Context()}).seat()
	var f media.Frame
	if n := testing.AllocsPerRun(100, func() { _, _ = s.Next(&f) }); n != 0 {
		t.Errorf("a frame costs %v allocations", n)
	}
}

func BenchmarkSeatNext(b *testing.B) {
	s := (&bench{leg: silentLeg{}, call: b.Context()}).seat()
	var f media.Frame
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Next(&f); err != nil {
			b.Fatal(err)
		}
	}
}

// silentLeg sends silence at once.
type silentLeg struct{ telephony.Leg }

func (silentLeg) Next(*media.Frame) (telephony.Event, error) {
	return telephony.Event{Kind: telephony.Audio}, nil
}
