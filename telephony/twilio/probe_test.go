package twilio

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// serve answers everything by h, on loopback.
func serve(t *testing.T, h http.HandlerFunc) string {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// behind is a rig that is public under what front makes of its address.
func behind(t *testing.T, front func(gateway *url.URL) http.HandlerFunc) *rig {
	t.Helper()
	proxy := httptest.NewUnstartedServer(nil)
	r := newRig(t, func(c *Config) {
		inner, err := url.Parse(c.PublicURL)
		if err != nil {
			t.Fatal(err)
		}
		proxy.Config.Handler = front(inner)
		c.PublicURL, c.Node = "http://"+proxy.Listener.Addr().String(), "n1"
		c.Accounts = accounts{subAccount.SID: subAccount}
	})
	proxy.Start()
	t.Cleanup(proxy.Close)
	return r
}

// through passes everything on.
func through(gateway *url.URL) http.HandlerFunc {
	return httputil.NewSingleHostReverseProxy(gateway).ServeHTTP
}

func TestProbeProvesTheRoadThroughAProxy(t *testing.T) {
	for _, a := range []Account{{SID: testAccount, Token: testToken}, subAccount} {
		r := behind(t, through)
		got, err := Probe(t.Context(), ProbeConfig{PublicURL: r.trunk.c.PublicURL + "/", AccountSID: a.SID, Token: a.Token})
		if want := (ProbeResult{Node: "n1", Signed: true, Websocket: true}); err != nil || got != want {
			t.Errorf("Probe() = %+v, %v, want %+v", got, err, want)
		}
		r.until("both ways are counted", func() bool { return r.tally.of(ReasonProbed) == 2 })
		if r.desk.heard() != 0 {
			t.Error("the desk heard of a probe")
		}
	}
}

// TestProbeSaysWhatIsInTheWay: each obstacle has its own error, which says what
// to do and shows no secret.
func TestProbeSaysWhatIsInTheWay(t *testing.T) {
	quiet := log.New(io.Discard, "", 0)
	for _, tt := range []struct {
		name  string
		setup func(t *testing.T) (publicURL string)
		want  error
		says  string
		found ProbeResult
	}{
		{"nobody listens", func(t *testing.T) string {
			s := httptest.NewServer(nil)
			s.Close()
			return s.URL
		}, ErrProbeNoAnswer, "refused", ProbeResult{}},
		{"it listens and says nothing", func(t *testing.T) string {
			return serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		}, ErrProbeNoAnswer, "deadline", ProbeResult{}},
		{"a certificate that nobody trusts", func(t *testing.T) string {
			s := httptest.NewUnstartedServer(nil)
			s.Config.ErrorLog = quiet
			s.StartTLS()
			t.Cleanup(s.Close)
			return s.URL
		}, ErrProbeTLS, "certificate", ProbeResult{}},
		{"http behind an https address", func(t *testing.T) string {
			return strings.Replace(serve(t, func(http.ResponseWriter, *http.Request) {}), "http:", "https:", 1)
		}, ErrProbeTLS, "HTTP response to HTTPS client", ProbeResult{}},
		{"a web site", func(t *testing.T) string {
			return serve(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<h1>hello</h1>") })
		}, ErrProbeStranger, "HTTP 200", ProbeResult{}},
		{"a gateway without this question", func(t *testing.T) string {
			return serve(t, http.NotFound)
		}, ErrProbeStranger, "HTTP 404", ProbeResult{}},
		{"a redirect", func(t *testing.T) string {
			return serve(t, func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "https://www.example.com/twilio/probe?secret=1", http.StatusMovedPermanently)
			})
		}, ErrProbeStranger, "redirects to https://www.example.com;", ProbeResult{}},
		{"a proof of something else", func(t *testing.T) string {
			return serve(t, func(w http.ResponseWriter, _ *http.Request) {
				io.WriteString(w, `{"node":"n1","proof":"`+proofOf(testToken, "another")+`"}`)
			})
		}, ErrProbeStranger, "no proof", ProbeResult{}},
		{"a proxy with nothing behind it", func(t *testing.T) string {
			return serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
		}, ErrProbeNoAnswer, "HTTP 503", ProbeResult{}},
		{"a gateway that does not know the account", func(t *testing.T) string {
			return newRig(t, func(c *Config) { c.AccountSID = unknownAccount }).server.URL
		}, ErrProbeStranger, "does not know this account", ProbeResult{}},
		{"a gateway with another public URL", func(t *testing.T) string {
			return newRig(t, func(c *Config) { c.PublicURL = "https://voice.example.com" }).server.URL
		}, ErrProbeSignature, "that https://voice.example.com/twilio/probe", ProbeResult{SignedFor: "https://voice.example.com/twilio/probe"}},
		{"a gateway with another token", func(t *testing.T) string {
			return newRig(t, func(c *Config) { c.AuthToken = "another" }).server.URL
		}, ErrProbeSignature, "auth token", ProbeResult{SignedFor: "-"}},
		{"a proxy that knows no websockets", func(t *testing.T) string {
			return behind(t, func(gateway *url.URL) http.HandlerFunc {
				pass := through(gateway)
				return func(w http.ResponseWriter, r *http.Request) {
					r.Header.Del("Upgrade")
					pass(w, r)
				}
			}).trunk.c.PublicURL
		}, ErrProbeWebsocket, "HTTP 403", ProbeResult{Node: "n1", Signed: true}},
		{"a proxy with websockets of its own", func(t *testing.T) string {
			return behind(t, func(gateway *url.URL) http.HandlerFunc {
				pass, up := through(gateway), websocket.Upgrader{}
				return func(w http.ResponseWriter, r *http.Request) {
					if !websocket.IsWebSocketUpgrade(r) {
						pass(w, r)
						return
					}
					if conn, err := up.Upgrade(w, r, nil); err == nil {
						defer conn.Close()
						conn.WriteMessage(websocket.TextMessage, []byte("welcome"))
					}
				}
			}).trunk.c.PublicURL
		}, ErrProbeWebsocket, "another server", ProbeResult{Node: "n1", Signed: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := ProbeConfig{PublicURL: tt.setup(t), AccountSID: testAccount, Token: testToken, Timeout: 2 * time.Second}
			if tt.says == "deadline" {
				c.Timeout = 20 * time.Millisecond
			}
			got, err := Probe(t.Context(), c)
			if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("Probe() = %v, want %v that says %q", err, tt.want, tt.says)
			}
			if tt.found.SignedFor == "-" {
				tt.found.SignedFor = c.PublicURL + pathProbe
			}
			if got != tt.found {
				t.Errorf("found %+v, want %+v", got, tt.found)
			}
			if err != nil && (strings.Contains(err.Error(), "nonce=") || strings.Contains(err.Error(), testAccount)) {
				t.Errorf("tells too much: %v", err)
			}
		})
	}
}

// TestProbeAsksTheProcessBehindTheProxyItself: it signs for the public URL, and
// asks elsewhere, where there may be another scheme.
func TestProbeAsksTheProcessBehindTheProxyItself(t *testing.T) {
	r := newRig(t, func(c *Config) { c.PublicURL, c.Node = "https://voice.example.com", "n1" })
	c := ProbeConfig{PublicURL: "https://voice.example.com", At: r.server.URL, AccountSID: testAccount, Token: testToken}
	got, err := Probe(t.Context(), c)
	if want := (ProbeResult{Node: "n1", Signed: true, Websocket: true}); err != nil || got != want {
		t.Errorf("Probe() = %+v, %v, want %+v", got, err, want)
	}
	c.At = "http://voice.example.com"
	if _, err := Probe(t.Context(), c); err == nil || !strings.Contains(err.Error(), "At") {
		t.Errorf("Probe() at %s = %v", c.At, err)
	}
}

func TestProbeOverTLS(t *testing.T) {
	server := httptest.NewUnstartedServer(nil)
	trunk, err := New(Config{AccountSID: testAccount, AuthToken: testToken, PublicURL: "https://" + server.Listener.Addr().String()}, newDesk())
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = trunk.Handler()
	server.StartTLS()
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	got, err := Probe(t.Context(), ProbeConfig{PublicURL: trunk.c.PublicURL, AccountSID: testAccount, Token: testToken, TLS: &tls.Config{RootCAs: roots}})
	if err != nil || !got.Signed || !got.Websocket {
		t.Errorf("Probe() = %+v, %v", got, err)
	}
	if err := trunk.Wait(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestProbeChecksWhatItIsGiven(t *testing.T) {
	for _, c := range []ProbeConfig{
		{PublicURL: "http://voice.example.com", AccountSID: testAccount, Token: testToken},
		{PublicURL: "https://voice.example.com", AccountSID: "AC1", Token: testToken},
		{PublicURL: "https://voice.example.com", AccountSID: testAccount, Token: "se cret"},
	} {
		if _, err := Probe(t.Context(), c); err == nil || strings.Contains(err.Error(), "cret") {
			t.Errorf("Probe(%+v) = %v", c, err)
		}
	}
}

// TestAProbesSocketTakesOneShortMessage: it is no way to hold or to flood the
// gateway, even for one who has the token.
func TestAProbesSocketTakesOneShortMessage(t *testing.T) {
	for name, tt := range map[string]struct {
		say  string
		code int
	}{
		"a short one":           {"hello", 1000},
		"one that is too long":  {strings.Repeat("x", maxEcho+1), 1009},
		"as long as it may be":  {strings.Repeat("x", maxEcho), 1000},
		"an empty one, as well": {"", 1000},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			f, line := r.upgradeAt(pathProbe+"?nonce=a", sign(testToken, r.socket(pathProbe+"?nonce=a"), nil))
			if !strings.Contains(line, "101") {
				t.Fatal(line)
			}
			f.say(tt.say)
			if tt.code == 1000 {
				if _, text, err := f.hear(); err != nil || string(text) != tt.say {
					t.Errorf("heard %.20q, %v", text, err)
				}
			}
			if code := f.hearClose(); code != tt.code {
				t.Errorf("close code %d, want %d", code, tt.code)
			}
			r.until("it is gone", func() bool { return r.trunk.Wait(expired(t)) == nil })
			if want := map[int]string{1000: ReasonProbed, 1009: ReasonBodyTooBig}[tt.code]; r.tally.of(want) != 1 {
				t.Errorf("counted %v, want one %s", &r.tally, want)
			}
		})
	}
}

func TestAProbeThatSaysNothingEndsWithTheTrunk(t *testing.T) {
	r := newRig(t)
	f, _ := r.upgradeAt(pathProbe, sign(testToken, r.socket(pathProbe), nil))
	r.until("it waits", func() bool { return r.trunk.Wait(expired(t)) != nil })
	if err := r.trunk.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if _, _, err := f.hear(); err == nil {
		t.Error("it is still served")
	}
}
