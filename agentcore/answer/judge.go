package answer

import (
	"math"
	"time"
)

// JudgeConfig is what a Judge is made of.
type JudgeConfig struct {
	Language string   // BCP 47, whose phrases are looked for. Empty, or one without a list: English
	Past     *Verdict // on record from an earlier leg: not asked for again. nil: none
}

// Judge decides who answered. It is a pure fold: the same facts give the same
// verdicts. Not for several goroutines.
//
// All evidence is weighed as log odds of a machine against a person ([Table]).
// Only when they pass a threshold is somebody taken for a machine, and then the
// machine with most evidence; before that it is unknown, or a person. When
// somebody picks up, what was heard before is spent, and the judging begins anew.
type Judge struct {
	phrases *lexicon
	v       Verdict
	ev      evidence

	now    time.Duration
	line   line   // when they spoke
	said   said   // what they said
	moment moment // cues that were given
	word   string // of the carrier, the last one
	done   bool

	machineAt time.Duration // when it was taken for a machine, and for no person

	amid     bool // a greeting, and the carrier calls it a machine's
	recalled bool // from a record, and nothing was heard since
}

// NewJudge returns a Judge that knows nothing, or what is on record.
func NewJudge(cfg JudgeConfig) *Judge {
	j := &Judge{phrases: phrasesOf(cfg.Language), v: Verdict{Class: Unknown}}
	if cfg.Past != nil {
		j.recall(*cfg.Past)
	}
	return j
}

// recall takes the verdict on record: its class stands, its evidence is kept and
// counts as one thing.
func (j *Judge) recall(past Verdict) {
	for _, ev := range past.Evidence[:min(len(past.Evidence), MostEvidence)] {
		j.ev.items = append(j.ev.items, item{Evidence: ev, spent: true})
		if ev.Kind == byCarrier {
			j.word = ev.What
		}
	}
	j.v = past
	j.v.Evidence = j.ev.list()
	j.now = clamp(time.Duration(past.AtMS) * time.Millisecond)
	switch {
	case past.Class == Human:
		j.ev.put("past", during(byCadence, "a person, on record", Human, personFrom-prior, j.now, j.now))
	case !past.Class.Machine(): // unknown, or to this build
		j.v.Class, j.v.Confidence = Unknown, 0
	default:
		j.ev.put("past", during(byCadence, "a machine, on record", past.Class, hangUpFrom-prior, j.now, j.now))
		j.moment.beeped = past.Class == Beeped
		j.line.spokeBefore(j.now)
		j.recalled = true
	}
	j.ev.dirty = false
}

// Heard takes what an [Ear] heard.
func (j *Judge) Heard(s Sound) Finding {
	if j.recalled { // nobody listened in between
		j.line.spokeBefore(clamp(s.Began))
		j.recalled = false
	}
	return j.fold(s.Now, func() {
		switch s.Kind {
		case Toned:
			j.tone(s)
		default:
			j.cadence(s)
		}
	})
}

// Understood takes what the recogniser understood, at now.
func (j *Judge) Understood(w Words, now time.Duration) Finding {
	return j.fold(now, func() {
		j.words(w)
		j.waits()
	})
}

// Model takes a model's word that it talks to a voicemail. It is listened to
// even after [Done]: then the moment to leave a message has come at once, for
// nobody has heard whether it records. Whoever listens on hears a person who says
// that they are none, until [LongestListen].
func (j *Judge) Model(now time.Duration) Finding {
	over := max(j.now, clamp(now)) >= LongestListen
	late := j.done || over
	j.done = false
	f := j.fold(now, j.model)
	if late && f.Cue == Done { // it is no news
		f.Cue, f.At = NoCue, 0
	}
	if late && f.Cue == NoCue && j.mayLeave() {
		f.Cue, f.At = j.leaveAt(j.now)
	}
	j.done = over
	return f
}

// Spoken takes that the agent spoke from began to ended: all of what it had to
// say if whole.
func (j *Judge) Spoken(began, ended time.Duration, whole bool) Finding {
	return j.fold(ended, func() { j.spoken(clamp(began), clamp(ended), whole) })
}

// Verdict is who is taken to have answered, so far.
func (j *Judge) Verdict() Verdict { return j.v }

// fold takes in one fact and says what follows from it.
func (j *Judge) fold(now time.Duration, take func()) Finding {
	if j.done {
		return Finding{Verdict: j.v}
	}
	j.now = max(j.now, clamp(now))
	before := j.v.Class
	take()
	j.beepStands()
	j.pickUp()
	if amid := j.carrierAmid(); amid != j.amid {
		j.amid, j.ev.dirty = amid, true
	}
	if j.ev.dirty {
		j.weigh()
	}
	f := Finding{Verdict: j.v, Changed: j.v.Class != before, Suspect: j.suspects()}
	f.Cue, f.At = j.cue()
	if f.Cue == Done {
		j.done = true
	}
	return f
}

// suspects reports whether it may well be a machine, though nothing is clear: who
// is to leave a message then has it made before the beep. One that begins with a
// short word is first taken for a person, so it is suspected until it has waited.
func (j *Judge) suspects() bool {
	l := &j.line
	if j.v.Class.Machine() || j.v.Class == Human && l.turns > 0 {
		return false
	}
	talk := suspectTalk
	if l.inAnswer {
		talk = suspectAnswer
	}
	return l.monologue.length() >= talk || j.ev.odds() >= suspectFrom
}

// mostTime bounds times, which come from outside: a call is shorter.
const mostTime = 24 * time.Hour

func clamp(d time.Duration) time.Duration { return max(0, min(d, mostTime)) }

// weigh makes the verdict anew.
func (j *Judge) weigh() {
	j.ev.dirty = false
	class, confidence := j.class()
	if class != j.v.Class {
		j.v.AtMS = j.now.Milliseconds()
	}
	if class.Machine() && !j.v.Class.Machine() {
		j.machineAt = j.now
	}
	j.v.Class = class
	j.v.Confidence = math.Round(confidence*1000) / 1000
	j.v.Evidence = j.ev.list()
}

// class is who it is by the evidence that there is. A machine stays one until the
// odds are against it, a person one until they are for a machine.
func (j *Judge) class() (Class, float64) {
	odds := j.ev.odds()
	if j.amid {
		odds -= carrierMachine
	}
	machine, share := j.ev.machine()
	if machine == Greeting && (j.moment.beeped || j.v.Class == Beeped) {
		machine = Beeped
	}
	enough := machineFrom
	if machine == Unavailable || machine == MailboxFull || machine == Fax {
		enough = hangUpFrom
	}
	sure := j.v.Class.Machine() || likely(odds)*share >= sureFrom || odds >= certainFrom
	switch {
	case machine.Machine() && odds >= enough && sure:
		return machine, likely(odds) * share
	case odds <= -personFrom:
		return Human, likely(-odds)
	case j.v.Class.Machine() && odds >= 0:
		if j.v.Class == Greeting && machine == Beeped {
			return Beeped, likely(odds) * share
		}
		return j.v.Class, likely(odds) * share
	case j.v.Class == Human && odds < 0:
		return Human, likely(-odds)
	}
	return Unknown, 0
}

// carrierAmid reports whether the carrier calls a machine who is amid a greeting,
// or has just finished one, or has said nothing that only machines say: businesses
// greet that long.
func (j *Judge) carrierAmid() bool {
	l := &j.line
	over := l.quiet(j.now) >= breath && j.understood(l.quiet(j.now))
	return !(over && j.ev.clear()) && !j.moment.beeped && l.monologue.length() < carrierAmid && j.word == carrierWords["machine_start"].what && j.ev.has("carrier")
}

// model takes the model's word, and spends what spoke for a person.
func (j *Judge) model() {
	if !j.v.Class.Machine() {
		j.ev.spend()
	}
	j.ev.put("model", during(byModel, "the model says: a voicemail", Greeting, modelWeight, j.now, j.now))
}
