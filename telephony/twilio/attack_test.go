package twilio

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
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

// attempts are all ways to knock at route, whatever it does. signed is a path
// that fits the route's pattern, owner the account that signs there.
func attempts(base string, route Route) []attempt {
	path := strings.ReplaceAll(route.Path, "{"+accountSegment+"}", subAccount.SID)
	if route.Method == http.MethodPost {
		return append(anywhere(base, route, path, formOf(), testToken, base), forms(base, path)...)
	}
	owner, scheme := testToken, base
	if path != pathMedia && strings.HasPrefix(path, pathMedia) {
		owner = subAccount.Token
	}
	if strings.HasPrefix(path, pathMedia) {
		scheme = "ws" + strings.TrimPrefix(base, "http")
	}
	all := anywhere(base, route, path, nil, owner, scheme)
	if scheme != base {
		all = append(all, sockets(scheme, path, owner)...)
	} else {
		all = append(all, probes(base, path)...)
	}
	return all
}

// anywhere are the forgeries that any signed route may meet. base is where
// routes are, scheme the same as it is signed.
func anywhere(base string, route Route, path string, form url.Values, owner, scheme string) []attempt {
	address := scheme + path
	right := sign(owner, address, form)
	raw, _ := base64.StdEncoding.DecodeString(right)
	mac := hmac.New(sha256.New, []byte(owner))
	io.WriteString(mac, address)
	other := map[string]string{testToken: subAccount.Token, subAccount.Token: testToken}[owner]
	swapped := strings.Replace(address, "://", "s://", 1)
	crossed := map[string]string{"http": "ws", "ws": "http"}[scheme[:strings.Index(scheme, "://")]] + scheme[strings.Index(scheme, "://"):] + path
	sum := sha256.Sum256([]byte(form.Encode()))
	hashed := "?bodySHA256=" + hex.EncodeToString(sum[:])
	bad := func(name, signature string, more ...string) attempt {
		return attempt{name, route.Method, path, form.Encode(), append([]string{signatureHeader, signature}, more...), http.StatusForbidden, ReasonBadSignature}
	}
	long := path + "?" + strings.Repeat("x", maxURI)
	tooLong := http.StatusRequestURITooLong
	if route.Method == http.MethodPost {
		tooLong = http.StatusRequestEntityTooLarge
	}
	all := []attempt{
		{"no signature", route.Method, path, form.Encode(), nil, http.StatusForbidden, ReasonUnsigned},
		{"an empty signature", route.Method, path, form.Encode(), []string{signatureHeader, ""}, http.StatusForbidden, ReasonUnsigned},
		bad("nonsense", "nonsense"),
		bad("the signature of nothing", sign(owner, "", nil)),
		bad("a foreign token", sign("54321", address, form)),
		bad("the token of another account here", sign(other, address, form)),
		bad("no token at all", sign("", address, form)),
		bad("a token that was rotated away", sign(testToken+"old", address, form)),
		bad("https and http swapped", sign(owner, swapped, form)),
		bad("a webhook's scheme for a socket's", sign(owner, crossed, form)),
		bad("another path", sign(owner, address+"/", form)),
		bad("another route's path", sign(owner, scheme+"/twilio/other", form)),
		bad("a query that is not there", sign(owner, address+"?x=1", form)),
		bad("another host", sign(owner, strings.Replace(address, "127.0.0.1", "staging.example.com", 1), form)),
		bad("another host, and a proxy's word for it", sign(owner, "http://staging.example.com"+path, form), "X-Forwarded-Host", "staging.example.com", "X-Forwarded-Proto", "http"),
		bad("another port", sign(owner, "ws://127.0.0.1:1"+path, form)),
		bad("a signature cut short", right[:len(right)-2]),
		bad("a signature twice", right+right),
		bad("a signature in hexadecimal", hex.EncodeToString(raw)),
		bad("a signature in capitals", strings.ToUpper(right)),
		bad("SHA-256 for SHA-1", base64.StdEncoding.EncodeToString(mac.Sum(nil))),
		bad("a list of signatures", right+","+right),
		bad("a foreign signature before the right one", "nonsense", signatureHeader, right),
		{"an address without end", route.Method, long, form.Encode(), []string{signatureHeader, sign(owner, scheme+long, form)}, tooLong, ReasonBodyTooBig},
		{"a body's hash in the query", route.Method, path + hashed, form.Encode() + "&x=1", []string{signatureHeader, sign(owner, address+hashed, form)}, http.StatusForbidden, ReasonBadSignature},
	}
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodHead, http.MethodOptions, "BREW"} {
		if method != route.Method {
			all = append(all, attempt{"the method " + method, method, path, "", []string{signatureHeader, right, "X-HTTP-Method-Override", route.Method}, http.StatusMethodNotAllowed, ReasonMethod})
		}
	}
	if len(form) == 0 { // a GET's body means nothing
		all = slices.DeleteFunc(all, func(a attempt) bool { return a.name == "a body's hash in the query" })
	}
	return all
}

// forms are rightly signed, or nearly so, but mean something else than they say.
func forms(base, path string) []attempt {
	address := base + path
	signed := func(name, text, body string, status int, reason string) attempt {
		return attempt{name, http.MethodPost, path, body, []string{signatureHeader, sign(testToken, text, nil)}, status, reason}
	}
	of := func(name, key string, form url.Values, status int, reason string) attempt {
		return attempt{name, http.MethodPost, path, form.Encode(), []string{signatureHeader, sign(key, address, form)}, status, reason}
	}
	flat := func(form url.Values) string {
		text := ""
		for _, name := range slices.Sorted(maps.Keys(form)) {
			text += name + form.Get(name)
		}
		return text
	}
	twice := func(name, value string) url.Values {
		form := formOf()
		form[name] = append(form[name], value)
		return form
	}
	without := func(name string) url.Values {
		form := formOf()
		form.Del(name)
		return form
	}
	moved := without("CallSid")
	moved.Set("CallSi", "d"+testCall)
	hidden := without("AccountSid")
	hidden.Set("?call=call-1AccountSid", testAccount)
	query := path + "?" + formOf().Encode()
	control := path + "?call=%00call-1"
	elsewhere := path + "?transfer=" + strings.Repeat("x", maxID+1)
	return []attempt{
		of("another form than was signed", testToken, formOf("To", "+19005550100"), http.StatusForbidden, ReasonBadSignature).signedAs(sign(testToken, address, formOf())),
		of("a field more than was signed", testToken, formOf("ForwardedFrom", "+15550100009"), http.StatusForbidden, ReasonBadSignature).signedAs(sign(testToken, address, formOf())),
		signed("fields run into the address", address+formOf().Encode(), formOf().Encode(), http.StatusForbidden, ReasonBadSignature),
		of("a sub-account that signs for us", subAccount.Token, formOf(), http.StatusForbidden, ReasonBadSignature),
		of("us signing for a sub-account", testToken, formOf("AccountSid", subAccount.SID), http.StatusForbidden, ReasonBadSignature),
		of("an account that nobody knows", subAccount.Token, formOf("AccountSid", unknownAccount), http.StatusForbidden, ReasonWrongAccount),
		of("an account that nobody knows, signed by us", testToken, formOf("AccountSid", unknownAccount), http.StatusForbidden, ReasonWrongAccount),
		of("an account in capitals", testToken, formOf("AccountSid", strings.ToUpper(testAccount)), http.StatusForbidden, ReasonWrongAccount),
		of("an account that is a path", testToken, formOf("AccountSid", "../"+testAccount), http.StatusForbidden, ReasonWrongAccount),
		of("no account", testToken, without("AccountSid"), http.StatusForbidden, ReasonWrongAccount),
		of("two accounts", testToken, twice("AccountSid", subAccount.SID), http.StatusBadRequest, ReasonBadForm),
		of("two calls", testToken, twice("CallSid", "CA00000000000000000000000000000000"), http.StatusBadRequest, ReasonBadForm),
		of("no call", testToken, without("CallSid"), http.StatusBadRequest, ReasonBadForm),
		of("a call that is a path", testToken, formOf("CallSid", "CA/../x"), http.StatusBadRequest, ReasonBadForm),
		of("a call that is too long", testToken, formOf("CallSid", strings.Repeat("C", 65)), http.StatusBadRequest, ReasonBadForm),
		signed("the border between name and value moved", address+flat(formOf()), moved.Encode(), http.StatusBadRequest, ReasonBadForm),
		signed("the query moved into a field's name", address+"?call=call-1"+flat(formOf()), hidden.Encode(), http.StatusForbidden, ReasonWrongAccount),
		{"the fields in the query", http.MethodPost, query, "", []string{signatureHeader, sign(testToken, base+query, nil)}, http.StatusForbidden, ReasonWrongAccount},
		signed("JSON", address, `{"AccountSid":"`+testAccount+`","CallSid":"`+testCall+`"}`, http.StatusForbidden, ReasonWrongAccount),
		signed("a broken escape", address, "AccountSid="+testAccount+"&a=%zz", http.StatusBadRequest, ReasonBadForm),
		of("a byte too much", testToken, formOf("FromCity", strings.Repeat("x", maxForm)), http.StatusRequestEntityTooLarge, ReasonBodyTooBig),
		{"an id of ours with a NUL", http.MethodPost, control, formOf().Encode(), []string{signatureHeader, sign(testToken, base+control, formOf())}, http.StatusBadRequest, ReasonBadForm},
		{"an id of ours without end", http.MethodPost, elsewhere, formOf().Encode(), []string{signatureHeader, sign(testToken, base+elsewhere, formOf())}, http.StatusBadRequest, ReasonBadForm},
		{"another call of ours than was signed", http.MethodPost, path + "?call=call-2", formOf().Encode(), []string{signatureHeader, sign(testToken, address+"?call=call-1", formOf())}, http.StatusForbidden, ReasonBadSignature},
	}
}

func (a attempt) signedAs(signature string) attempt {
	a.headers = []string{signatureHeader, signature}
	return a
}

// sockets are requests for a stream's socket that are signed and yet none.
func sockets(scheme, path, owner string) []attempt {
	right := sign(owner, scheme+path, nil)
	return []attempt{
		{"no upgrade", http.MethodGet, path, "", []string{signatureHeader, right}, http.StatusBadRequest, ReasonNotUpgrade},
		{"an upgrade to something else", http.MethodGet, path, "", []string{signatureHeader, right, "Connection", "Upgrade", "Upgrade", "h2c"}, http.StatusBadRequest, ReasonNotUpgrade},
		{"an upgrade without key", http.MethodGet, path, "", []string{signatureHeader, right, "Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "13"}, http.StatusBadRequest, ReasonNotUpgrade},
		{"an unsigned upgrade", http.MethodGet, path, "", []string{"Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}, http.StatusForbidden, ReasonUnsigned},
	}
}

// probes are signed questions of a probe that get no proof.
func probes(base, path string) []attempt {
	of := func(name, query, key string, status int, reason string) attempt {
		return attempt{name, http.MethodGet, path + query, "", []string{signatureHeader, sign(key, base+path+query, nil)}, status, reason}
	}
	return []attempt{
		of("no nonce", "", testToken, http.StatusBadRequest, ReasonBadForm),
		of("a nonce that is a sentence", "?nonce=a%20b", testToken, http.StatusBadRequest, ReasonBadForm),
		of("a nonce without end", "?nonce="+strings.Repeat("a", 65), testToken, http.StatusBadRequest, ReasonBadForm),
		of("a sub-account's token for us", "?nonce=a", subAccount.Token, http.StatusForbidden, ReasonBadSignature),
		of("our token for a sub-account", "?AccountSid="+subAccount.SID+"&nonce=a", testToken, http.StatusForbidden, ReasonBadSignature),
		of("an account that nobody knows", "?AccountSid="+unknownAccount+"&nonce=a", testToken, http.StatusForbidden, ReasonWrongAccount),
		of("a websocket signed as a webhook", "?nonce=a", testToken, http.StatusForbidden, ReasonBadSignature).with("Connection", "Upgrade", "Upgrade", "websocket"),
	}
}

func (a attempt) with(headers ...string) attempt {
	a.headers = append(a.headers, headers...)
	return a
}

// breach sends a and says how it got further than it should, or "".
func (r *rig) breach(a attempt) string {
	r.tb.Helper()
	counted, heard := r.tally.all(), r.desk.heard()
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
	if r.desk.heard() != heard {
		wrong = append(wrong, "the desk heard of it")
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
		if len(all) < 30 {
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
	for _, secret := range []string{subAccount.Token, "555", testCall, "nonsense", "?"} { // the other token might be the port
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
