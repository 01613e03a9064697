package webhook

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/agentcore/vars"
)

var ada = vars.Set{
	"name": "Ada", "n": json.Number("42"), "price": 1.5, "yes": true, "none": nil, "slash": "a/b?c#d&e=f g%", "climb": "../../x",
	"up": "..", "crlf": "a\r\nX-Evil: 1", "quote": `"}<&`, "own": "{{own}}", "host": "evil.example",
}

func TestRenderAddress(t *testing.T) {
	for template, want := range map[string]string{
		"https://h.example":                               "https://h.example",
		"https://h.example:8443/a/":                       "https://h.example:8443/a/",
		" https://h.example/{{name}} ":                    "https://h.example/Ada",
		"https://h.example/{{ n }}?p={{price}}&y={{yes}}": "https://h.example/42?p=1.5&y=true",
		"https://h.example/u/{{slash}}/x":                 "https://h.example/u/a%2Fb%3Fc%23d&e=f%20g%25/x",
		"https://h.example/?q={{slash}}&z=1":              "https://h.example/?q=a%2Fb%3Fc%23d%26e%3Df+g%25&z=1",
		"https://h.example?q={{crlf}}":                    "https://h.example?q=a%0D%0AX-Evil%3A+1",
		"https://h.example/a b?c d":                       "https://h.example/a%20b?c%20d",
		"https://h.example/%2Fkept?x=%20":                 "https://h.example/%2Fkept?x=%20",
		"https://h.example/{{none}}|{{who}}|{{own}}":      "https://h.example/%7C%7C",
		"https://h.example/a#{{name}}":                    "https://h.example/a",
		"https://h.example/x{{up}}":                       "https://h.example/x..",
		"HTTPS://h.example/":                              "https://h.example/",
	} {
		o, err := Render(roster.Request{URL: template}, ada, nil, nil)
		if err != nil || o.URL != want {
			t.Errorf("Render(%s) = %s, %v, want %s", template, o.URL, err, want)
		}
	}
}

func TestRenderRefusesAddresses(t *testing.T) {
	for claim, template := range map[string]string{
		"no scheme":                 "h.example/a",
		"no host":                   "https:///a",
		"empty":                     "",
		"the host is a variable":    "https://{{host}}/",
		"a part of the host is":     "https://api.{{host}}/",
		"the port is":               "https://h.example:{{n}}/",
		"the scheme is":             "{{name}}://h.example/",
		"all of it is":              "{{host}}",
		"credentials":               "https://ada:pw@h.example/",
		"credentials by a variable": "https://{{name}}@h.example/",
		"up by a variable":          "https://h.example/a/{{up}}/b",
		"up, behind a slash that receivers may decode": "https://h.example/a/{{climb}}",
		"up by hand":                "https://h.example/a/../b",
		"up, encoded":               "https://h.example/a/%2e%2E/b",
		"stay":                      "https://h.example/./b",
		"a line break":              "https://h.example/\r\nX: y",
		"a line break in the query": "https://h.example/?a=\nb",
		"a bad escape":              "https://h.example/%zz",
		"a bad port":                "https://h.example:port/",
		"a backslash host":          `https://h.example\@evil.example/`,
		"too long":                  "https://h.example/" + strings.Repeat("a", 8<<10),
	} {
		o, err := Render(roster.Request{URL: template}, ada, nil, nil)
		if err == nil {
			t.Errorf("%s: %q became %q", claim, template, o.URL)
			continue
		}
		if kind(t, err, BadRequest); strings.Contains(err.Error(), "h.example") {
			t.Errorf("%s: the error repeats the address: %v", claim, err)
		}
	}
}

func TestRenderHeaders(t *testing.T) {
	with := func(name, value string) (Outgoing, error) {
		return Render(roster.Request{URL: "https://h/", Headers: map[string]string{name: value}}, ada, nil, nil)
	}
	for _, tt := range []struct{ name, value, want string }{
		{"Authorization", "Bearer {{name}}", "Bearer Ada"},
		{"x-n", "{{n}} {{none}}{{who}}", "42"},
		{"X-Quote", "{{quote}}", `"}<&`},
		{"content-type", "text/plain", "text/plain"},
		{"X-Empty", "", ""},
	} {
		o, err := with(tt.name, tt.value)
		if err != nil || o.Header.Get(tt.name) != tt.want || len(o.Header) != 1 {
			t.Errorf("%s: %s = %v, %v, want %q", tt.name, tt.value, o.Header, err, tt.want)
		}
	}
	for _, tt := range [][2]string{
		{"X-A", "{{crlf}}"}, {"X-A", "a\nb"}, {"X-A", "a\x00"}, {"X-A", "\x7f"}, {"X-A", strings.Repeat("a", MaxHeader+1)},
		{"", "a"}, {"X A", "a"}, {"X:A", "a"}, {"X\r\nA", "a"}, {"Ü", "a"}, {"{{name}}", "a"}, {strings.Repeat("a", 129), "a"},
		{"host", "evil.example"}, {"Content-Length", "0"}, {"TRANSFER-ENCODING", "chunked"}, {"connection", "close"},
		{"Upgrade", "h2c"}, {"Te", "trailers"}, {"Expect", "100-continue"}, {"Accept-Encoding", "gzip"},
	} {
		_, err := with(tt[0], tt[1])
		if err == nil {
			t.Errorf("header %q: %q was taken", tt[0], tt[1])
			continue
		}
		kind(t, err, BadRequest)
	}
	many := map[string]string{}
	for i := range MaxHeaders + 1 {
		many["X-"+strings.Repeat("a", i)] = "v"
	}
	if _, err := Render(roster.Request{URL: "https://h/", Headers: many}, nil, nil, nil); err == nil {
		t.Error("65 headers were taken")
	}
}

func TestRenderBody(t *testing.T) {
	for template, want := range map[string]string{
		`{"a":"{{name}}"}`:                                                 `{"a":"Ada"}`,
		`{"n":"{{n}}","p":"{{price}}"}`:                                    `{"n":42,"p":1.5}`,
		`{"y":"{{yes}}","z":"{{none}}"}`:                                   `{"y":true,"z":null}`,
		`{"t":"{{n}} of {{price}}, {{none}}."}`:                            `{"t":"42 of 1.5, ."}`,
		`{"who":"{{who}}","t":"<{{who}}>"}`:                                `{"t":"<>","who":null}`,
		`{"own":"{{own}}"}`:                                                `{"own":null}`,
		`{"q":"{{quote}}","t":"x{{quote}}"}`:                               `{"q":"\"}<&","t":"x\"}<&"}`,
		`{"{{name}}":1}`:                                                   `{"{{name}}":1}`,
		`["{{name}}",[{"a":"{{n}}"}],1.50,12345678901234567890,true,null]`: `["Ada",[{"a":42}],1.50,12345678901234567890,true,null]`,
		`"{{name}}"`:                                                       `"Ada"`,
		`7`:                                                                `7`,
	} {
		o, err := Render(roster.Request{URL: "https://h/", Body: json.RawMessage(template)}, ada, nil, nil)
		if err != nil || string(o.Body) != want || o.Header.Get("Content-Type") != "application/json" {
			t.Errorf("Render(%s) = %s (%s), %v, want %s", template, o.Body, o.Header.Get("Content-Type"), err, want)
		}
	}
	for _, none := range []string{"", "null", "  "} {
		o, err := Render(roster.Request{URL: "https://h/", Body: json.RawMessage(none)}, ada, nil, nil)
		if err != nil || o.Body != nil || len(o.Header) != 0 {
			t.Errorf("Render(%q) = %q %v, %v, want no body", none, o.Body, o.Header, err)
		}
	}
	for _, bad := range []string{`{`, `{} {}`, `{{name}}`} {
		_, err := Render(roster.Request{URL: "https://h/", Body: json.RawMessage(bad)}, ada, nil, nil)
		if err == nil {
			t.Errorf("Render(%s) was taken", bad)
			continue
		}
		kind(t, err, BadRequest)
	}
	many := `["{{v}}"` + strings.Repeat(`,"{{v}}"`, 600) + `]`
	if _, err := Render(roster.Request{URL: "https://h/", Body: json.RawMessage(many)}, vars.Set{"v": strings.Repeat("v", 2048)}, nil, nil); err == nil {
		t.Error("more than 1 MB was taken")
	}
}

func TestRenderMethod(t *testing.T) {
	for given, want := range map[string]string{"": "POST", "get": "GET", "POST": "POST", "Put": "PUT", "PATCH": "PATCH", "DELETE": "DELETE"} {
		if o, err := Render(roster.Request{URL: "https://h/", Method: given}, nil, nil, nil); err != nil || o.Method != want {
			t.Errorf("method %q = %q, %v, want %q", given, o.Method, err, want)
		}
	}
	for _, bad := range []string{"CONNECT", "TRACE", "HEAD", "POST / HTTP/1.1\r\nX:"} {
		if _, err := Render(roster.Request{URL: "https://h/", Method: bad}, nil, nil, nil); err == nil {
			t.Errorf("method %q was taken", bad)
		}
	}
}

func TestRenderArguments(t *testing.T) {
	args := map[string]any{"order": "7/8", "name": "Bob", "n": json.Number("3"), "list": []any{"a", 1.0}, "own": "x y"}
	for claim, tt := range map[string]struct {
		r         roster.Request
		url, body string
	}{
		"a body of their own": {roster.Request{URL: "https://h/", Method: "POST"},
			"https://h/", `{"list":["a",1],"n":3,"name":"Bob","order":"7/8","own":"x y"}`},
		"also when the path names one": {roster.Request{URL: "https://h/{{order}}", Method: "PUT"},
			"https://h/7%2F8", `{"list":["a",1],"n":3,"name":"Bob","order":"7/8","own":"x y"}`},
		"the query of a GET": {roster.Request{URL: "https://h/?k=1", Method: "GET"},
			"https://h/?k=1&list=%5B%22a%22%2C1%5D&n=3&name=Bob&order=7%2F8&own=x+y", ""},
		"but not what the URL names": {roster.Request{URL: "https://h/{{order}}/{{list}}?name={{name}}&own={{own}}", Method: "DELETE"},
			"https://h/7%2F8/%5B%22a%22%2C1%5D?name=Bob&own=x+y&n=3", ""},
		"a template takes what it names": {roster.Request{URL: "https://h/", Method: "POST", Body: json.RawMessage(`{"o":"{{order}}","l":"{{list}}","t":"{{list}}!","p":"{{price}}"}`)},
			"https://h/", `{"l":["a",1],"o":"7/8","p":1.5,"t":"[\"a\",1]!"}`},
		"a GET with a template": {roster.Request{URL: "https://h/", Method: "GET", Body: json.RawMessage(`{"o":"{{order}}"}`)},
			"https://h/", `{"o":"7/8"}`},
	} {
		o, err := Render(tt.r, ada, args, nil)
		if err != nil || o.URL != tt.url || string(o.Body) != tt.body {
			t.Errorf("%s: %s %s, %v, want %s %s", claim, o.URL, o.Body, err, tt.url, tt.body)
		}
	}
	if o, err := Render(roster.Request{URL: "https://h/", Method: "POST"}, nil, map[string]any{}, nil); err != nil || string(o.Body) != "{}" {
		t.Errorf("no arguments: %q, %v, want {}", o.Body, err)
	}
	if o, err := Render(roster.Request{URL: "https://h/", Method: "GET"}, nil, map[string]any{}, nil); err != nil || o.URL != "https://h/" || o.Body != nil {
		t.Errorf("no arguments: %s %q, %v", o.URL, o.Body, err)
	}
}

func TestRenderTellsWhatIsMissing(t *testing.T) {
	var missing []string
	_, err := Render(roster.Request{
		URL: "https://h/{{u}}?{{q}}", Headers: map[string]string{"X": "{{h}}"}, Body: json.RawMessage(`["{{b}}","x{{c}}","{{own}}","{{name}}"]`),
	}, ada, nil, func(name string) { missing = append(missing, name) })
	if want := []string{"u", "q", "h", "b", "c", "own"}; err != nil || !slices.Equal(missing, want) {
		t.Errorf("missing %q, %v, want %q", missing, err, want)
	}
}

func TestRenderLeavesItsTemplateAlone(t *testing.T) {
	r := roster.Request{URL: "https://h/{{name}}", Headers: map[string]string{"X": "{{name}}"}, Body: json.RawMessage(`{"a":["{{name}}"]}`)}
	one, err1 := Render(r, vars.Set{"name": "1"}, nil, nil)
	two, err2 := Render(r, vars.Set{"name": "2"}, nil, nil)
	if err1 != nil || err2 != nil || string(one.Body) != `{"a":["1"]}` || string(two.Body) != `{"a":["2"]}` || reflect.DeepEqual(one.Header, two.Header) {
		t.Errorf("first %s %v, then %s %v", one.Body, one.Header, two.Body, two.Header)
	}
}

// Whatever a variable holds, the request goes to the template's host, has the
// template's headers and is one request.
func FuzzRender(f *testing.F) {
	f.Add("https://h.example/{{v}}/a?b={{v}}", "Bearer {{v}}", `{"a":"{{v}}","b":["x{{v}}"]}`, "x")
	f.Add("https://h.example/{{v}}", "{{v}}", `"{{v}}"`, "..\r\n\x00@evil.example:80/#?&\\")
	f.Add("http://h.example:81{{v}}", "", `{{v}}`, ".evil.example")
	f.Add("https://h.example?{{v}}#{{v}}", "", ``, "//evil.example")
	f.Fuzz(func(t *testing.T, address, header, body, v string) {
		r := roster.Request{URL: address, Method: "POST", Headers: map[string]string{"X-H": header}, Body: json.RawMessage(body)}
		o, err := Render(r, vars.Set{"v": v}, nil, nil)
		if err != nil {
			return
		}
		plain, err := Render(r, vars.Set{"v": "x"}, nil, nil)
		if err != nil { // it is the value that made it good
			return
		}
		got, err1 := url.Parse(o.URL)
		want, err2 := url.Parse(plain.URL)
		if err1 != nil || err2 != nil || got.Host != want.Host || got.Scheme != want.Scheme || got.User != nil {
			t.Fatalf("Render(%q) with %q goes to %q, want where %q goes", address, v, o.URL, plain.URL)
		}
		if strings.Count(got.EscapedPath(), "/") != strings.Count(want.EscapedPath(), "/") {
			t.Fatalf("Render(%q) with %q has other segments: %q", address, v, o.URL)
		}
		if len(o.Body) > 0 && !json.Valid(o.Body) {
			t.Fatalf("body %q of %q is no JSON", o.Body, body)
		}
		req, err := http.NewRequestWithContext(t.Context(), o.Method, o.URL, bytes.NewReader(o.Body))
		if err != nil {
			t.Fatalf("NewRequest(%q) = %v", o.URL, err)
		}
		req.Header = o.Header
		var wire bytes.Buffer
		if err := req.Write(&wire); err != nil {
			return // net/http has its own opinion of hosts
		}
		in := bufio.NewReader(&wire)
		back, err := http.ReadRequest(in)
		if err != nil {
			t.Fatalf("what was written of %q can't be read: %v", o.URL, err)
		}
		var read bytes.Buffer
		if _, err := read.ReadFrom(back.Body); err != nil || !bytes.Equal(read.Bytes(), o.Body) || in.Buffered() != 0 {
			t.Fatalf("more than one request was written: %v", err)
		}
		for name := range back.Header {
			if !slices.Contains([]string{"X-H", "Content-Type", "User-Agent", "Content-Length"}, name) {
				t.Fatalf("a header %q came from %q", name, v)
			}
		}
	})
}
