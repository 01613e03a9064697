package handset

import "time"

// Is says who or what is at a phone.
type Is string

// What may be at a phone.
const (
	Human       Is = "human"
	Voicemail   Is = "voicemail"   // speaks a greeting, beeps and records
	Screener    Is = "screener"    // asks for a name before a person decides
	IVR         Is = "ivr"         // a menu of keys
	Unavailable Is = "unavailable" // an announcement: there is no such number
	Fax         Is = "fax"
	Hold        Is = "hold" // music, and nobody
	Bot         Is = "bot"  // another agent
)

// Truth is who is at a phone, for those that must know rather than guess: the
// carrier's own detection of machines, and tests that judge ours. Times count
// from answer. The zero Truth tells nothing.
type Truth struct {
	Is       Is
	Greeting time.Duration // when what it says first is over; 0: it says nothing
	Beep     time.Duration // when its beep is over; 0: there is none
}

// Known is what a [Handset] also implements when it says who it is.
type Known interface{ Truth() Truth }

// TruthOf is what h says of itself, and the zero Truth when it says nothing.
func TruthOf(h Handset) Truth {
	if k, ok := h.(Known); ok {
		return k.Truth()
	}
	return Truth{}
}

// Being gives h a truth.
func Being(t Truth, h Handset) Handset { return being{h, t} }

type being struct {
	Handset
	truth Truth
}

func (b being) Truth() Truth { return b.truth }
