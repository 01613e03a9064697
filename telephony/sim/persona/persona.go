// Package persona is a caller made of a script: lines to say, keys to press,
// interruptions, each with its moment. A persona plays through a
// [handset.Handset] and notes, on the line's own clock, what it said and heard
// when, which is the evidence for gaps and barge-ins from the caller's side.
package persona

import (
	"slices"
	"time"

	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// Persona is a caller. Make one in Go, or with [Parse].
type Persona struct {
	Name   string
	Number string         // calls from it, or is called at it. Empty leaves that to the user
	Answer handset.Answer // reaction to ringing
	Quiet  time.Duration  // agent's silence after which a line comes. Zero means 700 ms
	GiveUp time.Duration  // hang up when a line's moment has not come for so long. Zero means 20 s
	Max    time.Duration  // hang up so long after answer. Zero means 5 min
	Is     handset.Is     // who it really is. Empty does not say
	Loop   bool           // after the last line comes the first again
	Lines  []Line
	Menus  []Menu // in place of Lines: what is said depends on the keys that are heard
}

// Line is one thing a persona does: exactly one of Say, WAV, Noise, Tone, Music,
// Comfort, Pause, Press and Hangup is set.
type Line struct {
	Say     string        // spoken by the [handset.Voice]
	WAV     string        // a file, spoken as it is
	Noise   time.Duration // loud noise in place of a voice
	Tone    []float64     // frequencies in Hz that sound together: a beep, a fax
	For     time.Duration // how long Tone sounds
	Music   time.Duration // as one hears it on hold
	Comfort time.Duration // the hiss that a line makes of silence: nobody takes it for a voice
	Pause   time.Duration // silence before the next line's moment is looked for
	Press   string        // DTMF keys, one each 200 ms
	Hangup  bool

	Quieter float64 // dB below what is usual, for whatever sounds

	When   When     // its moment. The zero When is after the agent; for Pause, at once
	Expect []string // words the agent's answer should hold; checked by whoever reads the [Evidence]

	at int // line number in the file; 0 if none
}

// When is the moment of a line, looked for when the line before is over.
type When struct {
	Kind WhenKind
	For  time.Duration
}

// WhenKind is one kind of moment.
type WhenKind uint8

const (
	AfterAgent WhenKind = iota // the agent has spoken since the line before, and then been silent For; zero means Persona.Quiet
	At                         // For after answer, or at once if that has passed
	IntoAgent                  // For after the agent began its current answer, while it goes on: talks over it
	Then                       // For after the line before
)

// Defaults of a [Persona].
const (
	DefaultQuiet  = 700 * time.Millisecond
	DefaultGiveUp = 20 * time.Second
	DefaultMax    = 5 * time.Minute
)

// keyEvery is the distance of two keys of one Press.
const keyEvery = 200 * time.Millisecond

// Speaks reports whether p needs a [handset.Voice].
func (p Persona) Speaks() bool {
	return slices.ContainsFunc(p.Lines, func(l Line) bool { return l.Say != "" }) ||
		slices.ContainsFunc(p.Menus, func(m Menu) bool { return m.Say != "" })
}

func (p *Persona) defaults() {
	if p.Quiet == 0 {
		p.Quiet = DefaultQuiet
	}
	if p.GiveUp == 0 {
		p.GiveUp = DefaultGiveUp
	}
	if p.Max == 0 {
		p.Max = DefaultMax
	}
}
