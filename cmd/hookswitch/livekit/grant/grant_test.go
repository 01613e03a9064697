package grant_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"google.golang.org/protobuf/proto"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/grant"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/pb"
)

const (
	key    = "APIabcdefghijkl"
	secret = "a-secret-of-more-than-forty-characters-in-all"
)

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// ring is a few pairs, whose secrets are sealed by writing them backwards.
type ring struct {
	mu    sync.Mutex
	pairs map[string]roster.Pair
	asked int
	used  int
	err   error
}

func newRing() *ring {
	return &ring{pairs: map[string]roster.Pair{
		key:               {Key: key, Workspace: "ws_1", Secret: backwards(secret)},
		"APIrevoked00000": {Key: "APIrevoked00000", Workspace: "ws_1", Secret: backwards(secret), Revoked: now.Add(-time.Second)},
		"APIempty0000000": {Key: "APIempty0000000", Workspace: "ws_1"},
		"APIother0000000": {Key: "APIother0000000", Workspace: "ws_2", Secret: backwards("another")},
	}}
}

func (r *ring) Pair(_ context.Context, key string) (roster.Pair, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked++
	if r.err != nil {
		return roster.Pair{}, r.err
	}
	p, ok := r.pairs[key]
	if !ok {
		return roster.Pair{}, roster.ErrNotFound
	}
	return p, nil
}

func (r *ring) UsedPair(context.Context, string, time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.used++
	return nil
}

func (r *ring) Open(s roster.Secret) (string, error) { return string(backwards(string(s))), nil }

func backwards(s string) roster.Secret {
	b := []byte(s)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return roster.Secret(b)
}

func verifier(t testing.TB, r *ring, at func() time.Time) *grant.Verifier {
	v, err := grant.New(grant.Config{Pairs: r, Opener: r, Now: at})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func noon() time.Time { return now }

// token signs claims with HS256.
func token(t testing.TB, secret string, claims jwt.MapClaims) string {
	t.Helper()
	s, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// good is a payload that is good at noon, changed by with; nil takes a claim
// away.
func good(with jwt.MapClaims) jwt.MapClaims {
	c := jwt.MapClaims{"iss": key, "sub": "someone", "nbf": now.Unix(), "exp": now.Add(time.Hour).Unix()}
	for k, v := range with {
		if v == nil {
			delete(c, k)
		} else {
			c[k] = v
		}
	}
	return c
}

func TestWhatIsSignedIsRead(t *testing.T) {
	no := false
	want := grant.Claims{
		Identity: "caller", Name: "A caller", Kind: "agent", Metadata: `{"a":1}`,
		Attributes: map[string]string{"lk.agent_name": "x"},
		Video:      grant.Video{RoomJoin: true, Room: "r 1", Agent: true, CanPublish: &no},
		RoomConfig: &pb.RoomConfiguration{Agents: []*pb.RoomAgentDispatch{{AgentName: "a", Metadata: "m"}}},
		RoomPreset: "p",
	}
	signed, err := grant.Sign(key, secret, want, now, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	got, err := verifier(t, newRing(), noon).Verify(t.Context(), signed)
	if err != nil {
		t.Fatal(err)
	}
	if got.Workspace != "ws_1" || got.Key != key || !got.Expires.Equal(now.Add(time.Hour)) {
		t.Errorf("of %s in %s until %v", got.Key, got.Workspace, got.Expires)
	}
	if !proto.Equal(got.RoomConfig, want.RoomConfig) {
		t.Errorf("RoomConfig = %v, want %v", got.RoomConfig, want.RoomConfig)
	}
	got.RoomConfig, want.RoomConfig = nil, nil
	if a, b := asJSON(t, got.Claims), asJSON(t, want); a != b {
		t.Errorf("Claims = %s, want %s", a, b)
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// The payload itself: an SDK, or the operator's server, must find what it looks
// for under the very names.
func TestASignedPayloadHasLiveKitsNames(t *testing.T) {
	signed, err := grant.Sign("APIoperator", "s", grant.Claims{
		Identity: "agent-1", Kind: "agent", Video: grant.Video{RoomJoin: true, Room: "r", Agent: true},
		Attributes: map[string]string{"lk.agent_name": "x"},
		RoomConfig: &pb.RoomConfiguration{Agents: []*pb.RoomAgentDispatch{{AgentName: "a"}}},
	}, now, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(signed, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	want := `{"iss":"APIoperator","sub":"agent-1","exp":1795352400,"nbf":1795348800,"kind":"agent",` +
		`"video":{"roomJoin":true,"room":"r","agent":true},"attributes":{"lk.agent_name":"x"},"roomConfig":{"agents":[{"agentName":"a"}]}}`
	if string(payload) != want {
		t.Errorf("payload\n%s, want\n%s", payload, want)
	}
}

func TestTokensThatAreNotGood(t *testing.T) {
	signedByAKey := func() string {
		pair, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		s, err := jwt.NewWithClaims(jwt.SigningMethodRS256, good(nil)).SignedString(pair)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	unsigned := func(header string) string {
		payload, _ := json.Marshal(good(nil))
		return base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString(payload) + "."
	}
	hs512, err := jwt.NewWithClaims(jwt.SigningMethodHS512, good(nil)).SignedString([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	whole := token(t, secret, good(nil))
	for _, tt := range []struct {
		name, token string
		want        grant.Refused
	}{
		{"empty", "", "invalid authorization token"},
		{"no token", "hello", "invalid authorization token"},
		{"two parts", "a.b", "invalid authorization token"},
		{"64 KB", token(t, secret, good(jwt.MapClaims{"metadata": strings.Repeat("x", 64<<10)})), "invalid authorization token"},
		{"64 KB of dots", strings.Repeat(".", 64<<10), "invalid authorization token"},
		{"cut short", whole[:len(whole)-1], "invalid authorization token: token signature is invalid"},
		{"alg none", unsigned(`{"alg":"none","typ":"JWT"}`), "invalid authorization token: token signature is invalid"},
		{"alg None", unsigned(`{"alg":"None","typ":"JWT"}`), "invalid authorization token"},
		{"no alg", unsigned(`{"typ":"JWT"}`), "invalid authorization token"},
		{"RS256 in our key's name", signedByAKey(), "invalid authorization token: token signature is invalid"},
		{"HS512", hs512, "invalid authorization token: token signature is invalid"},
		{"another secret", token(t, "wrong", good(nil)), "invalid authorization token: token signature is invalid"},
		{"another's secret", token(t, secret, good(jwt.MapClaims{"iss": "APIother0000000"})), "invalid authorization token: token signature is invalid"},
		{"no issuer", token(t, secret, good(jwt.MapClaims{"iss": nil})), "invalid API key"},
		{"an unknown key", token(t, secret, good(jwt.MapClaims{"iss": "APIunknown00000"})), "invalid API key"},
		{"a revoked key", token(t, secret, good(jwt.MapClaims{"iss": "APIrevoked00000"})), "invalid API key"},
		{"a key whose secret is empty", token(t, "", good(jwt.MapClaims{"iss": "APIempty0000000"})), "invalid API key"},
		{"no key of ours", token(t, secret, good(jwt.MapClaims{"iss": "' OR 1=1"})), "invalid API key"},
		{"without exp", token(t, secret, good(jwt.MapClaims{"exp": nil})), "invalid authorization token: token has invalid claims: token is missing required claim: exp claim is required"},
		{"expired, beyond the leeway", token(t, secret, good(jwt.MapClaims{"exp": now.Add(-61 * time.Second).Unix()})), "invalid authorization token: token has invalid claims: token is expired"},
		{"not yet, beyond the leeway", token(t, secret, good(jwt.MapClaims{"nbf": now.Add(61 * time.Second).Unix()})), "invalid authorization token: token has invalid claims: token is not valid yet"},
		{"exp is text", token(t, secret, good(jwt.MapClaims{"exp": "tomorrow"})), "invalid authorization token"},
		{"exp is huge", token(t, secret, good(jwt.MapClaims{"exp": 1e300})), "invalid authorization token: token is malformed"},
		{"nbf is huge", token(t, secret, good(jwt.MapClaims{"nbf": 1e30})), "invalid authorization token: token is malformed"},
		{"nbf is in ten million years", token(t, secret, good(jwt.MapClaims{"nbf": 3e14})), "invalid authorization token: token has invalid claims: token is not valid yet"},
		{"grants are no object", token(t, secret, good(jwt.MapClaims{"video": "all"})), "invalid authorization token: token is malformed"},
		{"agents that are none", token(t, secret, good(jwt.MapClaims{"roomConfig": map[string]any{"agents": "a-secret-word"}})), "invalid authorization token: token is malformed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := verifier(t, newRing(), noon).Verify(t.Context(), tt.token)
			var refused grant.Refused
			if !errors.As(err, &refused) || refused != tt.want {
				t.Errorf("Verify() = %v, want %v", err, tt.want)
			}
		})
	}
}

func TestTokensThatAreGood(t *testing.T) {
	for _, tt := range []struct {
		name string
		with jwt.MapClaims
		want func(g grant.Grant) bool
	}{
		{"expired, within the leeway", jwt.MapClaims{"exp": now.Add(-59 * time.Second).Unix()}, nil},
		{"not yet, within the leeway", jwt.MapClaims{"nbf": now.Add(59 * time.Second).Unix()}, nil},
		{"without nbf", jwt.MapClaims{"nbf": nil}, nil},
		{"issued in the future, which says nothing", jwt.MapClaims{"iat": now.Add(time.Hour).Unix()}, nil},
		{"without sub, jti is who", jwt.MapClaims{"sub": nil, "jti": "someone"}, func(g grant.Grant) bool { return g.Identity == "someone" }},
		{"snake_case in roomConfig", jwt.MapClaims{"roomConfig": map[string]any{"agents": []any{map[string]any{"agent_name": "a", "new": 1}}}},
			func(g grant.Grant) bool { return g.RoomConfig.GetAgents()[0].GetAgentName() == "a" }},
		{"claims of others", jwt.MapClaims{"inference": map[string]any{"perform": true}, "aud": []string{"x"}, "attributes": map[string]any{"a": "b"}},
			func(g grant.Grant) bool { return g.Attributes["a"] == "b" }},
		{"admin of one room", jwt.MapClaims{"video": map[string]any{"roomAdmin": true, "room": "r"}},
			func(g grant.Grant) bool { return g.Video.Admin("r") && !g.Video.Admin("R") && !g.Video.Admin("") }},
		{"admin of nothing but the empty name", jwt.MapClaims{"video": map[string]any{"roomAdmin": true}},
			func(g grant.Grant) bool { return g.Video.Admin("") && !g.Video.Admin("r") }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g, err := verifier(t, newRing(), noon).Verify(t.Context(), token(t, secret, good(tt.with)))
			if err != nil {
				t.Fatal(err)
			}
			if tt.want != nil && !tt.want(g) {
				t.Errorf("Verify() = %+v", g)
			}
		})
	}
}

func TestNobodyMakesUsAskForWhatCanBeNoKey(t *testing.T) {
	r := newRing()
	v := verifier(t, r, noon)
	for _, iss := range []string{"", "hello", "API' --", "API" + strings.Repeat("x", 100), "APIé"} {
		if _, err := v.Verify(t.Context(), token(t, secret, good(jwt.MapClaims{"iss": iss}))); err == nil {
			t.Errorf("a token of %q is good", iss)
		}
	}
	if r.asked != 0 {
		t.Errorf("the store was asked %d times", r.asked)
	}
}

func TestAUseIsNotedOnceAMinute(t *testing.T) {
	at := now
	r := newRing()
	v := verifier(t, r, func() time.Time { return at })
	for range 3 {
		for range 5 {
			if _, err := v.Verify(t.Context(), token(t, secret, good(nil))); err != nil {
				t.Fatal(err)
			}
		}
		at = at.Add(time.Minute)
	}
	if r.used != 3 {
		t.Errorf("noted %d times in three minutes", r.used)
	}
}

func TestAStoreThatFailsIsNoRefusal(t *testing.T) {
	r := newRing()
	r.err = errors.New("the database is away")
	_, err := verifier(t, r, noon).Verify(t.Context(), token(t, secret, good(nil)))
	var refused grant.Refused
	if !errors.Is(err, r.err) || errors.As(err, &refused) {
		t.Errorf("Verify() = %v", err)
	}
}

func TestWhereATokenStands(t *testing.T) {
	for _, tt := range []struct {
		name, target, header string
		want                 string
		err                  error
	}{
		{"nowhere", "/twirp/x", "", "", nil},
		{"in the header", "/twirp/x", "Bearer abc", "abc", nil},
		{"in the address", "/twirp/x?access_token=abc", "", "abc", nil},
		{"the header wins", "/twirp/x?access_token=abc", "Bearer def", "def", nil},
		{"another scheme", "/twirp/x?access_token=abc", "Basic abc", "", grant.Refused("invalid authorization header. Must start with Bearer ")},
		{"lower case", "/twirp/x", "bearer abc", "", grant.Refused("invalid authorization header. Must start with Bearer ")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest("POST", tt.target, nil)
			if tt.header != "" {
				r.Header.Set("Authorization", tt.header)
			}
			if got, err := grant.Token(r); got != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("Token() = %q, %v; want %q, %v", got, err, tt.want, tt.err)
			}
		})
	}
}

// FuzzVerify looks for what makes a token good that we did not sign, panics, or
// shows in the answer.
func FuzzVerify(f *testing.F) {
	f.Add(token(f, secret, good(nil)))
	f.Add(token(f, "wrong", good(jwt.MapClaims{"video": map[string]any{"roomAdmin": true}})))
	f.Add("a.b.c")
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	signed := token(f, secret, good(nil))
	v := verifier(f, newRing(), noon)
	f.Fuzz(func(t *testing.T, text string) {
		_, err := v.Verify(t.Context(), text)
		var refused grant.Refused
		switch {
		case err == nil && !same(text, signed):
			t.Errorf("a token that nobody signed is good: %q", text)
		case err != nil && !errors.As(err, &refused):
			t.Errorf("Verify(%q) = %v, which is no refusal", text, err)
		}
	})
}

// same reports whether a is b, but for the two bits of its last character that
// carry nothing.
func same(a, b string) bool { return len(a) == len(b) && a[:len(a)-1] == b[:len(b)-1] }

// FuzzPayload looks for a signed payload that makes the reader panic.
func FuzzPayload(f *testing.F) {
	f.Add(`{"iss":"` + key + `","exp":1795352400,"video":{"roomAdmin":true,"room":"r"},"roomConfig":{"agents":[{"agent_name":"a","attributes":{"a":"b"}}]}}`)
	f.Add(`{"iss":"` + key + `","exp":1e999,"nbf":-1,"sub":null,"attributes":{"a":null},"roomConfig":null}`)
	v := verifier(f, newRing(), noon)
	f.Fuzz(func(t *testing.T, payload string) {
		body := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256"}`)) + "." + base64.RawURLEncoding.EncodeToString([]byte(payload))
		mac, err := jwt.SigningMethodHS256.Sign(body, []byte(secret))
		if err != nil {
			t.Fatal(err)
		}
		g, err := v.Verify(t.Context(), body+"."+base64.RawURLEncoding.EncodeToString(mac))
		if err != nil {
			var refused grant.Refused
			if !errors.As(err, &refused) {
				t.Errorf("Verify(%q) = %v, which is no refusal", payload, err)
			}
			return
		}
		if g.Workspace != "ws_1" || g.Expires.Before(now.Add(-time.Minute)) {
			t.Errorf("Verify(%q) = %+v", payload, g)
		}
	})
}
