package answer

import (
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/media/tone"
	"github.com/hookswitch/hookswitch/media/vad"
)

// Sound is something worth knowing that an [Ear] heard.
type Sound struct {
	Kind         SoundKind
	Tone         tone.Tone // of Toned; its times, too, count from answer
	Began, Ended time.Duration
	Now          time.Duration // when it was known
}

// Ear hears one leg. One goroutine uses it; it allocates nothing.
type Ear struct {
	from  time.Duration // where its first frame begins, since answer
	heard int64         // frames
	tones tone.Detector

	fresh    vad.Tracker // one that has heard nothing
	tracker  vad.Tracker
	base     time.Duration // where the tracker began to count, since answer
	deafTill time.Duration // until then whatever there is is a tone
	steady   steadiness
	talking  int64 // whole seconds of the group that were told

	calm  calm
	queue [most]Sound // a ring
	next  int
	wait  int
}

// most is how many sounds wait to be told. No frame brings more than three, and
// no two frames one after the other do.
const most = 8

// NewEar returns an Ear for a leg whose first frame begins at from, since answer.
func NewEar(from time.Duration) *Ear {
	from = max(0, from)
	e := &Ear{from: from, base: from, fresh: *vad.NewTracker(vad.TrackerConfig{
		MinSpeech:    leastWord,
		PauseWait:    groupPause,
		EndpointWait: groupPause,
	})}
	e.tracker = e.fresh
	e.calm.restart(from)
	return e
}

// Hear takes the next frame and the probability that it holds speech, 0 when
// nobody judges that. It reports false when there is nothing new. What else
// happened in the same frame is told with the next.
func (e *Ear) Hear(f *media.Frame, speech float32) (Sound, bool) {
	e.heard++
	now := e.now()
	if t, ok := e.tones.Step(f); ok {
		e.toned(t, now)
	}
	level := vad.LevelOf(e.tones.Sums())
	if e.steady.add(level) || e.tones.Sounding() || now <= e.deafTill {
		speech = 0 // a tone is not speech, whatever the detector takes it for
	}
	e.listen(speech, now)
	if !e.tracker.Speaking() {
		if kind, ok := e.calm.add(level, now); ok {
			e.push(Sound{Kind: kind, Began: e.calm.began, Ended: now, Now: now})
		}
	}
	return e.pop()
}

func (e *Ear) now() time.Duration {
	return e.from + time.Duration(e.heard)*media.FrameDuration
}

// listen follows who speaks.
func (e *Ear) listen(speech float32, now time.Duration) {
	change := e.tracker.Step(speech)
	began, until := e.base+e.tracker.BeganAt(), e.base+e.tracker.VoicedUntil()
	switch change {
	case vad.Began:
		e.talking = 0
		e.push(Sound{Kind: Speaking, Began: began, Ended: now, Now: now})
	case vad.Ended:
		e.push(Sound{Kind: Spoke, Began: began, Ended: until, Now: now})
		e.calm.restart(until)
	default:
		if !e.tracker.Speaking() {
			return
		}
		if s := int64((until - began) / time.Second); s > e.talking {
			e.talking = s
			e.push(Sound{Kind: Talking, Began: began, Ended: until, Now: now})
		}
	}
}

// toned takes a tone. What was taken for speech since it began was none; a word
// group that it followed on is over.
func (e *Ear) toned(t tone.Tone, now time.Duration) {
	t.Began += e.from
	if t.Ended > 0 {
		t.Ended += e.from
	} else {
		e.deafTill = now + toneHold
	}
	ended := t.Ended
	if ended == 0 {
		ended = now
	}
	if t.Kind != tone.Key {
		e.cut(part{t.Began, ended}, now)
		if ended >= e.calm.began {
			e.calm.restart(ended)
		}
	}
	e.push(Sound{Kind: Toned, Tone: t, Began: t.Began, Ended: ended, Now: now})
}

// cut ends the word group that goes on, where the tone began. One that began
// behind it is left alone: some tones are told late.
func (e *Ear) cut(t part, now time.Duration) {
	speaking := e.tracker.Speaking()
	began, until := e.base+e.tracker.BeganAt(), e.base+e.tracker.VoicedUntil()
	if speaking && began >= t.ended-media.FrameDuration {
		return
	}
	e.tracker, e.base = e.fresh, now-media.FrameDuration // it has not taken this frame yet
	if speaking {
		e.push(Sound{Kind: Spoke, Began: began, Ended: max(began, min(until, t.began)), Now: now})
	}
}

func (e *Ear) push(s Sound) {
	if e.wait == most {
		return
	}
	e.queue[(e.next+e.wait)%most] = s
	e.wait++
}

func (e *Ear) pop() (Sound, bool) {
	if e.wait == 0 {
		return Sound{}, false
	}
	s := e.queue[e.next]
	e.next = (e.next + 1) % most
	e.wait--
	return s, true
}
