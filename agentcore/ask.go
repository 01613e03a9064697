package agentcore

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/tools"
)

// ask streams one answer of the model, speaking it as it comes. The model is
// read as fast as it thinks, so that the plan holds what a noise or a lost line
// keeps the caller from hearing.
func (m *maker) ask(messages []llm.Message) (string, []llm.ToolCall, error) {
	ctx, stop := context.WithCancel(m.ctx)
	a := &streamed{m: m, began: time.Now(), more: make(chan struct{}, 1)}
	m.c.pen.look(func(s *State) { a.room = mostTools - s.uses })
	request := llm.Request{Messages: m.c.prompted(messages), Tools: m.c.tools.Specs()}
	if m.bye {
		a.room = 0
	}
	if a.room <= 0 {
		request.Tools = nil // enough: it must say something now
	}
	var reading sync.WaitGroup
	ctx = provider.WithTrace(ctx, provider.Trace{Replaced: a.replaced})
	reading.Go(func() { a.err = a.read(ctx, request) })
	defer reading.Wait()
	defer stop()

	m.part = "model"
	for {
		p, more := a.next()
		if !more {
			break
		}
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

// streamed is one answer of the model as it comes.
type streamed struct {
	m     *maker
	began time.Time
	room  int // for tool calls
	split splitter

	mu      sync.Mutex
	planned []phrase      // and not said yet; mostPhrases at most
	more    chan struct{} // has room for one: there is one more. Closed at the end

	// Of whoever reads, until it has returned.
	text  strings.Builder
	calls []llm.ToolCall
	err   error
}

// read plans what the model says until it, or a reply's room, ends.
func (a *streamed) read(ctx context.Context, request llm.Request) error {
	defer close(a.more)
	for d, err := range a.m.c.cfg.Model.Chat(ctx, request) {
		a.m.stall.Reset(stallLimit)
		if err != nil {
			return &partError{"model", err}
		}
		if d.Call != nil && len(a.calls) < a.room {
			a.calls = append(a.calls, bounded(*d.Call))
			a.m.u.wants.Store(true)
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

// fillAfter is how long a caller waits in silence for a model that fails before
// they are told that it takes a moment.
const fillAfter = time.Second

// replaced is told, by the goroutine that reads, that another model has to begin
// from the start. The caller may have waited for long: once in a reply they are
// told that it takes a moment.
func (a *streamed) replaced(r provider.Replacement) {
	m := a.m
	m.replaced(r)
	if r.To != "" && m.plans == 0 && time.Since(a.began) >= fillAfter {
		for _, p := range split(m.c.fill(m.c.cfg.Agent.Filler)) {
			if a.planWhy(p, filler) != nil {
				return // cut, and read will know
			}
		}
	}
}

func (a *streamed) plan(text string) error { return a.planWhy(text, string(a.m.u.why)) }

func (a *streamed) planWhy(text, why string) error {
	p, err := a.m.plan(text, why)
	if err != nil {
		return err
	}
	a.mu.Lock()
	a.planned = append(a.planned, p)
	a.mu.Unlock()
	poke(a.more)
	return nil
}

// next waits for the next phrase. It reports false when there is none.
func (a *streamed) next() (p phrase, more bool) {
	for open := true; ; _, open = <-a.more {
		a.mu.Lock()
		if more = len(a.planned) > 0; more {
			p, a.planned = a.planned[0], a.planned[1:]
		}
		a.mu.Unlock()
		if more || !open {
			return p, more
		}
	}
}

// prompted is messages behind the prompt as it reads now.
func (c *Conversation) prompted(messages []llm.Message) []llm.Message {
	prompt := c.fill(c.cfg.Agent.Prompt)
	if prompt == "" {
		return messages
	}
	return append([]llm.Message{{Role: llm.System, Text: prompt}}, messages...)
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
