package whippy_test

import (
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/roster"
)

func TestAChannelIsMadeReadChangedAndRemoved(t *testing.T) {
	p := open(t)
	p.now = p.now.Add(-time.Second) // the oldest, then
	a := p.send("POST", "/v1/channels", `{"type":"phone","phone":"+14155550103","name":"Sales","timezone":"Europe/Berlin","agent_id":"`+p.agent+`",
		"opening_hours":[{"weekday":"Monday","opens_at":"09:00","closes_at":"12:00","state":"open"},{"weekday":"mon","opens_at":"13:00:00","closes_at":"24:00"},{"weekday":"tuesday","state":"closed"}]}`).wants(201)
	id := a.str("data.id")
	closed := func(day string) string {
		return `{"weekday":"` + day + `","opens_at":null,"closes_at":null,"state":"closed"}`
	}
	hours := `[{"weekday":"monday","opens_at":"09:00","closes_at":"12:00","state":"open"},{"weekday":"monday","opens_at":"13:00","closes_at":"24:00","state":"open"},` +
		closed("tuesday") + `,` + closed("wednesday") + `,` + closed("thursday") + `,` + closed("friday") + `,` + closed("saturday") + `,` + closed("sunday") + `]`
	p.send("GET", "/v1/channels/"+id, "").wants(200).has("data", `{"agent_id":"`+p.agent+`","created_at":"2026-11-18T17:59:59Z","email":null,"enabled":true,"id":"`+id+
		`","name":"Sales","opening_hours":`+sorted(t, hours)+`,"phone":"+14155550103","support_ai_agent":true,"timezone":"Europe/Berlin","type":"phone","updated_at":"2026-11-18T17:59:59Z"}`)
	p.send("GET", "/v1/channels?limit=1", "").wants(200).has("total", `4`).has("data.0.id", `"`+id+`"`)

	p.send("POST", "/v1/channels/"+id+"/disable", "").wants(200).has("data.enabled", `false`).has("data.support_ai_agent", `false`)
	p.send("POST", "/v1/channels/"+id+"/enable", "").wants(200).has("data.enabled", `true`).has("data.opening_hours", sorted(t, hours))
	p.send("PATCH", "/v1/channels/"+id, `{"opening_hours":[],"timezone":null,"name":"Support","agent_id":null}`).wants(200).
		has("data.opening_hours", `[]`).has("data.timezone", `"America/Los_Angeles"`).has("data.name", `"Support"`).has("data.agent_id", `null`)
	p.send("PATCH", "/v1/channels/"+id, `{"phone":"+14155550109","type":"email","agent_id":"nobody"}`).
		refused(422, "phone can't be changed", "type can't be changed", "agent_id is not an agent of this workspace")
	for _, method := range []string{"GET", "PATCH", "DELETE"} {
		p.send(method, "/v1/channels/"+id, `{}`, "X-WHIPPY-KEY", p.theirs).refused(404, "Channel not found")
	}
	p.send("DELETE", "/v1/channels/"+id, "").wants(200).has("data", `{"deleted":true,"id":"`+id+`"}`)
	p.send("GET", "/v1/channels/"+id, "").refused(404, "Channel not found")
}

func TestEveryMistakeOfAChannelIsToldAtOnce(t *testing.T) {
	p := open(t)
	for _, tt := range []struct {
		name, body string
		why        []string
	}{
		{"nothing", `{}`, []string{"type can't be blank", "phone can't be blank"}},
		{"a type that isn't there", `{"type":"fax","phone":"` + callee + `"}`, []string{"type is not included in the list"}},
		{"the address of another type", `{"type":"email","phone":"` + callee + `"}`, []string{"phone is not what a channel of this type has", "email can't be blank"}},
		{"an address in use", `{"type":"phone","phone":"` + phone + `"}`, []string{"phone has already been taken"}},
		{"a mailbox in use", `{"type":"email","email":"DESK@example.com"}`, []string{"email has already been taken"}},
		{"no such zone, nor agent", `{"type":"phone","phone":"` + callee + `","timezone":"Mars/Olympus","agent_id":"nobody"}`,
			[]string{"timezone is not a valid timezone", "agent_id is not an agent of this workspace"}},
		{"hours that are text", `{"type":"phone","phone":"` + callee + `","opening_hours":"always"}`, []string{"opening_hours must be an array"}},
		{"hours that are wrong", `{"type":"phone","phone":"` + callee + `","opening_hours":[7,{},{"weekday":"someday","opens_at":"9","closes_at":"25:00"},
			{"weekday":"mon","opens_at":"18:00","closes_at":"09:00"},{"weekday":"mon","state":"ajar"}]}`, []string{
			"opening_hours.0 must be an object", "opening_hours.1.weekday can't be blank", "opening_hours.1.opens_at can't be blank", "opening_hours.1.closes_at can't be blank",
			"opening_hours.2.weekday must be a day such as monday", "opening_hours.2.opens_at must be a time of the day, such as 09:00", "opening_hours.2.closes_at must be a time of the day, such as 09:00",
			"opening_hours.3.closes_at must be later than opens_at: hours past midnight are two lines", "opening_hours.4.state must be open or closed"}},
		{"never open", `{"type":"phone","phone":"` + callee + `","opening_hours":[{"weekday":"mon","state":"closed"}]}`,
			[]string{"opening_hours must have an open day: a channel that never opens is disabled instead"}},
		{"a secret on the phone", `{"type":"phone","phone":"` + callee + `","inbound_secret":"sixteen bytes of it"}`, []string{"inbound_secret is of use for e-mail only"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p.t = t
			p.send("POST", "/v1/channels", tt.body).refused(422, tt.why...)
		})
	}
	p.t = t
}

func TestAChannelWhoseAgentIsGoneCanStillBeChanged(t *testing.T) {
	p := open(t)
	id := p.send("POST", "/v1/channels", `{"type":"phone","phone":"`+callee+`","agent_id":"`+p.agent+`"}`).wants(201).str("data.id")
	if err := p.db.DeleteAgent(t.Context(), roster.Default, p.agent, "cli:test", p.now); err != nil {
		t.Fatal(err)
	}
	p.send("POST", "/v1/channels/"+id+"/disable", "").wants(200).has("data.enabled", `false`)
}

func TestAChannelsSecretIsSealedAndNeverShown(t *testing.T) {
	p := open(t)
	a := p.send("POST", "/v1/channels", `{"type":"email","email":"mail@example.com","inbound_secret":"sixteen bytes of it"}`).wants(201).lacks("inbound_secret").lacks("secret")
	c, err := p.db.Channel(t.Context(), roster.Default, a.str("data.id"))
	if err != nil || c.Secret == "" || c.Secret == "sixteen bytes of it" {
		t.Errorf("kept %q, %v", c.Secret, err)
	}
}
