// Package answer finds out who answered a call that was placed: a person, a
// voicemail, a call screener, a menu, a fax. It fuses what is heard on the line
// (tones, and when somebody speaks and is silent), the words that were
// recognised, and the carrier's own verdict.
//
// It has two halves. An [Ear] hears every frame, where frames are heard, and
// says when something worth knowing has happened. A [Judge] is a pure fold over
// that: no clock, no goroutine, no sound. Times count from the call's answer.
package answer

import "time"

// Class is who answered.
type Class string

// Who may answer. Each but the first two and the last is no person.
const (
	Unknown     Class = "unknown" // nothing is clear yet; taken for a person
	Human       Class = "human"
	Screener    Class = "screener"           // asks who is calling and why, and then a person decides
	IVR         Class = "ivr"                // a menu of keys
	Greeting    Class = "voicemail_greeting" // a voicemail that has not beeped yet
	Beeped      Class = "voicemail_beep"     // one that has: it records
	MailboxFull Class = "mailbox_full"       // one that takes no message
	Unavailable Class = "unavailable"        // an announcement: not in service, can't be reached
	Fax         Class = "fax"
	Hold        Class = "hold" // music, or "your call is important to us"
)

// Classes are all of them, in the order in which they are listed.
var Classes = []Class{Human, Screener, IVR, Greeting, Beeped, MailboxFull, Unavailable, Fax, Hold, Unknown}

// Machine reports whether c is known to be no person. A class that only a later
// build knows is not: whoever that is, is talked to.
func (c Class) Machine() bool {
	switch c {
	case Screener, IVR, Greeting, Beeped, MailboxFull, Unavailable, Fax, Hold:
		return true
	}
	return false
}

// Voicemail reports whether c is a voicemail, of whichever kind.
func (c Class) Voicemail() bool { return c == Greeting || c == Beeped || c == MailboxFull }

// Evidence is one thing that speaks for a class, or against people. It holds no
// word that was spoken, only the phrase of our own list that it resembles.
type Evidence struct {
	Kind    string  `json:"kind"`     // tone, cadence, words, carrier, model
	What    string  `json:"what"`     // for people: "beep of 1000 Hz, 0.4 s"
	For     Class   `json:"for"`      // what it speaks for
	Weight  float64 `json:"weight"`   // how much: log odds, in nats
	BeganMS int64   `json:"began_ms"` // since answer
	EndedMS int64   `json:"ended_ms"`
}

// MostEvidence bounds what a [Verdict] carries: the weightiest are kept.
const MostEvidence = 16

// Verdict is who is taken to have answered.
type Verdict struct {
	Class      Class      `json:"class"`
	Confidence float64    `json:"confidence"` // 0 to 1; 0 of Unknown
	AtMS       int64      `json:"at_ms"`      // since answer
	Evidence   []Evidence `json:"evidence"`   // in the order of time
}

// Sure reports whether v may be hung up on in the middle of what it says: a person
// who says "leave a message with me" is a voicemail at first, but never so surely.
func (v Verdict) Sure() bool { return v.Confidence >= float64(sureVoicemail) }

// SoundKind says what an [Ear] heard.
type SoundKind uint8

const (
	Toned    SoundKind = iota + 1 // a tone: Sound.Tone
	Speaking                      // somebody has begun to speak
	Spoke                         // a word group is over: Began to Ended, then silence for a little. One of no length was a tone
	Talking                       // somebody has spoken on since Began without a pause, told once a second
	Silent                        // nobody has made a sound since Began, told at 0.7 s, 1 s and each further 0.5 s
	Noisy                         // there has been sound without speech since Began (music, noise), told once a second
)

// Words are what somebody said, as far as it is understood.
type Words struct {
	Text         string
	Final        bool // else it is a guess that may change
	Began, Ended time.Duration
}

// Cue says that a moment has come.
type Cue uint8

const (
	NoCue Cue = iota
	Leave     // speak to the voicemail now, or a moment after Finding.At: it records
	Reply     // a screener or a menu has paused: tell it who is calling, or press keys
	Done      // nothing more need be known: a person has taken a turn, or the time is over
)

// Finding is what the Judge makes of something.
type Finding struct {
	Verdict Verdict       // as it stands now
	Changed bool          // its Class is another than before
	Suspect bool          // none is known, but a machine may well be on the line: get ready for one
	Cue     Cue           // NoCue if no moment has come
	At      time.Duration // of the cue: when the beep, or the greeting, was over
}

// LongestListen is how long after the answer somebody listens for who answered.
const LongestListen = 2 * time.Minute
