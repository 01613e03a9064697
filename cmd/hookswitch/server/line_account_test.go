package server_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// Two accounts at one carrier. The gateway's settings know the first one only.
const (
	ownAccount   = "AC000000000000000000000000000000aa"
	ownToken     = "thetokenofourownaccountisthis"
	theirAccount = "AC000000000000000000000000000000bb"
	theirToken   = "thetokenoftheiraccountisthat"
	ownNumber    = "+14155550151"
	theirNumber  = "+14155550152"
	theirPhone   = "+14155550153"
)

// exchange is a carrier with two accounts, and a gateway that is a customer of it.
type exchange struct {
	*booted
	carrier *sim.Carrier
}

func newExchange(t *testing.T) *exchange {
	t.Helper()
	c, err := sim.New(sim.Config{
		AccountSID: ownAccount, AuthToken: ownToken, Forget: true, Knobs: sim.Knobs{CPS: -1},
		Accounts: []sim.Account{{SID: theirAccount, AuthToken: theirToken}},
		Numbers: []sim.Number{{Number: ownNumber}, {
			Number: theirNumber, Account: theirAccount, VoiceURL: "https://old.example.com/voice?key=1", VoiceMethod: "GET",
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	rest := httptest.NewServer(c.Handler())
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		rest.Close()
	})
	o := privately(t)
	o.Config.BootstrapKey = flowKey
	o.Config.Carrier = "twilio"
	o.Config.Twilio.AccountSID, o.Config.Twilio.AuthToken, o.Config.Twilio.APIBase, o.Config.Twilio.CPS = ownAccount, ownToken, rest.URL, 100
	transport := &http.Transport{DisableKeepAlives: true}
	o.Transport = transport
	return &exchange{booted: boot(t, o), carrier: c}
}

// numbered makes a number of an account over the API, and returns its id.
func (x *exchange) numbered(number, account, token string) string {
	x.t.Helper()
	return x.must("POST", "/phone_numbers", `{"phone_number":"`+number+`","label":"Line","provider":"twilio","twilio_account_sid":"`+account+
		`","twilio_auth_token":"`+token+`","supports_inbound":true,"supports_outbound":true}`).str("item.id")
}

// agent makes one that nobody reaches yet.
func (x *exchange) agent(name string) string {
	x.t.Helper()
	a, err := x.Store().CreateAgent(x.t.Context(), roster.Agent{UUID: "uuid-of-" + strings.ToLower(name), Workspace: roster.Default, Definition: receptionist(name)}, 0, "test", time.Now())
	if err != nil {
		x.t.Fatal(err)
	}
	return a.UUID
}

// rings has somebody call number, until they or the agent hang up.
func (x *exchange) rings(number string) *sim.Call {
	x.t.Helper()
	ctx, cancel := context.WithTimeout(x.t.Context(), 20*time.Second)
	defer cancel()
	call, err := x.carrier.Call(ctx, "+14155550134", number, polite())
	if err != nil {
		x.t.Fatal(err)
	}
	if err := call.Wait(ctx); err != nil {
		x.t.Fatal(err)
	}
	return call
}

// forges sends a carrier's request that is signed with token, and returns the
// answer.
func (x *exchange) forges(path, token string, form url.Values) (int, string) {
	x.t.Helper()
	address := x.PublicURL() + path
	mac := hmac.New(sha1.New, []byte(token))
	mac.Write([]byte(address))
	for _, name := range slices.Sorted(maps.Keys(form)) {
		mac.Write([]byte(name + form.Get(name)))
	}
	r, err := http.NewRequestWithContext(x.t.Context(), http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		x.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Twilio-Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	res, err := client.Do(r)
	if err != nil {
		x.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		x.t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

// A number is linked with credentials of its own: it is answered, and calls out,
// as its account, and is given back as it was.
func TestANumberBringsItsOwnAccount(t *testing.T) {
	t.Parallel()
	x := newExchange(t)
	agent := x.agent("Theirs")
	before, _ := x.carrier.Owned(theirNumber)
	id := x.numbered(theirNumber, theirAccount, theirToken)
	x.must("PATCH", "/phone_numbers/"+id, `{"agent_uuid":"`+agent+`"}`)
	if is, _ := x.carrier.Owned(theirNumber); !strings.HasPrefix(is.VoiceURL, x.PublicURL()+"/twilio/voice#") || is.VoiceMethod == "GET" {
		t.Errorf("linked, it leads to %s by %s", is.VoiceURL, is.VoiceMethod)
	}

	call := x.rings(theirNumber)
	one(t, "a call to it", x.Store(), call, telephony.CallerHangup)
	if r, err := x.Store().CallByCarrier(t.Context(), call.SID()); err != nil || r.Account != theirAccount || r.AgentUUID != agent {
		t.Errorf("the call is account %q's, answered by %q, %v", r.Account, r.AgentUUID, err)
	}

	x.carrier.Register(theirPhone, sim.Phone{Answer: handset.Answer{After: 200 * time.Millisecond}, Make: polite})
	x.must("POST", "/agents/"+agent+"/dispatch", `{"phone_number":"`+theirPhone+`"}`)
	var out *sim.Call
	within(t, 20*time.Second, "a call out", func() bool {
		for _, c := range x.carrier.Calls() {
			if c.To() == theirPhone {
				out = c
			}
		}
		return out != nil && out.Status().Terminal()
	})
	var account string
	var reason telephony.EndReason
	within(t, 20*time.Second, "its end", func() bool {
		r, err := x.Store().CallByCarrier(t.Context(), out.SID())
		account, reason = r.Account, r.Reason
		return err == nil && r.Over()
	})
	if out.From() != theirNumber || account != theirAccount || reason != telephony.CallerHangup {
		t.Errorf("called from %s, on account %q, which ended for %s", out.From(), account, reason)
	}

	x.must("PATCH", "/phone_numbers/"+id, `{"agent_uuid":null}`)
	if is, _ := x.carrier.Owned(theirNumber); is.VoiceURL != before.VoiceURL || is.VoiceMethod != before.VoiceMethod || is.StatusCallback != before.StatusCallback || is.FallbackURL != before.FallbackURL {
		t.Errorf("given back as %+v, it was %+v", is, before)
	}
	if v := x.carrier.Police().Violations(); len(v) != 0 {
		t.Errorf("the carrier complains: %v", v)
	}
}

// A token that is not the account's proves nothing: the number is not linked, and
// opens no door.
func TestANumberWithAWrongTokenIsNotLinked(t *testing.T) {
	t.Parallel()
	x := newExchange(t)
	agent := x.agent("Theirs")
	const wrong = "somethingthattheymadeup"
	id := x.numbered(theirNumber, theirAccount, wrong)
	if got := x.ask("PATCH", "/phone_numbers/"+id, `{"agent_uuid":"`+agent+`"}`); got.status/100 == 2 || strings.Contains(got.text, wrong) {
		t.Errorf("linked with a wrong token: %d %s", got.status, got.text)
	}
	if is, _ := x.carrier.Owned(theirNumber); is.VoiceURL != "https://old.example.com/voice?key=1" {
		t.Errorf("it leads to %s", is.VoiceURL)
	}
	form := url.Values{"AccountSid": {theirAccount}, "CallSid": {"CA" + strings.Repeat("e", 32)}, "From": {"+14155550134"}, "To": {theirNumber}, "CallStatus": {"ringing"}, "Direction": {"inbound"}}
	if status, body := x.forges("/twilio/voice", wrong, form); status != http.StatusForbidden {
		t.Errorf("signed with it: %d %s", status, body)
	}
}

// Who has an account, and has proved it, signs for its own numbers and calls and
// for nobody else's.
func TestAnAccountSpeaksForItself(t *testing.T) {
	t.Parallel()
	x := newExchange(t)
	ours, theirs := x.agent("Ours"), x.agent("Theirs")
	x.must("PATCH", "/phone_numbers/"+x.numbered(ownNumber, ownAccount, ownToken), `{"agent_uuid":"`+ours+`"}`)
	x.must("PATCH", "/phone_numbers/"+x.numbered(theirNumber, theirAccount, theirToken), `{"agent_uuid":"`+theirs+`"}`)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	call, err := x.carrier.Call(ctx, "+14155550134", ownNumber, &party{})
	if err != nil {
		t.Fatal(err)
	}
	wrote(t, x.Store(), call, "the greeting", heard("Ours."))

	form := func(account, sid, status string) url.Values {
		return url.Values{"AccountSid": {account}, "CallSid": {sid}, "From": {"+14155550134"}, "To": {ownNumber},
			"CallStatus": {status}, "Direction": {"inbound"}, "SequenceNumber": {"9"}, "CallDuration": {"1"}}
	}
	for i, tt := range []struct {
		claim, path string
		form        url.Values
	}{
		{"a call to our number, as theirs", "/twilio/voice", form(theirAccount, "CA"+strings.Repeat("b", 32), "ringing")},
		{"a call to our number, as ours", "/twilio/voice", form(ownAccount, "CA"+strings.Repeat("c", 32), "ringing")},
		{"the end of our call, as theirs", "/twilio/status", form(theirAccount, call.SID(), "completed")},
		{"the end of our call, as ours", "/twilio/status", form(ownAccount, call.SID(), "completed")},
		{"what our call does next, as theirs", "/twilio/next", form(theirAccount, call.SID(), "completed")},
		{"our call again, as theirs", "/twilio/voice", form(theirAccount, call.SID(), "ringing")},
	} {
		tt.form.Set("RequestNumber", strconv.Itoa(i))
		status, body := x.forges(tt.path, theirToken, tt.form)
		t.Logf("%s: %d %q", tt.claim, status, body)
		if strings.Contains(body, "<Stream") || strings.Contains(body, "Connect") {
			t.Errorf("%s: let in: %s", tt.claim, body)
		}
	}
	time.Sleep(300 * time.Millisecond) // for an end that must not come
	if r, err := x.Store().CallByCarrier(ctx, call.SID()); err != nil || r.Over() || r.Epoch != 1 || !call.Streaming() {
		t.Errorf("our call is over: %t, at epoch %d, %v", r.Over(), r.Epoch, err)
	}
	if r, err := x.Store().CallByCarrier(ctx, "CA"+strings.Repeat("b", 32)); err == nil && r.AgentUUID != "" {
		t.Errorf("a stranger's call was given to %s", r.Agent)
	}
	call.Hangup()
	if err := call.Wait(ctx); err != nil {
		t.Fatal(err)
	}
	within(t, 10*time.Second, "its end", func() bool {
		r, err := x.Store().CallByCarrier(ctx, call.SID())
		return err == nil && r.Over() && r.Reason == telephony.CallerHangup
	})
}

// Who claims a number first, and never proved it, gives way to its owner; who
// can't prove it either does not get it.
func TestAClaimGivesWayToProof(t *testing.T) {
	t.Parallel()
	x := newExchange(t)
	if err := x.Store().CreateWorkspace(t.Context(), roster.Workspace{ID: "squatter", Name: "squatter", Created: time.Now()}); err != nil {
		t.Fatal(err)
	}
	claim := roster.Number{Workspace: "squatter", Number: theirNumber, Label: "x", Inbound: true, Provider: roster.Twilio, Account: theirAccount, Status: roster.NumberActive}
	if _, err := x.Store().CreateNumber(t.Context(), claim, "test", time.Now()); err != nil {
		t.Fatal(err)
	}
	body := func(token string) string {
		return `{"phone_number":"` + theirNumber + `","label":"Line","twilio_account_sid":"` + theirAccount + `","twilio_auth_token":"` + token + `"}`
	}
	if a := x.ask("POST", "/phone_numbers", body("notthetokenofthataccount")); a.status != http.StatusBadRequest {
		t.Errorf("without proof: %d, want 400, it is taken", a.status)
	}
	id := x.must("POST", "/phone_numbers", body(theirToken)).str("item.id")
	if n, _, err := x.Store().NumberOf(t.Context(), theirNumber); err != nil || n.Workspace != roster.Default {
		t.Errorf("the number is %s's, %v, want its owner's", n.Workspace, err)
	}
	x.must("PATCH", "/phone_numbers/"+id, `{"agent_uuid":"`+x.agent("Owner")+`"}`)
	other := roster.Number{Workspace: "squatter", Number: theirNumber, Provider: roster.Twilio, Account: theirAccount}
	if _, err := x.Store().CreateNumber(t.Context(), other, "test", time.Now()); err == nil {
		t.Error("a number that was proved is claimed again")
	}
}
