package agentcore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/tools"
	"github.com/hookswitch/hookswitch/agentcore/turn"
	"github.com/hookswitch/hookswitch/media"
)

// Bounds of one reply.
const (
	mostTools  = 8               // calls in one turn
	stallLimit = 8 * time.Second // without a word, a frame or a tool's result
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
	case err != nil:
		c.tell(u.ctx, event{kind: evFailed, at: time.Now(), reply: u.reply, err: err})
	default:
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
	said  int    // phrases so far
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
		if err := m.say(p); err != nil {
			return err
		}
	}
	return nil
}

// think asks the model, runs the tools that it wants, and asks again until it
// has nothing more to do.
func (m *maker) think() error {
	var messages []llm.Message
	m.c.pen.look(func(s *State) { messages = s.Messages(m.c.cfg.Agent.Prompt) })
	for {
		text, calls, err := m.ask(messages)
		if err != nil || len(calls) == 0 {
			return err
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

// ask streams one answer of the model, speaking it as it comes.
func (m *maker) ask(messages []llm.Message) (string, []llm.ToolCall, error) {
	var (
		text  strings.Builder
		calls []llm.ToolCall
		s     splitter
	)
	specs := m.c.specs
	if m.tools >= mostTools || m.bye {
		specs = nil // enough: it must say something now
	}
	m.part = "model"
	for d, err := range m.c.cfg.Model.Chat(m.ctx, llm.Request{Messages: messages, Tools: specs}) {
		m.stall.Reset(stallLimit)
		if err != nil {
			return "", nil, &partError{"model", err}
		}
		if d.Call != nil && m.tools+len(calls) < mostTools && !m.bye {
			calls = append(calls, *d.Call)
		}
		text.WriteString(d.Text)
		for _, p := range s.add(d.Text) {
			if err := m.say(p); err != nil {
				return "", nil, err
			}
		}
		m.part = "model"
	}
	if last := s.end(); last != "" {
		if err := m.say(last); err != nil {
			return "", nil, err
		}
	}
	return text.String(), calls, m.ctx.Err()
}

// say plans a phrase, and makes its audio while the plan is being committed: no
// frame goes before.
func (m *maker) say(text string) error {
	c, u := m.c, m.u
	u.phraseReady()
	var planned int
	phrase := c.ledger.plan(u.reply, text, func(phrase int) {
		planned = c.pen.commit(Planned{Reply: u.reply, Phrase: phrase, Text: text, Why: string(u.why)})
	})
	if phrase < 0 {
		return errCut
	}
	m.part = "voice"
	s := sound{phrase: phrase}
	silent := true
	err := c.cfg.Voice.Speak(m.ctx, text, func(f *media.Frame) error {
		m.stall.Reset(stallLimit)
		if silent {
			if mutant("spoken-before-planned") {
				planned = 0
			}
			if err := c.pen.wait(m.ctx, planned); err != nil {
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
	if err := c.pen.wait(m.ctx, planned); err != nil {
		return err
	}
	m.said++
	s.end = true
	return m.queue(&s)
}

func (m *maker) queue(s *sound) error {
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
	tool := c.tools[call.Name]
	key := fmt.Sprintf("%s/%d/%d.%d", c.cfg.Call.ID, m.u.turn, m.u.reply, m.tools)
	intent := ToolIntent{Key: key, Turn: m.u.turn, ID: call.ID, Name: call.Name, Arguments: asJSON(call.Arguments), Safe: tool != nil && tool.Safe()}
	meant := c.pen.commit(intent)
	if mutant("tool-before-intent") {
		meant = 0
	}
	if err := c.pen.wait(m.ctx, meant); err != nil {
		return "", err
	}
	began := time.Now()
	result, failed := m.use(tool, key, call)
	if m.ctx.Err() != nil {
		return "", context.Cause(m.ctx) // what came of it is not known
	}
	took := time.Since(began)
	m.stall.Reset(stallLimit)
	m.u.inTools(took)
	done := c.pen.commit(ToolResult{Key: key, Text: result.Text, Failed: failed, TookMS: took.Milliseconds(), End: result.End})
	if result.End {
		m.bye = true
		c.tell(m.u.ctx, event{kind: evGoodbye, at: time.Now(), reply: m.u.reply})
	}
	return result.Text, c.pen.wait(m.ctx, done)
}

func (m *maker) use(tool tools.Tool, key string, call llm.ToolCall) (result tools.Result, failed bool) {
	if tool == nil {
		return failure(fmt.Errorf("there is no tool named %q", call.Name)), true
	}
	result, err := tool.Call(m.ctx, key, call.Arguments)
	if err != nil && mutant("tool-tried-again") {
		result, err = tool.Call(m.ctx, key, call.Arguments)
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
