package meter

import (
	"context"
	"time"
	"unicode/utf8"

	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/media"
)

// Voice tells meter what v does. A text is timed to its first frame and to its
// end; what the line takes for the frames does not count. A text's characters are
// used when its first frame is there, its seconds of sound at its end: which of
// the two is billed is the provider's affair.
func Voice(v tts.Synthesizer, name string, meter Meter) tts.Synthesizer {
	return &voice{v, gauge{meter, string(provider.Voice), name}}
}

type voice struct {
	tts.Synthesizer
	g gauge
}

func (v *voice) String() string { return text(v.Synthesizer) }

// Speak implements [tts.Synthesizer].
func (v *voice) Speak(ctx context.Context, text string, out tts.Sink) error {
	v.g.asked()
	s := &sink{Sink: out, g: v.g, began: time.Now(), text: text}
	err := v.Synthesizer.Speak(ctx, text, s)
	if s.frames > 0 {
		v.g.used(provider.AudioSeconds, float64(s.frames)*media.FrameDuration.Seconds())
	}
	switch {
	case s.refused || err != nil && ctx.Err() != nil: // broken off
	case err != nil:
		v.g.failed(err)
	default:
		v.g.took(time.Since(s.began))
	}
	return err
}

// sink passes frames on.
type sink struct {
	tts.Sink
	g       gauge
	began   time.Time // later by what out took
	text    string
	spoken  bool
	frames  int
	refused bool // by out
}

// Frame implements [tts.Sink].
func (s *sink) Frame(f *media.Frame) error {
	now := time.Now()
	if !s.spoken {
		s.spoken = true
		s.g.first(now.Sub(s.began))
		s.g.used(provider.Characters, float64(utf8.RuneCountInString(s.text)))
	}
	s.frames++
	err := s.Sink.Frame(f)
	s.began = s.began.Add(time.Since(now))
	s.refused = s.refused || err != nil
	return err
}
