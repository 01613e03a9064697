package server_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
	"github.com/hookswitch/hookswitch/telephony/sim"
)

const (
	roadAccount = "AC0123456789abcdef0123456789abcdef"
	roadToken   = "theTokenOfTheGateway"
	roadSub     = "ACfedcba9876543210fedcba9876543210"
	roadSubTok  = "theTokenOfTheSubAccount"
	roadNumber  = "+14155550161"
	roadTheirs  = "+14155550162" // the sub-account's
)

// carried is a gateway that takes the simulated carrier for Twilio, behind a
// proxy that a test may break.
type carried struct {
	*booted
	t       *testing.T
	twilio  *sim.Carrier
	config  config.Config
	gateway *url.URL // of the process itself
	public  *httptest.Server
	proxy   atomic.Value // http.HandlerFunc; what comes to /twilio/
	rest    atomic.Value // func(*http.Response) error; what comes of the REST interface
}

// carry boots one. change may be nil.
func carry(t *testing.T, change func(*sim.Config, *config.Config)) *carried {
	t.Helper()
	c := &carried{t: t}
	c.public = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { c.proxy.Load().(http.HandlerFunc)(w, r) }))
	t.Cleanup(c.public.Close)
	carrier := sim.Config{AccountSID: roadAccount, AuthToken: roadToken, Accounts: []sim.Account{{SID: roadSub, AuthToken: roadSubTok}},
		Numbers: []sim.Number{{Number: roadNumber, VoiceURL: "https://user:secret@demo.example.com/welcome?key=secret"}, {Number: roadTheirs, Account: roadSub}}}
	o := privately(t)
	o.Config.BootstrapKey, o.Config.Carrier, o.Config.PublicURL = flowKey, "twilio", c.public.URL
	o.Config.Twilio = config.Twilio{AccountSID: roadAccount, AuthToken: roadToken, CPS: 1, AMD: "off"}
	if change != nil {
		change(&carrier, &o.Config)
	}
	var err error
	if c.twilio, err = sim.New(carrier); err != nil {
		t.Fatal(err)
	}
	api := httptest.NewServer(c.twilio.Handler())
	t.Cleanup(func() { api.Close(); c.twilio.Close() })
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c.gateway = &url.URL{Scheme: "http", Host: ln.Addr().String()}
	c.proxy.Store(c.to(c.gateway))
	o.Config.Twilio.APIBase, o.Listener = api.URL, ln
	o.Transport, c.config = transport{c}, o.Config
	c.booted = boot(t, o)
	return c
}

// transport gives the REST interface's answers to rest, when a test has set it.
type transport struct{ c *carried }

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	if change, ok := t.c.rest.Load().(func(*http.Response) error); ok && err == nil {
		err = change(res)
	}
	return res, err
}

// to passes everything on.
func (c *carried) to(u *url.URL) http.HandlerFunc {
	p := httputil.NewSingleHostReverseProxy(u)
	p.Transport = &http.Transport{DisableKeepAlives: true}
	p.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	return p.ServeHTTP
}

// step is one of an answer.
type step struct {
	Name, Text, Mend string
	OK, Note         bool
}

// String is "ok", "FAIL" or "note", and the name.
func (s step) String() string {
	switch {
	case s.OK:
		return "ok " + s.Name
	case s.Note:
		return "note " + s.Name
	}
	return "FAIL " + s.Name
}

// proof is what the API says of the road.
type proof struct {
	Carrier string
	OK      bool
	Steps   []step
	Changes []struct{ Setting, Want, Is string }
}

// step is the one of this name.
func (p proof) step(name string) step {
	for _, s := range p.Steps {
		if s.Name == name {
			return s
		}
	}
	return step{}
}

func (p proof) String() string {
	var all []string
	for _, s := range p.Steps {
		all = append(all, s.String())
	}
	return strings.Join(all, ", ")
}

// prove asks the process itself, past the proxy, and looks that the answer is
// safe to paste.
func (c *carried) prove(key, body string) (proof, answered) {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), "POST", c.gateway.String()+"/api/v2/carrier/check", strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+key)
	res, err := client.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, secret := range []string{roadAccount, roadToken, roadSub, roadSubTok, roadNumber[1:], roadTheirs[1:], "5550161", "secret", flowKey} {
		if strings.Contains(string(text), secret) {
			c.t.Errorf("%s: %q is in the answer: %s", body, secret, text)
		}
	}
	var got struct{ Item proof }
	if err := json.Unmarshal(text, &got); err != nil {
		c.t.Fatalf("%v: %s", err, text)
	}
	return got.Item, answered{status: res.StatusCode, text: string(text)}
}

// keep tells the gateway of a number, and returns its id.
func (c *carried) keep(number, account, token string) string {
	c.t.Helper()
	return c.must("POST", "/phone_numbers", fmt.Sprintf(`{"phone_number":%q,"label":"Line","supports_inbound":true,
		"twilio_account_sid":%q,"twilio_auth_token":%q}`, number, account, token)).str("item.id")
}

func TestTheRoadIsProvedFromTheAccountToTheSettingsOfTheNumber(t *testing.T) {
	t.Parallel()
	c := carry(t, nil)
	const road = "ok account, ok public_url, note certificate, ok signature, ok websocket"
	for _, tt := range []struct{ body, want string }{
		{``, road},
		{`{}`, road},
		{`{"phone_number":"` + roadNumber + `"}`, road + ", ok number, note setting"},
		{`{"phone_number":"` + roadNumber + `","twilio_account_sid":"` + roadAccount + `"}`, road + ", ok number, note setting"},
		{`{"phone_number":"` + roadTheirs + `","twilio_account_sid":"` + roadSub + `"}`, strings.Replace(road, "ok account", "note account", 1)},
		{`{"phone_number":"` + roadTheirs + `"}`, road + ", FAIL number"},
	} {
		got, a := c.prove(flowKey, tt.body)
		if a.status != 200 || got.String() != tt.want || got.Carrier != "twilio" || got.OK == strings.Contains(tt.want, "FAIL") {
			t.Errorf("%s: %d, %v, want %s\n%s", tt.body, a.status, got, tt.want, a.text)
		}
	}
	got, a := c.prove(flowKey, `{"phone_number":"`+roadNumber+`"}`)
	voice := got.Changes[0]
	if voice.Setting != "voice_url" || voice.Is != "https://…@demo.example.com/welcome?…" || !strings.HasPrefix(voice.Want, c.public.URL+"/twilio/voice#rc=3") {
		t.Errorf("linking would change %s", a.text)
	}
	if n, _ := c.twilio.Owned(roadNumber); !strings.Contains(n.VoiceURL, "demo.example.com") {
		t.Errorf("the number was changed: %s", n.VoiceURL)
	}
}

// A number with an account of its own is looked at with it, and once that is
// proved, its signature is the one that is tried.
func TestASubAccountsNumberIsProvedWithItsOwnCredentials(t *testing.T) {
	t.Parallel()
	c := carry(t, nil)
	id := c.keep(roadTheirs, roadSub, roadSubTok)
	got, a := c.prove(flowKey, `{"phone_number_id":`+id+`}`)
	if !got.OK || got.step("number").OK != true || !strings.Contains(got.step("account").Text, "AC...3210") {
		t.Fatalf("before it is linked: %s", a.text)
	}
	agent := c.must("POST", "/agents", `{"name":"Shop","voice_uuid":"flite-rms","asr":{"provider":"moonshine","model":"tiny-en"},"llm":{"provider":"script","model":"demo"}}`).str("item.agent.uuid")
	c.must("PATCH", "/phone_numbers/"+id, `{"agent_uuid":"`+agent+`"}`)
	got, a = c.prove(flowKey, `{"phone_number":"`+roadTheirs+`"}`)
	if want := "ok account, ok public_url, note certificate, ok signature, ok websocket, ok number, ok setting"; got.String() != want || len(got.Changes) != 0 {
		t.Errorf("linked: %v, want %s\n%s", got, want, a.text)
	}
	wrong := c.keep(roadNumber, roadAccount, "another")
	got, a = c.prove(flowKey, `{"phone_number_id":`+wrong+`}`)
	if got.OK || got.String()[:12] != "FAIL account" || !strings.Contains(got.step("account").Mend, "do not fit together") {
		t.Errorf("with a wrong token: %s", a.text)
	}
}

// What is in the way is told at the step where it is met.
func TestEachObstacleFailsAtItsStep(t *testing.T) {
	t.Parallel()
	other := carry(t, func(_ *sim.Config, c *config.Config) { c.Twilio.AuthToken = "another" })
	for _, tt := range []struct {
		claim string
		setup func(t *testing.T) *carried
		want  string // the steps that fail
		says  string
	}{
		{"the token is wrong", func(t *testing.T) *carried {
			return carry(t, func(s *sim.Config, _ *config.Config) { s.AuthToken = "another" })
		}, "account", "do not fit together"},
		{"the account is suspended", func(t *testing.T) *carried {
			return carry(t, func(s *sim.Config, _ *config.Config) {
				s.Accounts = append(s.Accounts, sim.Account{SID: roadAccount, Status: "suspended"})
			})
		}, "account", ""},
		{"REST does not answer", func(t *testing.T) *carried {
			c := carry(t, nil)
			c.twilio.FailREST(sim.RESTFault{Unmet: true})
			return c
		}, "account", "no answer"},
		{"nobody is at the public URL", func(t *testing.T) *carried {
			c := carry(t, nil)
			c.public.Close()
			return c
		}, "public_url", "nothing answers"},
		{"a web site is there", func(t *testing.T) *carried {
			c := carry(t, nil)
			c.proxy.Store(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<h1>hello</h1>") }))
			return c
		}, "public_url", "another server"},
		{"another process with the same settings is there", func(t *testing.T) *carried {
			c := carry(t, nil)
			twin := carry(t, func(_ *sim.Config, o *config.Config) { o.PublicURL = c.public.URL })
			c.proxy.Store(c.to(twin.gateway))
			return c
		}, "public_url", "another gateway, or an older process"},
		{"a gateway with another token is there", func(t *testing.T) *carried {
			c := carry(t, nil)
			c.proxy.Store(c.to(other.gateway))
			return c
		}, "signature", "refuses the signature"},
		{"the proxy changes the path", func(t *testing.T) *carried {
			c := carry(t, nil)
			pass := c.to(c.gateway)
			c.proxy.Store(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				r.URL.RawQuery = "from=proxy&" + r.URL.RawQuery
				pass(w, r)
			}))
			return c
		}, "signature", "refuses the signature"},
		{"the proxy strips the signature", func(t *testing.T) *carried {
			c := carry(t, nil)
			pass := c.to(c.gateway)
			c.proxy.Store(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				r.Header.Del("X-Twilio-Signature")
				pass(w, r)
			}))
			return c
		}, "public_url", "X-Twilio-Signature"},
		{"the proxy strips websockets", func(t *testing.T) *carried {
			c := carry(t, nil)
			pass := c.to(c.gateway)
			c.proxy.Store(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				r.Header.Del("Upgrade")
				pass(w, r)
			}))
			return c
		}, "websocket", "Upgrade"},
		{"the certificate is nobody's", func(t *testing.T) *carried {
			s := httptest.NewUnstartedServer(http.NotFoundHandler())
			s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
			s.StartTLS()
			t.Cleanup(s.Close)
			return carry(t, func(_ *sim.Config, o *config.Config) { o.PublicURL = s.URL })
		}, "certificate", "not one that Twilio accepts"},
		{"the number can't do voice", func(t *testing.T) *carried {
			c := carry(t, nil)
			c.rest.Store(rewrite(`"voice":true`, `"voice":false`))
			return c
		}, "number", "with voice"},
		{"the number is nobody's", func(t *testing.T) *carried {
			return carry(t, func(s *sim.Config, _ *config.Config) { s.Numbers = nil })
		}, "number", "none of the account's"},
	} {
		t.Run(tt.claim, func(t *testing.T) {
			t.Parallel()
			c := tt.setup(t)
			got, a := c.prove(flowKey, `{"phone_number":"`+roadNumber+`"}`)
			var fails []string
			for _, s := range got.Steps {
				if !s.OK && !s.Note {
					fails = append(fails, s.Name)
				}
			}
			if a.status != 200 || got.OK || strings.Join(fails, " ") != tt.want {
				t.Fatalf("%v fail, want %s\n%s", fails, tt.want, a.text)
			}
			if s := got.step(tt.want); !strings.Contains(s.Text+" "+s.Mend, tt.says) || s.Mend == "" {
				t.Errorf("it says %q, mend %q, and not %q", s.Text, s.Mend, tt.says)
			}
		})
	}
}

// rewrite replaces a text of every answer.
func rewrite(from, to string) func(*http.Response) error {
	return func(res *http.Response) error {
		body, err := io.ReadAll(res.Body)
		if err != nil {
			return err
		}
		res.Body.Close()
		text := strings.ReplaceAll(string(body), from, to)
		res.Body, res.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
		res.Header.Del("Content-Length")
		return nil
	}
}

// Behind a balancer any of those that share the records may answer.
func TestAGatewayBesideThisOneIsAsGood(t *testing.T) {
	t.Parallel()
	c := carry(t, nil)
	beside := carry(t, func(_ *sim.Config, o *config.Config) {
		o.PublicURL, o.DatabaseURL = c.public.URL, c.config.DatabaseURL
	})
	c.proxy.Store(c.to(beside.gateway))
	eventually(t, "it beats", func() bool {
		got, _ := c.prove(flowKey, "")
		return got.OK && strings.Contains(got.step("public_url").Text, "a gateway beside this one")
	})
}

func TestTheCertificateIsLookedAt(t *testing.T) {
	t.Parallel()
	s := httptest.NewUnstartedServer(nil)
	c := carry(t, func(_ *sim.Config, o *config.Config) { o.PublicURL = "https://" + s.Listener.Addr().String() })
	s.Config.Handler = c.to(c.gateway)
	s.StartTLS()
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	own := server.OwnAccount(c.config)
	steps, _ := server.Road{PublicURL: c.config.PublicURL, Signer: own, TLS: &tls.Config{RootCAs: roots}, Skip: "not asked"}.Prove(t.Context())
	got := proof{}
	for _, st := range steps {
		got.Steps = append(got.Steps, step{Name: st.Name, Text: st.Text, OK: st.OK, Note: st.Note})
	}
	if want := "note account, ok public_url, ok certificate, ok signature, ok websocket"; got.String() != want {
		t.Errorf("%v, want %s", got, want)
	}
	if text, want := got.step("certificate").Text, "good until "+s.Certificate().NotAfter.Format(time.DateOnly); text != want {
		t.Errorf("the certificate is %q, want %q", text, want)
	}
}

func TestATrialAccountIsSaidToBeOne(t *testing.T) {
	t.Parallel()
	c := carry(t, func(s *sim.Config, _ *config.Config) {
		s.Accounts = append(s.Accounts, sim.Account{SID: roadAccount, Trial: true})
	})
	if got, a := c.prove(flowKey, ""); !got.OK || !strings.Contains(got.step("account").Text, "on trial") {
		t.Errorf("a trial account: %s", a.text)
	}
}

// The simulated carrier says that it is one.
func TestTheSimulatedCarriersRoadIsProvedForWhatItIs(t *testing.T) {
	t.Parallel()
	b := open(t, nil)
	c := &carried{booted: b, t: t, gateway: &url.URL{Scheme: "http", Host: b.Addr().String()}}
	got, a := c.prove(flowKey, `{"phone_number":"`+roadNumber+`"}`)
	if want := "ok account, ok public_url, note certificate, ok signature, ok websocket, note number"; got.String() != want || !got.OK || got.Carrier != "sim" {
		t.Errorf("%v, want %s\n%s", got, want, a.text)
	}
	if got, a := c.prove(flowKey, `{"phone_number":"`+server.SimNumber+`"}`); got.step("number").OK != true {
		t.Errorf("its own number: %s", a.text)
	}
}

// Who may only use the gateway learns nothing of its operator's account.
func TestATenantsRoadShowsNothingOfTheOperatorsAccount(t *testing.T) {
	t.Parallel()
	c := carry(t, nil)
	if err := c.Store().CreateWorkspace(t.Context(), roster.Workspace{ID: "acme", Created: time.Now()}); err != nil {
		t.Fatal(err)
	}
	_, key, err := roster.Issue(t.Context(), c.Store(), "acme", "test", []roster.Scope{roster.NumbersRead}, "test", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	got, a := c.prove(key, `{"phone_number":"`+roadNumber+`"}`)
	if want := "note account, ok public_url, note certificate, ok signature, ok websocket"; got.String() != want || strings.Contains(a.text, "cdef") {
		t.Errorf("%v, want %s\n%s", got, want, a.text)
	}
	id := c.keep(roadNumber, roadAccount, roadToken)
	if _, a := c.prove(key, `{"phone_number_id":`+id+`}`); a.status != http.StatusNotFound {
		t.Errorf("the operator's number: %d %s", a.status, a.text)
	}
}

// A check holds connections for as long as others like: there is one at a time.
func TestOneCheckOfTheRoadAtATime(t *testing.T) {
	t.Parallel()
	c := carry(t, nil)
	arrived, release := make(chan struct{}, 2), make(chan struct{})
	pass := c.to(c.gateway)
	c.proxy.Store(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-release
		pass(w, r)
	}))
	first := make(chan int, 1)
	go func() {
		r, err := http.NewRequest("POST", c.gateway.String()+"/api/v2/carrier/check", nil)
		if err != nil {
			first <- 0
			return
		}
		r.Header.Set("Authorization", "Bearer "+flowKey)
		res, err := client.Do(r)
		if err != nil {
			first <- 0
			return
		}
		res.Body.Close()
		first <- res.StatusCode
	}()
	<-arrived
	if _, a := c.prove(flowKey, ""); a.status != http.StatusConflict {
		t.Errorf("a second one: %d %s", a.status, a.text)
	}
	close(release)
	if got := <-first; got != http.StatusOK {
		t.Errorf("the first one: %d", got)
	}
}

func TestWhatTheRoadIsAskedWrongly(t *testing.T) {
	t.Parallel()
	c := carry(t, nil)
	for body, status := range map[string]int{
		`{"phone_number":"0161"}`: 400, `{"phone_number":7}`: 400, `{"phone_number_id":"x"}`: 400, `{"twilio_account_sid":"AC1"}`: 400,
		`{"phone_number_id":1,"phone_number":"` + roadNumber + `"}`: 400, `{"phone_number_id":99}`: 404, `{"phone_number_id":1e9}`: 404, `[]`: 400, `{`: 400,
		`{"phone_number":null,"phone_number_id":null}`: 200,
	} {
		if _, a := c.prove(flowKey, body); a.status != status {
			t.Errorf("%s: %d %s, want %d", body, a.status, a.text, status)
		}
	}
}
