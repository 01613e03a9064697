package consult

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/models/modelstest"
	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/agentcore/tts/flite"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/g711"
)

// sounding is n frames of sines, through µ-law, with white noise 40 dB below.
func sounding(n int, amplitude float64, hertz ...float64) []media.Frame {
	rng := rand.New(rand.NewPCG(1, 2))
	frames := make([]media.Frame, n)
	for i := range frames {
		for k := range frames[i] {
			at := float64(i*media.FrameSamples+k) / media.Rate
			v := amplitude / 100 * rng.NormFloat64()
			for _, hz := range hertz {
				v += amplitude * math.Sin(2*math.Pi*hz*at)
			}
			frames[i][k] = int16(v)
		}
		if err := g711.Decode(&frames[i], g711.Encode(nil, &frames[i])); err != nil {
			panic(err)
		}
	}
	return frames
}

func beepIn(frames []media.Frame) bool {
	e := ear{}
	for i := range frames {
		if e.tone.hear(&frames[i]); e.beeped() {
			return true
		}
	}
	return false
}

func TestBeepsAreHeard(t *testing.T) {
	for _, hz := range []float64{350, 440, 850, 1000, 1100, 1400, 2100, 2600} {
		if !beepIn(sounding(beepFrames+1, 3000, hz)) {
			t.Errorf("a beep of %v Hz is missed", hz)
		}
		if beepIn(sounding(beepFrames-1, 3000, hz)) {
			t.Errorf("a blip of %v Hz, 180 ms, is a beep", hz)
		}
	}
	for name, frames := range map[string][]media.Frame{
		"the key 1":       sounding(50, 3000, 697, 1209),
		"a ringing tone":  sounding(50, 3000, 440, 480),
		"Europe rings":    sounding(50, 3000, 425),
		"Britain rings":   sounding(50, 3000, 400, 450),
		"silence":         make([]media.Frame, 50),
		"a tone far away": sounding(50, 100, 1000),
		"mains hum":       sounding(50, 3000, 50),
		"noise":           sounding(50, 0),
	} {
		if beepIn(frames) {
			t.Errorf("%s is a beep", name)
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
		if beepIn(frames) {
			t.Errorf("%s beeps", name)
		}
	}
}

func TestHearingAFrameAllocatesNothing(t *testing.T) {
	frames := sounding(1, 3000, 1000)
	e := ear{}
	if n := testing.AllocsPerRun(100, func() { e.tone.hear(&frames[0]) }); n != 0 {
		t.Errorf("%v allocations a frame", n)
	}
}
