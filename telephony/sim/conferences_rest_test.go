package sim_test

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twilio/twilio-go/client"
	openapi "github.com/twilio/twilio-go/rest/api/v2010"

	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// eventually waits until is holds.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !is(); time.Sleep(5 * ms) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

func TestAParticipantIsCalledIntoAConference(t *testing.T) {
	t.Parallel()
	g := newGateway(t, false)
	g.twiml["/voice"] = func(url.Values) string {
		return `<Dial action="/next"><Conference participantLabel="caller" beep="false">room &amp; 1</Conference></Dial>`
	}
	g.twiml["/room"] = func(url.Values) string { return `` }
	c, rest := newCarrier(t, g, sim.Knobs{CPS: -1})
	hangUp := make(chan struct{})
	c.Register(theirs, sim.Phone{Make: func() handset.Handset { return untilClosed(hangUp) }})
	caller, err := c.Call(t.Context(), theirs, ours, handset.Silent)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the caller is in", func() bool { return len(c.Conferences()) == 1 })

	created, err := rest.CreateParticipant("room & 1", (&openapi.CreateParticipantParams{}).SetFrom(ours).SetTo(theirs).
		SetLabel("the <human>").SetEndConferenceOnExit(true).SetBeep("false").SetTimeout(5).SetEarlyMedia(true).
		SetStatusCallback(g.srv.URL+"/status").SetStatusCallbackEvent([]string{"answered", "completed"}))
	if err != nil || *created.Status != "queued" || *created.Label != "the <human>" || *created.ConferenceSid != c.Conferences()[0].SID {
		t.Fatalf("CreateParticipant() = %+v, %v", created, err)
	}
	eventually(t, "both are in", func() bool { return len(c.Conferences()[0].Participants) == 2 })

	found, err := rest.ListConference((&openapi.ListConferenceParams{}).SetFriendlyName("room & 1").SetStatus("in-progress"))
	if err != nil || len(found) != 1 || *found[0].Sid != *created.ConferenceSid {
		t.Fatalf("ListConference() = %v, %v", found, err)
	}
	if got, err := rest.FetchConference(*found[0].Sid, nil); err != nil || *got.Status != "in-progress" {
		t.Errorf("FetchConference() = %+v, %v", got, err)
	}
	in, err := rest.ListParticipant(*found[0].Sid, nil)
	if err != nil || len(in) != 2 || *in[0].CallSid != caller.SID() || *in[0].Label != "caller" || *in[1].CallSid != *created.CallSid {
		t.Errorf("ListParticipant() = %v, %v", in, err)
	}
	if p, err := rest.FetchParticipant(*found[0].Sid, *created.CallSid, nil); err != nil || *p.Status != "connected" || *p.Label != "the <human>" {
		t.Errorf("FetchParticipant() = %+v, %v", p, err)
	}
	close(hangUp)
	wait(t, c.Calls()...)
	wantClean(t, c)
	if got := g.statuses("/status"); !slices.Contains(got, "in-progress") {
		t.Errorf("status callbacks %v, want the participant's among them", got)
	}
	if next := g.got("/next"); len(next) != 1 || next[0].form.Get("DialCallStatus") != "answered" {
		t.Errorf("the caller's Dial was told %v", next)
	}
	var e *client.TwilioRestError
	if _, err := rest.FetchConference(*found[0].Sid, nil); !errors.As(err, &e) || e.Code != 20404 {
		t.Errorf("FetchConference() of one that is over = %v, want 20404", err)
	}
}

// untilClosed is somebody silent who hangs up when done is closed.
func untilClosed(done <-chan struct{}) handset.Handset {
	return handset.Func(func(_ time.Duration, _, _ *media.Frame) handset.Touch {
		select {
		case <-done:
			return handset.Touch{Hangup: true}
		default:
			return handset.Touch{}
		}
	})
}

func TestAConferenceThatNobodyComesToIsClosed(t *testing.T) {
	t.Parallel()
	g := newGateway(t, false)
	c, rest := newCarrier(t, g, sim.Knobs{CPS: -1})
	c.Register(theirs, sim.Phone{Answer: handset.Answer{Kind: handset.Busy}})
	created, err := rest.CreateParticipant("empty", (&openapi.CreateParticipantParams{}).SetFrom(ours).SetTo(theirs))
	if err != nil || !strings.HasPrefix(*created.ConferenceSid, "CF") {
		t.Fatalf("CreateParticipant() = %+v, %v", created, err)
	}
	placed, _ := c.Lookup(*created.CallSid)
	wait(t, placed)
	wantStatus(t, placed, telephony.StateBusy)
	eventually(t, "the conference is closed", func() bool { return len(c.Conferences()) == 0 })
	if found, err := rest.ListConference(nil); err != nil || len(found) != 0 {
		t.Errorf("ListConference() = %v, %v; want none", found, err)
	}
}

func TestParticipantsThatAreRefused(t *testing.T) {
	g := newGateway(t, false)
	c, _ := newCarrier(t, g, sim.Knobs{})
	const rooms = "/2010-04-01/Accounts/" + account + "/Conferences"
	for _, tc := range []struct {
		name, room string
		form       url.Values
		code       string
	}{
		{"a number that is none", "room", url.Values{"From": {ours}, "To": {"555"}}, "21211"},
		{"from a stranger's number", "room", url.Values{"From": {theirs}, "To": {theirs}}, "21210"},
		{"a conference that is not there", "CF00000000000000000000000000000001", url.Values{"From": {ours}, "To": {theirs}}, "20404"},
		{"a long name", strings.Repeat("x", 129), url.Values{"From": {ours}, "To": {theirs}}, "20001"},
		{"a long label", "room", url.Values{"From": {ours}, "To": {theirs}, "Label": {strings.Repeat("x", 129)}}, "20001"},
		{"a callback that is no address", "room", url.Values{"From": {ours}, "To": {theirs}, "ConferenceStatusCallback": {"x"}}, "20001"},
		{"a time-out out of bounds", "room", url.Values{"From": {ours}, "To": {theirs}, "Timeout": {"601"}}, "20001"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if w := ask(c, "POST", rooms+"/"+tc.room+"/Participants.json", secret, tc.form); !strings.Contains(w.Body.String(), `"code":`+tc.code) {
				t.Errorf("answered %s, want %s", w.Body, tc.code)
			}
		})
	}
	if n := len(c.Calls()) + len(c.Conferences()); n != 0 {
		t.Errorf("%d calls and conferences of refused requests", n)
	}
	if w := ask(c, "GET", rooms+"/room/Participants.json", secret, nil); w.Code != 404 {
		t.Errorf("the participants of no conference: %d, want 404", w.Code)
	}
}
