// Package tts is the port to speech synthesis: words in, frames out.
package tts

import (
	"context"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/media"
)

// Synthesizer speaks. It is used by many calls at once.
type Synthesizer interface {
	// Speak says text, a clause or a few sentences, handing each 20 ms frame to
	// out as soon as there is one. The last frame is filled up with silence.
	// Speak stops at out's first error and returns it, and soon after ctx ends.
	// Text without a speakable word makes no frame.
	Speak(ctx context.Context, text string, out Sink) error
}

// Sink takes what is spoken. Its methods are called by one goroutine.
type Sink interface {
	// Frame takes the next 20 ms. f is lent.
	Frame(f *media.Frame) error
	// Words tells when words end, if the voice knows: before or after their
	// frames, in order, each once.
	Words(w ...Word)
}

// Word is the end of a word in the sound.
type Word struct {
	Upto int           // bytes of Speak's text up to the word's end
	End  time.Duration // from the first frame to the word's last sample
}

// Frames is a [Sink] that cares for frames only.
type Frames func(f *media.Frame) error

// Frame implements [Sink].
func (out Frames) Frame(f *media.Frame) error { return out(f) }

// Words implements [Sink].
func (Frames) Words(...Word) {}

// Info is a voice that a provider offers.
type Info struct {
	ID       string // the provider's own
	Name     string // for people
	Language string // BCP 47; empty when it speaks several
}

// Error is a synthesizer's failure, in a form a caller can act on.
type Error = provider.Error
