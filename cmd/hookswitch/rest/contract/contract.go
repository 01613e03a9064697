// Package contract holds a handler to its own OpenAPI document: every request
// that it takes and every answer that it gives, in the tests that use it.
package contract

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// TB is the part of [testing.TB] that is told what is wrong.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Base is where the API's paths begin: what is beside them is not checked.
const Base = "/api/v2/"

// maxKept bounds the part of an answer that is kept to be checked, in bytes.
const maxKept = 8 << 20

// Wrap returns h, with every request and answer checked against the document
// that h serves at /openapi.json. Answers may hold nothing that the document
// doesn't name. A request that h refused (400 and above) was meant to be wrong,
// so only its answer is checked.
func Wrap(t TB, h http.Handler) http.Handler {
	t.Helper()
	docs := read(t, h)
	c := &checker{t: t, next: h, docs: docs, mux: http.NewServeMux(), ops: map[string]found{}}
	for path, item := range docs.open.Paths.Map() {
		closed := docs.closed.Paths.Value(path)
		for method := range item.Operations() {
			c.mux.HandleFunc(method+" "+path, func(http.ResponseWriter, *http.Request) {})
			c.ops[method+" "+path] = found{route(docs.open, path, method, item), route(docs.closed, path, method, closed)}
		}
	}
	return c
}

// Document reads and checks the document that h serves, its examples included.
func Document(t TB, h http.Handler) *openapi3.T {
	t.Helper()
	return load(t, text(t, h))
}

func text(t TB, h http.Handler) []byte {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/openapi.json", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("contract: GET /openapi.json: %d", w.Code)
	}
	return w.Body.Bytes()
}

func load(t TB, text []byte) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		t.Fatalf("contract: /openapi.json: %v", err)
	}
	if err := doc.Validate(context.Background()); err != nil {
		t.Fatalf("contract: /openapi.json: %v", err)
	}
	return doc
}

// pair is a document as it is, for requests, and closed, for answers.
type pair struct{ open, closed *openapi3.T }

// known are the documents of handlers that were wrapped before: most of a
// suite's handlers serve one and the same, and reading it takes a while.
var known = struct {
	sync.Mutex
	docs map[string]pair
}{docs: map[string]pair{}}

func read(t TB, h http.Handler) pair {
	t.Helper()
	said := text(t, h)
	known.Lock()
	defer known.Unlock()
	docs, ok := known.docs[string(said)]
	if !ok {
		docs = pair{load(t, said), load(t, said)}
		closeAnswers(docs.closed)
		known.docs[string(said)] = docs
	}
	return docs
}

// found is where a request led: for itself, and for its answer.
type found struct{ asked, answered *routers.Route }

func route(doc *openapi3.T, path, method string, item *openapi3.PathItem) *routers.Route {
	return &routers.Route{Spec: doc, Path: path, PathItem: item, Method: method, Operation: item.GetOperation(method)}
}

type checker struct {
	t    TB
	next http.Handler
	docs pair
	mux  *http.ServeMux // finds the operation as the API does
	ops  map[string]found
}

// ServeHTTP implements [http.Handler].
func (c *checker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.HasPrefix(r.URL.Path, Base) || r.Method == http.MethodOptions {
		c.next.ServeHTTP(w, r)
		return
	}
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(io.LimitReader(r.Body, maxKept)) // what is too large is refused anyway
		r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), r.Body))
	}
	asked := r.Clone(context.WithoutCancel(r.Context()))
	kept := &keeper{ResponseWriter: w}
	c.next.ServeHTTP(kept, r)
	if err := c.check(asked, body, kept); err != nil {
		c.t.Errorf("contract: %s %s: %d: %v", r.Method, r.URL.Path, kept.status, err)
	}
}

// check tells what is wrong with a request and its answer.
func (c *checker) check(r *http.Request, body []byte, kept *keeper) error {
	if kept.status == 0 {
		kept.WriteHeader(http.StatusOK)
	}
	if kept.header.Get("X-Request-Id") == "" {
		return fmt.Errorf("the answer has no X-Request-Id")
	}
	if r.Method == http.MethodHead {
		return nil // an answer without a body
	}
	_, pattern := c.mux.Handler(r)
	f, ok := c.ops[pattern]
	if !ok {
		return c.envelope(kept)
	}
	in := &openapi3filter.RequestValidationInput{
		Request: r, PathParams: values(f.asked.Path, r.URL.Path), Route: f.asked,
		Options: &openapi3filter.Options{
			AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true,
			SkipSettingDefaults: true, MultiError: true, RejectWhenRequestBodyNotSpecified: true,
		},
	}
	if kept.status < 400 {
		r.Body = io.NopCloser(bytes.NewReader(body))
		r.ContentLength = int64(len(body))
		if len(body) == 0 {
			r.Body = http.NoBody
		} else if takesJSON(f.asked.Operation) {
			r.Header.Set("Content-Type", "application/json") // it is taken for that, see gate.Read
		}
		if err := openapi3filter.ValidateRequest(r.Context(), in); err != nil {
			return fmt.Errorf("the request: %w", err)
		}
	}
	in.Route = f.answered
	return answer(in, kept)
}

// takesJSON reports whether op's body is JSON; others read files.
func takesJSON(op *openapi3.Operation) bool {
	return op.RequestBody == nil || op.RequestBody.Value.Content["application/json"] != nil
}

// answer checks an answer of a known operation.
func answer(in *openapi3filter.RequestValidationInput, kept *keeper) error {
	out := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: kept.status, Header: kept.header, Options: in.Options,
	}
	kind, _, _ := mime.ParseMediaType(kept.header.Get("Content-Type"))
	if kind != "application/json" { // sound, or events: only that it is said to be
		options := *in.Options
		options.ExcludeResponseBody = true
		out.Options = &options
		declared := in.Route.Operation.Responses.Status(kept.status)
		if declared != nil && len(declared.Value.Content) > 0 && declared.Value.Content.Get(kind) == nil {
			return fmt.Errorf("the answer: its type %q is not in the document", kind)
		}
	}
	out.SetBodyBytes(kept.body.Bytes())
	if err := openapi3filter.ValidateResponse(in.Request.Context(), out); err != nil {
		return fmt.Errorf("the answer: %w", err)
	}
	return nil
}

// envelope checks the answer to a request that no operation is for.
func (c *checker) envelope(kept *keeper) error {
	if kept.status < 400 {
		return fmt.Errorf("no operation of the document is for it")
	}
	var v any
	if err := json.Unmarshal(kept.body.Bytes(), &v); err != nil {
		return fmt.Errorf("the answer is no JSON: %w", err)
	}
	return c.docs.open.Components.Schemas["Failure"].Value.VisitJSON(v, openapi3.EnableJSONSchema2020())
}

// values are what a path has where pattern has names.
func values(pattern, path string) map[string]string {
	out := map[string]string{}
	parts := strings.Split(path, "/")
	for i, part := range strings.Split(pattern, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok && i < len(parts) {
			out[strings.TrimSuffix(name, "}")] = parts[i]
		}
	}
	return out
}

// keeper keeps an answer as it goes out.
type keeper struct {
	http.ResponseWriter
	status int
	header http.Header
	body   bytes.Buffer
}

func (k *keeper) WriteHeader(status int) {
	if k.status == 0 && status >= 200 {
		k.status, k.header = status, k.Header().Clone()
	}
	k.ResponseWriter.WriteHeader(status)
}

func (k *keeper) Write(b []byte) (int, error) {
	if k.status == 0 {
		k.WriteHeader(http.StatusOK)
	}
	if k.body.Len() < maxKept {
		k.body.Write(b)
	}
	return k.ResponseWriter.Write(b)
}

// Unwrap lets [http.ResponseController] at the connection.
func (k *keeper) Unwrap() http.ResponseWriter { return k.ResponseWriter }

// Flush implements [http.Flusher].
func (k *keeper) Flush() {
	if k.status == 0 {
		k.WriteHeader(http.StatusOK)
	}
	_ = http.NewResponseController(k.ResponseWriter).Flush()
}
