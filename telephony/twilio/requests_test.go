package twilio

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

func dial(ctx context.Context, k *Carrier) error {
	_, err := k.Dial(ctx, telephony.Outgoing{Call: "c1", From: "+15550100001", To: "+15550100002"})
	return err
}

func state(ctx context.Context, k *Carrier) error {
	_, err := k.State(ctx, telephony.Ref{ID: testCall})
	return err
}

// When a request is sent again, and when it is not.
func TestWhatWasNotTakenIsSentAgain(t *testing.T) {
	tooMany := restError(429, 20429)
	asks := func(after string) *failure { f := *tooMany; f.after = after; return &f }
	broken := &failure{status: 503, body: "<html>"}
	for _, tt := range []struct {
		name      string
		ask       func(context.Context, *Carrier) error
		fail      func(int) *failure
		tries     int
		ok        bool
		from, to  time.Duration // how long it takes
		tellAfter time.Duration // Error.After
	}{
		{"a dial that was one too many", dial, first(1, tooMany), 2, true, time.Second / 2, time.Second, 0},
		{"three times too many", dial, first(3, tooMany), 4, true, 3500 * time.Millisecond, 7 * time.Second, 0},
		{"always too many", dial, always(tooMany), 4, false, 3500 * time.Millisecond, 7 * time.Second, 0},
		{"a 429 without Twilio's code", dial, first(1, &failure{status: 429, body: "slow"}), 2, true, time.Second / 2, time.Second, 0},
		{"Twilio says how long", dial, first(1, asks("5")), 2, true, 5 * time.Second, 5 * time.Second, 0},
		{"Twilio says that it takes no time", dial, first(1, asks("0")), 2, true, time.Second / 2, time.Second, 0},
		{"Twilio says nonsense", dial, first(1, asks("-1")), 2, true, time.Second / 2, time.Second, 0},
		{"Twilio says when", dial, first(1, asks("Sat, 01 Jan 2000 00:00:07 GMT")), 2, true, 7 * time.Second, 7 * time.Second, 0},
		{"Twilio says too long", dial, first(1, asks("31")), 1, false, 0, 0, 31 * time.Second},
		{"a dial whose fate is not known", dial, first(1, broken), 1, false, 0, 0, 0},
		{"a dial that is refused", dial, first(1, restError(400, 21211)), 1, false, 0, 0, 0},
		{"a question to which Twilio failed", state, first(2, broken), 3, true, 1500 * time.Millisecond, 3 * time.Second, 0},
		{"a question to which it always fails", state, always(broken), 4, false, 3500 * time.Millisecond, 7 * time.Second, 0},
		{"a question about nothing", state, always(restError(404, 20404)), 1, false, 0, 0, 0},
		{"a hang-up at which Twilio failed", func(ctx context.Context, k *Carrier) error { return k.Hangup(ctx, telephony.Ref{ID: testCall}) }, first(1, broken), 1, false, 0, 0, 0},
		{"a recall whose fate is not known", func(ctx context.Context, k *Carrier) error { return k.Recall(ctx, telephony.Ref{ID: testCall}) }, first(1, broken), 1, false, 0, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k, s := newCarrier(t)
				s.calls[testCall] = telephony.InProgress
				s.fail = tt.fail
				begin := time.Now()
				err := tt.ask(t.Context(), k)
				if (err == nil) != tt.ok || len(s.asked) != tt.tries {
					t.Errorf("%d tries, %v; want %d", len(s.asked), err, tt.tries)
				}
				if took := time.Since(begin); took < tt.from || took > tt.to {
					t.Errorf("took %v, want %v to %v", took, tt.from, tt.to)
				}
				var e *Error
				if errors.As(err, &e) && e.After != tt.tellAfter {
					t.Errorf("After = %v, want %v", e.After, tt.tellAfter)
				}
			})
		})
	}
}

func TestPausesAreNotAllTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pauses := map[time.Duration]bool{}
		for range 20 {
			k, s := newCarrier(t)
			s.fail = first(1, restError(429, 20429))
			dial(t.Context(), k)
			pauses[s.asked[1].at.Sub(s.asked[0].at)] = true
		}
		if len(pauses) < 10 {
			t.Errorf("20 pauses are of %d lengths", len(pauses))
		}
	})
}

// A pause never outlives whoever waits, and what came of it is still told.
func TestAContextEndsAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, s := newCarrier(t)
		s.fail = always(&failure{status: 429, body: "{}", after: "20"})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(3*time.Second, cancel)
		begin := time.Now()
		err := dial(ctx, k)
		var e *Error
		if !errors.Is(err, context.Canceled) || !errors.As(err, &e) || !e.Retry || e.Status != 429 {
			t.Errorf("Dial() = %v, want a cancelled 429 that may be repeated", err)
		}
		if took := time.Since(begin); took != 3*time.Second {
			t.Errorf("took %v", took)
		}

		short, done := context.WithTimeout(t.Context(), 10*time.Second)
		defer done()
		begin = time.Now()
		if err := dial(short, k); !errors.As(err, &e) || e.Status != 429 || time.Since(begin) != 0 {
			t.Errorf("Dial() = %v after %v; want the 429 at once: there is no time for the pause", err, time.Since(begin))
		}
	})
}

func TestEdgeAndRegionComeFromTheAccountAndNotFromTheEnvironment(t *testing.T) {
	other := Account{SID: "AC00000000000000000000000000000002", Token: "67890", Edge: "dublin", Region: "ie1"}
	path := func(sid string) string { return "/Accounts/" + sid + "/Calls/" + testCall + ".json" }
	for _, tt := range []struct {
		change func(*Config)
		sid    string
		want   string
	}{
		{func(c *Config) {}, testAccount, "GET api.twilio.com" + path(testAccount)},
		{func(c *Config) { c.Edge, c.Region = "sydney", "au1" }, testAccount, "GET api.sydney.au1.twilio.com" + path(testAccount)},
		{func(c *Config) { c.Edge = "sydney" }, testAccount, "GET api.sydney.us1.twilio.com" + path(testAccount)},
		{func(c *Config) { c.Region = "au1" }, testAccount, "GET api.au1.twilio.com" + path(testAccount)},
		{func(c *Config) { c.Edge, c.Region = "sydney", "au1" }, other.SID, "GET api.dublin.ie1.twilio.com" + path(other.SID)},
		{func(c *Config) { c.Edge, c.APIBase = "sydney", "https://proxy.example.com:8443" }, testAccount, "GET proxy.example.com:8443" + path(testAccount)},
	} {
		k, s := newCarrier(t, tt.change, func(c *Config) { c.Accounts = accounts{other.SID: other} })
		s.accounts[other.SID] = other.Token
		s.calls[testCall] = telephony.Queued
		_, err := k.State(t.Context(), telephony.Ref{Account: tt.sid, ID: testCall})
		if err != nil || s.last().what != tt.want {
			t.Errorf("asked %s, %v; want %s", s.last().what, err, tt.want)
		}
	}
}

// The host that gets the credentials can't be chosen by naming an edge.
func TestAnEdgeIsANameAndNoAddress(t *testing.T) {
	for _, name := range []string{"evil.example.com/", "x@evil", "a.b", "a:80", "Dublin", "a b", "a#", "é"} {
		c := Config{AccountSID: testAccount, AuthToken: testToken, PublicURL: "https://h"}
		c.Edge = name
		if _, err := NewCarrier(c); err == nil {
			t.Errorf("edge %q is accepted", name)
		}
		c.Edge, c.Region = "", name
		if _, err := NewCarrier(c); err == nil {
			t.Errorf("region %q is accepted", name)
		}
		for _, a := range []Account{{Edge: name}, {Region: name}} {
			a.SID, a.Token = "AC00000000000000000000000000000002", "67890"
			k, s := newCarrier(t, func(c *Config) { c.Accounts = accounts{a.SID: a} })
			if err := k.Hangup(t.Context(), telephony.Ref{Account: a.SID, ID: testCall}); err == nil || len(s.asked) != 0 {
				t.Errorf("an account with edge %q, region %q: %v and %d requests", a.Edge, a.Region, err, len(s.asked))
			}
			if _, err := k.Account(t.Context(), a); err == nil || len(s.asked) != 0 {
				t.Errorf("the same, told: %v and %d requests", err, len(s.asked))
			}
		}
	}
}

// Over a real socket: credentials are not carried along a redirect.
func TestARedirectIsNotFollowed(t *testing.T) {
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method)
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	}))
	defer server.Close()
	k, _ := newCarrier(t, func(c *Config) { c.APIBase, c.Transport = server.URL, server.Client().Transport })
	if err := dial(t.Context(), k); err == nil {
		t.Error("Dial() was answered by a redirect")
	}
	if !slices.Equal(asked, []string{"POST"}) {
		t.Errorf("asked %v", asked)
	}
}
