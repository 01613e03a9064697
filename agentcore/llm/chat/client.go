package chat

import (
	"context"
	"errors"
	"iter"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/provider"
)

// Client asks a provider with patience. An adapter's model holds one, and puts
// its protocol into it: see [Client.Chat]. It is used by many calls at once.
type Client struct {
	Config // with its defaults

	Optional *provider.Optional // the fields that a server may refuse; nil for none. To be set before the first Chat
	Learns   int                // refusals of one of them that a request may run into

	shared bool // HTTP is the caller's: not ours to close
}

// New checks cfg and fills in what it leaves out; name is the provider's. also
// is what the adapter finds wrong with cfg besides. The errors name the field at
// fault.
func New(name string, cfg Config, also ...error) (*Client, error) {
	if err := provider.Named(name, errors.Join(cfg.check(), errors.Join(also...))); err != nil {
		return nil, err
	}
	return &Client{Config: cfg.orDefault(name), shared: cfg.HTTP != nil}, nil
}

// Close lets go of idle connections. Replies under way go on.
func (c *Client) Close() error {
	if !c.shared {
		c.HTTP.CloseIdleConnections()
	}
	return nil
}

// String names the model in a log line.
func (c *Client) String() string { return c.Model }

// Chat is a model's Chat. ask asks once, on a fresh Reply, and hands on what
// comes: a nil error is a whole reply, or a consumer that stopped. It is called
// again after a failure that asks for it, or when the server refused a field,
// as long as nothing was handed on. Errors are [*llm.Error]; that of ctx is
// inside one.
func (c *Client) Chat(ctx context.Context, ask func(*Reply) error) iter.Seq2[llm.Delta, error] {
	return func(yield func(llm.Delta, error) bool) {
		if err := ctx.Err(); err != nil {
			yield(llm.Delta{}, provider.Failure(ctx, c.Name, opAsk, err))
			return
		}
		w := provider.Watch(ctx, c.Patience)
		defer w.Stop()
		for try, learned := 0, 0; ; {
			r := &Reply{Ctx: w.Ctx, Op: opAsk, client: c, watch: w, yield: yield}
			err := ask(r)
			switch {
			case err == nil || r.Stopped:
				return
			case r.Refused != "" && learned < c.Learns && w.Ctx.Err() == nil:
				c.Log.Info(c.Name+": the model refuses a field, and is asked without it from now on", "model", c.Model, "field", r.Refused)
				learned++
				continue
			case try < c.Retries && !r.began && c.wait(w, try, err):
				try++
				continue
			}
			yield(llm.Delta{}, provider.Failure(w.Ctx, c.Name, r.Op, err))
			return
		}
	}
}

// wait waits before another try, and says whether there is to be one.
func (c *Client) wait(w *provider.Watchdog, try int, err error) bool {
	pause, ok := w.Again(try, err)
	if !ok {
		return false
	}
	var status *provider.StatusError
	if errors.As(err, &status) {
		c.Log.Warn(c.Name+": trying again", "status", status.Status, "code", status.Code, "try", try+1, "wait", pause)
	} else {
		c.Log.Warn(c.Name+": trying again: no connection", "try", try+1, "wait", pause)
	}
	return w.Sleep(pause)
}
