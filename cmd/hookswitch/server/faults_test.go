package server_test

import (
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
)

// A password may stand before the host or behind the path.
func TestADatabaseThatCanNotBeOpenedTellsNoPassword(t *testing.T) {
	for _, url := range []string{
		"postgres://me:sesame@127.0.0.1:1/calls?sslmode=disable&connect_timeout=1",
		"postgres://127.0.0.1:1/calls?user=me&password=sesame&sslmode=disable&connect_timeout=1",
	} {
		db, err := server.OpenStore(t.Context(), url)
		if err == nil {
			db.Close()
			t.Fatal("it was opened")
		}
		var text strings.Builder
		fault.Write(&text, err, fault.Plain)
		if strings.Contains(text.String(), "sesame") || !strings.Contains(text.String(), "127.0.0.1:1/calls") {
			t.Errorf("said:\n%s", text.String())
		}
	}
}
