package twilio

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

const unknownAccount = "AC00000000000000000000000000000003"

// attempt is a request that must not get in.
type attempt struct {
	name    string
	method  string
	path    string // with query
	body    string
	headers []string
	status  int
	reason  string
}

// breach sends a and says how it got further than it should, or "".
func (r *rig) breach(a attempt) string {
	r.tb.Helper()
	counted, heard := r.tally.all(), r.desk.heard()+r.inbox.heard()
	req, err := http.NewRequest(a.method, r.server.URL+a.path, strings.NewReader(a.body))
	if err != nil {
		r.tb.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	for i := 0; i < len(a.headers); i += 2 {
		req.Header.Add(a.headers[i], a.headers[i+1])
	}
	res, err := r.server.Client().Do(req)
	if err != nil {
		r.tb.Fatalf("%s: %v", a.name, err)
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	var wrong []string
	if res.StatusCode != a.status {
		wrong = append(wrong, fmt.Sprintf("answered %d %.60q, want %d", res.StatusCode, body, a.status))
	}
	if bytes.Contains(body, []byte("token")) || bytes.Contains(body, []byte("proof")) {
		wrong = append(wrong, fmt.Sprintf("told a secret: %s", body))
	}
	if r.desk.heard()+r.inbox.heard() != heard {
		wrong = append(wrong, "the desk or the inbox heard of it")
	}
	counted[a.reason]++
	if now := r.tally.all(); !maps.Equal(now, counted) {
		wrong = append(wrong, fmt.Sprintf("counted %v, want %v", now, counted))
	}
	return strings.Join(wrong, "; ")
}

// newGuardedRig is a trunk with another account beside its own.
func newGuardedRig(t *testing.T, log io.Writer) *rig {
	return newRig(t, func(c *Config) {
		c.Accounts = accounts{subAccount.SID: subAccount}
		c.Log = slog.New(slog.NewTextHandler(log, nil))
	})
}

// TestNobodyGetsIn knocks at every route that the mux has, in every way that we
// know. A new route is tried without anybody thinking of it.
func TestNobodyGetsIn(t *testing.T) {
	var log lines
	r := newGuardedRig(t, &log)
	begin, reasons := time.Now(), map[string]bool{}
	for _, route := range r.trunk.Routes() {
		all := attempts(r.server.URL, route)
		least := 30
		if route.Path == pathForeign { // nobody signs there: half of the ways are none
			least = 15
		}
		if len(all) < least {
			t.Errorf("%s: only %d attempts", route.Path, len(all))
		}
		for _, a := range all {
			reasons[a.reason] = true
			if wrong := r.breach(a); wrong != "" {
				t.Errorf("%s %s, %s: %s", a.method, route.Path, a.name, wrong)
			}
		}
	}
	most := 1 + int(time.Since(begin)/tellEvery)
	for reason := range reasons {
		if n := log.with("reason=" + reason + " "); n < 1 || n > most {
			t.Errorf("%s is told %d times, want once a minute", reason, n)
		}
	}
	if n := log.with(""); n > most*len(reasons) {
		t.Errorf("%d lines for %d reasons", n, len(reasons))
	}
	for _, secret := range []string{subAccount.Token, "555", testCall, "nonsense", "doorsecret", "?"} { // the other token might be the port
		if log.with(secret) != 0 {
			t.Errorf("%q is in the log:\n%s", secret, &log)
		}
	}
}

// TestARouteWithoutGuardIsFound proves that the test above is one.
func TestARouteWithoutGuardIsFound(t *testing.T) {
	r := newGuardedRig(t, io.Discard)
	r.trunk.route(http.MethodPost, "/twilio/new", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	routes := r.trunk.Routes()
	in := 0
	for _, a := range attempts(r.server.URL, routes[len(routes)-1]) {
		if r.breach(a) != "" {
			in++
		}
	}
	if in < 40 {
		t.Errorf("only %d attempts got in at a route without guard", in)
	}
}

// TestTheMuxIsFilledInOnePlace: what is in the mux is in Routes, because only
// one line of the package puts anything there.
func TestTheMuxIsFilledInOnePlace(t *testing.T) {
	sources, err := parser.ParseDir(token.NewFileSet(), ".", func(f fs.FileInfo) bool { return !strings.HasSuffix(f.Name(), "_test.go") }, 0)
	if err != nil {
		t.Fatal(err)
	}
	places := 0
	ast.Inspect(sources["twilio"], func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok && (s.Sel.Name == "Handle" || s.Sel.Name == "HandleFunc") {
			places++
		}
		return true
	})
	if places != 1 {
		t.Errorf("%d places put routes into a mux, want only Trunk.route", places)
	}
}

// lines is a log in memory.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// with counts the lines that have part in them.
func (l *lines) with(part string) (n int) {
	for line := range strings.Lines(l.String()) {
		if strings.Contains(line, part) {
			n++
		}
	}
	return n
}

// all is what was counted.
func (c *tally) all() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := maps.Clone(c.n)
	if all == nil {
		all = map[string]int{}
	}
	return all
}
