package gemini

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"slices"
	"strings"

	"google.golang.org/genai"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/llm/chat"
	"github.com/hookswitch/hookswitch/agentcore/provider"
)

// answer reads one reply from a stream and hands it on.
type answer struct {
	*chat.Reply
	model *Model

	finished bool // the model said that it has finished
	calls    []call
	usage    llm.Usage
}

// call is a tool call that waits for the end of the reply.
type call struct {
	*chat.Call
	signature []byte
}

// read asks once. A nil error is a whole reply, or a consumer that stopped.
func (a *answer) read(r llm.Request) (err error) {
	t := &tap{}
	defer func() { // the SDK trusts the shapes of what it reads, and panics
		if p := recover(); p != nil {
			if a.Handing || t.body == nil {
				panic(p) // not because of what came
			}
			err = a.garbage("its answer can't be understood")
		}
	}()
	m := a.model
	ctx := context.WithValue(a.Ctx, tapKey{}, t)
	for chunk, err := range m.models.GenerateContentStream(ctx, m.client.Model, m.conversation(r.Messages), m.config(r)) {
		if t.body != nil {
			a.Op = "stream"
		}
		if err != nil {
			return a.cause(t, err)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := a.chunk(chunk); err != nil || a.Stopped {
			return err
		}
	}
	switch a.Op = "stream"; {
	case t.failed != nil:
		return t.failed
	case ctx.Err() != nil:
		return ctx.Err()
	case !a.finished: // a proxy closed it politely in mid-sentence
		return io.ErrUnexpectedEOF
	}
	a.handCalls()
	a.HandUsage(a.usage)
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
		return inStream(a.model.client.Name, said)
	case errors.As(err, &known), errors.As(err, &transport):
		return err
	}
	return a.garbage("its answer can't be understood")
}

func (a *answer) garbage(text string) error {
	return a.Fail(provider.Garbage, errors.New(text))
}

// chunk takes one event of the stream.
func (a *answer) chunk(c *genai.GenerateContentResponse) error {
	if f := c.PromptFeedback; f != nil && f.BlockReason != "" {
		return a.blocked(string(f.BlockReason))
	}
	said := a.Said()
	for _, candidate := range c.Candidates {
		if candidate == nil || candidate.Index != 0 {
			continue
		}
		if candidate.Content != nil {
			for _, p := range candidate.Content.Parts {
				if err := a.part(p); err != nil || a.Stopped {
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
		if a.Said() > said { // who stops in mid-reply pays, too
			a.HandUsage(a.usage)
		}
	}
	return nil
}

func (a *answer) part(p *genai.Part) error {
	if p == nil || p.Thought {
		return nil
	}
	if f := p.FunctionCall; f != nil {
		return a.call(f, p.ThoughtSignature)
	}
	return a.Say(p.Text)
}

// call takes a tool call, which comes in one piece. Models before 3 give it no
// id; since the signatures of all conversations are kept together, ours differ
// from one to the other.
func (a *answer) call(f *genai.FunctionCall, signature []byte) error {
	c := &chat.Call{ID: f.ID, Name: f.Name}
	if err := a.Begin(c); err != nil {
		return err
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
	if err := a.Add(c, strings.TrimSpace(args.String())); err != nil {
		return err
	}
	if c.ID == "" || slices.ContainsFunc(a.calls, func(other call) bool { return other.ID == c.ID }) {
		c.ID = "call_" + rand.Text()
	}
	a.calls = append(a.calls, call{c, signature})
	return nil
}

// handCalls hands on the tool calls, in the order in which they came.
func (a *answer) handCalls() {
	for _, c := range a.calls {
		if a.Stopped {
			return
		}
		a.model.signatures.remember(c.ID, c.signature)
		a.HandCall(c.Call)
	}
}
