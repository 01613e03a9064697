package trillet

import (
	"encoding/json"
	"errors"
	"maps"
	"mime"
	"net/http"
	"net/url"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/body"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/gate"
	v2 "github.com/hookswitch/hookswitch/cmd/hookswitch/rest/v2"
	"github.com/hookswitch/hookswitch/storage"
)

// Headers of a request.
const (
	keyHeader       = "x-api-key"
	workspaceHeader = "x-workspace-id"
)

// uploadPath is where a batch's file is sent to.
const uploadPath = "/v1/api/batch-calls"

// Dialect is how requests say who asks. The key alone chooses the workspace; the
// header beside it must name the same one.
func Dialect() gate.Dialect {
	return gate.Dialect{
		Credential: func(h http.Header) (secret, why string) {
			all := h.Values(keyHeader)
			if len(all) == 0 || all[0] == "" {
				return "", "An API key is required in the header " + keyHeader + "."
			}
			if len(all) > 1 || len(all[0]) > 256 {
				return "", "The header " + keyHeader + " must hold one API key."
			}
			return all[0], ""
		},
		Check: func(key roster.Key, r *http.Request) (why string) {
			if ws := r.Header.Values(workspaceHeader); len(ws) > 0 && (len(ws) > 1 || ws[0] != key.Workspace) {
				return "The API key does not belong to the workspace of " + workspaceHeader + "."
			}
			return ""
		},
		Streams: func(r *http.Request) bool {
			kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
			return r.Method == http.MethodPost && r.URL.Path == uploadPath && err == nil && kind == "multipart/form-data"
		},
		Fail: fail,
	}
}

// failure is an error that chooses its answer.
type failure struct {
	status  int
	message string
	more    map[string]any // beside error and message
}

// Error implements error.
func (f *failure) Error() string { return f.message }

func refuse(status int, message string) error { return &failure{status: status, message: message} }

// fail answers in the dialect's envelope.
func fail(w http.ResponseWriter, _ *http.Request, status int, message string) {
	write(w, status, map[string]any{"error": http.StatusText(status), "message": message})
}

func write(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // a fault of ours, which the gate tells of
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(b, '\n')) // the client may be gone
}

// serve is op as a handler.
func (a *api) serve(op operation) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get(workspaceHeader) == "" {
			fail(w, r, http.StatusBadRequest, "The header "+workspaceHeader+" is required: it names the workspace of the API key.")
			return
		}
		if !gate.Key(r.Context()).May(op.scope) {
			fail(w, r, http.StatusForbidden, "The API key lacks the scope "+string(op.scope)+".")
			return
		}
		var v any
		var err error
		if op.upload != nil {
			v, err = op.upload(w, r)
		} else {
			v, err = op.do(r)
		}
		if err != nil {
			a.failed(w, r, op, err)
			return
		}
		write(w, http.StatusOK, v)
	})
}

// failed turns what an operation returned into an answer.
func (a *api) failed(w http.ResponseWriter, r *http.Request, op operation, err error) {
	var f *failure
	var wrong roster.Problems
	var mistake body.Mistake
	var said *v2.TrunkError
	var file *agenda.FileError
	switch {
	case errors.As(err, &f):
		answer := maps.Clone(f.more)
		if answer == nil {
			answer = map[string]any{}
		}
		answer["error"], answer["message"] = http.StatusText(f.status), f.message
		write(w, f.status, answer)
	case errors.As(err, &wrong):
		fail(w, r, http.StatusBadRequest, wrong.Error())
	case errors.As(err, &mistake):
		fail(w, r, http.StatusBadRequest, mistake.Error())
	case errors.As(err, &file):
		fail(w, r, http.StatusBadRequest, file.Why)
	case errors.As(err, &said):
		fail(w, r, http.StatusBadGateway, "The carrier of the phone number: "+said.Why)
	case notFound(err):
		fail(w, r, http.StatusNotFound, op.thing+" not found")
	case errors.Is(err, roster.ErrConflict):
		fail(w, r, http.StatusConflict, op.thing+" was changed by somebody else meanwhile. Read it again, and try again.")
	case errors.Is(err, agenda.ErrIdemMismatch):
		fail(w, r, http.StatusConflict, "Idempotency-Key was used with another request before.")
	case errors.Is(err, storage.ErrSlow):
		w.Header().Set("Retry-After", "10")
		fail(w, r, http.StatusServiceUnavailable, "The search takes too long. Narrow it down, or try again later.")
	case r.Context().Err() != nil:
		fail(w, r, http.StatusServiceUnavailable, "The request was broken off.")
	default:
		id := gate.RequestID(r.Context())
		a.Log.ErrorContext(r.Context(), "a request failed", "request", id, "operation", r.Pattern, "err", err)
		fail(w, r, http.StatusInternalServerError, gate.Sorry(id))
	}
}

func notFound(err error) bool {
	return errors.Is(err, roster.ErrNotFound) || errors.Is(err, dispatch.ErrNotFound) ||
		errors.Is(err, storage.ErrNotFound) || errors.Is(err, agenda.ErrNotFound)
}

// known answers in the envelope for paths and methods that mux doesn't have.
func known(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h, pattern := mux.Handler(r)
		if pattern != "" {
			mux.ServeHTTP(w, r) // not h: mux sets the path's values
			return
		}
		refused := &refusal{header: http.Header{}}
		h.ServeHTTP(refused, r)
		if allow := refused.header.Get("Allow"); allow != "" {
			w.Header().Set("Allow", allow)
			fail(w, r, http.StatusMethodNotAllowed, "The method is not there. Allowed: "+allow)
			return
		}
		fail(w, r, http.StatusNotFound, "There is nothing here that this gateway offers.")
	})
}

// refusal takes the answer of a mux that has nothing.
type refusal struct{ header http.Header }

// Header implements [http.ResponseWriter].
func (r *refusal) Header() http.Header { return r.header }

// Write implements [http.ResponseWriter].
func (r *refusal) Write(b []byte) (int, error) { return len(b), nil }

// WriteHeader implements [http.ResponseWriter].
func (r *refusal) WriteHeader(int) {}

// whole reads a number of the query from least to most.
func whole(q url.Values, name string, least, most, or int, wrong *roster.Problems) int {
	text := q.Get(name)
	if text == "" {
		return or
	}
	n, ok := digits(text)
	if !ok || n < least || n > most {
		wrong.Add(name, "must be a whole number from %d to %d", least, most)
		return or
	}
	return n
}

// digits is the value of at most nine digits.
func digits(s string) (n int, ok bool) {
	if s == "" || len(s) > 9 {
		return 0, false
	}
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}
