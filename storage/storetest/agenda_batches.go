package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/storage"
	"github.com/hookswitch/hookswitch/telephony"
)

var batches = []duty{
	{"a batch comes back as it went in", batchKept},
	{"a batch is loaded, waits, runs, and is over with its last errand", batchRuns},
	{"a batch without rows is over at once", batchEmpty},
	{"a batch whose file never ended is failed", batchFails},
	{"a cancelled batch calls nobody any more", batchCancelled},
	{"the last two errands end a batch, whoever is first", batchRace},
	{"batches are listed newest first", batchPages},
}

func init() {
	suite("agenda and its jobs",
		check{"what is due later has its job, what wakes has none", agendaJobs},
		check{"a batch's progress counts every call of every attempt", batchProgress},
	)
}

// aBatch is one in which every field is set that a client may set.
func aBatch(id string) agenda.Batch {
	return agenda.Batch{
		ID: "batch_" + id, Workspace: roster.Default, AgentUUID: "uuid_1", Agent: "demo", Name: "May", Source: agenda.FromTrillet,
		Status: agenda.BatchLoading, Options: agenda.Options{Consent: "form"}, Columns: []string{"phone_number", "name"},
		Problems: []agenda.Problem{{Line: 3, Field: "phone_number", Text: "no number"}}, Wrong: 1, At: later(5),
		Created: now, Updated: now,
	}
}

// load creates a batch with n rows.
func load(t testing.TB, s agenda.Store, id string, n int) agenda.Batch {
	t.Helper()
	b := aBatch(id)
	if err := s.CreateBatch(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	rows := make([]agenda.Errand, n)
	for i := range rows {
		rows[i] = anErrand(fmt.Sprint(id, i))
		rows[i].Batch, rows[i].Line, rows[i].Source, rows[i].Asked = b.ID, i+2, agenda.FromBatch, time.Time{}
	}
	if err := s.AddErrands(t.Context(), rows); err != nil {
		t.Fatal(err)
	}
	return b
}

// begun is a batch of n rows that runs.
func begun(t testing.TB, s agenda.Store, id string, n int) agenda.Batch {
	t.Helper()
	if _, err := s.StartBatch(t.Context(), load(t, s, id, n), later(1)); err != nil {
		t.Fatal(err)
	}
	if wait, err := s.WakeBatch(t.Context(), "batch_"+id, later(5)); err != nil || wait != 0 {
		t.Fatalf("WakeBatch() = %v, %v", wait, err)
	}
	return batch(t, s, id)
}

func batch(t testing.TB, s agenda.Store, id string) agenda.Batch {
	t.Helper()
	b, err := s.Batch(t.Context(), roster.Default, "batch_"+id)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func batchKept(t *testing.T, s agenda.Store) {
	load(t, s, "a", 0)
	if got, want := batch(t, s, "a"), aBatch("a"); asJSON(t, got) != asJSON(t, want) {
		t.Errorf("Batch() = %+v, want %+v", got, want)
	}
	_, err := s.Batch(t.Context(), other, "batch_a")
	refused(t, "Batch(another workspace's)", err, agenda.ErrNotFound)
	_, err = s.Progress(t.Context(), "batch_nobody")
	refused(t, "Progress(nobody)", err, agenda.ErrNotFound)
	refused(t, "AddErrands(nobody)", s.AddErrands(t.Context(), []agenda.Errand{{ID: "call_x", Batch: "batch_nobody", Workspace: roster.Default}}), agenda.ErrNotFound)
}

func batchRuns(t *testing.T, s agenda.Store) {
	ctx := t.Context()
	b := load(t, s, "a", 250)
	b.Columns, b.Problems, b.Wrong, b.Total = []string{"a"}, nil, 7, 99
	on, err := s.StartBatch(ctx, b, later(1))
	if err != nil || on.Status != agenda.BatchScheduled || on.Total != 250 || on.Wrong != 7 || len(on.Columns) != 1 || len(on.Problems) != 0 {
		t.Fatalf("StartBatch() = %+v, %v, want it scheduled with 250", on, err)
	}
	_, err = s.StartBatch(ctx, b, later(1))
	refused(t, "StartBatch(again)", err, agenda.ErrMoved)
	refused(t, "AddErrands(too late)", s.AddErrands(ctx, []agenda.Errand{func() agenda.Errand { e := anErrand("x"); e.Batch = b.ID; return e }()}), agenda.ErrMoved)
	if e := errand(t, s, "a7"); e.Line != 9 || e.Batch != b.ID || e.Status != agenda.Scheduled {
		t.Errorf("row 7 is %+v", e)
	}
	if wait, err := s.WakeBatch(ctx, b.ID, later(3)); err != nil || wait != 2*time.Minute {
		t.Errorf("WakeBatch(too soon) = %v, %v, want 2 minutes", wait, err)
	}
	for range 2 {
		if wait, err := s.WakeBatch(ctx, b.ID, later(5)); err != nil || wait != 0 {
			t.Errorf("WakeBatch() = %v, %v", wait, err)
		}
	}
	if on := batch(t, s, "a"); on.Status != agenda.BatchRunning || !on.Started.Equal(later(5)) {
		t.Errorf("it is %s since %v, want running", on.Status, on.Started)
	}
	if p, err := s.Progress(ctx, b.ID); err != nil || p != (agenda.Progress{Ready: 250}) {
		t.Errorf("Progress() = %+v, %v, want 250 ready", p, err)
	}
	statuses := []string{agenda.Done, agenda.Failed, agenda.Refused, agenda.Cancelled}
	for n := 0; ; n++ {
		some := claim(t, s, 60)
		if len(some) == 0 {
			break
		}
		if n == 0 && some[0].Line != 2 {
			t.Errorf("line %d is first, want the file's order", some[0].Line)
		}
		for i, e := range some {
			if on := batch(t, s, "a"); on.Status != agenda.BatchRunning {
				t.Fatalf("it is %s before its last errand is over", on.Status)
			}
			e.Status = statuses[i%4]
			if _, err := s.Move(ctx, e, later(6)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if on := batch(t, s, "a"); on.Status != agenda.BatchCompleted || !on.Ended.Equal(later(6)) {
		t.Errorf("it is %s, ended %v, want it completed", on.Status, on.Ended)
	}
	p, err := s.Progress(ctx, b.ID)
	if err != nil || p.Done+p.Failed+p.Refused+p.Cancelled != 250 || p.Done == 0 || p.Cancelled == 0 {
		t.Errorf("Progress() = %+v, %v, want 250 that are over", p, err)
	}
}

func batchEmpty(t *testing.T, s agenda.Store) {
	b, err := s.StartBatch(t.Context(), load(t, s, "a", 0), later(1))
	if err != nil || b.Status != agenda.BatchCompleted || !b.Ended.Equal(later(1)) || b.Total != 0 {
		t.Errorf("StartBatch() = %+v, %v, want it completed", b, err)
	}
}

func batchFails(t *testing.T, s agenda.Store) {
	ctx := t.Context()
	b := load(t, s, "a", 3)
	running := begun(t, s, "b", 1)
	for then, want := range map[time.Time]int{now: 0, later(1): 1} {
		if all, err := s.LoadingBefore(ctx, then); err != nil || len(all) != want || want == 1 && all[0].ID != b.ID {
			t.Errorf("LoadingBefore(%v) = %+v, %v, want %d", then.Sub(now), all, err, want)
		}
	}
	for _, id := range []string{b.ID, running.ID} {
		if err := s.FailBatch(ctx, id, later(2)); err != nil {
			t.Errorf("FailBatch() = %v", err)
		}
	}
	if p, err := s.Progress(ctx, b.ID); err != nil || p != (agenda.Progress{Cancelled: 3}) || batch(t, s, "a").Status != agenda.BatchFailed {
		t.Errorf("Progress() = %+v, %v, %s, want all cancelled, and it failed", p, err, batch(t, s, "a").Status)
	}
	if got := batch(t, s, "b").Status; got != agenda.BatchRunning {
		t.Errorf("one that runs was failed: %s", got)
	}
	refused(t, "FailBatch(nobody)", s.FailBatch(ctx, "batch_nobody", now), agenda.ErrNotFound)
}

func batchCancelled(t *testing.T, s agenda.Store) {
	ctx := t.Context()
	b := begun(t, s, "a", 1203) // more than one transaction moves
	some := claim(t, s, 2)
	_, err := s.CancelBatch(ctx, other, b.ID, later(6))
	refused(t, "CancelBatch(another workspace's)", err, agenda.ErrNotFound)
	for i := range 2 {
		on, err := s.CancelBatch(ctx, roster.Default, b.ID, later(6+i))
		if err != nil || on.Status != agenda.BatchCancelled || !on.Ended.Equal(later(6)) {
			t.Errorf("CancelBatch() = %+v, %v, want it cancelled once", on, err)
		}
	}
	if p, err := s.Progress(ctx, b.ID); err != nil || p != (agenda.Progress{Cancelled: 1201, Placing: 2}) {
		t.Errorf("Progress() = %+v, %v, want what waited cancelled, and two that go on", p, err)
	}
	_, err = s.Move(ctx, some[0], later(7))
	refused(t, "Move(not knowing of it)", err, agenda.ErrMoved)
	if e, err := s.Errand(ctx, "", some[0].ID); err != nil || e.Status != agenda.Placing || e.Code != "cancelled" {
		t.Errorf("it is %s, %q, %v, want it to say that it was cancelled", e.Status, e.Code, err)
	}
	if all := claim(t, s, 9); len(all) != 0 {
		t.Errorf("%q was claimed of a cancelled batch", ids(all))
	}
	loading := load(t, s, "b", 2)
	if _, err := s.CancelBatch(ctx, "", loading.ID, later(6)); err != nil {
		t.Fatal(err)
	}
	_, err = s.StartBatch(ctx, loading, later(7))
	refused(t, "StartBatch(cancelled)", err, agenda.ErrMoved)
}

func batchRace(t *testing.T, s agenda.Store) {
	for round := range 4 {
		id := string(rune('a' + round))
		begun(t, s, id, 6)
		some := claim(t, s, 6)
		for i, err := range race(len(some), func(i int) error {
			e := some[i]
			e.Status = agenda.Done
			_, err := s.Move(t.Context(), e, later(6))
			return err
		}) {
			if err != nil {
				t.Errorf("mover %d: %v", i, err)
			}
		}
		if on := batch(t, s, id); on.Status != agenda.BatchCompleted {
			t.Errorf("round %d: it is %s, want completed", round, on.Status)
		}
	}
}

func batchPages(t *testing.T, s agenda.Store) {
	for i := range 3 {
		b := aBatch(fmt.Sprint(i))
		b.Created = later(i)
		if err := s.CreateBatch(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	got, cursor := "", ""
	for range 2 {
		page, next, err := s.Batches(t.Context(), roster.Default, cursor, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range page {
			got += b.ID + " "
		}
		cursor = next
	}
	if got != "batch_2 batch_1 batch_0 " || cursor != "" {
		t.Errorf("Batches() = %q, then %q, want the newest first", got, cursor)
	}
	if all, _, err := s.Batches(t.Context(), other, "", 9); err != nil || len(all) != 0 {
		t.Errorf("another workspace has %d, %v", len(all), err)
	}
}

func agendaJobs(t *testing.T, base storage.Store) {
	ctx := t.Context()
	db, jobs := watching(base)
	s := db.Agenda()
	job := func(kind, id string, at time.Time) storage.Job { return storage.Job{Kind: kind, ID: id, At: at} }
	keep(t, s, "1", nil)
	jobs.want(t, "scheduled", job(agenda.JobErrand, "call_1", later(5)))
	if _, _, err := s.CreateErrand(ctx, anErrand("1")); err != nil {
		t.Fatal(err)
	}
	keep(t, s, "2", ready(1))
	if _, err := s.Wake(ctx, "call_1", later(5)); err != nil {
		t.Fatal(err)
	}
	claim(t, s, 1)
	jobs.want(t, "repeated, ready, woken, claimed")
	move(t, s, "2", func(e *agenda.Errand) { e.Status, e.Due = agenda.Scheduled, later(9) })
	jobs.want(t, "put back", job(agenda.JobErrand, "call_2", later(9)))
	stale := errand(t, s, "2")
	move(t, s, "2", func(e *agenda.Errand) { e.Status = agenda.Done })
	_, err := s.Move(ctx, stale, now)
	refused(t, "Move(stale)", err, agenda.ErrMoved)
	keep(t, s, "3", func(e *agenda.Errand) { again(e); e.Status = agenda.Live })
	keep(t, s, "4", again)
	stale = errand(t, s, "3")
	again(&stale)
	_, err = s.Move(ctx, stale, now)
	refused(t, "Move(second series)", err, agenda.ErrSeriesOpen)
	jobs.want(t, "one series of two", job(agenda.JobErrand, "call_4", later(60)))
	b := begun(t, s, "a", 120)
	jobs.want(t, "a batch", job(agenda.JobBatch, b.ID, later(5)))
	if _, err := s.CancelBatch(ctx, "", b.ID, later(6)); err != nil {
		t.Fatal(err)
	}
	soon := load(t, s, "b", 1)
	soon.At = time.Time{}
	if _, err := s.StartBatch(ctx, soon, later(1)); err != nil {
		t.Fatal(err)
	}
	jobs.want(t, "a batch at once", job(agenda.JobBatch, soon.ID, time.Time{}))
}

func batchProgress(t *testing.T, base storage.Store) {
	ctx := t.Context()
	s := base.Agenda()
	b := begun(t, s, "a", 2)
	some := claim(t, s, 2)
	// The first row's call reached nobody, its callback somebody; the second row's goes on.
	for _, c := range []struct {
		id      string
		minute  int
		seconds int // talked; 0: not answered
		over    bool
	}{{"call_a0", 10, 0, true}, {"call_a0_2", 20, 30, true}, {"call_a1", 15, 7, false}, {"call_zz", 40, 9, true}} {
		r, _, err := base.Create(ctx, storage.Call{ID: telephony.CallID(c.id), Direction: telephony.Outbound, Created: later(c.minute), Workspace: roster.Default})
		if err != nil {
			t.Fatal(err)
		}
		if c.seconds > 0 {
			if err := base.Admit(ctx, r.ID, 1, "", later(c.minute+1)); err != nil {
				t.Fatal(err)
			}
		}
		if c.over {
			if _, _, err := base.End(ctx, r.ID, 1, telephony.CallerHangup, later(c.minute+1).Add(time.Duration(c.seconds)*time.Second)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i := range some {
		some[i].Status, some[i].Attempt = []string{agenda.Done, agenda.Live}[i], 2-i
		some[i].Call = some[i].CallOf(some[i].Attempt)
		if _, err := s.Move(ctx, some[i], later(21)); err != nil {
			t.Fatal(err)
		}
	}
	want := agenda.Progress{Live: 1, Done: 1, Calls: 2, Talked: 30 * time.Second, LastOver: later(21).Add(30 * time.Second), LastStarted: later(20)}
	if p, err := s.Progress(ctx, b.ID); err != nil || p != want {
		t.Errorf("Progress() = %+v, %v, want %+v", p, err, want)
	}
}
