package vad_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/vad"
)

// witness is a Detector that remembers what it was shown and gives a fixed
// answer.
type witness struct {
	shown  []media.Frame
	answer float32
	closed error
}

func (w *witness) Speech(f *media.Frame) float32 { w.shown = append(w.shown, *f); return w.answer }
func (w *witness) Close() error                  { return w.closed }

// through sends frames through a gate, and returns the indexes of those that
// the detector behind it saw, in its order. All frames must differ.
func through(t *testing.T, w *witness, g *vad.Gate, frames []media.Frame) (shown []int) {
	t.Helper()
	index := make(map[media.Frame]int, len(frames))
	for i, f := range frames {
		index[f] = i
	}
	for i := range frames {
		before := len(w.shown)
		p := g.Speech(&frames[i])
		if asked := len(w.shown) > before; p != 0 && (!asked || p != w.answer) {
			t.Fatalf("frame %d: Speech() = %v, detector asked: %v", i, p, asked)
		}
	}
	for _, f := range w.shown {
		shown = append(shown, index[f])
	}
	return shown
}

func TestGateShowsAllOfQuietSpeech(t *testing.T) {
	for _, c := range []struct {
		name          string
		speech, noise float64
	}{
		{"normal speech", -25, -60},
		{"quiet speech", -40, -60},
		{"quiet speech on a noisier line", -40, -52},
		{"faint speech on a silent line", -50, -75},
	} {
		t.Run(c.name, func(t *testing.T) {
			const from, to = 250, 400 // frames
			frames := babble(3, c.speech).over(noise(13, c.noise), 5).frames()
			w := &witness{}
			g := vad.NewGate(w)
			shown := through(t, w, g, frames)
			if !slices.IsSorted(shown) || len(slices.Compact(slices.Clone(shown))) != len(shown) {
				t.Error("frames were shown twice or out of order")
			}
			for i := from - 2; i < to+10; i++ {
				if !slices.Contains(shown, i) {
					t.Errorf("frame %d of the speech (%d to %d) was not shown", i, from, to)
				}
			}
			asked, spared := g.Counts()
			if int(asked) != len(shown) || int(asked+spared) != len(frames) {
				t.Errorf("Counts() = %d, %d for %d of %d frames", asked, spared, len(shown), len(frames))
			}
			quiet := 0
			for _, i := range shown {
				if i > 150 && i < from-5 || i > to+16 { // it may take 3 s to know the line
					quiet++
				}
			}
			if limit := len(frames) * 2 / 100; quiet > limit {
				t.Errorf("%d frames of noise were shown, want at most %d", quiet, limit)
			}
		})
	}
}

func TestGateReplaysTheOnsetAndGoesOn300ms(t *testing.T) {
	frames := tone(0.1, 400, -20).over(noise(6, -62), 4).frames() // frames 200 to 204
	w := &witness{}
	shown := through(t, w, vad.NewGate(w), frames)
	var want []int
	for i := 195; i < 220; i++ {
		want = append(want, i)
	}
	if !slices.Equal(shown, want) {
		t.Errorf("a beep in frames 200 to 204 showed %v, want %v", shown, want)
	}
}

func TestGateStaysOpenWhileTheDetectorHearsSpeech(t *testing.T) {
	frames := tone(0.1, 400, -20).over(noise(8, -62), 4).frames()
	w := &witness{answer: 0.9}
	shown := through(t, w, vad.NewGate(w), frames)
	if last := shown[len(shown)-1]; last != len(frames)-1 {
		t.Errorf("closed after frame %d of %d", last, len(frames))
	}
}

// A detector that lags hears a voice on into the silence; the gate does not.
func TestGateEndsAVoiceWhereItFellSilent(t *testing.T) {
	frames := tone(0.5, 400, -20).over(noise(6, -62), 4).frames() // frames 200 to 224
	g := vad.NewGate(&witness{answer: 0.9})
	last := 0
	for i := range frames {
		if g.Speech(&frames[i]) > 0 {
			last = i
		}
	}
	if last != 224 {
		t.Errorf("the last frame with voice is %d, want 224", last)
	}
}

func TestGateIsShutOnASilentLine(t *testing.T) {
	w := &witness{}
	g := vad.NewGate(w)
	for range 500 {
		g.Speech(new(media.Frame))
	}
	if len(w.shown) != 0 {
		t.Errorf("%d frames of silence were shown", len(w.shown))
	}
}

func TestGateClosesTheDetectorBehindIt(t *testing.T) {
	want := errors.New("model is stuck")
	if got := vad.NewGate(&witness{closed: want}).Close(); got != want {
		t.Errorf("Close() = %v, want %v", got, want)
	}
}

// deaf is a Detector that does nothing, without allocation.
type deaf struct{}

func (deaf) Speech(*media.Frame) float32 { return 0 }
func (deaf) Close() error                { return nil }

func TestFramesAreJudgedWithoutAllocation(t *testing.T) {
	frames := babble(1, -25).over(noise(2, -60), 1).frames()
	for name, d := range map[string]vad.Detector{"energy": new(vad.Energy), "gate": vad.NewGate(deaf{})} {
		tr := vad.NewTracker(vad.TrackerConfig{})
		i := 0
		if n := testing.AllocsPerRun(300, func() {
			tr.Step(d.Speech(&frames[i%len(frames)]))
			i++
		}); n != 0 {
			t.Errorf("%s: a frame costs %v allocations, want 0", name, n)
		}
	}
}

func BenchmarkEnergy(b *testing.B) {
	benchmark(b, new(vad.Energy), babble(1, -25).frames())
}

func BenchmarkGateOnSilence(b *testing.B) {
	benchmark(b, vad.NewGate(deaf{}), noise(1, -62).frames())
}

func BenchmarkGateOnSpeech(b *testing.B) {
	benchmark(b, vad.NewGate(deaf{}), babble(1, -25).frames())
}

func benchmark(b *testing.B, d vad.Detector, frames []media.Frame) {
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		d.Speech(&frames[i])
		if i++; i == len(frames) {
			i = 0
		}
	}
}

func BenchmarkTracker(b *testing.B) {
	tr := vad.NewTracker(vad.TrackerConfig{})
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		tr.Step(float32(i>>5&1) * 0.9)
		i++
	}
}
