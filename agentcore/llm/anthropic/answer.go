package anthropic

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"unicode"

	sdk "github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"

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

var (
	errTooMuch  = errors.New("the reply is too long")
	errDeclined = errors.New("the model declined to answer")
	errCut      = errors.New("the reply was cut before its first word: too few tokens")
	errHalf     = errors.New("a tool call was cut: too few tokens")
)

// answer reads one reply from a stream and hands it on.
type answer struct {
	model *Model
	watch *provider.Watchdog
	yield func(llm.Delta, error) bool

	op       string // what was being done when it failed
	refused  string // the field of the request that the model refused
	began    bool   // something was handed on: too late to try again
	stopped  bool   // the consumer wants no more
	finished sdk.StopReason
	text     int  // bytes of words so far
	parted   bool // a further block of words needs a space before it
	calls    []*call
	cost     llm.Usage
	created  int // tokens written to the cache
	fresh    int // tokens neither read from it nor written
}

// call is a tool call being put together.
type call struct {
	index    int64
	id, name string
	args     []byte
}

// read asks once. A nil error is a whole reply, or a consumer that stopped.
func (a *answer) read(params sdk.MessageNewParams) error {
	a.op, a.refused, a.finished, a.calls = "chat", "", "", nil
	guard := func(req *http.Request, next option.MiddlewareNext) (*http.Response, error) {
		res, err := next(req)
		if err != nil {
			return res, err
		}
		a.refused = a.model.optional.Learn(res)
		if _, err := provider.ReadEvents(a.model.cfg.Name, "chat", res); err != nil {
			return nil, err
		}
		return res, nil
	}
	stream := a.model.messages.NewStreaming(a.watch.Ctx, params, option.WithMiddleware(guard))
	defer stream.Close()
	if err := stream.Err(); err != nil {
		return err
	}
	a.op = "stream"
	for stream.Next() {
		if err := a.watch.Ctx.Err(); err != nil {
			return err
		}
		if err := a.event(stream.Current()); err != nil || a.stopped {
			return err
		}
	}
	if err := stream.Err(); err != nil {
		return err
	}
	if err := a.watch.Ctx.Err(); err != nil {
		return err
	}
	return a.end()
}

// event takes one event of the stream
// (platform.claude.com/docs/en/build-with-claude/streaming). Thoughts are not for
// the caller, and don't count as a sign of life: they are silence on the line.
func (a *answer) event(e sdk.MessageStreamEventUnion) error {
	switch e.Type {
	case "message_start":
		u := e.Message.Usage
		a.fresh, a.created = int(u.InputTokens), int(u.CacheCreationInputTokens)
		a.cost.Cached, a.cost.Output = int(u.CacheReadInputTokens), int(u.OutputTokens)
	case "content_block_start":
		return a.begin(e)
	case "content_block_delta":
		switch e.Delta.Type {
		case "text_delta":
			return a.say(e.Delta.Text)
		case "input_json_delta":
			return a.part(e.Index, e.Delta.PartialJSON)
		}
	case "message_delta":
		if e.Delta.StopReason != "" {
			a.finished = e.Delta.StopReason
		}
		a.recount(e.Usage)
	}
	return nil
}

// begin takes the start of a block, which may hold some of it already.
func (a *answer) begin(e sdk.MessageStreamEventUnion) error {
	b := e.ContentBlock
	switch b.Type {
	case "text":
		a.parted = a.text > 0
		return a.say(b.Text)
	case "tool_use":
		if len(a.calls) == maxCalls || len(b.ID) > maxArguments || len(b.Name) > maxName {
			return a.tooMuch()
		}
		a.calls = append(a.calls, &call{index: e.Index, id: b.ID, name: b.Name})
		a.watch.Resume() // it is at work
		if given, ok := b.Input.(map[string]any); ok && len(given) > 0 {
			whole, err := json.Marshal(given)
			if err != nil {
				return err
			}
			return a.part(e.Index, string(whole))
		}
	}
	return nil
}

// say hands on words. Two blocks of them are two sentences: what parts them is
// lost in the stream.
func (a *answer) say(words string) error {
	if words == "" {
		return nil
	}
	if a.parted && !unicode.IsSpace(rune(words[0])) {
		words = " " + words
	}
	a.parted = false
	first := a.text == 0
	if a.text += len(words); a.text > maxText {
		return a.tooMuch()
	}
	a.hand(llm.Delta{Text: words})
	if first {
		a.handCost() // should nobody hear the end: it costs the same
	}
	return nil
}

// part adds a piece of a tool call's arguments.
func (a *answer) part(index int64, piece string) error {
	for _, c := range a.calls {
		if c.index != index {
			continue
		}
		if c.args = append(c.args, piece...); len(c.args) > maxArguments {
			return a.tooMuch()
		}
		if piece != "" {
			a.watch.Resume() // it is at work
		}
	}
	return nil
}

// recount takes counts that add up over the reply; older servers leave out those
// of the input.
func (a *answer) recount(u sdk.MessageDeltaUsage) {
	for _, c := range []struct {
		there bool
		from  int64
		to    *int
	}{
		{u.JSON.InputTokens.Valid(), u.InputTokens, &a.fresh},
		{u.JSON.CacheCreationInputTokens.Valid(), u.CacheCreationInputTokens, &a.created},
		{u.JSON.CacheReadInputTokens.Valid(), u.CacheReadInputTokens, &a.cost.Cached},
		{u.JSON.OutputTokens.Valid(), u.OutputTokens, &a.cost.Output},
	} {
		if c.there {
			*c.to = int(c.from)
		}
	}
}

// end hands on the tool calls and the cost, or says why there is no whole reply
// (platform.claude.com/docs/en/build-with-claude/handling-stop-reasons).
func (a *answer) end() error {
	name := a.model.cfg.Name
	switch {
	case a.finished == "": // a proxy closed it politely in mid-sentence
		return io.ErrUnexpectedEOF
	case a.finished == sdk.StopReasonRefusal && a.text == 0:
		return provider.New(name, "stream", provider.Refused, errDeclined)
	case a.finished == sdk.StopReasonMaxTokens && a.text == 0 && len(a.calls) == 0:
		return provider.New(name, "stream", provider.Garbage, errCut)
	}
	for _, c := range a.calls {
		if len(c.args) == 0 {
			c.args = []byte("{}")
		}
		if a.finished == sdk.StopReasonMaxTokens && !json.Valid(c.args) {
			return provider.New(name, "stream", provider.Garbage, errHalf)
		}
	}
	for _, c := range a.calls {
		if !a.stopped {
			a.hand(llm.Delta{Call: &llm.ToolCall{ID: c.id, Name: c.name, Arguments: json.RawMessage(c.args)}})
		}
	}
	a.handCost()
	return nil
}

func (a *answer) tooMuch() error {
	return provider.New(a.model.cfg.Name, "stream", provider.Garbage, errTooMuch)
}

// handCost hands on what the reply cost so far, unless the server doesn't count.
func (a *answer) handCost() {
	cost := a.cost
	if cost.Input = a.fresh + a.created + a.cost.Cached; cost != (llm.Usage{}) && !a.stopped {
		a.hand(llm.Delta{Usage: &cost})
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
