package twilio

import (
	"net/url"
	"testing"

	"github.com/twilio/twilio-go/client"
)

// published is the vendor's own example.
var published = url.Values{"CallSid": {"CA1234567890ABCDE"}, "Caller": {"+14158675309"}, "Digits": {"1234"}, "From": {"+14158675309"}, "To": {"+18005551212"}}

func TestPublishedVectors(t *testing.T) {
	const address = "https://mycompany.com/myapp.php?foo=1&bar=2"
	conference := url.Values{}
	for name, values := range published {
		conference[name] = values
	}
	conference["Reason"], conference["ReasonConferenceEnded"] = []string{"Participant"}, []string{"test"}
	v := NewValidator("12345")
	if !v.Valid(address, conference, "vOEb5UThFn24KEfnOFLQY2AE5FY=") {
		t.Error("the signature of fields whose names begin alike is refused")
	}
	if v.Valid(address, conference, "95+Bu0JVPi0r/SsESZCVf0dWAjw=") {
		t.Error("a signature with fields in the wrong order is accepted")
	}
	if !v.Valid("http://mycompany.com:1234/myapp.php?foo=1&bar=2", conference, "n2xBNyzSW7rfYStDtOFiFMv7qNo=") {
		t.Error("a signature without the port of an http address is refused")
	}
	if !v.Valid(address, published, "RSOYDt4T1cUTdK1PDd93/VVr8B8=") {
		t.Error("the documented signature is refused")
	}
	for _, bad := range []string{"", "RSOYDt4T1cUTdK1PDd93/VVr8B9=", "RSOYDt4T1cUTdK1PDd93/VVr8B8", "AAAA", "RSOYDt4T1cUTdK1PDd93/VVr8B8=RSOYDt4T1cUTdK1PDd93/VVr8B8="} {
		if v.Valid(address, published, bad) {
			t.Errorf("%q is accepted", bad)
		}
	}
}

func TestSignatureQuirks(t *testing.T) {
	form := url.Values{"a": {"1"}}
	for _, tt := range []struct {
		name, asked, signed string
		form                url.Values
		text                string // fields as signed
		want                bool
	}{
		{"the same", "https://h/p", "https://h/p", form, "a1", true},
		{"port dropped", "https://h:8443/p", "https://h/p", form, "a1", true},
		{"port added", "https://h/p", "https://h:443/p", form, "a1", true},
		{"wss port added", "wss://h/m", "wss://h:443/m", nil, "", true},
		{"wss port dropped", "wss://h:8443/m", "wss://h/m", nil, "", true},
		{"ws port added", "ws://127.0.0.1/m", "ws://127.0.0.1:80/m", nil, "", true},
		{"wss is not https", "wss://h/m", "https://h/m", nil, "", false},
		{"a slash matters", "wss://h/", "wss://h", nil, "", false},
		{"another port", "https://h:8443/p", "https://h:8444/p", form, "a1", false},
		{"IPv6 port dropped", "https://[2001:db8::1]:8443/p", "https://[2001:db8::1]/p", form, "a1", true},
		{"IPv6 port added", "https://[2001:db8::1]/p", "https://[2001:db8::1]:443/p", form, "a1", true},
		{"fragment never signed", "https://h/p?x=1#rc=2&rp=4xx", "https://h/p?x=1", form, "a1", true},
		{"query sorted on the wire", "https://h/p?b=2&a=1", "https://h/p?a=1&b=2", form, "a1", true},
		{"query left out", "https://h/p?b=2", "https://h/p", form, "a1", false},
		{"bodySHA256 means nothing in a form", "https://h/p?bodySHA256=00", "https://h/p?bodySHA256=00", form, "a1", true},
		{"bodySHA256 does not free the fields", "https://h/p?bodySHA256=00", "https://h/p?bodySHA256=00", form, "", false},
		{"twice: first value", "https://h/p", "https://h/p", url.Values{"a": {"2", "1", "2"}}, "a2", true},
		{"twice: in order", "https://h/p", "https://h/p", url.Values{"a": {"2", "1", "2"}}, "a2a1a2", true},
		{"twice: each once, sorted", "https://h/p", "https://h/p", url.Values{"a": {"2", "1", "2"}}, "a1a2", true},
		{"twice: last value", "https://h/p", "https://h/p", url.Values{"a": {"2", "1"}}, "a1", false},
		{"port and query", "https://h:8443/p?b=2&a=1", "https://h/p?a=1&b=2", form, "a1", true},
		{"no scheme", "h/p", "h/p", form, "a1", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			signature := sign(testToken, tt.signed+tt.text, nil)
			if got := NewValidator("other", testToken).Valid(tt.asked, tt.form, signature); got != tt.want {
				t.Errorf("Valid(%s) signed as %s = %v, want %v", tt.asked, tt.signed+tt.text, got, tt.want)
			}
		})
	}
}

// TestWhereTheOfficialValidatorErrs puts both side by side. What twilio-go
// accepts we accept; where it refuses what Twilio is known to send, we do not,
// and where it lets a form go unsigned, neither.
func TestWhereTheOfficialValidatorErrs(t *testing.T) {
	one := url.Values{"a": {"1"}}
	for _, tt := range []struct {
		name, asked, signed string
		form                url.Values
		theirs, ours        bool
	}{
		{"the same", "https://h.example/p", "https://h.example/p", one, true, true},
		{"https with its port, signed without", "https://h.example:443/p", "https://h.example/p", one, true, true},
		{"https without a port, signed with it", "https://h.example/p", "https://h.example:443/p", one, true, true},
		{"another port, signed without", "https://h.example:8443/p", "https://h.example/p", one, true, true},
		{"wss without a port, signed with it", "wss://h.example/m", "wss://h.example:443/m", nil, false, true},
		{"wss with a port, signed without", "wss://h.example:443/m", "wss://h.example/m", nil, true, true},
		{"wss signed as https", "wss://h.example/m", "https://h.example/m", nil, false, false},
		{"IPv6 with a port, signed without", "https://[2001:db8::1]:8443/p", "https://[2001:db8::1]/p", one, false, true},
		{"IPv6 without a port, signed with it", "https://[2001:db8::1]/p", "https://[2001:db8::1]:443/p", one, true, true},
		{"options for Twilio in the fragment", "https://h.example/p#rc=3&rp=5xx", "https://h.example/p", one, false, true},
		{"the fragment signed", "https://h.example/p", "https://h.example/p#rc=3", one, false, false},
		{"a slash at the end", "https://h.example/p/", "https://h.example/p", one, false, false},
		{"a slash after the host", "wss://h.example/", "wss://h.example", nil, false, false},
		{"a query sorted on the wire", "https://h.example/p?a=1&b=2", "https://h.example/p?a=1&b=2", one, true, true},
		{"a query that nobody sorted", "https://h.example/p?b=2&a=1", "https://h.example/p?a=1&b=2", one, false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			params := map[string]string{}
			for name := range tt.form {
				params[name] = tt.form.Get(name)
			}
			signature := sign(testToken, tt.signed, tt.form)
			oracle := client.NewRequestValidator(testToken)
			if got := oracle.Validate(tt.asked, params, signature); got != tt.theirs {
				t.Errorf("twilio-go: %v, want %v", got, tt.theirs)
			}
			if got := NewValidator(testToken).Valid(tt.asked, tt.form, signature); got != tt.ours {
				t.Errorf("Valid() = %v, want %v", got, tt.ours)
			}
		})
	}
}

func TestWithoutTokenNothingIsValid(t *testing.T) {
	if NewValidator("", "").Valid("https://h/p", nil, sign("", "https://h/p", nil)) {
		t.Error("a signature made with no token is accepted")
	}
}

// FuzzSignature has twilio-go as its oracle: what that accepts, we accept.
func FuzzSignature(f *testing.F) {
	f.Add("https://mycompany.com/myapp.php?foo=1&bar=2", "CallSid=CA1&To=%2B1", "RSOYDt4T1cUTdK1PDd93/VVr8B8=")
	f.Add("https://h:8443/p", "", "x")
	f.Add("://[::1:/?#", "a=1&a=2", "")
	f.Fuzz(func(t *testing.T, address, body, signature string) {
		v := NewValidator(testToken)
		form, err := url.ParseQuery(body)
		if err != nil {
			return
		}
		v.Valid(address, form, signature) // never panics
		if u, err := url.Parse(address); err != nil || u.Host == "" || u.Fragment != "" {
			return
		}
		right := sign(testToken, address, form)
		oracle := client.NewRequestValidator(testToken)
		params := map[string]string{}
		for name := range form {
			params[name] = form.Get(name)
		}
		if oracle.Validate(address, params, right) && !v.Valid(address, form, right) {
			t.Errorf("twilio-go accepts what we refuse: %q %q", address, body)
		}
		if v.Valid(address, form, sign("54321", address, form)) {
			t.Errorf("accepted under another token: %q %q", address, body)
		}
	})
}
