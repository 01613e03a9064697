package answer

import (
	"fmt"
	"time"

	"github.com/hookswitch/hookswitch/media/tone"
)

// tone weighs a tone.
func (j *Judge) tone(s Sound) {
	began, ended := clamp(s.Began), clamp(s.Ended)
	put := func(name, what string, c Class, w float64) {
		j.ev.put(name, during(byTone, what, c, w, began, ended))
	}
	switch s.Tone.Kind {
	case tone.Beep:
		j.beep(s.Tone, part{began, ended})
	case tone.SIT:
		put("sit", "special information tones", Unavailable, sitWeight)
	case tone.Ringback:
		j.moment.rings = min(j.moment.rings+1, secondRingback)
		put("ringback", "rings elsewhere", Hold, ringbackWeight*float64(j.moment.rings))
	case tone.Busy:
		put("busy", "a busy tone", Unavailable, busyWeight)
	case tone.Dial:
		put("busy", "a dial tone", Unavailable, busyWeight)
	case tone.FaxCalling:
		put("fax", "a fax that calls", Fax, faxCalling)
	case tone.FaxAnswer:
		put("fax", "a fax that answers", Fax, faxAnswer)
	}
}

// beep weighs a single tone. It is a voicemail's when a greeting was before it;
// then nobody waited for us in between.
func (j *Judge) beep(t tone.Tone, p part) {
	l := &j.line
	what := fmt.Sprintf("beep of %.0f Hz, %.1f s", t.Hz, p.length().Seconds())
	behind := l.count > 0 && p.began-l.group.ended <= beepWithin
	switch {
	case behind && (l.speech >= beepAfter || j.v.Class.Voicemail()):
		j.ev.put("beep", during(byTone, what, Greeting, beepWeight, p.began, p.ended))
		j.ev.put("waits", Evidence{})
		j.beeped(p.ended)
	case !j.ev.has("beep"):
		j.ev.put("beep", during(byTone, what, Greeting, loneBeepWeight, p.began, p.ended))
		if behind && l.speech >= beepLeast {
			j.beeped(p.ended)
		}
	}
}

// beeped remembers that a voicemail, if it is one, records from at on.
func (j *Judge) beeped(at time.Duration) {
	j.moment.beeped, j.moment.beep = true, at
	j.ev.dirty = true
}

// beepStands forgets a beep behind which the talking goes on, before it is known
// that it is a voicemail's: nothing records yet.
func (j *Judge) beepStands() {
	l := &j.line
	if j.moment.beeped && j.v.Class != Beeped && l.speaking && l.group.began >= j.moment.beep && l.group.length() > beepStands {
		j.moment.beeped = false
		j.ev.dirty = true
	}
}
