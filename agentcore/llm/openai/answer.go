package openai

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	sdk "github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

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

var errTooMuch = errors.New("the reply is too long")

// answer reads one reply from a stream and hands it on.
type answer struct {
	model *Model
	watch *provider.Watchdog
	yield func(llm.Delta, error) bool
	turn  int // for the ids of tool calls that came without

	op       string // what was being done when it failed
	refused  string // the field of the request that the server refused
	began    bool   // something was handed on: too late to try again
	stopped  bool   // the consumer wants no more
	finished bool   // the model said that it has finished
	text     int    // bytes of words so far
	calls    []*call
	cost     *llm.Usage // nil as long as the server says nothing of it
}

// call is a tool call being put together.
type call struct {
	index    int64
	id, name string
	args     []byte
}

// read asks once. A nil error is a whole reply, or a consumer that stopped.
func (a *answer) read(params sdk.ChatCompletionNewParams) error {
	a.op, a.refused, a.calls, a.cost, a.finished = "chat", "", nil, nil, false
	var events *provider.Events
	guard := func(req *http.Request, next func(*http.Request) (*http.Response, error)) (*http.Response, error) {
		res, err := next(req)
		if err != nil {
			return res, err
		}
		a.refused = a.model.optional.Learn(res)
		if events, err = provider.ReadEvents(a.model.cfg.Name, "chat", res); err != nil {
			return nil, err
		}
		return res, nil
	}
	stream := a.model.chat.NewStreaming(a.watch.Ctx, params, option.WithMiddleware(guard))
	defer stream.Close()
	if err := stream.Err(); err != nil {
		return err
	}
	a.op = "stream"
	for stream.Next() {
		if err := a.watch.Ctx.Err(); err != nil {
			return err
		}
		if err := a.chunk(stream.Current()); err != nil || a.stopped {
			return err
		}
	}
	if err := stream.Err(); err != nil {
		return err
	}
	if err := a.watch.Ctx.Err(); err != nil {
		return err
	}
	if !a.finished && !events.Done() { // a proxy closed it politely in mid-sentence
		return io.ErrUnexpectedEOF
	}
	a.handCalls()
	if a.cost != nil && !a.stopped {
		a.hand(llm.Delta{Usage: a.cost})
	}
	return nil
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
		said := choice.Delta.Content + choice.Delta.Refusal // a refusal is words, too
		if a.text += len(said); a.text > maxText {
			return a.tooMuch(errTooMuch)
		}
		if said != "" {
			a.hand(llm.Delta{Text: said})
		}
		for _, part := range choice.Delta.ToolCalls {
			if err := a.part(part); err != nil {
				return err
			}
		}
		if choice.FinishReason != "" {
			a.finished = true
		}
		if a.stopped {
			return nil
		}
	}
	return nil
}

// part adds a piece of a tool call. Pieces belong together by their index; a
// server that numbers every call 0 tells them apart by a new id.
func (a *answer) part(p sdk.ChatCompletionChunkChoiceDeltaToolCall) error {
	var c *call
	for _, known := range a.calls {
		if known.index == p.Index && (p.ID == "" || known.id == "" || known.id == p.ID) {
			c = known
		}
	}
	if c == nil {
		if len(a.calls) == maxCalls {
			return a.tooMuch(errTooMuch)
		}
		c = &call{index: p.Index}
		a.calls = append(a.calls, c)
		a.watch.Resume() // it is at work
	}
	if c.id == "" {
		c.id = p.ID
	}
	if c.name == "" {
		c.name = p.Function.Name
	}
	if len(c.id) > maxArguments || len(c.name) > maxName {
		return a.tooMuch(fmt.Errorf("%w: a tool call's name or id", errTooMuch))
	}
	if p.Function.Arguments != "" {
		a.watch.Resume()
	}
	if c.args = append(c.args, p.Function.Arguments...); len(c.args) > maxArguments {
		return a.tooMuch(fmt.Errorf("%w: a tool call's arguments have more than %d bytes", errTooMuch, maxArguments))
	}
	return nil
}

func (a *answer) tooMuch(err error) error {
	return provider.New(a.model.cfg.Name, "stream", provider.Garbage, err)
}

// handCalls hands on the tool calls, whole, in the order in which they began.
func (a *answer) handCalls() {
	for i, c := range a.calls {
		if a.stopped {
			return
		}
		if c.id == "" { // some local servers give none
			c.id = fmt.Sprintf("call_%d_%d", a.turn, i+1)
		}
		if len(c.args) == 0 {
			c.args = []byte("{}")
		}
		a.hand(llm.Delta{Call: &llm.ToolCall{ID: c.id, Name: c.name, Arguments: json.RawMessage(c.args)}})
	}
}

func (a *answer) hand(d llm.Delta) {
	a.began = true
	a.watch.Pause()
	if !a.yield(d, nil) {
		a.stopped = true
		return
	}
	a.watch.Resume()
}
