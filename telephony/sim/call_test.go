package sim_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	openapi "github.com/twilio/twilio-go/rest/api/v2010"

	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

func TestInboundCallIsEchoedAndHungUpByTheCaller(t *testing.T) {
	t.Parallel()
	for _, secure := range []bool{false, true} {
		t.Run(fmt.Sprintf("tls %v", secure), func(t *testing.T) {
			g := newGateway(t, secure)
			var s *socket
			g.talk = func(sock *socket) { s = sock; echo(sock) }
			c, _ := newCarrier(t, g, sim.Knobs{})
			call := call(t, c, handset.Noisy(
				handset.Noise{At: time.Second, For: 200 * ms}, handset.Noise{At: 1100 * ms, Digit: '7'}, handset.Noise{At: 2 * time.Second, Hangup: true}))

			wantStatus(t, call, telephony.Completed)
			wantClean(t, c)
			if got := g.statuses("/voice"); !slices.Equal(got, []string{"ringing"}) {
				t.Errorf("voice webhook told %v", got)
			}
			if got := g.statuses("/next"); !slices.Equal(got, []string{"completed"}) {
				t.Errorf("action told %v, want completed", got)
			}
			status := g.got("/status")
			if len(status) != 1 || status[0].form.Get("SequenceNumber") != "0" || status[0].form.Get("CallDuration") != "2" || status[0].form.Get("Duration") != "1" {
				t.Errorf("status callbacks %v", status)
			}
			said, heard := call.Recording()
			a, b := voicedFrames(said), voicedFrames(heard)
			if len(a) != 10 || a[0] != 50 || len(b) != 10 || b[0] <= a[0] || b[0] > a[0]+40 {
				t.Errorf("said frames %v, heard frames %v; want 10 from 50, and the same a little later", a, b)
			}
			g.settle()
			checkStream(t, s, call)
		})
	}
}

// checkStream checks every message of a whole stream against the capture's shape.
func checkStream(t *testing.T, s *socket, call *sim.Call) {
	t.Helper()
	last, digits, chunk := 0, 0, 0
	for i, text := range s.frames {
		var m struct {
			Event, SequenceNumber, StreamSid string
			Media                            struct{ Chunk, Timestamp, Payload string }
			Dtmf                             struct{ Track, Digit string }
			Start                            struct {
				CallSid          string
				CustomParameters map[string]string
			}
		}
		if err := json.Unmarshal([]byte(text), &m); err != nil {
			t.Fatalf("message %d: %v", i, err)
		}
		if i == 0 {
			if text != `{"event":"connected","protocol":"Call","version":"1.0.0"}` {
				t.Errorf("first message %s", text)
			}
			continue
		}
		if seq, _ := strconv.Atoi(m.SequenceNumber); seq != last+1 {
			t.Errorf("message %d has sequence number %s after %d", i, m.SequenceNumber, last)
		}
		last++
		switch m.Event {
		case "start":
			if i != 1 || m.Start.CallSid != call.SID() || m.Start.CustomParameters["token"] != "t&1" {
				t.Errorf("start is message %d: %s", i, text)
			}
		case "dtmf":
			if digits++; m.Dtmf.Digit != "7" || m.Dtmf.Track != "inbound_track" {
				t.Errorf("digit %s", text)
			}
		case "media":
			chunk++
			if m.Media.Chunk != strconv.Itoa(chunk) || len(m.Media.Payload) != 216 {
				t.Errorf("chunk %d: %s", chunk, text)
			}
			at, _ := strconv.Atoi(m.Media.Timestamp)
			if off := at - 155 - (chunk-1)*20; off < -2 || off > 2 {
				t.Errorf("chunk %d has timestamp %d", chunk, at)
			}
		}
	}
	if digits != 1 || chunk < 25 || !strings.HasPrefix(s.frames[len(s.frames)-1], `{"event":"stop"`) {
		t.Errorf("%d digits, %d chunks, last message %s", digits, chunk, s.frames[len(s.frames)-1])
	}
}

func TestFramesHaveTheShapeOfTheCapture(t *testing.T) {
	t.Parallel()
	g := newGateway(t, false)
	var got []string
	g.talk = func(s *socket) {
		s.send(`{"event":"mark","streamSid":%q,"mark":{"name":"171"}}`, s.sid)
		for len(s.frames) < 80 {
			if _, err := s.next(); err != nil {
				return
			}
		}
		echo(s)
		got = s.frames
	}
	g.twiml["/voice"] = func(url.Values) string {
		return `<Connect action="/next"><Stream url="` + g.ws() + `/media"/></Connect>`
	}
	c, _ := newCarrier(t, g, sim.Knobs{})
	call(t, c, hangupAfter(3*time.Second))
	g.settle()
	data, err := os.ReadFile("testdata/captured_frames.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, real := range strings.Fields(string(data)) {
		want := shape(t, real)
		if !slices.ContainsFunc(got, func(f string) bool { return shape(t, f) == want }) {
			t.Errorf("no frame has the shape of %s", want)
		}
	}
	chunk73 := got[slices.IndexFunc(got, func(f string) bool { return strings.Contains(f, `"chunk":"73"`) })]
	if !strings.Contains(chunk73, `"timestamp":"1593"`) {
		t.Errorf("chunk 73 is %.120s, want timestamp 1593", chunk73)
	}
}

// shape is a frame with its keys in order and its values reduced to their type
// and length.
func shape(t *testing.T, frame string) string {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(frame))
	var out strings.Builder
	key := false
	depth := []json.Delim{}
	for {
		tok, err := d.Token()
		if err != nil {
			return out.String()
		}
		switch v := tok.(type) {
		case json.Delim:
			out.WriteString(v.String())
			if v == '{' || v == '[' {
				depth = append(depth, v)
			} else {
				depth = depth[:len(depth)-1]
			}
			key = len(depth) > 0 && depth[len(depth)-1] == '{'
			continue
		case string:
			switch {
			case key:
				out.WriteString(v + ":")
			case len(v) > 4 || strings.Trim(v, "0123456789") != "":
				fmt.Fprintf(&out, "text%d ", len(v))
				if len(v) < 20 {
					out.WriteString(strings.Trim(v, "0123456789"))
				}
			default:
				out.WriteString("digits ")
			}
		default:
			fmt.Fprintf(&out, "%T ", v)
		}
		key = len(depth) > 0 && depth[len(depth)-1] == '{' && !key
	}
}

func TestOutboundCallEndedByTheGateway(t *testing.T) {
	g := newGateway(t, false)
	g.talk = func(s *socket) {
		for range 15 {
			s.next()
		}
		closeStream(s)
	}
	c, rest := newCarrier(t, g, sim.Knobs{})
	c.Register(theirs, sim.Phone{Answer: handset.Answer{After: 50 * ms}})
	p := (&openapi.CreateCallParams{}).SetTo(theirs).SetFrom(ours).SetUrl(g.srv.URL + "/voice").
		SetStatusCallback(g.srv.URL + "/status").SetStatusCallbackEvent([]string{"initiated", "ringing", "answered", "completed"})
	created, err := rest.CreateCall(p)
	if err != nil {
		t.Fatalf("CreateCall() = %v", err)
	}
	if *created.Status != "queued" || created.Duration != nil || *created.Direction != "outbound-api" {
		t.Errorf("created %s %s", *created.Status, *created.Direction)
	}
	call, ok := c.Lookup(*created.Sid)
	if !ok {
		t.Fatal("the call is not known")
	}
	wait(t, call)
	wantStatus(t, call, telephony.Completed)
	wantClean(t, c)
	if got, want := g.statuses("/status"), []string{"initiated", "ringing", "in-progress", "completed"}; !slices.Equal(got, want) {
		t.Errorf("status callbacks %v, want %v", got, want)
	}
	for i, r := range g.got("/status") {
		if r.form.Get("SequenceNumber") != strconv.Itoa(i) || r.form.Get("CallbackSource") != "call-progress-events" {
			t.Errorf("callback %d: %v", i, r.form)
		}
		if _, err := time.Parse(time.RFC1123Z, r.form.Get("Timestamp")); err != nil {
			t.Errorf("callback %d: %v", i, err)
		}
	}
	if got := g.statuses("/voice"); !slices.Equal(got, []string{"in-progress"}) {
		t.Errorf("voice webhook told %v", got)
	}
	if got := g.statuses("/next"); !slices.Equal(got, []string{"in-progress"}) {
		t.Errorf("action told %v", got)
	}
	fetched, err := rest.FetchCall(*created.Sid, nil)
	if err != nil || *fetched.Status != "completed" || fetched.Duration == nil || fetched.EndTime == nil {
		t.Errorf("FetchCall() = %+v, %v", fetched, err)
	}
}

func TestVoiceWebhookHasTheWholeParameterSet(t *testing.T) {
	g := newGateway(t, false)
	c, _ := newCarrier(t, g, sim.Knobs{})
	call(t, c, hangupAfter(40*ms))
	r := g.got("/voice")[0]
	for _, name := range strings.Fields("AccountSid ApiVersion CallSid CallStatus CallToken Called CalledCity CalledCountry CalledState CalledZip Caller CallerCity CallerCountry CallerState CallerZip Direction From FromCity FromCountry FromState FromZip StirVerstat To ToCity ToCountry ToState ToZip") {
		if _, ok := r.form[name]; !ok {
			t.Errorf("%s is missing", name)
		}
	}
	if len(r.form) != 27 {
		t.Errorf("%d parameters, want 27: %v", len(r.form), r.form)
	}
	if r.header.Get("User-Agent") != "TwilioProxy/1.1" || len(r.header.Get("I-Twilio-Idempotency-Token")) != 36 ||
		r.header.Get("Content-Type") != "application/x-www-form-urlencoded; charset=UTF-8" {
		t.Errorf("headers %v", r.header)
	}
}

func TestUnansweredCalls(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		phone  sim.Phone
		want   telephony.State
		sip    string
		events []string
	}{
		{"busy", sim.Phone{Answer: handset.Answer{Kind: handset.Busy}}, telephony.StateBusy, "486", []string{"initiated", "ringing", "busy"}},
		{"declined", sim.Phone{Answer: handset.Answer{Kind: handset.Rejects}}, telephony.StateBusy, "603", []string{"initiated", "ringing", "busy"}},
		{"nobody there", sim.Phone{Answer: handset.Answer{Kind: handset.NoAnswer}}, telephony.StateNone, "487", []string{"initiated", "ringing", "no-answer"}},
		{"no such phone", sim.Phone{Answer: handset.Answer{Kind: handset.Unreachable}}, telephony.StateFail, "404", []string{"initiated", "failed"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			g := newGateway(t, false)
			c, rest := newCarrier(t, g, sim.Knobs{})
			c.Register(theirs, tc.phone)
			p := (&openapi.CreateCallParams{}).SetTo(theirs).SetFrom(ours).SetUrl(g.srv.URL + "/voice").SetTimeout(1).
				SetStatusCallback(g.srv.URL + "/status").SetStatusCallbackEvent([]string{"initiated", "ringing", "answered", "completed"})
			created, err := rest.CreateCall(p)
			if err != nil {
				t.Fatalf("CreateCall() = %v", err)
			}
			call, _ := c.Lookup(*created.Sid)
			wait(t, call)
			wantStatus(t, call, tc.want)
			wantClean(t, c)
			if got := g.statuses("/status"); !slices.Equal(got, tc.events) {
				t.Errorf("callbacks %v, want %v", got, tc.events)
			}
			all := g.got("/status")
			if got := all[len(all)-1].form.Get("SipResponseCode"); got != tc.sip {
				t.Errorf("SIP code %s, want %s", got, tc.sip)
			}
			if len(g.got("/voice")) != 0 {
				t.Error("a call that no one answered asked for TwiML")
			}
		})
	}
}

func TestCanceledInTheQueueIsSilent(t *testing.T) {
	g := newGateway(t, false)
	c, rest := newCarrier(t, g, sim.Knobs{RingDelay: time.Minute})
	created, err := rest.CreateCall((&openapi.CreateCallParams{}).SetTo(theirs).SetFrom(ours).SetUrl(g.srv.URL + "/voice").
		SetStatusCallback(g.srv.URL + "/status").SetStatusCallbackEvent([]string{"initiated", "completed"}))
	if err != nil {
		t.Fatalf("CreateCall() = %v", err)
	}
	updated, err := rest.UpdateCall(*created.Sid, (&openapi.UpdateCallParams{}).SetStatus("canceled"))
	if err != nil || *updated.Status != "canceled" {
		t.Fatalf("UpdateCall() = %v", err)
	}
	call, _ := c.Lookup(*created.Sid)
	wait(t, call)
	if got := g.statuses("/status"); len(got) != 0 {
		t.Errorf("callbacks %v, want none", got)
	}
}
