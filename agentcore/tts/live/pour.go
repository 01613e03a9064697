package live

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/g711"
	"github.com/hookswitch/hookswitch/media/resample"
)

// longestPhrase is how much sound one phrase may be. What is longer is no speech
// of a text that [Config.MostText] lets through.
const longestPhrase = 3 * time.Minute

var errTooLong = errors.New("the sound of one phrase is too long")

// block is how many samples are converted at once.
const block = 480

// Pour makes frames of a provider's bytes, however they are cut: a frame goes
// out as soon as its 20 ms are there. It is used by one goroutine.
type Pour struct {
	out   tts.Sink
	ctx   context.Context // no frame goes out once it has ended
	err   error           // out's own
	form  Format
	down  *resample.Resampler // nil when the sound comes at the line's rate
	skip  int                 // samples that the filters put before the sound
	flush bool                // the filters hold something
	odd   []byte              // the first half of a sample that was cut in two
	wide  []int16
	low   []int16

	frame   media.Frame
	n       int // samples in frame
	samples int // of all frames and frame
	last    tts.Word
}

// NewPour pours into out.
func NewPour(f Format, out tts.Sink) (*Pour, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	p := &Pour{out: out, ctx: context.Background(), form: f, odd: make([]byte, 0, 2)}
	if f.Rate != media.Rate {
		down, err := resample.New(f.Rate, media.Rate)
		if err != nil {
			return nil, err
		}
		p.down, p.skip = down, int((down.Delay()*media.Rate+time.Second/2)/time.Second)
	}
	return p, nil
}

// check says what is wrong with f.
func (f Format) check() error {
	if f.Rate == media.Rate {
		return nil
	}
	if f.Mulaw {
		return fmt.Errorf("µ-law at %d Hz is not known, only at %d", f.Rate, media.Rate)
	}
	_, err := resample.New(f.Rate, media.Rate)
	return err
}

// String names f as providers do: "ulaw_8000", "pcm_24000".
func (f Format) String() string {
	if f.Mulaw {
		return fmt.Sprintf("ulaw_%d", f.Rate)
	}
	return fmt.Sprintf("pcm_%d", f.Rate)
}

// Write pours some bytes; sound is the caller's again when it returns. It fails with
// the sink's error, or when the phrase is too long to be one.
func (p *Pour) Write(sound []byte) error {
	if p.form.Mulaw {
		for len(sound) > 0 {
			n := min(len(sound), block)
			p.wide = p.wide[:0]
			for _, code := range sound[:n] {
				p.wide = append(p.wide, g711.DecodeSample(code))
			}
			sound = sound[n:]
			if err := p.convert(); err != nil {
				return err
			}
		}
		return nil
	}
	for len(sound) > 0 {
		if len(p.odd) > 0 || len(sound) == 1 { // a sample came in two pieces
			if p.odd, sound = append(p.odd, sound[0]), sound[1:]; len(p.odd) < 2 {
				return nil
			}
			p.wide = append(p.wide[:0], int16(uint16(p.odd[0])|uint16(p.odd[1])<<8))
			p.odd = p.odd[:0]
		} else {
			n := min(len(sound), 2*block) &^ 1
			p.wide = p.wide[:0]
			for i := 0; i < n; i += 2 {
				p.wide = append(p.wide, int16(uint16(sound[i])|uint16(sound[i+1])<<8))
			}
			sound = sound[n:]
		}
		if err := p.convert(); err != nil {
			return err
		}
	}
	return nil
}

// convert brings p.wide to the line's rate and into frames.
func (p *Pour) convert() error {
	if p.down == nil {
		return p.fill(p.wide)
	}
	p.flush = true
	p.low = p.down.Process(p.low[:0], p.wide)
	return p.fill(p.low)
}

// fill puts samples into frames. The first that come out of a resampler are of
// its filters, not of the sound: without them, words end when they are said to.
func (p *Pour) fill(pcm []int16) error {
	ahead := min(p.skip, len(pcm))
	p.skip -= ahead
	for pcm = pcm[ahead:]; len(pcm) > 0; {
		n := copy(p.frame[p.n:], pcm)
		pcm, p.n, p.samples = pcm[n:], p.n+n, p.samples+n
		if p.n < len(p.frame) {
			return nil
		}
		if p.samples > int(longestPhrase/time.Second)*media.Rate {
			return errTooLong
		}
		if err := p.send(); err != nil {
			return err
		}
	}
	return nil
}

// Words passes on when words end, counted from the first sample written. One
// that is not behind the one before it is dropped: a voice's timings are a
// service, and a wrong one must not bring the others out of order.
func (p *Pour) Words(all ...tts.Word) {
	for _, w := range all {
		if w.Upto > p.last.Upto && w.End >= p.last.End {
			p.last = w
			p.out.Words(w)
		}
	}
}

// heard is how much sound was poured, the frame that is being filled included.
func (p *Pour) heard() time.Duration {
	return time.Duration(p.samples) * time.Second / media.Rate
}

// Finish ends the sound: what is still in the filters goes out, and the last
// frame is filled up with silence. Half a sample at the end is dropped.
func (p *Pour) Finish() error {
	if p.flush {
		p.flush = false
		p.low = p.down.Flush(p.low[:0])
		if err := p.fill(p.low); err != nil {
			return err
		}
	}
	if p.n == 0 {
		return nil
	}
	clear(p.frame[p.n:])
	return p.send()
}

// send hands the frame out.
func (p *Pour) send() error {
	if p.n = 0; p.ctx.Err() != nil {
		return context.Cause(p.ctx)
	}
	p.err = p.out.Frame(&p.frame)
	return p.err
}
