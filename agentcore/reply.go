package agentcore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/tools"
	"github.com/hookswitch/hookswitch/agentcore/turn"
	"github.com/hookswitch/hookswitch/media"
)

// Bounds of one reply.
const (
	mostTools  = 8               // calls in one turn
	mostName   = 128             // bytes of a tool's name, or a call's id
	mostText   = 32 << 10        // bytes that a model may say at once
	toolLimit  = 8 * time.Second // for one tool; then the model is told that it failed
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
	errSlow    = errors.New("it took too long, the outcome is unknown")
	errStalled = errors.New("agentcore: nothing came for too long")
)

// reply makes the words and the audio of u, and tells how that went.
func (c *Conversation) reply(u *utterance) {
	ctx, stop := context.WithCancelCause(u.ctx)
	defer stop(nil)
	m := &maker{c: c, u: u, ctx: ctx}
	m.stall = time.AfterFunc(stallLimit, func() { stop(errStalled) })
	defer m.stall.Stop()
	err := m.make()
	switch {
	case u.ctx.Err() != nil: // cut; converse knows
	case err != nil && errors.Is(context.Cause(ctx), errStalled):
		c.tell(u.ctx, event{kind: evFailed, at: time.Now(), reply: u.reply, err: &partError{m.part, errStalled}})
	case err != nil && !errors.Is(err, errFull):
		c.tell(u.ctx, event{kind: evFailed, at: time.Now(), reply: u.reply, err: err})
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
	said  int    // phrases made so far
	tools int    // calls so far
	bye   bool   // a tool ended the call
}

func (m *maker) make() error {
	a := m.c.cfg.Agent
	switch m.u.why {
	case turn.Greeting:
		return m.sayAll(a.Greeting)
	case turn.Prompt:
		return m.sayAll(a.StillThere)
	case turn.Apology:
		return m.sayAll(a.Apology)
	case turn.Resume:
		if err := m.sayAll(m.u.preface); err != nil {
			return err
		}
		return m.sayAll(m.u.rest)
	}
	return m.think()
}

func (m *maker) sayAll(text string) error {
	for _, p := range split(text) {
		planned, err := m.plan(p)
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
	m.c.pen.look(func(s *State) { messages = s.Messages(m.c.cfg.Agent.Prompt) })
	again := true
	for {
		text, calls, err := m.ask(messages)
		switch {
		case err != nil:
			return err
		case len(calls) == 0 && (tidy(text) != "" || m.bye):
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
			result, err := m.run(call)
			if err != nil {
				return err
			}
			messages = append(messages, llm.Message{Role: llm.ToolRole, Call: call.ID, Text: result})
		}
		if m.bye && m.said > 0 {
			return nil
		}
	}
}

// ask streams one answer of the model, speaking it as it comes. The model is
// read as fast as it thinks, so that the plan holds what a noise or a lost line
// keeps the caller from hearing.
func (m *maker) ask(messages []llm.Message) (string, []llm.ToolCall, error) {
	ctx, stop := context.WithCancel(m.ctx)
	a := &answer{m: m, room: mostTools - m.tools, phrases: make(chan phrase, mostPhrases)}
	request := llm.Request{Messages: messages, Tools: m.c.tools.Specs()}
	if m.bye {
		a.room = 0
	}
	if a.room <= 0 {
		request.Tools = nil // enough: it must say something now
	}
	var reading sync.WaitGroup
	reading.Go(func() { a.err = a.read(ctx, request) })
	defer reading.Wait()
	defer stop()

	m.part = "model"
	for p := range a.phrases {
		if err := m.say(p); err != nil {
			return "", nil, err
		}
		m.part = "model"
	}
	reading.Wait()
	if a.err != nil {
		return "", nil, a.err
	}
	return a.text.String(), a.calls, m.ctx.Err()
}

// answer is one answer of the model as it comes.
type answer struct {
	m       *maker
	room    int // for tool calls
	split   splitter
	phrases chan phrase // has room for all that can be planned; closed at the end

	// Of whoever reads, until it has returned.
	text  strings.Builder
	calls []llm.ToolCall
	err   error
}

// phrase is one that is planned and not spoken yet.
type phrase struct {
	text   string
	number int // in the reply
	entry  int // of the journal, which must be committed before the first frame
}

// read plans what the model says until it, or a reply's room, ends.
func (a *answer) read(ctx context.Context, request llm.Request) error {
	defer close(a.phrases)
	for d, err := range a.m.c.cfg.Model.Chat(ctx, request) {
		a.m.stall.Reset(stallLimit)
		if err != nil {
			return &partError{"model", err}
		}
		if d.Call != nil && len(a.calls) < a.room {
			a.calls = append(a.calls, bounded(*d.Call))
		}
		a.text.WriteString(d.Text)
		for _, p := range a.split.add(d.Text) {
			if err := a.plan(p); err != nil {
				return err
			}
		}
		if a.text.Len() > mostText {
			return errFull
		}
	}
	if last := a.split.end(); last != "" {
		return a.plan(last)
	}
	return nil
}

func (a *answer) plan(text string) error {
	p, err := a.m.plan(text)
	if err == nil {
		a.phrases <- p
	}
	return err
}

// plan writes down that text will be said next.
func (m *maker) plan(text string) (phrase, error) {
	if m.plans == mostPhrases {
		return phrase{}, errFull
	}
	c, u := m.c, m.u
	u.phraseReady()
	p := phrase{text: text}
	p.number = c.ledger.plan(u.reply, text, func(n int) {
		p.entry = c.pen.commit(Planned{Reply: u.reply, Phrase: n, Text: text, Why: string(u.why)})
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
	c, u := m.c, m.u
	m.part = "voice"
	s := sound{phrase: p.number}
	silent := true
	err := c.cfg.Voice.Speak(m.ctx, p.text, func(f *media.Frame) error {
		m.stall.Reset(stallLimit)
		if silent {
			if mutant("spoken-before-planned") {
				p.entry = 0
			}
			if err := c.pen.wait(m.ctx, p.entry); err != nil {
				return err
			}
			silent = false
			u.frameReady()
		}
		s.frame = *f
		return m.queue(&s)
	})
	if err != nil {
		return &partError{"voice", err}
	}
	if err := c.pen.wait(m.ctx, p.entry); err != nil {
		return err
	}
	m.said++
	s.end = true
	return m.queue(&s)
}

// queue hands s to the player. What the line makes it wait is no fault of the
// parts that are timed.
func (m *maker) queue(s *sound) error {
	select {
	case m.u.sounds <- *s:
		return nil
	default:
	}
	m.stall.Stop()
	defer m.stall.Reset(stallLimit)
	select {
	case m.u.sounds <- *s:
		return nil
	case <-m.ctx.Done():
		return context.Cause(m.ctx)
	}
}

// run runs one tool: the intent is committed before, the result before the
// model sees it. What goes wrong is told to the model, not to the caller.
func (m *maker) run(call llm.ToolCall) (string, error) {
	c := m.c
	m.tools++
	m.part = "tool"
	tool, known := c.tools.Get(call.Name)
	key := fmt.Sprintf("%s/%d/%d.%d", c.cfg.Call.ID, m.u.turn, m.u.reply, m.tools)
	intent := ToolIntent{Key: key, Turn: m.u.turn, ID: call.ID, Name: call.Name, Arguments: asJSON(call.Arguments), Safe: known && tool.Safe()}
	meant := c.pen.commit(intent)
	if mutant("tool-before-intent") {
		meant = 0
	}
	if err := c.pen.wait(m.ctx, meant); err != nil {
		return "", err
	}
	began := time.Now()
	result, failed := m.use(key, call)
	if m.ctx.Err() != nil {
		return "", context.Cause(m.ctx) // what came of it is not known
	}
	took := time.Since(began)
	m.u.inTools(took)
	done := c.pen.commit(ToolResult{Key: key, Text: result.Text, Failed: failed, TookMS: took.Milliseconds(), End: result.End})
	if result.End {
		m.bye = true
		c.tell(m.u.ctx, event{kind: evGoodbye, at: time.Now(), reply: m.u.reply})
	}
	return result.Text, c.pen.wait(m.ctx, done)
}

func (m *maker) use(key string, call llm.ToolCall) (result tools.Result, failed bool) {
	m.stall.Stop() // it has its own limit
	defer m.stall.Reset(stallLimit)
	ctx, stop := context.WithTimeoutCause(m.ctx, toolLimit, errSlow)
	defer stop()
	result, err := m.c.tools.Call(ctx, key, call)
	if err != nil && errors.Is(context.Cause(ctx), errSlow) {
		err = errSlow
	}
	if err != nil && mutant("tool-tried-again") {
		result, err = m.c.tools.Call(ctx, key, call)
	}
	if err != nil {
		return failure(err), true
	}
	return result, false
}

func failure(err error) tools.Result {
	text, _ := json.Marshal(map[string]string{"error": err.Error()})
	return tools.Result{Text: string(text)}
}

// bounded is call with nothing in it that is longer than any tool's own. What
// replaces too many arguments fits no tool.
func bounded(call llm.ToolCall) llm.ToolCall {
	call.ID = strings.ToValidUTF8(call.ID[:min(len(call.ID), mostName)], "")
	call.Name = strings.ToValidUTF8(call.Name[:min(len(call.Name), mostName)], "")
	if len(call.Arguments) > tools.MaxArguments {
		call.Arguments = json.RawMessage(`"too long"`)
	}
	return call
}

// asJSON is what the model wrote if that is JSON, else it as a JSON string: the
// journal and the next request must be readable whatever a model writes.
func asJSON(args json.RawMessage) string {
	if len(args) == 0 {
		return "{}"
	}
	if json.Valid(args) {
		return string(args)
	}
	text, _ := json.Marshal(string(args))
	return string(text)
}
