package chat

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/tools"
	"github.com/hookswitch/hookswitch/agentcore/vars"
)

// needLine are the tools that there is no use for without a line.
var needLine = []string{roster.TransferToNumber, roster.CollectDigits, roster.PlayDTMF, roster.VoicemailDetection}

var errUnknown = errors.New("it took too long, the outcome is unknown")

// tools are those that the agent is offered in writing.
func (t *turn) tools() (tools.Set, error) {
	var all []tools.Tool
	for _, spec := range t.who.Tools.Specs() {
		tool, _ := t.who.Tools.Get(spec.Name)
		switch {
		case slices.Contains(needLine, spec.Name), spec.Name == CallContact:
			continue
		case spec.Name == tools.EndCallName:
			tool = ending()
		}
		all = append(all, tool)
	}
	if t.who.MayCall && t.e.cfg.Dial != nil {
		all = append(all, t.e.callContact(t.c))
	}
	return tools.NewSet(all...)
}

// ending is [tools.EndCall] in words that fit a chat.
func ending() tools.Tool {
	tool, err := tools.Func(llm.Tool{
		Name:        tools.EndCallName,
		Description: "End this conversation. Write your last words with it.",
		Parameters: json.RawMessage(`{
			"type": "object",
			"properties": {"reason": {"type": "string", "maxLength": 200, "description": "why it is over, in a few words"}},
			"additionalProperties": false
		}`),
	}, tools.Traits{Safe: true}, func(context.Context, tools.Invocation) (tools.Result, error) {
		return tools.Result{Text: `{"ok":true}`, End: true}, nil
	})
	if err != nil {
		panic(err) // the schema is written here
	}
	return tool
}

// use uses the tool that the model wants: the intent is committed before, the
// result before the model sees it.
func (t *turn) use(ctx context.Context, set tools.Set, call llm.ToolCall) error {
	tool, known := set.Get(call.Name)
	intent := agentcore.ToolIntent{
		Key:  fmt.Sprintf("%s/%d/%d", t.c.ID, t.number, t.h.uses+1),
		Turn: t.number, Name: call.Name, Arguments: asJSON(call.Arguments),
	}
	intent.ID = cmp.Or(call.ID, intent.Key)
	if known {
		intent.Safe = tool.Traits().Safe
	}
	if discreet, is := tool.(tools.Discreet); is {
		intent.Arguments = asJSON(discreet.Shown(call.Arguments))
	}
	t.write(intent)
	if err := t.commit(ctx); err != nil {
		return err
	}
	return t.carryOut(ctx, set, intent, json.RawMessage(asJSON(call.Arguments)))
}

// tryAgain tries what was interrupted by the death of a process once more, under
// its key, if that does no harm. Of the rest the model is told that the outcome
// is unknown.
func (t *turn) tryAgain(ctx context.Context, set tools.Set) error {
	for _, intent := range t.h.interrupted() {
		if tool, known := set.Get(intent.Name); !known || !tool.Traits().Safe {
			continue // it was when it was meant; who runs it now does not say so
		}
		if err := t.carryOut(ctx, set, intent, json.RawMessage(intent.Arguments)); err != nil {
			return err
		}
	}
	return nil
}

// carryOut uses a tool whose intent is committed, and commits what came of it.
func (t *turn) carryOut(ctx context.Context, set tools.Set, intent agentcore.ToolIntent, args json.RawMessage) error {
	began := time.Now()
	result, failed := t.try(ctx, set, intent, args)
	if ctx.Err() != nil {
		return context.Cause(ctx) // what came of it is not known
	}
	for _, p := range result.Problems {
		t.e.cfg.Log.Warn("a tool's answer: "+p, "chat", t.c.ID, "tool", intent.Name)
	}
	given := t.assignable(result.Assigned)
	if err := t.assign(given); err != nil {
		return err
	}
	t.write(agentcore.ToolResult{
		Key: intent.Key, Text: result.Text, Failed: failed, TookMS: time.Since(began).Milliseconds(),
		End: result.End, Assigned: given,
	})
	return t.commit(ctx)
}

func (t *turn) try(ctx context.Context, set tools.Set, intent agentcore.ToolIntent, args json.RawMessage) (result tools.Result, failed bool) {
	var traits tools.Traits
	if tool, known := set.Get(intent.Name); known {
		traits = tool.Traits()
	}
	ctx, stop := context.WithDeadlineCause(ctx, t.limit(traits.Limit()), errUnknown)
	defer stop()
	result, err := set.Call(ctx, intent.Name, tools.Invocation{Key: intent.Key, Arguments: args, Variables: t.variables()})
	if err != nil && errors.Is(context.Cause(ctx), errUnknown) {
		err = errUnknown
	}
	if err != nil {
		return failure(err), true
	}
	return result, false
}

// assign sets variables of the chat's. They are committed with the next entries.
func (t *turn) assign(given vars.Set) error {
	if len(given) == 0 {
		return nil
	}
	own, err := vars.Decode(t.c.Variables)
	if err != nil {
		return err
	}
	now := vars.Merge(own, given)
	if len(now) > vars.MaxCount {
		t.e.cfg.Log.Warn("a chat has as many variables as it may: no more are set", "chat", t.c.ID)
		return nil
	}
	t.c.Variables, err = now.Encode()
	return err
}

// assignable is what of set a chat may have. What is out of bounds is told to the
// log, by its name.
func (t *turn) assignable(set vars.Set) vars.Set {
	out := vars.Set{}
	for _, name := range slices.Sorted(maps.Keys(set)) {
		if len(out) == vars.MaxCount || vars.Check(vars.Set{name: set[name]}) != nil {
			t.e.cfg.Log.Warn("a tool's variable is out of bounds: it is not set", "chat", t.c.ID, "variable", strconv.Quote(name[:min(len(name), vars.MaxKey)]))
			continue
		}
		out[name] = set[name]
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// failure is what a model is told of an error.
func failure(err error) tools.Result {
	const most = 2 << 10
	text, _ := json.Marshal(map[string]string{"error": tools.Cut(err.Error(), most)})
	return tools.Result{Text: string(text)}
}

// asJSON is what the model wrote if that is JSON, else it as a JSON string.
func asJSON(args json.RawMessage) string {
	if len(args) == 0 {
		return "{}"
	}
	if json.Valid(args) {
		return string(args)
	}
	text, _ := json.Marshal(string(args))
	return string(text)
}
