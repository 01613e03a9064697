package twilio

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestAReasonIsToldOnceAMinuteWithHowManyWereNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n notices
		for _, tt := range []struct {
			after  time.Duration
			reason string
			more   int
			due    bool
		}{
			{0, ReasonUnsigned, 0, true},
			{0, ReasonUnsigned, 0, false},
			{0, ReasonBadForm, 0, true}, // another reason has a minute of its own
			{59 * time.Second, ReasonUnsigned, 0, false},
			{time.Second, ReasonUnsigned, 2, true},
			{time.Second, ReasonUnsigned, 0, false},
			{time.Hour, ReasonUnsigned, 1, true},
			{time.Hour, ReasonUnsigned, 0, true},
		} {
			time.Sleep(tt.after)
			if more, due := n.due(tt.reason, time.Now()); more != tt.more || due != tt.due {
				t.Errorf("after %v %s: %d, %v, want %d, %v", tt.after, tt.reason, more, due, tt.more, tt.due)
			}
		}
	})
}

func TestARefusalTellsTheAddressSignedForAndTheOneThatCame(t *testing.T) {
	var log lines
	r := newRig(t, func(c *Config) {
		c.PublicURL, c.Log = "https://voice.example.com", slog.New(slog.NewTextHandler(&log, nil))
	})
	here := strings.TrimPrefix(r.server.URL, "http://")
	for range 5 {
		r.raw(http.MethodPost, pathVoice+"?call=call-1", formOf().Encode(), signatureHeader, "forged", "X-Forwarded-Proto", "http", "X-Forwarded-Host", "inner.example"+strings.Repeat("x", 500))
	}
	got := log.String()
	if strings.Count(got, "\n") != 1 || !contains(got, "reason=bad_signature", "signed_for=https://voice.example.com/twilio/voice ", "came_as=http://"+here+"/twilio/voice ",
		"forwarded_proto=http ", "forwarded_host=inner.examplexx", "the auth token is the primary one") {
		t.Errorf("logged %q, want one line with both addresses", got)
	}
	if strings.Contains(got, testToken+" ") || strings.Contains(got, "555") || strings.Contains(got, "forged") || strings.Contains(got, "call-1") || len(got) > 1000 {
		t.Errorf("logged too much: %q", got)
	}
	if r.tally.of(ReasonBadSignature) != 5 {
		t.Errorf("counted %v, want all five", &r.tally)
	}
}

func TestASocketThatIsRefusedIsToldAsOne(t *testing.T) {
	var log lines
	r := newRig(t, func(c *Config) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	for range 3 {
		f := r.dial()
		f.say(startText("forged"))
		f.hearClose()
	}
	r.until("all are counted", func() bool { return r.tally.of(ReasonBadToken) == 3 })
	want := "signed_for=" + r.socket(pathMedia) + " "
	if n := log.with("reason=bad_token "); n != 1 || !strings.Contains(log.String(), want) {
		t.Errorf("logged %s, want one line with %s", &log, want)
	}
	if strings.Contains(log.String(), "forged") || strings.Contains(log.String(), testCall) {
		t.Errorf("logged a token or a call: %s", &log)
	}
}

func TestWithoutTheStoreOfAccountsNobodyIsTurnedAwayForGood(t *testing.T) {
	var log lines
	r := newRig(t, func(c *Config) {
		c.Accounts, c.Log = broken{}, slog.New(slog.NewTextHandler(&log, nil))
	})
	form := formOf(accountField, subAccount.SID)
	signature := sign(subAccount.Token, r.server.URL+pathVoice, form)
	if status, _ := r.raw(http.MethodPost, pathVoice, form.Encode(), signatureHeader, signature); status != http.StatusServiceUnavailable {
		t.Errorf("a sub-account's webhook: %d, want 503, which Twilio takes to the fallback address", status)
	}
	if status, _ := r.post(pathVoice, formOf()); status != http.StatusOK {
		t.Errorf("our own webhook: %d, want 200", status)
	}
	if r.tally.of(ReasonAccountsFailed) != 1 || log.with("the database is away") != 1 {
		t.Errorf("counted %v, logged %s", &r.tally, &log)
	}
}
