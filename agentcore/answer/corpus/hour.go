package corpus

import (
	"context"
	"slices"
	"time"

	"github.com/hookswitch/hookswitch/media"
)

// Hour makes sound in which there is no beep: people who talk, one after the
// other, and now and then somebody who presses keys, over lines of every kind. It
// hands on frame by frame, for keeping it would take 30 MB, and says how many keys
// were pressed. It stops at out's first error.
//
// What is said is every sentence of the part, by its voices; each that was made is
// heard at each pace.
func (s *Studio) Hour(ctx context.Context, p Part, length time.Duration, out func(*media.Frame) error) (keys int, err error) {
	d := newDice(p, p.String()+"/hour")
	texts := hourTexts(p)
	for left := int(length / media.FrameDuration); left > 0; {
		v, text := Voice{one(d, casts[p]), 1}, fill(one(d, texts), d)
		pcm, err := s.speak(ctx, v, text)
		if err != nil {
			return keys, err
		}
		for _, pace := range paces {
			r, n := stretch(d, pcm, pace)
			keys += n
			for i := 0; i+media.FrameSamples <= len(r) && left > 0; i, left = i+media.FrameSamples, left-1 {
				if err := out((*media.Frame)(r[i:])); err != nil {
					return keys, err
				}
			}
		}
	}
	return keys, nil
}

// stretch is one text at one pace over a line of its own, and every fourth time
// keys behind it; how many says n.
func stretch(d *dice, pcm []int16, by float64) (sound []int16, n int) {
	line := leveled(floats(pace(slices.Clone(pcm), by)), d.usual())
	line = append(line, make([]float64, samples(d.ms(200, 800)))...)
	if d.IntN(4) == 0 {
		n = 1 + d.IntN(6)
		pressed := make([]byte, n)
		for i := range pressed {
			pressed[i] = "0123456789*#ABCD"[d.IntN(16)]
		}
		made, err := keys(Step{Text: string(pressed)})
		if err != nil {
			panic(err) // all of these are keys
		}
		line = append(line, made...)
	}
	return d.line().carry(line, d.Rand), n
}

// hourTexts are all sentences of a part, in an order that is always the same.
func hourTexts(p Part) []string {
	var all []string
	for _, w := range everything {
		all = append(all, w[p]...)
	}
	slices.Sort(all)
	return all
}
