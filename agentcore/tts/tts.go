// Package tts is the port to speech synthesis: words in, frames out.
package tts

import (
	"context"
	"fmt"

	"github.com/hookswitch/hookswitch/media"
)

// Synthesizer speaks. It is used by many calls at once.
type Synthesizer interface {
	// Speak says text, a clause or a few sentences, handing each 20 ms frame to
	// out as soon as there is one. The frame is lent. The last frame is filled
	// up with silence. Speak stops at out's first error and returns it, and
	// soon after ctx ends. Text without a speakable word makes no frame.
	Speak(ctx context.Context, text string, out func(*media.Frame) error) error
}

// Error is a synthesizer's failure, in a form a caller can act on.
type Error struct {
	Provider string // "flite"
	Op       string // "speak"
	Code     int    // the provider's own code; 0 if it gave none
	Retry    bool   // another try may succeed
	Err      error
}

func (e *Error) Error() string { return fmt.Sprintf("tts: %s: %s: %v", e.Provider, e.Op, e.Err) }
func (e *Error) Unwrap() error { return e.Err }
