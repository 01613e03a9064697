package rest_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/provider"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest"
	v2 "github.com/hookswitch/hookswitch/cmd/hookswitch/rest/v2"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/storage/seal"
)

// services are three providers: one that wants a key, one that has that of the
// environment, one that needs none.
type services struct {
	db    *storage.DB
	check func(ctx context.Context, workspace, name string) ([]v2.ProviderCheck, error)
}

func (s services) List(ctx context.Context, workspace string) ([]v2.ProviderState, error) {
	resemble := v2.ProviderState{Name: "resemble", Stages: []provider.Stage{provider.Voice}, Source: roster.FromNobody, Why: "it has no key"}
	k, err := s.db.ProviderKey(ctx, workspace, "resemble")
	if err == nil {
		resemble = v2.ProviderState{Name: "resemble", Stages: resemble.Stages, Source: roster.FromWorkspace, Configured: true, Updated: k.Updated}
	} else if !errors.Is(err, roster.ErrNotFound) {
		return nil, err
	}
	return []v2.ProviderState{resemble,
		{Name: "openai", Stages: []provider.Stage{provider.Recogniser, provider.Model, provider.Voice}, Source: roster.FromEnvironment, Configured: true},
		{Name: "flite", Stages: []provider.Stage{provider.Voice}, Source: roster.BuiltIn, Configured: true}}, nil
}

func (s services) Check(ctx context.Context, workspace, name string) ([]v2.ProviderCheck, error) {
	if s.check == nil {
		return []v2.ProviderCheck{{Stage: provider.Voice, Model: "abc123", Latency: 180 * time.Millisecond}}, nil
	}
	return s.check(ctx, workspace, name)
}

const (
	resembleKey = "rs-0123456789-a-key-that-nobody-sees"
	setResemble = `{"api_key":"` + resembleKey + `"}`
)

func TestAKeyIsSetUsedAndRemovedAndNeverShown(t *testing.T) {
	p := open(t)
	all := p.ok("GET", "/api/v2/providers", "")
	all.wants("items.0", `{"provider":"resemble","stages":["tts"],"configured":false,"source":"none","updated_at":null,"unavailable_reason":"it has no key"}`)
	all.wants("items.1", `{"provider":"openai","stages":["asr","llm","tts"],"configured":true,"source":"environment","updated_at":null}`)
	all.wants("items.2", `{"provider":"flite","stages":["tts"],"configured":true,"source":"built_in","updated_at":null}`)
	all.wants("count", `3`)

	set := p.ok("PUT", "/api/v2/providers/resemble", setResemble)
	const now = `{"provider":"resemble","stages":["tts"],"configured":true,"source":"workspace","updated_at":"2025-01-27T10:00:00Z"}`
	set.wants("item", now)
	p.now = p.now.Add(time.Hour)
	again := p.ok("PUT", "/api/v2/providers/resemble", setResemble)
	again.wants("item.updated_at", `"2025-01-27T11:00:00Z"`)
	list, check, audit := p.ok("GET", "/api/v2/providers", ""), p.ok("POST", "/api/v2/providers/resemble/check", ""), p.ok("GET", "/api/v2/audit", "")
	audit.wants("items.0.what", `"provider_key.set"`)
	audit.wants("items.0.target", `"resemble"`)

	kept, err := p.db.ProviderKey(t.Context(), roster.Default, "resemble")
	if err != nil {
		t.Fatal(err)
	}
	ring, _, err := seal.Load(seal.Options{Env: base64.StdEncoding.EncodeToString(make([]byte, 32))})
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := ring.Open(kept.Key); err != nil || plain != resembleKey || strings.Contains(string(kept.Key), resembleKey) {
		t.Errorf("kept as %q, which opens as %q, %v", kept.Key, plain, err)
	}
	for _, a := range []answer{set, again, list, check, audit} {
		if strings.Contains(a.text, resembleKey) || strings.Contains(a.text, string(kept.Key)) {
			t.Errorf("the key is shown: %s", a.text)
		}
	}

	p.ok("DELETE", "/api/v2/providers/resemble", "").wants("message", `"Key removed successfully"`)
	p.fails(404, "DELETE", "/api/v2/providers/resemble", "").errors(`{"base":["Key of this provider not found"]}`)
	p.ok("GET", "/api/v2/providers", "").wants("items.0.source", `"none"`)
}

func TestWhatIsNoKeyIsRefusedAndNotRepeated(t *testing.T) {
	p := open(t)
	for _, tt := range []struct {
		status             int
		name, body, errors string
	}{
		{400, "resemble", `{}`, `{"api_key":["can't be blank"]}`},
		{400, "resemble", `{"api_key":["` + resembleKey + `"]}`, `{"api_key":["must be a string"]}`},
		{400, "resemble", `{"api_key":"` + resembleKey + ` "}`, `{"api_key":["has a character that no key has: is it cut, or was more copied?"]}`},
		{400, "resemble", `{"api_key":"` + resembleKey + strings.Repeat("k", 512) + `"}`, `{"api_key":["is too long (maximum is 512 characters)"]}`},
		{400, "flite", setResemble, `{"base":["The provider 'flite' is built in and takes no key."]}`},
		{404, "nobody", setResemble, `{"base":["Provider not found"]}`},
	} {
		a := p.fails(tt.status, "PUT", "/api/v2/providers/"+tt.name, tt.body)
		a.errors(tt.errors)
		if strings.Contains(a.text, resembleKey) {
			t.Errorf("the key is repeated: %s", a.text)
		}
	}
	p.fails(404, "DELETE", "/api/v2/providers/nobody", "").errors(`{"base":["Provider not found"]}`)
	if all, err := p.db.ListProviderKeys(t.Context(), roster.Default); err != nil || len(all) != 0 {
		t.Errorf("%d keys were set, %v", len(all), err)
	}
}

func TestACheckTellsOfEachStage(t *testing.T) {
	p := open(t, func(c *rest.Config) {
		s := c.Providers.(services)
		s.check = func(ctx context.Context, workspace, name string) ([]v2.ProviderCheck, error) {
			if end, ok := ctx.Deadline(); !ok || time.Until(end) > 25*time.Second || workspace != roster.Default {
				t.Errorf("Check() of %s may last until %v", workspace, end)
			}
			if name == "resemble" {
				return nil, errors.New("the store is gone, with " + resembleKey)
			}
			limited := provider.New("openai", "chat", provider.RateLimited, errors.New("status 429"))
			return []v2.ProviderCheck{
				{Stage: provider.Recogniser, Model: "whisper-1", Latency: 412 * time.Millisecond, Cost: new(0.0001)},
				{Stage: provider.Model, Model: "gpt-4o", Latency: 99 * time.Millisecond, Err: fmt.Errorf("check: %w", limited)},
				{Stage: provider.Voice, Err: errors.New("somebody else's words, with " + resembleKey)},
			}, nil
		}
		c.Providers = s
	})
	a := p.ok("POST", "/api/v2/providers/openai/check", "")
	a.wants("items.0", `{"stage":"asr","model":"whisper-1","ok":true,"latency_ms":412,"cost_usd":0.0001,"error":null}`)
	a.wants("items.1", `{"stage":"llm","model":"gpt-4o","ok":false,"latency_ms":99,"cost_usd":null,"error":{"class":"rate_limited","message":"openai: chat: status 429"}}`)
	a.wants("items.2", `{"stage":"tts","model":"","ok":false,"latency_ms":0,"cost_usd":null,"error":{"class":"unavailable","message":"the check broke off"}}`)
	p.fails(409, "POST", "/api/v2/providers/resemble/check", "").errors(`{"base":["The provider 'resemble' can't be checked: it has no key"]}`)
	p.fails(404, "POST", "/api/v2/providers/nobody/check", "").errors(`{"base":["Provider not found"]}`)
	p.ok("PUT", "/api/v2/providers/resemble", setResemble)
	if a := p.fails(500, "POST", "/api/v2/providers/resemble/check", ""); strings.Contains(a.text, resembleKey) {
		t.Errorf("the key is shown: %s", a.text)
	}
}

// A check costs money and time: who asks for many at once gets one.
func TestAProviderIsCheckedOnceAtATime(t *testing.T) {
	begun, end := make(chan struct{}), make(chan struct{})
	var checks atomic.Int32
	p := open(t, func(c *rest.Config) {
		s := c.Providers.(services)
		s.check = func(context.Context, string, string) ([]v2.ProviderCheck, error) {
			if checks.Add(1) == 1 {
				close(begun)
				<-end
			}
			return nil, nil
		}
		c.Providers = s
	})
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.ok("POST", "/api/v2/providers/openai/check", "")
	}()
	<-begun
	p.fails(409, "POST", "/api/v2/providers/openai/check", "").errors(`{"base":["The provider 'openai' is being checked already."]}`)
	close(end)
	<-done
	p.ok("POST", "/api/v2/providers/openai/check", "")
	if n := checks.Load(); n != 2 {
		t.Errorf("%d checks were made, want 2", n)
	}
}

func TestWhoMayReadProvidersMayNotSetTheirKeys(t *testing.T) {
	p := open(t)
	reader, writer, neither := p.key(roster.Default, roster.ProvidersRead), p.key(roster.Default, roster.ProvidersWrite), p.key(roster.Default, roster.AgentsWrite, roster.KeysWrite)
	for _, tt := range []struct {
		method, path, body string
		reader, writer     int
	}{
		{"GET", "/api/v2/providers", "", 200, 200},
		{"PUT", "/api/v2/providers/resemble", setResemble, 403, 200},
		{"POST", "/api/v2/providers/resemble/check", "", 403, 200},
		{"DELETE", "/api/v2/providers/resemble", "", 403, 200},
	} {
		for key, want := range map[string]int{reader: tt.reader, writer: tt.writer, neither: http.StatusForbidden} {
			if key == writer { // last: see below
				continue
			}
			if a := p.as(key, tt.method, tt.path, tt.body); a.status != want {
				t.Errorf("%s %s = %d %s, want %d", tt.method, tt.path, a.status, a.text, want)
			}
		}
		if a := p.as(writer, tt.method, tt.path, tt.body); a.status != tt.writer {
			t.Errorf("%s %s with providers:write = %d %s", tt.method, tt.path, a.status, a.text)
		}
	}
}

// Providers are the same for everybody, their keys are not.
func TestAKeyIsItsWorkspacesOwn(t *testing.T) {
	p := open(t)
	p.ok("PUT", "/api/v2/providers/resemble", setResemble)
	theirs := func(status int, method, path, body string) answer {
		t.Helper()
		a := p.as(p.theirs, method, path, body)
		if a.status != status {
			t.Errorf("%s %s of another workspace = %d %s, want %d", method, path, a.status, a.text, status)
		}
		return a
	}
	theirs(200, "GET", "/api/v2/providers", "").wants("items.0.configured", `false`)
	theirs(409, "POST", "/api/v2/providers/resemble/check", "")
	theirs(404, "DELETE", "/api/v2/providers/resemble", "")
	before, err := p.db.ProviderKey(t.Context(), roster.Default, "resemble")
	if err != nil {
		t.Fatal(err)
	}
	theirs(200, "PUT", "/api/v2/providers/resemble", `{"api_key":"another"}`)
	theirs(200, "DELETE", "/api/v2/providers/resemble", "")
	if after, err := p.db.ProviderKey(t.Context(), roster.Default, "resemble"); err != nil || after != before {
		t.Errorf("our key is now %+v, %v, want it untouched", after, err)
	}
}
