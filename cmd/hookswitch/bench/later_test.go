package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/storage/sqlite"
)

// What is due in [BenchmarkDue10000].
const (
	dueCalls  = 10_000
	throughV2 = 1_000 // of them, booked through the API
	dueRate   = 100   // calls a second on the trunk
	bookFor   = 90 * time.Second
	watchWait = 30 * time.Second // for which the gateway's CPU is measured while all wait
)

// callee is a number that the counting carrier calls.
func callee(i int) string { return fmt.Sprintf("+1212%07d", 2_000_000+i) }

// diallers is a firm of one agent that may call whom and when it likes. Its
// post_call webhook goes to hook.
func diallers(b *testing.B, dir, hook string) firm {
	b.Helper()
	f := found(b, dir, hook, 1, 0)
	at(b, f, func(db *storage.DB) error {
		const any = 1_000_000
		return db.SetDialing(b.Context(), roster.Default, roster.Dialing{}, roster.Dialing{
			MaxPerNumberHour: any, MaxPerNumberDay: any, MaxPerHour: any, MaxConcurrentPrefix: any,
			NewForeignPerHour: any, MinutesPerNumberDay: any,
		}, "cli:bench", time.Now())
	})
	return f
}

// at does something with a firm's database.
func at(b *testing.B, f firm, do func(*storage.DB) error) {
	b.Helper()
	db, err := sqlite.Open(b.Context(), f.url)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	if err := do(db); err != nil {
		b.Fatal(err)
	}
}

// agentUUID is the first of [found]'s.
const agentUUID = "00000000-0000-4000-8000-000000000000"

// BenchmarkWaiting10000 is what a gateway uses while 10,000 calls wait that are
// due in an hour, from ten seconds after it was ready on.
func BenchmarkWaiting10000(b *testing.B) {
	dir := b.TempDir()
	f := diallers(b, dir, "https://example.com/hook")
	at(b, f, func(db *storage.DB) error { return book(b.Context(), db, time.Now().Add(time.Hour), 0, dueCalls) })
	g := serve(b, dir)
	defer g.stop(b)
	g.ready(b)
	time.Sleep(10 * time.Second)
	for b.Loop() {
		before := g.cpu(b)
		time.Sleep(watchWait)
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(100*(g.cpu(b)-before).Seconds()/watchWait.Seconds(), "%core")
	}
}

// BenchmarkDue10000 has 10,000 calls of one workspace due at the same moment: all
// kept in a file, one in ten booked through the API. It measures how late each of
// them was placed, against a trunk that begins at that moment and never pauses.
// Everybody is busy, so that no media is measured. Each call's end has a follow-up
// and a webhook; how long after the end that was told is measured, too.
func BenchmarkDue10000(b *testing.B) {
	for b.Loop() {
		dueAtOnce(b)
	}
	b.ReportMetric(0, "ns/op")
}

func dueAtOnce(b *testing.B) {
	c := newCounter(b)
	hook := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer hook.Close()
	dir := b.TempDir()
	f := diallers(b, dir, hook.URL)
	due := time.Now().Add(bookFor)
	at(b, f, func(db *storage.DB) error { return book(b.Context(), db, due, throughV2, dueCalls) })

	g := serve(b, dir, c.flags(strconv.Itoa(dueRate))...)
	defer g.stop(b)
	g.ready(b)
	for i := range throughV2 {
		g.schedule(b, f.key, callee(i), due)
	}
	if left := time.Until(due); left <= 0 {
		b.Fatalf("to book took too long: %v are left", left)
	}
	time.Sleep(time.Until(due))
	before := g.cpu(b)
	all := c.await(b, dueCalls, due.Add(5*time.Minute))
	took := all[len(all)-1].at.Sub(due)
	b.ReportMetric(100*(g.cpu(b)-before).Seconds()/took.Seconds(), "%core-calling")
	tellLateness(b, all, due)
	checkOnce(b, all)
	at(b, f, func(db *storage.DB) error { return settled(b, db, dueCalls) })
}

// book keeps calls number from to to, which are due at a time.
func book(ctx context.Context, db *storage.DB, due time.Time, from, to int) error {
	now := time.Now()
	for i := from; i < to; i++ {
		_, _, err := db.Agenda().CreateErrand(ctx, agenda.Errand{
			ID: fmt.Sprintf("call_due%d", i), Workspace: roster.Default, Kind: agenda.Call, Source: agenda.FromV2,
			AgentUUID: agentUUID, Agent: "Agent 0", To: callee(i), Variables: `{"customer_name":"Ann"}`, Metadata: "{}",
			Status: agenda.Scheduled, Asked: due, Due: due, Created: now, Updated: now,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// schedule books one through the API.
func (s *served) schedule(b *testing.B, key, to string, due time.Time) {
	b.Helper()
	body := fmt.Sprintf(`{"phone_number":%q,"schedule_at":%q}`, to, due.UTC().Format("2006-01-02T15:04:05.000Z07:00"))
	if status, answer := s.post(b, "/api/v2/agents/"+agentUUID+"/dispatch", key, "application/json", []byte(body)); status != http.StatusAccepted {
		b.Fatalf("to schedule a call was answered with %d %s", status, answer)
	}
}

// post sends a request as whoever has key.
func (s *served) post(b *testing.B, path, key, form string, body []byte) (status int, answer []byte) {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, "http://"+s.address+path, bytes.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Content-Type", form)
	r.Header.Set("Authorization", "Bearer "+key)
	r.Header.Set("X-Api-Key", key)
	r.Header.Set("X-Workspace-Id", roster.Default)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer res.Body.Close()
	if answer, err = io.ReadAll(res.Body); err != nil {
		b.Fatal(err)
	}
	return res.StatusCode, answer
}

// await waits until c was asked for n calls and everybody was busy.
func (c *counter) await(b *testing.B, n int, until time.Time) []counted {
	b.Helper()
	for {
		all, lost := c.seen()
		switch {
		case len(lost) > 0:
			b.Fatalf("%d callbacks were not taken: %v", len(lost), lost[0])
		case len(all) >= n:
			c.callbacks.Wait()
			all, _ := c.seen()
			return all
		case time.Now().After(until):
			b.Fatalf("%d of %d calls were placed", len(all), n)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// tellLateness compares when calls were placed with a trunk that begins at due
// and never pauses.
func tellLateness(b *testing.B, all []counted, due time.Time) {
	b.Helper()
	var h histogram
	for i, call := range all {
		h.add(call.at.Sub(due.Add(time.Duration(i) * time.Second / dueRate)))
	}
	q := h.quantiles()
	took := all[len(all)-1].at.Sub(all[0].at)
	b.ReportMetric(all[0].at.Sub(due).Seconds(), "s-first")
	b.ReportMetric(float64(len(all)-1)/took.Seconds(), "calls/s")
	b.ReportMetric(q.P50/1000, "s-late-p50")
	b.ReportMetric(q.P99/1000, "s-late-p99")
	b.ReportMetric(q.Most/1000, "s-late-most")
	each := make([]int, 0, 20)
	for from, i := all[0].at, 0; i < len(all); from = from.Add(10 * time.Second) {
		n := 0
		for i < len(all) && all[i].at.Before(from.Add(10*time.Second)) {
			i, n = i+1, n+1
		}
		each = append(each, n)
	}
	b.Logf("placed in each ten seconds: %v", each)
}

// checkOnce says whether a number was called twice, or not at all.
func checkOnce(b *testing.B, all []counted) {
	b.Helper()
	times := map[string]int{}
	for _, call := range all {
		times[call.to]++
	}
	for i := range dueCalls {
		if n := times[callee(i)]; n != 1 {
			b.Errorf("%s was called %d times", callee(i), n)
		}
	}
}

// settled waits until n errands are over and their calls' webhooks were told, and
// reports how long after its call's end each was.
func settled(b *testing.B, db *storage.DB, n int) error {
	var h histogram
	for i := range 400 {
		over, err := db.Agenda().CountErrands(b.Context(), roster.Default, agenda.Filter{Statuses: []string{agenda.Failed}})
		if err != nil {
			return err
		}
		h = histogram{}
		err = db.Engine().Read(b.Context(), func(tx storage.Tx) error {
			return tx.Each(b.Context(), `SELECT done_us - created_us FROM deliveries WHERE status = 'delivered'`, nil, func(scan storage.Scan) error {
				var us int64
				err := scan(&us)
				h.add(time.Duration(us) * time.Microsecond)
				return err
			})
		})
		if err != nil {
			return err
		}
		if i%20 == 0 {
			b.Logf("%d errands are over, %d webhooks told", over, h.n.Load())
		}
		if over == n && h.n.Load() == int64(n) {
			q := h.quantiles()
			b.ReportMetric(q.P50/1000, "s-told-p50")
			b.ReportMetric(q.P99/1000, "s-told-p99")
			b.ReportMetric(q.Most/1000, "s-told-most")
			return nil
		}
		time.Sleep(time.Second)
	}
	return fmt.Errorf("not all errands are over, or not all webhooks were told: %d of %d were", h.n.Load(), n)
}

// BenchmarkUpload10000 is POST /v1/api/batch-calls with a file of 10,000 rows of
// five columns, from the first byte to the answer: the batch is kept and waits.
// The gateway is a process of its own, its database a file.
func BenchmarkUpload10000(b *testing.B) {
	dir := b.TempDir()
	f := diallers(b, dir, "https://example.com/hook")
	g := serve(b, dir)
	defer g.stop(b)
	g.ready(b)
	form, body := sheetOf(b, dueCalls)
	var most time.Duration
	before := g.cpu(b)
	for b.Loop() {
		began := time.Now()
		status, answer := g.post(b, "/v1/api/batch-calls", f.key, form, body)
		most = max(most, time.Since(began))
		var said struct {
			Total int `json:"totalCalls"`
		}
		if err := json.Unmarshal(answer, &said); err != nil || status >= 300 || said.Total != dueCalls {
			b.Fatalf("answered with %d %.200s", status, answer)
		}
	}
	b.ReportMetric((g.cpu(b)-before).Seconds()/float64(b.N), "s-cpu/op")
	b.ReportMetric(most.Seconds(), "s-most")
}

// sheetOf is a form with a file of that many rows. Its batch is due tomorrow.
func sheetOf(b *testing.B, rows int) (contentType string, body []byte) {
	b.Helper()
	var out bytes.Buffer
	form := multipart.NewWriter(&out)
	fields := map[string]string{"agentId": agentUUID, "scheduledAt": time.Now().Add(24 * time.Hour).UTC().Format(time.RFC3339)}
	for name, value := range fields {
		if err := form.WriteField(name, value); err != nil {
			b.Fatal(err)
		}
	}
	file, err := form.CreateFormFile("file", "contacts.csv")
	if err != nil {
		b.Fatal(err)
	}
	fmt.Fprintln(file, "phone_number,first_name,last_name,city,order_id")
	for i := range rows {
		fmt.Fprintf(file, "%s,Ann,\"Miller, %d\",New York,%d\r\n", callee(i), i, 700_000+i)
	}
	if err := form.Close(); err != nil {
		b.Fatal(err)
	}
	return form.FormDataContentType(), out.Bytes()
}
