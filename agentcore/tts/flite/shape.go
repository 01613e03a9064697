package flite

import (
	"context"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/media"
)

// quiet is what counts as silence, about 48 dB below full scale.
const quiet = 130

// lead is left of the silence at each end, so that no consonant is clipped.
const lead = 25 * media.Rate / 1000

// trim takes away the silence around a clause: flite puts some 200 ms at either
// end, which would be heard as hesitation.
func trim(pcm []int16) []int16 {
	from, to := 0, len(pcm)
	for from < to && pcm[from] > -quiet && pcm[from] < quiet {
		from++
	}
	for to > from && pcm[to-1] > -quiet && pcm[to-1] < quiet {
		to--
	}
	if from == to {
		return nil
	}
	return pcm[max(0, from-lead):min(len(pcm), to+lead)]
}

// ceiling is the highest sample let through: 3 dB below full scale.
const ceiling = 23197

// level brings a clause to its voice's loudness. One that would pass the
// ceiling is made quieter as a whole, so that nothing is clipped.
func level(pcm []int16, gain float64) {
	peak := 0.
	for _, s := range pcm {
		peak = max(peak, float64(s), -float64(s))
	}
	if peak*gain > ceiling {
		gain = ceiling / peak
	}
	for i, s := range pcm {
		pcm[i] = int16(float64(s) * gain)
	}
}

// packer cuts samples into frames.
type packer struct {
	out     tts.Sink
	frame   media.Frame
	n       int           // samples in frame
	silence time.Duration // owed before the next sample
}

// rest asks for silence before what follows, if anything does.
func (p *packer) rest(d time.Duration) { p.silence = d }

func (p *packer) write(ctx context.Context, pcm []int16) error {
	if len(pcm) == 0 {
		return nil
	}
	for n := int(p.silence * media.Rate / time.Second); n > 0; n -= media.FrameSamples {
		var silence media.Frame
		if err := p.append(ctx, silence[:min(n, len(silence))]); err != nil {
			return err
		}
	}
	p.silence = 0
	return p.append(ctx, pcm)
}

func (p *packer) append(ctx context.Context, pcm []int16) error {
	for len(pcm) > 0 {
		n := copy(p.frame[p.n:], pcm)
		pcm, p.n = pcm[n:], p.n+n
		if p.n < len(p.frame) {
			return nil
		}
		if err := p.flush(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (p *packer) flush(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	p.n = 0
	return p.out.Frame(&p.frame)
}

// finish fills the last frame with silence.
func (p *packer) finish(ctx context.Context) error {
	if p.n == 0 {
		return nil
	}
	clear(p.frame[p.n:])
	return p.flush(ctx)
}
