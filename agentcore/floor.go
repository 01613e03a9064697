package agentcore

import (
	"errors"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/turn"
	"github.com/hookswitch/hookswitch/media"
)

// errTalkedOver is the cause of an utterance that was cut.
var errTalkedOver = errors.New("agentcore: the reply was talked over")

// start makes and plays a reply.
func (t *talk) start(a turn.Action) {
	c := t.c
	u := newUtterance(t.ctx, a.Reply, a.Why)
	if !t.machine.Aside() {
		t.unprepare() // a person goes first: it would take the voice's time
	}
	switch a.Why {
	case turn.Answer:
		t.writeNews()
		u.asked = t.asked
		c.pen.look(func(s *State) { u.turn, u.first = s.Turn, s.Waiting })
	case turn.Tidings:
		t.writeNews()
		c.pen.look(func(s *State) { u.turn = s.Turn })
	case turn.Connect:
		t.late.Stop()
	case turn.Message:
		t.beginMessage(u)
	case turn.Resume:
		u.preface, t.preface = t.preface, ""
		c.pen.look(func(s *State) { u.rest = s.Rest })
	}
	u.undoes, t.cutFor = t.cutFor && (u.why == turn.Resume || u.why == turn.Answer || u.why == turn.Tidings), false
	t.current = u
	c.ledger.open(u.reply)
	t.makers.Go(func() { c.reply(u) })
	select {
	case c.speak <- u:
	case <-t.ctx.Done():
	}
}

// audible is the first sound of a reply on the line.
func (t *talk) audible(ev event) {
	if u := t.current; u != nil && u.reply == ev.reply {
		if t.voice {
			t.c.cfg.Observer.CutIn()
		}
		if u.undoes {
			t.c.cfg.Observer.TalkOverUndone()
		}
	}
	t.step(turn.Event{Kind: turn.ReplyAudio, Reply: ev.reply})
}

// played is a mark that came back: so much was heard for sure.
func (t *talk) played(ev event) {
	u := t.current
	if u == nil || ev.reply != u.reply {
		return
	}
	if ev.phrase == startMark {
		// It closes the first frame, whose first sample was played that much earlier.
		u.begunPlaying(ev.at.Add(-media.FrameDuration))
		return
	}
	t.heard(u, ev.phrase, "mark")
}

func (t *talk) heard(u *utterance, phrase int, how string) {
	text, news := t.c.ledger.mark(u.reply, phrase)
	if !news {
		return
	}
	t.c.pen.note(Heard{Reply: u.reply, Phrase: phrase, Text: text, How: how})
	u.wasHeard(phrase)
	u.marked++
	t.checkWhole(u)
}

// sent is the end of a reply's audio: its marks must come back before long.
func (t *talk) sent(ev event) {
	u := t.current
	if u == nil || ev.reply != u.reply {
		return
	}
	u.phrases = ev.phrase
	t.marks.Reset(t.c.ledger.left() + markWait)
	t.checkWhole(u)
}

func (t *talk) checkWhole(u *utterance) {
	if u.phrases >= 0 && u.marked >= u.phrases {
		t.step(turn.Event{Kind: turn.ReplyHeard, Reply: u.reply})
	}
}

// unmarked is a carrier that forgot a mark: our own clock must do. While the
// line stalls, that stands still as well, and nothing was forgotten.
func (t *talk) unmarked() {
	u := t.current
	if u == nil {
		return
	}
	if left := t.c.ledger.left(); left > 0 {
		t.marks.Reset(left + markWait)
		return
	}
	for phrase := range u.phrases {
		if t.current != u {
			return
		}
		t.heard(u, phrase, "clock")
	}
}

// settleCut settles the live reply, if there is one, as cut.
func (t *talk) settleCut() { t.settle(errTalkedOver) }

// settle lets go of the live reply and writes down what became of it.
func (t *talk) settle(cause error) {
	u := t.current
	if u == nil {
		return
	}
	t.current = nil
	t.marks.Stop()
	cut := t.c.ledger.cut(u.reply)
	u.cancel(cause)
	if len(cut.phrases) == 0 {
		return
	}
	marked := !u.playedAt().IsZero()
	u.begunPlayingIfKnown(cut.first)
	said := t.account(u, cut)
	said.Guessed = said.Parts != nil && !marked
	said.Cut = !errors.Is(cause, errOver) || u.hushed && said.Unheard != ""
	t.c.pen.note(said)
	t.c.noteUsed()
	t.spoke(u, cut, said)
	if p := said.Parts; p != nil && marked {
		ms := func(n int64) time.Duration { return time.Duration(n) * time.Millisecond }
		t.c.cfg.Observer.TurnTook(ms(p.Endpoint), ms(p.Recognise), ms(p.Tool), ms(p.Model), ms(p.Voice), ms(p.Line))
	}
}

// account writes down what was heard of each phrase, and sums it up.
func (t *talk) account(u *utterance, cut cutting) AgentSaid {
	pen := t.c.pen
	said := AgentSaid{Reply: u.reply, Why: string(u.why)}
	if u.why == turn.Answer {
		said.Turn = u.turn
	}
	var heard, unheard []string
	for i, p := range cut.phrases {
		if !p.settled && p.heard != "" {
			pen.note(Heard{Reply: u.reply, Phrase: i, Text: p.heard, How: "clock", Cut: p.heard != p.text})
		}
		heard = appendWords(heard, p.heard)
		unheard = appendWords(unheard, p.text[len(p.heard):])
	}
	said.Text, said.Unheard = strings.Join(heard, " "), strings.Join(unheard, " ")
	u.count.heard = words(said.Text)
	u.count.all = u.count.heard + words(said.Unheard)
	if !cut.first.IsZero() {
		said.StartMS, said.EndMS = pen.at(u.playedAt()), pen.at(cut.last)
		if said.Parts = u.parts(pen.at); said.Parts != nil {
			said.GapMS = said.Parts.Sum()
		}
	}
	return said
}

func appendWords(to []string, text string) []string {
	if text = strings.TrimSpace(text); text != "" {
		to = append(to, text)
	}
	return to
}
