package whoanswered

import (
	"context"
	"fmt"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/answer"
	"github.com/hookswitch/hookswitch/agentcore/answer/corpus"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/tone"
)

// hours counts the beeps that are told in speech and keys, for each part. The ear
// listens to the end, as on no call: on one it would be off when a person talks.
func (l *lab) hours(ctx context.Context, o Options, parts []corpus.Part) (map[corpus.Part]hour, error) {
	all := map[corpus.Part]hour{}
	if o.Hour <= 0 || o.Only != "" {
		return all, nil
	}
	for _, p := range parts {
		fmt.Fprintf(o.Progress, "%v of speech and keys, %v part\n", o.Hour, p)
		h, err := l.hour(ctx, o.Hour, p)
		if err != nil {
			return nil, err
		}
		all[p] = h
	}
	return all, nil
}

func (l *lab) hour(ctx context.Context, length time.Duration, p corpus.Part) (h hour, err error) {
	d, err := l.newDetector()
	if err != nil {
		return hour{}, err
	}
	defer d.Close()
	ear := answer.NewEar(0)
	h.keys, err = l.studio.Hour(ctx, p, length, func(f *media.Frame) error {
		h.length += media.FrameDuration
		if s, ok := ear.Hear(f, d.Speech(f)); ok && s.Kind == answer.Toned && s.Tone.Kind == tone.Beep {
			h.beeps++
		}
		return ctx.Err()
	})
	return h, err
}
