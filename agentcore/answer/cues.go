package answer

import "time"

// moment is what cues depend on.
type moment struct {
	beeped   bool
	beep     time.Duration // when the beep was over
	silent   step          // what it weighs once it was silent behind it. None: what it does
	finished bool          // the carrier says that the greeting is over
	rings    int
	left     bool          // Leave was given
	replies  int           // how often Reply was
	replied  time.Duration // the end of what it was given behind, the last time
}

// pickUp finds out whether a person has come to a machine: somebody says little,
// behind a silence or behind the machine's last words, and waits.
func (j *Judge) pickUp() {
	l := &j.line
	quiet := l.quiet(j.now)
	switch {
	case !j.v.Class.Machine() || quiet < shortSilence || l.count == l.since:
		return
	case j.moment.beeped && l.group.began < j.moment.beep:
		return // that was the greeting
	case l.group.ended <= j.machineAt && !j.said.amid:
		return // that was before it was known for a machine
	}
	odds := pickUpWait.of(quiet)
	if l.group.length() <= pickUpShort && l.before >= pickUpGap {
		odds += pickUpApart
	}
	if j.moment.beeped || j.moment.left {
		odds += pickUpRecording
	}
	switch understood := j.said.at.ended >= l.group.began; {
	case understood && j.said.vetoed, !understood && quiet < pickUpWords:
		return
	case understood:
		odds += j.said.pickUp
		if j.moment.replies > 0 || j.v.Class == Hold {
			odds += pickUpTold
		}
	}
	if odds < pickUpFrom {
		return
	}
	j.ev.spend()
	j.ev.put("picked up", during(byCadence, "somebody picked up", Human, pickUpWeight, l.group.began, j.now))
	j.moment.beeped, j.moment.finished, j.moment.silent, j.said.strong = false, false, step{}, false
	l.renew()
}

// cue says which moment has come, and where it was. At most one has.
func (j *Judge) cue() (Cue, time.Duration) {
	switch {
	case j.leaves():
		return j.leaveAt(j.greetingEnd())
	case j.replies():
		j.moment.replies++
		j.moment.replied = j.line.group.ended
		return Reply, j.line.group.ended
	case j.taken() || j.now >= LongestListen:
		return Done, j.now
	}
	return NoCue, 0
}

// mayLeave reports whether it is a voicemail that has not been spoken to.
func (j *Judge) mayLeave() bool {
	return (j.v.Class == Greeting || j.v.Class == Beeped) && !j.moment.left
}

// leaves reports whether the voicemail records by now.
func (j *Judge) leaves() bool {
	if !j.mayLeave() {
		return false
	}
	quiet := j.line.quiet(j.now)
	switch {
	case j.v.Class == Beeped || j.moment.finished:
		return true
	case j.line.speech >= leaveGreeting:
		return quiet >= leaveSilence
	default:
		return quiet >= leaveLate
	}
}

// greetingEnd is when the beep, or else the greeting, was over.
func (j *Judge) greetingEnd() time.Duration {
	switch {
	case j.moment.beeped:
		return j.moment.beep
	case j.moment.finished:
		return j.now
	}
	return j.line.group.ended
}

func (j *Judge) leaveAt(at time.Duration) (Cue, time.Duration) {
	j.moment.left = true
	return Leave, at
}

// replies reports whether a screener or a menu waits for us: it has fallen silent,
// and when it was told before, it has asked again.
func (j *Judge) replies() bool {
	m, l := &j.moment, &j.line
	if j.v.Class != Screener && j.v.Class != IVR || m.replies == mostReplies || l.quiet(j.now) < replyAfter {
		return false
	}
	if m.replies == 0 {
		return true
	}
	return l.group.ended > m.replied && j.said.asks >= askWeight && j.said.at.began >= m.replied
}

// taken reports whether a person has taken a turn: who is surely one has answered
// something that we said, and it was not the first that they said, or was what
// only people say.
func (j *Judge) taken() bool {
	turns := j.line.turns
	if j.said.strong {
		turns++
	}
	return j.v.Class == Human && j.line.exchanges > 0 && turns > 1 && j.ev.odds() <= -personSolid
}
