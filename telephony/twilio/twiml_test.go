package twilio

import (
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	official "github.com/twilio/twilio-go/twiml"

	"github.com/hookswitch/hookswitch/telephony"
)

// canonical writes an XML document with its attributes sorted, so that two
// spellings of one document are equal.
func canonical(t *testing.T, doc string) string {
	t.Helper()
	var out strings.Builder
	d := xml.NewDecoder(strings.NewReader(doc))
	for {
		token, err := d.Token()
		if token == nil {
			if err.Error() != "EOF" {
				t.Fatalf("%v in %s", err, doc)
			}
			return out.String()
		}
		switch e := token.(type) {
		case xml.StartElement:
			var attrs []string
			for _, a := range e.Attr {
				attrs = append(attrs, fmt.Sprintf("%s=%q", a.Name.Local, a.Value))
			}
			slices.Sort(attrs)
			fmt.Fprintf(&out, "<%s %s>", e.Name.Local, strings.Join(attrs, " "))
		case xml.EndElement:
			fmt.Fprintf(&out, "</%s>", e.Name.Local)
		case xml.CharData:
			out.WriteString(strings.TrimSpace(string(e)))
		}
	}
}

// silence stands for the empty attribute, which the official library can't write.
const silence = "SILENCE"

func TestTwiMLIsWhatTheOfficialLibraryWrites(t *testing.T) {
	trunk := &Trunk{base: "https://voice.example.com", streamURL: "wss://voice.example.com/twilio/media"}
	const token = `a"<b>&'c`
	for _, tt := range []struct {
		step  telephony.Step
		verbs []official.Element
	}{
		{telephony.Step{Kind: telephony.StepConnect, Token: token}, []official.Element{&official.VoiceConnect{
			Action: "/twilio/next" + overrides,
			InnerElements: []official.Element{&official.VoiceStream{
				Url:           "wss://voice.example.com/twilio/media",
				InnerElements: []official.Element{&official.VoiceParameter{Name: "token", Value: token}},
			}},
		}}},
		{telephony.Step{Kind: telephony.StepHangup}, []official.Element{&official.VoiceHangup{}}},
		{telephony.Step{Kind: telephony.StepNothing}, nil},
		{telephony.Step{Kind: telephony.StepRefuse}, []official.Element{&official.VoiceReject{Reason: "busy"}}},
		{telephony.Step{Kind: telephony.StepApologise, Say: "Sorry & goodbye"}, []official.Element{&official.VoiceSay{Message: "Sorry & goodbye"}, &official.VoiceHangup{}}},
		{telephony.Step{Kind: telephony.StepDial, Dial: telephony.Dial{Transfer: "xfer_1&2", To: "+15550100009", CallerID: "+15550100002",
			RingTimeout: 20500 * time.Millisecond, TimeLimit: time.Hour, PostDial: "ww12#"}}, []official.Element{&official.VoiceDial{
			Action: "/twilio/next?transfer=xfer_1%262" + overrides, Timeout: "21", TimeLimit: "3600", CallerId: "+15550100002", AnswerOnBridge: "true",
			InnerElements: []official.Element{&official.VoiceNumber{PhoneNumber: "+15550100009", SendDigits: "ww12#",
				StatusCallback: "https://voice.example.com/twilio/status?call=xfer_1%262", StatusCallbackEvent: "initiated ringing answered completed", StatusCallbackMethod: "POST"}},
		}}},
		{telephony.Step{Kind: telephony.StepDial, Dial: telephony.Dial{Transfer: "xfer_1", To: "sip:a@example.com?X-To=1&X-B=<2>", PostDial: "1"}}, []official.Element{&official.VoiceDial{
			Action: "/twilio/next?transfer=xfer_1" + overrides, Timeout: "30", AnswerOnBridge: "true",
			InnerElements: []official.Element{&official.VoiceSip{SipUrl: "sip:a@example.com?X-To=1&X-B=<2>",
				StatusCallback: "https://voice.example.com/twilio/status?call=xfer_1", StatusCallbackEvent: "initiated ringing answered completed", StatusCallbackMethod: "POST"}},
		}}},
		{telephony.Step{Kind: telephony.StepDial, Dial: telephony.Dial{Transfer: "xfer_1", To: "+15550100009", RingTimeout: time.Hour, TimeLimit: 48 * time.Hour}}, []official.Element{&official.VoiceDial{
			Action: "/twilio/next?transfer=xfer_1" + overrides, Timeout: "600", TimeLimit: "86400", AnswerOnBridge: "true",
			InnerElements: []official.Element{&official.VoiceNumber{PhoneNumber: "+15550100009",
				StatusCallback: "https://voice.example.com/twilio/status?call=xfer_1", StatusCallbackEvent: "initiated ringing answered completed", StatusCallbackMethod: "POST"}},
		}}},
		{telephony.Step{Kind: telephony.StepDial, Dial: telephony.Dial{To: "+15550100009", TimeLimit: time.Hour}}, []official.Element{&official.VoiceDial{
			Action: "/twilio/next" + overrides, Timeout: "30", TimeLimit: "3600", AnswerOnBridge: "true",
			InnerElements: []official.Element{&official.VoiceNumber{PhoneNumber: "+15550100009"}},
		}}},
		{telephony.Step{Kind: telephony.StepJoin, Room: telephony.Room{Transfer: "xfer_1", Name: "room <7>", Ends: true}}, []official.Element{&official.VoiceDial{
			Action:        "/twilio/next?transfer=xfer_1" + overrides,
			InnerElements: []official.Element{&official.VoiceConference{Name: "room <7>", StartConferenceOnEnter: "true", EndConferenceOnExit: "true", Beep: "false", WaitUrl: silence}},
		}}},
		{telephony.Step{Kind: telephony.StepJoin, Room: telephony.Room{Transfer: "xfer_1", Name: "r"}}, []official.Element{&official.VoiceDial{
			Action:        "/twilio/next?transfer=xfer_1" + overrides,
			InnerElements: []official.Element{&official.VoiceConference{Name: "r", StartConferenceOnEnter: "true", EndConferenceOnExit: "false", Beep: "false", WaitUrl: silence}},
		}}},
		{telephony.Step{Kind: telephony.StepConnect, Token: "t", EarOff: true}, []official.Element{
			&official.VoiceStop{InnerElements: []official.Element{&official.VoiceStream{Name: "hookswitch-ear"}}},
			&official.VoiceConnect{Action: "/twilio/next" + overrides, InnerElements: []official.Element{&official.VoiceStream{
				Url: "wss://voice.example.com/twilio/media", InnerElements: []official.Element{&official.VoiceParameter{Name: "token", Value: "t"}},
			}}},
		}},
		{telephony.Step{Kind: telephony.StepJoin, Ear: token, Room: telephony.Room{Transfer: "xfer_1", Name: "r"}}, []official.Element{
			officialEar(token),
			&official.VoiceDial{
				Action:        "/twilio/next?transfer=xfer_1" + overrides,
				InnerElements: []official.Element{&official.VoiceConference{Name: "r", StartConferenceOnEnter: "true", EndConferenceOnExit: "false", Beep: "false", WaitUrl: silence}},
			},
		}},
		{telephony.Step{Kind: telephony.StepDial, Ear: token, Dial: telephony.Dial{Transfer: "xfer_1", To: "sip:a@example.com"}}, []official.Element{
			officialEar(token),
			&official.VoiceDial{
				Action: "/twilio/next?transfer=xfer_1" + overrides, Timeout: "30", AnswerOnBridge: "true",
				InnerElements: []official.Element{&official.VoiceSip{SipUrl: "sip:a@example.com",
					StatusCallback: "https://voice.example.com/twilio/status?call=xfer_1", StatusCallbackEvent: "initiated ringing answered completed", StatusCallbackMethod: "POST"}},
			},
		}},
		{telephony.Step{Kind: telephony.StepWait}, []official.Element{&official.VoicePause{Length: "1"}, &official.VoiceRedirect{Url: "/twilio/next"}}},
	} {
		want, err := official.Voice(tt.verbs)
		if err != nil {
			t.Fatal(err)
		}
		got := string(trunk.answer(tt.step, "", pathNext))
		if canonical(t, got) != strings.ReplaceAll(canonical(t, want), silence, "") {
			t.Errorf("step %d\n got %s\nwant %s", tt.step.Kind, got, want)
		}
		if again := string(trunk.answer(tt.step, "", pathNext)); again != got {
			t.Errorf("the same step is written differently: %s", again)
		}
		if !strings.HasPrefix(got, "<?xml") { // Twilio refuses white space before it (12100)
			t.Errorf("starts with %.10q", got)
		}
		for _, verb := range []string{"Connect", "Dial"} {
			if strings.Contains(got, "</"+verb+">") && !strings.HasSuffix(got, "</"+verb+"></Response>") {
				t.Errorf("a verb follows the %s: %s", verb, got)
			}
		}
	}
}

func officialEar(token string) official.Element {
	return &official.VoiceStart{InnerElements: []official.Element{&official.VoiceStream{
		Name: "hookswitch-ear", Url: "wss://voice.example.com/twilio/media", Track: "both_tracks",
		InnerElements: []official.Element{&official.VoiceParameter{Name: "token", Value: token}},
	}}}
}

func TestOtherAccountsStreamToAddressesOfTheirOwn(t *testing.T) {
	trunk := &Trunk{streamURL: "wss://voice.example.com/twilio/media"}
	connect := telephony.Step{Kind: telephony.StepConnect, Token: "t"}
	for account, want := range map[string]string{
		"":             `url="wss://voice.example.com/twilio/media"`,
		subAccount.SID: `url="wss://voice.example.com/twilio/media/` + subAccount.SID + `"`,
	} {
		if got := string(trunk.answer(connect, account, pathNext)); !strings.Contains(got, want) {
			t.Errorf("account %q gets %s, want %s", account, got, want)
		}
	}
}
