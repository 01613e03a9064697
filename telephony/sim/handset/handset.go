// Package handset is the port through which whoever is at the far end of a
// simulated call plays: a script, a WAV file, a person who types, a browser.
// The line made of memory and the carrier on the wire drive the same handsets.
package handset

import (
	"time"

	"github.com/hookswitch/hookswitch/media"
)

// Handset is a phone with somebody at it.
type Handset interface {
	// Tick tells what the phone played during [now, now+20 ms) and asks what
	// was said into it in the same 20 ms. now is counted from answer and is a
	// multiple of 20 ms. hear is silence when nothing played; say comes zeroed.
	// Both are lent. Tick is called from one goroutine at a time, every 20 ms,
	// and must not block.
	Tick(now time.Duration, hear, say *media.Frame) Touch
}

// Touch is what a hand did to the phone during one tick.
type Touch struct {
	Digit  byte // a DTMF key pressed; 0 for none
	Hangup bool // the receiver went down: this tick is the last one
}

// Player is what a [Handset] also implements when it knows better than the
// simulator's clock how much of the agent's audio was really played, as a
// browser does. Without it, samples handed to Tick count as played.
type Player interface {
	// Played is how many samples given to Tick were played; known is false
	// while the phone cannot tell. Any goroutine may ask, and it must not block.
	Played() (samples int64, known bool)
}

// Func is a [Handset] made of one function.
type Func func(now time.Duration, hear, say *media.Frame) Touch

// Tick implements [Handset].
func (f Func) Tick(now time.Duration, hear, say *media.Frame) Touch { return f(now, hear, say) }

// Silent is somebody who says nothing and never hangs up.
var Silent Handset = Func(func(time.Duration, *media.Frame, *media.Frame) Touch { return Touch{} })
