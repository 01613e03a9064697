package rest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest"
	v2 "github.com/hookswitch/hookswitch/cmd/hookswitch/rest/v2"
	"github.com/hookswitch/hookswitch/storage/sqlite"
)

// BenchmarkListThousandAgents is the server's time for the list of a thousand
// agents, each with a prompt of 2,000 characters, from a SQLite file.
func BenchmarkListThousandAgents(b *testing.B) {
	db, err := sqlite.Open(b.Context(), "sqlite://"+b.TempDir()+"/bench.db")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	_, key, err := roster.Issue(b.Context(), db, roster.Default, "bench", []roster.Scope{roster.Admin}, "cli:bench", start)
	if err != nil {
		b.Fatal(err)
	}
	h, err := rest.New(rest.Config{Config: v2.Config{Roster: db, Catalog: shelf{}, Sealer: nobody{}}, RequestsPerMinute: 1 << 30})
	if err != nil {
		b.Fatal(err)
	}
	ask := func(method, body string) {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, request(method, "/api/v2/agents", key, body))
		if w.Code != http.StatusOK {
			b.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	for i := range 1000 {
		ask("POST", fmt.Sprintf(`{"name":"Agent %d","voice_uuid":"abc123","asr":{"model":"nova-2"},"llm":{"provider":"openai","model":"gpt-4o","prompt":"%02000d"}}`, i, i))
	}
	for b.Loop() {
		ask("GET", "")
	}
}

// nobody seals nothing: there are no secrets here.
type nobody struct{}

func (nobody) Seal(string) (roster.Secret, error) { return "", nil }
func (nobody) Open(roster.Secret) (string, error) { return "", nil }
