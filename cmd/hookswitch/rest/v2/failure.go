package v2

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/chat"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/gate"
)

// Failure is the answer to a request that failed (seed 001, "Response
// (Error)"). It is an error, too: handlers return one to choose the status.
type Failure struct {
	Success bool            `json:"success" doc:"Always false." example:"false"`
	Errors  roster.Problems `json:"errors" doc:"What is wrong, by field. Nested fields have dotted names; \"base\" is for the request as a whole."`
	Message string          `json:"message" doc:"What could not be done." example:"Failed to create agent"`
	status  int
}

// Fail is a failure of the request as a whole. The message of the operation is
// filled in.
func Fail(status int, why string) *Failure {
	return &Failure{status: status, Errors: roster.Problems{{Field: "base", Messages: []string{why}}}}
}

// Error implements error.
func (f *Failure) Error() string { return f.Message + ": " + f.Errors.Error() }

// GetStatus implements [huma.StatusError].
func (f *Failure) GetStatus() int { return f.status }

// huma asks these variables, which are the process's, how errors look: the
// same for every API in it. They are set before anything can be registered.
func init() {
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		return translate(nil, status, message, errs)
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, message string, errs ...error) huma.StatusError {
		return translate(ctx, status, message, errs)
	}
	huma.DefaultArrayNullable = false // our answers have [] where there is nothing
}

// translate puts huma's own complaints, which are about parameters, into a
// failure. What is no fault of the client's is not told.
func translate(ctx huma.Context, status int, message string, errs []error) *Failure {
	f := &Failure{status: status, Message: http.StatusText(status)}
	if ctx != nil && ctx.Operation() != nil {
		if fail, ok := ctx.Operation().Metadata["fail"].(string); ok {
			f.Message = fail
		}
	}
	if status >= 500 {
		id := ""
		if ctx != nil {
			id = gate.RequestID(ctx.Context())
		}
		f.Errors.Add("base", "%s", gate.Sorry(id))
		return f
	}
	if f.status == http.StatusUnprocessableEntity {
		f.status = http.StatusBadRequest
	}
	for _, err := range errs {
		var detail *huma.ErrorDetail
		if !errors.As(err, &detail) {
			f.Errors.Add("base", "%s", message)
			continue
		}
		_, field, found := strings.Cut(detail.Location, ".") // "query.limit"
		if !found {
			field = "base"
		}
		f.Errors.Add(field, "%s", detail.Message)
	}
	if len(f.Errors) == 0 {
		f.Errors.Add("base", "%s", message)
	}
	return f
}

// failure turns what a handler returned into an answer.
func (a *API) failure(ctx context.Context, op operation, err error) error {
	f := &Failure{}
	var wrong roster.Problems
	switch {
	case errors.As(err, &f):
		f = &Failure{status: f.status, Errors: f.Errors, Message: f.Message}
	case errors.As(err, &wrong):
		f = &Failure{status: http.StatusBadRequest, Errors: wrong}
	case errors.Is(err, roster.ErrNotFound), errors.Is(err, agenda.ErrNotFound), errors.Is(err, chat.ErrNotFound):
		f = Fail(http.StatusNotFound, op.thing()+" not found")
	case errors.Is(err, roster.ErrConflict):
		f = Fail(http.StatusConflict, op.thing()+" was changed by somebody else meanwhile. Read it again, and try again.")
	case ctx.Err() != nil:
		f = Fail(http.StatusServiceUnavailable, "The request was broken off.")
	default:
		id := gate.RequestID(ctx)
		a.Log.ErrorContext(ctx, "a request failed", "request", id, "operation", op.ID, "err", err)
		f = Fail(http.StatusInternalServerError, gate.Sorry(id))
	}
	if f.Message == "" {
		f.Message = op.Fail
	}
	return f
}

// WriteFailure answers w in the envelope, for what is outside of all
// operations.
func WriteFailure(w http.ResponseWriter, _ *http.Request, status int, why string) {
	f := Fail(status, why)
	f.Message = http.StatusText(status)
	body, _ := json.Marshal(f) // strings always can
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // the client may be gone
}

// describeFailures tells the schema of a failure's errors.
func describeFailures(r huma.Registry) {
	r.RegisterTypeAlias(reflect.TypeFor[roster.Problems](), reflect.TypeFor[map[string][]string]())
}

// failed are the answers of an operation that failed: references, the answer to
// a wrong key being the same everywhere.
func failed(parts *huma.Components, statuses []int) map[string]*huma.Response {
	if parts.Responses == nil {
		parts.Responses = map[string]*huma.Response{}
	}
	out := map[string]*huma.Response{}
	for _, status := range statuses {
		name := "Failure" + statusText(status)
		if parts.Responses[name] == nil {
			parts.Responses[name] = failedWith(parts.Schemas, status)
		}
		out[statusText(status)] = &huma.Response{Ref: "#/components/responses/" + name}
	}
	return out
}

func failedWith(r huma.Registry, status int) *huma.Response {
	why := whyFailed[status]
	media := &huma.MediaType{Schema: r.Schema(reflect.TypeFor[Failure](), true, "Failure")}
	if why.example != "" {
		media.Example = json.RawMessage(why.example)
	}
	res := &huma.Response{Description: why.description, Content: map[string]*huma.MediaType{"application/json": media}, Headers: numbered()}
	for _, h := range why.headers {
		res.Headers[h] = &huma.Param{Schema: &huma.Schema{Type: "string"}, Description: headers[h]}
	}
	return res
}
