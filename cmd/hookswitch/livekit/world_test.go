package livekit_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/agentcore/room/roomtest"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/grant"
)

const (
	key    = "APIabcdefghijkl"
	secret = "a-secret-of-more-than-forty-characters-in-all"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// world is a service over a store of memory.
type world struct {
	*livekit.Service
	store *roomtest.Store
	rooms *rooms

	mu  sync.Mutex
	now time.Time
}

func newWorld(t testing.TB, change ...func(*livekit.Config)) *world {
	t.Helper()
	w := &world{store: roomtest.NewStore(), now: noon}
	w.rooms = &rooms{w: w}
	verifier, err := grant.New(grant.Config{Pairs: pairs{}, Opener: pairs{}, Now: w.Now})
	if err != nil {
		t.Fatal(err)
	}
	c := livekit.Config{
		Verifier: verifier, Rooms: w.rooms, Doors: w.store, PublicWS: "wss://calls.example",
		DispatchesPerSecond: 1 << 20, RequestsPerSecond: 1 << 20, Now: w.Now,
	}
	for _, f := range change {
		f(&c)
	}
	if w.Service, err = livekit.New(c); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// pairs are two key pairs of two workspaces. Their secrets are not sealed.
type pairs struct{}

func (pairs) Pair(_ context.Context, k string) (roster.Pair, error) {
	switch k {
	case key:
		return roster.Pair{Key: key, Workspace: "ws_1", Secret: secret}, nil
	case "APIneighbour000":
		return roster.Pair{Key: k, Workspace: "ws_2", Secret: "the neighbour's"}, nil
	}
	return roster.Pair{}, roster.ErrNotFound
}

func (pairs) UsedPair(context.Context, string, time.Time) error { return nil }
func (pairs) Open(s roster.Secret) (string, error)              { return string(s), nil }

// rooms is a room.Host without agents: what it is told is in the store.
type rooms struct {
	w   *world
	err error // of every method; nil: none
}

func (r *rooms) Create(ctx context.Context, d room.Dispatch) (room.Dispatch, error) {
	if r.err != nil {
		return room.Dispatch{}, r.err
	}
	open, err := r.w.store.Open(ctx, d.Workspace, d.RoomName, d.Created)
	if err != nil {
		return room.Dispatch{}, err
	}
	d.ID, d.Room = "AD_"+rand.Text()[:12], open.ID
	return r.w.store.Add(ctx, d)
}

func (r *rooms) Delete(ctx context.Context, workspace, name, id string) (room.Dispatch, error) {
	if r.err != nil {
		return room.Dispatch{}, r.err
	}
	return r.w.store.Delete(ctx, workspace, name, id, r.w.Now())
}

func (r *rooms) List(ctx context.Context, workspace, name string) ([]room.Dispatch, error) {
	if r.err != nil {
		return nil, r.err
	}
	open, err := r.w.store.Find(ctx, workspace, name, r.w.Now())
	if err != nil {
		return nil, err
	}
	return r.w.store.Dispatches(ctx, open.ID)
}

// sign makes a token that is good at noon.
func sign(t testing.TB, c grant.Claims) string {
	t.Helper()
	token, err := grant.Sign(key, secret, c, noon, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// adminOf is a token for the room of that name.
func adminOf(t testing.TB, name string) string {
	return sign(t, grant.Claims{Video: grant.Video{RoomAdmin: true, Room: name}})
}

const (
	createPath  = "/twirp/livekit.AgentDispatchService/CreateDispatch"
	deletePath  = "/twirp/livekit.AgentDispatchService/DeleteDispatch"
	listPath    = "/twirp/livekit.AgentDispatchService/ListDispatch"
	connectPath = "/twirp/livekit.Connector/ConnectTwilioCall"
)

// ask is a request as curl sends it.
type ask struct {
	method  string // empty: POST
	path    string
	token   string // empty: none
	header  http.Header
	content string // empty: application/json
	body    string
}

type reply struct {
	status  int
	content string
	body    string // JSON without the spaces that protobuf's writer throws dice for
	header  http.Header
}

func (w *world) ask(a ask) reply {
	if a.method == "" {
		a.method = http.MethodPost
	}
	if a.content == "" {
		a.content = "application/json"
	}
	r := httptest.NewRequest(a.method, a.path, bytes.NewBufferString(a.body))
	r.Header.Set("Content-Type", a.content)
	if a.token != "" {
		r.Header.Set("Authorization", "Bearer "+a.token)
	}
	for k, v := range a.header {
		r.Header[k] = v
	}
	recorder := httptest.NewRecorder()
	w.ServeHTTP(recorder, r)
	result := recorder.Result()
	body, _ := io.ReadAll(result.Body)
	answer := reply{result.StatusCode, result.Header.Get("Content-Type"), string(body), result.Header}
	var compact bytes.Buffer
	if json.Compact(&compact, body) == nil {
		answer.body = compact.String()
	}
	return answer
}
