// Package remote makes an agent's own tools: webhook tools, which are an HTTP
// request to an address that a user chose, and client tools.
package remote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/llm"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/tools"
	"github.com/hookswitch/hookswitch/agentcore/trace"
	"github.com/hookswitch/hookswitch/agentcore/webhook"
)

// defaultTimeout is response_timeout_secs when a tool doesn't say.
const defaultTimeout = 30 * time.Second

// IdempotencyKey is the header that holds a use's key.
const IdempotencyKey = "Idempotency-Key"

var errRequest = errors.New("remote: the tool has no request")

// Of makes all tools that d offers its model: those that are active, the
// gateway's own first. A tool that can't be made is left out and is part of the
// error; the others are good.
func Of(d roster.Definition, client *webhook.Client, traced trace.Share) ([]tools.Tool, error) {
	var all []tools.Tool
	var errs []error
	taken := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(d.SystemTools)) {
		set := d.SystemTools[name]
		if !set.Active {
			continue
		}
		if t, ok := tools.System(name, set.DisableInterruptions, set.ForcePreToolSpeech); ok {
			taken[name] = true
			all = append(all, t)
		}
	}
	for _, made := range d.Tools {
		if !made.Active {
			continue
		}
		t, err := New(made, client, traced)
		if err == nil && taken[made.Name] {
			err = fmt.Errorf("remote: two tools are named %.64q", made.Name)
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		taken[made.Name] = true
		all = append(all, t)
	}
	return all, errors.Join(errs...)
}

// New makes a tool of what a user made. A webhook tool sends its request
// through client. It is safe to repeat if its user says so, or if it only reads
// (GET). Of the share traced of the calls, requests say to which trace they belong:
// header traceparent, unless the tool has one of its own.
func New(t roster.Tool, client *webhook.Client, traced trace.Share) (tools.Tool, error) {
	spec := llm.Tool{Name: t.Name, Description: t.Description, Parameters: schema(t.Config.Parameters)}
	if t.Type == roster.ClientTool {
		return tools.Client(spec)
	}
	if t.Type != roster.WebhookTool {
		return nil, fmt.Errorf("remote: %.64q is of the type %.20q, which models are not offered", t.Name, t.Type)
	}
	if t.Config.Request == nil {
		return nil, fmt.Errorf("remote: %.64q: %w", t.Name, errRequest)
	}
	traits := tools.Traits{
		Timeout:    defaultTimeout,
		Safe:       t.Config.SafeToRetry || strings.EqualFold(t.Config.Request.Method, http.MethodGet),
		Hold:       t.Config.DisableInterruptions,
		SpeakFirst: t.Config.ForcePreToolSpeech,
	}
	if s := t.Config.Timeout; s > 0 {
		traits.Timeout = time.Duration(s) * time.Second
	}
	r := &request{config: t.Config, client: client, traced: traced, traits: traits}
	return tools.Func(spec, traits, r.use)
}

// parameter is a tool's argument as JSON Schema has it.
type parameter struct {
	Type        string `json:"type"`
	Description string `json:"description,omitempty"`
}

// schema is the JSON Schema of a flat map of parameters. Nothing else is let
// through: what a model makes up must not pass for a variable of the call.
func schema(ps map[string]roster.Parameter) json.RawMessage {
	object := struct {
		Type       string               `json:"type"`
		Properties map[string]parameter `json:"properties"`
		Required   []string             `json:"required,omitempty"`
		Additional bool                 `json:"additionalProperties"`
	}{Type: "object", Properties: map[string]parameter{}}
	for _, name := range slices.Sorted(maps.Keys(ps)) {
		p := ps[name]
		as := parameter{"string", p.Description}
		switch p.Type {
		case "number", "integer", "boolean":
			as.Type = p.Type
		}
		object.Properties[name] = as
		if p.Required == nil || *p.Required {
			object.Required = append(object.Required, name)
		}
	}
	b, err := json.Marshal(object)
	if err != nil { // strings and booleans are always JSON
		panic(err)
	}
	return b
}

// request is what a webhook tool does.
type request struct {
	config roster.ToolConfig
	client *webhook.Client
	traced trace.Share
	traits tools.Traits
}

func (r *request) use(ctx context.Context, in tools.Invocation) (tools.Result, error) {
	args, err := decode(in.Arguments)
	if err != nil {
		return tools.Result{}, err
	}
	out, err := webhook.Render(*r.config.Request, in.Variables, args, r.missing(in))
	if err != nil {
		return tools.Result{}, r.failure(err)
	}
	out.Timeout = r.traits.Limit()
	out.Header.Set(IdempotencyKey, in.Key)
	if parent := r.parent(in.Key); parent != "" && out.Header.Get(traceparent) == "" {
		out.Header.Set(traceparent, parent)
	}
	x, err := r.client.Do(ctx, out)
	if err != nil {
		return tools.Result{}, r.failure(err)
	}
	result := tools.Result{Text: answer(x.Answer)}
	result.Assigned, result.Problems = webhook.Assign(r.config.Assignments, x.Answer)
	return result, nil
}

// traceparent is the header of the W3C's Trace Context.
const traceparent = "Traceparent"

// parent is the traceparent of the use under key; empty when nobody traces.
func (r *request) parent(key string) string {
	if r.traced <= 0 {
		return ""
	}
	id := trace.Of(trace.CallOf(key))
	return r.traced.Header(id, id.Span(trace.Tool(key)))
}

// missing tells of variables that nobody knows. An argument that the model left
// out is none of them.
func (r *request) missing(in tools.Invocation) func(string) {
	return func(name string) {
		if _, argument := r.config.Parameters[name]; !argument && in.Missing != nil {
			in.Missing(name)
		}
	}
}
