package anthropic

import (
	"encoding/json"
	"errors"
	"io"
	"unicode"

	sdk "github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/llm/chat"
	"github.com/hookswitch/hookswitch/agentcore/provider"
)

var (
	errDeclined = errors.New("the model declined to answer")
	errCut      = errors.New("the reply was cut before its first word: too few tokens")
	errHalf     = errors.New("a tool call was cut: too few tokens")
)

// answer reads one reply from a stream and hands it on.
type answer struct {
	*chat.Reply
	model *Model

	finished sdk.StopReason
	parted   bool // a further block of words needs a space before it
	calls    []*chat.Call
	cost     llm.Usage
	created  int // tokens written to the cache
	fresh    int // tokens neither read from it nor written
}

// read asks once. A nil error is a whole reply, or a consumer that stopped.
func (a *answer) read(params sdk.MessageNewParams) error {
	stream := a.model.messages.NewStreaming(a.Ctx, params, option.WithMiddleware(a.Guard))
	if err := chat.Read(a.Reply, stream, a.event); err != nil || a.Stopped {
		return a.cause(err)
	}
	return a.end()
}

// cause is err, of which nothing is kept but a code if it came instead of words.
func (a *answer) cause(err error) error {
	var inStream *sdk.Error
	if errors.As(err, &inStream) { // an error event; one before the stream never comes so far
		return provider.Said(a.model.client.Name, a.Op, []byte(inStream.RawJSON()))
	}
	return err
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
		a.parted = a.Said() > 0
		return a.say(b.Text)
	case "tool_use":
		c := &chat.Call{Index: e.Index, ID: b.ID, Name: b.Name}
		if err := a.Begin(c); err != nil {
			return err
		}
		a.calls = append(a.calls, c)
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
	first := a.Said() == 0
	if err := a.Say(words); err != nil {
		return err
	}
	if first {
		a.handCost() // should nobody hear the end: it costs the same
	}
	return nil
}

// part adds a piece of a tool call's arguments.
func (a *answer) part(index int64, piece string) error {
	for _, c := range a.calls {
		if c.Index != index {
			continue
		}
		if err := a.Add(c, piece); err != nil {
			return err
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
	switch {
	case a.finished == "": // a proxy closed it politely in mid-sentence
		return io.ErrUnexpectedEOF
	case a.finished == sdk.StopReasonRefusal && a.Said() == 0:
		return a.Fail(provider.Refused, errDeclined)
	case a.finished == sdk.StopReasonMaxTokens && a.Said() == 0 && len(a.calls) == 0:
		return a.Fail(provider.Garbage, errCut)
	}
	for _, c := range a.calls {
		if a.finished == sdk.StopReasonMaxTokens && len(c.Args) > 0 && !json.Valid(c.Args) {
			return a.Fail(provider.Garbage, errHalf)
		}
	}
	for _, c := range a.calls {
		a.HandCall(c)
	}
	a.handCost()
	return nil
}

// handCost hands on what the reply cost so far, unless the server doesn't count.
func (a *answer) handCost() {
	cost := a.cost
	cost.Input = a.fresh + a.created + a.cost.Cached
	a.HandUsage(cost)
}
