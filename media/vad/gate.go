package vad

import "github.com/hookswitch/hookswitch/media"

const (
	// loudDB is how far above the line's noise a frame may be speech. The level
	// of steady noise varies by half a decibel from frame to frame. Below
	// lowestFloor + loudDB, -64 dBFS, nothing is loud on any line.
	loudDB = 6

	// hang is how many frames the detector keeps running after the last loud
	// one: 300 ms.
	hang = 15

	// replay is how many frames from before the first loud one the detector is
	// shown: 100 ms, for the soft beginnings of words.
	replay = 5

	// tailDB is how far below the voice's own level a frame can't be speech any
	// more. A detector that looks back over its window (Silero's is 36 ms, and it
	// remembers) goes on hearing a voice for about 100 ms after it fell silent,
	// and a caller would wait that much longer for each answer.
	tailDB = 30

	// fade is how fast the voice's level is forgotten, in dB a frame (6 dB a
	// second): the next to speak may be softer.
	fade = 0.12
)

// Gate is a [Detector] that spares another one the silence. While a frame is
// not louder than the line's noise it answers 0 without asking; when sound
// begins, the other detector is first shown the last 100 ms, so that it sees the
// onset; and it goes on until 300 ms after the last frame that was loud or that
// it took for speech itself.
//
// It errs on the side of asking: a noisy line costs work until its noise is
// known, a few seconds.
type Gate struct {
	inner Detector
	noise floor
	open  int     // frames left for which inner runs
	voice float32 // level of the loudest speech lately, fading

	past   [replay]media.Frame // ring of the last frames that inner wasn't shown
	next   int                 // where the next one goes
	missed int                 // how many there are

	asked, spared uint64
}

// NewGate returns a Gate in front of inner, and owns inner from now on.
func NewGate(inner Detector) *Gate { return &Gate{inner: inner, voice: Quietest} }

// Speech implements [Detector].
func (g *Gate) Speech(f *media.Frame) float32 {
	level := Level(f)
	if above := level - g.noise.add(level); above > loudDB {
		g.open = 1 + hang
	}
	if g.open == 0 {
		g.keep(f)
		return 0
	}
	g.open--
	g.showMissed()
	p := g.ask(f)
	if p < defaultThreshold {
		g.voice -= fade
		return p
	}
	g.open = hang
	g.voice = max(level, g.voice-fade)
	if level < g.voice-tailDB {
		return 0
	}
	return p
}

// Counts returns how many frames the other detector was shown, and how many it
// was spared.
func (g *Gate) Counts() (asked, spared uint64) { return g.asked, g.spared }

// Close closes the detector behind the gate.
func (g *Gate) Close() error { return g.inner.Close() }

func (g *Gate) ask(f *media.Frame) float32 {
	g.asked++
	return g.inner.Speech(f)
}

// keep remembers a frame that inner is not shown, in place of the oldest.
func (g *Gate) keep(f *media.Frame) {
	g.past[g.next] = *f
	g.next = (g.next + 1) % replay
	g.missed = min(g.missed+1, replay)
	g.spared++
}

// showMissed shows inner the frames that it missed, oldest first. What it says
// of them comes too late to matter.
func (g *Gate) showMissed() {
	for ; g.missed > 0; g.missed-- {
		g.spared--
		g.ask(&g.past[(g.next-g.missed+replay)%replay])
	}
}
