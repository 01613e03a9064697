package trillet_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/rest/trillet"
	"github.com/hookswitch/hookswitch/telephony"
)

type fields map[string]string

// form is a form with a file; the file comes first when it is to.
func form(f fields, file string, fileFirst bool) (body *bytes.Buffer, kind string) {
	body = &bytes.Buffer{}
	w := multipart.NewWriter(body)
	send := func() {
		if file == "" {
			return
		}
		part, _ := w.CreateFormFile("file", `C:\lists\spring.csv`)
		_, _ = part.Write([]byte(file))
	}
	if fileFirst {
		send()
	}
	for name, v := range f {
		_ = w.WriteField(name, v)
	}
	if !fileFirst {
		send()
	}
	_ = w.Close()
	return body, w.FormDataContentType()
}

func (p *place) post(body, kind string) answer {
	p.t.Helper()
	r := request(p.ours, roster.Default, "POST", "/v1/api/batch-calls", body)
	r.Header.Set("Content-Type", kind)
	return p.send(r)
}

// upload sends a batch, and wants it to succeed.
func (p *place) upload(f fields, file string) answer {
	p.t.Helper()
	body, kind := form(f, file, false)
	a := p.post(body.String(), kind)
	if a.status != 200 {
		p.t.Fatalf("answered %d %s", a.status, a.text)
	}
	return a
}

func TestABatchIsMadeOfAFile(t *testing.T) {
	p := open(t)
	agent := p.caller()
	at := time.Now().Add(time.Hour).UTC().Format("2006-01-02T15:04:05Z")
	for _, fileFirst := range []bool{true, false} {
		body, kind := form(fields{"agentId": agent, "scheduledAt": at, "smartCallbackConfig": `{"enabled":true,"maxAttempts":2,"gaps":[{"days":1,"hours":2},{"hours":3}]}`},
			"phone_number,first_name\n+14155550177,Ada\nnonsense,Bob\n+14155550178,Cyd\n", fileFirst)
		a := p.post(body.String(), kind)
		a.wants("totalCalls", `2`)
		a.wants("status", `"queued"`)
		a.wants("message", `"Batch created successfully with 2 calls; 1 rows were left out"`)
		a.wants("invalidRows", `1`)
		a.wants("errors", `[{"line":3,"field":"phone_number","error":"is no number in E.164 form"}]`)
		b, err := p.db.Agenda().Batch(t.Context(), roster.Default, a.str("batchId"))
		if err != nil {
			t.Fatal(err)
		}
		if b.Name != "spring.csv" || b.Source != agenda.FromTrillet || b.AgentUUID != agent || b.At.UTC().Format("2006-01-02T15:04:05Z") != at ||
			b.Options.Retry == nil || b.Options.Retry.Max != 2 || b.Options.Retry.Gaps[0] != (agenda.Gap{Days: 1, Hours: 2}) || b.Options.Retry.Gaps[1] != (agenda.Gap{Days: 1, Hours: 3}) {
			t.Errorf("made %+v, %+v", b, b.Options.Retry)
		}
	}
	calm := p.upload(fields{"agentId": agent, "smartCallbackConfig": `{"enabled":false}`}, "phone_number\n+14155550177\n").str("batchId")
	if b, err := p.db.Agenda().Batch(t.Context(), roster.Default, calm); err != nil || b.Options.Retry == nil || b.Options.Retry.Max != 0 {
		t.Errorf("without callbacks: %+v, %v", b.Options.Retry, err)
	}
}

func TestABadUploadIsRefusedAndLeavesNoFile(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	p := open(t, func(c *trillet.Config) { c.MaxFile = 1000 })
	agent := p.caller()
	file := "phone_number\n+14155550177\n"
	for _, tt := range []struct {
		name    string
		fields  fields
		file    string
		status  int
		message string
	}{
		{"nothing in it", fields{}, "", 400, "file can't be blank: a CSV file with a column phone_number; agentId can't be blank"},
		{"wrong all over", fields{"agentId": " ", "scheduledAt": "2020-01-01T00:00:00Z", "smartCallbackConfig": `{"maxAttempts":99,"gaps":[{"days":0,"hours":0}]}`}, file, 400,
			"agentId can't be blank; scheduledAt must be in the future; smartCallbackConfig.maxAttempts must be less than or equal to 20; " +
				"smartCallbackConfig.gaps.0.hours must leave some time: days and hours can't both be 0"},
		{"no JSON", fields{"agentId": agent, "smartCallbackConfig": "{"}, file, 400, "smartCallbackConfig The text is not valid JSON: unexpected end of JSON input (line 1, column 1)"},
		{"nobody's agent", fields{"agentId": "nobody"}, file, 404, "Agent not found"},
		{"no numbers in it", fields{"agentId": agent}, "name\nAda\n", 400, "The file has no column phone_number."},
		{"no good row", fields{"agentId": agent}, "phone_number\nx\n", 400, "No row of the file can be called."},
		{"a file that is too large", fields{"agentId": agent}, file + strings.Repeat("x", 1000), 413, "The file is larger than 1000 bytes."},
		{"a field that is too long", fields{"agentId": strings.Repeat("x", 20_000)}, file, 400, "A field of the form is longer than 16384 bytes."},
	} {
		body, kind := form(tt.fields, tt.file, true)
		t.Log(tt.name)
		p.post(body.String(), kind).failed(tt.status, tt.message)
	}
	body, kind := form(fields{"agentId": agent}, file, true)
	cut := body.String()[:body.Len()-40]
	p.post(cut, kind).failed(400, "The form can't be read: it is cut off.")
	p.post(body.String(), "multipart/form-data").failed(400, "The form can't be read: its Content-Type has no boundary.")
	p.post("{}", "application/json").failed(400, "The request body must be a form with a file: Content-Type: multipart/form-data")
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// move brings a row of a batch to a status.
func (p *place) move(id, status, code string, change ...func(*agenda.Errand)) {
	p.t.Helper()
	store := p.db.Agenda()
	e, err := store.Errand(p.t.Context(), roster.Default, id)
	if err != nil {
		p.t.Fatal(err)
	}
	e.Status, e.Code = status, code
	for _, c := range change {
		c(&e)
	}
	if _, err := store.Move(p.t.Context(), e, time.Now()); err != nil {
		p.t.Fatal(err)
	}
}

func TestProgressIsRightToTheCall(t *testing.T) {
	p := open(t)
	agent := p.caller()
	var file strings.Builder
	file.WriteString("first_name,phone_number\n")
	for i := range 7 {
		fmt.Fprintf(&file, "n%d,+1415555017%d\n", i, i)
	}
	id := p.upload(fields{"agentId": agent}, file.String()).str("batchId")
	if _, err := p.db.Agenda().WakeBatch(t.Context(), id, time.Now().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	claimed, err := p.db.Agenda().Claim(t.Context(), "node_test", time.Now().Add(time.Second), 6, nil)
	if err != nil || len(claimed) != 6 {
		t.Fatalf("claimed %d, %v", len(claimed), err)
	}
	for _, e := range claimed {
		p.ring(string(e.Call), agent)
	}
	p.talk(claimed[0].ID, said...)
	p.end(claimed[0].ID, telephony.CallerHangup)
	p.end(claimed[1].ID, telephony.Busy)
	p.move(claimed[0].ID, agenda.Done, "")
	p.move(claimed[1].ID, agenda.Failed, "busy")
	p.move(claimed[2].ID, agenda.Refused, "do_not_call", func(e *agenda.Errand) { e.Why = "The number is on the do-not-call list." })
	p.move(claimed[3].ID, agenda.Live, "")

	a := p.ok("GET", "/v1/api/batch-calls/"+id, "")
	a.wants("id", `"`+id+`"`)
	a.wants("status", `"processing"`)
	a.wants("isComplete", `false`)
	a.wants("totalCalls", `7`)
	a.wants("refusedCalls", `1`)
	for name, want := range map[string]string{"waiting": "1", "active": "3", "completed": "1", "failed": "2", "total": "7", "completedTime": "null"} {
		a.wants("progress."+name, want)
	}
	for _, name := range []string{"timestamp", "progress.startTime", "progress.lastCompletedTime"} {
		if at, ok := a.at(name).(float64); !ok || time.Since(time.UnixMilli(int64(at))).Abs() > time.Minute {
			t.Errorf("%s = %v", name, a.at(name))
		}
	}
	if mean := a.at("progress.averageCallDuration").(float64); mean < 10 || mean > 60 {
		t.Errorf("averageCallDuration = %v s", mean)
	}
	recent := a.at("progress.recent_calls").([]any)
	if len(recent) != 3 {
		t.Errorf("recent_calls = %v", recent)
	}
	flat := p.ok("GET", "/v1/api/batch-calls/"+id+"/status", "")
	for _, name := range []string{"status", "isComplete", "waiting", "active", "completed", "failed", "total", "startTime", "lastCompletedTime", "completedTime", "averageCallDuration", "recent_calls"} {
		flat.at(name)
	}
	flat.wants("active", `3`)

	failed := p.ok("GET", "/v1/api/batch-calls/"+id+"/calls?status=failed", "")
	failed.wants("pagination", `{"page":1,"limit":20,"total":2,"totalPages":1,"hasNext":false,"hasPrev":false}`)
	failed.wants("summary", `{"total":7,"waiting":1,"active":3,"completed":1,"failed":2}`)
	errors := map[string]bool{failed.str("calls.0.error"): true, failed.str("calls.1.error"): true}
	if !errors["Number busy"] || !errors["The number is on the do-not-call list."] {
		t.Errorf("errors are %v", errors)
	}
	one := p.ok("GET", "/v1/api/batch-calls/"+id+"/calls/"+claimed[0].ID, "")
	one.wants("status", `"completed"`)
	one.wants("result.callId", `"`+claimed[0].ID+`"`)
	one.wants("result.transcript", `"agent: Hello, this is Sally.\ncustomer: are you open on saturday\nagent: Until noon."`)
	one.wants("result.metadata.first_name", `"n`+one.str("phone_number")[11:]+`"`)

	list := p.ok("GET", "/v2/api/call-history?batchId="+id+"&status=failed", "")
	if len(list.body.([]any)) != 1 {
		t.Errorf("history of the batch: %s", list.text)
	}
	gone := p.ok("POST", "/v1/api/batch-calls/"+id+"/cancel", "")
	gone.wants("message", `"Batch cancelled successfully"`)
	gone.wants("status", `"cancelled"`)
	gone.wants("progress.waiting", `0`)
	gone.wants("cancelledCalls", `1`)
	p.ok("GET", "/v1/api/batch-calls", "").wants("0.id", `"`+id+`"`)
}

func TestPagesOfABatchNeitherRepeatNorLeaveOut(t *testing.T) {
	p := open(t)
	agent := p.caller()
	var file strings.Builder
	file.WriteString("phone_number\n")
	for i := range 450 {
		fmt.Fprintf(&file, "+1415555%04d\n", i)
	}
	id := p.upload(fields{"agentId": agent}, file.String()).str("batchId")
	seen := map[string]bool{}
	for page := 1; page <= 5; page++ {
		a := p.ok("GET", fmt.Sprintf("/v1/api/batch-calls/%s/calls?limit=100&page=%d", id, page), "")
		for _, one := range a.at("calls").([]any) {
			seen[one.(map[string]any)["jobId"].(string)] = true
		}
		a.wants("pagination.totalPages", `5`)
		a.wants("pagination.hasNext", fmt.Sprint(page < 5))
		a.wants("pagination.hasPrev", fmt.Sprint(page > 1))
	}
	if len(seen) != 450 {
		t.Errorf("%d of 450 calls are on the pages", len(seen))
	}
	p.fails(http.StatusBadRequest, "status must be one of all, waiting, active, completed, failed", "GET", "/v1/api/batch-calls/"+id+"/calls?status=odd", "")
}

// How long it takes is measured by BenchmarkUpload10000, over a whole gateway.
func TestTenThousandRowsAreTaken(t *testing.T) {
	rows := 10_000
	if testing.Short() {
		rows = 1_000
	}
	p := open(t)
	agent := p.caller()
	var file strings.Builder
	file.WriteString("phone_number,first_name,last_name\n")
	for i := range rows {
		fmt.Fprintf(&file, "+1415%07d,Ada,Lovelace\n", 5550000+i)
	}
	p.upload(fields{"agentId": agent}, file.String()).wants("totalCalls", fmt.Sprint(rows))
}
