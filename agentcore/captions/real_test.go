package captions_test

import (
	"context"
	"io"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/asr/moonshine"
	"github.com/hookswitch/hookswitch/agentcore/asr/wer"
	"github.com/hookswitch/hookswitch/agentcore/captions"
	"github.com/hookswitch/hookswitch/agentcore/models"
	"github.com/hookswitch/hookswitch/agentcore/models/modelstest"
	"github.com/hookswitch/hookswitch/agentcore/models/silero"
	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/agentcore/tts/flite"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/g711"
	"github.com/hookswitch/hookswitch/media/vad"
)

// spoken is flite's voice as it comes over the line.
func spoken(t testing.TB, voice, text string) (all []media.Frame) {
	t.Helper()
	s, err := flite.New(t.Context(), flite.Config{Models: modelstest.Set(t), Voice: voice})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(context.Background())
	err = s.Speak(t.Context(), text, tts.Frames(func(f *media.Frame) error {
		line := *f
		for i, x := range line {
			line[i] = g711.DecodeSample(g711.EncodeSample(x))
		}
		all = append(all, line)
		return nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// tape is an ear over what was recorded, at the speed of the line.
type tape struct {
	caller, agent []media.Frame
	n             int
	began         time.Time
}

func (p *tape) Next(ctx context.Context, caller, agent *media.Frame) error {
	if p.n == 0 {
		p.began = time.Now()
	}
	if p.n == len(p.caller) {
		return io.EOF
	}
	due := time.NewTimer(time.Until(p.began.Add(time.Duration(p.n+1) * media.FrameDuration)))
	defer due.Stop()
	select {
	case <-due.C:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	*caller, *agent = p.caller[p.n], p.agent[p.n]
	p.n++
	return nil
}

func silence(d time.Duration) []media.Frame { return make([]media.Frame, d/media.FrameDuration) }

// Two people talk after a transfer, one after the other: both are understood, by
// the embedded models, and each is written down as who they are.
func TestTwoPeopleAreUnderstood(t *testing.T) {
	if !models.CanRun {
		t.Skip("built without cgo: no model can run")
	}
	const asks, answers = "What are your opening hours?", "I want to speak to a real person about my bill."
	rt := modelstest.Runtime(t)
	hears, err := moonshine.New(moonshine.Config{Runtime: rt, Patience: time.Minute}) // a busy machine is no failure
	if err != nil {
		t.Fatal(err)
	}
	defer hears.Close()
	model, err := silero.Load(rt)
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()

	p := &tape{}
	first, second := spoken(t, "rms", asks), spoken(t, "slt", answers)
	add := func(caller, agent []media.Frame) {
		p.caller, p.agent = append(p.caller, caller...), append(p.agent, agent...)
	}
	add(silence(sec), silence(sec))
	add(first, silence(time.Duration(len(first))*media.FrameDuration))
	add(silence(sec), silence(sec))
	add(silence(time.Duration(len(second))*media.FrameDuration), second)
	add(silence(sec), silence(sec))

	b := &book{}
	c, err := captions.New(captions.Config{
		Call: "c1", Job: "AJ_1", Agent: "live-captions", Recognizer: hears, Options: asr.Options{Language: "en-US"},
		Detector: func() (vad.Detector, error) { return gated(model) },
		Ear:      p, Store: b,
		Past: []agentcore.Entry{{N: 1, Event: agentcore.Opened{}}, {N: 2, Event: agentcore.TransferBegan{Transfer: "x"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Run(t.Context()); err != nil {
		t.Errorf("Run() = %v", err)
	}
	want := []struct {
		side captions.Side
		text string
		at   time.Duration
	}{{captions.Caller, asks, sec}, {captions.Person, answers, 2*sec + time.Duration(len(first))*media.FrameDuration}}
	if len(b.all) != len(want) {
		t.Fatalf("%d captions, want %d: %+v", len(b.all), len(want), b.all)
	}
	for i, got := range b.all {
		t.Logf("%s, confidence %.2f: %q", got.Side, got.Confidence, got.Text)
		if rate := wer.Rate(want[i].text, got.Text); got.Side != want[i].side || rate > .35 {
			t.Errorf("%s: %q, want %s: %q", got.Side, got.Text, want[i].side, want[i].text)
		}
		if at := got.Start.Sub(p.began); at < want[i].at-300*ms || at > want[i].at+time.Second {
			t.Errorf("%q began at %v, want about %v", got.Text, at, want[i].at)
		}
	}
}

// gated is a detector as a call has it.
func gated(m *silero.Model) (vad.Detector, error) {
	d, err := m.New()
	if err != nil {
		return nil, err
	}
	return vad.NewGate(d), nil
}
