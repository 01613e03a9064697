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
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/storage"
)

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
