package server_test

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
)

// administered is a server with an admin listener.
func administered(t *testing.T) *booted {
	o := options(t)
	o.Config.Admin = "127.0.0.1:0"
	return boot(t, o)
}

// asked gets path from the admin listener, for a host, with headers by name and value.
func (b *booted) asked(path, host string, headers ...string) (int, string) {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), "GET", "http://"+b.AdminAddr().String()+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	req.Host = host
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := client.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func TestProfilesAreServedToWhoRunsTheMachine(t *testing.T) {
	b := administered(t)
	for path, want := range map[string]string{
		"/debug/pprof/":                  "goroutine",
		"/debug/pprof/goroutine?debug=1": "server.(*Server).Run",
		"/debug/pprof/heap?debug=1":      "heap profile",
		"/debug/pprof/profile?seconds=1": "",
		"/debug/pprof/allocs?debug=1":    "heap profile",
		"/metrics":                       "hookswitch_ready",
	} {
		if status, body := b.asked(path, ""); status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: status %d, %d bytes without %q", path, status, len(body), want)
		}
	}
}

// The command line may hold keys.
func TestCommandLineIsNoProfile(t *testing.T) {
	if status, _ := administered(t).asked("/debug/pprof/cmdline", ""); status != http.StatusNotFound {
		t.Errorf("status %d", status)
	}
}

func TestProfilesAreNotServedToThePublicListener(t *testing.T) {
	if status, _ := administered(t).get("/debug/pprof/"); status != http.StatusNotFound {
		t.Errorf("status %d", status)
	}
	if boot(t, options(t)).AdminAddr() != nil {
		t.Error("a listener that nobody asked for")
	}
}

// A page in the operator's browser comes by a name that leads here.
func TestProfilesAreNotForANameOfSomebodyElses(t *testing.T) {
	b := administered(t)
	for host, want := range map[string]int{"localhost:6060": 200, "[::1]:6060": 200, "127.0.0.1": 200, "rebound.example:6060": 403, "localhost.example": 403} {
		if status, _ := b.asked("/debug/pprof/heap", host); status != want {
			t.Errorf("host %s: status %d, want %d", host, status, want)
		}
	}
}

// It can't read them, but each takes time from calls.
func TestProfilesAreNotTakenForAPageOfSomebodyElses(t *testing.T) {
	b := administered(t)
	for _, c := range []struct {
		path, site string
		want       int
	}{
		{"/debug/pprof/heap?gc=1", "cross-site", 403},
		{"/debug/pprof/trace?seconds=100", "cross-site", 403},
		{"/debug/pprof/", "same-site", 403}, // another port of this machine
		{"/debug/pprof/heap", "same-origin", 200},
		{"/debug/pprof/heap", "none", 200},
		{"/metrics", "cross-site", 200}, // a link in Prometheus
	} {
		if status, _ := b.asked(c.path, "", "Sec-Fetch-Site", c.site); status != c.want {
			t.Errorf("%s, from a page that is %s: status %d, want %d", c.path, c.site, status, c.want)
		}
	}
}

func TestTakenAdminPortIsTold(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	o := options(t)
	o.Config.Admin = taken.Addr().String()
	s, err := server.Build(t.Context(), o)
	if err == nil {
		s.Close()
	}
	var text strings.Builder
	fault.Write(&text, err, 100)
	if !strings.Contains(text.String(), "--admin-listen "+o.Config.Admin) || !strings.Contains(text.String(), "[start/port]") {
		t.Errorf("said:\n%s", text.String())
	}
}
