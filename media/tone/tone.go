// Package tone hears the tones of the telephone network in the sound of a line,
// and makes them: a machine's beep, ringback, busy, special information tones,
// fax. It knows keys (DTMF) only to tell them from a beep.
package tone

import (
	"fmt"
	"time"
)

// Kind is what a tone means.
type Kind uint8

// The tones that a [Detector] tells from one another.
const (
	Beep       Kind = iota + 1 // one sine of 350 to 2000 Hz, for 80 ms to 1.5 s, told at its trailing edge
	SIT                        // special information tones: three sines, each higher (ITU-T E.180): the number can't be reached
	Ringback                   // somebody's phone rings: 440+480 Hz, 400+450 Hz, or one of 400 to 450 Hz, in its cadence
	Busy                       // 480+620 Hz, or one of 400 to 450 Hz, on and off up to 0.5 s each
	FaxCalling                 // CNG: 1100 Hz for 0.5 s, every 3.5 s (ITU-T T.30)
	FaxAnswer                  // CED or ANSam: 2100 Hz for 2.6 s and more (ITU-T T.30, V.8)
	Key                        // DTMF
	Dial                       // a dial tone: 350+440 Hz or 425 Hz, without a pause
)

var kinds = [...]string{"", "beep", "sit", "ringback", "busy", "fax_calling", "fax_answer", "key", "dial"}

func (k Kind) String() string {
	if int(k) < len(kinds) {
		return kinds[k]
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// Tone is one that was heard. Began and Ended are places in the sound, counted in
// frames and finer from the first one that the detector heard. Of a tone that is
// told while it goes on Ended is zero.
type Tone struct {
	Kind         Kind
	Hz           float64 // of the strongest sine
	Level        float64 // of it, in dBFS
	Began, Ended time.Duration
}
