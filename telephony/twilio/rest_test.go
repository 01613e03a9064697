package twilio

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// rest is Twilio's REST interface in small: it keeps calls and numbers, knows
// which fields there are, and fails as it is told to.
type rest struct {
	t        *testing.T
	mu       sync.Mutex
	accounts map[string]string // SID to auth token
	calls    map[string]telephony.State
	numbers  []map[string]any // of testAccount, as Twilio writes them
	messages []map[string]any // newest first, as Twilio writes them
	ended    any              // every call's end_time; nil is null
	took     any              // every call's duration
	kind     string           // type of every account; empty: Full
	asked    []asked
	fail     func(try int) *failure // the request is the try-th; nil: it is answered
	hold     bool                   // no answer before the request is given up
}

// asked is a request that came, the answer to which may have been an error.
type asked struct {
	at      time.Time
	account string // that asked
	what    string // method, host, and path without /2010-04-01
	form    url.Values
}

type failure struct {
	status int
	body   string
	after  string // Retry-After
}

// restError is an error as Twilio writes it, with a secret in its text.
func restError(status, code int) *failure {
	return &failure{status: status, body: fmt.Sprintf(`{"code":%d,"message":"The number +15550100002 and %s are bad","more_info":"https://www.twilio.com/docs/errors/%d","status":%d}`, code, testToken, code, status)}
}

// always fails every request.
func always(f *failure) func(int) *failure { return func(int) *failure { return f } }

// first fails the first n requests.
func first(n int, f *failure) func(int) *failure {
	return func(try int) *failure {
		if try <= n {
			return f
		}
		return nil
	}
}

// RoundTrip implements [http.RoundTripper] without a network, so that tests of
// time can use it.
func (s *rest) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return w.Result(), nil
}

func (s *rest) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.ParseForm()
	user, secret, _ := r.BasicAuth()
	s.mu.Lock()
	defer s.mu.Unlock()
	path := strings.TrimPrefix(r.URL.Path, "/2010-04-01")
	s.asked = append(s.asked, asked{time.Now(), user, r.Method + " " + cmp.Or(r.URL.Host, r.Host) + path, r.Form})
	if s.hold {
		<-r.Context().Done()
		return
	}
	var fail *failure
	if s.fail != nil {
		fail = s.fail(len(s.asked))
	}
	var answer any
	status := http.StatusOK
	if fail == nil {
		account, path, _ := strings.Cut(strings.TrimPrefix(path, "/Accounts/"), "/")
		account = strings.TrimSuffix(account, ".json")
		if token, ok := s.accounts[user]; !ok || token != secret || account != user {
			fail = restError(401, 20003)
		} else {
			answer, status, fail = s.answer(r, account, path)
		}
	}
	w.Header().Set("Content-Type", "application/json")
	if fail != nil {
		if fail.after != "" {
			w.Header().Set("Retry-After", fail.after)
		}
		w.WriteHeader(fail.status)
		io.WriteString(w, fail.body)
		return
	}
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(answer)
}

// answer does what r asks of path, below the account.
func (s *rest) answer(r *http.Request, account, path string) (answer any, status int, _ *failure) {
	kind, id, _ := strings.Cut(strings.TrimSuffix(path, ".json"), "/")
	switch kind {
	case "":
		return map[string]any{"sid": account, "auth_token": s.accounts[account], "status": "active", "type": cmp.Or(s.kind, "Full"), "friendly_name": "somebody@example.com"}, 200, nil
	case "Calls":
		return s.call(r, id)
	case "IncomingPhoneNumbers":
		return s.number(r, account, id)
	case "Messages":
		return s.message(r)
	}
	s.t.Errorf("asked for %s", path)
	return nil, 0, restError(404, 20404)
}

func (s *rest) call(r *http.Request, id string) (answer any, status int, _ *failure) {
	status = http.StatusOK
	if id == "" {
		s.knows(r.PostForm, "To", "From", "Url", "Method", "StatusCallback", "StatusCallbackMethod", "StatusCallbackEvent", "Timeout", "TimeLimit",
			"SendDigits", "MachineDetection", "AsyncAmd", "AsyncAmdStatusCallback", "AsyncAmdStatusCallbackMethod")
		id, status = testCall, http.StatusCreated
		s.calls[id] = telephony.Queued
	}
	state, known := s.calls[id]
	switch {
	case !known:
		return nil, 0, restError(404, 20404)
	case r.Method == http.MethodPost && status == http.StatusOK:
		s.knows(r.PostForm, "Status", "Url", "Method")
		if state.Terminal() {
			return nil, 0, restError(400, 21220)
		}
		if to := r.PostForm.Get("Status"); to != "" {
			s.calls[id] = telephony.State(to)
		}
	}
	return map[string]any{"sid": id, "status": s.calls[id], "duration": s.took, "end_time": s.ended}, status, nil
}

func (s *rest) number(r *http.Request, account, id string) (answer any, status int, _ *failure) {
	if id == "" {
		s.knows(r.Form, "PhoneNumber", "PageSize")
		found := []map[string]any{}
		for _, n := range s.numbers {
			if account == testAccount && strings.Contains(n["phone_number"].(string), r.Form.Get("PhoneNumber")) {
				found = append(found, n)
			}
		}
		return map[string]any{"incoming_phone_numbers": found, "page": 0, "page_size": 50, "next_page_uri": nil}, 200, nil
	}
	i := slices.IndexFunc(s.numbers, func(n map[string]any) bool { return n["sid"] == id })
	if i < 0 || account != testAccount {
		return nil, 0, restError(404, 20404)
	}
	n := s.numbers[i]
	if r.Method == http.MethodGet {
		return n, 200, nil
	}
	if r.PostForm.Get("VoiceApplicationSid") == goneApplication || r.PostForm.Get("SmsApplicationSid") == goneApplication {
		return nil, 0, restError(404, 20404)
	}
	if r.PostForm.Get("VoiceUrl") == "" && r.PostForm.Get("VoiceFallbackUrl") != "" {
		return nil, 0, restError(400, 21405)
	}
	names := map[string]string{
		"VoiceUrl": "voice_url", "VoiceMethod": "voice_method", "VoiceFallbackUrl": "voice_fallback_url", "VoiceFallbackMethod": "voice_fallback_method",
		"StatusCallback": "status_callback", "StatusCallbackMethod": "status_callback_method", "VoiceApplicationSid": "voice_application_sid", "TrunkSid": "trunk_sid",
		"SmsUrl": "sms_url", "SmsMethod": "sms_method", "SmsFallbackUrl": "sms_fallback_url", "SmsFallbackMethod": "sms_fallback_method", "SmsApplicationSid": "sms_application_sid",
	}
	for name, values := range r.PostForm {
		key, ok := names[name]
		if !ok || len(values) != 1 || strings.HasSuffix(name, "Method") && values[0] == "" {
			s.t.Errorf("a number's %s was set to %q", name, values)
			continue
		}
		n[key] = values[0]
		if values[0] == "" && key == "trunk_sid" {
			n[key] = nil // as Twilio writes it
		}
	}
	if r.PostForm.Get("TrunkSid") != "" {
		n["voice_application_sid"] = "" // either takes the other off
	}
	if r.PostForm.Get("VoiceApplicationSid") != "" {
		n["trunk_sid"] = nil
	}
	return n, 200, nil
}

// goneApplication was a number's once.
const goneApplication = "AP00000000000000000000000000000009"

// knows fails the test for a field that is not one of names.
func (s *rest) knows(form url.Values, names ...string) {
	for name := range form {
		if !slices.Contains(names, name) {
			s.t.Errorf("the request has a field %s", name)
		}
	}
}

// last is the request that came last.
func (s *rest) last() asked {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.asked) == 0 {
		return asked{}
	}
	return s.asked[len(s.asked)-1]
}

// newCarrier returns a carrier and the Twilio that it asks.
func newCarrier(t *testing.T, change ...func(*Config)) (*Carrier, *rest) {
	t.Helper()
	t.Setenv("TWILIO_EDGE", "dublin") // must be of no effect
	t.Setenv("TWILIO_REGION", "ie1")
	s := &rest{t: t, calls: map[string]telephony.State{}, accounts: map[string]string{testAccount: testToken}}
	c := Config{AccountSID: testAccount, AuthToken: testToken, PublicURL: "https://voice.example.com", Transport: s}
	for _, f := range change {
		f(&c)
	}
	k, err := NewCarrier(c)
	if err != nil {
		t.Fatal(err)
	}
	return k, s
}
