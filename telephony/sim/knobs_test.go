package sim_test

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twilio/twilio-go/client"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
	"github.com/hookswitch/hookswitch/telephony/sim/persona"
	"github.com/hookswitch/hookswitch/telephony/sim/police"
)

func TestPortIsLeftOutOfTheSignature(t *testing.T) {
	g := newGateway(t, true) // whose validator tries with and without port
	exact := ""
	g.handlers["/voice"] = func(w http.ResponseWriter, r *http.Request) {
		params := map[string]string{}
		for name := range r.PostForm {
			params[name] = r.PostForm.Get(name)
		}
		if client := client.NewRequestValidator(secret); client.Validate("https://127.0.0.1/voice", params, r.Header.Get("X-Twilio-Signature")) {
			exact = "without port"
		}
		document("text/xml", `<Response/>`)(w, r)
	}
	c, _ := newCarrier(t, g, sim.Knobs{DropHTTPSPort: true})
	call(t, c, handset.Silent)
	wantClean(t, c)
	if exact == "" {
		t.Error("the signature covers the port")
	}
}

func TestQueryIsSortedOnTheWireAndSignedAsWritten(t *testing.T) {
	g := newGateway(t, false)
	var got, signature string
	params := map[string]string{}
	g.twiml["/voice"] = func(url.Values) string { return `<Redirect>/x?b=2&amp;a=1</Redirect>` }
	inner := g.srv.Config.Handler
	g.srv.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/x" {
			inner.ServeHTTP(w, r)
			return
		}
		r.ParseForm()
		for name := range r.PostForm {
			params[name] = r.PostForm.Get(name)
		}
		got, signature = r.URL.RawQuery, r.Header.Get("X-Twilio-Signature")
		document("text/xml", `<Response/>`)(w, r)
	})
	c, _ := newCarrier(t, g, sim.Knobs{ResortQuery: true})
	call(t, c, handset.Silent)
	validator := client.NewRequestValidator(secret)
	if got != "a=1&b=2" || !validator.Validate(g.srv.URL+"/x?b=2&a=1", params, signature) {
		t.Errorf("query on the wire %s, signed as written: no", got)
	}
}

func TestFrozenGatewayDoesNotHoldTheCallersHangup(t *testing.T) {
	t.Parallel()
	g := newGateway(t, false)
	thaw := make(chan struct{})
	g.talk = func(*socket) { <-thaw } // reads nothing, closes nothing
	c, _ := newCarrier(t, g, sim.Knobs{})
	call, err := c.Call(t.Context(), theirs, ours, hangupAfter(1500*ms))
	if err != nil {
		t.Fatal(err)
	}
	wait(t, call)
	close(thaw)
	wantStatus(t, call, telephony.Completed)
	if took := call.Duration(); took > 2400*ms {
		t.Errorf("the call took %v, want 1.5s", took)
	}
	if got := g.statuses("/next"); !slices.Equal(got, []string{"completed"}) {
		t.Errorf("action told %v, want completed", got)
	}
}

func TestFrozenGatewayIsADropWhenItsBuffersAreFull(t *testing.T) {
	t.Parallel()
	g := newGateway(t, false)
	thaw := make(chan struct{})
	g.talk = func(s *socket) {
		name := strings.Repeat("x", 100_000)
		for range 200 { // 20 MB of echoes
			s.send(`{"event":"mark","streamSid":%q,"mark":{"name":%q}}`, s.sid, name)
		}
		<-thaw
	}
	c, _ := newCarrier(t, g, sim.Knobs{HalfOpenNotice: 300 * ms})
	call, err := c.Call(t.Context(), theirs, ours, handset.Silent)
	if err != nil {
		t.Fatal(err)
	}
	wait(t, call)
	close(thaw)
	wantClean(t, c)
	if got := g.statuses("/next"); !slices.Equal(got, []string{"in-progress"}) {
		t.Errorf("action told %v, want in-progress", got)
	}
}

func TestJitterDelaysButKeepsTheOrder(t *testing.T) {
	t.Parallel()
	g := newGateway(t, false)
	var s *socket
	g.talk = func(sock *socket) { s = sock; echo(sock) }
	c, _ := newCarrier(t, g, sim.Knobs{Jitter: 30 * ms})
	call := call(t, c, handset.Noisy(handset.Noise{At: time.Second, Digit: '7'}, handset.Noise{At: 2 * time.Second, Hangup: true}))
	g.settle()
	checkStream(t, s, call)
}

func TestSayAndPlayAreHeard(t *testing.T) {
	t.Parallel()
	g := newGateway(t, false)
	g.twiml["/voice"] = func(url.Values) string { return `<Say>hi</Say><Pause/><Play loop="2">/beep</Play>` }
	g.handlers["/beep"] = document("audio/basic", strings.Repeat(string(loud), 5))
	c, err := sim.New(sim.Config{AccountSID: account, AuthToken: secret, Numbers: []sim.Number{{Number: ours, VoiceURL: g.srv.URL + "/voice"}},
		Voice: func(_ context.Context, text string) ([]media.Frame, error) {
			return handset.Loud(time.Duration(len(text)) * 50 * ms), nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, heard := call(t, c, handset.Silent).Recording()
	wantClean(t, c)
	if got := voicedFrames(heard); len(got) != 15 || got[5]-got[4] < 50 {
		t.Errorf("heard frames %v, want 5, a second of nothing, 10", got)
	}
}

// answering talks for a second whenever the caller has been silent for 200 ms
// after a voice, at once when the call begins, and stops when it is talked over.
func answering(s *socket) {
	answer := func() { s.say(bytes.Repeat(loud, 50)) }
	answer()
	voice, quiet := 0, 0
	for {
		m, err := s.next()
		if err != nil {
			return
		}
		if m["event"] != "media" {
			continue
		}
		var f media.Frame
		decode(&f, m)
		if _, _, ok := handset.Voiced(&f); ok {
			voice, quiet = voice+1, 0
		} else {
			quiet++
		}
		if voice == 3 {
			s.send(`{"event":"clear","streamSid":%q}`, s.sid)
		}
		if voice > 3 && quiet == 10 {
			voice = 0
			answer()
		}
	}
}

func TestPersonaMeasuresGapAndBargeInOnTheWire(t *testing.T) {
	g := newGateway(t, false)
	g.talk = answering
	c, _ := newCarrier(t, g, sim.Knobs{})
	script, err := persona.Persona{Name: "hasty", Quiet: 200 * ms, Lines: []persona.Line{
		{Noise: 300 * ms},
		{Noise: 400 * ms, When: persona.When{Kind: persona.IntoAgent, For: 300 * ms}},
		{Hangup: true},
	}}.Prepare(t.Context(), persona.Sound{})
	if err != nil {
		t.Fatal(err)
	}
	player := script.Player()
	wantStatus(t, call(t, c, player), telephony.Completed)
	wantClean(t, c)
	e := player.Evidence()
	if len(e.Turns) != 2 || e.GaveUp || !e.HungUp || !player.Done() {
		t.Fatalf("evidence %+v", e)
	}
	if gap, ok := e.Turns[0].Gap(); !ok || gap < 200*ms || gap > 1500*ms {
		t.Errorf("gap %v, want 200 to 260ms", gap)
	}
	if cut, ok := e.Turns[1].BargeIn(); !ok || cut < 60*ms || cut > 600*ms { // the answer has 700 ms left
		t.Errorf("barge-in stopped the agent after %v, want 60 to 120ms", cut)
	}
}

func TestNewRefusesABadConfiguration(t *testing.T) {
	_, err := sim.New(sim.Config{AccountSID: "AC1", Numbers: []sim.Number{{Number: "555"}}})
	if err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("New() = %v, want three mistakes", err)
	}
	if police.Ragged.Warning() == police.Binary.Warning() {
		t.Error("a warning is as bad as a violation")
	}
}
