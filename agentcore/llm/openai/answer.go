package openai

import (
	"errors"
	"fmt"
	"io"

	sdk "github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/packages/ssestream"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/llm/chat"
	"github.com/hookswitch/hookswitch/agentcore/provider"
)

// answer reads one reply from a stream and hands it on.
type answer struct {
	*chat.Reply
	model *Model
	turn  int // for the ids of tool calls that came without

	finished bool // the model said that it has finished
	calls    []*chat.Call
	cost     *llm.Usage // nil as long as the server says nothing of it
}

// read asks once. A nil error is a whole reply, or a consumer that stopped.
func (a *answer) read(params sdk.ChatCompletionNewParams) error {
	stream := a.model.completions.NewStreaming(a.Ctx, params, option.WithMiddleware(a.Guard))
	if err := chat.Read(a.Reply, stream, a.chunk); err != nil || a.Stopped {
		return a.cause(err)
	}
	if !a.finished && !a.Events.Done() { // a proxy closed it politely in mid-sentence
		return io.ErrUnexpectedEOF
	}
	a.handCalls()
	if a.cost != nil {
		a.Hand(llm.Delta{Usage: a.cost})
	}
	return nil
}

// cause is err, of which nothing is kept but a code if it came instead of words.
func (a *answer) cause(err error) error {
	var inStream *ssestream.StreamError
	if errors.As(err, &inStream) {
		return provider.Said(a.model.client.Name, a.Op, inStream.Event.Data)
	}
	return err
}

// chunk takes one event of the stream.
func (a *answer) chunk(c sdk.ChatCompletionChunk) error {
	if c.JSON.Usage.Valid() { // of several, as some servers send, the last counts
		a.cost = &llm.Usage{Input: int(c.Usage.PromptTokens), Cached: int(c.Usage.PromptTokensDetails.CachedTokens), Output: int(c.Usage.CompletionTokens)}
	}
	for _, choice := range c.Choices { // none in a usage chunk
		if choice.Index != 0 {
			continue
		}
		if err := a.Say(choice.Delta.Content + choice.Delta.Refusal); err != nil { // a refusal is words, too
			return err
		}
		for _, part := range choice.Delta.ToolCalls {
			if err := a.part(part); err != nil {
				return err
			}
		}
		if choice.FinishReason != "" {
			a.finished = true
		}
		if a.Stopped {
			return nil
		}
	}
	return nil
}

// part adds a piece of a tool call. Pieces belong together by their index; a
// server that numbers every call 0 tells them apart by a new id.
func (a *answer) part(p sdk.ChatCompletionChunkChoiceDeltaToolCall) error {
	var c *chat.Call
	for _, known := range a.calls {
		if known.Index == p.Index && (p.ID == "" || known.ID == "" || known.ID == p.ID) {
			c = known
		}
	}
	if c == nil {
		c = &chat.Call{Index: p.Index}
		a.calls = append(a.calls, c)
		if err := a.Begin(c); err != nil {
			return err
		}
	}
	if c.ID == "" {
		c.ID = p.ID
	}
	if c.Name == "" {
		c.Name = p.Function.Name
	}
	return a.Add(c, p.Function.Arguments)
}

// handCalls hands on the tool calls, whole, in the order in which they began.
func (a *answer) handCalls() {
	for i, c := range a.calls {
		if c.ID == "" { // some local servers give none
			c.ID = fmt.Sprintf("call_%d_%d", a.turn, i+1)
		}
		a.HandCall(c)
	}
}
