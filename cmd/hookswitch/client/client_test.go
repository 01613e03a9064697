package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/client"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const sesame = "hsk_sesame"

// to returns a client of a gateway that h plays.
func to(t *testing.T, h http.HandlerFunc) *client.Client {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return dial(t, client.Config{Server: srv.URL, Key: sesame})
}

func dial(t *testing.T, cfg client.Config) *client.Client {
	t.Helper()
	c, err := client.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// shown is err as the terminal has it.
func shown(err error) string {
	var b strings.Builder
	fault.Write(&b, err, 100)
	return b.String()
}

func TestWhatIsAskedAndDecoded(t *testing.T) {
	c := to(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RequestURI() != "/api/v2/agents/a%2Fb?advanced=true" || r.Header.Get("Authorization") != "Bearer "+sesame {
			t.Errorf("asked %s as %q", r.URL.RequestURI(), r.Header.Get("Authorization"))
		}
		io.WriteString(w, `{"success":true,"item":{"name":"front desk"},"message":"ok"}`)
	})
	var got client.Item[struct{ Name string }]
	if err := c.Get(t.Context(), client.Path("agents", "a/b"), map[string][]string{"advanced": {"true"}}, &got); err != nil || got.Item.Name != "front desk" {
		t.Errorf("Get() = %+v, %v", got, err)
	}
}

func TestRefusalsSayWhatToTypeAndNeverTheKey(t *testing.T) {
	for _, tt := range []struct {
		name    string
		status  int
		header  string
		body    string
		code    string
		exit    int
		mention []string
	}{
		{"no such key", 401, "", `{"success":false,"message":"Unauthorized"}`, "api/key", 2, []string{"does not know this API key", "hookswitch key create", "request req-7"}},
		{"a scope is missing", 403, "", `{"success":false,"errors":{"base":["API key lacks the scope agents:write"]}}`, "api/scope", 2, []string{"lacks the scope agents:write", "--scope agents:write"}},
		{"not there", 404, "", `{"success":false,"message":"Agent not found"}`, "api/not-found", 2, []string{"Agent not found"}},
		{"one field", 400, "", `{"errors":{"name":["can't be blank"]},"message":"Failed to create agent"}`, "api/refused", 2, []string{"name: can't be blank"}},
		{"several fields", 422, "", `{"errors":{"turn.mode":["no"],"asr.model":["a","b"]},"message":"Failed to create agent"}`, "api/refused", 2,
			[]string{"Failed to create agent: 3 mistakes", "1 asr.model: a", "2 asr.model: b", "3 turn.mode: no"}},
		{"objects for texts", 422, "", `{"errors":{"base":[{"error":"not_ready","message":"It is not ready"}]}}`, "api/refused", 2, []string{"It is not ready"}},
		{"an error that is a text", 400, "", `{"error":"No body"}`, "api/refused", 2, []string{"No body"}},
		{"too many", 429, "70", ``, "api/rate", 3, []string{"again in 1m10s"}},
		{"its own fault", 500, "", `<html>`, "api/failed", 3, []string{"under request req-7"}},
		{"elsewhere", 307, "", ``, "api/answer", 3, []string{"sends elsewhere"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := to(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X-Request-Id", "req-7")
				if tt.header != "" {
					w.Header().Set("Retry-After", tt.header)
				}
				if tt.status == 307 {
					w.Header().Set("Location", "http://127.0.0.1:1/")
				}
				w.WriteHeader(tt.status)
				io.WriteString(w, tt.body)
			})
			err := c.Send(t.Context(), "POST", "/agents", map[string]any{"name": ""}, nil)
			text := shown(err)
			for _, want := range append(tt.mention, "["+tt.code+"]", "POST /api/v2/agents") {
				if !strings.Contains(text, want) {
					t.Errorf("lacks %q:\n%s", want, text)
				}
			}
			if got := fault.Status(err); got != tt.exit {
				t.Errorf("exit %d, want %d", got, tt.exit)
			}
			if strings.Contains(text, sesame) {
				t.Errorf("the key is told:\n%s", text)
			}
			var e *client.Error
			if tt.status != 307 && (!errors.As(err, &e) || e.Status != tt.status) {
				t.Errorf("%v holds no *Error with %d", err, tt.status)
			}
		})
	}
}

func TestNobodyThere(t *testing.T) {
	srv := httptest.NewServer(http.NotFoundHandler())
	srv.Close()
	err := dial(t, client.Config{Server: srv.URL, Key: sesame}).Get(t.Context(), "/agents", nil, nil)
	if text := shown(err); !strings.Contains(text, "nothing answers at 127.0.0.1:") || !strings.Contains(text, "is hookswitch serve running there?") || fault.Status(err) != fault.Impossible {
		t.Errorf("%s", text)
	}
}

func TestSlowGateway(t *testing.T) {
	release := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer srv.Close()
	defer close(release)
	c := dial(t, client.Config{Server: srv.URL, Key: sesame, Timeout: 500 * time.Millisecond})
	if text := shown(c.Get(t.Context(), "/agents", nil, nil)); !strings.Contains(text, "did not answer within 500ms") || !strings.Contains(text, "[api/timeout]") {
		t.Errorf("%s", text)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Get(ctx, "/agents", nil, nil); !errors.Is(err, context.Canceled) || fault.Status(err) != fault.Interrupted {
		t.Errorf("interrupted: %v", err)
	}
}

func TestSomethingElseAnswers(t *testing.T) {
	c := to(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>hello</html>") })
	var into client.Item[json.RawMessage]
	if text := shown(c.Get(t.Context(), "/agents", nil, &into)); !strings.Contains(text, "not the answer of a gateway") {
		t.Errorf("%s", text)
	}
}

func TestWhatCannotBeAsked(t *testing.T) {
	for _, tt := range []struct {
		server, key, code string
	}{
		{"", "", "api/no-key"},
		{"", "two words", "api/no-key"},
		{"", "cut\n", "api/no-key"},
		{"gateway:8080", sesame, "api/server"},
		{"ftp://gateway", sesame, "api/server"},
		{"http://", sesame, "api/server"},
		{"http://ana:pass@gateway", sesame, "api/server"},
		{"http://gateway/api/v2", sesame, "api/server"},
		{"http://gateway?x=1", sesame, "api/server"},
		{"http://[::1", sesame, "api/server"},
	} {
		_, err := client.New(client.Config{Server: tt.server, Key: tt.key})
		text := shown(err)
		if !strings.Contains(text, "["+tt.code+"]") || strings.Contains(text, "pass@") || strings.Contains(text, "two words") || fault.Status(err) != fault.Wrong {
			t.Errorf("New(%q, %q): %s", tt.server, tt.key, text)
		}
	}
}

func TestListFollowsItsPages(t *testing.T) {
	c := to(t, func(w http.ResponseWriter, r *http.Request) {
		var n int
		fmt.Sscan(r.URL.Query().Get("cursor"), &n)
		next := fmt.Sprintf(`"%d"`, n+2)
		if n == 4 {
			next = "null"
		}
		fmt.Fprintf(w, `{"success":true,"items":[%d,%d],"count":2,"next_cursor":%s}`, n, n+1, next)
	})
	for limit, want := range map[int]string{0: "[0 1 2 3 4 5]", 3: "[0 1 2]", 2: "[0 1]"} {
		got := []string{}
		for item, err := range c.List(t.Context(), "/calls", nil, limit) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, string(item))
		}
		if fmt.Sprint(got) != want {
			t.Errorf("limit %d: %v, want %v", limit, got, want)
		}
	}
}

func TestPaceOfTheGatewayIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		c := dial(t, client.Config{Key: sesame, Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			if asked++; asked < 3 {
				return &http.Response{StatusCode: 429, Body: http.NoBody, Header: http.Header{"Retry-After": {"4"}}}, nil
			}
			body, err := io.ReadAll(r.Body)
			if err != nil || string(body) != `{"a":1}` {
				t.Errorf("sent %s, %v", body, err)
			}
			return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader("{}")), Header: http.Header{}}, nil
		})})
		began := time.Now()
		if err := c.Send(t.Context(), "POST", "/x", map[string]int{"a": 1}, nil); err != nil || asked != 3 || time.Since(began) != 8*time.Second {
			t.Errorf("Send() = %v after %d tries and %v", err, asked, time.Since(began))
		}
		asked = -100
		if text := shown(c.Get(t.Context(), "/x", nil, nil)); !strings.Contains(text, "[api/rate]") {
			t.Errorf("it never gives up: %s", text)
		}
	})
}

func TestOnceTellsOfARepeat(t *testing.T) {
	c := to(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Idempotent-Replayed", fmt.Sprint(r.Header.Get("Idempotency-Key") == "k1"))
		io.WriteString(w, `{"success":true}`)
	})
	for key, want := range map[string]bool{"k1": true, "k2": false} {
		if got, err := c.Once(t.Context(), "/x", key, nil, nil); err != nil || got != want {
			t.Errorf("Once(%s) = %v, %v", key, got, err)
		}
	}
}
