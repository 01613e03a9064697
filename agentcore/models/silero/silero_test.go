package silero_test

import (
	"bytes"
	_ "embed"
	"errors"
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/hookswitch/hookswitch/agentcore/models"
	"github.com/hookswitch/hookswitch/agentcore/models/modelstest"
	"github.com/hookswitch/hookswitch/agentcore/models/silero"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/g711"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// hello is "Hello. Can you hear me now?" over a telephone line, in mu-law.
//
//go:embed testdata/hello.ulaw
var hello []byte

func said(t testing.TB) (all []media.Frame) {
	t.Helper()
	for r := bytes.NewReader(hello); r.Len() > 0; {
		var code [media.FrameSamples]byte
		var f media.Frame
		if _, err := r.Read(code[:]); err != nil {
			t.Fatal(err)
		}
		if err := g711.Decode(&f, code[:]); err != nil {
			t.Fatal(err)
		}
		all = append(all, f)
	}
	return all
}

func load(t testing.TB) *silero.Model {
	t.Helper()
	m, err := silero.Load(modelstest.Runtime(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Errorf("Close() = %v", err)
		}
	})
	return m
}

func listen(t testing.TB, m *silero.Model) *silero.Detector {
	t.Helper()
	d, err := m.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("Close() = %v", err)
		}
	})
	return d
}

// hear scores each frame of a second of sound.
func hear(d *silero.Detector, sound func(i int) float64) (highest float32) {
	for n := range 100 {
		var f media.Frame
		for i := range f {
			f[i] = int16(sound(n*media.FrameSamples + i))
		}
		highest = max(highest, d.Speech(&f))
	}
	return highest
}

func TestSpeechIsSpeech(t *testing.T) {
	d := listen(t, load(t))
	all, voiced := said(t), 0
	for i := range all {
		if d.Speech(&all[i]) > .5 {
			voiced++
		}
	}
	if share := float64(voiced) / float64(len(all)); share < .6 {
		t.Errorf("%.0f%% of the frames of speech are speech, want 60%%", 100*share)
	}
	var silence media.Frame
	for range 25 {
		d.Speech(&silence)
	}
	if p := d.Speech(&silence); p > .1 {
		t.Errorf("half a second after the last word: %.2f, want 0.1 at most", p)
	}
}

func TestOtherSoundsAreNot(t *testing.T) {
	m := load(t)
	sine := func(hz ...float64) func(int) float64 {
		return func(i int) (s float64) {
			for _, h := range hz {
				s += 6000 * math.Sin(2*math.Pi*h*float64(i)/media.Rate)
			}
			return s
		}
	}
	dice := rand.New(rand.NewPCG(1, 2))
	for name, sound := range map[string]func(int) float64{
		"silence":  func(int) float64 { return 0 },
		"noise":    func(int) float64 { return dice.NormFloat64() * 1000 },
		"beep":     sine(1000),
		"ringback": sine(440, 480),
		"key 5":    sine(770, 1336),
		"full scale": func(i int) float64 {
			return 32767 * float64(1-i/8%2*2)
		},
	} {
		if p := hear(listen(t, m), sound); p > .5 {
			t.Errorf("%s scores %.2f, want 0.5 at most", name, p)
		}
	}
}

func TestCallsDoNotHearEachOther(t *testing.T) {
	m, all := load(t), said(t)
	alone := listen(t, m)
	var want []float32
	for i := range all {
		want = append(want, alone.Speech(&all[i]))
	}
	var wg sync.WaitGroup
	for range 4 {
		d := listen(t, m)
		wg.Go(func() {
			for i := range all {
				if got := d.Speech(&all[i]); math.Abs(float64(got-want[i])) > 1e-4 {
					t.Errorf("frame %d scores %v beside other calls, %v alone", i, got, want[i])
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestAFrameAllocatesNothing(t *testing.T) {
	d, all := listen(t, load(t)), said(t)
	n := 0
	if a := testing.AllocsPerRun(200, func() { d.Speech(&all[n%len(all)]); n++ }); a != 0 {
		t.Errorf("%v allocations a frame", a)
	}
}

func TestWithoutCgoThereIsNoDetector(t *testing.T) {
	if models.CanRun {
		t.Skip("built with cgo")
	}
	if _, err := silero.Load(nil); !errors.Is(err, models.ErrNoRuntime) {
		t.Errorf("Load() = %v, want ErrNoRuntime", err)
	}
}

func BenchmarkSpeech(b *testing.B) {
	d, all := listen(b, load(b)), said(b)
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		d.Speech(&all[n%len(all)])
		n++
	}
}

func BenchmarkNew(b *testing.B) {
	m := load(b)
	for b.Loop() {
		d, err := m.New()
		if err != nil {
			b.Fatal(err)
		}
		if err := d.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
