package twilio

import (
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
	"testing"

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

func TestTwiMLIsWhatTheOfficialLibraryWrites(t *testing.T) {
	trunk := &Trunk{streamURL: "wss://voice.example.com/twilio/media"}
	const token = `a"<b>&'c`
	for _, tt := range []struct {
		step  telephony.Step
		verbs []official.Element
	}{
		{telephony.Step{Kind: telephony.StepConnect, Token: token}, []official.Element{&official.VoiceConnect{
			Action: "/twilio/next",
			InnerElements: []official.Element{&official.VoiceStream{
				Url:           "wss://voice.example.com/twilio/media",
				InnerElements: []official.Element{&official.VoiceParameter{Name: "token", Value: token}},
			}},
		}}},
		{telephony.Step{Kind: telephony.StepHangup}, []official.Element{&official.VoiceHangup{}}},
		{telephony.Step{Kind: telephony.StepNothing}, nil},
		{telephony.Step{Kind: telephony.StepRefuse}, []official.Element{&official.VoiceReject{}}},
		{telephony.Step{Kind: telephony.StepApologise, Say: "Sorry & goodbye"}, []official.Element{&official.VoiceSay{Message: "Sorry & goodbye"}, &official.VoiceHangup{}}},
		{telephony.Step{Kind: telephony.StepWait}, []official.Element{&official.VoicePause{Length: "1"}, &official.VoiceRedirect{Url: "/twilio/next"}}},
	} {
		want, err := official.Voice(tt.verbs)
		if err != nil {
			t.Fatal(err)
		}
		got := string(trunk.answer(tt.step, pathNext))
		if canonical(t, got) != canonical(t, want) {
			t.Errorf("step %d\n got %s\nwant %s", tt.step.Kind, got, want)
		}
		if again := string(trunk.answer(tt.step, pathNext)); again != got {
			t.Errorf("the same step is written differently: %s", again)
		}
		if !strings.HasPrefix(got, "<?xml") { // Twilio refuses white space before it (12100)
			t.Errorf("starts with %.10q", got)
		}
		if strings.Contains(got, "</Connect>") && !strings.HasSuffix(got, "</Connect></Response>") {
			t.Errorf("a verb follows the Connect: %s", got)
		}
	}
}
