package bench

import (
	"bytes"
	"context"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/tts/flite"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest"
	v2 "github.com/hookswitch/hookswitch/cmd/hookswitch/rest/v2"
	"github.com/hookswitch/hookswitch/storage/seal"
	"github.com/hookswitch/hookswitch/storage/sqlite"
)

// BenchmarkAPIListAgents1000 is GET /api/v2/agents where there are 1,000 of them
// in a file, from the request to the last byte of JSON: the key, the pace, the
// queries, the encoding. Nothing of it is on a network.
func BenchmarkAPIListAgents1000(b *testing.B) {
	f := found(b, b.TempDir(), "https://example.com/hook", 1000, 5)
	db, err := sqlite.Open(b.Context(), f.url)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	ring, _, err := seal.Load(seal.Options{Env: base64.StdEncoding.EncodeToString(make([]byte, 32))})
	if err != nil {
		b.Fatal(err)
	}
	api, err := rest.New(rest.Config{Config: v2.Config{Roster: db, Catalog: voices{}, Sealer: ring}, RequestsPerMinute: 1 << 20})
	if err != nil {
		b.Fatal(err)
	}
	for _, query := range []string{"plain", "advanced"} {
		b.Run(query, func(b *testing.B) {
			r := httptest.NewRequest(http.MethodGet, "/api/v2/agents?advanced="+strconv.FormatBool(query == "advanced"), nil)
			r.Header.Set("Authorization", "Bearer "+f.key)
			b.ReportAllocs()
			for b.Loop() {
				w := httptest.NewRecorder()
				api.ServeHTTP(w, r)
				if n := bytes.Count(w.Body.Bytes(), []byte(`"calls_today"`)); w.Code != http.StatusOK || n != 1000 {
					b.Fatalf("answered %d with %d agents", w.Code, n)
				}
				b.SetBytes(int64(w.Body.Len()))
			}
		})
	}
}

// voices is a catalog of the embedded voices.
type voices struct{}

// ASR implements [roster.Catalog].
func (voices) ASR(context.Context, string) []roster.Capability { return nil }

// LLM implements [roster.Catalog].
func (voices) LLM(context.Context, string) []roster.Capability { return nil }

// Voices implements [roster.Catalog].
func (voices) Voices(context.Context, string) (roster.Voices, error) {
	var all roster.Voices
	for _, v := range flite.Voices() {
		all.List = append(all.List, roster.Voice{UUID: "flite-" + v, Name: v, Provider: "flite", Language: "en-US"})
	}
	return all, nil
}
