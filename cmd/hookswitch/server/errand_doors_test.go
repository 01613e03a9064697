package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/storage"
)

// A door is a dialect of the API: where it is, and how a key is shown there.
type door struct {
	base string
	show func(h http.Header, v visitor)
}

// visitor is who knocks.
type visitor struct{ key, workspace string }

// owner has the bootstrap key.
var owner = visitor{flowKey, roster.Default}

// Doors of the gateway.
var (
	ownDoor = door{"/api/v2", func(h http.Header, v visitor) { h.Set("Authorization", "Bearer "+v.key) }}
	whippy  = door{"/v1", func(h http.Header, v visitor) { h.Set("X-WHIPPY-KEY", v.key) }}
	trillet = door{"", func(h http.Header, v visitor) {
		h.Set("x-api-key", v.key)
		h.Set("x-workspace-id", v.workspace)
	}}
)

// knock asks at d of the gateway at public. Headers come in pairs; without a
// Content-Type the body is JSON.
func (d door) knock(ctx context.Context, public string, v visitor, method, path string, body io.Reader, header ...string) (answered, error) {
	r, err := http.NewRequestWithContext(ctx, method, public+d.base+path, body)
	if err != nil {
		return answered{}, err
	}
	r.Header.Set("Content-Type", "application/json")
	d.show(r.Header, v)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := client.Do(r)
	if err != nil {
		return answered{}, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	a := answered{status: res.StatusCode, header: res.Header, text: string(text)}
	if strings.HasPrefix(res.Header.Get("Content-Type"), "application/json") {
		err = errors.Join(err, json.Unmarshal(text, &a.body))
	}
	return a, err
}

// via asks at a door of b's.
func (b *booted) via(d door, v visitor, method, path, body string, header ...string) answered {
	b.t.Helper()
	a, err := d.knock(b.t.Context(), b.PublicURL(), v, method, path, strings.NewReader(body), header...)
	if err != nil {
		b.t.Fatalf("%s %s%s: %v: %s", method, d.base, path, err, a.text)
	}
	return a
}

// gets is via, with the owner's key and a 2xx.
func (b *booted) gets(d door, method, path, body string, header ...string) answered {
	b.t.Helper()
	a := b.via(d, owner, method, path, body, header...)
	if a.status/100 != 2 {
		b.t.Fatalf("%s %s%s = %d %s", method, d.base, path, a.status, a.text)
	}
	return a
}

// another makes a workspace, and a key of it that may do what scopes say.
func another(t *testing.T, db *storage.DB, workspace string, scopes ...roster.Scope) visitor {
	t.Helper()
	_, err := db.Workspace(t.Context(), workspace)
	if errors.Is(err, roster.ErrNotFound) {
		err = db.CreateWorkspace(t.Context(), roster.Workspace{ID: workspace, Name: workspace, Created: time.Now()})
	}
	if err != nil {
		t.Fatal(err)
	}
	key := roster.NewSecret()
	if err := db.CreateKey(t.Context(), roster.Key{
		ID: "key_" + roster.HashKey(key)[:12], Workspace: workspace, Name: "test", Prefix: roster.PrefixOf(key), Hash: roster.HashKey(key),
		Scopes: scopes, Created: time.Now(),
	}, "test"); err != nil {
		t.Fatal(err)
	}
	return visitor{key, workspace}
}

// greets makes an agent over the API that says hello by name, and calls from
// number.
func (b *booted) greets(name, number, more string) (uuid string) {
	b.t.Helper()
	return b.must("POST", "/agents", fmt.Sprintf(`{"name":%q,"voice_uuid":"flite-rms","phone_number_id":%s,
		"greeting":"Hello {{name}}, this is the shop.","dynamic_variables":{"name":"there"},
		"asr":{"provider":"moonshine","model":"tiny-en"},"llm":{"provider":"script","model":"demo"}%s}`, name, b.number(number), more)).str("item.agent.uuid")
}

// in is a time so far ahead, as clients write it.
func in(d time.Duration) string { return time.Now().Add(d).UTC().Format("2006-01-02T15:04:05.000Z") }
