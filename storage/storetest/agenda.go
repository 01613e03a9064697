package storetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/dialplan"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/storage"
)

// duty is one thing that an agenda's store must do.
type duty struct {
	claim string
	do    func(t *testing.T, s agenda.Store)
}

var duties = slices.Concat([]duty{
	{"an errand comes back as it went in", errandKept},
	{"a key or an id that comes again changes nothing", errandAgain},
	{"of many with one key one is created", errandOnce},
	{"errands are listed newest first, by pages and by filter", errandPages},
	{"an errand wakes when it is due, not sooner", errandWakes},
	{"of two who move an errand one does", errandMoved},
	{"one series of an agent and a number waits at a time", oneSeries},
	{"of many series that begin at once one does", seriesRace},
	{"a series is ended, save the one that is excepted", seriesEnded},
}, claims, batches)

// Agenda checks the store that open returns: empty but for the workspace
// [roster.Default], and closed by t.Cleanup.
func Agenda(t *testing.T, open func(t testing.TB) agenda.Store) {
	for _, d := range duties {
		t.Run(d.claim, func(t *testing.T) { d.do(t, open(t)) })
	}
}

func init() {
	for _, d := range duties {
		suite("agenda", check{d.claim, func(t *testing.T, s storage.Store) { d.do(t, s.Agenda()) }})
	}
}

// another makes the other workspace, where a store wants them.
func another(t testing.TB, s agenda.Store) {
	t.Helper()
	if w, ok := s.(roster.Workspaces); ok {
		if err := w.CreateWorkspace(t.Context(), roster.Workspace{ID: other, Name: "Other", Created: now}); err != nil {
			t.Fatal(err)
		}
	}
}

// anErrand is one in which every field is set that a client or a file may set.
func anErrand(id string) agenda.Errand {
	return agenda.Errand{
		ID: "call_" + id, Workspace: roster.Default, Kind: agenda.Call, Source: agenda.FromV2, AgentUUID: "uuid_1", Agent: "demo",
		Channel: "chan_1", From: "+15550100", To: "+1555020" + id, Variables: `{"name":"Ann"}`, Metadata: `{"crm":7}`,
		Options: agenda.Options{BypassQuietHours: true, Consent: "form", Lost: 1,
			Hours: &dialplan.Hours{Zone: "Europe/Berlin", Windows: []dialplan.Window{{Days: []string{"mon"}, From: "09:00", To: "17:00"}}},
			Retry: &agenda.Retry{Max: 2, Gaps: []agenda.Gap{{Days: 1, Hours: 2}}}},
		IdemHash: "hash", Status: agenda.Scheduled, Asked: later(5), Due: later(5), Created: now, Updated: now,
	}
}

// keep creates an errand as change makes it.
func keep(t testing.TB, s agenda.Store, id string, change func(*agenda.Errand)) agenda.Errand {
	t.Helper()
	e := anErrand(id)
	if change != nil {
		change(&e)
	}
	on, created, err := s.CreateErrand(t.Context(), e)
	if err != nil || !created {
		t.Fatalf("CreateErrand(%s) = %v, %v, want a new one", id, created, err)
	}
	return on
}

// move moves an errand as change makes it, and fails t if that fails.
func move(t testing.TB, s agenda.Store, id string, change func(*agenda.Errand)) agenda.Errand {
	t.Helper()
	e := errand(t, s, id)
	change(&e)
	on, err := s.Move(t.Context(), e, later(1))
	if err != nil {
		t.Fatalf("Move(%s) = %v", id, err)
	}
	return on
}

func errand(t testing.TB, s agenda.Store, id string) agenda.Errand {
	t.Helper()
	e, err := s.Errand(t.Context(), "", "call_"+id)
	if err != nil {
		t.Fatalf("Errand(%s) = %v", id, err)
	}
	return e
}

// ids are the errands' names, as their tests call them.
func ids(all []agenda.Errand) string {
	var names []string
	for _, e := range all {
		names = append(names, strings.TrimPrefix(e.ID, "call_"))
	}
	return strings.Join(names, " ")
}

func errandKept(t *testing.T, s agenda.Store) {
	ctx := t.Context()
	want := anErrand("1")
	want.IdemKey = "key"
	got := keep(t, s, "1", func(e *agenda.Errand) { e.IdemKey = "key" })
	if asJSON(t, got) != asJSON(t, want) {
		t.Errorf("CreateErrand() = %s, want %s", asJSON(t, got), asJSON(t, want))
	}
	for what, find := range map[string]func() (agenda.Errand, error){
		"Errand":        func() (agenda.Errand, error) { return s.Errand(ctx, roster.Default, want.ID) },
		"Errand of any": func() (agenda.Errand, error) { return s.Errand(ctx, "", want.ID) },
		"ErrandByKey":   func() (agenda.Errand, error) { return s.ErrandByKey(ctx, roster.Default, "key", now) },
		"ErrandByKey at night": func() (agenda.Errand, error) {
			return s.ErrandByKey(ctx, roster.Default, "key", now.Add(24*time.Hour-1e3))
		},
	} {
		if got, err := find(); err != nil || asJSON(t, got) != asJSON(t, want) {
			t.Errorf("%s() = %+v, %v, want %+v", what, got, err, want)
		}
	}
	for what, find := range map[string]func() (agenda.Errand, error){
		"Errand(nobody)":               func() (agenda.Errand, error) { return s.Errand(ctx, "", "call_nobody") },
		"Errand of another":            func() (agenda.Errand, error) { return s.Errand(ctx, other, want.ID) },
		"ErrandByKey(nobody)":          func() (agenda.Errand, error) { return s.ErrandByKey(ctx, roster.Default, "x", now) },
		"ErrandByKey a day after":      func() (agenda.Errand, error) { return s.ErrandByKey(ctx, roster.Default, "key", now.Add(24*time.Hour)) },
		"ErrandOfCall(not begun)":      func() (agenda.Errand, error) { return s.ErrandOfCall(ctx, "call_1") },
		"ErrandOfCall without a call)": func() (agenda.Errand, error) { return s.ErrandOfCall(ctx, "") },
	} {
		_, err := find()
		refused(t, what, err, agenda.ErrNotFound)
	}
}

func errandAgain(t *testing.T, s agenda.Store) {
	ctx := t.Context()
	another(t, s)
	first := keep(t, s, "1", func(e *agenda.Errand) { e.IdemKey = "key" })
	same, sameKey := anErrand("1"), anErrand("2")
	sameKey.IdemKey = "key"
	for what, e := range map[string]agenda.Errand{"id": same, "key": sameKey} {
		if on, created, err := s.CreateErrand(ctx, e); err != nil || created || on.ID != first.ID {
			t.Errorf("CreateErrand(the same %s) = %s, %v, %v, want the first", what, on.ID, created, err)
		}
		e.IdemHash = "other"
		_, _, err := s.CreateErrand(ctx, e)
		refused(t, "CreateErrand(another request)", err, agenda.ErrIdemMismatch)
	}
	keep(t, s, "3", func(e *agenda.Errand) { e.IdemKey, e.Workspace = "key", other })
	keep(t, s, "4", func(e *agenda.Errand) { e.IdemKey, e.Created = "key", now.Add(24*time.Hour) })
	if on, err := s.ErrandByKey(ctx, roster.Default, "key", now.Add(24*time.Hour)); err != nil || on.ID != "call_4" {
		t.Errorf("ErrandByKey() = %s, %v, want the new one", on.ID, err)
	}
}

func errandOnce(t *testing.T, s agenda.Store) {
	var created [8]bool
	for i, err := range race(len(created), func(i int) (err error) {
		e := anErrand(fmt.Sprint(i))
		e.IdemKey = "key"
		_, created[i], err = s.CreateErrand(t.Context(), e)
		return err
	}) {
		if err != nil {
			t.Errorf("creator %d: %v", i, err)
		}
	}
	if n, err := s.CountErrands(t.Context(), "", agenda.Filter{}); err != nil || n != 1 {
		t.Errorf("%d errands, %v, want 1 (%v)", n, err, created)
	}
}

func errandPages(t *testing.T, s agenda.Store) {
	ctx := t.Context()
	another(t, s)
	for i := range 5 {
		keep(t, s, fmt.Sprint(i), func(e *agenda.Errand) { e.Created = later(i / 2) })
	}
	keep(t, s, "9", func(e *agenda.Errand) {
		e.Workspace, e.Kind, e.AgentUUID, e.Source, e.Status = other, agenda.Chat, "uuid_2", agenda.FromWhippy, agenda.Ready
	})
	var pages []string
	for cursor, first := "", true; first || cursor != ""; first = false {
		page, next, err := s.Errands(ctx, roster.Default, agenda.Filter{}, cursor, 2)
		if err != nil {
			t.Fatal(err)
		}
		pages, cursor = append(pages, ids(page)), next
	}
	if got := strings.Join(pages, ", "); got != "4 3, 2 1, 0" {
		t.Errorf("pages %q, want the newest first", got)
	}
	for _, c := range []struct {
		workspace string
		f         agenda.Filter
		want      string
	}{
		{"", agenda.Filter{Kind: agenda.Chat}, "9"},
		{"", agenda.Filter{AgentUUID: "uuid_2"}, "9"},
		{"", agenda.Filter{Source: agenda.FromWhippy}, "9"},
		{"", agenda.Filter{Statuses: []string{agenda.Ready, agenda.Live}}, "9"},
		{roster.Default, agenda.Filter{Kind: agenda.Chat}, ""},
		{roster.Default, agenda.Filter{To: "+15550203"}, "3"},
		{roster.Default, agenda.Filter{Batch: "batch_1"}, ""},
	} {
		all, _, err := s.Errands(ctx, c.workspace, c.f, "", 10)
		n, errOfCount := s.CountErrands(ctx, c.workspace, c.f)
		if err != nil || errOfCount != nil || ids(all) != c.want || n != len(all) {
			t.Errorf("Errands(%q, %+v) = %q, %d, %v, %v, want %q", c.workspace, c.f, ids(all), n, err, errOfCount, c.want)
		}
	}
}

func errandWakes(t *testing.T, s agenda.Store) {
	keep(t, s, "1", nil)
	for _, step := range []struct {
		at     time.Time
		wait   time.Duration
		status string
	}{
		{now, 5 * time.Minute, agenda.Scheduled},
		{later(5).Add(-time.Millisecond), time.Millisecond, agenda.Scheduled},
		{later(5), 0, agenda.Ready},
		{later(6), 0, agenda.Ready},
		{now, 0, agenda.Ready}, // a clock that was set back
	} {
		wait, err := s.Wake(t.Context(), "call_1", step.at)
		if got := errand(t, s, "1"); err != nil || wait != step.wait || got.Status != step.status {
			t.Errorf("Wake(%v) = %v, %v, then it is %s, want %v and %s", step.at.Sub(now), wait, err, got.Status, step.wait, step.status)
		}
	}
	_, err := s.Wake(t.Context(), "call_nobody", now)
	refused(t, "Wake(nobody)", err, agenda.ErrNotFound)
}

func errandMoved(t *testing.T, s agenda.Store) {
	ctx := t.Context()
	e := keep(t, s, "1", func(e *agenda.Errand) { e.Status = agenda.Live })
	oneWins(t, race(8, func(i int) error {
		e := e
		e.Why = fmt.Sprint(i)
		_, err := s.Move(ctx, e, later(i))
		return err
	}), agenda.ErrMoved)
	e = errand(t, s, "1")
	e.Status, e.Code, e.Why, e.Attempt, e.Call, e.Node, e.Due = agenda.Done, "human", "reached", 2, "call_1_2", "node_a", later(7)
	e.Options.Lost = 3
	on, err := s.Move(ctx, e, later(9))
	if err != nil || on.Change != e.Change+1 || !on.Ended.Equal(later(9)) || !on.Updated.Equal(later(9)) {
		t.Errorf("Move() = %+v, %v, want it ended at 9, and changed once more", on, err)
	}
	e.Change, e.Ended, e.Updated = on.Change, on.Ended, on.Updated
	if got := errand(t, s, "1"); asJSON(t, got) != asJSON(t, on) || asJSON(t, got) != asJSON(t, e) {
		t.Errorf("on record %+v, want %+v", got, e)
	}
	if of, err := s.ErrandOfCall(ctx, "call_1_2"); err != nil || of.ID != "call_1" {
		t.Errorf("ErrandOfCall() = %s, %v, want call_1", of.ID, err)
	}
	e.ID = "call_nobody"
	_, err = s.Move(ctx, e, now)
	refused(t, "Move(nobody)", err, agenda.ErrNotFound)
}

// again makes an errand wait for a callback.
func again(e *agenda.Errand) {
	e.Status, e.Attempt, e.Due, e.To, e.Options.Lost = agenda.Scheduled, 1, later(60), "+15550299", 0
}

func oneSeries(t *testing.T, s agenda.Store) {
	ctx := t.Context()
	another(t, s)
	keep(t, s, "1", again)
	refusedAgain := func(what string) {
		t.Helper()
		e := anErrand("x")
		again(&e)
		_, _, err := s.CreateErrand(ctx, e)
		refused(t, what, err, agenda.ErrSeriesOpen)
		_, err = s.Errand(ctx, "", "call_x")
		refused(t, "Errand(refused)", err, agenda.ErrNotFound)
	}
	refusedAgain("CreateErrand(a second series)")
	keep(t, s, "2", func(e *agenda.Errand) { again(e); e.AgentUUID = "uuid_2" })
	keep(t, s, "3", func(e *agenda.Errand) { again(e); e.To = "+15550298" })
	keep(t, s, "4", func(e *agenda.Errand) { again(e); e.Workspace = other })
	keep(t, s, "5", func(e *agenda.Errand) { again(e); e.Attempt = 0 })      // its first call, no callback
	keep(t, s, "7", func(e *agenda.Errand) { again(e); e.Options.Lost = 1 }) // the same: nobody was called
	live := keep(t, s, "6", func(e *agenda.Errand) { again(e); e.Status = agenda.Live })
	next := live
	again(&next)
	_, err := s.Move(ctx, next, now)
	refused(t, "Move(to a second series)", err, agenda.ErrSeriesOpen)
	if got := errand(t, s, "6"); asJSON(t, got) != asJSON(t, live) {
		t.Errorf("after that it is %+v, want %+v", got, live)
	}
	move(t, s, "1", func(e *agenda.Errand) { e.Due = later(61) }) // its own is none beside it
	move(t, s, "1", func(e *agenda.Errand) { e.Status, e.Attempt = agenda.Live, 2 })
	refusedAgain("CreateErrand(while the callback goes on)")
	move(t, s, "1", func(e *agenda.Errand) { e.Status = agenda.Done })
	if _, err := s.Move(ctx, next, now); err != nil {
		t.Errorf("Move(after the other series) = %v", err)
	}
}

func seriesRace(t *testing.T, s agenda.Store) {
	for i := range 8 {
		keep(t, s, fmt.Sprint(i), func(e *agenda.Errand) { again(e); e.Status = agenda.Live })
	}
	oneWins(t, race(8, func(i int) error {
		e, err := s.Errand(context.WithoutCancel(t.Context()), "", fmt.Sprint("call_", i))
		if err != nil {
			return err
		}
		again(&e)
		_, err = s.Move(t.Context(), e, now)
		return err
	}), agenda.ErrSeriesOpen)
}

func seriesEnded(t *testing.T, s agenda.Store) {
	ctx := t.Context()
	keep(t, s, "1", again)
	move(t, s, "1", func(e *agenda.Errand) { e.Status = agenda.Ready })
	keep(t, s, "2", func(e *agenda.Errand) { again(e); e.To = "+15550298" })
	keep(t, s, "3", func(e *agenda.Errand) { again(e); e.AgentUUID = "uuid_2" })
	keep(t, s, "4", func(e *agenda.Errand) { again(e); e.Attempt = 0 })
	keep(t, s, "5", func(e *agenda.Errand) { again(e); e.Options.Lost = 1 })
	for _, step := range []struct {
		except string
		want   int
	}{{"call_1", 0}, {"call_9", 1}, {"", 0}} {
		if n, err := s.EndSeries(ctx, roster.Default, "uuid_1", "+15550299", step.except, "human", later(2)); err != nil || n != step.want {
			t.Errorf("EndSeries(except %q) = %d, %v, want %d", step.except, n, err, step.want)
		}
	}
	if e := errand(t, s, "1"); e.Status != agenda.Done || e.Code != "human" || !e.Ended.Equal(later(2)) {
		t.Errorf("the series is %+v, want it done", e)
	}
	if n, err := s.CountErrands(ctx, "", agenda.Filter{Statuses: []string{agenda.Scheduled}}); err != nil || n != 4 {
		t.Errorf("%d are left, %v, want 4", n, err)
	}
}
