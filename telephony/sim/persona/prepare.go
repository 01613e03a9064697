package persona

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"
	"unicode/utf8"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// Sound gives a persona its voice.
type Sound struct {
	Voice   handset.Voice                            // speaks Say lines. Nil: such lines fail
	Open    func(name string) ([]media.Frame, error) // reads WAV lines. Nil: such lines fail
	StandIn bool                                     // where Voice is nil, noise of about the length stands in for it
}

// Script is a persona whose lines are audio. It is only read by the players,
// so that one serves any number of calls.
type Script struct {
	Persona Persona
	audio   [][]media.Frame // by line; nil where nothing is spoken
	prompts [][]media.Frame // by menu
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
	for i, m := range p.Menus {
		frames, err := s.make(ctx, Line{Say: m.Say, WAV: m.WAV, Noise: m.Noise})
		if err != nil {
			errs = append(errs, fmt.Errorf("persona: %s: menu %d: %w", p.Name, i+1, err))
		}
		script.prompts = append(script.prompts, frames)
	}
	return script, errors.Join(errs...)
}

// perLetter is how long a letter takes to say, where noise stands in for it.
const perLetter = 60 * time.Millisecond

// make returns the audio of one line, nil if it has none.
func (s Sound) make(ctx context.Context, l Line) ([]media.Frame, error) {
	frames, err := s.sound(ctx, l)
	if err != nil || frames == nil {
		return nil, err
	}
	if _, _, ok := handset.VoicedSpan(frames); !ok && l.Comfort == 0 {
		return nil, errors.New("its audio is silent")
	}
	return quieter(frames, l.Quieter), nil
}

// sound is make, as loud as it comes.
func (s Sound) sound(ctx context.Context, l Line) ([]media.Frame, error) {
	switch {
	case l.Noise > 0:
		return handset.Loud(l.Noise), nil
	case len(l.Tone) > 0:
		return handset.Tone(min(l.For, maxTone), l.Tone...), nil
	case l.Music > 0:
		return music(min(l.Music, maxMusic)), nil
	case l.Comfort > 0:
		return handset.Comfort(min(l.Comfort, maxMusic)), nil
	case l.Say != "" && s.Voice != nil:
		return s.Voice(ctx, l.Say)
	case l.Say != "" && s.StandIn:
		return handset.Loud(time.Duration(utf8.RuneCountInString(l.Say)) * perLetter), nil
	case l.Say != "":
		return nil, errors.New("there is no voice to say it")
	case l.WAV != "" && s.Open == nil:
		return nil, errors.New("there is no way to read its WAV file")
	case l.WAV != "":
		return s.Open(l.WAV)
	}
	return nil, nil
}

// quieter is frames with an amplitude that is lower by db.
func quieter(frames []media.Frame, db float64) []media.Frame {
	if db == 0 {
		return frames
	}
	factor := math.Pow(10, -db/20)
	out := make([]media.Frame, len(frames))
	for i := range frames {
		for j, v := range frames[i] {
			out[i][j] = int16(float64(v) * factor)
		}
	}
	return out
}

// melody is what is heard on hold, note by note, in Hz.
var melody = []float64{523, 659, 784, 659, 587, 698, 880, 698}

// music plays the melody for d, four notes a second, each with its fifth.
func music(d time.Duration) []media.Frame {
	const note = 240 * time.Millisecond // a multiple of a frame
	var out []media.Frame
	for i := 0; time.Duration(len(out))*media.FrameDuration < d; i++ {
		hz := melody[i%len(melody)]
		out = append(out, handset.Tone(note, hz, hz*1.5)...)
	}
	return out[:(d+media.FrameDuration-1)/media.FrameDuration]
}
