package gate_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/gate"
)

const good = "hsk_good"

// keys knows one key, and counts what it is told.
type keys struct {
	err  error
	used []time.Time
}

func (k *keys) KeyByHash(_ context.Context, hash string) (roster.Key, error) {
	if k.err != nil {
		return roster.Key{}, k.err
	}
	if hash != roster.HashKey(good) {
		return roster.Key{}, roster.ErrNotFound
	}
	return roster.Key{ID: "key_1", Workspace: "default", Scopes: []roster.Scope{roster.Admin}}, nil
}

func (k *keys) UseKey(_ context.Context, _ string, now time.Time) error {
	k.used = append(k.used, now)
	return nil
}

func open(t *testing.T, cfg gate.Config) *gate.Gate {
	t.Helper()
	cfg.Fail = func(w http.ResponseWriter, _ *http.Request, status int, message string) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(message))
	}
	g, err := gate.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func ask(h http.Handler, key string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Authorization", "Bearer "+key)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestAHandlerThatPanicsTellsTheLogAndNotTheClient(t *testing.T) {
	var log bytes.Buffer
	g := open(t, gate.Config{Keys: &keys{}, Log: slog.New(slog.NewTextHandler(&log, nil))})
	w := ask(g.Number(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("the cellar is full") })), good)
	id := w.Header().Get("X-Request-Id")
	if w.Code != 500 || strings.Contains(w.Body.String(), "cellar") || !strings.Contains(w.Body.String(), id) {
		t.Errorf("answered %d %s", w.Code, w.Body)
	}
	if !strings.Contains(log.String(), "the cellar is full") || !strings.Contains(log.String(), id) || strings.Contains(log.String(), good) {
		t.Errorf("the log says %s", log.String())
	}
}

func TestAHandlerThatPanicsInMidAnswerCutsTheConnection(t *testing.T) {
	g := open(t, gate.Config{Keys: &keys{}})
	h := g.Number(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("half"))
		panic("and no more")
	}))
	defer func() {
		if fault := recover(); fault != http.ErrAbortHandler {
			t.Errorf("it ended with %v, want http.ErrAbortHandler", fault)
		}
	}()
	ask(h, good)
	t.Error("the half answer was taken for whole")
}

func TestUseIsNotedOnceAMinute(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	k := &keys{}
	g := open(t, gate.Config{Keys: k, Now: func() time.Time { return now }})
	var seen roster.Key
	h := g.Admit(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = gate.Key(r.Context()) }))
	for range 130 { // seconds
		if w := ask(h, good); w.Code != 200 {
			t.Fatalf("answered %d", w.Code)
		}
		now = now.Add(time.Second)
	}
	if len(k.used) != 3 {
		t.Errorf("noted %d times in 130 s, want 3", len(k.used))
	}
	if seen.ID != "key_1" {
		t.Errorf("the handler saw %+v", seen)
	}
}

func TestAStoreThatFailsIsNoWrongKey(t *testing.T) {
	k := &keys{err: errors.New("disk: dial 10.0.0.1: refused")}
	w := ask(open(t, gate.Config{Keys: k}).Admit(http.NotFoundHandler()), good)
	if w.Code != 500 || strings.Contains(w.Body.String(), "10.0.0.1") {
		t.Errorf("answered %d %s", w.Code, w.Body)
	}
}

func TestAddressesOfOneCustomerCountTogether(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	g := open(t, gate.Config{Keys: &keys{}, FailuresPerMinute: 1, Now: func() time.Time { return now }})
	h := g.Admit(http.NotFoundHandler())
	for _, tt := range []struct {
		from string
		want int
	}{
		{"[2001:db8:1:2::1]:1000", 401},
		{"[2001:db8:1:2:ffff::9]:2000", 429},
		{"[2001:db8:1:3::1]:1000", 401},
		{"198.51.100.1:1000", 401},
		{"[::ffff:198.51.100.1]:2000", 429},
		{"198.51.100.2:1000", 401},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = tt.from
		r.Header.Set("Authorization", "Bearer hsk_guess")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != tt.want {
			t.Errorf("%s: %d, want %d", tt.from, w.Code, tt.want)
		}
	}
}

func TestManyKeysAndAddressesAreForgottenNotKept(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	g := open(t, gate.Config{Keys: &keys{}, Now: func() time.Time { return now }})
	h := g.Admit(http.NotFoundHandler())
	for i := range 25_000 {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = "10." + strconv.Itoa(i>>16) + "." + strconv.Itoa(i>>8&255) + "." + strconv.Itoa(i&255) + ":1"
		r.Header.Set("Authorization", "Bearer hsk_guess")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != 401 {
			t.Fatalf("address %d: %d", i, w.Code)
		}
	}
	if n := g.Buckets(); n > 20_000 {
		t.Errorf("%d addresses are kept", n)
	}
}
