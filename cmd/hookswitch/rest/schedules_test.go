package rest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/dialplan"
	"github.com/hookswitch/hookswitch/agentcore/roster"
)

func TestADispatchForLaterIsKeptUnderTheIDOfItsCall(t *testing.T) {
	b := later(t)
	agent, at := b.ready(), inRFC(tomorrow)
	a := b.wish(agent, "", `{"phone_number":"+14155550177","schedule_at":"`+at+`","dynamic_variables":{"customer_name":"Ada"},"consent":"web form",
		"metadata":{"order":7},"smart_callback":{"max_attempts":2,"gaps":[{"days":1},{"hours":3}]}}`).accepted()
	id := a.str("item.schedule_id")
	a.wants("item.status", `"scheduled"`)
	a.wants("item.call_id", `"`+id+`"`)
	a.wants("call_id", `"`+id+`"`)
	if n := len(b.carrier.calls()); n != 0 || !strings.HasPrefix(id, "call_") {
		t.Errorf("%d calls were placed; the id is %s", n, id)
	}
	s := b.ok("GET", "/api/v2/schedules/"+id, "")
	s.wants("item.status", `"scheduled"`)
	s.wants("item.to", `"+14155550177"`)
	s.wants("item.metadata", `{"order":7}`)
	s.wants("item.dynamic_variables", `{"customer_name":"Ada"}`)
	s.wants("item.smart_callback", `{"max_attempts":2,"gaps":[{"days":1,"hours":0},{"days":0,"hours":3}]}`)
	s.wants("item.consent", `"web form"`)
	s.wants("item.attempts", `[]`)
	if due := s.str("item.due_at"); !strings.HasPrefix(due, strings.TrimSuffix(at, "Z")) {
		t.Errorf("due at %s, asked for %s", due, at)
	}
}

func TestARepeatOfADispatchForLaterBooksNothing(t *testing.T) {
	b := later(t)
	agent := b.ready()
	body := `{"phone_number":"+14155550177","schedule_at":"` + inRFC(tomorrow) + `"}`
	first := b.wish(agent, "k", body).accepted()
	second := b.wish(agent, "k", body).accepted()
	if second.text != first.text || second.header.Get("Idempotent-Replayed") != "true" || first.header.Get("Idempotent-Replayed") != "" {
		t.Errorf("again: %s %v; first %s", second.text, second.header, first.text)
	}
	b.ok("GET", "/api/v2/schedules", "").wants("count", `1`)
	for name, other := range map[string]string{
		"another number": `{"phone_number":"+14155550178","schedule_at":"` + inRFC(tomorrow) + `"}`,
		"at once":        `{"phone_number":"+14155550177"}`,
	} {
		if a := b.wish(agent, "k", other); a.status != http.StatusConflict {
			t.Errorf("%s: %d %s, want 409", name, a.status, a.text)
		}
	}
	b.wish(agent, "now", `{"phone_number":"+14155550179"}`)
	if a := b.wish(agent, "now", body); a.status != http.StatusConflict {
		t.Errorf("a key of a call that was placed: %d %s, want 409", a.status, a.text)
	}
	if n := len(b.carrier.calls()); n != 1 {
		t.Errorf("%d calls were placed, want 1", n)
	}
}

func TestWhatIsWrongWithADispatchForLaterIsToldByField(t *testing.T) {
	b := later(t)
	agent := b.ready()
	for body, want := range map[string]string{
		`"schedule_at":"2020-01-01T10:00:00Z"`:                                     `{"schedule_at":["must be in the future"]}`,
		`"schedule_at":"2026-12-01T10:00:00"`:                                      `{"schedule_at":["has no time zone: end it with Z, or with an offset such as -07:00"]}`,
		`"schedule_at":7`:                                                          `{"schedule_at":["must be a string"]}`,
		`"smart_callback":{"max_attempts":99}`:                                     `{"smart_callback.max_attempts":["must be less than or equal to 20"]}`,
		`"smart_callback":{"gaps":[{"days":0,"hours":0}]}`:                         `{"smart_callback.gaps.0.hours":["must leave some time: days and hours can't both be 0"]}`,
		`"bypass_quiet_hours":"yes"`:                                               `{"bypass_quiet_hours":["must be true or false"]}`,
		`"metadata":{"a":1}`:                                                       `{"metadata":["is kept with schedule_at or smart_callback only"]}`,
		`"metadata":[],"schedule_at":"` + inRFC(tomorrow) + `"`:                    `{"metadata":["must be an object"]}`,
		`"consent":"` + strings.Repeat("x", 256) + `"`:                             `{"consent":["is too long (maximum is 255 characters)"]}`,
		`"from":"+14155550133","schedule_at":"` + inRFC(tomorrow) + `"`:            `{"from":["is not a number of this agent that supports outbound calls"]}`,
		`"phone_number":null,"schedule_at":"` + inRFC(tomorrow) + `","smart_x":{}`: `{"phone_number":["can't be blank: nobody can be called later without it"]}`,
	} {
		if !strings.Contains(body, "phone_number") {
			body += `,"phone_number":"+14155550177"`
		}
		a := b.wish(agent, "", "{"+body+"}")
		if a.status != http.StatusUnprocessableEntity || want != "" && encode(a.at("errors")) != encode(decode(t, want)) {
			t.Errorf("%s: %d %s, want %s", body, a.status, a.text, want)
		}
	}
	b.ok("GET", "/api/v2/schedules", "").wants("count", `0`)
}

func TestANumberThatIsNeverCalledIsRefusedAtOnce(t *testing.T) {
	b := later(t)
	a := b.wish(b.ready(), "", `{"phone_number":"+19005550177","schedule_at":"`+inRFC(tomorrow)+`"}`)
	a.errors(`{"phone_number":["Premium-rate numbers are never called."]}`)
	if a.status != http.StatusUnprocessableEntity {
		t.Errorf("%d", a.status)
	}
}

func TestACallOutsideOfTheHoursIsMovedIntoThem(t *testing.T) {
	b := later(t)
	b.hours.CallingHours = []dialplan.Window{{Days: []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}, From: "09:00", To: "09:30"}}
	agent := b.ready()
	in := func(more string) time.Time {
		a := b.wish(agent, "", `{"phone_number":"+14155550177","schedule_at":"`+time.Now().Add(48*time.Hour).UTC().Format("2006-01-02")+`T00:00:00Z"`+more+`}`).accepted()
		at, err := time.Parse(time.RFC3339, a.str("item.schedule_at"))
		if err != nil {
			t.Fatal(err)
		}
		zone, err := time.LoadLocation("America/Los_Angeles") // of 415
		if err != nil {
			t.Fatal(err)
		}
		return at.In(zone)
	}
	if at := in(""); at.Format("15:04") != "09:00" {
		t.Errorf("it is moved to %v, want 09:00 in Los Angeles", at)
	}
	if at := in(`,"bypass_quiet_hours":true`).UTC(); at.Format("15:04") != "00:00" {
		t.Errorf("with bypass_quiet_hours it is moved to %v", at)
	}
}

func TestSmartCallbackWithoutATimeIsDoneSoon(t *testing.T) {
	b := later(t)
	agent := b.ready()
	id := b.wish(agent, "", `{"phone_number":"+14155550177","smart_callback":{}}`).accepted().str("item.schedule_id")
	s := b.ok("GET", "/api/v2/schedules/"+id, "")
	s.wants("item.status", `"ready"`)
	s.wants("item.schedule_at", `null`)
	s.wants("item.smart_callback.max_attempts", `5`)
	for _, none := range []string{"false", "null", `{"enabled":false}`} {
		if a := b.wish(agent, "", `{"phone_number":"+14155550178","smart_callback":`+none+`}`); a.status != http.StatusOK {
			t.Errorf("%s: %d %s", none, a.status, a.text)
		}
	}
}

func TestACallIsFollowedUpWhenItsAgentCallsBack(t *testing.T) {
	b := later(t)
	agent := b.ready()
	follow := func(body string) bool {
		t.Helper()
		a := b.wish(agent, "", body)
		calls := b.carrier.calls()
		r, err := b.db.Call(t.Context(), calls[len(calls)-1].Call)
		if err != nil || a.status != http.StatusOK {
			t.Fatalf("%d %s, %v", a.status, a.text, err)
		}
		return r.FollowUp
	}
	if follow(`{"phone_number":"+14155550177"}`) {
		t.Error("an agent without smart callback is followed up")
	}
	b.ok("PATCH", "/api/v2/agents/"+agent, `{"smart_callback":{"max_attempts":2}}`)
	if !follow(`{"phone_number":"+14155550178"}`) {
		t.Error("an agent with smart callback is not followed up")
	}
	if follow(`{"phone_number":"+14155550179","smart_callback":false}`) {
		t.Error("smart_callback false is followed up")
	}
}

func TestSchedulesAreListedAndCancelled(t *testing.T) {
	b := later(t)
	agent := b.ready()
	var ids []string
	for _, to := range []string{"+14155550177", "+14155550178", "+14155550179"} {
		ids = append(ids, b.wish(agent, "", `{"phone_number":"`+to+`","schedule_at":"`+inRFC(tomorrow)+`"}`).accepted().str("call_id"))
	}
	page := b.ok("GET", "/api/v2/schedules?limit=2&status=scheduled,ready&kind=call&agent_uuid="+agent, "")
	page.wants("count", `2`)
	page.wants("items.0.id", `"`+ids[2]+`"`)
	page = b.ok("GET", "/api/v2/schedules?limit=2&cursor="+page.str("next_cursor"), "")
	page.wants("items.0.id", `"`+ids[0]+`"`)
	page.wants("next_cursor", `null`)
	b.ok("GET", "/api/v2/schedules?phone_number=%2B14155550178", "").wants("items.0.id", `"`+ids[1]+`"`)

	b.ok("POST", "/api/v2/schedules/"+ids[0]+"/cancel", "").wants("item.status", `"cancelled"`)
	b.ok("POST", "/api/v2/schedules/"+ids[0]+"/cancel", "").wants("item.due_at", `null`)
	b.ok("GET", "/api/v2/schedules?status=cancelled", "").wants("count", `1`)
	b.fails(400, "GET", "/api/v2/schedules?status=lost", "")
	b.fails(400, "GET", "/api/v2/schedules?cursor=x", "").errors(`{"cursor":["is not one that a page gave"]}`)
	b.fails(404, "GET", "/api/v2/schedules/call_none", "").errors(`{"base":["Schedule not found"]}`)
	for _, theirs := range [][2]string{{"GET", ids[1]}, {"POST", ids[1] + "/cancel"}} {
		if a := b.as(b.theirs, theirs[0], "/api/v2/schedules/"+theirs[1], ""); a.status != http.StatusNotFound {
			t.Errorf("another workspace: %s %d %s", theirs[0], a.status, a.text)
		}
	}
	if a := b.as(b.key("default", roster.CallsRead), "POST", "/api/v2/schedules/"+ids[1]+"/cancel", ""); a.status != http.StatusForbidden {
		t.Errorf("a key that may only read cancels: %d", a.status)
	}
}

func TestAScheduleOfWhichAllIsSaidIs409(t *testing.T) {
	b := later(t)
	id := b.wish(b.ready(), "", `{"phone_number":"+14155550177","schedule_at":"`+inRFC(tomorrow)+`"}`).accepted().str("call_id")
	e, err := b.db.Agenda().Errand(t.Context(), "default", id)
	if err != nil {
		t.Fatal(err)
	}
	e.Status, e.Attempt, e.Call = agenda.Done, 1, e.CallOf(1)
	if _, err := b.db.Agenda().Move(t.Context(), e, time.Now()); err != nil {
		t.Fatal(err)
	}
	b.ring(id)
	b.fails(409, "POST", "/api/v2/schedules/"+id+"/cancel", "").errors(`{"base":["It is over already: done."]}`)
	s := b.ok("GET", "/api/v2/schedules/"+id, "")
	s.wants("item.attempts.0.call_id", `"`+id+`"`)
	s.wants("item.attempts.0.status", `"ringing"`)
}
