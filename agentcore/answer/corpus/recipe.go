package corpus

// Recipe says how an item is made: what is heard, one thing after the other, what
// is heard behind it, and what the line does to both. As JSON it is what the cache
// of sounds goes by.
type Recipe struct {
	Seed   uint64 `json:"seed"`
	Steps  []Step `json:"steps"`
	Behind []Step `json:"behind,omitempty"` // a television, say; cut where Steps end
	Line   Line   `json:"line"`
}

// Do is what is heard in a [Step].
type Do string

// What can be heard.
const (
	Say    Do = "say"    // Text by a Voice
	Prompt Do = "prompt" // the recorded file Text
	Rest   Do = "rest"   // nothing
	Beep   Do = "beep"   // a sine of Hz
	SIT    Do = "sit"    // special information tones
	Ring   Do = "ring"   // ringback
	CED    Do = "ced"    // a fax that answers: 2100 Hz
	ANSam  Do = "ansam"  // the same of a newer one, swelling 15 times a second, its phase turned every 450 ms
	Keys   Do = "keys"   // the DTMF of Text
	Music  Do = "music"
	Cough  Do = "cough"
)

// Step is one thing that is heard.
type Step struct {
	Do     Do      `json:"do"`
	Text   string  `json:"text,omitempty"`
	By     Voice   `json:"by,omitzero"`
	MS     int     `json:"ms,omitempty"`     // how long, of all but Say, Prompt and Keys
	Hz     float64 `json:"hz,omitempty"`     // of Beep
	Level  float64 `json:"level,omitempty"`  // in dBFS: RMS of what is loud in Say, Prompt, Music and Cough, each sine's RMS else
	Person bool    `json:"person,omitempty"` // who is heard is a person
}

// Voice is a synthetic one, made higher and quicker by Pace (1: as it is): a head
// of another size. The zero Voice is none.
type Voice struct {
	Name string  `json:"name"`
	Pace float64 `json:"pace"`
}

// Line is what a telephone line does, after everything is heard together and
// before µ-law.
type Line struct {
	Noise     Noise   `json:"noise,omitempty"`
	NoiseAt   float64 `json:"noise_at,omitempty"`  // dBFS, RMS
	Gain      float64 `json:"gain,omitempty"`      // dB; more than there is room for clips
	Lost      float64 `json:"lost,omitempty"`      // part of the 20 ms frames
	Concealed bool    `json:"concealed,omitempty"` // a lost frame is the one before once more; else silence
}

// Noise is a kind of it.
type Noise string

// Kinds of noise. Comfort is what a far end plays where nobody speaks: white, and
// not while there is anything else.
const (
	White   Noise = "white"
	Pink    Noise = "pink"
	Babble  Noise = "babble" // many people far away: noise in the places of speech, swelling as syllables do
	Comfort Noise = "comfort"
)

// rest is silence.
func rest(ms int) Step { return Step{Do: Rest, MS: ms} }

// byPerson marks steps as a person's.
func byPerson(steps ...Step) []Step {
	for i := range steps {
		steps[i].Person = true
	}
	return steps
}
