package rest_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore"
	who "github.com/hookswitch/hookswitch/agentcore/answer"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/contract"
	"github.com/hookswitch/hookswitch/telephony"
)

var (
	spoken = who.Evidence{Kind: "words", What: `"leave a message"`, For: who.Greeting, Weight: 4.5, BeganMS: 400, EndedMS: 2700}
	beep   = who.Evidence{Kind: "tone", What: "beep of 1000 Hz, 0.4 s", For: who.Beeped, Weight: 6, BeganMS: 9000, EndedMS: 9400}
)

func outbound(r *dispatch.Record) { r.Direction = telephony.Outbound }

func TestACallShowsWhoAnsweredItAndWhatWasLeft(t *testing.T) {
	o := staff(t)
	call := o.ring("call_1", outbound)
	o.answer(call)
	o.ok("GET", "/api/v2/calls/call_1", "").wants("item.answer", `null`)

	o.write(call, agentcore.WhoAnswered{Verdict: who.Verdict{Class: who.Greeting, Confidence: 0.99, AtMS: 2800, Evidence: []who.Evidence{spoken}}})
	o.ok("GET", "/api/v2/calls/call_1", "").wants("item.answer", `{"class":"voicemail_greeting","confidence":0.99,"at_ms":2800,
		"evidence":[{"kind":"words","what":"\"leave a message\"","for":"voicemail_greeting","weight":4.5,"began_ms":400,"ended_ms":2700}],
		"message_left":null,"message_left_at_ms":null,"whole":false}`)

	o.write(call,
		agentcore.WhoAnswered{Verdict: who.Verdict{Class: who.Beeped, Confidence: 1, AtMS: 9400, Evidence: []who.Evidence{spoken, beep}}},
		agentcore.MessageBegan{Reply: 2},
		agentcore.AgentSaid{Reply: 2, Text: "Hello Ada, call us", Unheard: "back.", Why: "message", StartMS: 9700, EndMS: 12000, Cut: true},
		agentcore.Ended{Reason: telephony.CallerHangup})
	const left = `"message_left":"Hello Ada, call us","message_left_at_ms":9700,"whole":false}`
	a := o.ok("GET", "/api/v2/calls/call_1", "")
	a.wants("item.answer.class", `"voicemail_beep"`)
	a.wants("item.answer.evidence.1", `{"kind":"tone","what":"beep of 1000 Hz, 0.4 s","for":"voicemail_beep","weight":6,"began_ms":9000,"ended_ms":9400}`)
	a.wants("item.answered_by", `null`)
	o.ok("GET", "/api/v2/calls", "").wants("items.0.answer", `{"class":"voicemail_beep","confidence":1,"at_ms":9400,`+left)
}

func TestAMessageThatWasHeardIsWhole(t *testing.T) {
	o := staff(t)
	call := o.ring("call_1", outbound)
	o.answer(call)
	o.write(call,
		agentcore.WhoAnswered{Verdict: who.Verdict{Class: who.Beeped, Confidence: 1, AtMS: 9400, Evidence: []who.Evidence{beep}}},
		agentcore.MessageBegan{Reply: 1},
		agentcore.AgentSaid{Reply: 1, Text: "Call us back.", Why: "message", StartMS: 9700, EndMS: 12000},
		agentcore.Ended{Reason: telephony.Voicemail})
	a := o.ok("GET", "/api/v2/calls/call_1", "")
	a.wants("item.end_reason", `"voicemail"`)
	a.wants("item.answer.message_left", `"Call us back."`)
	a.wants("item.answer.whole", `true`)
}

func TestWhoAnsweredIsToldToWhoMayReadTheCallOnly(t *testing.T) {
	o := staff(t)
	call := o.ring("call_1", outbound)
	o.answer(call)
	o.write(call, agentcore.WhoAnswered{Verdict: who.Verdict{Class: who.Fax, Confidence: 1, AtMS: 900, Evidence: []who.Evidence{}}})
	if a := o.as(o.theirs, "GET", "/api/v2/calls/call_1", ""); a.status != 404 || strings.Contains(a.text, "fax") {
		t.Errorf("another workspace: %d %s", a.status, a.text)
	}
	o.ok("GET", "/api/v2/calls/call_1", "").wants("item.answer.evidence", `[]`)
}

func TestTheDocumentNamesEveryClassOfWhoAnswers(t *testing.T) {
	o := staff(t)
	call := contract.Document(t, o.h).Components.Schemas["WhoAnswered"]
	if call == nil {
		t.Fatal("the document has no WhoAnswered")
	}
	var got []string
	for _, v := range call.Value.Properties["class"].Value.Enum {
		got = append(got, v.(string))
	}
	var want []string
	for _, c := range who.Classes {
		want = append(want, string(c))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the document names %q, there are %q", got, want)
	}
}

func TestWhatIsDoneAboutMachinesIsKeptAsItWasSet(t *testing.T) {
	p := open(t)
	const parameters = `{"voicemail_message":"Hello {{name}}","screener_message":"It is us.","on_menu":"press","menu_keys":"1w2","on_hold":"hang_up"}`
	a := p.ok("POST", "/api/v2/agents?advanced=true", `{"name":"A","voice_uuid":"abc123","system_tools":{"voicemail_detection":{"parameters":`+parameters+`}}}`)
	a.wants("item.system_tools.voicemail_detection.parameters", parameters)
	id := a.str("item.agent.uuid")
	for _, body := range []string{`{"on_menu":"press"}`, `{"on_hold":7}`, `{"screener_message":[]}`} {
		p.fails(400, "PATCH", "/api/v2/agents/"+id, `{"system_tools":{"voicemail_detection":{"parameters":`+body+`}}}`)
	}
	var kept, want any
	got := p.ok("GET", "/api/v2/agents/"+id+"?advanced=true", "").at("item.system_tools.voicemail_detection.parameters")
	b, err := json.Marshal(got)
	if err != nil || json.Unmarshal(b, &kept) != nil || json.Unmarshal([]byte(parameters), &want) != nil || !reflect.DeepEqual(kept, want) {
		t.Errorf("after changes that were refused it is %s, %v", b, err)
	}
}
