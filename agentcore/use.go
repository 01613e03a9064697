package agentcore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/tools"
)

var (
	errMany    = errors.New("too many tools were used for one answer: this one was not")
	errNotDone = errors.New("it was not done: the caller interrupted before it began")
)

// use uses the tool that the model wants: the intent is committed before, the
// result before the model sees it. What goes wrong is told to the model, not to
// the caller.
func (m *maker) use(call llm.ToolCall) (string, error) {
	c, u := m.c, m.u
	m.part = "tool"
	traits := c.traits(call.Name)
	if err := m.prepare(traits); err != nil {
		return "", err
	}
	intent := ToolIntent{Turn: u.turn, ID: call.ID, Name: call.Name, Arguments: asJSON(c.shown(call)), Safe: traits.Safe}
	refused := error(nil)
	meant := c.pen.decide(func(s *State) []Event {
		switch {
		case s.Turn != u.turn: // the caller has spoken, and this reply is about to be cut
			refused = errCut
			return nil
		case s.uses >= mostTools:
			refused = errMany
			return nil
		}
		intent.Key = fmt.Sprintf("%s/%d/%d", c.cfg.Call.ID, u.turn, s.uses+1)
		return []Event{intent}
	})
	switch {
	case errors.Is(refused, errMany):
		return failure(refused).Text, nil
	case refused != nil:
		return "", refused
	}
	if mutant("tool-before-intent") {
		meant = 0
	}
	return m.carryOut(intent, json.RawMessage(asJSON(call.Arguments)), traits, meant)
}

// traits are those of a tool by its name; the zero Traits if there is none.
func (c *Conversation) traits(name string) tools.Traits {
	if tool, known := c.tools.Get(name); known {
		return tool.Traits()
	}
	return tools.Traits{}
}

// prepare does what a tool asks for before it is used.
func (m *maker) prepare(t tools.Traits) error {
	if t.SpeakFirst && m.plans == 0 {
		if err := m.bide(); err != nil {
			return err
		}
	}
	if t.Hold {
		m.c.tellOf(m.u.ctx, evHeld, m.u.reply, 0)
	}
	return nil
}

// settle waits for tools that an earlier reply asked for and that are still at
// it, and tries again what was interrupted: by a line that was lost, by the
// death of the process that did it. Only tools that are safe are tried; of
// others the model is told that the outcome is unknown.
func (m *maker) settle() error {
	m.part = "tool"
	for _, u := range m.c.uses.all() {
		if err := m.bridge(u); err != nil {
			return err
		}
		if err := m.await(u); err != nil {
			return err
		}
	}
	var again []ToolIntent
	m.c.pen.look(func(s *State) { again, m.bye = s.repeatable(), s.Leaving })
	for _, intent := range again {
		traits := m.c.traits(intent.Name)
		if !traits.Safe {
			continue // it was when it was meant; who runs it now does not say so
		}
		if err := m.prepare(traits); err != nil {
			return err
		}
		if _, err := m.carryOut(intent, json.RawMessage(intent.Arguments), traits, 0); err != nil {
			return err
		}
	}
	return nil
}

// carryOut uses a tool once its intent, the entry meant, is committed, and
// returns what the model is told of it. A reply that is cut does not cut the use,
// unless it has not begun: see [uses].
func (m *maker) carryOut(intent ToolIntent, args json.RawMessage, traits tools.Traits, meant int) (string, error) {
	u := m.c.begin(m.u.call, intent, args, traits, func() error {
		return errors.Join(m.c.pen.wait(m.ctx, meant), m.ctx.Err())
	})
	if err := m.await(u); err != nil {
		return "", err
	}
	done := u.entry
	switch {
	case u.result.End:
		done = m.c.pen.decide(u.outcome)
		m.bye = true
		m.c.tellOf(m.u.ctx, evGoodbye, m.u.reply, 0)
	case u.result.Press != "":
		if err := m.press(u); err != nil {
			return "", err
		}
		done = m.c.pen.decide(u.outcome)
	case u.result.Leave:
		m.c.pen.look(func(s *State) { m.bye = m.bye || s.Leaving })
	}
	return u.result.Text, m.c.pen.wait(m.ctx, done)
}

// patience is how long somebody who has just spoken hears nothing because an
// earlier reply's tool is still at it. Then they are told that it takes a moment.
const patience = 2 * time.Second

// bridge waits a little for a use of an earlier reply, and says that it takes a
// moment if it takes longer, once a reply.
func (m *maker) bridge(u *use) error {
	if m.plans > 0 {
		return nil
	}
	late := time.NewTimer(patience)
	defer late.Stop()
	if done, err := m.within(u, late.C); done || err != nil {
		return err
	}
	return m.bide()
}

// bide says that it takes a moment. Whatever was said, the model has said nothing.
func (m *maker) bide() error {
	err := m.sayWhy(m.c.fill(m.c.cfg.Agent.Filler), filler)
	m.part = "tool"
	return err
}

// await waits for a use of a tool, which has its own limit.
func (m *maker) await(u *use) error {
	_, err := m.within(u, nil)
	return err
}

// within is await until late, and reports whether the use is done.
func (m *maker) within(u *use, late <-chan time.Time) (done bool, err error) {
	m.stall.Stop()
	defer m.stall.Reset(stallLimit)
	began := time.Now()
	select {
	case <-u.done:
		done = true
	case <-late:
	case <-m.ctx.Done():
	}
	if m.ctx.Err() != nil {
		return false, context.Cause(m.ctx)
	}
	m.u.inTools(time.Since(began))
	return done, nil
}

// failure is what a model is told of an error.
func failure(err error) tools.Result {
	text, _ := json.Marshal(map[string]string{"error": tools.Cut(err.Error(), mostError)})
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
