package rest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest"
	"github.com/hookswitch/hookswitch/storage"
)

// livekit lets a place have key pairs.
func livekit(cfg *rest.Config) { cfg.Pairs = cfg.Roster.(*storage.DB) }

func TestAKeyPairIsShownOnceAndRevoked(t *testing.T) {
	p := open(t, livekit)
	made := p.ok("POST", "/api/v2/livekit/keys", `{"name":"dispatcher"}`)
	key, secret := made.str("item.api_key"), made.str("item.api_secret")
	if !strings.HasPrefix(key, roster.PairPrefix) || len(secret) < 43 {
		t.Errorf("the pair is %q with a secret of %d characters", key, len(secret))
	}
	made.wants("item.name", `"dispatcher"`)
	made.wants("item.revoked_at", `null`)
	on, err := p.db.Pair(t.Context(), key)
	if err != nil || on.Workspace != roster.Default || strings.Contains(string(on.Secret), secret) {
		t.Errorf("kept is %q of %s, %v, want it sealed", on.Name, on.Workspace, err)
	}
	list := p.ok("GET", "/api/v2/livekit/keys", "")
	list.wants("count", `1`)
	if strings.Contains(list.text, secret) || strings.Contains(list.text, string(on.Secret)) || strings.Contains(list.text, "api_secret") {
		t.Errorf("the list shows the secret: %s", list.text)
	}
	for range 2 { // again it changes nothing
		p.ok("DELETE", "/api/v2/livekit/keys/"+key, "").wants("message", `"Key pair revoked successfully"`)
	}
	if on, err := p.db.Pair(t.Context(), key); err != nil || on.Revoked.IsZero() {
		t.Errorf("it is revoked at %v, %v", on.Revoked, err)
	}
	audit := p.ok("GET", "/api/v2/audit", "")
	for _, what := range []string{"key_pair.create", "key_pair.revoke"} {
		if strings.Count(audit.text, what) != 1 {
			t.Errorf("the audit says %s, want %s once", audit.text, what)
		}
	}
	if strings.Contains(audit.text, secret) {
		t.Error("the audit tells the secret")
	}
}

func TestAKeyPairIsItsWorkspacesOwn(t *testing.T) {
	p := open(t, livekit)
	key := p.ok("POST", "/api/v2/livekit/keys", `{"name":"ours"}`).str("item.api_key")
	if a := p.as(p.theirs, "DELETE", "/api/v2/livekit/keys/"+key, ""); a.status != 404 {
		t.Errorf("another workspace revokes it: %d %s", a.status, a.text)
	}
	if a := p.as(p.theirs, "GET", "/api/v2/livekit/keys", ""); a.status != 200 || strings.Contains(a.text, key) {
		t.Errorf("another workspace sees it: %d %s", a.status, a.text)
	}
	p.fails(404, "DELETE", "/api/v2/livekit/keys/APInobody", "")
}

func TestWhoMakesAKeyPairMayPlaceCalls(t *testing.T) {
	p := open(t, livekit)
	some := p.key(roster.Default, roster.KeysWrite)
	a := p.as(some, "POST", "/api/v2/livekit/keys", `{"name":"x"}`)
	a.errors(`{"base":["The API key lacks the scope calls:write, which a key pair has."]}`)
	if a.status != 403 {
		t.Errorf("without calls:write: %d", a.status)
	}
	if a := p.as(some, "GET", "/api/v2/livekit/keys", ""); a.status != 200 {
		t.Errorf("to list them: %d", a.status)
	}
	calls := p.key(roster.Default, roster.CallsWrite)
	if a := p.as(calls, "POST", "/api/v2/livekit/keys", `{"name":"x"}`); a.status != 403 {
		t.Errorf("without keys:write: %d", a.status)
	}
	both := p.key(roster.Default, roster.KeysWrite, roster.CallsWrite)
	if a := p.as(both, "POST", "/api/v2/livekit/keys", `{"name":"x"}`); a.status != 200 {
		t.Errorf("with both: %d %s", a.status, a.text)
	}
}

func TestMistakesInKeyPairsAreTold(t *testing.T) {
	p := open(t, livekit)
	for body, want := range map[string]string{
		`{}`: `{"name":["can't be blank"]}`, `{"name":7}`: `{"name":["must be a string"]}`,
		`{"name":"` + strings.Repeat("x", 65) + `"}`: `{"name":["is too long (maximum is 64 characters)"]}`,
		`{"name":"a\u0007"}`:                         `{"name":["is invalid"]}`,
	} {
		p.fails(400, "POST", "/api/v2/livekit/keys", body).errors(want)
	}
	for i := range roster.MaxPairs {
		err := p.db.CreatePair(t.Context(), roster.Pair{Key: fmt.Sprint("API", i), Workspace: roster.Default, Created: p.now}, "cli:test")
		if err != nil {
			t.Fatal(err)
		}
	}
	p.fails(409, "POST", "/api/v2/livekit/keys", `{"name":"x"}`)
}
