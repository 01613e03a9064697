package answer

import (
	"fmt"
	"time"
)

// part is a stretch of the call.
type part struct{ began, ended time.Duration }

func (p part) length() time.Duration { return p.ended - p.began }

// shared is how long p and o go on at the same time.
func (p part) shared(o part) time.Duration {
	return max(0, min(p.ended, o.ended)-max(p.began, o.began))
}

// line is when the other side spoke, and when we did.
type line struct {
	speaking bool
	group    part          // the present word group, or the last
	before   time.Duration // silence before that group
	groups   [16]part      // the last ones that are over; a ring
	count    int

	monologue part // groups with no more than a breath between them
	inAnswer  bool // it followed on what we said
	waited    bool // it was followed by a wait
	turns     int  // monologues that were
	exchanges int  // those of them that followed on what we said

	speech time.Duration // of all groups, since the start or since somebody picked up
	since  int           // count when they did
	ours   part          // what we said last
	whole  bool          // all of it was said
	under  bool          // it was listened to in silence
	noise  part          // the present sound without speech, or the last
	noises time.Duration // those before it, since somebody spoke
	music  time.Duration // the longest sound without speech, since the start or since somebody picked up
}

// total is how much was said, with what is being said.
func (l *line) total() time.Duration {
	if l.speaking {
		return l.speech + l.group.length()
	}
	return l.speech
}

// renew begins anew with the last group, of who picked up: it is their first turn.
func (l *line) renew() {
	l.since = l.count
	l.speech, l.music = 0, 0
	l.turns, l.exchanges, l.waited = 1, 0, true
}

// quiet is for how long nobody has spoken at now, 0 if somebody does or nobody
// has yet.
func (l *line) quiet(now time.Duration) time.Duration {
	if l.speaking || l.count == 0 {
		return 0
	}
	return max(0, now-l.group.ended)
}

// spokeBefore is a machine that has said what it says on an earlier leg, which
// nobody has timed, until at: its beep may come, or its silence.
func (l *line) spokeBefore(at time.Duration) {
	l.group = part{at, at}
	l.groups[0] = l.group
	l.count, l.since, l.speech = 1, 1, leaveGreeting
}

// cadence takes when somebody spoke and when not.
func (j *Judge) cadence(s Sound) {
	began, ended := clamp(s.Began), clamp(s.Ended)
	ended = max(began, ended)
	switch s.Kind {
	case Speaking:
		j.began(began)
	case Talking:
		j.line.group.ended = ended
		j.talks(ended)
		j.unbroken(part{began, ended})
	case Spoke:
		j.spoke(part{began, ended})
	case Silent:
		j.waits()
	case Noisy:
		j.noise(part{began, ended})
		j.waits()
	}
}

// began: a word group begins.
func (j *Judge) began(at time.Duration) {
	l := &j.line
	l.before = at - l.group.ended
	l.speaking, l.group = true, part{at, at}
	if l.count > 0 && at-l.monologue.ended <= breath && !l.weSpoke(at) {
		return
	}
	l.monologue, l.waited = part{at, at}, false
	l.inAnswer = l.answers(at)
	if l.count == 0 && at <= soonSpan {
		j.ev.put("soon", during(byCadence, fmt.Sprintf("speech %.1f s after the answer", at.Seconds()), Human, soonWeight, 0, at))
	}
}

// weSpoke reports whether we said something whole between the monologue and at.
func (l *line) weSpoke(at time.Duration) bool {
	return l.whole && l.ours.ended > l.monologue.ended && l.ours.ended <= at
}

// answers reports whether what begins at that moment follows on what we said: all
// of it, or enough of it that was listened to in silence.
func (l *line) answers(at time.Duration) bool {
	return (l.whole || l.under) && l.ours.ended > 0 && at >= l.ours.ended-time.Second && at-l.ours.ended <= answerWithin
}

// spoke: a word group is over. One of no length was a tone.
func (j *Judge) spoke(p part) {
	l := &j.line
	l.speaking = false
	if p.length() < leastWord {
		l.group = l.last()
		return
	}
	l.group = p
	l.groups[l.count%len(l.groups)] = p
	l.count++
	l.noise, l.noises = part{}, 0
	l.speech += p.length()
	j.talks(p.ended)
	if l.count == 1 {
		j.first(p)
	}
}

// last is the last group that is over.
func (l *line) last() part {
	if l.count == 0 {
		return part{}
	}
	return l.groups[(l.count-1)%len(l.groups)]
}

// first weighs the length of the first word group.
func (j *Judge) first(p part) {
	w := 0.0
	switch {
	case p.length() <= shortSpan:
		w = shortWeight
	case p.length() <= middleSpan:
		w = middleWeight
	}
	j.ev.put("first", during(byCadence, fmt.Sprintf("a first word group of %.1f s", p.length().Seconds()), Human, w, p.began, p.ended))
}

// talks weighs how long the monologue is.
func (j *Judge) talks(until time.Duration) {
	m := &j.line.monologue
	m.ended = max(m.ended, until)
	w := talkingOn.of(m.length())
	if j.line.inAnswer {
		w *= inAnswerShare
	}
	if w > j.ev.weight("talks") && !j.ev.has("unbroken") {
		j.ev.put("talks", during(byCadence, fmt.Sprintf("talks on for %.0f s", m.length().Seconds()), Greeting, w, m.began, m.ended))
	}
	j.over(j.line.ours)
}

// unbroken weighs sound without any gap. It is no talk then.
func (j *Judge) unbroken(p part) {
	if w := unbroken.of(p.length()); w > j.ev.weight("unbroken") {
		j.ev.put("talks", Evidence{})
		j.ev.put("unbroken", during(byCadence, fmt.Sprintf("%.0f s without a gap, like music", p.length().Seconds()), Hold, w, p.began, p.ended))
	}
}

// noise weighs sound without speech, all of it since somebody spoke: music is soft
// at times.
func (j *Judge) noise(p part) {
	l := &j.line
	if p.began != l.noise.began {
		l.noises += l.noise.length()
	}
	l.noise = p
	all := l.noises + p.length()
	if w := music.of(all); w > j.ev.weight("music") {
		j.ev.put("music", during(byCadence, fmt.Sprintf("%.0f s of sound without speech", all.Seconds()), Hold, w, p.ended-all, p.ended))
	}
	l.music = max(l.music, all)
	j.queue()
}

// queue weighs an announcement of a queue and its music, whichever came first.
// Nobody waits for us in that music.
func (j *Judge) queue() {
	l := &j.line
	if l.music < queueMusic || l.speech < queueTalk || !j.ev.said(Hold) || j.ev.has("queue") {
		return
	}
	j.ev.put("queue", during(byCadence, "an announcement, and music", Hold, queueWeight, 0, j.now))
	j.ev.put("waits", Evidence{})
}

// waits weighs the silence behind what was said. A machine's says nothing: it
// waits for its beep, or records.
func (j *Judge) waits() {
	l := &j.line
	quiet := l.quiet(j.now)
	if j.records() || quiet < shortSilence || l.monologue.length() < leastWord || j.v.Class.Machine() {
		return
	}
	if !l.waited {
		l.waited = true
		l.turns++
		if l.inAnswer {
			l.exchanges++
			j.ev.put("answered", during(byCadence, "answered the agent, and waited", Human, answered, l.monologue.began, j.now))
		}
	}
	if j.moment.finished || j.ev.has("queue") || !j.understood(quiet) {
		return
	}
	w := waiting.of(quiet)
	if l.monologue.length() > longWait {
		w *= longWaitShare
	}
	if l.turns == 1 && w > j.ev.weight("waits") {
		j.ev.put("waits", during(byCadence, fmt.Sprintf("waits for %.1f s", quiet.Seconds()), Human, w, l.group.ended, j.now))
	}
}

// understood reports whether it is known what was said before a silence: a
// recording that is over is silent, too. Whoever says little is not waited for.
func (j *Judge) understood(quiet time.Duration) bool {
	m := &j.line.monologue
	switch known := j.said.at.ended >= j.line.group.began; {
	case m.length() <= shortSpan:
		return true
	case known && m.length() > middleSpan:
		return !j.said.vetoed
	default:
		return known || quiet >= wordsWait
	}
}

// spoken takes when the agent spoke.
func (j *Judge) spoken(began, ended time.Duration, whole bool) {
	l := &j.line
	l.ours, l.whole = part{began, max(began, ended)}, whole
	var theirs time.Duration
	for _, g := range l.groups[:min(l.count, len(l.groups))] {
		theirs += g.shared(l.ours)
	}
	l.under = l.ours.length() >= underUs && theirs == 0
	if l.under && l.count > 0 && !j.v.Class.Machine() {
		j.ev.put("under", during(byCadence, "listened to the agent", Human, underUsWeight, began, l.ours.ended))
	}
	if !l.waited && l.monologue.ended > 0 {
		l.inAnswer = l.inAnswer || l.answers(l.monologue.began)
	}
	j.over(l.ours)
}

// over weighs how long somebody talked on while the agent talked.
func (j *Judge) over(ours part) {
	theirs := j.line.monologue.shared(ours)
	if w := overUs.of(theirs); w > j.ev.weight("over") {
		j.ev.put("over", during(byCadence, fmt.Sprintf("talked over the agent for %.1f s", theirs.Seconds()), Greeting, w, ours.began, ours.ended))
	}
}
