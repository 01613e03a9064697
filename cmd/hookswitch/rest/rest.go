// Package rest serves the API over HTTP: our own words under /api/v2 with their
// OpenAPI document and documentation, and the dialects of other makers.
package rest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/docs"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/gate"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/trillet"
	v2 "github.com/hookswitch/hookswitch/cmd/hookswitch/rest/v2"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/whippy"
)

// Config is what the API works on, and how far it opens.
type Config struct {
	v2.Config

	RequestsPerMinute int    // of a key, on average. 0 means 600.
	Burst             int    // requests of a key at once, after a rest. 0 means RequestsPerMinute.
	FailuresPerMinute int    // wrong keys from one client address. 0 means 30.
	MaxBody           int64  // bytes of a request. 0 means 1 MiB.
	Version           string // of the gateway, for the document. Empty means "dev".

	Whippy  *whippy.Config  // seed 002, under /v1/; nil: not offered
	Trillet *trillet.Config // seed 004, under /v1/api/ and /v2/api/; nil: not offered
}

// Paths are where the API answers, as patterns of an [http.ServeMux].
var Paths = []string{"/api/", "/v1/", "/v2/api/", "/openapi.json", "/openapi.yaml", "/docs"}

// New makes the handler of [Paths].
func New(cfg Config) (http.Handler, error) {
	if cfg.Version == "" {
		cfg.Version = "dev"
	}
	mux := http.NewServeMux()
	api := humago.New(mux, settings(cfg.Version))
	if err := v2.Register(api, cfg.Config); err != nil {
		return nil, err
	}
	g, err := gate.New(gate.Config{
		Keys: cfg.Roster, Log: cfg.Log, Now: cfg.Now, Fail: v2.WriteFailure,
		RequestsPerMinute: cfg.RequestsPerMinute, Burst: cfg.Burst,
		FailuresPerMinute: cfg.FailuresPerMinute, MaxBody: cfg.MaxBody,
	})
	if err != nil {
		return nil, err
	}
	front := http.NewServeMux()
	own := g.For(v2.Dialect())
	front.Handle(v2.Base+"/", own.Admit(own.Read(known(mux))))
	if err := dialects(front, g, cfg); err != nil {
		return nil, err
	}
	publish(front, api.OpenAPI())
	return g.Number(known(front)), nil
}

// dialects adds the words of other makers to front. Their paths are theirs.
func dialects(front *http.ServeMux, g *gate.Gate, cfg Config) error {
	if cfg.Whippy != nil {
		h, err := whippy.New(*cfg.Whippy)
		if err != nil {
			return err
		}
		door := g.For(whippy.Dialect())
		front.Handle("/v1/", door.Admit(door.Read(h)))
	}
	if cfg.Trillet != nil {
		h, err := trillet.New(*cfg.Trillet)
		if err != nil {
			return err
		}
		door := g.For(trillet.Dialect())
		for _, path := range []string{"/v1/api/", "/v2/api/", "/api/v1/calls/"} {
			front.Handle(path, door.Admit(door.Read(h)))
		}
	}
	return nil
}

// settings is huma's part: what the document says of the whole, no schema
// links in answers, no pages of its own.
func settings(version string) huma.Config {
	s := huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title: "HookSwitch API", Version: version,
				Description: "Voice agents on the telephone: define them, link them to numbers, send them out, and read what every call was.",
				License:     &huma.License{Name: "Apache 2.0", Identifier: "Apache-2.0"},
				Contact:     &huma.Contact{Name: "The operator of this gateway"},
			},
			Servers:    []*huma.Server{{URL: "/", Description: "This gateway"}},
			Components: &huma.Components{Schemas: huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)},
		},
		Formats:       map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat},
		DefaultFormat: "application/json",
	}
	s.AllowAdditionalPropertiesByDefault = true // more may come; nobody breaks on it
	return s
}

// publish serves the document and the page made of it. They are made when
// somebody asks for the first time: a gateway shall start fast.
func publish(front *http.ServeMux, doc *huma.OpenAPI) {
	asJSON := sync.OnceValues(func() ([]byte, error) { return json.MarshalIndent(doc, "", "  ") })
	page := sync.OnceValues(func() ([]byte, error) {
		document, err := asJSON()
		if err != nil {
			return nil, err
		}
		return docs.Page(document)
	})
	front.HandleFunc("GET /openapi.json", static("application/openapi+json", asJSON))
	front.HandleFunc("GET /openapi.yaml", static("application/openapi+yaml", sync.OnceValues(doc.YAML)))
	front.HandleFunc("GET /docs", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", docs.Policy)
		w.Header().Set("Referrer-Policy", "no-referrer")
		static("text/html; charset=utf-8", page)(w, r)
	})
}

// static serves what never changes. A body that cannot be made is a fault of the
// program, which the gate tells of.
func static(contentType string, body func() ([]byte, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		b, err := body()
		if err != nil {
			panic(fmt.Errorf("rest: %s: %w", contentType, err))
		}
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		_, _ = w.Write(b) // the client may be gone
	}
}

// known answers in the envelope for paths and methods that mux doesn't have.
// OPTIONS says which methods there are.
func known(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h, pattern := mux.Handler(r)
		if pattern != "" {
			mux.ServeHTTP(w, r) // not h: mux sets the path's values
			return
		}
		refused := refusal{header: http.Header{}}
		h.ServeHTTP(&refused, r)
		allow := refused.header.Get("Allow")
		switch {
		case allow != "" && r.Method == http.MethodOptions:
			w.Header().Set("Allow", allow+", OPTIONS")
			w.WriteHeader(http.StatusNoContent)
		case allow != "":
			w.Header().Set("Allow", allow+", OPTIONS")
			v2.WriteFailure(w, r, http.StatusMethodNotAllowed, "The method "+clip(r.Method)+" is not there. Allowed: "+allow)
		default:
			v2.WriteFailure(w, r, http.StatusNotFound, "There is nothing here. The paths are at /docs.")
		}
	})
}

// clip bounds what is repeated of a request.
func clip(s string) string { return s[:min(len(s), 16)] }

// refusal takes the answer of a mux that has nothing.
type refusal struct{ header http.Header }

// Header implements [http.ResponseWriter].
func (r *refusal) Header() http.Header { return r.header }

// Write implements [http.ResponseWriter].
func (r *refusal) Write(b []byte) (int, error) { return len(b), nil }

// WriteHeader implements [http.ResponseWriter].
func (r *refusal) WriteHeader(int) {}
