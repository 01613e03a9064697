package whippy

import (
	"encoding/json"
	"io"
	"net/http"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/body"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/gate"
)

// KeyHeader is where the dialect's clients put their key.
const KeyHeader = "X-WHIPPY-KEY"

// Dialect is how its requests pass a gate: the key comes in a header of its own,
// or as a bearer token.
func Dialect() gate.Dialect {
	return gate.Dialect{Credential: credential, Challenge: `Bearer realm="hookswitch"`, Fail: writeFailure}
}

func credential(h http.Header) (secret, why string) {
	all := h.Values(KeyHeader)
	switch {
	case len(all) == 0 && h.Get("Authorization") == "":
		return "", "An API key is required: " + KeyHeader + ": hsk_..."
	case len(all) == 0:
		return gate.Bearer(h)
	case len(all) > 1 || all[0] == "" || len(all[0]) > 256:
		return "", "The " + KeyHeader + " header must be: hsk_..."
	}
	return all[0], ""
}

// operation is one method of one path.
type operation struct {
	pattern string
	scope   roster.Scope
	thing   string // what is not found: "Agent"
	do      func(r *http.Request) (answer, error)
}

// answer is what a client gets.
type answer struct {
	status   int  // 0 means 200
	body     any  // becomes JSON
	replayed bool // it is that of an earlier request with the same Idempotency-Key
}

// single is the answer with one thing.
type single struct {
	Data any `json:"data"`
}

// list is the answer with a page of things.
type list struct {
	Data  any `json:"data"`
	Total int `json:"total"`
}

// serve answers op's requests.
func (a *api) serve(op operation) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !gate.Key(r.Context()).May(op.scope) {
			writeFailure(w, r, http.StatusForbidden, "The API key lacks the scope "+string(op.scope)+".")
			return
		}
		said, err := op.do(r)
		if err != nil {
			a.fail(w, r, op, err)
			return
		}
		if said.replayed {
			w.Header().Set("Idempotent-Replayed", "true")
		}
		if said.status == 0 {
			said.status = http.StatusOK
		}
		write(w, said.status, said.body)
	})
}

// write sends v as JSON.
func write(w http.ResponseWriter, status int, v any) {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // a type of ours that can't be JSON; the gate tells of it
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(raw, '\n')) // the client may be gone
}

// read is the JSON object that a request brought, which the gate has bounded.
func read(r *http.Request) (map[string]any, error) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, body.Mistake("The request body could not be read.")
	}
	return body.Object(raw)
}
