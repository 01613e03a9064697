package rest_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/agenda/sheet"
	"github.com/hookswitch/hookswitch/agentcore/chat"
	"github.com/hookswitch/hookswitch/agentcore/dialplan"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest"
	v2 "github.com/hookswitch/hookswitch/cmd/hookswitch/rest/v2"
	"github.com/hookswitch/hookswitch/storage"
)

// bureau is an office that does things later, too. Nobody does them here: the
// clerk takes them on and does not run.
type bureau struct {
	*office
	clerk *agenda.Clerk
	said  *sayer
	hours dialplan.Policy
}

// idle places nothing.
type idle struct{}

func (idle) Place(context.Context, agenda.Errand) error { return errors.New("nobody places here") }

// sayer remembers what was said in chats, or says why not.
type sayer struct {
	texts []string
	err   error
}

func (s *sayer) Say(_ context.Context, id, text string) error {
	if s.err == nil {
		s.texts = append(s.texts, id+": "+text)
	}
	return s.err
}

// loader reads a batch's file as the gateway does.
type loader struct{ db *storage.DB }

func (l loader) Load(ctx context.Context, b agenda.Batch, file io.Reader) (agenda.Batch, error) {
	table, err := sheet.Open(file, sheet.Limits{})
	if err != nil {
		return b, &agenda.FileError{Why: err.Error()}
	}
	b.Columns = table.Columns()
	return b, agenda.Intake{Store: l.db.Agenda()}.Load(ctx, &b, rowsOf(table))
}

func rowsOf(table *sheet.Sheet) iter.Seq2[agenda.Row, error] {
	return func(yield func(agenda.Row, error) bool) {
		for {
			r, err := table.Next()
			var wrong *sheet.Wrong
			if errors.Is(err, io.EOF) {
				return
			}
			if errors.As(err, &wrong) {
				err = (*agenda.Problem)(wrong)
			}
			if !yield(agenda.Row(r), err) {
				return
			}
		}
	}
}

// later opens a bureau over the real store and dial plan.
func later(t *testing.T, change ...func(*rest.Config)) *bureau {
	t.Helper()
	b := &bureau{said: &sayer{}}
	b.office = staff(t, append([]func(*rest.Config){func(cfg *rest.Config) {
		db := cfg.Roster.(*storage.DB)
		plan, err := dialplan.NewGate(dialplan.Config{Policy: func(context.Context, string) (dialplan.Policy, error) { return b.hours, nil }})
		if err != nil {
			t.Fatal(err)
		}
		b.clerk, err = agenda.New(agenda.Config{Store: db.Agenda(), Placer: idle{}, Calls: db, Node: "node_1"})
		if err != nil {
			t.Fatal(err)
		}
		cfg.Later = v2.LaterConfig{Errands: db.Agenda(), Clerk: b.clerk, Planner: plan, Batches: loader{db}, Channels: db, OptOuts: db,
			Chats: db, Writer: b.said, MaxFile: 1 << 20}
	}}, change...)...)
	return b
}

// accepted wants 202.
func (a answer) accepted() answer {
	a.t.Helper()
	if a.status != http.StatusAccepted || a.body["success"] != true {
		a.t.Fatalf("%d %s, want 202", a.status, a.text)
	}
	return a
}

const tomorrow = 24 * time.Hour

func inRFC(d time.Duration) string { return time.Now().Add(d).UTC().Format(time.RFC3339) }

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

// upload sends a file with the query's parameters.
func (b *bureau) upload(query, file string) answer {
	b.t.Helper()
	r := request("POST", "/api/v2/batches?"+query, b.ours, file)
	r.Header.Set("Content-Type", "text/csv")
	return b.send(r)
}

const people = "phone_number,name\n+14155550171,Ada\n14155550172,Bob\n+14155550173,\"Cy, the\nsecond\"\n+14155550171,Again\n"

func TestABatchIsMadeOfAFile(t *testing.T) {
	b := later(t)
	agent := b.ready()
	a := b.upload("agent_uuid="+agent+"&name=people.csv&schedule_at="+inRFC(tomorrow)+"&smart_callback="+url.QueryEscape(`{"max_attempts":1}`), people)
	if a.status != http.StatusOK {
		t.Fatalf("%d %s", a.status, a.text)
	}
	a.wants("item.total", `2`)
	a.wants("item.invalid_rows", `2`)
	a.wants("item.columns", `["name"]`)
	a.wants("item.progress.scheduled", `2`)
	a.wants("item.errors.0", `{"line":3,"field":"phone_number","error":"must begin with + and the country code"}`)
	a.wants("item.errors.1.line", `6`)
	id := a.str("item.id")
	b.ok("GET", "/api/v2/batches", "").wants("items.0.name", `"people.csv"`)
	b.ok("GET", "/api/v2/batches/"+id+"/errors", "").wants("total", `2`)
	calls := b.ok("GET", "/api/v2/batches/"+id+"/calls?status=scheduled", "")
	calls.wants("count", `2`)
	b.ok("GET", "/api/v2/batches/"+id+"/calls?status=done", "").wants("count", `0`)
	b.ok("GET", "/api/v2/schedules?phone_number=%2B14155550173&batch_id="+id, "").wants("items.0.dynamic_variables", `{"name":"Cy, the\nsecond"}`)
	b.ok("POST", "/api/v2/batches/"+id+"/cancel", "").wants("item.progress.cancelled", `2`)
	b.ok("POST", "/api/v2/batches/"+id+"/cancel", "").wants("item.status", `"cancelled"`)
	if a := b.as(b.theirs, "GET", "/api/v2/batches/"+id, ""); a.status != http.StatusNotFound {
		t.Errorf("another workspace reads it: %d", a.status)
	}
}

// form is a file and fields as multipart/form-data, the file first.
func form(t *testing.T, file string, fields map[string]string) (contentType string, body *bytes.Buffer) {
	t.Helper()
	body = &bytes.Buffer{}
	w := multipart.NewWriter(body)
	part, err := w.CreateFormFile("file", `C:\lists\people.csv`)
	if err == nil {
		_, err = io.WriteString(part, file)
	}
	for name, value := range fields {
		err = errors.Join(err, w.WriteField(name, value))
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return w.FormDataContentType(), body
}

func (b *bureau) form(file string, fields map[string]string) answer {
	b.t.Helper()
	kind, body := form(b.t, file, fields)
	r := request("POST", "/api/v2/batches", b.ours, body.String())
	r.Header.Set("Content-Type", kind)
	return b.send(r)
}

func TestABatchIsMadeOfAForm(t *testing.T) {
	b := later(t)
	agent := b.ready()
	a := b.form(people, map[string]string{"agent_uuid": agent, "smart_callback": "false", "bypass_quiet_hours": "true", "consent": "list of 2026"})
	if a.status != http.StatusOK {
		t.Fatalf("%d %s", a.status, a.text)
	}
	a.wants("item.name", `"people.csv"`)
	a.wants("item.smart_callback", `{"max_attempts":0,"gaps":[]}`)
	a.wants("item.bypass_quiet_hours", `true`)
	a.wants("item.consent", `"list of 2026"`)
}

func TestABadFileCallsNobody(t *testing.T) {
	b := later(t)
	agent := b.ready()
	big := "phone_number\n" + strings.Repeat("+14155550177\n", 100_000)
	for name, tt := range map[string]struct {
		a      answer
		status int
		why    string
	}{
		"no column":       {b.upload("agent_uuid="+agent, "name\nAda\n"), 400, "phone_number"},
		"no good row":     {b.upload("agent_uuid="+agent, "phone_number\n12\n"), 422, "line 2"},
		"empty":           {b.upload("agent_uuid="+agent, ""), 400, ""},
		"too large":       {b.upload("agent_uuid="+agent, big), 413, "larger than 1048576 bytes"},
		"a large form":    {b.form(big+big, map[string]string{"agent_uuid": agent}), 413, "larger than 1048576 bytes"},
		"no agent":        {b.upload("", people), 400, "can't be blank"},
		"another's agent": {b.upload("agent_uuid=11111111-1111-4111-8111-111111111111", people), 404, "Agent not found"},
		"in the past":     {b.upload("agent_uuid="+agent+"&schedule_at=2020-01-01T00:00:00Z", people), 400, "future"},
		"bad callback":    {b.upload("agent_uuid="+agent+"&smart_callback=often", people), 400, "JSON object"},
		"JSON":            {b.as(b.ours, "POST", "/api/v2/batches?agent_uuid="+agent, `{}`), 400, "text/csv"},
	} {
		if tt.a.status != tt.status || !strings.Contains(tt.a.text, tt.why) {
			t.Errorf("%s: %d %s, want %d with %q", name, tt.a.status, tt.a.text, tt.status, tt.why)
		}
	}
	r := request("POST", "/api/v2/batches?agent_uuid="+agent, b.key("default", roster.CallsRead), people)
	r.Header.Set("Content-Type", "text/csv")
	if a := b.send(r); a.status != http.StatusForbidden {
		t.Errorf("a key that may only read: %d %s", a.status, a.text)
	}
	if a := b.ok("GET", "/api/v2/schedules?status=scheduled,ready", ""); encode(a.at("count")) != "0" {
		t.Errorf("somebody is called: %s", a.text)
	}
	if n := len(b.carrier.calls()); n != 0 {
		t.Errorf("%d calls", n)
	}
}

func TestABatchIsFollowedToItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := later(t)
		id := b.upload("agent_uuid="+b.ready()+"&schedule_at="+inRFC(tomorrow), people).str("item.id")
		follow := func(last string) *httptest.ResponseRecorder {
			r := request("GET", "/api/v2/batches/"+id+"/events", b.ours, "")
			r.Header.Set("Last-Event-ID", last)
			w := httptest.NewRecorder()
			b.h.ServeHTTP(w, r)
			return w
		}
		done := make(chan *httptest.ResponseRecorder)
		go func() { done <- follow("") }()
		time.Sleep(20*time.Second + 500*time.Millisecond) // a heartbeat goes by, and no look at this instant
		b.ok("POST", "/api/v2/batches/"+id+"/cancel", "")
		text := (<-done).Body.String()
		blocks := strings.Split(strings.TrimSpace(text), "\n\n")
		if len(blocks) != 4 || !strings.HasPrefix(blocks[1], "event: progress\ndata: {\"status\":\"scheduled\",\"total\":2,\"scheduled\":2,") ||
			blocks[2] != ": still here" || !strings.HasPrefix(blocks[3], "id: over\nevent: over\ndata: {\"status\":\"cancelled\"") {
			t.Errorf("the stream is\n%s", text)
		}
		if w := follow("over"); w.Code != http.StatusNoContent {
			t.Errorf("to whom knows the end: %d", w.Code)
		}
	})
}

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
