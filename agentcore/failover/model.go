package failover

import (
	"context"
	"iter"
	"strings"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/provider"
)

// mostSaid bounds what of a reply is remembered, in bytes. A model that breaks
// after more is not replaced.
const mostSaid = 64 << 10

// Model is a model that is replaced by the next in the list when it fails.
//
// Before its first word the next is simply asked. After words, the next is told
// what was said and asked to go on there; what it repeats is dropped. A reply
// that asked for a tool is whole, whatever fails behind it. Until a word is
// complete it is kept back, so that no half of one is ever said.
//
// A stall is the candidates' own business: they fail when their patience ends.
func Model(c Config[llm.Model]) llm.Model { return &model{newList(provider.Model, c.Candidates)} }

type model struct{ *list[llm.Model] }

// Chat implements [llm.Model].
func (m *model) Chat(ctx context.Context, r llm.Request) iter.Seq2[llm.Delta, error] {
	return func(yield func(llm.Delta, error) bool) {
		if len(m.all) == 0 {
			yield(llm.Delta{}, nobody("chat"))
			return
		}
		reply := &reply{yield: yield, alone: len(m.all) == 1}
		round := m.round()
		for t, ok := round.next(ctx); ok; t, ok = round.next(ctx) {
			err := reply.read(t.Port.Chat(ctx, goOn(r, reply.said.String())))
			switch {
			case err == nil && (reply.stopped || ctx.Err() != nil) && !reply.began:
				t.unused()
				return
			case err == nil:
				t.over(nil)
				return
			case ctx.Err() != nil:
				if reply.began {
					t.over(nil)
				} else {
					t.unused()
				}
				yield(llm.Delta{}, provider.Failure(ctx, t.Name, "chat", err))
				return
			}
			round.failed(t, err)
			if reply.called {
				round.told(ctx)
				return
			}
			if !round.more() || reply.said.Len() > mostSaid {
				yield(llm.Delta{}, err)
				return
			}
		}
	}
}

// goOn is r, to be answered from behind what was said of the answer already.
// The note is the caller's message, because not every provider takes a system
// message at the end, and the brackets say that the caller did not say it.
func goOn(r llm.Request, said string) llm.Request {
	said = strings.TrimSpace(said)
	if said == "" {
		return r
	}
	r.Messages = append(append([]llm.Message(nil), r.Messages...),
		llm.Message{Role: llm.Assistant, Text: said},
		llm.Message{Role: llm.User, Text: "[A note of the telephone system, not of the caller: a fault cut your reply off there. " +
			"Go on with the very next word of it. Repeat nothing that you have said, and do not mention the fault.]"},
	)
	return r
}

// reply is what the consumer was given of one reply, by whichever model.
type reply struct {
	yield func(llm.Delta, error) bool
	alone bool // nobody could go on: nothing needs to be remembered

	said    strings.Builder // every word that was handed on
	called  bool            // a tool call was handed on
	stopped bool            // the consumer wants no more
	before  llm.Usage       // of the models that failed

	// Of the model that answers now.
	began bool   // it gave a piece
	joint bool   // its first word comes behind another model's
	held  string // the beginning of a word
	usage llm.Usage
	echo  *echo // drops what it says again; nil when there is no such thing
}

// read takes one model's answer. It returns the model's error; nil is the end,
// or a consumer that stopped.
func (r *reply) read(deltas iter.Seq2[llm.Delta, error]) error {
	r.began, r.joint, r.held, r.usage, r.echo = false, r.said.Len() > 0, "", llm.Usage{}, nil
	if r.joint {
		r.echo = newEcho(r.said.String())
	}
	for d, err := range deltas {
		if err != nil {
			r.before = sum(r.before, r.usage)
			return err
		}
		r.began = true
		if !r.take(d) {
			r.stopped = true
			return nil
		}
	}
	r.stopped = !r.settle()
	return nil
}

// take hands one piece on, as far as it is known to be whole and new.
func (r *reply) take(d llm.Delta) bool {
	switch {
	case d.Usage != nil:
		r.usage = *d.Usage
		all := sum(r.before, r.usage)
		return r.yield(llm.Delta{Usage: &all}, nil)
	case d.Call != nil:
		if !r.settle() {
			return false
		}
		r.called = true
		return r.yield(d, nil)
	case r.alone:
		return r.yield(d, nil)
	}
	text := d.Text
	if r.echo != nil {
		text = r.echo.strip(text)
		if r.echo.done {
			r.echo = nil
		}
	}
	var whole string
	whole, r.held = wholeWords(r.held + text)
	return r.give(whole)
}

// settle hands on what was kept back: it is whole, for nothing follows it.
func (r *reply) settle() bool {
	text := r.held
	if r.echo != nil {
		text += r.echo.rest()
		r.echo = nil
	}
	r.held = ""
	return r.give(text)
}

func (r *reply) give(text string) bool {
	if text == "" {
		return true
	}
	if r.joint {
		r.joint = false
		text = join(r.said.String(), text)
	}
	if r.said.Len() <= mostSaid {
		r.said.WriteString(text)
	}
	return r.yield(llm.Delta{Text: text}, nil)
}

func sum(a, b llm.Usage) llm.Usage {
	return llm.Usage{Input: a.Input + b.Input, Cached: a.Cached + b.Cached, Output: a.Output + b.Output}
}
