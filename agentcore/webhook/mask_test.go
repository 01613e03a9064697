package webhook

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestExchangeKeepsNoSecret(t *testing.T) {
	const secret = "s3cr3t-value-42"
	c, url := receiver(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Set-Cookie", "sid="+secret)
		w.Header().Set("X-Echo", r.Header.Get("Authorization"))
		_, _ = w.Write([]byte("you sent " + r.Header.Get("Authorization") + " and " + r.Header.Get("X-Api-Key")))
	})
	h := http.Header{
		"Authorization": {"Bearer " + secret}, "X-Api-Key": {"other-" + secret}, "Cookie": {"a=" + secret},
		"X-Auth": {secret}, "My-Token": {secret}, "Webhook-Signature": {"v1," + secret}, "X-Client-Secret": {secret},
		"X-Plain": {"plain"}, "Idempotency-Key": {"call_1/2/3"}, "Webhook-Id": {"msg_1"},
	}
	x, err := c.Do(t.Context(), Outgoing{
		Method: "POST", URL: strings.Replace(url, "http://", "http://user:"+secret+"@", 1) + "/p?token=" + secret, Header: h,
		Body: []byte(`{"password":"` + secret + `","nested":[{"access_token":"` + secret + `"}],"author":"Ada","n":1.50}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	all := x.URL + x.RequestBody + x.ResponseBody
	for _, headers := range []map[string]string{x.RequestHeaders, x.ResponseHeaders} {
		for name, v := range headers {
			all += name + v
		}
	}
	if strings.Contains(all, secret) {
		t.Errorf("the record holds the secret: %+v", x)
	}
	for name, want := range map[string]string{"X-Plain": "plain", "Idempotency-Key": "call_1/2/3", "Webhook-Id": "msg_1", "Authorization": masked} {
		if got := x.RequestHeaders[name]; got != want {
			t.Errorf("header %s is kept as %q, want %q", name, got, want)
		}
	}
	if want := `{"author":"Ada","n":1.50,"nested":[{"access_token":"***"}],"password":"***"}`; x.RequestBody != want {
		t.Errorf("body is kept as %s, want %s", x.RequestBody, want)
	}
	if !strings.Contains(string(x.Answer), secret) {
		t.Error("what is acted on was masked")
	}
}

func TestMaskBody(t *testing.T) {
	for in, want := range map[string]string{
		``:                                    ``,
		`{"b": 1,  "a": "<x>"}`:               `{"b": 1,  "a": "<x>"}`,
		`{"token":""}`:                        `{"token":""}`,
		`{"tokens_used":5}`:                   `{"tokens_used":5}`,
		`{"apiKey":"abc"}`:                    `{"apiKey":"***"}`,
		`{"api_key":"abc","html":"<b>"}`:      `{"api_key":"***","html":"<b>"}`,
		`[{"Client-Secret":"abc"}]`:           `[{"Client-Secret":"***"}]`,
		`{"keyboard":"qwertz"}`:               `{"keyboard":"qwertz"}`,
		`user=ada&access_token=abc&x=1`:       `user=ada&access_token=***&x=1`,
		`{"password":"abc", cut short`:        `{"password":"***", cut short`,
		`<p>API key: abcdef</p>`:              `<p>API key: ***</p>`,
		`the secret of a good talk is to ask`: `the secret of a good talk is to ask`,
	} {
		if got := maskBody(in); got != want {
			t.Errorf("maskBody(%s) = %s, want %s", in, got, want)
		}
	}
}

func TestKeptTextIsText(t *testing.T) {
	x := begin(Outgoing{Method: "POST", URL: "https://h/", Header: http.Header{"X": {"a\x00\xff", "b"}}, Body: []byte("\x00\xff" + strings.Repeat("é", MaxKept))}, time.Now())
	if got := x.RequestHeaders["X"]; got != "a\uFFFD\uFFFD, b" {
		t.Errorf("header kept as %q", got)
	}
	if len(x.RequestBody) > MaxKept || len(x.RequestBody) < MaxKept-1 || !strings.HasPrefix(x.RequestBody, "\uFFFD\uFFFDé") || !strings.HasSuffix(x.RequestBody, "é") {
		t.Errorf("body of %d bytes kept as %q...", len(x.RequestBody), x.RequestBody[:10])
	}
}

func FuzzMaskBody(f *testing.F) {
	for _, s := range []string{`{"a":{"token":"x"}}`, `token=`, `"`, `[[[[`, "password: \x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := maskBody(s)
		if twice := maskBody(once); twice != once {
			t.Errorf("maskBody(%q) = %q, then %q", s, once, twice)
		}
	})
}
