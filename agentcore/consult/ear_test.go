package consult

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/models/modelstest"
	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/agentcore/tts/flite"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/tone"
)

// answered is what the tones of frames, and of a second of silence behind them, tell.
func answered(frames []media.Frame) string {
	e := ear{}
	for _, f := range append(slices.Clone(frames), make([]media.Frame, 50)...) {
		e.hearTone(&f)
	}
	return e.told
}

func TestMachinesTellByTheirTones(t *testing.T) {
	const beep, fax = "a beep was heard", "a fax answered"
	for _, tc := range []struct {
		name string
		s    []int16
		want string
	}{
		{"the shortest beep", tone.Make(tone.Beep, 1000, -20, 80*time.Millisecond), beep},
		{"a low beep", tone.Make(tone.Beep, 350, -20, time.Second), beep},
		{"a fax", tone.Make(tone.FaxAnswer, 0, -20, time.Second), fax},
		{"a modem", tone.ANSam(-20, time.Second), fax},
		{"an announcement", tone.Make(tone.SIT, 0, -20, 2*time.Second), "the tones of an announcement were heard"},
		{"a blip", tone.Make(tone.Beep, 1000, -20, 40*time.Millisecond), ""},
		{"a key", tone.Make(tone.Key, 0, -20, time.Second), ""},
		{"America rings", tone.Make(tone.Ringback, 440, -20, 3*time.Second), ""},
		{"Britain rings", tone.Make(tone.Ringback, 400, -20, 3*time.Second), ""},
		{"Europe rings", tone.Make(tone.Ringback, 425, -20, 3*time.Second), ""},
	} {
		if got := answered(tone.Frames(tone.Sum(tone.Silence(500*time.Millisecond), tc.s, 211*time.Millisecond))); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

func TestVoicesAreNoBeeps(t *testing.T) {
	all, err := flite.New(t.Context(), flite.Config{Models: modelstest.Set(t), Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := all.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	for _, name := range flite.Voices() {
		voice, err := all.With(name)
		if err != nil {
			t.Fatal(err)
		}
		var frames []media.Frame
		err = voice.Speak(t.Context(), "Oooh, hello there, Sue in room two. Mmm, who is it?", tts.Frames(func(f *media.Frame) error {
			frames = append(frames, *f)
			return nil
		}))
		if err != nil || len(frames) < 100 {
			t.Fatalf("%s: %d frames, %v", name, len(frames), err)
		}
		if got := answered(frames); got != "" {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestHearingAFrameAllocatesNothing(t *testing.T) {
	frames := tone.Frames(tone.Make(tone.Beep, 0, -20, 20*time.Millisecond))
	e := ear{}
	if n := testing.AllocsPerRun(100, func() { e.hearTone(&frames[0]) }); n != 0 {
		t.Errorf("%v allocations a frame", n)
	}
}
