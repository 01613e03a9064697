package twilio

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// handle is post without a network, for a bubble of virtual time.
func handle(trunk *Trunk, path string, form url.Values, idempotency string) (status int, body string) {
	req := httptest.NewRequest(http.MethodPost, "http://127.0.0.1"+path, strings.NewReader(form.Encode()))
	req.RequestURI = path
	req.Header.Set(signatureHeader, sign(testToken, "https://voice.example.com"+path, form))
	if idempotency != "" {
		req.Header.Set(repeatHeader, idempotency)
	}
	w := httptest.NewRecorder()
	trunk.Handler().ServeHTTP(w, req)
	return w.Code, w.Body.String()
}

// TestARepeatedVoiceWebhookNeverMintsASecondToken, whether Twilio repeats it
// within a second, or somebody who recorded it an hour later.
func TestARepeatedVoiceWebhookNeverMintsASecondToken(t *testing.T) {
	for _, tt := range []struct {
		name   string
		after  time.Duration
		tokens [2]string // of idempotency; empty: none was sent
	}{
		{"a second later", time.Second, [2]string{"one", "one"}},
		{"a second later, under another token", time.Second, [2]string{"one", "two"}},
		{"a second later, without a token", time.Second, [2]string{"", ""}},
		{"an hour later", time.Hour, [2]string{"one", "one"}},
		{"an hour later, without a token", time.Hour, [2]string{"one", ""}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk()
				trunk, err := New(Config{AccountSID: testAccount, AuthToken: testToken, PublicURL: "https://voice.example.com"}, d)
				if err != nil {
					t.Fatal(err)
				}
				_, first := handle(trunk, pathVoice, formOf(), tt.tokens[0])
				time.Sleep(tt.after)
				_, second := handle(trunk, pathVoice, formOf(), tt.tokens[1])
				if first != second || !strings.Contains(first, `value="token-CAfedc-1"`) {
					t.Errorf("answered\n%s\nthen\n%s", first, second)
				}
			})
		})
	}
}

func TestAVoiceWebhookReplayedWhileTheyTalkOpensNothing(t *testing.T) {
	r := newRig(t)
	token := r.ring()
	f := r.talking()
	if replayed := r.ring(); replayed != "" && replayed != token {
		t.Errorf("a replayed webhook minted %s", replayed)
	}
	second := r.dial()
	second.say(startText(token))
	if code := second.hearClose(); code != 1008 || r.tally.of(ReasonStillTalking) != 1 {
		t.Errorf("a token shown again: close code %d, counted %v", code, &r.tally)
	}
	if status, _ := r.post(pathNext, formOf("CallStatus", "in-progress")); status != http.StatusConflict {
		t.Errorf("the door while media flows: %d, want 409", status)
	}
	f.say(mediaText(repeat(160)))
	if op, _, err := f.hear(); err != nil || op != opText {
		t.Errorf("the conversation did not survive it: %d, %v", op, err)
	}
}

func TestAnIdempotencyTokenIsForOneRequest(t *testing.T) {
	busy := formOf("CallStatus", "in-progress", "DialCallStatus", "busy")
	again := formOf("CallStatus", "in-progress", "DialCallStatus", "busy", "ErrorCode", "11200", "ErrorUrl", "https://voice.example.com/twilio/next")
	for _, tt := range []struct {
		name, path string
		form       url.Values
		status     int
		same       bool // the answer is the first one's
	}{
		{"the same", pathNext + "?transfer=x", busy, http.StatusOK, true},
		{"the same from the fallback", pathNext + "?transfer=x", again, http.StatusOK, true},
		{"another outcome", pathNext + "?transfer=x", formOf("CallStatus", "in-progress", "DialCallStatus", "completed"), http.StatusConflict, false},
		{"another call", pathNext + "?transfer=x", formOf("CallStatus", "in-progress", "DialCallStatus", "busy", "CallSid", "CA1"), http.StatusConflict, false},
		{"another address is another request", pathNext, busy, http.StatusOK, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			r.desk.calls[testCall] = &deskCall{epoch: 1}
			_, first := r.post(pathNext+"?transfer=x", busy, repeatHeader, "one")
			heard := r.desk.heard()
			status, answer := r.post(tt.path, tt.form, repeatHeader, "one")
			if status != tt.status || (answer == first) != tt.same {
				t.Errorf("%d %s, want %d; the first was %s", status, answer, tt.status, first)
			}
			reused := 0
			if tt.status == http.StatusConflict {
				reused = 1
			}
			if r.tally.of(ReasonTokenReused) != reused || (tt.same || reused == 1) && r.desk.heard() != heard {
				t.Errorf("counted %v, the desk heard %d more", &r.tally, r.desk.heard()-heard)
			}
		})
	}
}

// TestAnIdempotencyTokenOfAnotherAccountIsAnother: the signature does not cover
// it, so one account could else spoil the requests of another.
func TestAnIdempotencyTokenOfAnotherAccountIsAnother(t *testing.T) {
	r := newGuardedRig(t, &lines{})
	form := formOf(accountField, subAccount.SID, callField, "CA00000000000000000000000000000001")
	r.raw(http.MethodPost, pathVoice, form.Encode(), signatureHeader, sign(subAccount.Token, r.server.URL+pathVoice, form), repeatHeader, "one")
	if status, body := r.post(pathVoice, formOf(), repeatHeader, "one"); status != http.StatusOK || !strings.Contains(body, "token-CAfedc-1") {
		t.Errorf("%d %s", status, body)
	}
}

// TestWordsAboutACallAreHandedOnAsTheyCome: late, twice and out of order are the
// desk's to sort out, by the number that each has; to Twilio all are taken.
func TestWordsAboutACallAreHandedOnAsTheyCome(t *testing.T) {
	r := newRig(t)
	for _, sequence := range []string{"2", "0", "2", "1"} {
		form := formOf("CallStatus", "in-progress", "SequenceNumber", sequence)
		if status, _ := r.post(pathStatus, form, repeatHeader, "one"); status != http.StatusNoContent {
			t.Errorf("word %s: %d, want 204", sequence, status)
		}
	}
	var got []int
	for _, p := range r.desk.words {
		got = append(got, p.Sequence)
	}
	if len(got) != 4 || got[0] != 2 || got[1] != 0 || got[2] != 2 || got[3] != 1 {
		t.Errorf("the desk heard %v", got)
	}
	other := formOf(accountField, subAccount.SID, "CallStatus", "completed")
	status, _ := r.raw(http.MethodPost, pathStatus, other.Encode(), signatureHeader, sign(testToken, r.server.URL+pathStatus, other))
	if status != http.StatusForbidden || r.tally.of(ReasonWrongAccount) != 1 || len(r.desk.words) != 4 {
		t.Errorf("another account's word: %d, counted %v", status, &r.tally)
	}
}

// TestADoorAskedForACallNeverSeenHangsUp and counts it: the question is signed,
// so there is a call, but nobody here will ever talk on it.
func TestADoorAskedForACallNeverSeenHangsUp(t *testing.T) {
	r := newRig(t)
	_, body := r.post(pathNext+"?transfer=xfer_guessed", formOf("CallStatus", "in-progress", "CallSid", "CA1"))
	if !strings.HasSuffix(body, "<Response><Hangup/></Response>") || r.tally.of(ReasonUnknownCall) != 1 {
		t.Errorf("answered %s, counted %v", body, &r.tally)
	}
}
