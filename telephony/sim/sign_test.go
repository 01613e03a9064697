package sim

import (
	"net/url"
	"testing"

	"github.com/twilio/twilio-go/client"
)

func TestSignature(t *testing.T) {
	// The vector of the carrier's own documentation.
	const address = "https://mycompany.com/myapp.php?foo=1&bar=2"
	params := url.Values{"CallSid": {"CA1234567890ABCDE"}, "Caller": {"+14158675309"}, "Digits": {"1234"}, "From": {"+14158675309"}, "To": {"+18005551212"}}
	if got, want := sign("12345", address, params), "RSOYDt4T1cUTdK1PDd93/VVr8B8="; got != want {
		t.Errorf("signature %s, want %s", got, want)
	}
	plain := map[string]string{}
	for name := range params {
		plain[name] = params.Get(name)
	}
	v := client.NewRequestValidator("12345")
	if !v.Validate(address, plain, sign("12345", address, params)) {
		t.Error("the official client refuses the signature")
	}
	if v.Validate(address+"/", plain, sign("12345", address, params)) {
		t.Error("the official client takes another address")
	}
}

func TestSignedAddress(t *testing.T) {
	for _, tc := range []struct {
		address string
		drop    bool
		want    string
	}{
		{"https://h:8443/a?b=1", false, "https://h:8443/a?b=1"},
		{"https://h:8443/a?b=1", true, "https://h/a?b=1"},
		{"http://h:8080/a", true, "http://h:8080/a"},
		{"https://[::1]:8443/a", true, "https://[::1]/a"},
		{"https://h/a#rc=2&rp=5xx", false, "https://h/a"},
	} {
		if got := signedAddress(tc.address, tc.drop); got != tc.want {
			t.Errorf("signedAddress(%s, %v) = %s, want %s", tc.address, tc.drop, got, tc.want)
		}
	}
}

func FuzzTwiML(f *testing.F) {
	f.Add([]byte(`<?xml version="1.0"?><Response><Connect action="/n"><Stream url="wss://h/m"><Parameter name="a" value="b"/></Stream></Connect></Response>`))
	f.Add([]byte(`<Response><Dial><Number>+1</Number></Dial></Response>`))
	f.Add([]byte(`<Response><A><A><A><A><A><A><A><A><A>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		verbs, err := parseTwiML(data)
		if err == nil && len(verbs) > len(data) {
			t.Errorf("%d verbs out of %d bytes", len(verbs), len(data))
		}
	})
}

func FuzzStreamMessage(f *testing.F) {
	f.Add([]byte(`{"event":"media","streamSid":"MZ1","media":{"payload":"/w=="}}`))
	f.Add([]byte(`{"event":"mark","streamSid":"MZ1","mark":{"name":"x"}}`))
	f.Add([]byte(`{"event":null,"media":[]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s := &stream{sid: "MZ1"}
		event, _, offence := s.check(data)
		if _, known := gatewayEvents[event]; offence == nil && !known {
			t.Errorf("event %q is taken", event)
		}
	})
}
