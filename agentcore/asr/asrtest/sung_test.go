package asrtest

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/provider/providertest"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/g711"
	"github.com/hookswitch/hookswitch/media/resample"
)

func TestWhatIsSungIsHeardInEveryFormat(t *testing.T) {
	song := Sung(strings.Join(Vocabulary, " "))
	for _, rate := range []int{8000, 16000, 22050, 24000, 44100, 48000} {
		up, err := resample.New(media.Rate, rate)
		if err != nil {
			t.Fatal(err)
		}
		var sound []byte
		for i := range song.Frames {
			for _, s := range up.Process(nil, song.Frames[i][:]) {
				sound = append(sound, byte(s), byte(uint16(s)>>8))
			}
		}
		e := NewEar(rate, false)
		for part := range slices.Chunk(sound, 333) { // cut within samples
			e.Hear(part)
		}
		if got := e.Take(); got != song.Text {
			t.Errorf("%d Hz: heard %q", rate, got)
		}
		if d := e.Heard() - time.Duration(len(song.Frames))*media.FrameDuration; d < -time.Millisecond || d > time.Millisecond {
			t.Errorf("%d Hz: %v too long", rate, d)
		}
	}
	e := NewEar(8000, true)
	for i := range song.Frames {
		e.Hear(g711.Encode(nil, &song.Frames[i]))
	}
	if got := e.Take(); got != song.Text || e.Guess() != "" {
		t.Errorf("µ-law: heard %q, then %q", got, e.Guess())
	}
}

// broken is a recogniser whose streams die with err, once anything has ended.
type broken struct{ err error }

func (b broken) Open(context.Context, asr.Options) (asr.Stream, error) {
	return &dying{err: b.err, results: make(chan asr.Result, 1)}, nil
}

type dying struct {
	err     error
	results chan asr.Result
	dead    bool
}

func (d *dying) Write(*media.Frame) bool    { return !d.dead }
func (d *dying) Results() <-chan asr.Result { return d.results }
func (d *dying) Close() error               { d.dead = true; return nil }

func (d *dying) Signal(s asr.Signal) {
	if s == asr.Ended && !d.dead {
		d.dead = true
		d.results <- asr.Result{Final: true, Err: d.err}
		close(d.results)
	}
}

func TestARecogniserThatTellsItsFaultsPasses(t *testing.T) {
	class := map[providertest.Fault]provider.Class{
		providertest.WrongKey: provider.Auth, providertest.NoMoney: provider.Quota, providertest.RateLimited: provider.RateLimited,
		providertest.BadRequest: provider.Refused, providertest.NoAnswer: provider.Timeout, providertest.StallsIn: provider.Timeout,
		providertest.TalksRot: provider.Garbage, providertest.TooLarge: provider.Garbage,
	}
	Faults(t, func(t *testing.T, f providertest.Fault) asr.Recognizer {
		if f == providertest.Slow || f == providertest.Fast {
			t.Skip("this one always fails")
		}
		c := class[f]
		if c == "" {
			c = provider.Unavailable
		}
		e := provider.New("acme", "stream", c, context.Canceled)
		if f == providertest.RateLimited {
			e.After = providertest.RetryAfter
		}
		return broken{e}
	}, "secret")
}
