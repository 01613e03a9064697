package main

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/telephony/sim"
)

// doctor runs it with l's settings, changed by more, and returns each finding's
// state by its name.
func (l *trunk) doctor(more ...string) (status int, states map[string]string, all string) {
	l.t.Helper()
	dir := l.t.TempDir()
	environ := append([]string{
		"HOOKSWITCH_LISTEN=" + strings.TrimPrefix(l.gateway, "http://"), "HOOKSWITCH_PUBLIC_URL=" + l.public.URL, "HOOKSWITCH_CARRIER=twilio",
		"HOOKSWITCH_TWILIO_API_BASE=" + l.config.Twilio.APIBase, "HOOKSWITCH_RECOGNISER=none", "HOOKSWITCH_RECORDINGS=off", "HOOKSWITCH_CACHE_DIR=" + dir,
		"HOOKSWITCH_DATABASE_URL=sqlite://" + filepath.Join(dir, "x.db"), "HOOKSWITCH_TWILIO_AUTH_TOKEN=" + lineToken,
	}, more...)
	status, out, errs := l.typed(environ, "doctor", "--json")
	var got struct{ Findings []finding }
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		l.t.Fatalf("%v: %s%s", err, out, errs)
	}
	states = map[string]string{}
	for _, f := range got.Findings {
		states[f.Name] = f.State
	}
	_, text, errs := l.typed(environ, "doctor")
	pasted(l.t, text+errs)
	harmless(l.t, out)
	return status, states, flat(text)
}

func TestDoctorWalksTheRoadAndIsSafeToPaste(t *testing.T) {
	l := newTrunk(t, nil)
	status, states, text := l.doctor()
	for name, want := range map[string]string{"account": holds, "public url": holds, "certificate": noted, "signature": holds, "websocket": holds} {
		if states[name] != want {
			t.Errorf("%s: %s, want %s", name, states[name], want)
		}
	}
	if status != fault.Held || !strings.Contains(text, "AC...cdef is active") || !strings.Contains(text, "answers, and is the gateway on this machine") {
		t.Errorf("status %d: %s", status, text)
	}
	if l.voice(lineNumber) != lineDemo {
		t.Error("it changed a number")
	}
}

func TestDoctorSaysWhatIsInTheWay(t *testing.T) {
	l := newTrunk(t, nil)
	pass := through(t, l.gateway)
	for _, tt := range []struct {
		claim string
		setup func()
		more  []string
		name  string
		state string
		says  string
	}{
		{"a wrong token", func() {}, []string{"HOOKSWITCH_TWILIO_AUTH_TOKEN=another"}, "account", fails, "do not fit together"},
		{"a proxy that strips websockets", func() {
			l.proxy.Store(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { r.Header.Del("Upgrade"); pass(w, r) }))
		}, nil, "websocket", fails, "Upgrade"},
		{"another process", func() {
			twin := newTrunk(t, func(_ *sim.Config, c *config.Config) { c.PublicURL = l.public.URL })
			l.proxy.Store(through(t, twin.gateway))
		}, nil, "public url", fails, "another process than the one on this machine"},
		{"nothing at the public URL", func() {
			l.proxy.Store(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }))
		}, nil, "public url", fails, "HTTP 502"},
		{"nothing there, and nothing here", func() {}, []string{"HOOKSWITCH_LISTEN=" + free(t)}, "public url", noted, "hookswitch serve"},
	} {
		l.proxy.Store(pass)
		tt.setup()
		if strings.HasPrefix(tt.claim, "nothing there") {
			l.public.Close()
		}
		status, states, text := l.doctor(tt.more...)
		if states[tt.name] != tt.state || (status == fault.CheckFailed) != (tt.state == fails) || !strings.Contains(text, tt.says) {
			t.Errorf("%s: status %d, %s is %s, want %s that says %q\n%s", tt.claim, status, tt.name, states[tt.name], tt.state, tt.says, text)
		}
	}
}

func TestDoctorComparesOnlyWhatItCan(t *testing.T) {
	l := newTrunk(t, nil)
	status, states, text := l.doctor("HOOKSWITCH_LISTEN=" + free(t))
	if status != fault.Held || states["public url"] != holds || !strings.Contains(text, "none serves on this machine to compare it with") {
		t.Errorf("no gateway here: status %d, %v\n%s", status, states, text)
	}
	simulated := newTrunk(t, func(_ *sim.Config, c *config.Config) { c.Carrier, c.PublicURL = "sim", "" })
	status, states, text = l.doctor("HOOKSWITCH_LISTEN=" + strings.TrimPrefix(simulated.gateway, "http://"))
	if status != fault.CheckFailed || states["public url"] != fails || !strings.Contains(text, "other settings") {
		t.Errorf("another gateway here: status %d, %v\n%s", status, states, text)
	}
	_, states, _ = simulated.doctor("HOOKSWITCH_CARRIER=sim")
	if _, is := states["account"]; is {
		t.Error("the simulated carrier has no road to look at")
	}
}
