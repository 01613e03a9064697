package chat

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/provider"
)

// Bounds of one reply: more is a model gone mad, or a server that isn't one.
const (
	mostText      = 64 << 10 // bytes of words
	mostArguments = 64 << 10 // bytes of one tool call's arguments, and of its id
	mostName      = 256      // bytes of a tool's name
	mostCalls     = 16       // tool calls
)

// What is being done when it fails.
const (
	opAsk  = "chat"
	opRead = "stream"
)

var errTooMuch = errors.New("the reply is too long")

// Reply is one reply under way: it hands on what comes, as far as it is in
// bounds. It is used by one goroutine.
type Reply struct {
	Ctx     context.Context  // of the request: it ends with the provider's silence, too
	Op      string           // what is being done, for errors
	Refused string           // the field of the request that the server refused
	Events  *provider.Events // the stream, once [Reply.Guard] has seen it
	Stopped bool             // the consumer wants no more
	Handing bool             // the consumer has a delta

	client *Client
	watch  *provider.Watchdog
	yield  func(llm.Delta, error) bool
	began  bool // something was handed on: too late to try again
	text   int  // bytes of words so far
	calls  int
}

// Guard is a middleware for an SDK: it sees to it that the answer is a stream
// that is bounded, and what the server refuses if it is none.
func (r *Reply) Guard(req *http.Request, next func(*http.Request) (*http.Response, error)) (*http.Response, error) {
	res, err := next(req)
	if err != nil {
		return res, err
	}
	if r.client.Optional != nil {
		r.Refused = r.client.Optional.Learn(res)
	}
	if r.Events, err = provider.ReadEvents(r.client.Name, opAsk, res); err != nil {
		return nil, err
	}
	return res, nil
}

// Stream is what the SDKs make of an answer.
type Stream[E any] interface {
	Next() bool
	Current() E
	Err() error
	Close() error
}

// Read gives take every event of s, until the end or until the consumer stops,
// and closes s.
func Read[E any](r *Reply, s Stream[E], take func(E) error) error {
	defer s.Close()
	if err := s.Err(); err != nil {
		return err
	}
	r.Op = opRead
	for s.Next() {
		if err := r.Ctx.Err(); err != nil {
			return err
		}
		if err := take(s.Current()); err != nil || r.Stopped {
			return err
		}
	}
	if err := s.Err(); err != nil {
		return err
	}
	return r.Ctx.Err()
}

// Hand hands d on, unless the consumer has stopped. The provider is not waited
// for meanwhile.
func (r *Reply) Hand(d llm.Delta) {
	if r.Stopped {
		return
	}
	r.began, r.Handing = true, true
	r.watch.Pause()
	r.Stopped = !r.yield(d, nil)
	r.Handing = false
	if !r.Stopped {
		r.watch.Resume()
	}
}

// Say hands on words, if there are any.
func (r *Reply) Say(words string) error {
	if r.text += len(words); r.text > mostText {
		return r.Fail(provider.Garbage, errTooMuch)
	}
	if words != "" {
		r.Hand(llm.Delta{Text: words})
	}
	return nil
}

// Said is how many bytes of words came so far.
func (r *Reply) Said() int { return r.text }

// Call is a tool call being put together.
type Call struct {
	Index    int64 // by which its pieces belong together
	ID, Name string
	Args     []byte
}

// Begin counts another tool call. It is a sign of life.
func (r *Reply) Begin(c *Call) error {
	if r.calls++; r.calls > mostCalls {
		return r.Fail(provider.Garbage, fmt.Errorf("%w: too many tool calls", errTooMuch))
	}
	r.watch.Resume()
	return r.check(c)
}

// check looks whether c is in bounds. Its name and id are, too: they go into the
// history, and with it into every request that follows.
func (r *Reply) check(c *Call) error {
	if len(c.ID) > mostArguments || len(c.Name) > mostName {
		return r.Fail(provider.Garbage, fmt.Errorf("%w: a tool call's name or id", errTooMuch))
	}
	if len(c.Args) > mostArguments {
		return r.Fail(provider.Garbage, fmt.Errorf("%w: a tool call's arguments have more than %d bytes", errTooMuch, mostArguments))
	}
	return nil
}

// Add adds a piece to c's arguments, and looks whether c is in bounds. It is a
// sign of life if there is anything in it.
func (r *Reply) Add(c *Call, piece string) error {
	if piece != "" {
		r.watch.Resume()
	}
	c.Args = append(c.Args, piece...)
	return r.check(c)
}

// HandCall hands on c, which is whole. Without arguments it has those of an
// empty object.
func (r *Reply) HandCall(c *Call) {
	if len(c.Args) == 0 {
		c.Args = []byte("{}")
	}
	r.Hand(llm.Delta{Call: &llm.ToolCall{ID: c.ID, Name: c.Name, Arguments: c.Args}})
}

// HandUsage tells what was counted so far, if anything was.
func (r *Reply) HandUsage(u llm.Usage) {
	if u != (llm.Usage{}) {
		r.Hand(llm.Delta{Usage: &u})
	}
}

// Fail is a failure of the reply's.
func (r *Reply) Fail(class provider.Class, err error) error {
	return provider.New(r.client.Name, r.Op, class, err)
}
