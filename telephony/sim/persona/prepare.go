package persona

import (
	"context"
	"errors"
	"fmt"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// Sound gives a persona its voice.
type Sound struct {
	Voice handset.Voice                            // speaks Say lines. Nil: such lines fail
	Open  func(name string) ([]media.Frame, error) // reads WAV lines. Nil: such lines fail
}

// Script is a persona whose lines are audio. It is only read by the players,
// so that one serves any number of calls.
type Script struct {
	Persona Persona
	audio   [][]media.Frame // by line; nil where nothing is spoken
}

// Prepare makes all of p's audio, so that nothing is waited for in a call. It
// reports every line that fails.
func (p Persona) Prepare(ctx context.Context, s Sound) (*Script, error) {
	p.defaults()
	script := &Script{Persona: p, audio: make([][]media.Frame, len(p.Lines))}
	errs := []error{p.Validate()}
	for i, l := range p.Lines {
		frames, err := s.make(ctx, l)
		if err != nil {
			errs = append(errs, fmt.Errorf("persona: %s: line %d: %w", p.Name, i+1, err))
		}
		script.audio[i] = frames
	}
	return script, errors.Join(errs...)
}

// make returns the audio of one line, nil if it has none.
func (s Sound) make(ctx context.Context, l Line) ([]media.Frame, error) {
	var frames []media.Frame
	var err error
	switch {
	case l.Noise > 0:
		return handset.Loud(l.Noise), nil
	case l.Say != "" && s.Voice == nil:
		return nil, errors.New("there is no voice to say it")
	case l.Say != "":
		frames, err = s.Voice(ctx, l.Say)
	case l.WAV != "" && s.Open == nil:
		return nil, errors.New("there is no way to read its WAV file")
	case l.WAV != "":
		frames, err = s.Open(l.WAV)
	default:
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if _, _, ok := handset.VoicedSpan(frames); !ok {
		return nil, errors.New("its audio is silent")
	}
	return frames, nil
}
