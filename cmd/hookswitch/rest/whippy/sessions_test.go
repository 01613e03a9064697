package whippy_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/chat"
	"github.com/hookswitch/hookswitch/agentcore/roster"
)

func TestWhatIsScheduledIsListedReadAndCancelled(t *testing.T) {
	p := open(t)
	at := with(smsBody, `"schedule_at":"2026-11-20T10:00:00Z"`)
	for range 7 {
		p.chat(at).wants(202)
	}
	p.chat(smsBody).wants(201)
	p.call(callBody).wants(201)
	p.diary.set("call_9", func(e *agenda.Errand) { e.Status, e.Call, e.Attempt = agenda.Live, "call_9_2", 2 })

	a := p.send("GET", "/v1/scheduled_sessions", "").wants(200).has("total", `7`).has("data.0.id", `"chat_7"`).has("data.6.id", `"chat_1"`)
	a.has("data.0.next_at", `"2026-11-20T10:00:00Z"`)
	p.send("GET", "/v1/scheduled_sessions?offset=4&limit=2", "").wants(200).has("total", `7`).has("data.0.id", `"chat_3"`).has("data.1.id", `"chat_2"`)
	p.send("GET", "/v1/scheduled_sessions?offset=9", "").wants(200).has("data", `[]`).has("total", `7`)
	p.send("GET", "/v1/scheduled_sessions?status=all&type=call", "").wants(200).has("total", `1`).has("data.0.attempts", `2`).has("data.0.call_id", `"call_9_2"`)
	p.send("GET", "/v1/scheduled_sessions?status=ready,live", "").wants(200).has("total", `2`)
	p.send("GET", "/v1/scheduled_sessions?status=all&to="+callee, "").wants(200).has("total", `9`)
	p.send("GET", "/v1/scheduled_sessions?status=all&agent_id=x", "").wants(200).has("total", `0`).has("data", `[]`)
	p.send("GET", "/v1/scheduled_sessions", "", "X-WHIPPY-KEY", p.theirs).wants(200).has("total", `0`)
	p.send("GET", "/v1/scheduled_sessions?status=soon&type=fax", "").refused(422, "type must be call or chat",
		"status must be all, or some of scheduled,ready,placing,live,done,failed,refused,cancelled")
	p.send("GET", "/v1/scheduled_sessions?offset=-1&limit=101", "").refused(422, "offset must be an integer from 0 to 10000", "limit must be an integer from 1 to 100")
	p.send("GET", "/v1/scheduled_sessions?limit=", "").refused(422, "limit must be an integer from 1 to 100")

	p.send("GET", "/v1/scheduled_sessions/chat_2", "").wants(200).has("data.status", `"scheduled"`).has("data.schedule_at", `"2026-11-20T10:00:00Z"`)
	p.send("POST", "/v1/scheduled_sessions/chat_2/cancel", "").wants(200).has("data.status", `"cancelled"`).has("data.reason", `"cancelled"`)
	p.send("DELETE", "/v1/scheduled_sessions/chat_3", "").wants(200).has("data.status", `"cancelled"`)
	p.send("GET", "/v1/scheduled_sessions", "").wants(200).has("total", `5`)
	p.diary.set("chat_4", func(e *agenda.Errand) { e.Status = agenda.Done })
	p.send("DELETE", "/v1/scheduled_sessions/chat_4", "").refused(409, "The session is over, and can't be cancelled any more")
	for _, key := range []string{p.ours, p.theirs} {
		id := map[string]string{p.ours: "chat_99", p.theirs: "chat_1"}[key]
		p.send("GET", "/v1/scheduled_sessions/"+id, "", "X-WHIPPY-KEY", key).refused(404, "Session not found")
		p.send("DELETE", "/v1/scheduled_sessions/"+id, "", "X-WHIPPY-KEY", key).refused(404, "Session not found")
	}
}

func TestChatsAreListedReadAndClosed(t *testing.T) {
	p := open(t)
	for i := range 3 {
		p.desk.chats = append(p.desk.chats, chat.Chat{ID: fmt.Sprintf("chat_%d", i), Workspace: roster.Default, Status: chat.Open, Kind: "phone",
			Channel: "chan_1", Address: phone, Contact: callee, AgentUUID: p.agent, Created: p.now, Updated: p.now})
	}
	p.desk.messages = []chat.Message{
		{ID: "msg_1", Chat: "chat_0", Seq: 1, Direction: chat.In, Body: "Hello", Status: chat.Answered},
		{ID: "msg_2", Chat: "chat_0", Seq: 2, Direction: chat.Out, Body: "Hi", Status: chat.Delivered, Segments: 1},
	}
	next := p.send("GET", "/v1/chats?limit=2", "").wants(200).has("data.0.id", `"chat_2"`).has("data.1.from", `"`+phone+`"`).str("next_cursor")
	p.send("GET", "/v1/chats?limit=2&cursor="+next, "").wants(200).has("data.0.id", `"chat_0"`).has("next_cursor", `null`)
	p.send("GET", "/v1/chats?status=gone", "").refused(422, "status must be open or closed")
	p.send("GET", "/v1/chats?cursor="+strings.Repeat("x", 513), "").refused(422, "cursor is not one that a page gave")
	p.send("GET", "/v1/chats?limit=0", "").refused(422, "limit must be an integer from 1 to 100")
	p.send("GET", "/v1/chats", "", "X-WHIPPY-KEY", p.theirs).wants(200).has("data", `[]`)

	p.send("GET", "/v1/chats/chat_0", "").wants(200).has("data.status", `"open"`).has("data.ended_at", `null`)
	p.send("GET", "/v1/chats/chat_0/messages", "").wants(200).has("data.0.body", `"Hello"`).has("data.1.delivery_status", `"delivered"`)
	p.send("GET", "/v1/chats/chat_0/messages?offset=1", "").wants(200).has("data.0.id", `"msg_2"`)
	p.send("POST", "/v1/chats/chat_0/close", "").wants(200).has("data.status", `"closed"`).has("data.reason", `"api"`).has("data.ended_at", `"2026-11-18T18:00:00Z"`)
	p.send("GET", "/v1/chats?status=closed", "").wants(200).has("data.0.id", `"chat_0"`)
	for _, path := range []string{"/v1/chats/chat_1", "/v1/chats/chat_1/messages"} {
		p.send("GET", path, "", "X-WHIPPY-KEY", p.theirs).refused(404, "Chat not found")
	}
	p.send("POST", "/v1/chats/chat_1/close", "", "X-WHIPPY-KEY", p.theirs).refused(404, "Chat not found")
}

func TestAKeyComesInItsHeaderOrAsABearerToken(t *testing.T) {
	p := open(t)
	for _, headers := range [][]string{
		{"X-WHIPPY-KEY", p.ours},
		{"X-WHIPPY-KEY", "", "Authorization", "Bearer " + p.ours},
		{"X-WHIPPY-KEY", p.ours, "Authorization", "Basic Zm9v"},
	} {
		p.send("GET", "/v1/agents", "", headers...).wants(200)
	}
	for why, headers := range map[string][]string{
		"An API key is required: X-WHIPPY-KEY: hsk_...":    {"X-WHIPPY-KEY", ""},
		"The API key is not valid.":                        {"X-WHIPPY-KEY", "hsk_wrong"},
		"The X-WHIPPY-KEY header must be: hsk_...":         {"X-WHIPPY-KEY", strings.Repeat("k", 257)},
		"The Authorization header must be: Bearer hsk_...": {"X-WHIPPY-KEY", "", "Authorization", "Basic Zm9v"},
	} {
		p.send("GET", "/v1/agents", "", headers...).refused(401, why)
	}
	p.send("GET", "/v1/agents", "", "X-WHIPPY-KEY", "", "x-api-key", p.ours).refused(401, "An API key is required: X-WHIPPY-KEY: hsk_...")
	reader := p.key(roster.Default, roster.AgentsRead)
	p.send("GET", "/v1/agents", "", "X-WHIPPY-KEY", reader).wants(200)
	p.chat(smsBody, "X-WHIPPY-KEY", reader).refused(403, "The API key lacks the scope calls:write.")
	p.send("POST", "/v1/channels", `{}`, "X-WHIPPY-KEY", reader).refused(403, "The API key lacks the scope numbers:write.")
}

func TestWhatIsNotThereIsToldInTheEnvelope(t *testing.T) {
	p := open(t)
	p.send("GET", "/v1/conversations", "").refused(404, "There is nothing here.")
	a := p.send("PUT", "/v1/agents", "")
	a.refused(405, "This method is not there. Allowed: GET, HEAD, POST")
	if a.header.Get("Allow") != "GET, HEAD, POST" {
		t.Errorf("Allow is %q", a.header.Get("Allow"))
	}
}

func TestAFaultOfOursIsNotTold(t *testing.T) {
	p := open(t)
	p.diary.err = errors.New("disk: /var/lib/secret is full")
	a := p.chat(smsBody, "X-Request-Id", "trace-1")
	a.refused(500, "Something went wrong in the gateway. Its log says more under request trace-1.")
}
