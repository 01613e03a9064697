package consult

import (
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/tone"
	"github.com/hookswitch/hookswitch/media/vad"
)

// minSpeech is how long a sound has to last to be somebody's.
const minSpeech = 120 * time.Millisecond

// toneWait is how many frames behind a tone it is known what it was (see
// [tone.Detector]).
const toneWait = 5

// ear hears who answered.
type ear struct {
	detector vad.Detector
	tracker  *vad.Tracker
	tones    tone.Detector
	machine  time.Duration
	speaking bool
	talked   bool   // somebody spoke for longer than people do
	told     string // by tones: what answered is no person, and why. Empty: nothing of it
	toneless int    // frames since the last that was part of a tone
}

func newEar(cfg Config) *ear {
	return &ear{
		detector: cfg.Detector, machine: cfg.Machine, toneless: toneWait,
		tracker: vad.NewTracker(vad.TrackerConfig{
			MinSpeech: minSpeech, PauseWait: cfg.Pause, EndpointWait: cfg.Pause,
		}),
	}
}

// hear takes the next frame. It reports when something that was said is over,
// and how long it was.
func (e *ear) hear(f *media.Frame) (long time.Duration, ended bool) {
	speech := e.detector.Speech(f)
	if e.hearTone(f) {
		speech = 0 // whatever a detector makes of it: somebody who rings on is not there yet
	}
	switch e.tracker.Step(speech) {
	case vad.Began:
		e.speaking = true
	case vad.Ended:
		e.speaking = false
		return e.tracker.VoicedUntil() - e.tracker.BeganAt(), true
	}
	e.talked = e.talked || e.speaking && e.tracker.VoicedUntil()-e.tracker.BeganAt() >= e.machine
	return 0, false
}

// hearTone takes the next frame, and reports whether it is part of a tone.
func (e *ear) hearTone(f *media.Frame) bool {
	if t, ok := e.tones.Step(f); ok {
		switch t.Kind {
		case tone.Beep:
			e.told = "a beep was heard"
		case tone.FaxAnswer, tone.FaxCalling:
			e.told = "a fax answered"
		case tone.SIT:
			e.told = "the tones of an announcement were heard"
		}
	}
	e.toneless++
	if e.tones.Sounding() {
		e.toneless = 0
	}
	return e.toneless == 0
}

// unsure reports whether there is a tone of which it may yet turn out that it is
// a machine's.
func (e *ear) unsure() bool { return e.toneless < toneWait }
