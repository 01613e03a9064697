package sim_test

import (
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twilio/twilio-go/client"
	openapi "github.com/twilio/twilio-go/rest/api/v2010"

	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// known is a phone that says who is at it.
type known struct {
	handset.Handset
	truth handset.Truth
}

func (k known) Truth() handset.Truth { return k.truth }

// place creates a call from ours to theirs.
func place(t *testing.T, c *sim.Carrier, g *gateway, form url.Values) *sim.Call {
	t.Helper()
	all := url.Values{"To": {theirs}, "From": {ours}, "Url": {g.srv.URL + "/voice"}}
	maps.Copy(all, form)
	if w := ask(c, "POST", callsPath+".json", secret, all); w.Code != http.StatusCreated {
		t.Fatalf("create answered %d %s", w.Code, w.Body)
	}
	calls := c.Calls()
	return calls[len(calls)-1]
}

// quick is a seed whose first call is judged after 2652 ms.
const quick = 156

func TestAsyncDetectionTellsFourThingsBesideTheCall(t *testing.T) {
	t.Parallel()
	g := newGateway(t, false)
	g.twiml["/amd"] = func(url.Values) string { return `` }
	c, _ := newCarrier(t, g, sim.Knobs{Seed: quick})
	c.Register(theirs, sim.Phone{Make: func() handset.Handset {
		return known{hangupAfter(6 * time.Second), handset.Truth{Is: handset.Voicemail, Greeting: 6 * time.Second}}
	}})
	placed := place(t, c, g, url.Values{"MachineDetection": {"Enable"}, "AsyncAmd": {"true"}, "AsyncAmdStatusCallback": {g.srv.URL + "/amd"},
		"StatusCallback": {g.srv.URL + "/status"}})
	wait(t, placed)
	wantClean(t, c)
	told := g.got("/amd")
	if len(told) != 1 {
		t.Fatalf("%d callbacks of the detection, want 1; events %v", len(told), placed.Events())
	}
	f := told[0].form
	if got := slices.Sorted(maps.Keys(f)); !slices.Equal(got, []string{"AccountSid", "AnsweredBy", "CallSid", "MachineDetectionDuration"}) {
		t.Errorf("fields %v", got)
	}
	took, _ := strconv.Atoi(f.Get("MachineDetectionDuration"))
	if f.Get("AnsweredBy") != "machine_start" || f.Get("CallSid") != placed.SID() || took != 2652 && took != 2651 {
		t.Errorf("told %v", f)
	}
	if late := told[0].at.Sub(placed.Answered()) - time.Duration(took)*ms; late < 0 || late > 3*time.Second {
		t.Errorf("told %v after the moment that it names", late)
	}
	voice := g.got("/voice")
	if len(voice) != 1 || voice[0].at.Sub(placed.Answered()) > 2*time.Second || voice[0].form.Has("AnsweredBy") {
		t.Errorf("the document was asked for %v, want at once and without a verdict", voice)
	}
	if status := g.got("/status"); len(status) != 1 || status[0].form.Get("AnsweredBy") != "machine_start" {
		t.Errorf("the status callback says %v", status)
	}
	if w := ask(c, "GET", callsPath+"/"+placed.SID()+".json", secret, nil); !strings.Contains(w.Body.String(), `"answered_by":"machine_start"`) {
		t.Errorf("the call is %s", w.Body)
	}
}

func TestSyncDetectionHoldsTheDocumentBack(t *testing.T) {
	t.Parallel()
	g := newGateway(t, false)
	g.twiml["/voice"] = func(url.Values) string { return `<Hangup/>` }
	c, _ := newCarrier(t, g, sim.Knobs{Seed: quick})
	c.Register(theirs, sim.Phone{Make: func() handset.Handset {
		return known{handset.Silent, handset.Truth{Is: handset.Human, Greeting: time.Second}}
	}})
	wait(t, place(t, c, g, url.Values{"MachineDetection": {"Enable"}, "AsyncAmdStatusCallback": {g.srv.URL + "/amd"}}))
	voice := g.got("/voice")
	if len(voice) != 1 || voice[0].form.Get("AnsweredBy") != "human" {
		t.Fatalf("the document was asked for %v", voice)
	}
	if after := voice[0].at.Sub(c.Calls()[0].Answered()); after < 2500*ms {
		t.Errorf("the document was asked for after %v, want 2.5s and more", after)
	}
	if len(g.got("/amd")) != 0 {
		t.Error("a detection before the call told somebody beside it")
	}
}

func TestOneWhoHangsUpBeforeTheVerdictGetsNone(t *testing.T) {
	t.Parallel()
	g := newGateway(t, false)
	c, _ := newCarrier(t, g, sim.Knobs{CPS: -1})
	c.Register(theirs, sim.Phone{Make: func() handset.Handset { return hangupAfter(time.Second) }})
	for _, async := range []string{"true", "false"} {
		placed := place(t, c, g, url.Values{"MachineDetection": {"Enable"}, "AsyncAmd": {async}, "AsyncAmdStatusCallback": {g.srv.URL + "/amd"}})
		wait(t, placed)
		wantStatus(t, placed, telephony.Completed)
	}
	if len(g.got("/amd")) != 0 || len(g.got("/voice")) != 1 {
		t.Errorf("%d verdicts and %d documents, want 0 and 1", len(g.got("/amd")), len(g.got("/voice")))
	}
}

func TestCallsWaitInLine(t *testing.T) {
	t.Parallel()
	g := newGateway(t, false)
	g.twiml["/voice"] = func(url.Values) string { return `<Hangup/>` }
	officials() // reading it takes a while, in which the line would move
	c, rest := newCarrier(t, g, sim.Knobs{CPS: 0.5, QueueDepth: 2})
	c.Register(theirs, sim.Phone{})
	events := url.Values{"StatusCallback": {g.srv.URL + "/status"}, "StatusCallbackEvent": {"initiated", "completed"}}
	first := place(t, c, g, events)
	for first.Status() == telephony.Queued {
		time.Sleep(ms)
	}
	second, third := place(t, c, g, events), place(t, c, g, nil)
	queued, err := rest.FetchCall(third.SID(), nil)
	if err != nil || *queued.Status != "queued" {
		t.Errorf("the third call is %+v, %v; want queued", queued, err)
	}
	full := ask(c, "POST", callsPath+".json", secret, url.Values{"To": {theirs}, "From": {ours}, "Url": {g.srv.URL + "/voice"}})
	if !strings.Contains(full.Body.String(), `"code":22005`) {
		t.Errorf("a fourth call was answered %s, want 22005", full.Body)
	}
	if _, err := rest.UpdateCall(second.SID(), (&openapi.UpdateCallParams{}).SetStatus("canceled")); err != nil {
		t.Errorf("UpdateCall() = %v", err)
	}
	wait(t, c.Calls()...)
	wantStatus(t, second, telephony.StateStop)
	for _, r := range g.got("/status") {
		if r.form.Get("CallSid") == second.SID() {
			t.Errorf("a call that was canceled in line told %v", r.form)
		}
	}
	got, err := rest.FetchCall(third.SID(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if waited, _ := strconv.Atoi(*got.QueueTime); waited < 500 || waited > 3500 {
		t.Errorf("the third call waited %s ms, want about 2000 and not 4000: the second gave up its turn", *got.QueueTime)
	}
}

func TestATimeLimitEndsTheCallAndCanBeChanged(t *testing.T) {
	t.Parallel()
	g := newGateway(t, false)
	c, rest := newCarrier(t, g, sim.Knobs{CPS: -1})
	c.Register(theirs, sim.Phone{})
	limited, shortened, extended := place(t, c, g, url.Values{"TimeLimit": {"1"}}), place(t, c, g, nil), place(t, c, g, url.Values{"TimeLimit": {"4"}})
	for placed, limit := range map[*sim.Call]int{shortened: 1, extended: 6} {
		for !placed.Streaming() {
			time.Sleep(ms)
		}
		if _, err := rest.UpdateCall(placed.SID(), (&openapi.UpdateCallParams{}).SetTimeLimit(limit)); err != nil {
			t.Errorf("UpdateCall() = %v", err)
		}
	}
	for placed, want := range map[*sim.Call]time.Duration{limited: time.Second, shortened: time.Second, extended: 6 * time.Second} {
		wait(t, placed)
		wantStatus(t, placed, telephony.Completed)
		if took := placed.Duration(); took < want-10*ms || took > want+4*time.Second {
			t.Errorf("the call took %v, want %v", took, want)
		}
	}
}

func TestKeysArePressedBeforeTheDocumentIsAskedFor(t *testing.T) {
	t.Parallel()
	g := newGateway(t, false)
	g.twiml["/voice"] = func(url.Values) string { return `<Hangup/>` }
	c, _ := newCarrier(t, g, sim.Knobs{})
	c.Register(theirs, sim.Phone{})
	placed := place(t, c, g, url.Values{"SendDigits": {"4w2#"}})
	wait(t, placed)
	wantClean(t, c)
	var ear handset.KeyEar
	keys := ""
	_, heard := placed.Recording()
	for i := range heard {
		if key := ear.Hear(&heard[i]); key != 0 {
			keys += string(rune(key))
		}
	}
	if voice := g.got("/voice"); keys != "42#" || len(voice) != 1 || voice[0].at.Sub(placed.Answered()) < 900*ms {
		t.Errorf("heard the keys %q, then asked for %v", keys, voice)
	}
}

func TestRingingMayOutlastItsTimeout(t *testing.T) {
	t.Parallel()
	g := newGateway(t, false)
	c, _ := newCarrier(t, g, sim.Knobs{RingGrace: 5 * time.Second})
	c.Register(theirs, sim.Phone{Answer: handset.Answer{After: 1300 * ms}, Make: func() handset.Handset { return hangupAfter(40 * ms) }})
	placed := place(t, c, g, url.Values{"Timeout": {"1"}})
	wait(t, placed)
	wantStatus(t, placed, telephony.Completed)
}

func TestAGetLagsBehind(t *testing.T) {
	t.Parallel()
	g := newGateway(t, false)
	c, rest := newCarrier(t, g, sim.Knobs{ReadLag: 2 * time.Second})
	over := call(t, c, hangupAfter(100*ms))
	seen := func() string {
		got, err := rest.FetchCall(over.SID(), nil)
		if err != nil {
			t.Fatal(err)
		}
		return *got.Status
	}
	if got := seen(); got == "completed" {
		t.Error("a GET sees at once that the call is over")
	}
	if list, err := rest.ListCall((&openapi.ListCallParams{}).SetStatus("completed")); err != nil || len(list) != 0 {
		t.Errorf("ListCall() = %d calls, %v; want none yet", len(list), err)
	}
	for end := time.Now().Add(10 * time.Second); seen() != "completed"; time.Sleep(10 * ms) {
		if time.Now().After(end) {
			t.Fatal("a GET never sees that the call is over")
		}
	}
	if _, err := rest.UpdateCall(over.SID(), (&openapi.UpdateCallParams{}).SetStatus("completed")); err == nil {
		t.Error("an update acts on what a GET shows, not on what is")
	}
}

func TestARedirectByRESTStopsTheStreamAndTheCallGoesOn(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		to   func(g *gateway, p *openapi.UpdateCallParams)
		asks int
	}{
		{"to an address", func(g *gateway, p *openapi.UpdateCallParams) { p.SetUrl(g.srv.URL + "/elsewhere").SetMethod("GET") }, 1},
		{"to a document", func(_ *gateway, p *openapi.UpdateCallParams) { p.SetTwiml(`<Response><Pause length="1"/></Response>`) }, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			g := newGateway(t, false)
			g.twiml["/elsewhere"] = func(url.Values) string { return `<Pause length="1"/>` }
			var s *socket
			g.talk = func(sock *socket) { s = sock; echo(sock) }
			c, rest := newCarrier(t, g, sim.Knobs{})
			dialled, err := c.Call(t.Context(), theirs, ours, handset.Silent)
			if err != nil {
				t.Fatal(err)
			}
			for !dialled.Streaming() {
				time.Sleep(ms)
			}
			p := &openapi.UpdateCallParams{}
			tc.to(g, p)
			if updated, err := rest.UpdateCall(dialled.SID(), p); err != nil || *updated.Status != "in-progress" {
				t.Errorf("UpdateCall() = %v, %v", updated, err)
			}
			wait(t, dialled)
			g.settle()
			if last := s.frames[len(s.frames)-1]; !strings.HasPrefix(last, `{"event":"stop"`) {
				t.Errorf("the stream ended with %s, want stop", last)
			}
			if len(g.got("/elsewhere")) != tc.asks || len(g.got("/next")) != 0 || dialled.Duration() < time.Second {
				t.Errorf("asked %d times, %d actions, %v long", len(g.got("/elsewhere")), len(g.got("/next")), dialled.Duration())
			}
		})
	}
}

func TestUpdatesThatFitNoStateAreRefused(t *testing.T) {
	g := newGateway(t, false)
	c, _ := newCarrier(t, g, sim.Knobs{})
	c.Register(theirs, sim.Phone{Answer: handset.Answer{Kind: handset.NoAnswer}})
	ringing := place(t, c, g, nil)
	for ringing.Status() != telephony.Ringing {
		time.Sleep(ms)
	}
	live, err := c.Call(t.Context(), theirs, ours, handset.Silent)
	if err != nil {
		t.Fatal(err)
	}
	for !live.Streaming() {
		time.Sleep(ms)
	}
	for _, tc := range []struct {
		name string
		call *sim.Call
		form url.Values
		want string
	}{
		{"redirect of a call that rings", ringing, url.Values{"Url": {g.srv.URL + "/x"}}, `"code":21220`},
		{"cancel of a call that was answered", live, url.Values{"Status": {"canceled"}}, `"code":21220`},
		{"a status that cannot be set", live, url.Values{"Status": {"ringing"}}, `"code":21218`},
		{"a bad address", live, url.Values{"Url": {"x"}}, `"code":21205`},
		{"a bad method of the fallback", live, url.Values{"Url": {"http://x"}, "FallbackMethod": {"PUT"}}, `"code":20001`},
		{"a bad limit", live, url.Values{"TimeLimit": {"-1"}}, `"code":20001`},
		{"who is told of a call that rings", ringing, url.Values{"StatusCallback": {g.srv.URL + "/status"}}, `"status":"ringing"`},
		{"end of a call that rings", ringing, url.Values{"Status": {"completed"}}, `"status":"canceled"`},
		{"end of a live call", live, url.Values{"Status": {"completed"}}, `"status":"completed"`},
		{"end of a call that is over", live, url.Values{"Status": {"completed"}}, `"code":21220`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if w := ask(c, "POST", callsPath+"/"+tc.call.SID()+".json", secret, tc.form); !strings.Contains(w.Body.String(), tc.want) {
				t.Errorf("answered %s, want %s", w.Body, tc.want)
			}
		})
	}
	wait(t, ringing, live)
	if got := g.statuses("/status"); !slices.Contains(got, "canceled") {
		t.Errorf("status callbacks %v, want canceled among them", got)
	}
}

func TestRegionsThatAreNotAllowedAreNotCalled(t *testing.T) {
	g := newGateway(t, false)
	c, rest := newCarrier(t, g, sim.Knobs{Regions: []string{"+1"}})
	p := (&openapi.CreateCallParams{}).SetFrom(ours).SetTwiml("<Response/>")
	var e *client.TwilioRestError
	if _, err := rest.CreateCall(p.SetTo("+442079460001")); !errors.As(err, &e) || e.Code != 21215 {
		t.Errorf("CreateCall() abroad = %v, want 21215", err)
	}
	if _, err := rest.CreateCall(p.SetTo(theirs)); err != nil {
		t.Errorf("CreateCall() at home = %v", err)
	}
	wait(t, c.Calls()...)
}

func TestRESTGoesWrongAsItIsTold(t *testing.T) {
	g := newGateway(t, false)
	c, _ := newCarrier(t, g, sim.Knobs{})
	srv := httptest.NewServer(c.Handler())
	defer srv.Close()
	send := func() string {
		form := url.Values{"To": {theirs}, "From": {ours}, "Twiml": {"<Response/>"}}
		r, _ := http.NewRequest("POST", srv.URL+callsPath+".json", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.SetBasicAuth(account, secret)
		resp, err := srv.Client().Do(r)
		if err != nil {
			return "cut"
		}
		resp.Body.Close()
		return strconv.Itoa(resp.StatusCode) + resp.Header.Get("Retry-After")
	}
	for _, tc := range []struct {
		name   string
		faults []sim.RESTFault
		want   string
		placed int
	}{
		{"a burst of 429", []sim.RESTFault{{Status: 429, Times: 2, RetryAfter: 3 * time.Second}}, "4293 4293 201 201", 2},
		{"every other one", []sim.RESTFault{{Status: 429, Every: 2}}, "201 429 201 429", 2},
		{"5xx", []sim.RESTFault{{Status: 500, Times: 1}, {Status: 502, Times: 1}, {Status: 503, Times: 1}}, "500 502 503 201", 1},
		{"lost answers", []sim.RESTFault{{Lost: true, Every: 2}}, "201 cut 201 cut", 4},
		{"requests that do not arrive", []sim.RESTFault{{Unmet: true, Times: 3}}, "cut cut cut 201", 1},
		{"other methods and paths", []sim.RESTFault{{Status: 500, Method: "GET"}, {Status: 500, Path: "Numbers"}}, "201 201 201 201", 4},
		{"healed", nil, "201 201 201 201", 4},
	} {
		t.Run(tc.name, func(t *testing.T) {
			before := len(c.Calls())
			c.FailREST(tc.faults...)
			var got []string
			for range 4 {
				got = append(got, send())
			}
			if text := strings.Join(got, " "); text != tc.want || len(c.Calls())-before != tc.placed {
				t.Errorf("answered %s and placed %d; want %s and %d", text, len(c.Calls())-before, tc.want, tc.placed)
			}
		})
	}
	wantClean(t, c)
	for _, placed := range c.Calls() {
		ask(c, "POST", callsPath+"/"+placed.SID()+".json", secret, url.Values{"Status": {"canceled"}})
	}
	wait(t, c.Calls()...)
}
