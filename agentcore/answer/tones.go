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
// then nobody waited for us in between. One behind little, or nothing, may be
// anybody's: it weighs more once nobody speaks on.
func (j *Judge) beep(t tone.Tone, p part) {
	l := &j.line
	what := fmt.Sprintf("beep of %.0f Hz, %.1f s", t.Hz, p.length().Seconds())
	behind := l.count > 0 && p.began-l.group.ended <= beepWithin
	switch {
	case behind && (l.speech >= beepAfter || j.v.Class.Voicemail()):
		j.ev.put("beep", during(byTone, what, Greeting, beepWeight, p.began, p.ended))
		j.ev.put("waits", Evidence{})
		j.beeped(p.ended)
		j.moment.silent = step{beepSilence, beepSilent}
	case j.ev.has("beep"):
		j.beepsAgain()
	case l.count == 0:
		j.ev.put("beep", during(byTone, what, Greeting, loneBeepWeight, p.began, p.ended))
		j.beeped(p.ended)
		j.moment.silent = step{loneSilence, loneSilent}
	case behind && l.speech >= beepLeast && p.began-l.group.ended <= beepSoon:
		j.ev.put("beep", during(byTone, what, Greeting, beepShort, p.began, p.ended))
		j.ev.put("waits", Evidence{})
		j.beeped(p.ended)
		j.moment.silent = step{beepSilence, beepSilent}
	default:
		j.ev.put("beep", during(byTone, what, Greeting, loneBeepWeight, p.began, p.ended))
		if behind && l.speech >= beepLeast {
			j.beeped(p.ended)
		}
	}
}

// beepsAgain takes back what silence would make of a beep: who beeps again and says
// nothing is a smoke alarm.
func (j *Judge) beepsAgain() {
	if j.line.count == 0 && j.v.Class != Beeped {
		j.moment.beeped, j.moment.silent = false, step{}
	}
}

// records weighs the silence behind a beep, and reports whether it is one: nobody
// waits for an answer in it.
func (j *Judge) records() bool {
	m, l := &j.moment, &j.line
	if !m.beeped || l.speaking || l.count > 0 && l.group.began >= m.beep {
		return false
	}
	if m.silent.weight > 0 && !j.v.Class.Machine() && j.now-m.beep >= m.silent.from && j.heardOut() {
		j.ev.weighs("beep", m.silent.weight)
		m.silent = step{}
	}
	return true
}

// heardOut reports whether it is known what was said before a beep, or is waited
// for no longer: a person's hello is understood after the beep behind it.
func (j *Judge) heardOut() bool {
	l := &j.line
	return l.count == 0 || l.speech >= beepAfter || j.said.at.ended >= l.group.began || j.now-j.moment.beep >= wordsWait
}

// beeped remembers that a voicemail, if it is one, records from at on.
func (j *Judge) beeped(at time.Duration) {
	j.moment.beeped, j.moment.beep = true, at
	j.ev.dirty = true
}

// beepStands makes little of a beep behind which the talking goes on, before it is known
// that it is a voicemail's: nothing records yet.
func (j *Judge) beepStands() {
	l := &j.line
	talk := l.monologue.ended - max(l.monologue.began, j.moment.beep)
	if j.moment.beeped && j.v.Class != Beeped && l.group.began >= j.moment.beep && talk > beepStands {
		j.moment.beeped, j.moment.silent = false, step{}
		j.ev.weighs("beep", loneBeepWeight)
	}
}
