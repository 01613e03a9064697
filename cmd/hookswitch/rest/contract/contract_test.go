package contract_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/contract"
)

const document = `{
	"openapi": "3.1.0",
	"info": {"title": "T", "version": "1"},
	"components": {"schemas": {
		"Thing": {"type": "object", "additionalProperties": true, "required": ["name"], "properties": {
			"name": {"type": "string"}, "size": {"type": ["integer", "null"]},
			"part": {"anyOf": [{"$ref": "#/components/schemas/Part"}, {"type": "null"}]}}},
		"Part": {"type": "object", "additionalProperties": true, "properties": {"n": {"type": "integer"}}},
		"Failure": {"type": "object", "required": ["errors"], "properties": {"errors": {"type": "object"}}}
	}},
	"paths": {"/api/v2/things/{id}": {"post": {
		"parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}},
			{"name": "n", "in": "query", "schema": {"type": "integer"}}],
		"requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}},
		"responses": {
			"200": {"description": "d", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}},
			"400": {"description": "d", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Failure"}}}}
		}
	}}}
}`

// witness remembers what it is told.
type witness struct{ told []string }

func (w *witness) Helper() {}
func (w *witness) Errorf(format string, args ...any) {
	w.told = append(w.told, fmt.Sprintf(format, args...))
}
func (w *witness) Fatalf(format string, args ...any) { w.Errorf(format, args...) }

func TestWhatIsNotInTheDocumentIsTold(t *testing.T) {
	for _, tt := range []struct {
		name, path, request string
		status              int
		kind, answer        string
		told                string // part of it; empty: nothing is wrong
	}{
		{"as it should be", "/api/v2/things/1?n=2", `{"name":"a","more":1}`, 200, "application/json", `{"name":"a","size":null,"part":{"n":1}}`, ""},
		{"null where it may be", "/api/v2/things/1", `{"name":"a"}`, 200, "application/json", `{"name":"a","part":null}`, ""},
		{"an answer with a wrong type", "/api/v2/things/1", `{"name":"a"}`, 200, "application/json", `{"name":7}`, "name"},
		{"an answer without a field", "/api/v2/things/1", `{"name":"a"}`, 200, "application/json", `{}`, "name"},
		{"an answer with more fields", "/api/v2/things/1", `{"name":"a"}`, 200, "application/json", `{"name":"a","more":1}`, "more"},
		{"a part with more fields", "/api/v2/things/1", `{"name":"a"}`, 200, "application/json", `{"name":"a","part":{"m":1}}`, "part"},
		{"a wrong null", "/api/v2/things/1", `{"name":"a"}`, 200, "application/json", `{"name":null}`, "name"},
		{"a status that isn't there", "/api/v2/things/1", `{"name":"a"}`, 202, "application/json", `{"name":"a"}`, "status is not supported"},
		{"another type of content", "/api/v2/things/1", `{"name":"a"}`, 200, "text/plain", `a`, "text/plain"},
		{"no JSON", "/api/v2/things/1", `{"name":"a"}`, 200, "application/json", `{`, "decode"},
		{"a request that is wrong and was taken", "/api/v2/things/1", `{"name":1}`, 200, "application/json", `{"name":"a"}`, "the request"},
		{"a query that is wrong and was taken", "/api/v2/things/1?n=x", `{"name":"a"}`, 200, "application/json", `{"name":"a"}`, "the request"},
		{"a request that is wrong and was refused", "/api/v2/things/1", `{"name":1}`, 400, "application/json", `{"errors":{}}`, ""},
		{"a refusal without its envelope", "/api/v2/things/1", `{"name":1}`, 400, "application/json", `{"error":"x"}`, "errors"},
		{"an operation that isn't there", "/api/v2/others", `{}`, 200, "application/json", `{}`, "no operation"},
		{"a path that is refused", "/api/v2/others", `{}`, 404, "application/json", `{"errors":{}}`, ""},
		{"what is beside the API", "/other", `{}`, 200, "text/plain", `hello`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := &witness{}
			h := contract.Wrap(w, http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/openapi.json" {
					_, _ = out.Write([]byte(document))
					return
				}
				out.Header().Set("X-Request-Id", "req_1")
				out.Header().Set("Content-Type", tt.kind)
				out.WriteHeader(tt.status)
				_, _ = out.Write([]byte(tt.answer))
			}))
			got := httptest.NewRecorder()
			r := httptest.NewRequest("POST", tt.path, strings.NewReader(tt.request))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded") // what curl says
			h.ServeHTTP(got, r)
			all := strings.Join(w.told, "\n")
			if tt.told == "" && all != "" || !strings.Contains(all, tt.told) {
				t.Errorf("told %q, want %q", all, tt.told)
			}
			if got.Code != tt.status || got.Body.String() != tt.answer {
				t.Errorf("the answer became %d %s", got.Code, got.Body)
			}
		})
	}
}

func TestABrokenDocumentIsTold(t *testing.T) {
	w := &witness{}
	func() {
		defer func() { _ = recover() }() // a real test would have ended at Fatalf
		contract.Wrap(w, http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) {
			_, _ = out.Write([]byte(`{"openapi":"3.1.0","info":{"title":"T","version":"1"},"paths":{"/a":{"get":{"responses":{"200":{"description":"d","content":{"application/json":{"schema":{"$ref":"#/components/schemas/None"}}}}}}}}}`))
		}))
	}()
	if len(w.told) == 0 {
		t.Error("a document with a reference to nothing passed")
	}
}
