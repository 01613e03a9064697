package vad

import (
	"time"

	"github.com/hookswitch/hookswitch/media"
)

// Change is what a [Tracker] learns from one more frame.
type Change uint8

const (
	None    Change = iota // nothing new
	Began                 // someone speaks, and has for MinSpeech
	Paused                // they fell silent for PauseWait
	Resumed               // they went on before EndpointWait had passed
	Ended                 // they have been silent for EndpointWait
)

// String returns the change's name.
func (c Change) String() string {
	return [...]string{"none", "began", "paused", "resumed", "ended"}[min(c, Ended)]
}

// TrackerConfig says how probabilities become speech and silence. Times are
// rounded up to whole frames.
type TrackerConfig struct {
	Threshold    float32       // probability from which a frame is speech. Zero means 0.5
	Release      float32       // probability down to which it goes on being speech. Zero means 0.35
	MinSpeech    time.Duration // of speech before it counts. Zero means 80 ms
	PauseWait    time.Duration // of silence that make a pause. Zero means 200 ms
	EndpointWait time.Duration // of silence that end the speech. Zero means 500 ms
}

const (
	defaultThreshold = 0.5
	defaultRelease   = 0.35
	maxGap           = 1 // frames of silence forgiven before speech has counted
)

// Tracker turns the probabilities of successive frames into changes: speech
// began, paused, resumed, ended. It counts frames and never looks at a clock, so
// its times are places in the audio.
//
// Began and Ended alternate, beginning with Began; Paused and Resumed alternate
// between them. When EndpointWait is no longer than PauseWait, nothing pauses.
type Tracker struct {
	threshold, release      float32
	minSpeech, pause, ended int64 // frames

	now     int64 // frames taken in
	voiced  bool  // the last frame was speech
	phase   phase
	first   int64 // the candidate's first frame
	heard   int64 // its frames of speech
	gap     int64 // its frames of silence
	began   int64 // first frame of the speech
	silence int64 // the frame after its last one with voice
}

// phase is how sure the Tracker is.
type phase uint8

const (
	quiet     phase = iota
	candidate       // something was heard, too short yet
	speaking
	pausing
)

// NewTracker returns a Tracker at the beginning of the audio.
func NewTracker(c TrackerConfig) *Tracker {
	return &Tracker{
		threshold: orFloat(c.Threshold, defaultThreshold),
		release:   orFloat(c.Release, defaultRelease),
		minSpeech: frames(c.MinSpeech, 80*time.Millisecond),
		pause:     frames(c.PauseWait, 200*time.Millisecond),
		ended:     frames(c.EndpointWait, 500*time.Millisecond),
	}
}

func orFloat(v, zero float32) float32 {
	if v == 0 {
		return zero
	}
	return v
}

// frames returns d in whole frames, at least one.
func frames(d, zero time.Duration) int64 {
	if d == 0 {
		d = zero
	}
	n := int64(d / media.FrameDuration)
	if d%media.FrameDuration > 0 {
		n++
	}
	return max(1, n)
}

// Step takes in the probability that one more frame is speech, and returns what
// changed by it. NaN is silence.
func (t *Tracker) Step(p float32) Change {
	t.voiced = p >= t.threshold || t.voiced && p >= t.release
	t.now++
	switch t.phase {
	case quiet, candidate:
		return t.listen()
	default:
		return t.follow()
	}
}

// listen waits for speech that is long enough.
func (t *Tracker) listen() Change {
	switch {
	case t.voiced && t.phase == quiet:
		t.phase, t.first, t.heard, t.gap = candidate, t.now-1, 1, 0
	case t.voiced:
		t.heard++
	case t.phase == candidate:
		if t.gap++; t.gap > maxGap {
			t.phase = quiet
		}
		return None
	}
	if t.phase == quiet || t.heard < t.minSpeech {
		return None
	}
	t.phase, t.began, t.silence = speaking, t.first, t.now
	return Began
}

// follow waits for speech to stop.
func (t *Tracker) follow() Change {
	if t.voiced {
		t.silence = t.now
		if t.phase == pausing {
			t.phase = speaking
			return Resumed
		}
		return None
	}
	switch silent := t.now - t.silence; {
	case silent >= t.ended:
		t.phase = quiet
		return Ended
	case silent >= t.pause && t.phase == speaking:
		t.phase = pausing
		return Paused
	}
	return None
}

// Speaking reports whether speech has begun and not ended; a pause is part of it.
func (t *Tracker) Speaking() bool { return t.phase >= speaking }

// Now is how much audio has been taken in.
func (t *Tracker) Now() time.Duration { return offset(t.now) }

// BeganAt is where the present or last speech began: its first frame, not the
// one at which it had lasted long enough.
func (t *Tracker) BeganAt() time.Duration { return offset(t.began) }

// VoicedUntil is where the last frame of the present or last speech ended that
// had voice in it.
func (t *Tracker) VoicedUntil() time.Duration { return offset(t.silence) }

func offset(n int64) time.Duration { return time.Duration(n) * media.FrameDuration }
