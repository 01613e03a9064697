package rest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/chat"
)

func TestWhoMustNotBeCalledIsListed(t *testing.T) {
	b := later(t)
	b.ok("POST", "/api/v2/do_not_call", `{"phone_number":"+14155550177","scope":"calls","note":"asked"}`).wants("items.0.source", `"api"`)
	b.ok("POST", "/api/v2/do_not_call", `{"contacts":["+14155550178","Ada@Example.com"]}`).wants("count", `2`)
	b.ok("GET", "/api/v2/do_not_call", "").wants("count", `3`)
	first := b.ok("GET", "/api/v2/do_not_call?limit=2", "")
	b.ok("GET", "/api/v2/do_not_call?limit=2&cursor="+first.str("next_cursor"), "").wants("count", `1`)
	b.ok("DELETE", "/api/v2/do_not_call/ada%40example.com", "")
	b.fails(404, "DELETE", "/api/v2/do_not_call/ada%40example.com", "").errors(`{"base":["Contact not found"]}`)
	b.ok("DELETE", "/api/v2/do_not_call/%2B14155550177", "")
	for body, want := range map[string]string{
		`{}`:                                `{"phone_number":["can't be blank: or give email, or contacts"]}`,
		`{"contacts":["+14155550179","x"]}`: `{"contacts":["must be an E.164 phone number, such as +14155550177, or an e-mail address"]}`,
		`{"phone_number":"+14155550179","scope":"weekends"}`:     `{"scope":["must be all, calls or messages"]}`,
		`{"contacts":"+14155550179"}`:                            `{"contacts":["must be a list"]}`,
		`{"contacts":[` + strings.Repeat(`"x",`, 1000) + `"x"]}`: `{"contacts":["has more than 1000"]}`,
	} {
		b.fails(400, "POST", "/api/v2/do_not_call", body).errors(want)
	}
	b.ok("GET", "/api/v2/do_not_call", "").wants("count", `1`)
	if a := b.as(b.theirs, "GET", "/api/v2/do_not_call", ""); a.status != 200 || encode(a.at("count")) != "0" {
		t.Errorf("another workspace sees %s", a.text)
	}
}

func TestChannelsAreMadeChangedAndDeleted(t *testing.T) {
	b := later(t)
	agent := b.ready()
	id := b.ok("POST", "/api/v2/channels", `{"type":"email","address":"Desk@Example.com","agent_uuid":"`+agent+`","secret":"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}`).str("item.id")
	c := b.ok("GET", "/api/v2/channels/"+id, "")
	c.wants("item.address", `"desk@example.com"`)
	c.wants("item.has_secret", `true`)
	if strings.Contains(c.text, "whsec") {
		t.Errorf("the secret is shown: %s", c.text)
	}
	b.fails(400, "POST", "/api/v2/channels", `{"type":"email","address":"desk@example.com"}`).errors(`{"address":["has already been taken"]}`)
	b.fails(400, "POST", "/api/v2/channels", `{"type":"pigeon"}`)
	b.ok("PATCH", "/api/v2/channels/"+id, `{"enabled":false,"hours":[{"days":["mon"],"from":"09:00","to":"17:00"}],"agent_uuid":null}`).wants("item.enabled", `false`)
	b.ok("GET", "/api/v2/channels", "").wants("items.0.hours", `[{"days":["mon"],"from":"09:00","to":"17:00"}]`)
	b.fails(400, "PATCH", "/api/v2/channels/"+id, `{"agent_uuid":"nobody"}`).errors(`{"agent_uuid":["Agent not found"]}`)
	b.ok("DELETE", "/api/v2/channels/"+id, "")
	b.fails(404, "GET", "/api/v2/channels/"+id, "").errors(`{"base":["Channel not found"]}`)
}

func TestAChatIsStartedReadAndClosed(t *testing.T) {
	b := later(t)
	agent := b.ready()
	channel := b.ok("POST", "/api/v2/channels", `{"type":"phone","address":"+14155550111","agent_uuid":"`+agent+`"}`).str("item.id")
	wish := `{"agent_uuid":"` + agent + `","channel_id":"` + channel + `","contact":"+14155550177"`
	a := b.as(b.ours, "POST", "/api/v2/chats", wish+`,"send_initial_message":true,"schedule_at":"`+inRFC(tomorrow)+`"}`).accepted()
	a.wants("item.kind", `"chat"`)
	a.wants("item.status", `"scheduled"`)
	if id := a.str("item.id"); !strings.HasPrefix(id, "chat_") {
		t.Errorf("the id is %s", id)
	}
	now := time.Now().UTC().Truncate(time.Microsecond)
	on, _, err := b.db.OpenChat(t.Context(), chat.Chat{ID: "chat_1", Workspace: "default", Channel: channel, Kind: "phone", Address: "+14155550111", Contact: "+14155550177",
		AgentUUID: agent, Agent: "Reminder", Version: 1, Variables: "{}", Metadata: "{}", Status: chat.Open, Created: now, Updated: now}, false)
	if err != nil {
		t.Fatal(err)
	}
	if a := b.as(b.ours, "POST", "/api/v2/chats", wish+"}"); a.status != http.StatusConflict {
		t.Errorf("a second chat with the contact: %d %s", a.status, a.text)
	}
	b.ok("GET", "/api/v2/chats?status=open&contact=%2B14155550177", "").wants("items.0.id", `"chat_1"`)
	b.ok("GET", "/api/v2/chats/chat_1", "").wants("item.transcript", `[]`)
	b.ok("POST", "/api/v2/chats/chat_1/messages", `{"text":" Hello. "}`)
	if got := strings.Join(b.said.texts, "; "); got != "chat_1: Hello." {
		t.Errorf("said %q", got)
	}
	b.fails(400, "POST", "/api/v2/chats/chat_1/messages", `{"text":" "}`).errors(`{"text":["can't be blank"]}`)
	if _, _, err := b.db.Receive(t.Context(), chat.Message{ID: "msg_1", Workspace: "default", Chat: on.ID, Direction: chat.In, Body: "hi", Status: chat.Received, Created: now, Updated: now}, 10); err != nil {
		t.Fatal(err)
	}
	m := b.ok("GET", "/api/v2/chats/chat_1/messages", "")
	m.wants("items.0.text", `"hi"`)
	m.wants("next_after", `1`)
	b.ok("GET", "/api/v2/chats/chat_1/messages?after=1", "").wants("count", `0`)
	b.ok("POST", "/api/v2/chats/chat_1/close", "").wants("item.reason", `"api"`)
	for err, status := range map[error]int{chat.ErrBusy: 409, chat.ErrClosed: 409, chat.ErrOptedOut: 422} {
		b.said.err = err
		b.fails(status, "POST", "/api/v2/chats/chat_1/messages", `{"text":"x"}`)
	}
	for _, theirs := range [][2]string{{"GET", ""}, {"GET", "/messages"}, {"POST", "/close"}} {
		if a := b.as(b.theirs, theirs[0], "/api/v2/chats/chat_1"+theirs[1], ""); a.status != http.StatusNotFound {
			t.Errorf("another workspace: %s %s %d", theirs[0], theirs[1], a.status)
		}
	}
}

func TestAChatWithSomebodyWhoWantsNoneIsRefused(t *testing.T) {
	b := later(t)
	agent := b.ready()
	channel := b.ok("POST", "/api/v2/channels", `{"type":"phone","address":"+14155550111"}`).str("item.id")
	b.ok("POST", "/api/v2/do_not_call", `{"phone_number":"+14155550177","scope":"messages"}`)
	for body, want := range map[string]string{
		`{"agent_uuid":"` + agent + `","channel_id":"` + channel + `","contact":"+14155550177"}`: `{"contact":["wants no messages"]}`,
		`{"agent_uuid":"` + agent + `","channel_id":"chan_no","contact":"+14155550177"}`:         `{"channel_id":["Channel not found"]}`,
		`{"agent_uuid":"` + agent + `","channel_id":"` + channel + `","contact":"ada@b.com"}`:    `{"contact":["must be an E.164 phone number, such as +14155550177"]}`,
		`{"agent_uuid":"` + agent + `","send_initial_message":1}`:                                `{"channel_id":["can't be blank"],"contact":["can't be blank"],"send_initial_message":["must be true or false"]}`,
	} {
		a := b.as(b.ours, "POST", "/api/v2/chats", body)
		if a.status < 400 || a.status > 422 {
			t.Errorf("%s: %d", body, a.status)
		}
		a.errors(want)
	}
}
