package answer

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/tone"
)

// sound is a stretch of a line, and what a speech detector makes of it.
type sound struct {
	frames []media.Frame
	speech float32
}

// voice is a sound that a detector takes for speech: noise, whose level moves as
// syllables do.
func voice(long float64) sound {
	r := rand.New(rand.NewPCG(1, 2))
	frames := make([]media.Frame, int(long*50))
	for i := range frames {
		loud := 1500 + 1200*math.Sin(float64(i)/3)
		for k := range frames[i] {
			frames[i][k] = int16(loud * (2*r.Float64() - 1))
		}
	}
	return sound{frames, 0.9}
}

// musical is the same, and the detector knows better.
func musical(long float64) sound { s := voice(long); s.speech = 0; return s }

func hush(long float64) sound { return sound{make([]media.Frame, int(long*50)), 0} }

// hiss is the steady noise of a line.
func hiss(long float64) sound {
	s := make([]int16, int(long*media.Rate))
	tone.AddNoise(s, -40, 3)
	return sound{tone.Frames(s), 0}
}

// toneOf is a tone, which the detector takes for speech.
func toneOf(kind tone.Kind, hz, long float64) sound {
	return sound{tone.Frames(tone.Make(kind, hz, -12, seconds(long))), 0.9}
}

// listen hears all sounds one after the other.
func listen(from float64, sounds ...sound) (all []Sound) {
	e := NewEar(seconds(from))
	for _, s := range sounds {
		for i := range s.frames {
			if heard, ok := e.Hear(&s.frames[i], s.speech); ok {
				all = append(all, heard)
			}
		}
	}
	return all
}

// only returns those of a kind.
func only(kind SoundKind, all []Sound) (out []Sound) {
	for _, s := range all {
		if s.Kind == kind {
			out = append(out, s)
		}
	}
	return out
}

// near reports whether d is at s seconds, but for two frames and a half.
func near(d time.Duration, s float64) bool {
	return (d - seconds(s)).Abs() <= 50*time.Millisecond
}

func TestAWordGroupIsTold(t *testing.T) {
	all := listen(2, hush(0.6), voice(2.3), hush(1.2))
	if got := only(Speaking, all); len(got) != 1 || !near(got[0].Began, 2.6) || !near(got[0].Now, 2.74) {
		t.Errorf("Speaking = %v, want one at 2.6 s", got)
	}
	if got := only(Talking, all); len(got) != 2 || !near(got[1].Ended, 4.6) {
		t.Errorf("Talking = %v, want two", got)
	}
	got := only(Spoke, all)
	if len(got) != 1 || !near(got[0].Began, 2.6) || !near(got[0].Ended, 4.9) || !near(got[0].Now, 5.2) {
		t.Errorf("Spoke = %v, want one from 2.6 to 4.9 s", got)
	}
	if got := only(Silent, all); len(got) != 3 || !near(got[1].Began, 4.9) || !near(got[1].Now, 5.6) || !near(got[2].Now, 5.9) {
		t.Errorf("Silent = %v, want it before the group, and 0.7 s and 1 s behind it", got)
	}
}

func TestAToneIsNotSpeechWhateverTheDetectorSays(t *testing.T) {
	for _, c := range []struct {
		kind     tone.Kind
		hz, long float64
	}{{tone.Beep, 1000, 0.4}, {tone.Beep, 440, 1.4}, {tone.Beep, 1800, 0.1}, {tone.SIT, 0, 1.1}, {tone.Ringback, 440, 6}, {tone.Busy, 480, 3}, {tone.FaxAnswer, 2100, 3}} {
		all := listen(0, hush(1), toneOf(c.kind, c.hz, c.long), hush(1))
		for _, s := range only(Spoke, all) {
			if s.Ended-s.Began >= leastWord {
				t.Errorf("%v of %v Hz: speech from %v to %v", c.kind, c.hz, s.Began, s.Ended)
			}
		}
		got := only(Toned, all)
		if len(got) == 0 || got[0].Tone.Kind != c.kind {
			t.Errorf("%v of %v Hz: told as %v", c.kind, c.hz, got)
		}
	}
}

func TestABeepEndsTheGreetingBeforeIt(t *testing.T) {
	all := listen(10, voice(2), toneOf(tone.Beep, 1000, 0.4), voice(0.5), hush(1))
	spoke := only(Spoke, all)
	if len(spoke) != 2 || !near(spoke[0].Ended, 12) || !near(spoke[1].Began, 12.45) {
		t.Errorf("Spoke = %v, want it to end at 12 s, and more from 12.4 s", spoke)
	}
	toned := only(Toned, all)
	if len(toned) != 1 || !near(toned[0].Began, 12) || !near(toned[0].Ended, 12.4) || !near(toned[0].Tone.Ended, 12.4) {
		t.Errorf("Toned = %v, want it from 12 to 12.4 s", toned)
	}
}

func TestMusicIsToldAndSteadyNoiseIsNot(t *testing.T) {
	if got := only(Noisy, listen(0, musical(6))); len(got) < 5 || !near(got[4].Ended-got[4].Began, 5) {
		t.Errorf("music of 6 s is told as %v", got)
	}
	for name, s := range map[string]sound{"noise": hiss(6), "silence": hush(6)} {
		all := listen(0, s)
		if got := only(Noisy, all); len(got) > 0 {
			t.Errorf("%s is told as %v", name, got)
		}
		if got := only(Silent, all); len(got) != 12 || !near(got[11].Now-got[11].Began, 6) {
			t.Errorf("%s of 6 s: Silent %d times, want 12", name, len(got))
		}
	}
}

func TestSilenceBehindMusicIsTold(t *testing.T) {
	got := only(Silent, listen(0, musical(6), hush(4)))
	if len(got) == 0 || !near(got[len(got)-1].Began, 6) {
		t.Errorf("Silent = %v, want it since 6 s", got)
	}
}

func TestAProbabilityThatIsNoneIsSilence(t *testing.T) {
	s := voice(3)
	s.speech = float32(math.NaN())
	if got := only(Spoke, listen(0, s, hush(1))); len(got) > 0 {
		t.Errorf("Spoke = %v", got)
	}
}

func TestTheEarAllocatesNothing(t *testing.T) {
	e, sounds := NewEar(0), []sound{voice(2), toneOf(tone.Beep, 1000, 0.4), musical(2), hush(1)}
	got := testing.AllocsPerRun(5, func() {
		for _, s := range sounds {
			for i := range s.frames {
				e.Hear(&s.frames[i], s.speech)
			}
		}
	})
	if got > 0 {
		t.Errorf("%v allocations", got)
	}
}

func TestABeepThatIsToldLateCutsNothingBehindIt(t *testing.T) {
	all := listen(0, voice(2), toneOf(tone.Beep, 425, 0.4), hush(0.1), voice(2), hush(1))
	got := only(Spoke, all)
	if len(only(Toned, all)) != 1 || len(got) != 2 || !near(got[1].Began, 2.5) || !near(got[1].Ended, 4.5) {
		t.Errorf("Spoke = %v, want the second from 2.5 to 4.5 s", got)
	}
}
