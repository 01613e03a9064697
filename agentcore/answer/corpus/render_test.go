package corpus

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/answer"
	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/media"
)

// hummer says each word as 200 ms of humming and 60 ms of nothing, and 400 ms of
// nothing behind a sentence.
type hummer struct{}

func (hummer) Speak(_ context.Context, text string, out tts.Sink) error {
	for _, word := range strings.Fields(text) {
		frames, gap := 10, 3
		if strings.ContainsAny(word, ".?") {
			gap = 20
		}
		for n := range frames + gap {
			var f media.Frame
			for i := range f {
				if n < frames {
					f[i] = int16(8000 * math.Sin(2*math.Pi*160*float64(n*media.FrameSamples+i)/media.Rate))
				}
			}
			if err := out.Frame(&f); err != nil {
				return err
			}
		}
	}
	return nil
}

func humming() *Studio {
	return &Studio{Voices: func(string) (tts.Synthesizer, error) { return hummer{}, nil }}
}

var plain = Voice{"rms", 1}

func say(text string) Step { return Step{Do: Say, By: plain, Text: text, Level: -20} }

func TestTruthIsWhatTheStepsMean(t *testing.T) {
	ms := time.Millisecond
	for _, c := range []struct {
		claim string
		steps []Step
		want  Truth
	}{
		{"a group ends where the words pause for long", byPerson(rest(500), say("well hello. there")), Truth{FirstGroup: Span{500 * ms, 960 * ms}}},
		{"a group goes on over a short pause", byPerson(say("one two three")), Truth{FirstGroup: Span{0, 720 * ms}}},
		{"a voicemail's greeting is over before its beep", []Step{say("leave a message."), rest(100), {Do: Beep, Hz: 1000, MS: 300, Level: -10}, rest(1000)},
			Truth{FirstGroup: Span{0, 720 * ms}, GreetingOver: 1120 * ms, Beeps: []Span{{1220 * ms, 1520 * ms}}}},
		{"a person takes over from a machine", append([]Step{say("you've reached."), rest(1000)}, byPerson(say("hello"), rest(900))...),
			Truth{FirstGroup: Span{0, 460 * ms}, GreetingOver: 860 * ms, PickedUp: 1860 * ms}},
		{"a person's own beep is a beep", byPerson(say("hello"), Step{Do: Beep, Hz: 500, MS: 100, Level: -10}),
			Truth{FirstGroup: Span{0, 200 * ms}, Beeps: []Span{{260 * ms, 360 * ms}}}},
		{"nobody says nothing", []Step{rest(1000)}, Truth{}},
	} {
		clip, err := humming().make(t.Context(), Recipe{Steps: c.steps})
		if err != nil {
			t.Fatal(err)
		}
		got := clip.Truth
		if got.FirstGroup != c.want.FirstGroup || got.GreetingOver != c.want.GreetingOver || got.PickedUp != c.want.PickedUp || !slices.Equal(got.Beeps, c.want.Beeps) {
			t.Errorf("%s: %+v, want %+v", c.claim, got, c.want)
		}
	}
}

// The label of a beep is where its sound is.
func TestABeepIsWhereItsLabelSays(t *testing.T) {
	n := 0
	for _, it := range Items() {
		if it.Kind != "voicemail/grid" {
			continue
		}
		it.Recipe.Line = Line{}
		clip, err := humming().Make(t.Context(), it)
		if err != nil {
			t.Fatal(err)
		}
		b := clip.Truth.Beeps[0]
		before := loudestIn(clip, b.Began-80*time.Millisecond, b.Began)
		within := loudestIn(clip, b.Began+10*time.Millisecond, b.Ended-10*time.Millisecond)
		after := loudestIn(clip, b.Ended, clip.Length())
		if within < 100 || before > 40 || after > 40 {
			t.Errorf("%s: peaks of %d before the beep, %d in it, %d after", it.Name, before, within, after)
		}
		n++
	}
	if n < 100 {
		t.Errorf("only %d beeps were looked at", n)
	}
}

func loudestIn(c Clip, from, to time.Duration) (peak int16) {
	for _, x := range c.Samples[from*media.Rate/time.Second : to*media.Rate/time.Second] {
		peak = max(peak, x, -x)
	}
	return peak
}

func TestSoundIsTheSameEachTimeAndComesBackFromTheCache(t *testing.T) {
	cache, err := OpenCache(t.TempDir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	kept := humming()
	kept.Cache = cache
	for i, it := range Items() {
		if i%40 != 0 {
			continue
		}
		first, err := humming().Make(t.Context(), it)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []*Studio{humming(), kept, kept} {
			again, err := s.Make(t.Context(), it)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(first.Samples, again.Samples) || first.Truth.FirstGroup != again.Truth.FirstGroup || !slices.Equal(first.Truth.Beeps, again.Truth.Beeps) {
				t.Errorf("%s: made twice, it differs", it.Name)
			}
		}
		if len(first.Samples)%media.FrameSamples != 0 || first.Length() < time.Second {
			t.Errorf("%s lasts %v", it.Name, first.Length())
		}
	}
}

func TestTheCacheForgetsTheOldestWhenItIsFull(t *testing.T) {
	dir := t.TempDir()
	c, err := OpenCache(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"old", "mid", "new"} {
		if err := c.Put(name, make([]byte, 1000)); err != nil {
			t.Fatal(err)
		}
		when := time.Now().Add(time.Duration(i-10) * time.Minute)
		if err := os.Chtimes(filepath.Join(dir, name), when, when); err != nil {
			t.Fatal(err)
		}
	}
	if c, err = OpenCache(dir, 2500); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"old": false, "mid": true, "new": true} {
		if _, got := c.Get(name); got != want {
			t.Errorf("%s is kept: %v, want %v", name, got, want)
		}
	}
	if _, err := OpenCache(filepath.Join(dir, "new", "below"), 0); err == nil {
		t.Error("a cache below a file was opened")
	}
}

func TestACacheFileThatIsBrokenIsMadeAnew(t *testing.T) {
	cache, err := OpenCache(t.TempDir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	it := Items()[0]
	if err := cache.Put(it.Key(), []byte("nonsense")); err != nil {
		t.Fatal(err)
	}
	s := humming()
	s.Cache = cache
	if clip, err := s.Make(t.Context(), it); err != nil || clip.Length() < time.Second {
		t.Errorf("%v, %v", clip.Length(), err)
	}
}

func TestALineDoesWhatItsRecipeSays(t *testing.T) {
	steps := byPerson(say("one two three four five six seven eight"), rest(2000))
	clip := func(l Line) Clip {
		c, err := humming().make(t.Context(), Recipe{Seed: 7, Steps: steps, Line: l})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	clean := clip(Line{})
	rms := func(c Clip, from, to time.Duration) float64 {
		return 10 * math.Log10(power(floats(c.Samples[from*media.Rate/time.Second:to*media.Rate/time.Second]))/power([]float64{amplitude(0)}))
	}
	if got := rms(clean, 20*time.Millisecond, 180*time.Millisecond); math.Abs(got+20) > 1 {
		t.Errorf("speech of -20 dBFS measures %.1f", got)
	}
	for _, kind := range []Noise{White, Pink, Babble, Comfort} {
		noisy := clip(Line{Noise: kind, NoiseAt: -40})
		if got := rms(noisy, 2200*time.Millisecond, noisy.Length()); math.Abs(got+40) > 4 {
			t.Errorf("%s noise of -40 dBFS measures %.1f", kind, got)
		}
	}
	if quiet := clip(Line{Gain: -20}); math.Abs(rms(quiet, 20*time.Millisecond, 180*time.Millisecond)+40) > 1 {
		t.Error("a gain of -20 dB isn't one")
	}
	if loud := clip(Line{Gain: 30}); loudestIn(loud, 0, time.Second) != 32124 {
		t.Errorf("a clipped line peaks at %d, not where µ-law ends", loudestIn(loud, 0, time.Second))
	}
	for _, concealed := range []bool{false, true} {
		lossy := clip(Line{Lost: .1, Concealed: concealed})
		lost, of := 0, len(clean.Samples)/media.FrameSamples
		for i := range of {
			at := i * media.FrameSamples
			if !slices.Equal(clean.Samples[at:at+media.FrameSamples], lossy.Samples[at:at+media.FrameSamples]) {
				lost++
			}
		}
		if lost < of/50 || lost > of/6 {
			t.Errorf("%d of %d frames differ, of a tenth that is lost", lost, of)
		}
	}
}

func TestAPacedVoiceIsShorterAndHigher(t *testing.T) {
	in := make([]int16, media.Rate)
	for i := range in {
		in[i] = int16(9000 * math.Sin(2*math.Pi*500*float64(i)/media.Rate))
	}
	crossings := func(pcm []int16) (n int) {
		for i := 1; i < len(pcm); i++ {
			if pcm[i-1] < 0 && pcm[i] >= 0 {
				n++
			}
		}
		return n
	}
	for _, by := range paces {
		out := pace(in, by)
		if want := float64(len(in)) / by; math.Abs(float64(len(out))-want) > 2 {
			t.Errorf("at a pace of %v a second lasts %d samples, want %.0f", by, len(out), want)
		}
		if hz := float64(crossings(out)) / float64(len(out)) * media.Rate; math.Abs(hz-500*by) > 3 {
			t.Errorf("at a pace of %v 500 Hz are %.0f", by, hz)
		}
	}
}

func TestWhatCannotBeMadeIsAnError(t *testing.T) {
	ctx := t.Context()
	for claim, r := range map[string]Recipe{
		"an unknown sound":    {Steps: []Step{{Do: "thunder", MS: 100}}},
		"keys that are none":  {Steps: []Step{{Do: Keys, Text: "1x"}}},
		"no prompts":          {Steps: []Step{{Do: Prompt, Text: "vm-intro"}}},
		"more than 3 minutes": {Steps: []Step{rest(181000)}},
		"a voice too quick":   {Steps: []Step{{Do: Say, Text: "hi", By: Voice{"rms", 9}}}},
	} {
		if _, err := humming().make(ctx, r); err == nil {
			t.Errorf("%s was made", claim)
		}
	}
	none := errors.New("nobody")
	mute := &Studio{Voices: func(string) (tts.Synthesizer, error) { return nil, none }}
	if _, err := mute.Make(ctx, Items()[0]); !errors.Is(err, none) {
		t.Errorf("without a voice: %v", err)
	}
	s := &Studio{Prompts: t.TempDir()}
	for _, name := range []string{"../etc/passwd", "missing"} {
		if _, err := s.prompt(name); err == nil {
			t.Errorf("prompt %q was read", name)
		}
	}
}

func TestAnHourIsAsLongAsAskedForAndHasKeys(t *testing.T) {
	frames, loud := 0, 0
	keys, err := humming().Hour(t.Context(), Test, time.Minute, func(f *media.Frame) error {
		frames++
		if power(floats(f[:])) > 10000 {
			loud++
		}
		return nil
	})
	if err != nil || frames != 3000 || keys == 0 || loud < 1000 {
		t.Errorf("%d frames, %d of them loud, %d keys, %v", frames, loud, keys, err)
	}
	enough := errors.New("enough")
	if _, err := humming().Hour(t.Context(), Test, time.Minute, func(*media.Frame) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("who has enough gets %v", err)
	}
}

// Real prompts, where they are installed.
func TestRecordedPrompts(t *testing.T) {
	dir, err := FindPrompts()
	if err != nil {
		t.Skip(err)
	}
	s := &Studio{Prompts: dir}
	for _, it := range Recorded() {
		clip, err := s.Make(t.Context(), it)
		if err != nil {
			t.Fatal(err)
		}
		if it.Class == answer.Beeped && len(clip.Truth.Beeps) == 0 || clip.Truth.FirstGroup.Ended == 0 || clip.Length() > time.Minute {
			t.Errorf("%s: %v, %+v", it.Name, clip.Length(), clip.Truth)
		}
	}
}

func TestPromptsAreFoundOrSaidToBeAbsent(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "vm-intro.wav"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if got, err := FindPrompts(dir); got != dir || err != nil {
		t.Errorf("FindPrompts = %q, %v", got, err)
	}
	if got, err := FindPrompts(t.TempDir()); err != nil && !errors.Is(err, ErrNoPrompts) || err == nil && got == dir {
		t.Errorf("FindPrompts = %q, %v", got, err)
	}
}
