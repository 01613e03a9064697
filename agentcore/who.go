package agentcore

import (
	"context"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/answer"
	"github.com/hookswitch/hookswitch/agentcore/turn"
	"github.com/hookswitch/hookswitch/media"
)

// mostVerdicts bounds how often a call may change its mind on who answered. Then
// the last verdict holds; but a person who comes where a machine is, comes.
const mostVerdicts = 20

// who is what a conversation finds out of who answered, and what is to be done
// about it. Of converse alone.
type who struct {
	judge *answer.Judge // nil: nobody asks
	spoke *span         // that the agent has spoken, and the judge doesn't know yet
	model bool          // says that it talks to a voicemail
	limit *time.Timer   // a person has been waited for long enough

	ready   *ready    // the message, made in advance; nil: not yet
	makings int       // how often it was
	due     time.Time // when it is to be heard

	suspects bool // that it is a machine. What was made then, and dropped, is not made again for that

	soon    *time.Timer // that is soon
	pending bool        // it will be
}

// span is when the agent spoke, since answer.
type span struct {
	began, ended time.Duration
	whole        bool
}

// asksWho reports whether who answered is still to be found out. A person on
// record is one; where a machine is, a person may come, however many verdicts
// there were.
func (c *Conversation) asksWho() bool {
	s := &c.state
	if c.cfg.Answering == nil || s.End != "" || s.machine.verdicts >= mostVerdicts && !s.machine.aside {
		return false
	}
	class := s.Answer.Class
	return class.Machine() || class != answer.Human && (s.Answered.IsZero() || time.Since(s.Answered) < answer.LongestListen)
}

func (c *Conversation) newWho() who {
	w := who{soon: stopped(), limit: stopped()}
	if c.judging.Load() {
		w.judge = c.newJudge(c.state.Answer)
	}
	return w
}

// newJudge returns a judge who knows what is on record.
func (c *Conversation) newJudge(past Answer) *answer.Judge {
	cfg := answer.JudgeConfig{Language: c.cfg.Answering.Language}
	if past.Class != "" {
		cfg.Past = &past.Verdict
	}
	return answer.NewJudge(cfg)
}

// hearWho has ear, nil for a new one, hear a frame that ended now and holds speech
// with that probability. It costs nothing, and returns nil, while nobody asks.
func (c *Conversation) hearWho(ctx context.Context, ear *answer.Ear, f *media.Frame, speech float32, now time.Time) *answer.Ear {
	if !c.judging.Load() {
		return nil
	}
	if ear == nil {
		ear = answer.NewEar(max(0, c.pen.since(now)-media.FrameDuration))
	}
	if s, is := ear.Hear(f, speech); is {
		c.tellSound(ctx, now, s)
	}
	return ear
}

func (t *talk) heardSound(s answer.Sound) {
	if t.who.judge != nil {
		t.found(t.who.judge.Heard(s))
	}
}

// guessed takes what the recogniser makes of words that are still being said.
func (t *talk) guessed(ev event) {
	pen := t.c.pen
	t.weigh(answer.Words{Text: tidy(ev.result.Text), Began: pen.since(t.began), Ended: pen.since(ev.at)})
}

// weigh asks who says such words. It is asked before they are answered.
func (t *talk) weigh(w answer.Words) {
	if t.who.judge != nil && (w.Final || w.Text != "") {
		t.found(t.who.judge.Understood(w, t.now()))
	}
}

// carrierSays takes the carrier's word on who answered.
func (t *talk) carrierSays(word string) {
	if t.who.judge != nil {
		t.found(t.who.judge.Carrier(word, t.now()))
	}
}

// carrierSaid takes the carrier's word that came before the conversation, unless
// it was taken on an earlier leg.
func (t *talk) carrierSaid() {
	if a := t.c.cfg.Answering; a != nil && a.Carrier != "" && t.c.state.Answer.Class == "" {
		t.carrierSays(a.Carrier)
	}
}

// modelSays takes the model's word that it talks to a voicemail, however sure
// anybody was that a person is there.
func (t *talk) modelSays() {
	a := t.c.cfg.Answering
	if a == nil || !a.Act {
		return
	}
	if t.who.judge == nil {
		var known Answer
		t.c.pen.look(func(s *State) { known = s.Answer })
		t.who.judge = t.c.newJudge(known)
	}
	t.c.judging.Store(t.now() < answer.LongestListen) // models err: a person who says so is heard
	t.who.model = true
	t.found(t.who.judge.Model(t.now()))
}

// spoke notes that a reply is over: when it was heard says whose turn the far end
// took.
func (t *talk) spoke(u *utterance, cut cutting, said AgentSaid) {
	whole := !said.Cut && said.Unheard == ""
	if u.why == turn.Message {
		t.c.cfg.Observer.MessageLeft(whole)
	}
	if t.who.judge != nil && !cut.first.IsZero() {
		t.who.spoke = &span{t.c.pen.since(u.playedAt()), t.c.pen.since(cut.last), whole}
	}
}

// tellSpoken tells the judge what spoke has noted, once all is done that the
// machine said.
func (t *talk) tellSpoken() {
	s := t.who.spoke
	if t.who.spoke = nil; s != nil && t.who.judge != nil && !t.done() {
		t.found(t.who.judge.Spoken(s.began, s.ended, s.whole))
	}
}

// now is the time since answer.
func (t *talk) now() time.Duration { return t.c.pen.since(time.Now()) }

// found does what the judge's finding asks for. A change is written down first:
// nothing is heard of what is done about it before that is committed.
func (t *talk) found(f answer.Finding) {
	if f.Changed {
		t.verdict(f.Verdict)
	}
	if t.done() {
		return
	}
	t.foresee(f)
	if t.machine.Aside() && t.manner(f.Verdict) == hangsUp { // it is sure by now
		t.step(turn.Event{Kind: turn.Dismissed})
		return
	}
	switch f.Cue {
	case answer.Leave:
		t.leaveAt(f.At)
	case answer.Reply:
		t.tellMachine()
	case answer.Done:
		t.decided()
	}
}

// foresee makes the message in advance as soon as a machine is suspected: where
// that is known only by its words, those come about when it beeps, and a voice may
// take a second or two. It is for nothing with a third of the corpus's people (184
// of 552, most of them firms that greet at length, talkers and televisions),
// and for something with five of six voicemails: a request that a cloud's voice is
// paid for, and nobody hears. It is dropped when it is a person, or one is spoken
// to.
func (t *talk) foresee(f answer.Finding) {
	class := f.Verdict.Class
	begins := f.Suspect && !t.who.suspects
	t.who.suspects = f.Suspect
	switch {
	case !t.c.cfg.Answering.Act || t.saying():
	case begins, f.Suspect && t.who.ready != nil, class == answer.Greeting, class == answer.Beeped:
		t.prepare()
	case class == answer.Human:
		t.unprepare()
	}
}

// verdict takes another verdict than before.
func (t *talk) verdict(v answer.Verdict) {
	c, before := t.c, 0
	c.pen.look(func(s *State) { before = s.machine.verdicts })
	if comes := t.machine.Aside() && !v.Class.Machine(); before >= mostVerdicts && !comes {
		t.decided()
		return
	}
	how := t.manner(v)
	if how != converses && !t.machine.Aside() && !mutant("machine-talked-to") {
		t.settleCut() // first: no word is planned for a machine behind its verdict
	}
	c.pen.commit(WhoAnswered{Verdict: v, Aside: how != converses})
	c.cfg.Observer.WhoAnswered(string(v.Class), time.Duration(v.AtMS)*time.Millisecond)
	t.deal(v.Class, how)
}

// decided listens no more for who answered. Only the model may still find out. Who
// waits for a person would not hear them come.
func (t *talk) decided() {
	t.c.judging.Store(false)
	switch {
	case !t.machine.Aside():
		t.unprepare()
	case !t.leaving():
		t.step(turn.Event{Kind: turn.Dismissed})
	}
}
