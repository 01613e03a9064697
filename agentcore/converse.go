package agentcore

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/answer"
	"github.com/hookswitch/hookswitch/agentcore/turn"
	"github.com/hookswitch/hookswitch/telephony"
)

// Waits of a conversation that no one needs to set.
const (
	wordsWait = 8 * time.Second // for the recogniser's final word on an utterance
	markWait  = 3 * time.Second // for a mark, after its audio must have been played
	mostDeaf  = 3               // utterances in a row that the recogniser may fail on
)

// talk is what the conversation's one decider knows. Nobody else touches it.
type talk struct {
	c       *Conversation
	ctx     context.Context
	makers  *sync.WaitGroup
	machine turn.Machine
	do      []turn.Action
	current *utterance // the live reply; nil when there is none
	over    telephony.EndReason
	left    bool // the agent has handed the call over
	yields  bool // it would have ended the call, but somebody waits for the floor

	began     time.Time      // first sample of the utterance that is being heard
	overAgent bool           // it began while the agent spoke
	voice     bool           // it goes on
	cutFor    bool           // what was uttered last cut a reply, and no words came of it
	ended     []uttered      // utterances whose words are awaited, oldest first
	asked     asked          // of the newest words
	failed    int            // utterances in a row that the recogniser failed on
	preface   string         // said before the rest of a cut reply
	later     []kept         // of the caller, kept back while the reply can't be cut; oldest first
	next      turn.EventKind // what quiet will bring
	news      <-chan News    // nil once it is closed
	untold    []TransferOver // what became of transfers, until a reply is made that knows of it; oldest first

	who    who    // answered
	gather gather // what the caller keys in
	stray  stray  // what they key in for who had the floor before

	quiet, limit, words, marks, late, keys, enter *time.Timer
}

// uttered is something the caller uttered.
type uttered struct {
	start, lastVoice, endpoint time.Time
	talkedOver                 bool
}

// converse is the only goroutine that knows the state of the call. It returns
// the cause of the end.
func (c *Conversation) converse(ctx context.Context, makers *sync.WaitGroup, deaf bool) error {
	t := c.newTalk(ctx, makers)
	defer t.stop()
	t.open()
	if deaf && !t.done() {
		t.step(turn.Event{Kind: turn.Deaf})
	}
	for !t.done() {
		select {
		case <-ctx.Done():
			t.catchUp()
			t.close()
			return context.Cause(ctx)
		case ev := <-c.events:
			t.take(ev)
		case <-t.quiet.C:
			t.step(turn.Event{Kind: t.next})
		case <-t.limit.C:
			t.step(turn.Event{Kind: turn.TimeUp})
		case <-t.words.C:
			t.ended = t.ended[1:]
			t.misheard(errNoWords)
		case <-t.marks.C:
			t.unmarked()
		case n, ok := <-t.news:
			t.hearNews(n, ok)
		case <-t.late.C:
			t.step(turn.Event{Kind: turn.Late})
		case <-t.keys.C:
			t.noMoreKeys()
		case <-t.enter.C:
			t.begin()
		case <-t.who.soon.C:
			t.leave()
		case <-t.who.limit.C:
			t.waitedEnough()
		}
	}
	t.close()
	switch {
	case t.left:
		return errLeft
	case t.yields:
		return errYield
	}
	return telephony.OverError{Reason: t.over}
}

// done reports whether the agent has nothing more to do with the call.
func (t *talk) done() bool { return t.over != "" || t.left || t.yields }

// end ends the call, unless somebody waits for the floor.
func (t *talk) end(why telephony.EndReason) {
	if t.yields = t.yields || t.c.yield(); !t.yields {
		t.over = why
	}
}

// close writes down what has to be of a conversation that is over.
func (t *talk) close() {
	t.settleCut()
	t.writeLater()
	t.writeNews()
}

// catchUp takes what happened before the end: a mark that came back in the last
// moment was heard.
func (t *talk) catchUp() {
	for !t.done() {
		select {
		case ev := <-t.c.events:
			t.take(ev)
		default:
			return
		}
	}
}

func (c *Conversation) newTalk(ctx context.Context, makers *sync.WaitGroup) *talk {
	a := c.cfg.Agent
	t := &talk{
		c: c, ctx: ctx, makers: makers,
		machine: turn.Machine{Greets: a.Greeting != "", Prompts: a.asks()},
		quiet:   stopped(),
		limit:   stopped(),
		words:   stopped(),
		marks:   stopped(),
		late:    stopped(),
		keys:    stopped(),
		enter:   stopped(),
		news:    c.cfg.News,
		who:     c.newWho(),
	}
	t.machine.After(c.state.Reply)
	return t
}

func stopped() *time.Timer {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return t
}

func (t *talk) stop() {
	for _, timer := range []*time.Timer{t.quiet, t.limit, t.words, t.marks, t.late, t.keys, t.enter, t.who.soon, t.who.limit} {
		timer.Stop()
	}
}

// take applies one thing that happened.
func (t *talk) take(ev event) {
	switch ev.kind {
	case evBegan:
		t.heardVoice(ev)
	case evEnded:
		t.voice = false
		t.ended = append(t.ended, uttered{t.began, ev.voice, ev.at, t.overAgent})
		t.awaitWords()
		t.step(turn.Event{Kind: turn.SpeechEnded})
	case evResult:
		t.understood(ev)
	case evDeaf:
		t.failedPart("recogniser", errors.New("its stream is closed"), true)
		t.step(turn.Event{Kind: turn.Deaf})
	case evDigit:
		t.pressed(ev)
	case evPlayed:
		t.played(ev)
	case evAudio:
		t.audible(ev)
	case evSent:
		t.sent(ev)
	case evFailed:
		t.replyFailed(ev)
	case evGoodbye:
		t.step(turn.Event{Kind: turn.EndAsked, Reply: ev.reply})
	case evHeld:
		t.step(turn.Event{Kind: turn.Held, Reply: ev.reply})
	case evHanded:
		t.handed(ev)
	case evCollect:
		t.awaitSpeech()
	case evSound:
		t.heardSound(ev.sound)
	case evGuess:
		t.guessed(ev)
	case evMachine:
		t.modelSays()
	}
}

// heardVoice is the beginning of an utterance, maybe over the agent's.
func (t *talk) heardVoice(ev event) {
	c := t.c
	speaking := t.machine.Phase() == turn.Speaking
	t.began, t.voice = ev.voice, true
	c.pen.note(SpeechBegan{StartMS: c.pen.at(ev.voice)})
	cut := t.current
	t.step(turn.Event{Kind: turn.SpeechBegan, Unanswered: t.owes()})
	t.overAgent = speaking && t.current == nil
	if t.overAgent {
		heard, all := cut.count.heard, cut.count.all
		now := time.Now()
		c.pen.note(TalkOver{Reply: cut.reply, StartMS: c.pen.at(ev.voice), ClearMS: c.pen.at(now), HeardWords: heard, AllWords: all})
		c.cfg.Observer.TalkedOver(now.Sub(ev.voice))
		t.cutFor = true
	}
}

// owes reports whether the live reply has more to say than what is planned: all
// of its answer, if so far it only said that it takes a moment.
func (t *talk) owes() bool {
	if t.current == nil {
		return false
	}
	owes := t.current.wants.Load()
	t.c.pen.look(func(s *State) { owes = owes || s.Owes || s.Untold || s.Waiting && !s.Planned })
	return owes
}

// understood is the recogniser's final word on the oldest utterance.
func (t *talk) understood(ev event) {
	u := uttered{start: ev.at, lastVoice: ev.at, endpoint: ev.at}
	if len(t.ended) > 0 {
		u, t.ended = t.ended[0], t.ended[1:]
	}
	t.awaitWords()
	r, pen := ev.result, t.c.pen
	text := tidy(r.Text)
	switch {
	case r.Err != nil:
		t.misheard(r.Err)
		return
	case text == "":
		t.failed = 0
		pen.note(NotUnderstood{StartMS: pen.at(u.start), EndMS: pen.at(u.lastVoice)})
		t.weigh(answer.Words{Final: true, Began: pen.since(u.start), Ended: pen.since(u.lastVoice)})
		t.step(turn.Event{Kind: turn.Nothing})
		return
	}
	t.failed = 0
	t.weigh(answer.Words{Text: text, Final: true, Began: pen.since(u.start), Ended: pen.since(u.lastVoice)})
	if t.done() {
		return
	}
	t.say(kept{
		kind: turn.Words, asked: asked{lastVoice: u.lastVoice, endpoint: u.endpoint, words: ev.at},
		over: t.spokeInstead(ev.at),
		write: func(n int) Event {
			return CallerSaid{
				Turn: n, Text: text, StartMS: pen.at(u.start), EndMS: pen.at(u.lastVoice),
				Confidence: r.Confidence, TalkedOver: u.talkedOver,
				EndpointMS: pen.at(u.endpoint) - pen.at(u.lastVoice),
				QueuedMS:   r.Queued.Milliseconds(), AskMS: pen.at(ev.at) - pen.at(u.endpoint),
			}
		},
	})
}

// turn is the number of the caller's turn that goes on or begins now: words that
// come before an answer was heard belong to the turn that waits for it.
func (t *talk) turn() (n int) {
	t.c.pen.look(func(s *State) { n = s.nextTurn() })
	return n
}

// awaitWords waits for the words of the oldest utterance that has none, however
// much is said behind it.
func (t *talk) awaitWords() {
	t.words.Stop()
	if len(t.ended) > 0 {
		t.words.Reset(time.Until(t.ended[0].endpoint.Add(wordsWait)))
	}
}

var errNoWords = errors.New("no answer")

// misheard is an utterance that the recogniser could not deal with.
func (t *talk) misheard(err error) {
	t.awaitWords()
	t.failed++
	fatal := t.failed >= mostDeaf
	t.failedPart("recogniser", err, fatal)
	if fatal {
		t.step(turn.Event{Kind: turn.Deaf})
		return
	}
	t.step(turn.Event{Kind: turn.Nothing})
}

func (t *talk) pressed(ev event) {
	if !isKey(ev.digit) {
		return
	}
	if u := t.current; u != nil && u.why == turn.Apology {
		return
	}
	if on, is := t.gathering(); is {
		t.keyed(on, ev)
		return
	}
	if t.stray.takes(ev.at) {
		t.c.strayed(&t.stray, ev.digit, ev.at)
		return
	}
	t.say(kept{kind: turn.Key, asked: asked{ev.at, ev.at, ev.at}, write: func(n int) Event {
		return CallerPressed{Turn: n, Digit: string(ev.digit)}
	}})
}

func isKey(d byte) bool {
	return d >= '0' && d <= '9' || d >= 'A' && d <= 'D' || d == '*' || d == '#'
}

// replyFailed is a reply that broke before its end.
func (t *talk) replyFailed(ev event) {
	if t.current == nil || ev.reply != t.current.reply {
		return
	}
	part, err := "model", ev.err
	var p *partError
	if errors.As(ev.err, &p) {
		part, err = p.part, p.err
	}
	if part == "voice" {
		t.c.mute.Store(true)
	}
	t.failedPart(part, err, true)
	t.step(turn.Event{Kind: turn.ReplyFailed, Reply: ev.reply})
}

func (t *talk) failedPart(part string, err error, fatal bool) {
	t.c.pen.note(ProviderError{Part: part, Error: err.Error(), Fatal: fatal})
	t.c.cfg.Log.Warn("a part of the agent failed", "call", t.c.cfg.Call.ID, "part", part, "fatal", fatal, "error", err)
	t.c.cfg.Observer.ProviderFailed(part)
}

// step feeds the machine and does what it says.
func (t *talk) step(ev turn.Event) {
	t.do = t.machine.Step(t.do[:0], ev)
	for _, a := range t.do {
		switch a.Kind {
		case turn.Start:
			if a.Why == turn.Apology && t.c.yield() { // who takes over is better than any apology
				t.yields = true
				return
			}
			t.start(a)
		case turn.Cancel:
			t.settleCut()
			t.writeLater()
		case turn.Release:
			t.settle(errOver)
			t.writeLater()
		case turn.End:
			t.end(endOf(a.Cause))
		case turn.Leave:
			t.left = true
		}
	}
	t.awaitSpeech()
	t.tellSpoken()
}

// awaitSpeech waits, while nobody speaks, for what silence brings.
func (t *talk) awaitSpeech() {
	t.quiet.Stop()
	if t.awaitKeys() || t.machine.Phase() != turn.Listening || t.machine.Aside() {
		return
	}
	after, kind := t.c.cfg.Agent.silence(t.machine.Asked())
	if t.next = kind; kind != 0 {
		t.quiet.Reset(max(after, t.patience()))
	}
}

func endOf(cause turn.Cause) telephony.EndReason {
	switch cause {
	case turn.ByAgent:
		return telephony.AgentHangup
	case turn.BySilence:
		return telephony.Silence
	case turn.ByTime:
		return telephony.MaxDuration
	case turn.ByProvider:
		return telephony.ProviderFailed
	case turn.ByMachine:
		return telephony.Voicemail
	}
	return telephony.GatewayFailed
}
