package whippy

import (
	"errors"
	"net/http"
	"strings"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/chat"
	"github.com/hookswitch/hookswitch/agentcore/dialplan"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/body"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/gate"
	"github.com/hookswitch/hookswitch/storage"
)

// failure is an answer that says no, in the dialect's envelope (apis.md 2).
type failure struct {
	Errors []description `json:"errors"`
	Status int           `json:"status"`
}

type description struct {
	Description string `json:"description"`
}

// Error implements error.
func (f *failure) Error() string {
	all := make([]string, len(f.Errors))
	for i, one := range f.Errors {
		all[i] = one.Description
	}
	return strings.Join(all, "; ")
}

func refuse(status int, why ...string) *failure {
	f := &failure{Errors: []description{}, Status: status}
	for _, one := range why {
		f.Errors = append(f.Errors, description{one})
	}
	return f
}

// noCursor refuses a cursor.
const noCursor = "cursor is not one that a page gave"

// base is the field of what is wrong with no field in particular.
const base = "base"

// unprocessable tells every mistake, each with its field's name in front.
func unprocessable(wrong roster.Problems) *failure {
	f := refuse(http.StatusUnprocessableEntity)
	for _, one := range wrong {
		for _, message := range one.Messages {
			if one.Field != base {
				message = one.Field + " " + message
			}
			f.Errors = append(f.Errors, description{message})
		}
	}
	return f
}

// writeFailure answers in the envelope, for what is outside of all operations.
func writeFailure(w http.ResponseWriter, _ *http.Request, status int, why string) {
	write(w, status, refuse(status, why))
}

// fail answers with what err means for a client.
func (a *api) fail(w http.ResponseWriter, r *http.Request, op operation, err error) {
	var f *failure
	var wrong roster.Problems
	var mistake body.Mistake
	var refused *dialplan.Refusal
	switch {
	case errors.As(err, &f):
	case errors.As(err, &wrong):
		f = unprocessable(wrong)
	case errors.As(err, &mistake):
		f = refuse(http.StatusBadRequest, string(mistake))
	case errors.As(err, &refused):
		f = refuse(http.StatusUnprocessableEntity, refused.Why)
		if refused.Code.Passes() {
			f.Status = http.StatusTooManyRequests
			w.Header().Set("Retry-After", "60")
		}
	case errors.Is(err, roster.ErrNotFound), errors.Is(err, agenda.ErrNotFound), errors.Is(err, chat.ErrNotFound):
		f = refuse(http.StatusNotFound, op.thing+" not found")
	case errors.Is(err, storage.ErrCursor):
		f = refuse(http.StatusUnprocessableEntity, noCursor)
	case errors.Is(err, agenda.ErrIdemMismatch):
		f = refuse(http.StatusConflict, "Idempotency-Key was used with another request before")
	case errors.Is(err, agenda.ErrOver):
		f = refuse(http.StatusConflict, "The session is over, and can't be cancelled any more")
	case errors.Is(err, roster.ErrConflict):
		f = refuse(http.StatusConflict, op.thing+" was changed by somebody else meanwhile")
	case r.Context().Err() != nil:
		f = refuse(http.StatusServiceUnavailable, "The request was broken off.")
	default:
		id := gate.RequestID(r.Context())
		a.Log.ErrorContext(r.Context(), "a request failed", "request", id, "operation", op.pattern, "err", err)
		f = refuse(http.StatusInternalServerError, gate.Sorry(id))
	}
	write(w, f.Status, f)
}

// known answers in the envelope for paths and methods that mux doesn't have.
func known(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h, pattern := mux.Handler(r)
		if pattern != "" {
			mux.ServeHTTP(w, r) // not h: mux sets the path's values
			return
		}
		refused := nowhere{http.Header{}}
		h.ServeHTTP(refused, r)
		if allow := refused.header.Get("Allow"); allow != "" {
			w.Header().Set("Allow", allow)
			writeFailure(w, r, http.StatusMethodNotAllowed, "This method is not there. Allowed: "+allow)
			return
		}
		writeFailure(w, r, http.StatusNotFound, "There is nothing here.")
	})
}

// nowhere takes the answer of a mux that has nothing.
type nowhere struct{ header http.Header }

// Header implements [http.ResponseWriter].
func (n nowhere) Header() http.Header { return n.header }

// Write implements [http.ResponseWriter].
func (n nowhere) Write(b []byte) (int, error) { return len(b), nil }

// WriteHeader implements [http.ResponseWriter].
func (n nowhere) WriteHeader(int) {}
