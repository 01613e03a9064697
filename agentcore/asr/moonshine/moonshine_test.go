package moonshine_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/asr/asrtest"
	"github.com/hookswitch/hookswitch/agentcore/asr/moonshine"
	"github.com/hookswitch/hookswitch/agentcore/asr/wer"
	"github.com/hookswitch/hookswitch/agentcore/models"
	"github.com/hookswitch/hookswitch/agentcore/models/modelstest"
	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/agentcore/tts/flite"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/g711"
)

func open(t testing.TB, c moonshine.Config) *moonshine.Recognizer {
	t.Helper()
	c.Runtime = modelstest.Runtime(t)
	r, err := moonshine.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Errorf("Close() = %v", err)
		}
	})
	return r
}

// telephone is flite's voice as it comes over the line: mu-law, on a floor of
// noise.
func telephone(t testing.TB, voice string, lines ...string) (all []asrtest.Speech) {
	t.Helper()
	s, err := flite.New(t.Context(), flite.Config{Models: modelstest.Set(t), Voice: voice})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(context.Background())
	for _, line := range lines {
		said := asrtest.Speech{Text: line, WER: .35}
		err := s.Speak(t.Context(), line, tts.Frames(func(f *media.Frame) error {
			said.Frames = append(said.Frames, muLaw(f, 8))
			return nil
		}))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, said)
	}
	return all
}

var dice = rand.New(rand.NewPCG(1, 2))

func muLaw(f *media.Frame, floor float64) (g media.Frame) {
	for i, s := range f {
		g[i] = g711.DecodeSample(g711.EncodeSample(s + int16(dice.NormFloat64()*floor)))
	}
	return g
}

func TestSuite(t *testing.T) {
	if !models.CanRun {
		t.Skip("built without cgo: no model can run")
	}
	said := telephone(t, "rms", "What are your opening hours?", "I want to speak to a real person about my bill.")
	r := open(t, moonshine.Config{Patience: time.Minute}) // a busy machine is no failure
	asrtest.Run(t, func(*testing.T) asr.Recognizer { return r }, said[0], said[1])
}

// The agent's or a caller's synthetic voice over a telephone line is understood:
// of the words of ten sentences, fewer than one in five is wrong.
func TestSentencesOverTheTelephone(t *testing.T) {
	c := asrtest.Open(t, open(t, moonshine.Config{}), asr.Options{})
	wrong, of := 0, 0
	for _, said := range telephone(t, "rms",
		"I would like to book an appointment for Tuesday.",
		"What are your opening hours?",
		"Tuesday at three thirty, please.",
		"Can you tell me how much it costs to clean the carpet?",
		"Please call me back tomorrow morning after nine.",
		"My account number is four seven two nine.",
		"The weather was cold and the train was late again.",
		"I want to speak to a real person about my bill.",
		"Yes, that is right, thank you very much.",
		"Could you send the report to my office by the end of the week?",
	) {
		c.Rest(300 * time.Millisecond)
		c.Say(said)
		c.Pause()
		c.Signal(asr.Ended)
		r := c.Final()
		if r.Err != nil {
			t.Fatal(r.Err)
		}
		w, n := wer.Count(said.Text, r.Text)
		t.Logf("%d of %d, %v, confidence %.2f: %q", w, n, r.Took.Round(time.Millisecond), r.Confidence, r.Text)
		wrong, of = wrong+w, of+n
	}
	if rate := float64(wrong) / float64(of); rate > .2 {
		t.Errorf("word error rate %.1f%%, want under 20%%", 100*rate)
	}
}

func TestExpectedDigitsAreHeardAsDigits(t *testing.T) {
	digits := []string{"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"}
	c := asrtest.Open(t, open(t, moonshine.Config{}), asr.Options{Expect: digits})
	wrong, of := 0, 0
	known := map[string]bool{}
	for _, d := range digits {
		known[d] = true
	}
	for _, said := range telephone(t, "slt", "Four seven two nine.", "Zero nine eight seven.", "Eight five five one.", "Six.") {
		c.Say(said)
		c.Pause()
		c.Signal(asr.Ended)
		r := c.Final()
		for _, w := range wer.Words(r.Text) {
			if !known[w] {
				t.Errorf("%q was heard as %q", said.Text, r.Text)
			}
		}
		w, n := wer.Count(said.Text, r.Text)
		wrong, of = wrong+w, of+n
	}
	if rate := float64(wrong) / float64(of); rate > .2 {
		t.Errorf("word error rate %.1f%%, want under 20%%", 100*rate)
	}
	c.Stream.(interface{ Expect([]string) }).Expect(nil)
	free := telephone(t, "rms", "What are your opening hours?")[0]
	c.Say(free)
	c.Pause()
	c.Signal(asr.Ended)
	if r := c.Final(); wer.Rate(free.Text, r.Text) > .4 {
		t.Errorf("with nothing expected, %q was heard as %q", free.Text, r.Text)
	}
}

func TestNoiseAndBeepsAreNoWords(t *testing.T) {
	c := asrtest.Open(t, open(t, moonshine.Config{}), asr.Options{})
	sine := func(hz ...float64) func(int) float64 {
		return func(i int) (s float64) {
			for _, h := range hz {
				s += 5000 * math.Sin(2*math.Pi*h*float64(i)/media.Rate)
			}
			return s
		}
	}
	for name, sound := range map[string]func(int) float64{
		"beep": sine(1000), "key 5": sine(770, 1336), "ringback": sine(440, 480),
		"noise": func(int) float64 { return dice.NormFloat64() * 2000 },
	} {
		for _, d := range []time.Duration{60, 200, 500, 1000} {
			said := asrtest.Speech{Frames: make([]media.Frame, d*time.Millisecond/media.FrameDuration)}
			for i := range said.Frames {
				for k := range said.Frames[i] {
					said.Frames[i][k] = int16(sound(i*media.FrameSamples + k))
				}
			}
			c.Say(said)
			c.Pause()
			c.Signal(asr.Ended)
			if r := c.Final(); r.Text != "" || r.Err != nil {
				t.Errorf("%d ms of %s is heard as %q (%.2f), %v", d, name, r.Text, r.Confidence, r.Err)
			}
		}
	}
}

func TestNewWithoutModels(t *testing.T) {
	_, err := moonshine.New(moonshine.Config{})
	e := new(asr.Error)
	if !errors.As(err, &e) || e.Op != "open" {
		t.Errorf("New() = %v", err)
	}
}

func BenchmarkUtterance(b *testing.B) {
	said := telephone(b, "rms", "Could you send the report to my office?")[0]
	c := asrtest.Open(b, open(b, moonshine.Config{Workers: 1}), asr.Options{})
	began := cpu(b)
	for b.Loop() {
		c.Say(said)
		c.Signal(asr.Ended)
		if r := c.Final(); r.Err != nil {
			b.Fatal(r.Err)
		}
	}
	used := cpu(b) - began // also that of the first, slower, rounds
	heard := time.Duration(len(said.Frames)*b.N) * media.FrameDuration
	b.ReportMetric(float64(used.Milliseconds())/float64(b.N), "cpu-ms/op")
	b.ReportMetric(used.Seconds()/heard.Seconds(), "cpu/audio")
}

// cpu is the time that this process has computed: on a busy machine, the only
// one that says something.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func BenchmarkWrite(b *testing.B) {
	c := asrtest.Open(b, open(b, moonshine.Config{Workers: 1}), asr.Options{})
	var f media.Frame
	for b.Loop() {
		c.Write(&f)
	}
}
