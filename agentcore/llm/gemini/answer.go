package gemini

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"

	"google.golang.org/genai"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/provider"
)

// Bounds of one reply: more is a model gone mad, or a server that isn't one.
const (
	maxText      = 64 << 10 // bytes of words
	maxArguments = 64 << 10 // bytes of one tool call's arguments, and of its id
	maxName      = 256      // bytes of a tool's name
	maxCalls     = 16       // tool calls
)

// answer reads one reply from a stream and hands it on.
type answer struct {
	model *Model
	watch *provider.Watchdog
	yield func(llm.Delta, error) bool

	op       string // what was being done when it failed
	began    bool   // something was handed on: too late to try again
	stopped  bool   // the consumer wants no more
	handing  bool   // the consumer has a delta
	finished bool   // the model said that it has finished
	text     int    // bytes of words so far
	calls    []call
	usage    llm.Usage
}

// call is a tool call that waits for the end of the reply.
type call struct {
	llm.ToolCall
	signature []byte
}

// read asks once. A nil error is a whole reply, or a consumer that stopped.
func (a *answer) read(r llm.Request) (err error) {
	a.op, a.calls, a.finished, a.usage = "chat", nil, false, llm.Usage{}
	t := &tap{}
	defer func() { // the SDK trusts the shapes of what it reads, and panics
		if p := recover(); p != nil {
			if a.handing || t.body == nil {
				panic(p) // not because of what came
			}
			err = a.garbage("its answer can't be understood")
		}
	}()
	m := a.model
	ctx := context.WithValue(a.watch.Ctx, tapKey{}, t)
	for chunk, err := range m.client.Models.GenerateContentStream(ctx, m.cfg.Model, m.conversation(r.Messages), m.config(r)) {
		if t.body != nil {
			a.op = "stream"
		}
		if err != nil {
			return a.cause(t, err)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := a.chunk(chunk); err != nil || a.stopped {
			return err
		}
	}
	switch a.op = "stream"; {
	case t.failed != nil:
		return t.failed
	case ctx.Err() != nil:
		return ctx.Err()
	case !a.finished: // a proxy closed it politely in mid-sentence
		return io.ErrUnexpectedEOF
	}
	a.handCalls()
	a.handUsage()
	return nil
}

// cause finds what is behind an error of the SDK's, whose text shows what came.
func (a *answer) cause(t *tap, err error) error {
	var said genai.APIError
	var known *provider.Error
	var transport *url.Error
	switch {
	case t.failed != nil:
		return t.failed
	case errors.As(err, &said):
		return inStream(said)
	case errors.As(err, &known), errors.As(err, &transport):
		return err
	}
	return a.garbage("its answer can't be understood")
}

func (a *answer) garbage(text string) error {
	return provider.New(Name, a.op, provider.Garbage, errors.New(text))
}

// chunk takes one event of the stream.
func (a *answer) chunk(c *genai.GenerateContentResponse) error {
	if f := c.PromptFeedback; f != nil && f.BlockReason != "" {
		return a.blocked(string(f.BlockReason))
	}
	said := a.text
	for _, candidate := range c.Candidates {
		if candidate == nil || candidate.Index != 0 {
			continue
		}
		if candidate.Content != nil {
			for _, p := range candidate.Content.Parts {
				if err := a.part(p); err != nil || a.stopped {
					return err
				}
			}
		}
		if err := a.finish(candidate.FinishReason); err != nil {
			return err
		}
	}
	if u := c.UsageMetadata; u != nil { // a running total
		a.usage = llm.Usage{
			Input:  int(u.PromptTokenCount) + int(u.ToolUsePromptTokenCount),
			Cached: int(u.CachedContentTokenCount),
			Output: int(u.CandidatesTokenCount) + int(u.ThoughtsTokenCount),
		}
		if a.text > said { // who stops in mid-reply pays, too
			a.handUsage()
		}
	}
	return nil
}

func (a *answer) part(p *genai.Part) error {
	if p == nil || p.Thought {
		return nil
	}
	if f := p.FunctionCall; f != nil {
		a.watch.Resume() // it is at work
		return a.call(f, p.ThoughtSignature)
	}
	if a.text += len(p.Text); a.text > maxText {
		return a.garbage("the reply is too long")
	}
	if p.Text != "" {
		a.hand(llm.Delta{Text: p.Text})
	}
	return nil
}

// call takes a tool call, which comes in one piece. Models before 3 give it no
// id; since the signatures of all conversations are kept together, ours differ
// from one to the other.
func (a *answer) call(f *genai.FunctionCall, signature []byte) error {
	if len(a.calls) == maxCalls {
		return a.garbage("the reply has too many tool calls")
	}
	if len(f.Name) > maxName || len(f.ID) > maxArguments {
		return a.garbage("a tool call's name or id is too long")
	}
	args := bytes.NewBufferString("{}")
	if len(f.Args) > 0 {
		args.Reset()
		e := json.NewEncoder(args)
		e.SetEscapeHTML(false)
		if e.Encode(f.Args) != nil {
			return a.garbage("a tool call's arguments are no JSON")
		}
	}
	if args.Len() > maxArguments {
		return a.garbage(fmt.Sprintf("a tool call's arguments have more than %d bytes", maxArguments))
	}
	id := f.ID
	if id == "" || slices.ContainsFunc(a.calls, func(c call) bool { return c.ID == id }) {
		id = "call_" + rand.Text()
	}
	a.calls = append(a.calls, call{llm.ToolCall{ID: id, Name: f.Name, Arguments: bytes.TrimSpace(args.Bytes())}, signature})
	return nil
}

// handCalls hands on the tool calls, in the order in which they came.
func (a *answer) handCalls() {
	for _, c := range a.calls {
		if a.stopped {
			return
		}
		a.model.signatures.remember(c.ID, c.signature)
		a.hand(llm.Delta{Call: &c.ToolCall})
	}
}

// handUsage tells what was counted so far, if anything was.
func (a *answer) handUsage() {
	if u := a.usage; !a.stopped && u != (llm.Usage{}) {
		a.hand(llm.Delta{Usage: &u})
	}
}

func (a *answer) hand(d llm.Delta) {
	a.began, a.handing = true, true
	a.watch.Pause()
	a.stopped = !a.yield(d, nil)
	a.handing = false
	if !a.stopped {
		a.watch.Resume()
	}
}
