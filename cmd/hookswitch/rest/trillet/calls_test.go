package trillet_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/agenda"
	who "github.com/hookswitch/hookswitch/agentcore/answer"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/telephony"
)

func TestACallIsAnErrandUnderTheIDThatIsTold(t *testing.T) {
	p := open(t)
	agent := p.caller()
	a := p.ok("POST", "/v1/api/call", `{"to":"+14155550199","call_agent_id":"`+agent+`","callback_url":"https://a.example/done",
		"dynamic_variables":{"name":"Ada","account":9007199254740993},"metadata":{"order":{"id":7}}}`)
	id := a.str("call_id")
	a.wants("status", `"success"`)
	a.wants("message", `"Call initiated successfully"`)
	if len(a.body.(map[string]any)) != 3 || !strings.HasPrefix(id, "call_") {
		t.Errorf("answered %s", a.text)
	}
	e, err := p.db.Agenda().Errand(t.Context(), roster.Default, id)
	if err != nil {
		t.Fatal(err)
	}
	if e.Kind != agenda.Call || e.Source != agenda.FromTrillet || e.Status != agenda.Ready || e.To != "+14155550199" || e.AgentUUID != agent || e.Agent != "Caller" ||
		e.Variables != `{"account":9007199254740993,"name":"Ada"}` || e.Metadata != `{"order":{"id":7}}` || e.Options.CallbackURL != "https://a.example/done" || e.Options.Retry != nil {
		t.Errorf("booked %+v", e)
	}
	// Before it is placed it is known already.
	waits := p.ok("GET", "/v2/api/call-history/"+id, "")
	waits.wants("status", `"waiting"`)
	waits.wants("metadata", `{"order":{"id":7}}`)

	old := p.ok("POST", "/api/v1/calls/call", `{"toNumber":"+14155550198","agentId":"`+agent+`"}`)
	old.wants("fromNumber", `"+14155550111"`)
	old.wants("toNumber", `"+14155550198"`)
	old.wants("agent", `"Caller"`)
	old.wants("roomName", `"`+old.str("callId")+`"`)
}

func TestACallIsBookedOnceForAKey(t *testing.T) {
	p := open(t)
	agent := p.caller()
	book := func(body string) answer {
		r := request(p.ours, roster.Default, "POST", "/v1/api/call", body)
		r.Header.Set("Idempotency-Key", "k1")
		return p.send(r)
	}
	body := `{"to":"+14155550199","call_agent_id":"` + agent + `"}`
	first := book(body).str("call_id")
	if again := book(body).str("call_id"); again != first {
		t.Errorf("the same request booked %s and %s", first, again)
	}
	book(strings.Replace(body, "99", "98", 1)).failed(http.StatusConflict, "Idempotency-Key was used with another request before.")
}

func TestACallThatCannotBeIsRefusedWithAllReasons(t *testing.T) {
	p := open(t)
	agent := p.caller()
	for _, tt := range []struct {
		status        int
		body, message string
	}{
		{400, `{}`, "to can't be blank; call_agent_id can't be blank"},
		{400, `{"to":"0199","call_agent_id":7,"callback_url":"http://a.example/","dynamic_variables":{"a":[]},"metadata":"x"}`,
			"to must be a phone number in E.164 form, such as +14155550177; call_agent_id must be a string; callback_url must be an https URL; " +
				"dynamic_variables Dynamic variables must be a flat hash. Key 'a' contains a nested object or array.; metadata must be an object"},
		{404, `{"to":"+14155550199","call_agent_id":"nobody"}`, "Agent not found"},
		{400, `{"to":"+14155550199","call_agent_id":"` + agent + `","metadata":{"x":"` + strings.Repeat("x", 20_000) + `"}}`,
			"metadata can't be kept: at most 16384 bytes of JSON are, without null characters"},
	} {
		p.fails(tt.status, tt.message, "POST", "/v1/api/call", tt.body)
	}
	bare := p.ok("POST", "/v1/api/agents", `{"name":"A","ttsModel":{"provider":"rime","voiceId":"mistv2_Wildflower"},"llmModel":"gemini-2.5-flash"}`).str("_id")
	p.fails(400, "agent Agent LLM 'gemini/gemini-3.5-flash-lite' is not available: it has no key, Agent has no phone number that supports outbound calls",
		"POST", "/v1/api/call", `{"to":"+14155550199","call_agent_id":"`+bare+`"}`)
	if n, err := p.db.Agenda().CountErrands(t.Context(), roster.Default, agenda.Filter{}); err != nil || n != 0 {
		t.Errorf("%d errands were booked, %v", n, err)
	}
}

func TestHistoryShowsACallKeyForKey(t *testing.T) {
	p := open(t)
	agent := p.caller()
	r := p.ring("call_1", agent)
	p.talk("call_1", said...)
	p.end("call_1", telephony.CallerHangup)
	list := p.ok("GET", "/v2/api/call-history", "")
	item := list.at("0").(map[string]any)
	for _, name := range []string{"_id", "timestamp", "callId", "fromPhoneNumber", "toPhoneNumber", "direction", "duration", "agent", "status", "callFlowName",
		"cost", "recordingUrl", "summary", "analyzedData", "variables", "transcript"} {
		if _, there := item[name]; !there {
			t.Errorf("the list has no %s: %s", name, list.text)
		}
	}
	list.wants("0.status", `"completed"`)
	list.wants("0.variables", `{"name":"Ada"}`)
	list.wants("0.transcript", `[{"role":"agent","content":"Hello, this is Sally."},{"role":"customer","content":"are you open on saturday"},{"role":"agent","content":"Until noon."}]`)
	if at := list.at("0.timestamp").(float64); int64(at) != r.Created.Unix() {
		t.Errorf("timestamp = %v, want %d", at, r.Created.Unix())
	}
	if secs := list.at("0.duration").(float64); secs < 39 || secs > 60 {
		t.Errorf("duration = %v s", secs)
	}
	one := p.ok("GET", "/v2/api/call-history/call_1", "")
	one.wants("agentId", `"`+agent+`"`)
	one.wants("workspaceId", `"default"`)
	one.wants("roomName", `"call_1"`)
	one.wants("cost", `{"customer_charge":0}`)
	one.wants("functionCalls", `[{"name":"hours","arguments":{"day":"sat"},"result":"until noon"}]`)
	if one.at("startTime") != float64(r.Created.Unix()) || one.at("endTime").(float64) < one.at("startTime").(float64) {
		t.Errorf("from %v to %v", one.at("startTime"), one.at("endTime"))
	}
	if v1 := p.ok("GET", "/v1/api/call-history", ""); v1.text != list.text {
		t.Errorf("v1 answers otherwise: %s", v1.text)
	}
}

func TestHistoryIsFiltered(t *testing.T) {
	p := open(t)
	p.ring("call_1", "a1")
	p.talk("call_1", said...)
	p.end("call_1", telephony.CallerHangup)
	p.ring("call_2", "a1", func(r *dispatch.Record) { r.To, r.Created = "+14155550200", r.Created.Add(1e9) })
	p.end("call_2", telephony.Busy)
	p.ring("call_3", "a2", func(r *dispatch.Record) { r.Direction, r.Created = telephony.Inbound, r.Created.Add(2e9) })
	for query, want := range map[string]string{
		"":                                  "call_3 call_2 call_1",
		"agentId=a1":                        "call_2 call_1",
		"status=completed":                  "call_1",
		"status=failed":                     "call_2",
		"status=active":                     "call_3",
		"direction=inbound":                 "call_3",
		"direction=bidirectional":           "call_3 call_2 call_1",
		"callType=sip":                      "call_3 call_2 call_1",
		"callType=web":                      "",
		"pathwayId=p1":                      "",
		"search=saturday":                   "call_1",
		"search=%2B1415555020":              "call_2",
		"callIds=call_1,call_9,call_3":      "call_1 call_3",
		"callIds=call_1&status=failed":      "",
		"limit=1":                           "call_3",
		"limit=1&page=3":                    "call_1",
		"limit=1&page=4":                    "",
		"status=failed&page=2&limit=1":      "",
		"dateRange=7d":                      "call_3 call_2 call_1",
		"dateRange=2020-01-01,2020-02-01":   "",
		"batchId=batch_none":                "",
		"agentId=a1&search=saturday&page=1": "call_1",
	} {
		list := p.ok("GET", "/v2/api/call-history?"+query, "")
		var got []string
		for _, one := range list.body.([]any) {
			got = append(got, one.(map[string]any)["_id"].(string))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", query, got, want)
		}
	}
	p.fails(400, "page must be a whole number from 1 to 10000; limit must be a whole number from 1 to 100", "GET", "/v2/api/call-history?page=0&limit=1000", "")
	p.fails(400, "page is too far: at most 20000 rows come before it", "GET", "/v2/api/call-history?page=202&limit=100", "")
	p.fails(400, "direction must be one of inbound, outbound, bidirectional; status must be one of active, ongoing, completed, failed; "+
		"dateRange must be two dates with a comma between them, such as 2026-11-01,2026-11-30, or a time ago, such as 7d",
		"GET", "/v2/api/call-history?direction=up&status=odd&dateRange=yesterday%20until:1", "")
}

func TestActiveCallsAreThoseThatGoOn(t *testing.T) {
	p := open(t)
	p.ring("call_1", "a1")
	p.talk("call_1", said...)
	p.ring("call_2", "a1")
	p.end("call_2", telephony.Busy)
	p.ring("call_3", "a1", func(r *dispatch.Record) {
		r.Workspace, r.Variables = "ws_theirs", "{}"
	})
	list := p.ok("GET", "/v2/api/active-calls", "")
	list.wants("count", `1`)
	list.wants("data.0.id", `"call_1"`)
	list.wants("data.0.customerPhone", `"+14155550199"`)
	list.wants("data.0.customerName", `"Ada"`)
	list.wants("data.0.aiAgentName", `"Caller"`)
	list.wants("data.0.status", `"active"`)
	list.wants("data.0.sentiment", `null`)
	list.wants("data.0.lastMessage", `"Until noon."`)
	list.wants("data.0.transferRequested", `false`)
	list.wants("data.0.type", `"phone"`)
	list.wants("data.0.participants.0.isAgent", `true`)
	if secs := list.at("data.0.duration").(float64); secs < 39 || secs > 60 {
		t.Errorf("duration = %v s", secs)
	}
	one := p.ok("GET", "/v2/api/active-calls/call_1", "")
	one.wants("transcript.0", `{"role":"agent","content":"Hello, this is Sally."}`)
	p.fails(404, "Call not found", "GET", "/v2/api/active-calls/call_2", "")
	p.fails(404, "Call not found", "GET", "/v2/api/active-calls/call_3", "")
}

func TestAVoicemailIsOneAsWeFoundOutOrElseAsTheCarrierSays(t *testing.T) {
	for _, tt := range []struct {
		name    string
		ours    who.Class // empty: nobody found out
		carrier string
		want    bool
	}{
		{"nobody says", "", "", false},
		{"the carrier says", "", "machine_end_beep", true},
		{"a fax, says the carrier", "", "fax", false},
		{"we do", who.Greeting, "", true},
		{"we do, and the carrier not", who.Beeped, "human", true},
		{"a full one", who.MailboxFull, "", true},
		{"somebody picked up", who.Human, "machine_start", false},
		{"a screener is none", who.Screener, "machine_start", false},
		{"nothing is clear: the carrier's word", who.Unknown, "machine_start", true},
	} {
		p := open(t)
		agent := p.caller()
		p.ring("call_1", agent)
		if tt.ours != "" {
			p.talk("call_1", agentcore.WhoAnswered{Verdict: who.Verdict{Class: tt.ours, Confidence: 0.99, AtMS: 2800}})
		}
		if tt.carrier != "" {
			if err := p.db.SetAnswerer(t.Context(), "call_1", tt.carrier); err != nil {
				t.Fatal(err)
			}
		}
		if got := p.ok("GET", "/v2/api/call-history/call_1", "").at("analyzedData.answered_by_voicemail"); got != tt.want {
			t.Errorf("%s: answered by voicemail: %v, want %v", tt.name, got, tt.want)
		}
	}
}
