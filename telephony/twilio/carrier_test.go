package twilio

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
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

// rest is Twilio's REST interface in small: it keeps the calls it is asked to
// place, and fails as it is told to.
type rest struct {
	mu    sync.Mutex
	calls map[string]telephony.State
	ended any           // every call's end_time; nil is null
	last  *http.Request // with its form read
	fail  *failure
	hold  chan struct{} // if set, no answer before it is closed
}

type failure struct {
	status int
	body   string
}

// restError is an error as Twilio writes it, with a secret in its text.
func restError(status, code int) *failure {
	return &failure{status, fmt.Sprintf(`{"code":%d,"message":"The number +15550100002 and %s are bad","more_info":"https://www.twilio.com/docs/errors/%d","status":%d}`, code, testToken, code, status)}
}

func (s *rest) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.ParseForm()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = r
	if s.hold != nil {
		select {
		case <-s.hold:
		case <-r.Context().Done():
			return
		}
	}
	w.Header().Set("Content-Type", "application/json")
	sid, err := s.answer(r)
	if err != nil {
		w.WriteHeader(err.status)
		io.WriteString(w, err.body)
		return
	}
	if sid == "" {
		sid = testCall
		s.calls[sid] = telephony.Queued
		w.WriteHeader(http.StatusCreated)
	}
	json.NewEncoder(w).Encode(map[string]any{"sid": sid, "status": s.calls[sid], "duration": nil, "end_time": s.ended})
}

// answer does what r asks and returns the call that it is about, "" for a new one.
func (s *rest) answer(r *http.Request) (sid string, err *failure) {
	user, secret, _ := r.BasicAuth()
	rest, ours := strings.CutPrefix(r.URL.Path, "/2010-04-01/Accounts/"+testAccount+"/Calls")
	sid, _ = strings.CutSuffix(strings.TrimPrefix(rest, "/"), ".json")
	state, known := s.calls[sid]
	switch {
	case s.fail != nil:
		return "", s.fail
	case user != testAccount || secret != testToken || !ours:
		return "", restError(401, 20003)
	case rest == ".json":
		return "", nil
	case !known:
		return "", restError(404, 20404)
	case r.Method == http.MethodPost && state.Terminal():
		return "", restError(400, 21220)
	case r.Method == http.MethodPost:
		s.calls[sid] = telephony.State(r.PostForm.Get("Status"))
	}
	return sid, nil
}

func newCarrier(t *testing.T, change ...func(*Config)) (*Carrier, *rest) {
	t.Helper()
	t.Setenv("TWILIO_EDGE", "dublin") // must be of no effect
	t.Setenv("TWILIO_REGION", "ie1")
	s := &rest{calls: map[string]telephony.State{}}
	server := httptest.NewServer(s)
	transport := &http.Transport{}
	t.Cleanup(func() { transport.CloseIdleConnections(); server.Close() })
	c := Config{AccountSID: testAccount, AuthToken: testToken, PublicURL: "https://voice.example.com", APIBase: server.URL, Transport: transport}
	for _, f := range change {
		f(&c)
	}
	k, err := NewCarrier(c)
	if err != nil {
		t.Fatal(err)
	}
	return k, s
}

func TestACallIsPlacedAskedAfterAndEnded(t *testing.T) {
	k, s := newCarrier(t)
	ctx := t.Context()
	id, err := k.Dial(ctx, telephony.Outgoing{Call: "a b&c", From: "+15550100001", To: "+15550100002", RingTimeout: 45 * time.Second})
	if err != nil || id != testCall {
		t.Fatalf("Dial() = %q, %v", id, err)
	}
	want := url.Values{
		"To": {"+15550100002"}, "From": {"+15550100001"}, "Timeout": {"45"},
		"Url": {"https://voice.example.com/twilio/voice?call=a+b%26c"}, "Method": {"POST"},
		"StatusCallback": {"https://voice.example.com/twilio/status?call=a+b%26c"}, "StatusCallbackMethod": {"POST"},
		"StatusCallbackEvent": {"initiated", "ringing", "answered", "completed"},
	}
	if got := s.last.PostForm; got.Encode() != want.Encode() {
		t.Errorf("asked for\n%v\nwant\n%v", got, want)
	}
	if is, err := k.State(ctx, telephony.Ref{ID: id}); err != nil || is.State != telephony.Queued {
		t.Errorf("State() = %+v, %v; want queued", is, err)
	}
	if err := k.Hangup(ctx, telephony.Ref{ID: id}); err != nil {
		t.Errorf("Hangup() = %v", err)
	}
	if is, err := k.State(ctx, telephony.Ref{ID: id}); err != nil || is.State != telephony.Completed {
		t.Errorf("State() = %+v, %v; want completed", is, err)
	}
	if err := k.Hangup(ctx, telephony.Ref{ID: id}); err != nil {
		t.Errorf("Hangup() of a call that is over = %v", err)
	}
	if err := k.Hangup(ctx, telephony.Ref{ID: "CA00000000000000000000000000000000"}); err != nil {
		t.Errorf("Hangup() of a call that is forgotten = %v", err)
	}
	if _, err := k.State(ctx, telephony.Ref{ID: "CA00000000000000000000000000000000"}); !errors.Is(err, telephony.ErrUnknownCall) {
		t.Errorf("State() of an unknown call = %v", err)
	}
}

// When a call ended is taken from Twilio if that is readable, and only once the
// call is over. A call is over without it, too.
func TestTheEndOfACallIsRead(t *testing.T) {
	for end, want := range map[any]time.Time{
		"Sun, 22 Nov 2026 03:46:36 +0000": time.Date(2026, 11, 22, 3, 46, 36, 0, time.UTC),
		"Sun, 22 Nov 2026 03:46:36 -0500": time.Date(2026, 11, 22, 8, 46, 36, 0, time.UTC),
		"Mon, 01 Jan 0001 00:00:00 +0000": {},
		"2026-11-22T03:46:36Z":            {},
		"yesterday":                       {},
		"":                                {},
		nil:                               {},
	} {
		k, s := newCarrier(t)
		s.ended = end
		s.calls[testCall] = telephony.Completed
		if is, err := k.State(t.Context(), telephony.Ref{ID: testCall}); err != nil || is.State != telephony.Completed || !is.Ended.Equal(want) {
			t.Errorf("ended %q: State() = %+v, %v; want completed at %v", end, is, err, want)
		}
		s.calls[testCall] = telephony.InProgress
		if is, err := k.State(t.Context(), telephony.Ref{ID: testCall}); err != nil || is.State != telephony.InProgress || !is.Ended.IsZero() {
			t.Errorf("ended %q: State() = %+v, %v; want in progress, without an end", end, is, err)
		}
	}
}

func TestCallIDsDoNotReachThePath(t *testing.T) {
	k, s := newCarrier(t)
	for _, id := range []string{"", "../Recordings", "CA1/../x", "CA1?x", "CA 1"} {
		if err := k.Hangup(t.Context(), telephony.Ref{ID: id}); !errors.Is(err, telephony.ErrUnknownCall) {
			t.Errorf("Hangup(%q) = %v", id, err)
		}
	}
	if s.last != nil {
		t.Errorf("asked for %s", s.last.URL)
	}
}

func TestErrorsSayWhatToDoAndNoSecrets(t *testing.T) {
	ops := map[string]func(*Carrier) error{
		"dial": func(k *Carrier) error {
			_, err := k.Dial(context.Background(), telephony.Outgoing{From: "+15550100001", To: "+15550100002"})
			return err
		},
		"hangup": func(k *Carrier) error { return k.Hangup(context.Background(), telephony.Ref{ID: testCall}) },
		"state": func(k *Carrier) error {
			_, err := k.State(context.Background(), telephony.Ref{ID: testCall})
			return err
		},
	}
	for _, tt := range []struct {
		name        string
		fail        *failure
		code        int
		text        string // part of the error
		dial, other bool   // Retry of a dial, of the others
	}{
		{"wrong token", restError(401, 20003), 20003, "auth token", false, false},
		{"bad To", restError(400, 21211), 21211, "country code", false, false},
		{"bad From", restError(400, 21212), 21212, "account owns", false, false},
		{"country not allowed", restError(400, 21215), 21215, "geographic permissions", false, false},
		{"trial account", restError(400, 21219), 21219, "verif", false, false},
		{"too many requests", restError(429, 20429), 20429, "try again", true, true},
		{"429 of a proxy", &failure{429, "slow down " + testToken}, 0, "HTTP 429", true, true},
		{"queue full", restError(400, 22005), 22005, "24 hours", false, false},
		{"a code of tomorrow", restError(400, 29999), 29999, "docs/errors/29999", false, false},
		{"503 that is no JSON", &failure{503, "<html>" + testToken}, 0, "HTTP 503", false, true},
		{"500 with code", restError(500, 20500), 20500, "docs/errors/20500", false, true},
		{"404 of something else", &failure{404, "not here"}, 0, "check the address", false, false},
		{"a redirect", &failure{302, ""}, 0, "check the address", false, false},
		{"an endless answer", &failure{400, `{"code":1,"message":"` + strings.Repeat("x", 2<<20)}, 0, "HTTP 400", false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k, s := newCarrier(t)
			s.fail = tt.fail
			for op, ask := range ops {
				err := ask(k)
				var e *Error
				if !errors.As(err, &e) {
					t.Fatalf("%s: %v is no *Error", op, err)
				}
				retry := tt.other
				if op == "dial" {
					retry = tt.dial
				}
				if e.Op != op || e.Code != tt.code || e.Status != tt.fail.status || e.Retry != retry || !strings.Contains(e.Error(), tt.text) {
					t.Errorf("%s: %+v (%v), want code %d, status %d, retry %v, text %q", op, e, e, tt.code, tt.fail.status, retry, tt.text)
				}
				for _, secret := range []string{testToken, testAccount, "1555010"} {
					if strings.Contains(err.Error(), secret) {
						t.Errorf("%s: %q tells %s", op, err, secret)
					}
				}
			}
		})
	}
}

func TestAContextEndsARequest(t *testing.T) {
	k, s := newCarrier(t)
	s.hold = make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	begin := time.Now()
	_, err := k.Dial(ctx, telephony.Outgoing{From: "+15550100001", To: "+15550100002"})
	var e *Error
	if !errors.Is(err, context.Canceled) || !errors.As(err, &e) || e.Retry || e.Status != 0 {
		t.Errorf("Dial() = %v, want it cancelled and not to be repeated", err)
	}
	if time.Since(begin) > 5*time.Second {
		t.Errorf("took %v", time.Since(begin))
	}
	if strings.Contains(err.Error(), testAccount) {
		t.Errorf("%v names the account", err)
	}
}

func TestARequestHasItsOwnTimeout(t *testing.T) {
	k, s := newCarrier(t, func(c *Config) { c.Timeout = 20 * time.Millisecond })
	s.hold = make(chan struct{})
	_, err := k.State(t.Context(), telephony.Ref{ID: testCall})
	var e *Error
	if !errors.Is(err, context.DeadlineExceeded) || !errors.As(err, &e) || !e.Retry {
		t.Errorf("State() = %v, want a timeout that may be repeated", err)
	}
}

func TestADialThatNeverLeftMayBeRepeated(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	k, _ := newCarrier(t, func(c *Config) { c.APIBase = "http://" + address })
	_, err = k.Dial(t.Context(), telephony.Outgoing{From: "+15550100001", To: "+15550100002"})
	var e *Error
	if !errors.As(err, &e) || !e.Retry {
		t.Errorf("Dial() = %v, want Retry", err)
	}
}

// hosts notes which host was asked, and answers nothing.
type hosts []string

func (h *hosts) RoundTrip(r *http.Request) (*http.Response, error) {
	*h = append(*h, r.URL.Scheme+"://"+r.URL.Host+r.URL.Path)
	return nil, errors.New("no network")
}

func TestEdgeAndRegionComeFromTheConfigAndNotFromTheEnvironment(t *testing.T) {
	path := "/2010-04-01/Accounts/" + testAccount + "/Calls/" + testCall + ".json"
	var asked hosts
	for _, change := range []func(*Config){
		func(c *Config) { c.APIBase = "" },
		func(c *Config) { c.APIBase, c.Edge, c.Region = "", "sydney", "au1" },
		func(c *Config) { c.APIBase = "https://proxy.example.com:8443/twilio/" },
	} {
		k, _ := newCarrier(t, change, func(c *Config) { c.Transport = &asked })
		k.State(t.Context(), telephony.Ref{ID: testCall})
	}
	want := hosts{"https://api.twilio.com" + path, "https://api.sydney.au1.twilio.com" + path, "https://proxy.example.com:8443/twilio" + path}
	if !slices.Equal(asked, want) {
		t.Errorf("asked\n%v\nwant\n%v", asked, want)
	}
}
