package webhook

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// The vector that the specification's own libraries test themselves with.
func TestSignPublishedVector(t *testing.T) {
	o := Outgoing{Body: []byte(`{"test": 2432232314}`)}
	if err := Sign(&o, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0)); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "1614265330",
		"webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
	} {
		if got := o.Header.Get(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestReceiversVerifyWhatIsSigned(t *testing.T) {
	key := []byte("sixteen bytes or more")
	coded := "whsec_" + base64.StdEncoding.EncodeToString(key)
	theirs, err := standard.NewWebhook(coded)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := standard.NewWebhookRaw(key)
	if err != nil {
		t.Fatal(err)
	}
	for secret, receiver := range map[string]*standard.Webhook{coded: theirs, string(key): raw} {
		for _, body := range []string{`{"a":1}`, ""} {
			o := Outgoing{Header: http.Header{"X-Mine": {"1"}}, Body: []byte(body)}
			if err := Sign(&o, secret, "msg_1", time.Now()); err != nil {
				t.Fatal(err)
			}
			if err := receiver.Verify([]byte(body), o.Header); err != nil {
				t.Errorf("Verify(%q) = %v", body, err)
			}
			if err := receiver.Verify([]byte(body+" "), o.Header); err == nil {
				t.Error("a changed body was verified")
			}
			if o.Header.Get("X-Mine") != "1" {
				t.Error("the user's own header is gone")
			}
		}
	}
}

func TestSigningKey(t *testing.T) {
	for secret, good := range map[string]bool{
		"":                          false,
		strings.Repeat("a", 15):     false,
		strings.Repeat("a", 16):     true,
		strings.Repeat("ü", 8):      true,
		strings.Repeat("a", 512):    true,
		strings.Repeat("a", 513):    false,
		"whsec_":                    false,
		"whsec_not base64 at all!!": false,
		"whsec_" + base64.StdEncoding.EncodeToString(make([]byte, 15)): false,
		"whsec_" + base64.StdEncoding.EncodeToString(make([]byte, 16)): true,
	} {
		_, err := SigningKey(secret)
		if (err == nil) != good {
			t.Errorf("SigningKey(%.20q) = %v, want good %v", secret, err, good)
		}
		if err != nil && len(secret) > 10 && strings.Contains(err.Error(), secret) {
			t.Error("the error repeats the secret")
		}
	}
}

func TestSignLeavesTheUsersHeadersAlone(t *testing.T) {
	for _, name := range []string{"webhook-id", "Webhook-Timestamp", "WEBHOOK-SIGNATURE"} {
		h := http.Header{}
		h.Set(name, "mine")
		o := Outgoing{Header: h}
		if err := Sign(&o, "sixteen bytes or more", "msg_1", time.Now()); err != nil {
			t.Fatal(err)
		}
		if len(o.Header) != 1 || o.Header.Get(name) != "mine" {
			t.Errorf("%s: headers %v, want the user's own and no other", name, o.Header)
		}
	}
}
