package server_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/telephony"
)

// acme is a client of another workspace's, with a pair of its own.
func (l *lobby) acme() *roomClient {
	l.t.Helper()
	key := roster.NewSecret()
	if err := l.Store().CreateWorkspace(l.t.Context(), roster.Workspace{ID: "acme", Name: "Acme", Created: time.Now()}); err != nil {
		l.t.Fatal(err)
	}
	if err := l.Store().CreateKey(l.t.Context(), roster.Key{
		ID: "key_acme", Workspace: "acme", Name: "acme", Prefix: roster.PrefixOf(key), Hash: roster.HashKey(key),
		Scopes: []roster.Scope{roster.Admin}, Created: time.Now(),
	}, "test"); err != nil {
		l.t.Fatal(err)
	}
	return newRoomClient(l.t, l.PublicURL(), key)
}

const denied = `{"code":"unauthenticated","msg":"permissions denied"}`

// Whoever has no good token for a call's room changes nothing in it, and learns
// nothing of it. The answers are LiveKit's.
func TestNobodyElseGetsIntoACallsRoom(t *testing.T) {
	t.Parallel()
	l := newLobby(t, "Ada", onAndOn("Ada"))
	l.hires("Ben", "Hello, this is Ben.", nil)
	e := newEar()
	call, room := l.live("Ada", e)
	good := l.claims(room)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	signed := func(method jwt.SigningMethod, key any) string {
		token, err := jwt.NewWithClaims(method, good).SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	revoked := newRoomClient(t, l.PublicURL(), flowKey)
	l.must("DELETE", "/livekit/keys/"+revoked.key, "")
	forger := &roomClient{t: t, url: l.url, key: l.key, secret: "another secret of thirty-two bytes"}
	const invalid = "invalid authorization token"
	past := time.Now().Add(-2 * time.Minute)
	grants := func(video map[string]any) jwt.MapClaims { return jwt.MapClaims{"video": video} }

	for _, tt := range []struct{ claim, header, answer string }{
		{"no token", "", denied},
		{"another scheme", "Basic YTpi", "invalid authorization header. Must start with Bearer "},
		{"no JWT", "Bearer abc", invalid},
		{"20 KB", "Bearer " + l.token(good, jwt.MapClaims{"metadata": strings.Repeat("m", 15<<10)}), invalid},
		{"alg none", "Bearer " + signed(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType), invalid + ": token signature is invalid"},
		{"RS256 with our key", "Bearer " + signed(jwt.SigningMethodRS256, key), invalid + ": token signature is invalid"},
		{"HS512 with our secret", "Bearer " + signed(jwt.SigningMethodHS512, []byte(l.secret)), invalid + ": token signature is invalid"},
		{"a key that there is not", "Bearer " + l.token(good, jwt.MapClaims{"iss": "APInobody"}), "invalid API key"},
		{"a pair that was taken back", "Bearer " + revoked.token(revoked.claims(room)), "invalid API key"},
		{"another's secret", "Bearer " + forger.token(good), invalid + ": token signature is invalid"},
		{"expired", "Bearer " + l.token(good, jwt.MapClaims{"exp": past.Unix()}), invalid + ": token has invalid claims: token is expired"},
		{"not yet valid", "Bearer " + l.token(good, jwt.MapClaims{"nbf": time.Now().Add(2 * time.Minute).Unix()}), invalid + ": token has invalid claims: token is not valid yet"},
		{"without exp", "Bearer " + l.token(good, jwt.MapClaims{"exp": nil}), ""},
		{"of another room", "Bearer " + l.token(good, grants(map[string]any{"roomAdmin": true, "room": room + "x"})), denied},
		{"of every room", "Bearer " + l.token(good, grants(map[string]any{"roomAdmin": true})), denied},
		{"may join only", "Bearer " + l.token(good, grants(map[string]any{"roomJoin": true, "room": room})), denied},
		{"may create rooms only", "Bearer " + l.token(good, grants(map[string]any{"roomCreate": true, "roomList": true})), denied},
		{"of an agent", "Bearer " + l.token(good, grants(map[string]any{"agent": true})), denied},
	} {
		var header []string
		if tt.header != "" {
			header = []string{"Authorization", tt.header}
		}
		for method, body := range map[string]string{
			"CreateDispatch": `"agent_name":"Ben"`, "DeleteDispatch": `"dispatch_id":"AD_x"`, "ListDispatch": `"dispatch_id":""`,
		} {
			a := send(t, "POST", l.url+"/twirp/livekit.AgentDispatchService/"+method, fmt.Sprintf(`{"room":%q,%s}`, room, body), header...)
			if a.status != http.StatusUnauthorized || tt.answer != "" && a.text != tt.answer || a.text == "" || len(a.text) > 200 {
				t.Errorf("%s, %s: %d %.300s, want 401 %s", tt.claim, method, a.status, a.text, tt.answer)
			}
		}
	}

	large := l.token(good, jwt.MapClaims{"metadata": strings.Repeat("m", 48<<10)})
	for where, a := range map[string]answered{
		"header":  l.twirp("AgentDispatchService/CreateDispatch", large, `{}`),
		"address": send(t, "POST", l.url+"/twirp/livekit.AgentDispatchService/CreateDispatch?access_token="+large, `{}`),
	} {
		if a.status != http.StatusRequestHeaderFieldsTooLarge || len(a.text) > 200 {
			t.Errorf("64 KB in the %s: %d %.300s", where, a.status, a.text)
		}
	}

	// Who has a pair of another workspace has rooms of the same name, and not ours.
	acme := l.acme()
	ours := l.list(room).dispatches()
	for what, a := range map[string]answered{"list": acme.list(room), "delete": acme.delete(room, ours[0].ID)} {
		if a.status != http.StatusNotFound || a.str("code") != "not_found" {
			t.Errorf("another workspace's %s: %d %s", what, a.status, a.text)
		}
	}
	theirs := acme.sends(room, "Ben", "")
	if a := acme.delete(room, ours[0].ID); a.status != http.StatusNotFound {
		t.Errorf("another workspace takes our agent back: %d %s", a.status, a.text)
	}
	if all := acme.list(room).dispatches(); len(all) != 1 || all[0].ID != theirs || len(all[0].Jobs) != 0 {
		t.Errorf("another workspace's room of that name has %+v", all)
	}
	from := time.Now()
	e.hears(t, "Ada", from)
	if first, _ := e.heard("Ben"); !first.IsZero() || len(l.list(room).dispatches()) != 1 || !call.Streaming() {
		t.Errorf("after all that the room has %+v, and Ben is heard at %v", l.list(room).dispatches(), first)
	}
}

// What is no method of ours is answered as Twirp does.
func TestMethodsThatThereAreNot(t *testing.T) {
	t.Parallel()
	l := newLobby(t, "Ada", "Hello, this is Ada.")
	token := "Bearer " + l.token(l.claims("r"))
	for _, tt := range []struct {
		claim, method, path, body, kind string
		status                          int
		code                            string
	}{
		{"no such method", "POST", "livekit.AgentDispatchService/GetDispatch", `{}`, "application/json", http.StatusNotFound, "bad_route"},
		{"another service", "POST", "livekit.RoomService/ListRooms", `{}`, "application/json", http.StatusNotFound, "bad_route"},
		{"a method of the connector's that is not ours", "POST", "livekit.Connector/DialWhatsAppCall", `{}`, "application/json", http.StatusNotFound, "bad_route"},
		{"no service", "POST", "", `{}`, "application/json", http.StatusNotFound, "bad_route"},
		{"GET", "GET", "livekit.AgentDispatchService/ListDispatch", ``, "application/json", http.StatusNotFound, "bad_route"},
		{"a form", "POST", "livekit.AgentDispatchService/ListDispatch", `room=r`, "application/x-www-form-urlencoded", http.StatusNotFound, "bad_route"},
		{"half of an object", "POST", "livekit.AgentDispatchService/ListDispatch", `{"room":`, "application/json", http.StatusBadRequest, "malformed"},
		{"a number for a name", "POST", "livekit.AgentDispatchService/ListDispatch", `{"room":7}`, "application/json", http.StatusBadRequest, "malformed"},
		{"no protobuf", "POST", "livekit.AgentDispatchService/ListDispatch", "\xff\xff\xff", "application/protobuf", http.StatusBadRequest, "malformed"},
		{"three megabytes", "POST", "livekit.AgentDispatchService/CreateDispatch", `{"room":"r","metadata":"` + strings.Repeat("m", 3<<20) + `"}`, "application/json", http.StatusBadRequest, "malformed"},
	} {
		a := send(t, tt.method, l.url+"/twirp/"+tt.path, tt.body, "Authorization", token, "Content-Type", tt.kind)
		if a.status != tt.status || a.str("code") != tt.code {
			t.Errorf("%s: %d %s, want %d %s", tt.claim, a.status, a.text, tt.status, tt.code)
		}
		if route := a.str("meta.twirp_invalid_route"); tt.code == "bad_route" && route != tt.method+" /twirp/"+tt.path {
			t.Errorf("%s: the route is %q", tt.claim, route)
		}
	}
}

// A client gone wild asks for a thousand agents in one call: some stand, the
// caller keeps the one that talks, and another room is not held up for long.
func TestAThousandDispatchesIntoOneRoom(t *testing.T) {
	t.Parallel()
	l := newLobby(t, "Ada", onAndOn("Ada"))
	l.hires("Ben", "Hello, this is Ben.", nil)
	e := newEar()
	call, room := l.live("Ada", e)
	token := l.token(l.claims(room))
	var mu sync.Mutex
	var ids []string
	got := map[int]int{}
	var asking sync.WaitGroup
	next := make(chan int)
	for range 16 {
		asking.Go(func() {
			for n := range next {
				a := l.twirp("AgentDispatchService/CreateDispatch", token, fmt.Sprintf(`{"room":%q,"agent_name":"Ben","metadata":"{\"n\":%d,\"hookswitch\":{\"join\":\"wait\"}}"}`, room, n))
				mu.Lock()
				got[a.status]++
				if a.status == http.StatusOK {
					ids = append(ids, a.str("id"))
				} else if a.str("code") != "resource_exhausted" {
					t.Errorf("dispatch %d: %d %s", n, a.status, a.text)
				}
				mu.Unlock()
			}
		})
	}
	began := time.Now()
	for n := range 1000 {
		next <- n
	}
	close(next)
	asking.Wait()
	t.Logf("%v in %v", got, time.Since(began))
	if got[http.StatusOK] < 20 || got[http.StatusOK] > 99 || got[http.StatusOK]+got[http.StatusTooManyRequests] != 1000 {
		t.Errorf("a thousand dispatches were answered with %v", got)
	}
	within(t, 20*time.Second, "a client that may ask again", func() bool {
		list := l.list(room)
		return list.status == http.StatusOK && len(list.dispatches()) == len(ids)+1
	})
	e.hears(t, "Ada", time.Now()) // she still talks
	if first, _ := e.heard("Ben"); !first.IsZero() || !call.Streaming() {
		t.Error("who waits is heard, or the call is over")
	}
	call.Hangup()
	if got := l.over(room); got != telephony.CallerHangup {
		t.Errorf("the call ended for %s", got)
	}
	for _, id := range ids {
		if d, err := l.Store().Rooms().Dispatch(context.Background(), id); err != nil || len(d.Jobs) != 1 || !d.Jobs[0].Status.Over() {
			t.Fatalf("then a dispatch is %+v (%v)", d, err)
		}
	}
}

// A caller hangs up while an agent comes: the call ends once, and nobody is left
// in its room.
func TestACallEndsWhileAnAgentJoins(t *testing.T) {
	t.Parallel()
	l := newLobby(t, "Ada", "Hello, this is Ada.")
	l.hires("Ben", onAndOn("Ben"), nil)
	var all sync.WaitGroup
	for n := range 6 {
		e := newEar()
		call, room := l.live("Ada", e)
		all.Go(func() {
			if n%2 == 0 {
				time.Sleep(time.Duration(n) * 10 * time.Millisecond) // of the agent's coming
			}
			call.Hangup()
		})
		id := l.sends(room, "Ben", "")
		all.Wait()
		if got := l.over(room); got != telephony.CallerHangup {
			t.Errorf("call %d ended for %s", n, got)
		}
		within(t, 10*time.Second, "a job that is over", func() bool {
			d, err := l.Store().Rooms().Dispatch(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			return len(d.Jobs) == 0 || d.Jobs[len(d.Jobs)-1].Status.Over() // none: it came after the end, to a room that waits
		})
		if events := journal(t, l.Store(), call.SID()); ends(events) != 1 {
			text, _ := json.Marshal(events)
			t.Errorf("call %d: the journal is %s", n, text)
		}
	}
	within(t, 10*time.Second, "an idle desk", func() bool { return len(l.Desk().Live()) == 0 })
}
