// Package script is a language model that is no model at all: it follows a
// small dialogue written in a file. It costs nothing, needs no network, answers
// at once and always says the same, which is what a demo, a test and a load
// generator want.
//
// A script is stateless between replies. Where a conversation stands is worked
// out from its messages alone, each time: a caller's message moves the dialogue
// on, a tool's result may. So one Script serves every call, and a call that was
// carried over from a dead node goes on where it was.
package script

import (
	"context"
	"iter"
	"strings"

	"github.com/hookswitch/hookswitch/agentcore/llm"
)

// Script is a dialogue, loaded. It is not changed once loaded; any number of
// calls may use it at once. It is an [llm.Model].
type Script struct {
	Name       string
	Greeting   string // for the agent to say first
	Prompt     string // what a real model would be told instead of this script
	Apology    string // for the agent to say when something broke; may be empty
	StillThere string // for the agent to say into a silence; may be empty

	start    string
	slots    []*slot
	states   map[string]*state
	intents  []*intent
	tools    map[string]*tool
	fallback []text
	giveUp   text
}

// state is where a dialogue stands.
type state struct {
	name   string
	say    text // said on entering; the question that the caller is to answer
	hint   text // what can be said here, for a caller who was not understood
	ask    []question
	refuse []refusal
	then   string // entered once every question has its answer
}

type question struct {
	slot string
	say  text
}

// refusal is what the house does not do: all conditions hold, so say it and
// forget what was told.
type refusal struct {
	when  []condition
	say   text
	clear []string
}

// condition holds if the slot's value is one of these, or between two.
type condition struct {
	slot     string
	oneOf    []string // lower case
	from, to string   // compared as text: "08:00"
}

func (c condition) holds(slots map[string]value) bool {
	v, ok := slots[c.slot]
	if !ok {
		return false
	}
	if c.from != "" {
		return c.from <= v.plain && v.plain <= c.to
	}
	for _, o := range c.oneOf {
		if strings.EqualFold(o, v.plain) {
			return true
		}
	}
	return false
}

// intent is a thing that a caller may want.
type intent struct {
	name   string
	in     []string // only in these states; none means in all
	rules  rules
	about  []string // slots that a question is about: heard with it, they are not an answer
	alone  bool     // only if the caller wants nothing else
	repeat bool     // say the last reply again
	do     outcome
}

// outcome is what comes of an intent or of a tool's result.
type outcome struct {
	say   text
	clear []string // slots to forget
	state string   // to enter
	call  string   // tool to call
	end   bool     // call end_call after the words
}

// tool is how the script calls a tool and what it makes of the result.
type tool struct {
	arguments    []argument
	done, failed outcome
}

type argument struct {
	name string
	text text
}

// endCall is the tool that ends the call, by the name that every agent gives it.
const endCall = "end_call"

// String names the model in a log line.
func (s *Script) String() string { return "script" }

// Tools returns the names of the tools that the script may call, sorted. Of
// collect_digits see [Script.Keyed].
func (s *Script) Tools() []string { return s.toolNames() }

// Keyed returns the names of the slots that callers key in, for the agent's
// collect_digits. A script whose agent has no such tool only asks.
func (s *Script) Keyed() []string {
	var names []string
	for _, sl := range s.slots {
		if sl.kind == keysKind {
			names = append(names, sl.name)
		}
	}
	return names
}

// Chat implements [llm.Model]. The reply comes word by word, its tool calls
// after its words. The only error is that of ctx.
func (s *Script) Chat(ctx context.Context, r llm.Request) iter.Seq2[llm.Delta, error] {
	return func(yield func(llm.Delta, error) bool) {
		if err := ctx.Err(); err != nil {
			yield(llm.Delta{}, ended(err))
			return
		}
		reply := s.reply(r)
		for word := range strings.SplitAfterSeq(reply.text, " ") {
			if err := ctx.Err(); err != nil {
				yield(llm.Delta{}, ended(err))
				return
			}
			if word != "" && !yield(llm.Delta{Text: word}, nil) {
				return
			}
		}
		for _, c := range reply.calls {
			if !yield(llm.Delta{Call: &c}, nil) {
				return
			}
		}
	}
}

func ended(err error) error {
	return &llm.Error{Provider: "script", Op: "chat", Retry: true, Err: err}
}
