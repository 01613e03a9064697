package sim_test

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/twilio/twilio-go/client"
	openapi "github.com/twilio/twilio-go/rest/api/v2010"

	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

const (
	another     = "+15005550007"
	application = "AP0123456789abcdef0123456789abcdef"
	numbersPath = "/2010-04-01/Accounts/" + account + "/IncomingPhoneNumbers"
)

func TestNumbersAreFoundByAPartOfThem(t *testing.T) {
	t.Parallel()
	g := newGateway(t, false)
	c, rest := newCarrier(t, g, sim.Knobs{})
	for _, n := range []string{another, "+442079460001"} {
		if err := c.Own(sim.Number{Number: n, Name: "n" + n[3:]}); err != nil {
			t.Fatal(err)
		}
	}
	for _, tc := range []struct {
		name string
		p    *openapi.ListIncomingPhoneNumberParams
		want []string
	}{
		{"all, a page at a time", (&openapi.ListIncomingPhoneNumberParams{}).SetPageSize(1), []string{ours, another, "+442079460001"}},
		{"the very number", (&openapi.ListIncomingPhoneNumberParams{}).SetPhoneNumber(ours), []string{ours}},
		{"a part", (&openapi.ListIncomingPhoneNumberParams{}).SetPhoneNumber("500555"), []string{ours, another}},
		{"a star for a digit", (&openapi.ListIncomingPhoneNumberParams{}).SetPhoneNumber("+1500555**07"), []string{another}},
		{"what looks like a pattern and is none", (&openapi.ListIncomingPhoneNumberParams{}).SetPhoneNumber("[0-9]"), nil},
		{"a name", (&openapi.ListIncomingPhoneNumberParams{}).SetFriendlyName("n2079460001"), []string{"+442079460001"}},
		{"nobody's", (&openapi.ListIncomingPhoneNumberParams{}).SetPhoneNumber(theirs), nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			found, err := rest.ListIncomingPhoneNumber(tc.p)
			var got []string
			for _, n := range found {
				got = append(got, *n.PhoneNumber)
			}
			if err != nil || !slices.Equal(got, tc.want) {
				t.Errorf("ListIncomingPhoneNumber() = %v, %v; want %v", got, err, tc.want)
			}
		})
	}
}

func TestALinkedNumberIsHandledAsItIsSetThen(t *testing.T) {
	t.Parallel()
	g := newGateway(t, false)
	g.twiml["/linked"] = func(url.Values) string { return `<Hangup/>` }
	c, rest := newCarrier(t, g, sim.Knobs{})
	found, err := rest.ListIncomingPhoneNumber((&openapi.ListIncomingPhoneNumberParams{}).SetPhoneNumber(ours))
	if err != nil || len(found) != 1 {
		t.Fatalf("ListIncomingPhoneNumber() = %v, %v", found, err)
	}
	voice := g.srv.URL + "/linked#rc=3&rp=5xx,ct,rt&ct=1000&rt=3000&tt=12000"
	updated, err := rest.UpdateIncomingPhoneNumber(*found[0].Sid, (&openapi.UpdateIncomingPhoneNumberParams{}).
		SetVoiceUrl(voice).SetVoiceMethod("GET").SetVoiceFallbackUrl(g.srv.URL+"/second").SetVoiceFallbackMethod("POST").
		SetStatusCallback(g.srv.URL+"/status").SetStatusCallbackMethod("POST"))
	if err != nil || *updated.VoiceUrl != voice || *updated.VoiceMethod != "GET" || *updated.VoiceFallbackUrl != g.srv.URL+"/second" {
		t.Fatalf("UpdateIncomingPhoneNumber() = %+v, %v", updated, err)
	}
	call(t, c, handset.Silent)
	if n := len(g.got("/linked")); n != 1 || len(g.got("/voice")) != 0 {
		t.Errorf("the linked address was asked %d times, want 1", n)
	}
	if n := len(g.got("/status")); n != 1 {
		t.Errorf("%d status callbacks, want 1", n)
	}
	if _, err := rest.UpdateIncomingPhoneNumber(*found[0].Sid, (&openapi.UpdateIncomingPhoneNumberParams{}).SetVoiceUrl(g.srv.URL+"/voice").SetVoiceFallbackUrl("").SetStatusCallback("")); err != nil {
		t.Fatal(err)
	}
	fetched, err := rest.FetchIncomingPhoneNumber(*found[0].Sid, nil)
	if err != nil || *fetched.VoiceUrl != g.srv.URL+"/voice" || fetched.VoiceFallbackUrl != nil || *fetched.StatusCallback != "" || *fetched.VoiceMethod != "GET" {
		t.Errorf("FetchIncomingPhoneNumber() = %+v, %v", fetched, err)
	}
}

func TestFallbackIsAskedByItsOwnMethod(t *testing.T) {
	g := newGateway(t, false)
	method := ""
	g.handlers["/bad"] = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }
	g.handlers["/second"] = func(w http.ResponseWriter, r *http.Request) {
		method = r.Method
		document("text/xml", `<Response/>`)(w, r)
	}
	c, _ := newCarrier(t, g, sim.Knobs{})
	if err := c.Own(sim.Number{Number: ours, VoiceURL: g.srv.URL + "/bad", VoiceMethod: "GET", FallbackURL: g.srv.URL + "/second"}); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, call(t, c, handset.Silent), telephony.Completed)
	if method != "POST" {
		t.Errorf("the fallback was asked by %s, want POST", method)
	}
}

func TestApplicationsAndTrunksStandInForTheAddresses(t *testing.T) {
	t.Parallel()
	g := newGateway(t, false)
	g.twiml["/app"] = func(url.Values) string { return `<Hangup/>` }
	c, err := sim.New(sim.Config{
		AccountSID: account, AuthToken: secret,
		Applications: map[string]sim.Application{application: {VoiceURL: g.srv.URL + "/app"}},
		Numbers:      []sim.Number{{Number: ours, VoiceURL: g.srv.URL + "/voice", ApplicationSID: application}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	rest := twilioClient(t, c, secret)
	call(t, c, handset.Silent)
	if len(g.got("/app")) != 1 || len(g.got("/voice")) != 0 {
		t.Error("the application was not asked alone")
	}

	const trunk = "TK0123456789abcdef0123456789abcdef"
	n, _ := c.Owned(ours)
	updated, err := rest.UpdateIncomingPhoneNumber(n.SID, (&openapi.UpdateIncomingPhoneNumberParams{}).SetTrunkSid(trunk))
	if err != nil || *updated.TrunkSid != trunk || updated.VoiceApplicationSid != nil {
		t.Fatalf("a trunk leaves the application: %+v, %v", updated, err)
	}
	wantStatus(t, call(t, c, handset.Silent), telephony.StateFail)
	if len(g.got("/app"))+len(g.got("/voice")) != 1 {
		t.Error("a call that goes to a trunk asked for TwiML")
	}

	updated, err = rest.UpdateIncomingPhoneNumber(n.SID, (&openapi.UpdateIncomingPhoneNumberParams{}).SetTrunkSid(""))
	if err != nil || updated.TrunkSid != nil {
		t.Fatalf("UpdateIncomingPhoneNumber() = %+v, %v", updated, err)
	}
	call(t, c, hangupAfter(40*ms))
	if len(g.got("/voice")) != 1 {
		t.Error("once the trunk is cleared the address is asked")
	}

	created, err := rest.CreateCall((&openapi.CreateCallParams{}).SetTo(theirs).SetFrom(ours).SetApplicationSid(application))
	if err != nil {
		t.Fatal(err)
	}
	c.Register(theirs, sim.Phone{})
	placed, _ := c.Lookup(*created.Sid)
	wait(t, placed)
	if len(g.got("/app")) != 2 {
		t.Error("a call by REST did not ask the application")
	}
}

func TestSettingsOfANumberThatAreRefused(t *testing.T) {
	g := newGateway(t, false)
	c, rest := newCarrier(t, g, sim.Knobs{})
	n, _ := c.Owned(ours)
	for _, tc := range []struct {
		name string
		sid  string
		form url.Values
		code int
	}{
		{"no address", n.SID, url.Values{"VoiceUrl": {"voice"}}, 21402},
		{"no method", n.SID, url.Values{"VoiceMethod": {"PUT"}}, 21403},
		{"a fallback for nothing", n.SID, url.Values{"VoiceUrl": {""}, "VoiceFallbackUrl": {"http://127.0.0.1/x"}}, 21405},
		{"no application", n.SID, url.Values{"VoiceApplicationSid": {"x"}}, 20001},
		{"an unknown application", n.SID, url.Values{"VoiceApplicationSid": {application}}, 20404},
		{"a long pattern", "?PhoneNumber=" + strings.Repeat("1", 65), nil, 20001},
		{"no number", "PN0", nil, 20404},
	} {
		t.Run(tc.name, func(t *testing.T) {
			method, path := "POST", numbersPath+"/"+tc.sid+".json"
			if query, ok := strings.CutPrefix(tc.sid, "?"); ok {
				method, path = "GET", numbersPath+".json?"+query
			}
			if w := ask(c, method, path, secret, tc.form); !strings.Contains(w.Body.String(), `"code":`+jsonInt(tc.code)) {
				t.Errorf("answered %s, want %d", w.Body, tc.code)
			}
		})
	}
	if now, _ := c.Owned(ours); now != n {
		t.Errorf("a refused update changed %+v to %+v", n, now)
	}
	var e *client.TwilioRestError
	if _, err := rest.FetchIncomingPhoneNumber("PN00000000000000000000000000000099", nil); !errors.As(err, &e) || e.Code != 20404 {
		t.Errorf("FetchIncomingPhoneNumber() = %v, want 20404", err)
	}
}
