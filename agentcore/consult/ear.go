package consult

import (
	"math"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/vad"
)

// minSpeech is how long a sound has to last to be somebody's.
const minSpeech = 120 * time.Millisecond

// ear hears who answered.
type ear struct {
	detector vad.Detector
	tracker  *vad.Tracker
	machine  time.Duration
	speaking bool
	talked   bool // somebody spoke for longer than people do
	tone     tone
}

func newEar(cfg Config) *ear {
	return &ear{detector: cfg.Detector, machine: cfg.Machine, tracker: vad.NewTracker(vad.TrackerConfig{
		MinSpeech: minSpeech, PauseWait: cfg.Pause, EndpointWait: cfg.Pause,
	})}
}

// hear takes the next frame. It reports when something that was said is over,
// and how long it was.
func (e *ear) hear(f *media.Frame) (long time.Duration, ended bool) {
	speech := e.detector.Speech(f)
	if e.tone.hear(f) {
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

// beeped reports whether a machine's beep was heard.
func (e *ear) beeped() bool { return e.tone.frames >= beepFrames }

const (
	beepFrames  = 10   // 200 ms of one tone. A key's tone is two, and a voice is never that pure
	beepResidue = 0.02 // of a tone's energy that a single sine may leave unexplained
	beepDrift   = 0.02 // by which the coefficient of one tone may vary: 30 Hz at 1 kHz
	beepLevel   = 300  // amplitude below which a tone is noise: -41 dBFS
	lowBeep     = 1.94 // coefficient of 310 Hz
	highBeep    = -1.2 // of 2.8 kHz
	beepSwing   = 2    // by which a tone's energy may vary within a frame. Two that lie close together beat

	// Europe's ringing tone is one of 425 Hz (ITU-T E.180); a switchboard that has
	// answered may still send it.
	lowRing  = 1.8952 // coefficient of 414 Hz
	highRing = 1.8837 // of 436 Hz
)

// tone counts successive frames that hold the same single sine. Each sample of
// one is a fixed multiple of its neighbours' sum: x[n-1] + x[n+1] = 2cos(w) x[n].
type tone struct {
	coefficient float64
	frames      int
}

// hear takes the next frame, and reports whether it holds one sine.
func (t *tone) hear(f *media.Frame) bool {
	c, pure := sine(f)
	switch {
	case !pure, c < lowRing && c > highRing:
		t.frames = 0
	case t.frames > 0 && max(c-t.coefficient, t.coefficient-c) > beepDrift:
		t.coefficient, t.frames = c, 1
	default:
		t.coefficient = c
		t.frames++
	}
	return pure
}

// sine is the coefficient of the sine that f holds. pure is false if it holds
// anything else.
func sine(f *media.Frame) (coefficient float64, pure bool) {
	var xy, xx, yy float64
	for n := 1; n < len(f)-1; n++ {
		x, y := float64(f[n]), float64(f[n-1])+float64(f[n+1])
		xy += x * y
		xx += x * x
		yy += y * y
	}
	if xx < beepLevel*beepLevel/2*float64(len(f)-2) {
		return 0, false
	}
	c := xy / xx
	residue := (yy - c*xy) / xx
	return c, residue < beepResidue && c < lowBeep && c > highBeep && even(f)
}

// even reports whether the four quarters of f are about equally loud.
func even(f *media.Frame) bool {
	least, most := math.Inf(1), 0.0
	for n := 0; n < len(f); n += len(f) / 4 {
		energy := 0.0
		for _, s := range f[n : n+len(f)/4] {
			energy += float64(s) * float64(s)
		}
		least, most = min(least, energy), max(most, energy)
	}
	return most < beepSwing*least
}
