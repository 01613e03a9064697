package twilio

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// postAs sends a webhook of account, signed by it.
func (r *rig) postAs(a Account, path string, pairs ...string) (status int, body string) {
	r.tb.Helper()
	form := formOf(append([]string{accountField, a.SID}, pairs...)...)
	return r.raw(http.MethodPost, path, form.Encode(), signatureHeader, sign(a.Token, r.server.URL+path, form))
}

func TestTheDeskLearnsWhoseCallItIs(t *testing.T) {
	r := newGuardedRig(t, &lines{})
	own := Account{SID: testAccount, Token: testToken}
	for a, want := range map[string]string{testAccount: "", subAccount.SID: subAccount.SID} {
		account := map[string]Account{testAccount: own, subAccount.SID: subAccount}[a]
		r.postAs(account, pathVoice)
		r.postAs(account, pathNext, "CallStatus", "in-progress")
		r.postAs(account, pathStatus, "CallStatus", "completed")
		r.postAs(account, pathAMD, "AnsweredBy", "human")
		rang, asked, words := r.desk.rang, r.desk.asked, r.desk.words
		if got := rang[len(rang)-1].Account; got != want {
			t.Errorf("Ring of %s: account %q, want %q", a, got, want)
		}
		if got := asked[len(asked)-1].Account; got != want {
			t.Errorf("Next of %s: account %q, want %q", a, got, want)
		}
		for _, p := range words[len(words)-2:] {
			if p.Account != want {
				t.Errorf("Report of %s: account %q, want %q", a, p.Account, want)
			}
		}
	}
}

func TestATokenThatIsBeingChangedStillSigns(t *testing.T) {
	changed := Account{SID: subAccount.SID, Token: "new", OldTokens: []string{subAccount.Token}}
	r := newRig(t, func(c *Config) { c.Accounts = accounts{changed.SID: changed} })
	for _, token := range []string{"new", subAccount.Token} {
		if status, _ := r.postAs(Account{SID: subAccount.SID, Token: token}, pathVoice); status != http.StatusOK {
			t.Errorf("%d, want 200", status)
		}
	}
}

func TestAnAccountFoundInTheWrongPlaceIsNone(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Accounts = accounts{unknownAccount: subAccount} })
	if status, _ := r.postAs(Account{SID: unknownAccount, Token: subAccount.Token}, pathVoice); status != http.StatusForbidden {
		t.Errorf("%d, want 403", status)
	}
}

// TestEachAccountStreamsAtItsOwnAddress: the upgrade is signed by the account in
// the path, and the start message names the same.
func TestEachAccountStreamsAtItsOwnAddress(t *testing.T) {
	subPath := pathMedia + "/" + subAccount.SID
	for _, tt := range []struct {
		name, path, signer, start string
		reason                    string // empty: it is let in
	}{
		{"ours", pathMedia, testToken, testAccount, ""},
		{"another's", subPath, subAccount.Token, subAccount.SID, ""},
		{"ours, by its name", pathMedia + "/" + testAccount, testToken, testAccount, ""},
		{"another's at our address", pathMedia, testToken, subAccount.SID, ReasonWrongAccount},
		{"ours at another's address", subPath, subAccount.Token, testAccount, ReasonWrongAccount},
		{"signed by us at another's address", subPath, testToken, subAccount.SID, ReasonBadSignature},
		{"signed by another at our address", pathMedia, subAccount.Token, testAccount, ReasonBadSignature},
		{"at nobody's address", pathMedia + "/" + unknownAccount, testToken, unknownAccount, ReasonWrongAccount},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newGuardedRig(t, &lines{})
			token := r.ring()
			f, line := r.upgradeAt(tt.path, sign(tt.signer, r.socket(tt.path), nil))
			if strings.Contains(line, "101") {
				f.say(strings.ReplaceAll(startText(token), testAccount, tt.start), mediaText(repeat(160)))
				op, _, _ := f.hear()
				if let := op == opText; let != (tt.reason == "") {
					t.Errorf("let in: %v", let)
				}
				want := telephony.Ref{ID: testCall}
				if tt.start != testAccount {
					want.Account = tt.start
				}
				r.desk.mu.Lock()
				for _, as := range r.desk.admits {
					if as != want {
						t.Errorf("the desk is asked about %+v, want %+v", as, want)
					}
				}
				r.desk.mu.Unlock()
			} else if !strings.Contains(line, "403") || tt.reason == "" {
				t.Errorf("upgrade: %s", line)
			}
			if tt.reason != "" {
				r.until("it is counted", func() bool { return r.tally.of(tt.reason) == 1 })
				if r.desk.talks != 0 {
					t.Error("somebody talked")
				}
			}
		})
	}
}

func TestTheFallbackAddressSignsForItself(t *testing.T) {
	r := newRig(t, func(c *Config) { c.FallbackURL = "https://second.example.com/" })
	form := formOf("ErrorCode", "11200", "ErrorUrl", "https://voice.example.com/twilio/voice")
	for address, want := range map[string]int{"https://second.example.com": http.StatusOK, r.server.URL: http.StatusOK, "https://third.example.com": http.StatusForbidden} {
		signature := sign(testToken, address+pathVoice, form)
		if status, _ := r.raw(http.MethodPost, pathVoice, form.Encode(), signatureHeader, signature); status != want {
			t.Errorf("signed for %s: %d, want %d", address, status, want)
		}
	}
}

func TestTheDoorTellsWhatCameOfATransfer(t *testing.T) {
	for _, tt := range []struct {
		name, path string
		pairs      []string
		want       telephony.Question
	}{
		{"a stream ended", "", []string{"DialCallStatus", "busy"}, telephony.Question{}},
		{"they talked", "?transfer=xfer_1", []string{"DialCallStatus", "completed", "DialCallDuration", "42"},
			telephony.Question{Transfer: "xfer_1", Dialled: telephony.Dialled{State: telephony.Completed, Duration: 42 * time.Second}}},
		{"they met in a room", "?transfer=xfer_1", []string{"DialCallStatus", "answered"}, telephony.Question{Transfer: "xfer_1", Dialled: telephony.Dialled{State: telephony.Completed}}},
		{"busy", "?transfer=xfer_1", []string{"DialCallStatus", "busy"}, telephony.Question{Transfer: "xfer_1", Dialled: telephony.Dialled{State: telephony.StateBusy}}},
		{"no answer", "?transfer=xfer_1", []string{"DialCallStatus", "no-answer"}, telephony.Question{Transfer: "xfer_1", Dialled: telephony.Dialled{State: telephony.StateNone}}},
		{"failed", "?transfer=xfer_1", []string{"DialCallStatus", "failed"}, telephony.Question{Transfer: "xfer_1", Dialled: telephony.Dialled{State: telephony.StateFail}}},
		{"canceled, and the caller is gone", "?transfer=xfer_1", []string{"DialCallStatus", "canceled", "CallStatus", "completed"},
			telephony.Question{Over: true, Transfer: "xfer_1", Dialled: telephony.Dialled{State: telephony.StateStop}}},
		{"a word that nobody knows", "?transfer=xfer_1", []string{"DialCallStatus", "in-progress", "DialCallDuration", "-3"}, telephony.Question{Transfer: "xfer_1"}},
		{"not a word, after a recall", "?transfer=xfer_1", nil, telephony.Question{Transfer: "xfer_1"}},
		{"asked anew after a wait", "?dialled=busy&seconds=7&transfer=xfer_1", nil,
			telephony.Question{Transfer: "xfer_1", Dialled: telephony.Dialled{State: telephony.StateBusy, Duration: 7 * time.Second}}},
		{"Twilio's word goes before ours", "?dialled=busy&seconds=7&transfer=xfer_1", []string{"DialCallStatus", "completed"},
			telephony.Question{Transfer: "xfer_1", Dialled: telephony.Dialled{State: telephony.Completed}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			r.post(pathNext+tt.path, formOf(append([]string{"CallStatus", "in-progress"}, tt.pairs...)...))
			tt.want.Carrier = testCall
			if len(r.desk.asked) != 1 || r.desk.asked[0] != tt.want {
				t.Errorf("asked %+v, want %+v", r.desk.asked, tt.want)
			}
		})
	}
}

// TestAWaitForgetsNothing: what came of a transfer is told once, so the address
// at which a waiting call asks anew has it.
func TestAWaitForgetsNothing(t *testing.T) {
	r := newRig(t)
	r.trunk.desk = &stepDesk{step: telephony.Step{Kind: telephony.StepWait}}
	_, body := r.post(pathNext+"?transfer=xfer_1", formOf("CallStatus", "in-progress", "DialCallStatus", "no-answer", "DialCallDuration", "9"))
	if want := "<Redirect>/twilio/next?dialled=no-answer&amp;seconds=9&amp;transfer=xfer_1</Redirect>"; !strings.Contains(body, want) {
		t.Errorf("answered %s, want %s", body, want)
	}
	r.trunk.desk = &stepDesk{err: telephony.ErrStillTalking}
	if status, _ := r.post(pathNext+"?transfer=xfer_1", formOf("CallStatus", "in-progress")); status != http.StatusConflict {
		t.Errorf("while they talk: %d, want 409", status)
	}
}

func TestWhoAnsweredIsAWordOfItsOwn(t *testing.T) {
	r := newRig(t)
	r.post(pathStatus+"?call=c1", formOf("CallStatus", "completed", "SequenceNumber", "3", "AnsweredBy", "machine_start"))
	r.post(pathAMD+"?call=c1", formOf("AnsweredBy", "' OR 1=1"))
	want := []telephony.Progress{
		{Carrier: testCall, Call: "c1", AnsweredBy: "machine_start"},
		{Carrier: testCall, Call: "c1", State: telephony.Completed, Sequence: 3},
		{Carrier: testCall, Call: "c1", AnsweredBy: "other"},
	}
	if len(r.desk.words) != len(want) {
		t.Fatalf("reported %+v, want %+v", r.desk.words, want)
	}
	for i, p := range r.desk.words {
		if p != want[i] {
			t.Errorf("reported %+v, want %+v", p, want[i])
		}
	}
	if r.tally.of(ReasonAnsweredBy+"other") != 1 || r.tally.of(ReasonAnsweredBy+"machine_start") != 0 {
		t.Errorf("counted %v, want what detection costs, once", &r.tally)
	}
}
