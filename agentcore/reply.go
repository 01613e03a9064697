package agentcore

import (
	"context"
	"errors"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/agentcore/turn"
	"github.com/hookswitch/hookswitch/media"
)

// Bounds of one reply.
const (
	mostTools  = 8               // uses in one turn, whatever became of its replies
	mostName   = 128             // bytes of a tool's name, or a call's id
	mostError  = 2 << 10         // bytes of what a tool says went wrong
	mostText   = 32 << 10        // bytes that a model may say at once
	stallLimit = 8 * time.Second // without a word or a frame
)

// partError says which part of the agent broke.
type partError struct {
	part string // model, voice, tool
	err  error
}

func (e *partError) Error() string { return e.part + ": " + e.err.Error() }
func (e *partError) Unwrap() error { return e.err }

var (
	errCut     = errors.New("agentcore: the reply was cut")
	errFull    = errors.New("agentcore: the reply is longer than anyone listens")
	errMute    = errors.New("agentcore: it said nothing, twice")
	errStalled = errors.New("agentcore: nothing came for too long")
)

// reply makes the words and the audio of u, and tells how that went.
func (c *Conversation) reply(u *utterance) {
	ctx, stop := context.WithCancelCause(u.ctx)
	defer stop(nil)
	m := &maker{c: c, u: u}
	m.ctx = provider.WithTrace(ctx, provider.Trace{Replaced: m.replaced})
	m.stall = time.AfterFunc(stallLimit, func() { stop(errStalled) })
	defer m.stall.Stop()
	err := m.make()
	switch {
	case u.ctx.Err() != nil: // cut; converse knows
	case err != nil && errors.Is(context.Cause(ctx), errStalled):
		c.tellFailed(u.ctx, u.reply, &partError{m.part, errStalled})
	case err != nil && !errors.Is(err, errFull):
		c.tellFailed(u.ctx, u.reply, err)
	default: // or it was full, and what of it was made will do
		close(u.sounds)
	}
}

// maker makes one reply.
type maker struct {
	c     *Conversation
	u     *utterance
	ctx   context.Context
	stall *time.Timer
	part  string // the part that is at work
	plans int    // phrases planned so far
	said  int    // phrases made so far, fillers not counted
	bye   bool   // a tool ended the call, or handed it over
	keys  bool   // a tool pressed keys: that is as good as words
}

// replaced is told that the model or the voice failed and another goes on, which
// has all its time before it.
func (m *maker) replaced(r provider.Replacement) {
	m.c.replaced(r)
	m.stall.Reset(stallLimit)
}

func (m *maker) make() error {
	a := m.c.cfg.Agent
	switch m.u.why {
	case turn.Greeting:
		return m.sayAll(m.c.fill(a.Greeting))
	case turn.Prompt:
		return m.sayAll(m.c.fill(a.StillThere))
	case turn.Apology:
		return m.sayAll(m.c.fill(a.Apology))
	case turn.Connect:
		return m.sayAll(m.c.fill(a.Connecting))
	case turn.Message:
		return m.sayAll(m.c.fill(m.c.cfg.Answering.Message))
	case turn.Screening:
		return m.sayAll(m.c.fill(m.c.cfg.Answering.Screener))
	case turn.Menu:
		_, err := m.tones(m.c.cfg.Answering.MenuKeys, string(turn.Menu))
		return err
	case turn.Resume:
		if err := m.sayAll(m.c.fill(m.u.preface)); err != nil {
			return err
		}
		return m.sayAll(m.u.rest)
	}
	if err := m.settle(); err != nil {
		return err
	}
	return m.think()
}

func (m *maker) sayAll(text string) error { return m.sayWhy(text, string(m.u.why)) }

// sayWhy says text for another reason than the reply's.
func (m *maker) sayWhy(text, why string) error {
	for _, p := range split(text) {
		planned, err := m.plan(p, why)
		if err == nil {
			err = m.say(planned)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// think asks the model, runs the tools that it wants, and asks again until it
// has nothing more to do. A model that says nothing at all is asked once more.
func (m *maker) think() error {
	var messages []llm.Message
	m.c.pen.look(func(s *State) { messages = s.Messages("") })
	again := true
	for {
		text, calls, err := m.ask(messages)
		switch {
		case err != nil:
			return err
		case len(calls) == 0 && tidy(text) == "" && m.said == 0 && m.leaves():
			return m.sayAll(m.c.fill(m.c.cfg.Agent.Connecting)) // nobody is left without a word
		case len(calls) == 0 && (tidy(text) != "" || m.bye || m.keys):
			return nil
		case len(calls) == 0 && again:
			again = false
			continue
		case len(calls) == 0 && m.said == 0:
			return &partError{"model", errMute}
		case len(calls) == 0:
			return nil
		}
		messages = append(messages, llm.Message{Role: llm.Assistant, Text: text, Calls: calls})
		for _, call := range calls {
			result, err := m.use(call)
			if err != nil {
				return err
			}
			messages = append(messages, llm.Message{Role: llm.ToolRole, Call: call.ID, Text: result})
		}
		m.u.wants.Store(false) // the journal knows that there is more to come
		if m.bye && m.said > 0 {
			return nil
		}
	}
}

// leaves reports whether the agent is about to leave the caller to somebody else.
func (m *maker) leaves() (leaves bool) {
	m.c.pen.look(func(s *State) { leaves = s.Leaving })
	return leaves
}

// phrase is one that is planned and not spoken yet.
type phrase struct {
	text   string
	number int // in the reply
	entry  int // of the journal, which must be committed before the first frame
	filler bool
}

// plan writes down that text will be said next.
func (m *maker) plan(text, why string) (phrase, error) {
	if m.plans == mostPhrases {
		return phrase{}, errFull
	}
	c, u := m.c, m.u
	u.phraseReady()
	p := phrase{text: text, filler: why == filler}
	p.number = c.ledger.plan(u.reply, text, func(n int) {
		p.entry = c.pen.commit(Planned{Reply: u.reply, Phrase: n, Text: text, Why: why})
	})
	if p.number < 0 {
		return p, errCut
	}
	m.plans++
	return p, nil
}

// say makes a phrase's audio while the plan is being committed: no frame goes
// before.
func (m *maker) say(p phrase) error {
	m.part = "voice"
	out := &mouth{m: m, p: p}
	if err := m.voice().Speak(m.ctx, p.text, out); err != nil {
		return &partError{"voice", err}
	}
	if err := m.c.pen.wait(m.ctx, p.entry); err != nil {
		return err
	}
	if !p.filler {
		m.said++
	}
	return m.queue(sound{phrase: p.number})
}

// voice is who speaks.
func (m *maker) voice() tts.Synthesizer {
	if m.u.ready != nil {
		return m.u.ready
	}
	if c := m.c; m.u.why == turn.Apology && c.cfg.Spare != nil && c.mute.Load() {
		return c.cfg.Spare
	}
	return m.c.cfg.Voice
}

// mouth is where a phrase's audio goes.
type mouth struct {
	m     *maker
	p     phrase
	begun bool
}

// Frame implements [tts.Sink].
func (o *mouth) Frame(f *media.Frame) error {
	m := o.m
	m.stall.Reset(stallLimit)
	if !o.begun {
		if mutant("spoken-before-planned") {
			o.p.entry = 0
		}
		if err := m.c.pen.wait(m.ctx, o.p.entry); err != nil {
			return err
		}
		o.begun = true
		m.u.frameReady()
	}
	return m.queue(sound{packet: pack(f), phrase: o.p.number})
}

// Words implements [tts.Sink].
func (o *mouth) Words(w ...tts.Word) { o.m.c.ledger.time(o.m.u.reply, o.p.number, w) }

// queue hands s to the player. What the line makes it wait is no fault of the
// parts that are timed.
func (m *maker) queue(s sound) error {
	select {
	case m.u.sounds <- s:
		return nil
	default:
	}
	m.stall.Stop()
	defer m.stall.Reset(stallLimit)
	select {
	case m.u.sounds <- s:
		return nil
	case <-m.ctx.Done():
		return context.Cause(m.ctx)
	}
}
