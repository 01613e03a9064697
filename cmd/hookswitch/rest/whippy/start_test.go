package whippy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/chat"
	"github.com/hookswitch/hookswitch/agentcore/dialplan"
	"github.com/hookswitch/hookswitch/agentcore/roster"
)

const (
	smsBody  = `{"from":"` + phone + `","to":"` + callee + `","type":"phone"}`
	callBody = `{"from":"` + phone + `","to":"` + callee + `"}`
)

// with adds fields to a body.
func with(body, more string) string { return strings.TrimSuffix(body, "}") + "," + more + "}" }

func TestAChatBeginsNowAndIsTold201(t *testing.T) {
	p := open(t)
	a := p.chat(with(smsBody, `"send_initial_message":true,"custom_placeholders_data":{"name":"Ada"},"something_else":[1]`)).wants(201)
	a.has("data.id", `"chat_1"`).has("data.status", `"ready"`).has("data.type", `"chat"`).has("data.schedule_at", `null`).lacks("reason")
	e := p.diary.all[0]
	if e.Kind != agenda.Chat || e.Source != agenda.FromWhippy || e.AgentUUID != p.agent || e.From != phone || e.To != callee || e.Channel == "" ||
		!e.Options.InitialMessage || e.Variables != `{"name":"Ada"}` || !e.Asked.IsZero() {
		t.Errorf("booked %+v", e)
	}
	p.chat(smsBody).wants(201)
	if p.diary.all[1].Options.InitialMessage {
		t.Error("the agent writes first unasked")
	}
}

func TestAChatAtATimeIsTold202WithItsID(t *testing.T) {
	p := open(t)
	a := p.chat(with(smsBody, `"schedule_at":"2026-11-21T03:00:00-08:00"`)).wants(202) // a Saturday night: chats have no quiet hours
	a.has("data.id", `"chat_1"`).has("data.status", `"scheduled"`).has("data.schedule_at", `"2026-11-21T11:00:00Z"`).lacks("reason")
	if e := p.diary.all[0]; !e.Asked.Equal(time.Date(2026, 11, 21, 11, 0, 0, 0, time.UTC)) || e.Options.Hours != nil {
		t.Errorf("booked %+v", e)
	}
}

func TestEachKindOfChannelTakesItsOwnContacts(t *testing.T) {
	p := open(t)
	p.chat(`{"from":"Desk@Example.com","to":" Ada@Example.com ","type":"email"}`).wants(201)
	p.chat(`{"from":"` + phone + `","to":"` + callee + `","type":"whatsapp"}`).wants(201)
	p.chat(`{"from":"` + phone + `","to":"` + callee + `","type":"sms"}`).wants(201)
	if mail := p.diary.all[0]; mail.From != email || mail.To != "ada@example.com" {
		t.Errorf("by mail: %+v", mail)
	}
	if p.diary.all[1].Channel == p.diary.all[2].Channel {
		t.Error("WhatsApp and SMS went over one channel")
	}
}

func TestEveryMistakeOfAChatIsToldAtOnce(t *testing.T) {
	p := open(t)
	p.optOut("+14155550188", roster.OptOutMessages)
	p.send("POST", "/v1/channels", `{"type":"phone","phone":"+14155550101","enabled":false}`).wants(201)
	p.send("POST", "/v1/channels", `{"type":"phone","phone":"+14155550102"}`, "X-WHIPPY-KEY", p.theirs).wants(201)
	for _, tt := range []struct {
		name, body string
		why        []string
	}{
		{"nothing", `{}`, []string{"type can't be blank", "from can't be blank", "to can't be blank"}},
		{"no bytes", ``, []string{"type can't be blank", "from can't be blank", "to can't be blank"}},
		{"nothing of its kind", `{"from":1,"to":[],"type":{},"schedule_at":7,"send_initial_message":"yes","custom_placeholders_data":"x"}`,
			[]string{"schedule_at must be a string", "custom_placeholders_data must be an object", "send_initial_message must be true or false",
				"type must be a string", "from must be a string", "to must be a string"}},
		{"another type", `{"from":"` + phone + `","to":"` + callee + `","type":"fax"}`, []string{"type must be phone, whatsapp or email"}},
		{"numbers that are none", `{"from":"4155550100","to":"+1","type":"phone"}`, []string{
			"from must be a phone number in E.164 form, such as +14155550100", "to must be a phone number in E.164 form, such as +14155550100"}},
		{"an address on the phone", `{"from":"` + phone + `","to":"ada@example.com","type":"phone"}`, []string{"to must be a phone number in E.164 form, such as +14155550100"}},
		{"a number by mail", `{"from":"` + email + `","to":"` + callee + `","type":"email"}`, []string{"to must be an e-mail address, such as front-desk@example.com"}},
		{"an address with a name", `{"from":"` + email + `","to":"Ada <ada@example.com>","type":"email"}`, []string{"to must be an e-mail address, such as front-desk@example.com"}},
		{"no such channel", `{"from":"+14155550199","to":"` + callee + `","type":"phone"}`, []string{"from is not a channel of this workspace"}},
		{"somebody else's channel", `{"from":"+14155550102","to":"` + callee + `","type":"phone"}`, []string{"from is not a channel of this workspace"}},
		{"a channel that is off", `{"from":"+14155550101","to":"` + callee + `","type":"phone"}`, []string{"from is a channel that is not enabled"}},
		{"a channel of another type", `{"from":"+14155550101","to":"` + callee + `","type":"whatsapp"}`, []string{"from is a channel of type phone, not whatsapp"}},
		{"oneself", `{"from":"` + phone + `","to":"` + phone + `","type":"phone"}`, []string{"to is the channel itself"}},
		{"who opted out", `{"from":"` + phone + `","to":"+14155550188","type":"phone"}`, []string{"to is a contact that opted out of messages"}},
		{"placeholders within placeholders", with(smsBody, `"custom_placeholders_data":{"a":{}}`), []string{
			"custom_placeholders_data is wrong: Dynamic variables must be a flat hash. Key 'a' contains a nested object or array."}},
		{"no time", with(smsBody, `"schedule_at":""`), []string{"schedule_at can't be blank"}},
		{"no zone", with(smsBody, `"schedule_at":"2026-11-20T10:00:00"`), []string{"schedule_at has no time zone: end it with Z, or with an offset such as -07:00"}},
		{"a leap day of another year", with(smsBody, `"schedule_at":"2027-02-29T10:00:00Z"`), []string{"schedule_at does not exist: no such day"}},
		{"an hour that is skipped", with(smsBody, `"schedule_at":"2027-03-14T02:30:00[America/Los_Angeles]"`), []string{"schedule_at does not exist in America/Los_Angeles: the clocks go forward over it"}},
		{"now", with(smsBody, `"schedule_at":"2026-11-18T18:00:00Z"`), []string{"schedule_at must be in the future"}},
		{"in two years", with(smsBody, `"schedule_at":"2028-11-18T18:00:00Z"`), []string{"schedule_at must be at most a year ahead"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p.t = t
			p.chat(tt.body).refused(422, tt.why...)
		})
	}
	p.t = t
	p.send("POST", "/v1/agents/11111111-1111-4111-8111-111111111111/chat", smsBody).refused(404, "Agent not found")
	p.chat(smsBody, "X-WHIPPY-KEY", p.theirs).refused(404, "Agent not found")
	p.chat(`{"from":`).refused(400, "The request body is not valid JSON: unexpected end of JSON input (line 1, column 8)")
	p.chat(`[]`).refused(400, "The request body must be a JSON object.")
	if len(p.diary.all) != 0 {
		t.Errorf("%d were booked", len(p.diary.all))
	}
}

func TestAnAgentMustBeActiveAndItsModelAvailable(t *testing.T) {
	p := open(t)
	model := func(name string, change func(*roster.Definition)) string {
		g, err := p.db.Agent(t.Context(), roster.Default, p.agent)
		if err != nil {
			t.Fatal(err)
		}
		d := g.Clone()
		d.Name = name
		change(&d)
		g, err = p.db.CreateAgent(t.Context(), roster.Agent{UUID: "00000000-0000-4000-8000-" + name, Workspace: roster.Default, Definition: d}, 0, "cli:test", p.now)
		if err != nil {
			t.Fatal(err)
		}
		return g.UUID
	}
	keyless := "gpt-keyless"
	for _, tt := range []struct {
		agent      string
		chat, call []string
	}{
		{model("000000000001", func(d *roster.Definition) { d.Enabled = false }), []string{"Agent is disabled"}, []string{"Agent is disabled"}},
		{model("000000000002", func(d *roster.Definition) { d.LLM.Model = &keyless }),
			[]string{"Agent LLM 'openai/gpt-keyless' is not available: it has no key"}, []string{"Agent LLM 'openai/gpt-keyless' is not available: it has no key"}},
		{model("000000000003", func(d *roster.Definition) { d.ASR, d.VoiceUUID = nil, "" }), nil,
			[]string{"Agent ASR configuration is missing", "Agent TTS configuration is missing"}},
	} {
		a := p.send("POST", "/v1/agents/"+tt.agent+"/chat", smsBody)
		if tt.chat == nil {
			a.wants(201) // who writes needs neither ears nor a voice
		} else {
			a.refused(422, tt.chat...)
		}
		p.send("POST", "/v1/agents/"+tt.agent+"/call", callBody).refused(422, tt.call...)
	}
}

func TestAContactHasOneChatAtATime(t *testing.T) {
	p := open(t)
	p.desk.chats = []chat.Chat{{ID: "chat_old", Workspace: roster.Default, Channel: p.sms(), Contact: callee, Status: chat.Open}}
	p.chat(smsBody).refused(409, "The contact has an open chat on this channel already: chat_old. Close it first.")
	p.chat(with(smsBody, `"schedule_at":"2026-11-19T10:00:00Z"`)).wants(202) // who knows how it is then
	p.send("POST", "/v1/chats/chat_old/close", "").wants(200)
	p.chat(smsBody).wants(201)
}

func TestACallBeginsNowWhenItMay(t *testing.T) {
	p := open(t)
	p.call(with(callBody, `"custom_placeholders_data":{"name":"Ada"},"consent":"web form"`)).wants(201).has("data.id", `"call_1"`).has("data.status", `"ready"`)
	e := p.diary.all[0]
	want := dialplan.Hours{Zone: "America/Los_Angeles", Windows: []dialplan.Window{{Days: []string{"mon", "tue", "wed", "thu", "fri"}, From: "07:00", To: "22:00"}}}
	if e.Kind != agenda.Call || e.Channel == "" || e.Options.Consent != "web form" || e.Options.BypassQuietHours || e.Options.Hours == nil || e.Options.Hours.Zone != want.Zone || len(e.Options.Hours.Windows) != 1 {
		t.Fatalf("booked %+v", e)
	}
	if w := e.Options.Hours.Windows[0]; w.From != "07:00" || w.To != "22:00" || len(w.Days) != 5 {
		t.Errorf("hours %+v, want %+v", w, want)
	}
}

func TestACallInQuietHoursIsMovedNotRefused(t *testing.T) {
	p := open(t)
	p.send("POST", "/v1/channels", `{"type":"phone","phone":"+14155550103","timezone":"Europe/Berlin","opening_hours":[
		{"weekday":"Monday","opens_at":"09:00","closes_at":"12:00"},{"weekday":"tue","opens_at":"05:00:00","closes_at":"24:00"},
		{"weekday":"saturday","opens_at":"09:00","closes_at":"12:00","state":"open"},{"weekday":"sunday","state":"closed"}]}`).wants(201)
	p.number("+14155550103", "", true)
	berlin := `{"from":"+14155550103","to":"` + callee + `"}`
	for _, tt := range []struct {
		name       string
		now        string
		body, want string // want is empty: now
		reason     string
	}{
		{"a weekday", "2026-11-18T10:00:00-08:00", callBody, "", ""},
		{"the last minute", "2026-11-18T21:59:59-08:00", callBody, "", ""},
		{"the evening", "2026-11-18T22:00:00-08:00", callBody, "2026-11-19T15:00:00Z", "quiet_hours"},
		{"the morning", "2026-11-18T06:59:00-08:00", callBody, "2026-11-18T15:00:00Z", "quiet_hours"},
		{"Friday night", "2026-11-20T22:30:00-08:00", callBody, "2026-11-23T15:00:00Z", "quiet_hours"},
		{"Saturday noon", "2026-11-21T12:00:00-08:00", callBody, "2026-11-23T15:00:00Z", "quiet_hours"},
		{"the Sunday on which the clocks go back", "2026-11-01T12:00:00-08:00", callBody, "2026-11-02T15:00:00Z", "quiet_hours"},
		{"the Sunday on which they go forward", "2026-03-08T12:00:00-07:00", callBody, "2026-03-09T14:00:00Z", "quiet_hours"},
		{"on purpose", "2026-11-21T12:00:00-08:00", with(callBody, `"bypass_quiet_hours":true`), "", ""},
		{"at a time in quiet hours", "2026-11-18T10:00:00-08:00", with(callBody, `"schedule_at":"2026-11-21T12:00:00-08:00"`), "2026-11-23T15:00:00Z", "quiet_hours"},
		{"at a time that is good", "2026-11-18T10:00:00-08:00", with(callBody, `"schedule_at":"2026-11-20T12:00:00-08:00"`), "2026-11-20T20:00:00Z", ""},
		{"at a time in quiet hours, on purpose", "2026-11-18T10:00:00-08:00", with(callBody, `"bypass_quiet_hours":true,"schedule_at":"2026-11-21T12:00:00-08:00"`), "2026-11-21T20:00:00Z", ""},
		{"outside of business hours", "2026-11-23T12:00:00+01:00", berlin, "2026-11-24T06:00:00Z", "quiet_hours"},
		{"within business hours, but quiet", "2026-11-24T22:00:00+01:00", berlin, "2026-11-30T08:00:00Z", "quiet_hours"},
		{"a Saturday with business hours", "2026-11-28T10:00:00+01:00", berlin, "2026-11-30T08:00:00Z", "quiet_hours"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p.t = t
			now, err := time.Parse(time.RFC3339, tt.now)
			if err != nil {
				t.Fatal(err)
			}
			p.now = now
			a := p.call(tt.body)
			if tt.want == "" {
				a.wants(201).has("data.schedule_at", `null`).has("data.status", `"ready"`).lacks("reason")
				return
			}
			a.wants(202).has("data.schedule_at", `"`+tt.want+`"`).has("data.status", `"scheduled"`)
			if tt.reason == "" {
				a.lacks("reason")
			} else {
				a.has("data.reason", `"`+tt.reason+`"`)
			}
		})
	}
}

func TestEveryMistakeOfACallIsToldAtOnce(t *testing.T) {
	p := open(t)
	p.optOut("+14155550188", roster.OptOutAll)
	p.optOut(callee, roster.OptOutMessages)
	other := p.send("POST", "/v1/agents", `{"name":"Other","voice_id":"flite:slt"}`).wants(201).str("data.id")
	p.number("+14155550104", other, true)
	p.number("+14155550105", p.agent, false)
	p.number("+14155550106", p.agent, true)
	for _, body := range []string{
		`{"type":"phone","phone":"+14155550107"}`,
		`{"type":"phone","phone":"+14155550108","enabled":false}`,
		`{"type":"whatsapp","phone":"+14155550109"}`,
		`{"type":"phone","phone":"+14155550110","opening_hours":[{"weekday":"sat","opens_at":"09:00","closes_at":"12:00"},{"weekday":"mon","opens_at":"22:00","closes_at":"23:00"}]}`,
	} {
		p.send("POST", "/v1/channels", body).wants(201)
	}
	p.number("+14155550108", "", true)
	p.number("+14155550110", "", true)
	from := func(number string) string { return `{"from":"` + number + `","to":"` + callee + `"}` }
	const noE164 = "must be a phone number in E.164 form, such as +14155550100"
	for _, tt := range []struct {
		name, body string
		why        []string
	}{
		{"nothing", `{}`, []string{"from can't be blank", "to can't be blank"}},
		{"an e-mail address", `{"from":"` + email + `","to":"ada@example.com","bypass_quiet_hours":1}`, []string{"bypass_quiet_hours must be true or false", "from " + noE164, "to " + noE164}},
		{"nobody's number", from("+14155550199"), []string{"from is neither a phone channel of this workspace nor a number of the agent"}},
		{"another agent's number", from("+14155550104"), []string{"from is neither a phone channel of this workspace nor a number of the agent"}},
		{"a number that doesn't call out", from("+14155550105"), []string{"from does not support outbound calls"}},
		{"a channel that has no number", from("+14155550107"), []string{"from does not support outbound calls"}},
		{"a channel that is off", from("+14155550108"), []string{"from is a channel that is not enabled"}},
		{"a channel for WhatsApp", from("+14155550109"), []string{"from is a channel of type whatsapp: a call needs one of type phone"}},
		{"a channel that is open in quiet hours only", from("+14155550110"), []string{"from is a channel whose business hours all lie in quiet hours: only bypass_quiet_hours can call"}},
		{"oneself", from(callee), []string{"to is the number that calls", "from is neither a phone channel of this workspace nor a number of the agent"}},
		{"who opted out", `{"from":"` + phone + `","to":"+14155550188"}`, []string{"to is a contact that opted out of calls"}},
		{"a long story", with(callBody, `"consent":"`+strings.Repeat("é", 256)+`"`), []string{"consent is too long (maximum is 255 characters)"}},
		{"who is never called", `{"from":"` + phone + `","to":"` + premium + `"}`, []string{"Premium-rate numbers are never called."}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p.t = t
			p.call(tt.body).refused(422, tt.why...)
		})
	}
	p.t = t
	if len(p.diary.all) != 0 {
		t.Fatalf("%d were booked", len(p.diary.all))
	}
	p.call(with(from("+14155550110"), `"bypass_quiet_hours":true`)).wants(201)
	p.call(from("+14155550106")).wants(201) // the agent's own number, no channel
	p.call(callBody).wants(201)             // who wants no texts may be called
	if e := p.diary.all[1]; e.Channel != "" || e.Options.Hours.Zone != "America/Los_Angeles" {
		t.Errorf("without a channel: %+v", e)
	}
}

func TestARepeatIsAnsweredAlikeAndBooksNothing(t *testing.T) {
	p := open(t)
	later := with(callBody, `"schedule_at":"2026-11-21T12:00:00-08:00"`)
	first := p.call(later, "Idempotency-Key", "k").wants(202).has("data.reason", `"quiet_hours"`)
	p.now = p.now.AddDate(0, 0, 10) // schedule_at is past
	p.send("POST", "/v1/channels/"+p.sms()+"/disable", "").wants(200)
	again := p.call(later, "Idempotency-Key", "k").wants(202)
	if again.text != first.text || again.header.Get("Idempotent-Replayed") != "true" || first.header.Get("Idempotent-Replayed") != "" {
		t.Errorf("again: %v %s, first %s", again.header, again.text, first.text)
	}
	p.call(callBody, "Idempotency-Key", "k").refused(409, "Idempotency-Key was used with another request before")
	p.chat(later, "Idempotency-Key", "k").refused(409, "Idempotency-Key was used with another request before")
	p.call(callBody, "Idempotency-Key", strings.Repeat("k", 256)).refused(422, "Idempotency-Key is longer than 255 characters", "from is a channel that is not enabled")
	if len(p.diary.all) != 1 {
		t.Errorf("%d were booked", len(p.diary.all))
	}
}
