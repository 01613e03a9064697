package sim

import (
	"context"
	"fmt"
	"mime"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/g711"
	"github.com/hookswitch/hookswitch/media/wav"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
	"github.com/hookswitch/hookswitch/telephony/sim/police"
)

// perLetter is how long a letter takes to say, where nobody says it.
const perLetter = 60 * time.Millisecond

// say plays a Say: in the carrier's voice, or as silence of about its length.
func (c *Call) say(ctx context.Context, v element) {
	frames := handset.Silence(time.Duration(utf8.RuneCountInString(v.text)) * perLetter)
	if voice := c.carrier.cfg.Voice; voice != nil && v.text != "" {
		if spoken, err := voice(ctx, v.text); err == nil {
			frames = spoken
		}
	}
	for range max(v.count("loop", 1), 1) {
		c.announce(ctx, frames)
	}
}

// playSound plays a Play: keys as their sound, a file of raw µ-law
// or WAV as it is.
func (c *Call) playSound(ctx context.Context, d document, v element) {
	frames, err := c.sound(ctx, d, v)
	if err != nil {
		c.offend(police.Unsupported, 13520, "<Play> cannot be played: "+err.Error())
		return
	}
	for range max(v.count("loop", 1), 1) {
		c.announce(ctx, frames)
	}
}

func (c *Call) sound(ctx context.Context, d document, v element) ([]media.Frame, error) {
	if digits, ok := v.attr["digits"]; ok {
		return handset.KeyTones(digits), nil
	}
	if v.sound != nil {
		return framesOf(*v.sound)
	}
	a, err := c.ask(ctx, http.MethodGet, d.resolve(v.text), nil)
	if fault := c.checkAnswer(a, err); fault != nil {
		return nil, fault
	}
	if err != nil {
		return nil, err
	}
	return framesOf(a)
}

// framesOf decodes what a webhook answered with.
func framesOf(a answer) ([]media.Frame, error) {
	if wave, err := wav.Parse(a.body); err == nil {
		return wave.Frames(0)
	}
	if ctype, _, _ := mime.ParseMediaType(a.ctype); ctype == "audio/basic" || ctype == "audio/x-mulaw" {
		return ulawFrames(a.body), nil
	}
	return nil, fmt.Errorf("%d bytes are neither WAV nor µ-law", len(a.body))
}

// ulawFrames decodes raw µ-law; a last part of less than 20 ms is dropped.
func ulawFrames(b []byte) []media.Frame {
	frames := make([]media.Frame, len(b)/media.FrameSamples)
	for i := range frames {
		_ = g711.Decode(&frames[i], b[i*media.FrameSamples:]) // long enough
	}
	return frames
}
