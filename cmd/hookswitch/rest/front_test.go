package rest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest"
)

func TestWithoutAGoodKeyNothingIsToldButThat(t *testing.T) {
	p := open(t)
	for name, tt := range map[string]struct{ header, why string }{
		"no key":         {"", "An API key is required: Authorization: Bearer hsk_..."},
		"another scheme": {"Basic aHNrXzp4", "The Authorization header must be: Bearer hsk_..."},
		"no secret":      {"Bearer ", "The Authorization header must be: Bearer hsk_..."},
		"a wrong key":    {"Bearer hsk_wrong", "The API key is not valid."},
		"much too long":  {"Bearer " + strings.Repeat("a", 5000), "The Authorization header must be: Bearer hsk_..."},
	} {
		for _, path := range []string{"/api/v2/agents", "/api/v2/no/such/path"} {
			r := request("GET", path, "", "")
			r.Header.Del("Authorization")
			if tt.header != "" {
				r.Header.Set("Authorization", tt.header)
			}
			a := p.send(r)
			a.wants("errors.base", `["`+tt.why+`"]`)
			a.wants("message", `"Unauthorized"`)
			if a.status != 401 || a.header.Get("WWW-Authenticate") != `Bearer realm="hookswitch"` {
				t.Errorf("%s: %d %v", name, a.status, a.header)
			}
		}
	}
}

func TestAKeyDoesWhatItsScopesSay(t *testing.T) {
	p := open(t)
	reader := p.key(roster.Default, roster.AgentsRead)
	if a := p.as(reader, "GET", "/api/v2/agents", ""); a.status != 200 {
		t.Errorf("reading: %d %s", a.status, a.text)
	}
	a := p.as(reader, "POST", "/api/v2/agents", `{}`)
	a.errors(`{"base":["The API key lacks the scope agents:write."]}`)
	a.wants("message", `"Failed to create agent"`)
	if a.status != 403 {
		t.Errorf("writing: %d", a.status)
	}
}

func TestEveryAnswerHasARequestID(t *testing.T) {
	p := open(t)
	for sent, kept := range map[string]bool{"trace-1/a:b": true, strings.Repeat("a", 128): true,
		"": false, strings.Repeat("a", 129): false, "a b": false, "a\x01": false, "é": false} {
		for _, path := range []string{"/api/v2/agents", "/api/v2/nothing", "/openapi.json", "/docs"} {
			r := request("GET", path, p.ours, "")
			if sent != "" {
				r.Header["X-Request-Id"] = []string{sent}
			}
			got := p.send(r).header.Get("X-Request-Id")
			if kept && got != sent || !kept && !strings.HasPrefix(got, "req_") {
				t.Errorf("%s with %q: X-Request-Id is %q", path, sent, got)
			}
		}
	}
}

func TestUnknownPathsAndMethodsAnswerInTheEnvelope(t *testing.T) {
	p := open(t)
	p.fails(404, "GET", "/api/v2/nothing", "").wants("message", `"Not Found"`)
	p.fails(404, "GET", "/api/v2/agents/", "")
	p.fails(404, "GET", "/nothing", "")
	a := p.fails(405, "PUT", "/api/v2/agents", "")
	a.errors(`{"base":["The method PUT is not there. Allowed: GET, HEAD, POST"]}`)
	if got := a.header.Get("Allow"); got != "GET, HEAD, POST, OPTIONS" {
		t.Errorf("Allow is %q", got)
	}
	a = p.as(p.ours, "OPTIONS", "/api/v2/agents", "")
	if got := a.header.Get("Allow"); a.status != 204 || got != "GET, HEAD, POST, OPTIONS" || a.text != "" {
		t.Errorf("OPTIONS = %d, Allow %q", a.status, got)
	}
	if a := p.as(p.ours, "HEAD", "/api/v2/agents", ""); a.status != 200 || a.header.Get("Content-Type") != "application/json" {
		t.Errorf("HEAD = %d", a.status)
	}
}

func TestWrongBodiesAreToldWithTheirPlace(t *testing.T) {
	p := open(t)
	for name, tt := range map[string]struct{ body, why string }{
		"broken":         {"{\n \"name\": tru\n}", "The request body is not valid JSON: invalid character '\\\\n' in literal true (expecting 'e') (line 2, column 13)"},
		"cut off":        {`{"name":`, "The request body is not valid JSON: unexpected end of JSON input (line 1, column 8)"},
		"two of them":    {`{} {}`, "The request body is not valid JSON: invalid character '{' after top-level value (line 1, column 4)"},
		"a name twice":   {`{"a":1,"b":{"c":1,"c":2}}`, "The request body is not valid JSON: the name \\\"c\\\" is there twice (line 1, column 21)"},
		"no object":      {`[]`, "The request body must be a JSON object."},
		"no UTF-8":       {"{\"name\":\"\xff\"}", "The request body is not UTF-8."},
		"much too deep":  {strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40), "The request body is not valid JSON: nested deeper than 32 (line 1, column 164)"},
		"too many of it": {`{"a":[` + strings.Repeat("1,", 60_000) + `1]}`, "The request body is not valid JSON: more than 50000 values (line 1, column 100001)"},
	} {
		t.Run(name, func(t *testing.T) {
			p.t = t
			p.fails(400, "POST", "/api/v2/agents", tt.body).errors(`{"base":["` + tt.why + `"]}`)
		})
	}
	p.t = t
	p.fails(400, "POST", "/api/v2/agents", "").errors(`{"base":["request body is required"]}`)
	r := request("POST", "/api/v2/agents", p.ours, "name: A")
	r.Header.Set("Content-Type", "application/yaml")
	a := p.send(r)
	a.errors(`{"base":["The request body must be JSON: Content-Type: application/json"]}`)
	if a.status != 400 {
		t.Errorf("YAML: %d", a.status)
	}
}

func TestALargeBodyIsNotRead(t *testing.T) {
	p := open(t, func(c *rest.Config) { c.MaxBody = 1000 })
	exact := `{"name":"A","voice_uuid":"abc123","x":"`
	exact += strings.Repeat("x", 1000-len(exact)-2) + `"}`
	p.ok("POST", "/api/v2/agents", exact)
	p.fails(413, "POST", "/api/v2/agents", exact+" ").errors(`{"base":["The request body is larger than 1000 bytes."]}`)
}

func TestAKeyThatHurriesIsHeldBack(t *testing.T) {
	p := open(t, func(c *rest.Config) { c.RequestsPerMinute, c.Burst = 60, 3 })
	for i, left := range []string{"2", "1", "0"} {
		a := p.ok("GET", "/api/v2/voices", "")
		if a.header.Get("RateLimit-Limit") != "3" || a.header.Get("RateLimit-Remaining") != left {
			t.Errorf("request %d: %v", i, a.header)
		}
	}
	a := p.fails(429, "GET", "/api/v2/voices", "")
	a.errors(`{"base":["Too many requests with this API key. Try again in 1 s."]}`)
	if a.header.Get("Retry-After") != "1" || a.header.Get("RateLimit-Reset") != "3" || a.header.Get("RateLimit-Remaining") != "0" {
		t.Errorf("headers: %v", a.header)
	}
	if a := p.as(p.theirs, "GET", "/api/v2/voices", ""); a.status != 200 {
		t.Errorf("another key: %d", a.status)
	}
	p.now = p.now.Add(time.Second)
	p.ok("GET", "/api/v2/voices", "")
	p.fails(429, "GET", "/api/v2/voices", "")
}

func TestAnAddressThatGuessesKeysIsHeldBack(t *testing.T) {
	p := open(t, func(c *rest.Config) { c.FailuresPerMinute = 2 })
	p.ok("GET", "/api/v2/voices", "") // a key that was good a moment ago
	for range 2 {
		if a := p.as("hsk_guess", "GET", "/api/v2/voices", ""); a.status != 401 {
			t.Errorf("guessing: %d", a.status)
		}
	}
	a := p.as("hsk_guess", "GET", "/api/v2/voices", "")
	if a.status != 429 || a.header.Get("Retry-After") != "30" {
		t.Errorf("guessing on: %d %v", a.status, a.header)
	}
	if a := p.as(p.theirs, "GET", "/api/v2/voices", ""); a.status != 429 {
		t.Errorf("a key that was never seen: %d", a.status)
	}
	p.ok("GET", "/api/v2/voices", "")
	r := request("GET", "/api/v2/voices", p.theirs, "")
	r.RemoteAddr = "198.51.100.7:1234"
	if a := p.send(r); a.status != 200 {
		t.Errorf("from another address: %d", a.status)
	}
	p.now = p.now.Add(time.Minute)
	if a := p.as(p.theirs, "GET", "/api/v2/voices", ""); a.status != 200 {
		t.Errorf("a minute later: %d", a.status)
	}
}

func TestQueriesThatAreWrongAnswerInTheEnvelope(t *testing.T) {
	p := open(t)
	a := p.fails(http.StatusBadRequest, "GET", "/api/v2/agents?advanced=perhaps", "")
	a.errors(`{"advanced":["invalid boolean"]}`)
	a.wants("message", `"Failed to list agents"`)
}
