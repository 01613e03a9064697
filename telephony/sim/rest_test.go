package sim_test

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twilio/twilio-go/client"
	openapi "github.com/twilio/twilio-go/rest/api/v2010"

	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
	"github.com/hookswitch/hookswitch/telephony/sim/police"
)

const callsPath = "/2010-04-01/Accounts/" + account + "/Calls"

// ask sends a request to the REST API, past every client.
func ask(c *sim.Carrier, method, path, password string, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(account, password)
	w := httptest.NewRecorder()
	checked(c).ServeHTTP(w, r)
	return w
}

func TestErrors(t *testing.T) {
	t.Parallel()
	g := newGateway(t, false)
	c, _ := newCarrier(t, g, sim.Knobs{})
	over := call(t, c, hangupAfter(40*ms)).SID()
	good := url.Values{"To": {theirs}, "From": {ours}, "Url": {g.srv.URL + "/voice"}}
	with := func(name, value string) url.Values {
		v := maps.Clone(good)
		v.Set(name, value)
		return v
	}
	for _, tc := range []struct {
		name         string
		method, path string
		password     string
		form         url.Values
		status, code int
	}{
		{"wrong password", "POST", callsPath + ".json", "no", good, 401, 20003},
		{"another account", "POST", "/2010-04-01/Accounts/AC1/Calls.json", secret, good, 404, 20404},
		{"no such resource", "GET", "/2010-04-01/Accounts/" + account + "/Dances.json", secret, nil, 404, 20404},
		{"no such call", "GET", callsPath + "/CA0.json", secret, nil, 404, 20404},
		{"no To", "POST", callsPath + ".json", secret, with("To", ""), 400, 21201},
		{"no From", "POST", callsPath + ".json", secret, with("From", ""), 400, 21213},
		{"bad To", "POST", callsPath + ".json", secret, with("To", "555"), 400, 21211},
		{"bad From", "POST", callsPath + ".json", secret, with("From", "me"), 400, 21212},
		{"From of others", "POST", callsPath + ".json", secret, with("From", theirs), 400, 21210},
		{"no Url", "POST", callsPath + ".json", secret, with("Url", ""), 400, 21205},
		{"bad Url", "POST", callsPath + ".json", secret, with("Url", "voice"), 400, 21205},
		{"bad Method", "POST", callsPath + ".json", secret, with("Method", "PUT"), 400, 20001},
		{"bad Timeout", "POST", callsPath + ".json", secret, with("Timeout", "601"), 400, 20001},
		{"bad StatusCallback", "POST", callsPath + ".json", secret, with("StatusCallback", "x"), 400, 21609},
		{"long Twiml", "POST", callsPath + ".json", secret, url.Values{"To": {theirs}, "From": {ours}, "Twiml": {strings.Repeat("x", 4001)}}, 400, 20001},
		{"update of a call that is over", "POST", callsPath + "/" + over + ".json", secret, url.Values{"Status": {"completed"}}, 400, 21220},
		{"update of an unknown call", "POST", callsPath + "/CA0.json", secret, url.Values{"Status": {"completed"}}, 404, 20404},
		{"Url and Twiml", "POST", callsPath + "/" + over + ".json", secret, url.Values{"Url": {"http://x"}, "Twiml": {"x"}}, 400, 21218},
		{"bad page", "GET", callsPath + ".json?PageSize=0", secret, nil, 400, 20001},
		{"bad date", "GET", callsPath + ".json?StartTime=today", secret, nil, 400, 20001},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := ask(c, tc.method, tc.path, tc.password, tc.form)
			var e struct {
				Code, Status      int
				Message, MoreInfo string
			}
			body := strings.ReplaceAll(w.Body.String(), "more_info", "MoreInfo")
			if err := json.Unmarshal([]byte(body), &e); err != nil {
				t.Fatalf("answer %s: %v", w.Body, err)
			}
			if w.Code != tc.status || e.Status != tc.status || e.Code != tc.code || e.Message == "" || !strings.HasSuffix(e.MoreInfo, "/errors/"+jsonInt(tc.code)) {
				t.Errorf("answer %d %s, want %d and code %d", w.Code, w.Body, tc.status, tc.code)
			}
		})
	}
	if c.Police().Count(police.Unauthenticated) != 1 || c.Police().Count(police.BadRequest) == 0 {
		t.Errorf("police found %v", kinds(c))
	}
}

func jsonInt(n int) string { b, _ := json.Marshal(n); return string(b) }

func TestErrorsReachTheOfficialClient(t *testing.T) {
	g := newGateway(t, false)
	c, rest := newCarrier(t, g, sim.Knobs{})
	var e *client.TwilioRestError
	if _, err := rest.FetchCall("CA00000000000000000000000000000000", nil); !errors.As(err, &e) || e.Code != 20404 || e.Status != 404 {
		t.Errorf("FetchCall() = %v, want 20404", err)
	}
	if _, err := twilioClient(t, c, "wrong").ListCall(nil); !errors.As(err, &e) || e.Code != 20003 {
		t.Errorf("ListCall() with a wrong password = %v, want 20003", err)
	}
}

func TestListFiltersAndPages(t *testing.T) {
	t.Parallel()
	g := newGateway(t, false)
	g.twiml["/voice"] = func(url.Values) string { return `<Reject/>` }
	c, rest := newCarrier(t, g, sim.Knobs{})
	for range 7 {
		call(t, c, handset.Silent)
	}
	g.twiml["/voice"] = func(url.Values) string { return `<Hangup/>` }
	last := call(t, c, handset.Silent)

	all, err := rest.ListCall((&openapi.ListCallParams{}).SetPageSize(3))
	if err != nil || len(all) != 8 || *all[0].Sid != last.SID() {
		t.Fatalf("ListCall() = %d calls, %v; want 8, the newest first", len(all), err)
	}
	began, err := time.Parse(time.RFC1123Z, *all[0].StartTime) // a moment of the filter is a whole second
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name string
		p    *openapi.ListCallParams
		want int
	}{
		{"status", (&openapi.ListCallParams{}).SetStatus("no-answer"), 7},
		{"to", (&openapi.ListCallParams{}).SetTo(ours), 8},
		{"from nobody", (&openapi.ListCallParams{}).SetFrom(ours), 0},
		{"started in that second", (&openapi.ListCallParams{}).SetStartTime(began.UTC()), 1},
		{"started after tomorrow", (&openapi.ListCallParams{}).SetStartTimeAfter(time.Now().Add(48 * time.Hour)), 0},
		{"ended before now", (&openapi.ListCallParams{}).SetEndTimeBefore(time.Now().Add(time.Minute)), 8},
		{"limit", (&openapi.ListCallParams{}).SetLimit(5).SetPageSize(2), 5},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := rest.ListCall(tc.p)
			if err != nil || len(got) != tc.want {
				t.Errorf("ListCall() = %d calls, %v; want %d", len(got), err, tc.want)
			}
		})
	}
	if err := rest.DeleteCall(last.SID(), nil); err != nil {
		t.Errorf("DeleteCall() = %v", err)
	}
	if all, _ := rest.ListCall(nil); len(all) != 7 {
		t.Errorf("%d calls after one was deleted, want 7", len(all))
	}
}

func TestCompletedByREST(t *testing.T) {
	g := newGateway(t, false)
	c, rest := newCarrier(t, g, sim.Knobs{})
	call, err := c.Call(t.Context(), theirs, ours, handset.Silent)
	if err != nil {
		t.Fatal(err)
	}
	for !call.Streaming() {
		time.Sleep(ms)
	}
	if _, err := rest.UpdateCall(call.SID(), (&openapi.UpdateCallParams{}).SetStatus("completed")); err != nil {
		t.Errorf("UpdateCall() = %v", err)
	}
	wait(t, call)
	wantStatus(t, call, telephony.Completed)
	if got := g.statuses("/next"); !slices.Equal(got, []string{"completed"}) {
		t.Errorf("action told %v, want completed", got)
	}
}

func TestSpaceJoinedEventsAreOneUnknownEvent(t *testing.T) {
	g := newGateway(t, false)
	c, _ := newCarrier(t, g, sim.Knobs{})
	form := url.Values{"To": {theirs}, "From": {ours}, "Twiml": {"<Response/>"}, "StatusCallback": {g.srv.URL + "/status"}, "StatusCallbackEvent": {"initiated completed"}}
	if w := ask(c, "POST", callsPath+".json", secret, form); w.Code != http.StatusCreated {
		t.Fatalf("create answered %d", w.Code)
	}
	wait(t, c.Calls()...)
	if got := g.statuses("/status"); len(got) != 0 {
		t.Errorf("callbacks %v, want none", got)
	}
	if got := kinds(c); !slices.Equal(got, []police.Kind{police.UnknownCallback}) {
		t.Errorf("police found %v", got)
	}
}

func TestAnswersHaveTheKeysOfTheOfficialExample(t *testing.T) {
	g := newGateway(t, false)
	c, _ := newCarrier(t, g, sim.Knobs{})
	sid := call(t, c, hangupAfter(40*ms)).SID()
	data, err := os.ReadFile("testdata/official_examples.json")
	if err != nil {
		t.Fatal(err)
	}
	var want struct{ Call, Page map[string]any }
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]map[string]any{callsPath + "/" + sid + ".json": want.Call, callsPath + ".json": want.Page} {
		var got map[string]any
		if err := json.Unmarshal(ask(c, "GET", path, secret, nil).Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if a, b := slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)); !slices.Equal(a, b) {
			t.Errorf("keys %v\nwant %v", a, b)
		}
		if sub, ok := want["subresource_uris"].(map[string]any); ok {
			if a, b := slices.Sorted(maps.Keys(got["subresource_uris"].(map[string]any))), slices.Sorted(maps.Keys(sub)); !slices.Equal(a, b) {
				t.Errorf("sub-resources %v\nwant %v", a, b)
			}
		}
		for name, v := range want {
			if g, ok := got[name]; ok && g != nil && v != nil && jsonType(g) != jsonType(v) {
				t.Errorf("%s is a %s, want a %s", name, jsonType(g), jsonType(v))
			}
		}
	}
}

func jsonType(v any) string {
	switch v.(type) {
	case string:
		return "string"
	case float64:
		return "number"
	case bool:
		return "boolean"
	case []any:
		return "list"
	}
	return "object"
}
