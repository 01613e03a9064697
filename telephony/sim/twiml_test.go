package sim_test

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	openapi "github.com/twilio/twilio-go/rest/api/v2010"

	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
	"github.com/hookswitch/hookswitch/telephony/sim/police"
)

// document answers with body and a content type, whatever is asked.
func document(ctype, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = nil
		if ctype != "" {
			w.Header().Set("Content-Type", ctype)
		}
		io.WriteString(w, body)
	}
}

func TestDocuments(t *testing.T) {
	t.Parallel()
	const stream = `<Connect action="/next"><Stream url="ws://WS/media"/></Connect>`
	for _, tc := range []struct {
		name    string
		ctype   string
		body    string
		want    telephony.State
		police  []police.Kind
		took    time.Duration // at least, answered
		visited []string      // paths asked for, apart from /status
	}{
		{"nothing to do", "text/xml", `<Response/>`, telephony.Completed, nil, 0, []string{"/voice"}},
		{"reject", "text/xml", `<Response><Reject/></Response>`, telephony.StateNone, nil, 0, []string{"/voice"}},
		{"reject as busy", "application/xml", `<Response><Reject reason="busy"/></Response>`, telephony.StateBusy, nil, 0, []string{"/voice"}},
		{"say and pause last", "text/html", `<Response><Say>five</Say><Pause length="1"/></Response>`, telephony.Completed, nil, 1200 * ms, []string{"/voice"}},
		{"plain text is spoken", "text/plain", `hello, you`, telephony.Completed, nil, 580 * ms, []string{"/voice"}},
		{"redirect", "text/xml", `<Response><Redirect>/next</Redirect><Pause length="60"/></Response>`, telephony.Completed, nil, 0, []string{"/voice", "/next"}},
		{"a circle of redirects", "text/xml", `<Response><Redirect>/voice</Redirect></Response>`, telephony.StateFail, []police.Kind{police.TooManyHops}, 0, slices.Repeat([]string{"/voice"}, 11)},
		{"hangup ends it", "text/xml", `<Response><Hangup/><Pause length="60"/></Response>`, telephony.Completed, nil, 0, []string{"/voice"}},
		{"keys are played", "text/xml", `<Response><Play digits="1w"/></Response>`, telephony.Completed, nil, 700 * ms, []string{"/voice"}},
		{"not XML", "text/xml", `hello`, telephony.StateFail, []police.Kind{police.TwiML}, 0, []string{"/voice"}},
		{"space before XML", "text/xml", "\n<?xml version=\"1.0\"?><Response/>", telephony.StateFail, []police.Kind{police.TwiML}, 0, []string{"/voice"}},
		{"cut XML", "text/xml", `<Response><Say>`, telephony.StateFail, []police.Kind{police.TwiML}, 0, []string{"/voice"}},
		{"two roots", "text/xml", `<Response/><Response/>`, telephony.StateFail, []police.Kind{police.TwiML}, 0, []string{"/voice"}},
		{"JSON", "application/json", `{}`, telephony.StateFail, []police.Kind{police.ContentType}, 0, []string{"/voice"}},
		{"no content type", "", `<Response/>`, telephony.StateFail, []police.Kind{police.ContentType}, 0, []string{"/voice"}},
		{"64 kB and more", "text/xml", `<Response><!--` + strings.Repeat("x", 64<<10) + `--></Response>`, telephony.StateFail, []police.Kind{police.TooLong}, 0, []string{"/voice"}},
		{"unknown verb", "text/xml", `<Response><Dance/></Response>`, telephony.Completed, []police.Kind{police.UnknownVerb}, 0, []string{"/voice"}},
		{"unknown attribute", "text/xml", `<Response><Say loud="1">x</Say></Response>`, telephony.Completed, []police.Kind{police.UnknownVerb}, 0, []string{"/voice"}},
		{"a verb after Connect", "text/xml", `<Response>` + stream + `<Hangup/></Response>`, telephony.Completed, []police.Kind{police.AfterConnect}, 0, []string{"/voice", "/next"}},
		{"Connect without action falls through", "text/xml", `<Response><Connect><Stream url="ws://WS/media"/></Connect><Pause length="1"/></Response>`, telephony.Completed, []police.Kind{police.AfterConnect, police.NoAction}, time.Second, []string{"/voice"}},
		{"a query on the stream", "text/xml", `<Response><Connect action="/next"><Stream url="ws://WS/media?token=1"/></Connect></Response>`, telephony.Completed, []police.Kind{police.StreamURL}, 0, []string{"/voice", "/next"}},
		{"ws elsewhere", "text/xml", `<Response><Connect action="/next"><Stream url="ws://example.com/media"/></Connect></Response>`, telephony.Completed, []police.Kind{police.StreamURL}, 0, []string{"/voice", "/next"}},
		{"a bad track", "text/xml", `<Response><Connect action="/next"><Stream url="ws://WS/media" track="both_tracks"/></Connect></Response>`, telephony.Completed, []police.Kind{police.StreamURL}, 0, []string{"/voice", "/next"}},
		{"a long parameter", "text/xml", `<Response><Connect action="/next"><Stream url="ws://WS/media"><Parameter name="n" value="` + strings.Repeat("v", 499) + `"/></Stream></Connect></Response>`, telephony.Completed, []police.Kind{police.Parameter}, 0, []string{"/voice", "/next"}},
		{"a relative stream", "text/xml", `<Response><Connect action="/next"><Stream url="/media"/></Connect></Response>`, telephony.Completed, nil, 0, []string{"/voice", "/next"}},
		{"a handshake refused", "text/xml", `<Response><Connect action="/next"><Stream url="ws://WS/closed"/></Connect></Response>`, telephony.Completed, []police.Kind{police.Handshake}, 0, []string{"/voice", "/next"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			g := newGateway(t, false)
			g.talk = closeStream
			body := strings.ReplaceAll(tc.body, "ws://WS", g.ws())
			voice := document(tc.ctype, body)
			g.handlers["/voice"] = voice
			g.handlers["/closed"] = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }
			c, _ := newCarrier(t, g, sim.Knobs{})
			call := call(t, c, handset.Silent)
			wantStatus(t, call, tc.want)
			if got := kinds(c); !slices.Equal(got, tc.police) {
				t.Errorf("police found %v, want %v", c.Police().Violations(), tc.police)
			}
			if got := call.Duration(); got < tc.took || got > tc.took+2*time.Second {
				t.Errorf("the answered call took %v, want %v", got, tc.took)
			}
			var visited []string
			g.mu.Lock()
			for _, r := range g.requests {
				if r.path != "/status" {
					visited = append(visited, r.path)
				}
			}
			g.mu.Unlock()
			if !slices.Equal(visited, tc.visited) {
				t.Errorf("asked for %v, want %v", visited, tc.visited)
			}
		})
	}
}

func TestWebhookThatFails(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name     string
		voice    http.HandlerFunc
		knobs    sim.Knobs
		want     police.Kind
		fallback url.Values
	}{
		{"500", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }, sim.Knobs{}, police.WebhookStatus, url.Values{"ErrorCode": {"11200"}}},
		{"silence", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, sim.Knobs{WebhookTimeout: 200 * ms}, police.WebhookTimeout, url.Values{"ErrorCode": {"11205"}}},
		{"a circle of HTTP redirects", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/voice", 302) }, sim.Knobs{}, police.TooManyHops, url.Values{"ErrorCode": {"11215"}}},
		{"a connection that breaks", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, sim.Knobs{}, police.Unreachable, url.Values{"ErrorCode": {"11205"}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			g := newGateway(t, false)
			g.handlers["/voice"] = tc.voice
			g.twiml["/fallback"] = func(url.Values) string { return `<Hangup/>` }
			c, err := sim.New(sim.Config{AccountSID: account, AuthToken: secret, Knobs: tc.knobs, Numbers: []sim.Number{
				{Number: ours, VoiceURL: g.srv.URL + "/voice", FallbackURL: g.srv.URL + "/fallback"}}})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			wantStatus(t, call(t, c, handset.Silent), telephony.Completed)
			if got := kinds(c); !slices.Equal(got, []police.Kind{tc.want}) {
				t.Errorf("police found %v, want %v", got, tc.want)
			}
			f := g.got("/fallback")
			if len(f) != 1 || f[0].form.Get("ErrorCode") != tc.fallback.Get("ErrorCode") || f[0].form.Get("ErrorUrl") != g.srv.URL+"/voice" {
				t.Errorf("fallback was told %v", f)
			}
		})
	}
}

func TestRedirectedWebhookIsSignedAtEveryHopAndKeepsItsCookies(t *testing.T) {
	g := newGateway(t, false)
	g.handlers["/voice"] = func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "k", Value: "v", Path: "/"})
		http.Redirect(w, r, "/moved?b=2&a=1", http.StatusTemporaryRedirect)
	}
	g.twiml["/moved"] = func(url.Values) string { return `<Redirect method="GET">/get?z=1</Redirect>` }
	g.twiml["/get"] = func(url.Values) string { return `<Hangup/>` }
	c, _ := newCarrier(t, g, sim.Knobs{})
	call(t, c, handset.Silent)
	wantClean(t, c)
	first, moved, get := g.got("/voice")[0], g.got("/moved"), g.got("/get")
	if len(moved) != 1 || moved[0].header.Get("I-Twilio-Idempotency-Token") != first.header.Get("I-Twilio-Idempotency-Token") || moved[0].header.Get("Cookie") != "k=v" {
		t.Errorf("second hop %v", moved)
	}
	if len(get) != 1 || get[0].form.Get("CallSid") == "" || get[0].form.Get("z") != "1" {
		t.Errorf("GET %v", get)
	}
}

func TestDialBridgesTwoPhones(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		answer handset.Answer
		hangup time.Duration // of the second phone
		verb   string
		status string
		after  []string
	}{
		{"the second phone hangs up", handset.Answer{After: 50 * ms}, 3 * time.Second, `<Dial action="/next" timeout="10"><Number statusCallback="/child" statusCallbackEvent="initiated ringing answered completed">` + theirs + `1</Number></Dial>`, "completed", []string{"initiated", "ringing", "in-progress", "completed"}},
		{"busy", handset.Answer{Kind: handset.Busy}, 0, `<Dial action="/next"><Number statusCallback="/child">` + theirs + `1</Number></Dial>`, "busy", []string{"busy"}},
		{"nobody there", handset.Answer{Kind: handset.NoAnswer}, 0, `<Dial action="/next" timeout="1">` + theirs + `1</Dial>`, "no-answer", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			g := newGateway(t, false)
			g.twiml["/voice"] = func(url.Values) string { return tc.verb }
			g.twiml["/child"] = func(url.Values) string { return "" }
			c, _ := newCarrier(t, g, sim.Knobs{})
			c.Register(theirs+"1", sim.Phone{Answer: tc.answer, Make: func() handset.Handset {
				return handset.Noisy(handset.Noise{At: time.Second, For: 100 * ms}, handset.Noise{At: tc.hangup, Hangup: true})
			}})
			parent := call(t, c, handset.Noisy(handset.Noise{At: 1500 * ms, For: 60 * ms}))
			wantStatus(t, parent, telephony.Completed)
			wantClean(t, c)
			next := g.got("/next")
			if len(next) != 1 || next[0].form.Get("DialCallStatus") != tc.status || next[0].form.Get("CallStatus") != "in-progress" {
				t.Fatalf("action was told %v, want %s", next, tc.status)
			}
			child := c.Calls()[1]
			if next[0].form.Get("DialCallSid") != child.SID() {
				t.Errorf("DialCallSid %s, want %s", next[0].form.Get("DialCallSid"), child.SID())
			}
			if got := g.statuses("/child"); !slices.Equal(got, tc.after) {
				t.Errorf("callbacks of the second leg %v, want %v", got, tc.after)
			}
			if tc.status != "completed" {
				return
			}
			if f := g.got("/child")[0].form; f.Get("ParentCallSid") != parent.SID() || f.Get("Direction") != "outbound-dial" {
				t.Errorf("second leg %v", f)
			}
			_, there := child.Recording()
			_, here := parent.Recording()
			if a, b := len(voicedFrames(there)), len(voicedFrames(here)); a != 3 || b != 5 {
				t.Errorf("the second phone heard %d frames and the first %d, want 3 and 5", a, b)
			}
		})
	}
}

func TestCallerHangsUpWhileTheSecondPhoneRings(t *testing.T) {
	g := newGateway(t, false)
	g.twiml["/voice"] = func(url.Values) string { return `<Dial action="/next">` + theirs + `1</Dial>` }
	c, _ := newCarrier(t, g, sim.Knobs{})
	c.Register(theirs+"1", sim.Phone{Answer: handset.Answer{After: time.Minute}})
	wantStatus(t, call(t, c, hangupAfter(time.Second)), telephony.Completed)
	if got := c.Calls()[1].Status(); got != telephony.StateStop {
		t.Errorf("the second leg is %s, want canceled", got)
	}
	if got := g.got("/next"); len(got) != 1 || got[0].form.Get("DialCallStatus") != "canceled" || got[0].form.Get("CallStatus") != "completed" {
		t.Errorf("action was told %v", got)
	}
}

func TestDialWarnsOfWhatItDoesNotPlay(t *testing.T) {
	g := newGateway(t, false)
	g.twiml["/voice"] = func(url.Values) string {
		return `<Dial action="/next" record="record-from-answer" ringTone="de"><Number machineDetection="Enable">` + theirs + `1</Number></Dial>`
	}
	c, _ := newCarrier(t, g, sim.Knobs{})
	wantStatus(t, call(t, c, handset.Silent), telephony.Completed)
	wantClean(t, c)
	if got := c.Police().Count(police.Unsupported); got != 3 {
		t.Errorf("%d warnings, want 3", got)
	}
	if got := g.got("/next"); len(got) != 1 || got[0].form.Get("DialCallStatus") != "failed" {
		t.Errorf("action was told %v, want failed", got)
	}
}

func TestStreamStatusCallback(t *testing.T) {
	g := newGateway(t, false)
	g.talk = closeStream
	g.twiml["/voice"] = func(url.Values) string {
		return `<Connect action="/next"><Stream url="` + g.ws() + `/media" name="agent" statusCallback="/stream"/></Connect>`
	}
	g.twiml["/stream"] = func(url.Values) string { return "" }
	c, _ := newCarrier(t, g, sim.Knobs{})
	call(t, c, handset.Silent)
	var got []string
	for _, r := range g.got("/stream") {
		got = append(got, r.form.Get("StreamEvent")+" "+r.form.Get("StreamName"))
		if _, err := time.Parse(time.RFC3339Nano, r.form.Get("Timestamp")); err != nil {
			t.Error(err)
		}
	}
	if want := []string{"stream-started agent", "stream-stopped agent"}; !slices.Equal(got, want) {
		t.Errorf("stream callbacks %v, want %v", got, want)
	}
}

func TestCloseEndsEverythingAtOnce(t *testing.T) {
	g := newGateway(t, false)
	c, rest := newCarrier(t, g, sim.Knobs{})
	call, err := c.Call(t.Context(), theirs, ours, handset.Silent)
	if err != nil {
		t.Fatal(err)
	}
	for !call.Streaming() {
		time.Sleep(ms)
	}
	begin := time.Now()
	c.Close()
	if took := time.Since(begin); took > 10*time.Second { // the call would last for hours
		t.Errorf("Close() took %v", took)
	}
	select {
	case <-call.Done():
	default:
		t.Error("the call is not done")
	}
	if _, err := c.Call(t.Context(), theirs, ours, nil); err == nil {
		t.Error("a closed carrier takes a call")
	}
	if _, err := rest.CreateCall((&openapi.CreateCallParams{}).SetTo(theirs).SetFrom(ours).SetUrl(g.srv.URL)); err == nil {
		t.Error("a closed carrier places a call")
	}
}

// What a warm transfer needs: a call leaves its stream, and finds the other one
// in a conference.
func TestTwoCallsLeaveTheirStreamsForAConference(t *testing.T) {
	t.Parallel()
	g := newGateway(t, false)
	g.talk = closeStream
	g.twiml["/next"] = func(url.Values) string {
		return `<Dial action="/over"><Conference beep="false" endConferenceOnExit="true">room</Conference></Dial>`
	}
	g.twiml["/over"] = func(url.Values) string { return `<Hangup/>` }
	c, _ := newCarrier(t, g, sim.Knobs{})
	stays, err := c.Call(t.Context(), theirs, ours, handset.Silent)
	if err != nil {
		t.Fatal(err)
	}
	leaves := call(t, c, handset.Noisy(handset.Noise{At: 1500 * ms, For: 200 * ms}, handset.Noise{At: 2500 * ms, Hangup: true}))
	wait(t, stays)
	wantClean(t, c)
	if _, heard := stays.Recording(); len(voicedFrames(heard)) < 9 || len(voicedFrames(heard)) > 11 {
		t.Errorf("one heard %d frames of the other, want 10", len(voicedFrames(heard)))
	}
	wantStatus(t, stays, telephony.Completed)
	wantStatus(t, leaves, telephony.Completed)
	if got := g.statuses("/over"); len(got) != 2 || !slices.Contains(got, "in-progress") || !slices.Contains(got, "completed") {
		t.Errorf("the actions were asked for in %v", got)
	}
}
