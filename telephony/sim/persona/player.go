package persona

import (
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// Player plays a script in one call. It implements [handset.Handset].
type Player struct {
	script *Script
	ear    ear
	keyEar handset.KeyEar
	tree   tree // where it is in its menus, if it has any

	line      int           // the line to come, or in progress
	since     time.Duration // when the line before was over: its moment is looked for from here on
	answered  bool          // the agent has spoken since
	answer    time.Duration // when the agent's current answer began
	inAnswer  bool
	speaking  []media.Frame // what is left of the line in progress
	keys      string        // what is left of the keys in progress
	nextKey   time.Duration
	pausedFor time.Duration // end of the pause in progress; zero if none

	mu   sync.Mutex
	note Evidence
}

// Player returns a handset for one call.
func (s *Script) Player() *Player { return &Player{script: s} }

// Evidence returns what was noted so far. Any goroutine may ask, at any time.
func (p *Player) Evidence() Evidence {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.note.clone()
	if p.ear.speaking {
		e.Agent = append(e.Agent, Span{p.ear.begin, p.ear.last})
	}
	return e
}

// Done reports whether every line was played; with menus, whether it has hung
// up.
func (p *Player) Done() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.script.Persona.Menus) > 0 {
		return p.note.HungUp
	}
	return p.line >= len(p.script.Persona.Lines) && len(p.speaking) == 0
}

// Tick implements [handset.Handset].
func (p *Player) Tick(now time.Duration, hear, say *media.Frame) handset.Touch {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.note.Heard = now + media.FrameDuration
	act := p.act
	if len(p.script.Persona.Menus) > 0 {
		act = p.offer
	}
	touch := act(now, say) // what was heard before now decides
	p.listen(now, hear)
	p.hearKey(now, hear)
	if !touch.Hangup && now >= p.script.Persona.Max {
		p.note.GaveUp, touch.Hangup = true, true
	}
	p.note.HungUp = p.note.HungUp || touch.Hangup
	return touch
}

// act goes on with the line in progress, or begins one whose moment has come.
func (p *Player) act(now time.Duration, say *media.Frame) handset.Touch {
	switch {
	case len(p.speaking) > 0:
		p.speak(now, say)
		return handset.Touch{}
	case p.keys != "":
		return p.press(now)
	case p.pausedFor > 0:
		if now >= p.pausedFor {
			p.pausedFor = 0
			p.over(now)
			return p.act(now, say)
		}
		return handset.Touch{}
	case p.line >= len(p.script.Persona.Lines):
		return handset.Touch{} // stays on the line until Max or the agent hangs up
	case !p.come(now):
		if now-p.since < p.script.Persona.GiveUp {
			return handset.Touch{}
		}
		p.note.GaveUp = true
		return handset.Touch{Hangup: true}
	}
	return p.begin(now, say)
}

// come reports whether the moment of the line to come is now.
func (p *Player) come(now time.Duration) bool {
	l := &p.script.Persona.Lines[p.line]
	when := l.When
	if l.Pause > 0 && when == (When{}) {
		return true
	}
	switch when.Kind {
	case At:
		return now >= when.For
	case Then:
		return now >= p.since+when.For
	case IntoAgent:
		return p.inAnswer && now >= p.answer+when.For
	}
	quiet := when.For
	if quiet == 0 {
		quiet = p.script.Persona.Quiet
	}
	return p.answered && p.ear.quiet() >= quiet
}

// begin begins the line to come.
func (p *Player) begin(now time.Duration, say *media.Frame) handset.Touch {
	l, audio := &p.script.Persona.Lines[p.line], p.script.audio[p.line]
	switch {
	case l.Hangup:
		p.line++
		return handset.Touch{Hangup: true}
	case l.Pause > 0:
		p.pausedFor = now + l.Pause
		return handset.Touch{}
	case l.Press != "":
		p.keys, p.nextKey = l.Press, now
		p.turn(l, Span{now, now + time.Duration(len(l.Press)-1)*keyEvery})
		return p.press(now)
	}
	begin, end, _ := handset.VoicedSpan(audio)
	p.speaking = audio
	p.turn(l, Span{now + begin, now + end})
	p.speak(now, say)
	return handset.Touch{}
}

// turn notes the line that begins.
func (p *Player) turn(l *Line, s Span) {
	t := Turn{Line: p.line, Text: l.text(), Keys: l.Press != "", Expect: l.Expect, Begin: s.Begin, End: s.End}
	if p.ear.speaking {
		t.TalkedOver, t.AgentBegan = true, p.ear.begin
	}
	p.note.Turns = append(p.note.Turns, t)
}

// text is what a line is called in the evidence.
func (l *Line) text() string {
	switch {
	case len(l.Tone) > 0:
		return "(tone)"
	case l.Music > 0:
		return "(music)"
	case l.Comfort > 0:
		return "(comfort noise)"
	}
	return l.Say + l.WAV + l.Press
}

// hearKey takes 20 ms, and notes a key in them.
func (p *Player) hearKey(now time.Duration, hear *media.Frame) {
	key := p.keyEar.Hear(hear)
	if key == 0 || len(p.note.Keys) >= maxKeys {
		return
	}
	p.note.Keys = append(p.note.Keys, Key{key, now + media.FrameDuration})
	p.tree.key = key
}

// maxKeys is how many keys are noted in one call.
const maxKeys = 1000

// speak says 20 ms of the line in progress.
func (p *Player) speak(now time.Duration, say *media.Frame) {
	*say, p.speaking = p.speaking[0], p.speaking[1:]
	if len(p.speaking) == 0 {
		p.over(now + media.FrameDuration)
	}
}

// press presses the next key if it is time.
func (p *Player) press(now time.Duration) handset.Touch {
	if now < p.nextKey {
		return handset.Touch{}
	}
	key := p.keys[0]
	p.keys, p.nextKey = p.keys[1:], p.nextKey+keyEvery
	if p.keys == "" {
		p.over(now)
	}
	return handset.Touch{Digit: key}
}

// over ends the line in progress: from here on the agent's answer counts.
func (p *Player) over(now time.Duration) {
	l := &p.script.Persona.Lines[p.line]
	p.line++
	if p.line == len(p.script.Persona.Lines) && p.script.Persona.Loop {
		p.line = 0
	}
	p.since = now
	if l.Pause == 0 {
		p.answered, p.inAnswer = false, false
	}
}

// listen takes what the agent said, and notes it.
func (p *Player) listen(now time.Duration, hear *media.Frame) {
	began, stopped := p.ear.listen(now, hear)
	if p.ear.speaking && p.ear.last > now && !p.inAnswer && len(p.speaking) == 0 && p.anew(now) {
		p.inAnswer, p.answered, p.answer = true, true, max(p.ear.begin, p.since)
	}
	if p.inAnswer && p.ear.quiet() >= p.script.Persona.Quiet {
		p.inAnswer = false
	}
	if stopped {
		p.note.Agent = append(p.note.Agent, Span{p.ear.begin, p.ear.last})
	}
	if len(p.note.Turns) == 0 {
		return
	}
	t := &p.note.Turns[len(p.note.Turns)-1]
	switch {
	case stopped && t.TalkedOver && !t.Stopped:
		t.Stopped, t.AgentStopped = true, p.ear.last
	case began && !t.Replied && p.ear.begin >= t.Begin:
		t.Replied, t.Reply = true, p.ear.begin
	}
}

// stubborn is how long the agent must go on after a line that talked over it
// until what it says counts as an answer.
const stubborn = 1500 * time.Millisecond

// anew reports whether what the agent says now is not just the rest of what the
// last line talked over.
func (p *Player) anew(now time.Duration) bool {
	n := len(p.note.Turns)
	return n == 0 || p.ear.begin >= p.note.Turns[n-1].Begin || now-p.since >= stubborn
}
