package flite_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/hookswitch/hookswitch/agentcore/models/modelstest"
	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/agentcore/tts/flite"
	"github.com/hookswitch/hookswitch/agentcore/tts/ttstest"
	"github.com/hookswitch/hookswitch/media"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t testing.TB, c flite.Config) *flite.Synthesizer {
	t.Helper()
	c.Models = modelstest.Set(t)
	s, err := flite.New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Errorf("Close() = %v", err)
		}
	})
	return s
}

func TestSuite(t *testing.T) {
	ttstest.Run(t, func(t *testing.T) tts.Synthesizer { return open(t, flite.Config{}) })
}

func TestEveryVoiceSpeaksLoudEnoughAndNeverClips(t *testing.T) {
	s := open(t, flite.Config{})
	for _, v := range flite.Voices() {
		o, err := s.With(v)
		if err != nil {
			t.Fatal(err)
		}
		all := ttstest.Speak(t, o, "We are open from nine to five, Monday to Friday.")
		peak := 0
		for _, f := range all {
			for _, x := range f {
				peak = max(peak, int(x), -int(x))
			}
		}
		if peak < 15000 || peak > 23200 {
			t.Errorf("%s: peak %d, want 15000 to 23200", v, peak)
		}
		if d := time.Duration(len(all)) * media.FrameDuration; d < 2*time.Second || d > 4*time.Second {
			t.Errorf("%s: took %v to say a sentence", v, d)
		}
	}
}

func TestPausesBetweenClausesAreNatural(t *testing.T) {
	all := ttstest.Speak(t, open(t, flite.Config{}), "Of course I can do that. Which day would suit you?")
	longest, run := 0, 0
	for _, f := range all {
		run++
		for _, x := range f {
			if x > 200 || x < -200 {
				run = 0
				break
			}
		}
		longest = max(longest, run)
	}
	if d := time.Duration(longest) * media.FrameDuration; d < 200*time.Millisecond || d > 440*time.Millisecond {
		t.Errorf("the pause between two sentences lasts %v", d)
	}
	if quiet(all[:3]) || quiet(all[len(all)-5:]) {
		t.Error("there is silence before the first word or after the last")
	}
}

func quiet(all []media.Frame) bool {
	for _, f := range all {
		for _, x := range f {
			if x > 100 || x < -100 {
				return false
			}
		}
	}
	return true
}

func TestTheQueueIsMeasured(t *testing.T) {
	var longest atomic.Int64
	s := open(t, flite.Config{Workers: 1, Waited: func(d time.Duration) {
		for was := longest.Load(); int64(d) > was && !longest.CompareAndSwap(was, int64(d)); was = longest.Load() {
		}
	}})
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			if err := s.Speak(t.Context(), "We are open from nine to five.", tts.Frames(func(*media.Frame) error { return nil })); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if d := time.Duration(longest.Load()); d < 10*time.Millisecond {
		t.Errorf("with one worker, the third clause waited %v", d)
	}
}

func TestAFolderThatCannotBeWrittenIsDoneWithout(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	s := open(t, flite.Config{Workers: 1, Voice: "kal16", Cache: filepath.Join(file, "wazero")})
	if len(ttstest.Speak(t, s, "Hello.")) == 0 {
		t.Error("nothing was said")
	}
}

func TestRefusals(t *testing.T) {
	s := open(t, flite.Config{Workers: 1})
	e := new(tts.Error)
	err := s.Speak(t.Context(), strings.Repeat("word ", 401), tts.Frames(func(*media.Frame) error { return errors.New("no frame is due") }))
	if !errors.As(err, &e) || e.Op != "speak" || e.Retry {
		t.Errorf("a text too long: %v", err)
	}
	if _, err := s.With("hal"); !errors.As(err, &e) {
		t.Errorf("With(hal) = %v", err)
	}
	if _, err := flite.New(t.Context(), flite.Config{}); !errors.As(err, &e) || !strings.Contains(err.Error(), "Config.Models") {
		t.Errorf("New without models = %v", err)
	}
}

// A caller who waits in the queue can leave it.
func TestWaitingForAWorkerEndsWithTheContext(t *testing.T) {
	s := open(t, flite.Config{Workers: 1})
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer stop()
	began := time.Now()
	err := s.Speak(ctx, strings.Repeat("It takes a while to say all of this without a comma ", 2), tts.Frames(func(*media.Frame) error { return nil }))
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Speak = %v, want the deadline", err)
	}
	if err := s.Speak(ctx, "And this.", tts.Frames(func(*media.Frame) error { return nil })); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Speak in the queue = %v, want the deadline", err)
	}
	if d := time.Since(began); d > 5*time.Second {
		t.Errorf("leaving took %v", d)
	}
}

func BenchmarkFirstFrame(b *testing.B) {
	s := open(b, flite.Config{})
	enough := errors.New("enough")
	for b.Loop() {
		err := s.Speak(b.Context(), "Of course. Which day would suit you?", tts.Frames(func(*media.Frame) error { return enough }))
		if !errors.Is(err, enough) {
			b.Fatal(err)
		}
	}
}

func BenchmarkSecondOfSpeech(b *testing.B) {
	s := open(b, flite.Config{})
	frames := 0
	for b.Loop() {
		frames += len(ttstest.Speak(b, s, "We are open from nine to five, Monday to Friday."))
	}
	heard := time.Duration(frames) * media.FrameDuration
	b.ReportMetric(b.Elapsed().Seconds()/heard.Seconds(), "cpu/audio")
}
