package v2

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/gate"
)

// operation is one method of one path, and all that its documentation says.
type operation struct {
	ID      string // of OpenAPI, and the docs page's anchor: "create-agent"
	Method  string
	Path    string // below /api/v2
	Tag     string // one of tags
	Summary string
	About   string       // Markdown; more than the summary, if there is more
	Scope   roster.Scope // what the key needs; empty: any good key
	Fail    string       // message of its failures: "Failed to create agent"
	Thing   string       // what is not found: "Agent". Empty: "Resource".

	Body     any    // a value of the type that describes the body; nil: there is none
	Optional bool   // the body may be missing
	Example  string // of the body: JSON
	Answer   string // example of the answer: JSON

	Errors []int // statuses, besides 401, 403 with a Scope, 404 with a wildcard, 413 with a body, 429 and 500
}

// Base is where the API's paths begin.
const Base = "/api/v2"

func (op operation) thing() string { return cmp.Or(op.Thing, "Resource") }

// Posted is embedded in the input of an operation with a body. The body is not
// looked at by huma: wrong fields are told in our own words, see [parse].
type Posted struct {
	RawBody []byte `contentType:"application/json"`
}

// reply is the output of an operation: a JSON body.
type reply[T any] struct {
	Body T
}

// handle registers an operation.
func handle[I, O any](a *API, op operation, do func(context.Context, *I) (*O, error)) {
	r := a.huma.OpenAPI().Components.Schemas
	statuses := append([]int{http.StatusUnauthorized, http.StatusTooManyRequests, http.StatusInternalServerError}, op.Errors...)
	h := huma.Operation{
		OperationID: op.ID, Method: op.Method, Path: Base + op.Path,
		Tags: []string{op.Tag}, Summary: op.Summary, Description: cmp.Or(op.About, op.Summary+"."),
		Metadata:         map[string]any{"fail": op.Fail, "scope": op.Scope},
		Security:         []map[string][]string{{"key": {}}},
		SkipValidateBody: true, // our own words: see parse
		MaxBodyBytes:     -1,   // the gate has read it
		BodyReadTimeout:  -1,
	}
	if op.Scope != "" {
		statuses = append(statuses, http.StatusForbidden)
		h.Description += "\n\nNeeds a key with the scope `" + string(op.Scope) + "`."
		h.Middlewares = append(h.Middlewares, a.allow(op))
	}
	if slices.Contains([]byte(op.Path), '{') {
		statuses = append(statuses, http.StatusNotFound)
	}
	if op.Body != nil {
		statuses = append(statuses, http.StatusRequestEntityTooLarge, http.StatusBadRequest)
		h.RequestBody = &huma.RequestBody{}
	}
	h.Responses = failed(a.huma.OpenAPI().Components, statuses)
	huma.Register(a.huma, h, func(ctx context.Context, in *I) (*O, error) {
		out, err := do(ctx, in)
		if err != nil {
			failed := a.failure(ctx, op, err)
			if with := huma.HeadersError(nil); errors.As(err, &with) {
				failed = huma.ErrorWithHeaders(failed, with.GetHeaders())
			}
			return nil, failed
		}
		return out, nil
	})
	a.mustRead(op)
	if op.Body != nil { // huma took the body for bytes, and for required
		h.RequestBody.Required = !op.Optional
		media := &huma.MediaType{Schema: r.Schema(reflect.TypeOf(op.Body), true, op.ID)}
		if op.Example != "" {
			media.Example = json.RawMessage(op.Example)
		}
		h.RequestBody.Content = map[string]*huma.MediaType{"application/json": media}
	}
	if ok := h.Responses["200"]; ok != nil {
		ok.Description = "Done."
		ok.Headers = numbered()
		if media := ok.Content["application/json"]; media != nil && op.Answer != "" {
			media.Example = json.RawMessage(op.Answer)
		}
	}
}

// mustRead stops a build whose operation ignores a part of its path, as happens
// when a type that its input embeds is not exported: huma passes over it.
func (a *API) mustRead(op operation) {
	item := a.huma.OpenAPI().Paths[Base+op.Path]
	of := map[string]*huma.Operation{http.MethodGet: item.Get, http.MethodPost: item.Post, http.MethodPut: item.Put,
		http.MethodPatch: item.Patch, http.MethodDelete: item.Delete}[op.Method]
	for part := range strings.SplitSeq(op.Path, "/") {
		name, wild := strings.CutPrefix(part, "{")
		name = strings.TrimSuffix(name, "}")
		if wild && !slices.ContainsFunc(of.Parameters, func(p *huma.Param) bool { return p.In == "path" && p.Name == name }) {
			panic("v2: " + op.ID + " does not read " + part + " of its path")
		}
	}
}

// allow lets keys through that have the operation's scope.
func (a *API) allow(op operation) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		if gate.Key(ctx.Context()).May(op.Scope) {
			next(ctx)
			return
		}
		_ = huma.WriteErr(a.huma, ctx, http.StatusForbidden, "The API key lacks the scope "+string(op.Scope)+".")
	}
}
