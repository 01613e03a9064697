package captions_test

import (
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/captions"
	"github.com/hookswitch/hookswitch/agentcore/models/modelstest"
	"github.com/hookswitch/hookswitch/agentcore/models/silero"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/vad"
)

// listening is a Captioner that hears both sides, frame by frame, through
// detector, and writes to a recogniser that costs nothing.
func listening(t testing.TB, detector func() (vad.Detector, error)) *captions.Captioner {
	t.Helper()
	d := newDesk()
	cfg := d.config(&call{})
	cfg.Recognizer = &scripted{end: func(s *scriptedStream, _ int) { s.say("word") }}
	cfg.Detector = detector
	cfg.Past = []agentcore.Entry{d.entry(agentcore.FloorTaken{By: "worker"})}
	c, err := captions.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Begin(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.End(t.Context()); err != nil {
			t.Error(err)
		}
	})
	return c
}

func energy() (vad.Detector, error) { return vad.NewGate(&vad.Energy{}), nil }

// sounds are two sides of a second: nobody speaks, one does, or both do.
func sounds() map[string][2]media.Frame {
	var quiet, loud media.Frame
	say(&loud, []voice{{0, 1, 0}}, 0)
	return map[string][2]media.Frame{"nobody speaks": {quiet, quiet}, "one speaks": {loud, quiet}, "both speak": {loud, loud}}
}

func TestAFrameAllocatesNothing(t *testing.T) {
	for name, both := range sounds() {
		t.Run(name, func(t *testing.T) {
			c := listening(t, energy)
			now := time.Now()
			hear := func() {
				now = now.Add(media.FrameDuration)
				c.Frame(t.Context(), &both[0], &both[1], now)
			}
			for range 20 { // who speaks has a recogniser by then
				hear()
			}
			if n := testing.AllocsPerRun(1000, hear); n != 0 {
				t.Errorf("%v allocations a frame, want none", n)
			}
		})
	}
}

// A call is 50 frames a second: divide by 20 ms for the part of a core that it
// takes, without the recogniser.
func BenchmarkFrame(b *testing.B) {
	model, err := silero.Load(modelstest.Runtime(b))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { model.Close() })
	line, quiet := spoken(b, "rms", "I want to speak to a real person about my bill."), media.Frame{}
	for name, detector := range map[string]func() (vad.Detector, error){
		"energy": energy, "silero": func() (vad.Detector, error) { return gated(model) },
	} {
		b.Run(name+"/nobody speaks", func(b *testing.B) {
			c, now := listening(b, detector), time.Now()
			b.ReportAllocs()
			for b.Loop() {
				now = now.Add(media.FrameDuration)
				c.Frame(b.Context(), &quiet, &quiet, now)
			}
		})
		b.Run(name+"/one speaks", func(b *testing.B) {
			c, now := listening(b, detector), time.Now()
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				now = now.Add(media.FrameDuration)
				c.Frame(b.Context(), &line[i%len(line)], &quiet, now)
			}
		})
	}
}
