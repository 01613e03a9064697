package persona

import (
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

const (
	// breath is the silence that ends a stretch of the agent's voice: longer
	// than a stop consonant or a comma, shorter than a pause to think.
	breath = 300 * time.Millisecond

	// debounce is how many voiced frames in a row make a voice of a noise.
	debounce = 2
)

// ear tells when the agent speaks, by the energy of what it hears.
type ear struct {
	run       int           // voiced frames in a row, up to debounce
	candidate time.Duration // first voiced sample of that run
	speaking  bool          // within a stretch of voice, breaths included
	begin     time.Duration // of the stretch
	last      time.Duration // end of the last voiced sample
	now       time.Duration // up to where was heard
}

// listen takes 20 ms that began at now, and tells what changed.
func (e *ear) listen(now time.Duration, hear *media.Frame) (began, stopped bool) {
	first, last, voiced := handset.Voiced(hear)
	e.now = now + media.FrameDuration
	if !voiced {
		e.run = 0
		stopped = e.speaking && e.now-e.last >= breath
		e.speaking = e.speaking && !stopped
		return false, stopped
	}
	if e.run == 0 {
		e.candidate = now + handset.SampleTime(0, first)
	}
	if e.run < debounce {
		e.run++
	}
	if e.speaking || e.run == debounce {
		e.last = now + handset.SampleTime(0, last+1)
	}
	if !e.speaking && e.run == debounce {
		e.speaking, e.begin, began = true, e.candidate, true
	}
	return began, false
}

// quiet is how long no voice was heard.
func (e *ear) quiet() time.Duration { return e.now - e.last }
