package main

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/tts"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
	"github.com/hookswitch/hookswitch/telephony/sim"
)

const (
	lineKey     = "hsk_bootstrap0123456789abcdef"
	lineAccount = "AC0123456789abcdef0123456789abcdef"
	lineToken   = "theTokenOfTheGateway"
	lineSub     = "ACfedcba9876543210fedcba9876543210"
	lineSubTok  = "theTokenOfTheSubAccount"
	lineNumber  = "+14155550161"
	lineTheirs  = "+14155550162" // the sub-account's
	lineDemo    = "https://demo.example.com/welcome/voice?key=secret"
)

// trunk is a whole gateway that takes a simulated carrier for Twilio, and is
// public behind a proxy that a test may break.
type trunk struct {
	t       *testing.T
	twilio  *sim.Carrier
	gateway string // base URL of the process itself
	public  *httptest.Server
	proxy   atomic.Value // http.HandlerFunc: what comes to the public URL
	config  config.Config
}

// mute is a voice that says nothing.
type mute struct{}

func (mute) Speak(context.Context, string, tts.Sink) error { return nil }

// newTrunk starts one, with the agents Front and Back. change may be nil.
func newTrunk(t *testing.T, change func(*sim.Config, *config.Config)) *trunk {
	t.Helper()
	l := &trunk{t: t}
	l.public = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { l.proxy.Load().(http.HandlerFunc)(w, r) }))
	t.Cleanup(l.public.Close)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	loaded, err := config.Load(config.Input{Dir: dir, Flags: map[string]string{
		"listen": ln.Addr().String(), "database-url": "sqlite://" + filepath.Join(dir, "x.db"), "recordings": "off", "bootstrap-key": lineKey,
		"carrier": "twilio", "public-url": l.public.URL, "twilio-account-sid": lineAccount, "twilio-auth-token": lineToken,
	}})
	if err != nil {
		t.Fatal(err)
	}
	carrier := sim.Config{AccountSID: lineAccount, AuthToken: lineToken, Accounts: []sim.Account{{SID: lineSub, AuthToken: lineSubTok}},
		Numbers: []sim.Number{{Number: lineNumber, VoiceURL: lineDemo}, {Number: lineTheirs, Account: lineSub}}}
	l.config = loaded.Config
	if change != nil {
		change(&carrier, &l.config)
	}
	if l.twilio, err = sim.New(carrier); err != nil {
		t.Fatal(err)
	}
	rest := httptest.NewServer(l.twilio.Handler())
	t.Cleanup(func() { rest.Close(); l.twilio.Close() })
	l.gateway, l.config.Twilio.APIBase = "http://"+ln.Addr().String(), rest.URL
	l.proxy.Store(through(t, l.gateway))
	s, err := server.Build(t.Context(), server.Options{Config: l.config, Listener: ln, Transport: &http.Transport{DisableKeepAlives: true},
		Load: func(context.Context) (*server.Speech, error) {
			return &server.Speech{Voice: mute{}, Speaks: "nobody"}, nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() { stop(); <-done })
	for _, name := range []string{"Front", "Back"} {
		l.ok("agent", "apply", "-f", file(t, "name: "+name+"\nvoice_uuid: flite-rms\nasr: {provider: moonshine, model: tiny-en}\nllm: {provider: script, model: demo}\n"))
	}
	return l
}

// through passes everything on to base.
func through(t *testing.T, base string) http.HandlerFunc {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	p := httputil.NewSingleHostReverseProxy(u)
	p.Transport = &http.Transport{DisableKeepAlives: true}
	p.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	return p.ServeHTTP
}

// typed runs a command line against the gateway, as one who has the account's
// credentials in the environment. more are further variables.
func (l *trunk) typed(more []string, args ...string) (status int, out, errs string) {
	l.t.Helper()
	var o, e bytes.Buffer
	environ := append([]string{"HOOKSWITCH_SERVER=" + l.gateway, "HOOKSWITCH_API_KEY=" + lineKey,
		"HOOKSWITCH_TWILIO_ACCOUNT_SID=" + lineAccount, "HOOKSWITCH_TWILIO_AUTH_TOKEN=" + lineToken}, more...)
	status = run(l.t.Context(), streams{in: strings.NewReader(""), out: &o, err: &e, environ: environ, width: 80}, args)
	return status, o.String(), e.String()
}

func (l *trunk) ok(args ...string) string {
	l.t.Helper()
	status, out, errs := l.typed(nil, args...)
	if status != fault.Held {
		l.t.Fatalf("%v: status %d\n%s%s", args, status, out, errs)
	}
	return out
}

// voice is where Twilio sends calls to the number.
func (l *trunk) voice(number string) string {
	l.t.Helper()
	n, ok := l.twilio.Owned(number)
	if !ok {
		l.t.Fatal("the number is gone")
	}
	return n.VoiceURL
}

// pasted looks that text can be posted anywhere, and fits 80 columns.
func pasted(t *testing.T, text string) {
	t.Helper()
	harmless(t, text)
	for line := range strings.Lines(text) {
		if len([]rune(line)) > 81 && !strings.Contains(line, "://") {
			t.Errorf("wider than 80 columns: %s", line)
		}
	}
}

// harmless looks that text holds no secret, and no number but its end.
func harmless(t *testing.T, text string) {
	t.Helper()
	for _, secret := range []string{lineKey, lineAccount, lineToken, lineSub, lineSubTok, lineNumber[1:], lineTheirs[1:], "555 0161", "5550161", "secret"} {
		if strings.Contains(text, secret) {
			t.Errorf("%q is shown:\n%s", secret, text)
		}
	}
	if strings.Contains(text, "\x1b") {
		t.Errorf("an escape came through: %q", text)
	}
}

// flat is text without its line breaks.
func flat(text string) string { return strings.Join(strings.Fields(text), " ") }
