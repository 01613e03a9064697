package twilio

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

func TestACallIsPlacedAskedAfterAndEnded(t *testing.T) {
	k, s := newCarrier(t)
	ctx := t.Context()
	id, err := k.Dial(ctx, telephony.Outgoing{Call: "a b&c", From: "+15550100001", To: "+15550100002", RingTimeout: 45 * time.Second})
	if err != nil || id != testCall {
		t.Fatalf("Dial() = %q, %v", id, err)
	}
	want := url.Values{
		"To": {"+15550100002"}, "From": {"+15550100001"}, "Timeout": {"45"},
		"Url": {"https://voice.example.com/twilio/voice?call=a+b%26c" + overrides}, "Method": {"POST"},
		"StatusCallback": {"https://voice.example.com/twilio/status?call=a+b%26c"}, "StatusCallbackMethod": {"POST"},
		"StatusCallbackEvent": {"initiated", "ringing", "answered", "completed"},
	}
	if got := s.last().form; got.Encode() != want.Encode() {
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
		s.ended, s.took = end, "49"
		s.calls[testCall] = telephony.Completed
		if is, err := k.State(t.Context(), telephony.Ref{ID: testCall}); err != nil || is.State != telephony.Completed || !is.Ended.Equal(want) || is.Took != 49*time.Second {
			t.Errorf("ended %q: State() = %+v, %v; want completed at %v", end, is, err, want)
		}
		s.calls[testCall] = telephony.InProgress
		if is, err := k.State(t.Context(), telephony.Ref{ID: testCall}); err != nil || is.State != telephony.InProgress || !is.Ended.IsZero() || is.Took != 0 {
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
	if len(s.asked) != 0 {
		t.Errorf("asked for %s", s.last().what)
	}
}

func TestHowLongACallTookIsRead(t *testing.T) {
	for took, want := range map[any]time.Duration{
		"49": 49 * time.Second, "0": 0, nil: 0, "": 0, "-3": 0, "1.5": 0, "99999999999999999999": 0, "a while": 0,
	} {
		k, s := newCarrier(t)
		s.took = took
		s.calls[testCall] = telephony.Completed
		if is, err := k.State(t.Context(), telephony.Ref{ID: testCall}); err != nil || is.Took != want {
			t.Errorf("duration %q: State() = %+v, %v; want %v", took, is, err, want)
		}
	}
}

// What a Dial asks for beside what every one does.
func TestADialSaysWhatItsCallNeeds(t *testing.T) {
	const amd = "https://voice.example.com/twilio/amd?call=c1"
	for _, tt := range []struct {
		name string
		o    telephony.Outgoing
		want map[string]string // fields; empty: it is not sent
	}{
		{"nothing more", telephony.Outgoing{}, map[string]string{"Timeout": "30", "TimeLimit": "", "SendDigits": "", "MachineDetection": "", "AsyncAmd": "", "Record": ""}},
		{"a SIP address", telephony.Outgoing{To: "sip:bob@10.0.0.1:5061;transport=tls"}, map[string]string{"To": "sip:bob@10.0.0.1:5061;transport=tls"}},
		{"half a second of ringing is one", telephony.Outgoing{RingTimeout: time.Second / 2}, map[string]string{"Timeout": "1"}},
		{"an hour of ringing is Twilio's most", telephony.Outgoing{RingTimeout: time.Hour}, map[string]string{"Timeout": "600"}},
		{"a limit", telephony.Outgoing{TimeLimit: 90*time.Second + 1}, map[string]string{"TimeLimit": "91"}},
		{"keys", telephony.Outgoing{PostDial: "wW12*#D"}, map[string]string{"SendDigits": "wW12*#D"}},
		{"who answered", telephony.Outgoing{DetectMachine: true}, map[string]string{"MachineDetection": "Enable", "AsyncAmd": "true", "AsyncAmdStatusCallback": amd, "AsyncAmdStatusCallbackMethod": "POST"}},
		{"keys, for which Twilio detects nothing", telephony.Outgoing{PostDial: "1", DetectMachine: true}, map[string]string{"SendDigits": "1", "MachineDetection": "", "AsyncAmd": "", "AsyncAmdStatusCallback": ""}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k, s := newCarrier(t)
			tt.o.Call, tt.o.From, tt.o.To = "c1", "+15550100001", cmp.Or(tt.o.To, "+15550100002")
			if _, err := k.Dial(t.Context(), tt.o); err != nil {
				t.Fatal(err)
			}
			for name, want := range tt.want {
				if got := s.last().form.Get(name); got != want {
					t.Errorf("%s = %q, want %q", name, got, want)
				}
			}
		})
	}
}

func TestKeysThatNobodyHasAreRefused(t *testing.T) {
	for _, keys := range []telephony.Outgoing{{PostDial: "1,2"}, {PostDial: "1 2"}, {PostDial: "a"}, {PostDial: "１"}, {PostDial: strings.Repeat("1", 33)}} {
		k, s := newCarrier(t)
		_, err := k.Dial(t.Context(), keys)
		var e *Error
		if !errors.As(err, &e) || e.Retry || len(s.asked) != 0 {
			t.Errorf("Dial() with keys %q = %v, and %d requests", keys.PostDial, err, len(s.asked))
		}
	}
}

func TestARecallSendsTheCallToTheDoor(t *testing.T) {
	k, s := newCarrier(t)
	s.calls[testCall] = telephony.InProgress
	if err := k.Recall(t.Context(), telephony.Ref{ID: testCall}); err != nil {
		t.Fatal(err)
	}
	want := url.Values{"Url": {"https://voice.example.com/twilio/next" + overrides}, "Method": {"POST"}}
	if got := s.last().form; got.Encode() != want.Encode() {
		t.Errorf("asked for %v, want %v", got, want)
	}
	s.calls[testCall] = telephony.Completed
	for _, id := range []string{testCall, "CA00000000000000000000000000000000"} {
		if err := k.Recall(t.Context(), telephony.Ref{ID: id}); !errors.Is(err, telephony.ErrUnknownCall) {
			t.Errorf("Recall() of a call that is over = %v", err)
		}
	}
}

func TestErrorsSayWhatToDoAndNoSecrets(t *testing.T) {
	ops := map[string]func(*Carrier) error{
		"dial": func(k *Carrier) error {
			_, err := k.Dial(context.Background(), telephony.Outgoing{From: "+15550100001", To: "+15550100002"})
			return err
		},
		"hangup": func(k *Carrier) error { return k.Hangup(context.Background(), telephony.Ref{ID: testCall}) },
		"recall": func(k *Carrier) error { return k.Recall(context.Background(), telephony.Ref{ID: testCall}) },
		"state": func(k *Carrier) error {
			_, err := k.State(context.Background(), telephony.Ref{ID: testCall})
			return err
		},
		"link": func(k *Carrier) error {
			_, err := k.Numbers().Link(context.Background(), Account{}, "+15550100001", nil, false)
			return err
		},
		"account": func(k *Carrier) error {
			_, err := k.Account(context.Background(), Account{})
			return err
		},
	}
	for _, tt := range []struct {
		name        string
		fail        *failure
		code        int
		text        string // part of the error
		once, other bool   // Retry of a dial and a recall, of the others
	}{
		{"wrong token", restError(401, 20003), 20003, "auth token", false, false},
		{"account suspended", restError(401, 20005), 20005, "Twilio console", false, false},
		{"caller id not the account's", restError(400, 21210), 21210, "verify", false, false},
		{"bad To", restError(400, 21211), 21211, "country code", false, false},
		{"bad From", restError(400, 21212), 21212, "account owns", false, false},
		{"country not allowed", restError(400, 21215), 21215, "geographic permissions", false, false},
		{"nobody there", restError(400, 21214), 21214, "can't be reached", false, false},
		{"blocked", restError(400, 21216), 21216, "blocks", false, false},
		{"no such number", restError(400, 21217), 21217, "exist", false, false},
		{"trial account", restError(400, 21219), 21219, "verif", false, false},
		{"too many requests", restError(429, 20429), 20429, "try again", true, true},
		{"429 of a proxy", &failure{status: 429, body: "slow down " + testToken}, 0, "HTTP 429", true, true},
		{"queue full", restError(400, 22005), 22005, "24 hours", false, false},
		{"a code of tomorrow", restError(400, 29999), 29999, "docs/errors/29999", false, false},
		{"503 that is no JSON", &failure{status: 503, body: "<html>" + testToken}, 0, "HTTP 503", false, true},
		{"500 with code", restError(500, 20500), 20500, "docs/errors/20500", false, true},
		{"404 of something else", &failure{status: 404, body: "not here"}, 0, "check the address", false, false},
		{"a redirect", &failure{status: 302, body: ""}, 0, "check the address", false, false},
		{"an endless answer", &failure{status: 400, body: `{"code":1,"message":"` + strings.Repeat("x", 2<<20)}, 0, "HTTP 400", false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for op, ask := range ops {
				synctest.Test(t, func(t *testing.T) {
					k, s := newCarrier(t)
					s.fail = always(tt.fail)
					err := ask(k)
					var e *Error
					if !errors.As(err, &e) {
						t.Fatalf("%s: %v is no *Error", op, err)
					}
					retry := tt.other
					if op == "dial" || op == "recall" {
						retry = tt.once
					}
					if e.Op != op || e.Code != tt.code || e.Status != tt.fail.status || e.Retry != retry || !strings.Contains(e.Error(), tt.text) {
						t.Errorf("%s: %+v (%v), want code %d, status %d, retry %v, text %q", op, e, e, tt.code, tt.fail.status, retry, tt.text)
					}
					for _, secret := range []string{testToken, testAccount, "1555010"} {
						if strings.Contains(err.Error(), secret) {
							t.Errorf("%s: %q tells %s", op, err, secret)
						}
					}
				})
			}
		})
	}
}

func TestAContextEndsARequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, s := newCarrier(t)
		s.hold = true
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		begin := time.Now()
		_, err := k.Dial(ctx, telephony.Outgoing{From: "+15550100001", To: "+15550100002"})
		var e *Error
		if !errors.Is(err, context.Canceled) || !errors.As(err, &e) || e.Retry || e.Status != 0 {
			t.Errorf("Dial() = %v, want it cancelled and not to be repeated", err)
		}
		if took := time.Since(begin); took != time.Second {
			t.Errorf("took %v", took)
		}
		if strings.Contains(err.Error(), testAccount) {
			t.Errorf("%v names the account", err)
		}
	})
}

func TestARequestHasItsOwnTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, s := newCarrier(t)
		s.hold = true
		begin := time.Now()
		_, err := k.State(t.Context(), telephony.Ref{ID: testCall})
		var e *Error
		if !errors.Is(err, context.DeadlineExceeded) || !errors.As(err, &e) || !e.Retry {
			t.Errorf("State() = %v, want a timeout that may be repeated", err)
		}
		if took := time.Since(begin); took != 10*time.Second || len(s.asked) != 1 {
			t.Errorf("took %v and %d requests, want one of 10 s", took, len(s.asked))
		}
	})
}

func TestADialThatNeverLeftMayBeRepeated(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	k, _ := newCarrier(t, func(c *Config) { c.APIBase, c.Transport = "http://"+address, &http.Transport{} })
	_, err = k.Dial(t.Context(), telephony.Outgoing{From: "+15550100001", To: "+15550100002"})
	var e *Error
	if !errors.As(err, &e) || !e.Retry {
		t.Errorf("Dial() = %v, want Retry", err)
	}
}
