package tone

import "github.com/hookswitch/hookswitch/media"

// Detector hears tones in a stream of frames. It allocates nothing. The zero
// Detector is ready to use; one goroutine uses it.
type Detector struct{}

// Step hears 20 ms and returns a tone, if there is one to tell of. What else is
// to be told waits for the next frame.
func (d *Detector) Step(f *media.Frame) (Tone, bool) { return Tone{}, false }
