package sim_test

import (
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	openapi "github.com/twilio/twilio-go/rest/api/v2010"

	"github.com/hookswitch/hookswitch/telephony/sim"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

const (
	below      = "AC00000000000000000000000000000002" // a sub-account
	belowToken = "subsub"
	stranger   = "AC00000000000000000000000000000003"
	closed     = "AC00000000000000000000000000000004"
	guest      = "AC00000000000000000000000000000005" // the stranger's sub-account
	key        = "SK00000000000000000000000000000001"
)

// household is a carrier with accounts of all sorts; below owns another.
func household(t *testing.T, voice string) *sim.Carrier {
	c, err := sim.New(sim.Config{
		AccountSID: account, AuthToken: secret, APIKey: key, APISecret: "keykey",
		Accounts: []sim.Account{
			{SID: account, Name: "Head Office"},
			{SID: below, AuthToken: belowToken, Parent: account, Trial: true, Verified: []string{theirs}},
			{SID: stranger, AuthToken: "strange"},
			{SID: guest, AuthToken: "guest", Parent: stranger},
			{SID: closed, AuthToken: "gone", Parent: account, Status: "suspended"},
		},
		Numbers: []sim.Number{{Number: ours, VoiceURL: voice}, {Number: another, VoiceURL: voice, Account: below, StatusCallback: voice}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// askAs sends a request as user.
func askAs(c *sim.Carrier, user, password, method, path string, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "/2010-04-01"+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(user, password)
	w := httptest.NewRecorder()
	checked(c).ServeHTTP(w, r)
	return w
}

func TestWhoMayActOnWhichAccount(t *testing.T) {
	c := household(t, "http://127.0.0.1:1/voice")
	for _, tc := range []struct {
		name           string
		user, password string
		path           string
		status         int
	}{
		{"one's own account", account, secret, "/Accounts/" + account + ".json", 200},
		{"one's own calls", account, secret, "/Accounts/" + account + "/Calls.json", 200},
		{"a wrong token", account, belowToken, "/Accounts/" + account + ".json", 401},
		{"nobody", "", "", "/Accounts/" + account + ".json", 401},
		{"a sub-account by its own token", below, belowToken, "/Accounts/" + below + "/IncomingPhoneNumbers.json", 200},
		{"a sub-account by its parent's token", account, secret, "/Accounts/" + below + "/IncomingPhoneNumbers.json", 200},
		{"a parent by its sub-account's token", below, belowToken, "/Accounts/" + account + "/Calls.json", 401},
		{"a stranger's account", account, secret, "/Accounts/" + stranger + "/Calls.json", 401},
		{"a stranger's sub-account", account, secret, "/Accounts/" + guest + "/Calls.json", 401},
		{"an account that is not there", account, secret, "/Accounts/AC00000000000000000000000000000009/Calls.json", 404},
		{"an API key, its own calls", key, "keykey", "/Accounts/" + account + "/Calls.json", 200},
		{"an API key, the account itself", key, "keykey", "/Accounts/" + account + ".json", 401},
		{"an API key, a sub-account", key, "keykey", "/Accounts/" + below + "/Calls.json", 401},
		{"a suspended account by its token", closed, "gone", "/Accounts/" + closed + "/Calls.json", 403},
		{"a suspended account's state by its parent's", account, secret, "/Accounts/" + closed + ".json", 200},
		{"a suspended account's calls by its parent's", account, secret, "/Accounts/" + closed + "/Calls.json", 403},
		{"the list of accounts", account, secret, "/Accounts.json", 200},
		{"the list of accounts by key", key, "keykey", "/Accounts.json", 401},
		{"an account without .json", account, secret, "/Accounts/" + account, 404},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := askAs(c, tc.user, tc.password, "GET", tc.path, nil)
			if w.Code != tc.status {
				t.Errorf("answered %d %.200s, want %d", w.Code, w.Body, tc.status)
			}
			if code := map[int]string{401: `"code":20003`, 403: `"code":20403`, 404: `"code":20404`}[tc.status]; !strings.Contains(w.Body.String(), code) {
				t.Errorf("answered %.200s, want %s", w.Body, code)
			}
		})
	}
}

func TestAnAccountTellsItsState(t *testing.T) {
	c := household(t, "http://127.0.0.1:1/voice")
	for sid, want := range map[string][4]string{
		account: {"Head Office", "active", "Full", account},
		below:   {"Simulated", "active", "Trial", account},
		closed:  {"Simulated", "suspended", "Full", account},
	} {
		var got struct {
			FriendlyName string `json:"friendly_name"`
			Status, Type string
			Owner        string `json:"owner_account_sid"`
		}
		w := askAs(c, account, secret, "GET", "/Accounts/"+sid+".json", nil)
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || [4]string{got.FriendlyName, got.Status, got.Type, got.Owner} != want {
			t.Errorf("account %s is %+v, %v; want %v", sid, got, err, want)
		}
	}
	var list struct{ Accounts []struct{ Sid string } }
	w := askAs(c, account, secret, "GET", "/Accounts.json?Status=active", nil)
	if err := json.Unmarshal(w.Body.Bytes(), &list); err != nil || len(list.Accounts) != 2 {
		t.Errorf("the active accounts are %v, %v; want two", list, err)
	}
}

func TestWebhooksAreSignedForTheAccountThatOwnsTheCall(t *testing.T) {
	t.Parallel()
	g := newGateway(t, false)
	var s *socket
	g.talk = func(sock *socket) { s = sock; echo(sock) }
	c := household(t, g.srv.URL+"/voice")
	for number, owner := range map[string]struct{ sid, token string }{ours: {account, secret}, another: {below, belowToken}} {
		g.mu.Lock()
		g.secret, g.requests = owner.token, nil
		g.mu.Unlock()
		dialled, err := c.Call(t.Context(), theirs, number, hangupAfter(1000*ms))
		if err != nil {
			t.Fatal(err)
		}
		wait(t, dialled)
		g.settle()
		for _, frame := range []string{s.frames[1], s.frames[len(s.frames)-1]} { // start and stop
			if !strings.Contains(frame, `"accountSid":"`+owner.sid+`"`) {
				t.Errorf("the stream of a call to %s says %s", number, frame)
			}
		}
		for _, path := range []string{"/voice", "/next"} {
			for _, r := range g.got(path) {
				if got := r.form.Get("AccountSid"); got != owner.sid {
					t.Errorf("%s of a call to %s names account %s", path, number, got)
				}
			}
		}
		if len(g.got("/next")) != 1 {
			t.Errorf("events %v", dialled.Events())
		}
		for _, asks := range []string{account, below} {
			want := 404
			if asks == owner.sid {
				want = 200
			}
			if w := askAs(c, account, secret, "GET", "/Accounts/"+asks+"/Calls/"+dialled.SID()+".json", nil); w.Code != want {
				t.Errorf("the call of %s under %s: %d, want %d", owner.sid, asks, w.Code, want)
			}
		}
	}
	wantClean(t, c)
}

func TestATrialAccountCallsVerifiedNumbersFromItsOwn(t *testing.T) {
	c := household(t, "http://127.0.0.1:1/voice")
	for _, tc := range []struct {
		from, to string
		want     string
	}{
		{another, theirs, `"status":"queued"`},
		{another, "+15005550011", `"code":21219`},
		{ours, theirs, `"code":21210`}, // its parent's
	} {
		w := askAs(c, below, belowToken, "POST", "/Accounts/"+below+"/Calls.json", url.Values{"From": {tc.from}, "To": {tc.to}, "Twiml": {"<Response/>"}})
		if !strings.Contains(w.Body.String(), tc.want) {
			t.Errorf("from %s to %s answered %s, want %s", tc.from, tc.to, w.Body, tc.want)
		}
	}
	wait(t, c.Calls()...)
}

func TestAccountsThatCannotBe(t *testing.T) {
	for name, a := range map[string]sim.Account{
		"no SID":         {SID: "AC1", AuthToken: "x"},
		"no token":       {SID: below},
		"no such parent": {SID: below, AuthToken: "x", Parent: stranger},
		"no such status": {SID: below, AuthToken: "x", Status: "asleep"},
	} {
		if _, err := sim.New(sim.Config{AccountSID: account, AuthToken: secret, Accounts: []sim.Account{a}}); err == nil {
			t.Errorf("%s: New() succeeded", name)
		}
	}
	if _, err := sim.New(sim.Config{AccountSID: account, AuthToken: secret, Numbers: []sim.Number{{Number: ours, Account: below}}}); err == nil {
		t.Error("New() took a number of an account that is not there")
	}
}

func TestTheOfficialClientUsesASubAccount(t *testing.T) {
	g := newGateway(t, false)
	g.twiml["/voice"] = func(url.Values) string { return `<Reject/>` }
	g.secret = belowToken
	c := household(t, g.srv.URL+"/voice")
	dialled, err := c.Call(t.Context(), theirs, another, handset.Silent)
	if err != nil {
		t.Fatal(err)
	}
	wait(t, dialled)
	rest := twilioClient(t, c, secret)
	calls, err := rest.ListCall((&openapi.ListCallParams{}).SetPathAccountSid(below))
	if err != nil || len(calls) != 1 || *calls[0].AccountSid != below {
		t.Errorf("ListCall() = %v, %v; want the sub-account's call", calls, err)
	}
	if calls, err := rest.ListCall(nil); err != nil || len(calls) != 0 {
		t.Errorf("ListCall() of the parent = %v, %v; want none", calls, err)
	}
	fetched, err := rest.FetchAccount(below)
	if err != nil || *fetched.Type != "Trial" {
		t.Errorf("FetchAccount() = %+v, %v", fetched, err)
	}
}

func TestEachAccountHasALineOfItsOwn(t *testing.T) {
	t.Parallel()
	c := household(t, "http://127.0.0.1:1/voice")
	dial := func(sid, token, from string) {
		t.Helper()
		form := url.Values{"From": {from}, "To": {theirs}, "Twiml": {"<Response/>"}}
		if w := askAs(c, sid, token, "POST", "/Accounts/"+sid+"/Calls.json", form); w.Code != 201 {
			t.Fatalf("create answered %d %s", w.Code, w.Body)
		}
	}
	officials() // reading it takes a while, in which the line would move
	dial(account, secret, ours)
	dial(account, secret, ours) // a second later
	dial(below, belowToken, another)
	wait(t, c.Calls()...)
	for i, want := range [][2]int{{0, 500}, {400, 2000}, {0, 500}} {
		placed := c.Calls()[i]
		owner, token := account, secret
		if i == 2 {
			owner, token = below, belowToken
		}
		var got struct {
			QueueTime string `json:"queue_time"`
		}
		w := askAs(c, owner, token, "GET", "/Accounts/"+owner+"/Calls/"+placed.SID()+".json", nil)
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if waited, err := strconv.Atoi(got.QueueTime); err != nil || waited < want[0] || waited > want[1] {
			t.Errorf("call %d waited %s ms, want %d to %d", i, got.QueueTime, want[0], want[1])
		}
	}
}
