package corpus

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/media"
)

// Studio makes sound of recipes. It may be used by several goroutines if its
// voices may.
type Studio struct {
	// Voices finds a voice by its name. Required.
	Voices func(name string) (tts.Synthesizer, error)
	// Prompts is the folder of recorded prompts; only items of [Recorded] need it.
	Prompts string
	// Cache keeps what was made. Nil: nothing is kept.
	Cache *Cache
}

// longest bounds a clip: three minutes.
const longest = 3 * 60 * media.Rate

// Make is the sound of it, from the cache if it was made before.
func (s *Studio) Make(ctx context.Context, it Item) (Clip, error) {
	key := it.Recipe.key()
	if c, ok := s.Cache.get(key); ok {
		return c, nil
	}
	c, err := s.make(ctx, it.Recipe)
	if err != nil {
		return Clip{}, fmt.Errorf("corpus: item %s: %w", it.Name, err)
	}
	if err := s.Cache.put(key, c); err != nil {
		return Clip{}, fmt.Errorf("corpus: item %s can't be kept: %w", it.Name, err)
	}
	return c, nil
}

func (s *Studio) make(ctx context.Context, r Recipe) (Clip, error) {
	var t track
	if err := t.play(ctx, s, r.Steps, rand.New(rand.NewPCG(r.Seed, 1))); err != nil {
		return Clip{}, err
	}
	var behind track
	if err := behind.play(ctx, s, r.Behind, rand.New(rand.NewPCG(r.Seed, 2))); err != nil {
		return Clip{}, err
	}
	for i := range min(len(t.sound), len(behind.sound)) {
		t.sound[i] += behind.sound[i]
	}
	return Clip{Samples: r.Line.carry(t.sound, rand.New(rand.NewPCG(r.Seed, 3))), Truth: t.truth()}, nil
}

// track is steps one after the other: their sound, before the line, in samples'
// units but not yet bounded, and what is true of it.
type track struct {
	sound    []float64
	voiced   []Span // where words are, as far as Steps say it
	machine  bool   // one has spoken
	greeting time.Duration
	beeps    []Span
	pickedUp time.Duration
}

func (t *track) play(ctx context.Context, s *Studio, steps []Step, d *rand.Rand) error {
	for _, st := range steps {
		pcm, err := s.step(ctx, st, d)
		if err != nil {
			return err
		}
		if len(t.sound)+len(pcm) > longest {
			return errors.New("it is longer than three minutes")
		}
		t.note(st, pcm)
		t.sound = append(t.sound, pcm...)
	}
	return nil
}

// note writes down what st means, before its sound is added.
func (t *track) note(st Step, pcm []float64) {
	from, to := at(len(t.sound)), at(len(t.sound)+len(pcm))
	switch st.Do {
	case Beep:
		t.beeps = append(t.beeps, Span{from, to})
	case Say, Prompt:
		t.voiced = append(t.voiced, groups(pcm, from)...)
		switch {
		case !st.Person:
			t.machine = true
			if len(t.beeps) == 0 {
				t.greeting = to
			}
		case t.machine && t.pickedUp == 0:
			t.pickedUp = from
		}
	}
}

func (t *track) truth() Truth {
	truth := Truth{GreetingOver: t.greeting, Beeps: t.beeps, PickedUp: t.pickedUp}
	for i, g := range t.voiced {
		if i > 0 && g.Began-truth.FirstGroup.Ended >= GroupPause {
			break
		}
		if i == 0 {
			truth.FirstGroup.Began = g.Began
		}
		truth.FirstGroup.Ended = g.Ended
	}
	return truth
}

// step is the sound of st.
func (s *Studio) step(ctx context.Context, st Step, d *rand.Rand) ([]float64, error) {
	switch st.Do {
	case Rest:
		return make([]float64, samples(st.MS)), nil
	case Say, Prompt:
		var pcm []int16
		var err error
		if st.Do == Say {
			pcm, err = s.speak(ctx, st.By, st.Text)
		} else {
			pcm, err = s.prompt(st.Text)
		}
		if err != nil {
			return nil, err
		}
		return leveled(floats(pcm), st.Level), nil
	case Music:
		return leveled(music(samples(st.MS), d), st.Level), nil
	case Cough:
		return leveled(cough(samples(st.MS), d), st.Level), nil
	}
	return tones(st)
}

// How far below the loudest 20 ms of a sound others still count: as loud, and as
// part of a word.
const (
	loudDB = 25
	softDB = 35
)

// leveled brings what is loud in pcm to a level in dBFS, RMS.
func leveled(pcm []float64, level float64) []float64 {
	loudest := 0.
	for i := 0; i+media.FrameSamples <= len(pcm); i += media.FrameSamples {
		loudest = max(loudest, power(pcm[i:i+media.FrameSamples]))
	}
	sum, n := 0., 0
	for i := 0; i+media.FrameSamples <= len(pcm); i += media.FrameSamples {
		if p := power(pcm[i : i+media.FrameSamples]); p > loudest*math.Pow(10, -loudDB/10.) {
			sum += p
			n++
		}
	}
	if n == 0 || sum == 0 {
		return pcm
	}
	gain := amplitude(level) / math.Sqrt(sum/float64(n))
	for i := range pcm {
		pcm[i] *= gain
	}
	return pcm
}

// groups finds where there are words in a leveled sound that begins at from: what
// is loud, with pauses of less than [GroupPause] in it.
func groups(pcm []float64, from time.Duration) (all []Span) {
	loudest := 0.
	for i := 0; i+media.FrameSamples <= len(pcm); i += media.FrameSamples {
		loudest = max(loudest, power(pcm[i:i+media.FrameSamples]))
	}
	for i := 0; i+media.FrameSamples <= len(pcm); i += media.FrameSamples {
		if p := power(pcm[i : i+media.FrameSamples]); p == 0 || p < loudest*math.Pow(10, -softDB/10.) {
			continue
		}
		began, ended := from+at(i), from+at(i+media.FrameSamples)
		if n := len(all); n > 0 && began-all[n-1].Ended < GroupPause {
			all[n-1].Ended = ended
			continue
		}
		all = append(all, Span{began, ended})
	}
	return all
}

func power(pcm []float64) float64 {
	sum := 0.
	for _, x := range pcm {
		sum += x * x
	}
	return sum / float64(len(pcm))
}

// amplitude is the RMS of a level in dBFS, where 0 dBFS is a sine that just fits.
func amplitude(level float64) float64 { return math.MaxInt16 / math.Sqrt2 * math.Pow(10, level/20) }

func floats(pcm []int16) []float64 {
	out := make([]float64, len(pcm))
	for i, x := range pcm {
		out[i] = float64(x)
	}
	return out
}

func samples(ms int) int { return ms * media.Rate / 1000 }

// at is when sample n is heard.
func at(n int) time.Duration { return time.Duration(n) * time.Second / media.Rate }
