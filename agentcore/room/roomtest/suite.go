package roomtest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/telephony"
)

// Backend is a store under test, empty but for workspaces "ws" and "other", and
// what is done to the calls beside it.
type Backend struct {
	room.Store
	AddCall func(t *testing.T, c Call)                             // begins a call; one without Agent has none
	EndCall func(t *testing.T, id telephony.CallID, now time.Time) // as a conversation's end does
	Beat    func(t *testing.T, node string, now time.Time)         // tells that node is alive
}

// Memory is a [Store] to run the suite on.
func Memory() Backend {
	s := NewStore()
	return Backend{
		Store:   s,
		AddCall: func(_ *testing.T, c Call) { s.AddCall(c) },
		EndCall: func(_ *testing.T, id telephony.CallID, now time.Time) { s.EndCall(id, now) },
		Beat:    func(_ *testing.T, node string, now time.Time) { s.Beat(node, now) },
	}
}

// noon is when everything of the suite happens, unless it says otherwise.
var noon = time.Date(2026, 7, 1, 12, 0, 0, 123456000, time.UTC)

const ws = "ws"

// Run checks that what open returns keeps what [room.Store] promises.
func Run(t *testing.T, open func(t *testing.T) Backend) {
	for claim, test := range map[string]func(*testing.T, Backend){
		"a room waits under its name":                       waits,
		"a workspace has a bounded number of waiting rooms": waitsBounded,
		"a live call's room has its own agent":              ownAgent,
		"a call without an agent has an empty room":         noAgent,
		"a call's id and chosen name are one room":          chosenName,
		"Find makes no waiting room":                        finds,
		"a call takes the room that waits":                  binds,
		"an agent that is there first keeps the floor":      bindsBehind,
		"a dispatch is kept whole":                          keepsDispatch,
		"a request's key counts once":                       keyOnce,
		"a room holds so many dispatches":                   fullRoom,
		"a room holds so much metadata":                     heavyRoom,
		"a thousand at once are as many as one by one":      crowd,
		"a deleted dispatch stands no more":                 deletes,
		"others' dispatches are out of reach":               strangers,
		"a dispatch has one job at a time":                  oneJob,
		"a job moves from where it is":                      movesJob,
		"of two who move a job one does":                    movesRace,
		"the end of the call closes the room":               closes,
		"nothing joins a closed room":                       closedRefuses,
		"changes are told in order":                         changes,
		"offers are workers' jobs that nobody has":          offers,
		"a job is claimed by one":                           claims,
		"a room waits for so long":                          sweeps,
		"a door lets one call in":                           doors,
	} {
		t.Run(strings.ReplaceAll(claim, " ", "_"), func(t *testing.T) { test(t, open(t)) })
	}
}

// live begins a call that was answered at noon.
func (b Backend) live(t *testing.T, id telephony.CallID) Call {
	t.Helper()
	c := Call{ID: id, Workspace: ws, Agent: "reception", AgentUUID: "a-1", Version: 3, Node: "n1", Created: noon.Add(-time.Second), Answered: noon}
	b.AddCall(t, c)
	return c
}

func (b Backend) open(t *testing.T, name string) room.Room {
	t.Helper()
	r, err := b.Open(t.Context(), ws, name, noon)
	if err != nil {
		t.Fatalf("Open(%q) = %v", name, err)
	}
	return r
}

func (b Backend) add(t *testing.T, r room.Room, id, agent string, jobs ...room.Job) room.Dispatch {
	t.Helper()
	d, err := b.Add(t.Context(), wish(r, id, agent, jobs...))
	if err != nil {
		t.Fatalf("Add(%s) = %v", id, err)
	}
	return d
}

func wish(r room.Room, id, agent string, jobs ...room.Job) room.Dispatch {
	for i := range jobs {
		jobs[i].Dispatch, jobs[i].Room, jobs[i].Workspace, jobs[i].Call = id, r.ID, r.Workspace, r.Call
	}
	return room.Dispatch{
		ID: id, Workspace: r.Workspace, Room: r.ID, RoomName: r.Name, Agent: agent,
		Restart: "JRP_ON_FAILURE", Trigger: room.ByAPI, Join: room.Replace, Created: noon, Jobs: jobs,
	}
}

func job(id string, kind room.Kind) room.Job {
	return room.Job{ID: id, Kind: kind, Agent: "helper", Join: room.Replace, Status: room.Pending, Reason: room.ReasonNone, Created: noon, Updated: noon}
}

func (b Backend) list(t *testing.T, r room.Room) []room.Dispatch {
	t.Helper()
	all, err := b.Dispatches(t.Context(), r.ID)
	if err != nil {
		t.Fatalf("Dispatches() = %v", err)
	}
	return all
}

func ids(all []room.Dispatch) (out []string) {
	for _, d := range all {
		out = append(out, d.ID)
	}
	return out
}

func want(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s = %v, want %v", what, got, want)
	}
}

func waits(t *testing.T, b Backend) {
	r := b.open(t, "lobby")
	if !strings.HasPrefix(r.ID, "RM_") || r.Name != "lobby" || r.Workspace != ws || r.Call != "" || !r.Created.Equal(noon) || !r.Closed.IsZero() {
		t.Errorf("a new room is %+v", r)
	}
	if again := b.open(t, "lobby"); again.ID != r.ID {
		t.Errorf("opened again it is %s, not %s", again.ID, r.ID)
	}
	other, err := b.Open(t.Context(), "other", "lobby", noon)
	if err != nil || other.ID == r.ID {
		t.Errorf("another workspace's room of that name: %+v, %v", other, err)
	}
	if all := b.list(t, r); len(all) != 0 {
		t.Errorf("it has %v", ids(all))
	}
	if found, err := b.Find(t.Context(), ws, "lobby", noon); err != nil || found.ID != r.ID {
		t.Errorf("Find() = %+v, %v", found, err)
	}
}

func waitsBounded(t *testing.T, b Backend) {
	for i := range room.MaxWaiting {
		b.open(t, fmt.Sprint("r", i))
	}
	_, err := b.Open(t.Context(), ws, "one more", noon)
	want(t, "Open(one more)", err, room.ErrFull)
	b.open(t, "r7") // one that is there
	if _, err := b.Open(t.Context(), "other", "theirs", noon); err != nil {
		t.Errorf("another workspace: %v", err)
	}
	b.live(t, "call_1")
	if _, err := b.Open(t.Context(), ws, "call_1", noon); err != nil {
		t.Errorf("a live call's: %v", err)
	}
}

func ownAgent(t *testing.T, b Backend) {
	b.live(t, "call_1")
	r := b.open(t, "call_1")
	if r.Call != "call_1" || r.Name != "call_1" {
		t.Fatalf("a call's room is %+v", r)
	}
	all := b.list(t, r)
	if len(all) != 1 || len(all[0].Jobs) != 1 {
		t.Fatalf("it has %+v", all)
	}
	d, j := all[0], all[0].Jobs[0]
	if d.RequestKey != room.OwnKey || d.Trigger != room.ByRoom || d.Agent != "reception" || d.Join != room.Replace || d.RoomName != "call_1" || d.Room != r.ID || !strings.HasPrefix(d.ID, "AD_") {
		t.Errorf("its own agent's dispatch is %+v", d)
	}
	if j.Kind != room.Own || j.Agent != "reception" || j.AgentUUID != "a-1" || j.Version != 3 || j.Join != room.Replace ||
		j.Status != room.Running || !j.Started.Equal(noon) || !j.FirstStarted.Equal(noon) || j.Attempts != 1 || j.Node != "n1" ||
		j.Call != "call_1" || j.Dispatch != d.ID || j.Room != r.ID || !strings.HasPrefix(j.ID, "AJ_") {
		t.Errorf("its job is %+v", j)
	}
	b.open(t, "call_1")
	if all := b.list(t, r); len(all) != 1 {
		t.Errorf("opened again it has %v", ids(all))
	}
	ringing := b.live(t, "call_2")
	ringing.ID, ringing.Answered = "call_3", time.Time{}
	b.AddCall(t, ringing)
	if all := b.list(t, b.open(t, "call_3")); len(all) != 1 || all[0].Jobs[0].Status != room.Pending || !all[0].Jobs[0].Started.IsZero() || all[0].Jobs[0].Attempts != 0 {
		t.Errorf("while it rings: %+v", all)
	}
}

func noAgent(t *testing.T, b Backend) {
	b.AddCall(t, Call{ID: "call_1", Workspace: ws, Room: "lobby", Node: "n1", Created: noon, Answered: noon})
	r := b.open(t, "lobby")
	if all := b.list(t, r); r.Call != "call_1" || len(all) != 0 {
		t.Errorf("%+v with %v", r, ids(all))
	}
}

func chosenName(t *testing.T, b Backend) {
	c := b.live(t, "call_1")
	c.ID, c.Room = "call_2", "sales"
	b.AddCall(t, c)
	byName := b.open(t, "sales")
	byID := b.open(t, "call_2")
	of, err := b.OfCall(t.Context(), "call_2")
	if err != nil || byName.ID != byID.ID || of.ID != byID.ID || byName.Name != "sales" {
		t.Errorf("by name %+v, by id %+v, of the call %+v, %v", byName, byID, of, err)
	}
}

func finds(t *testing.T, b Backend) {
	_, err := b.Find(t.Context(), ws, "nobody's", noon)
	want(t, "Find()", err, room.ErrNotFound)
	b.live(t, "call_1")
	_, err = b.OfCall(t.Context(), "call_1")
	want(t, "OfCall() of a call without a room", err, room.ErrNotFound)
	_, err = b.Find(t.Context(), "other", "call_1", noon)
	want(t, "Find() by another workspace", err, room.ErrNotFound)
	r, err := b.Find(t.Context(), ws, "call_1", noon)
	if err != nil || r.Call != "call_1" || len(b.list(t, r)) != 1 {
		t.Errorf("Find() of a live call = %+v, %v", r, err)
	}
	b.EndCall(t, "call_1", noon.Add(time.Minute))
	_, err = b.Find(t.Context(), ws, "call_1", noon.Add(2*time.Minute))
	want(t, "Find() of a call that is over", err, room.ErrNotFound)
}

func binds(t *testing.T, b Backend) {
	waiting := b.open(t, "lobby")
	b.add(t, waiting, "AD_1", "scribe")
	if _, err := b.Delete(t.Context(), ws, "lobby", "AD_1", noon); err != nil {
		t.Fatal(err)
	}
	c := b.live(t, "call_0")
	c.ID, c.Room = "call_1", "lobby"
	b.AddCall(t, c)
	_, err := b.OfCall(t.Context(), "call_1")
	want(t, "OfCall() before", err, room.ErrNotFound)
	r, err := b.Bind(t.Context(), ws, "lobby", "call_1", noon)
	if err != nil || r.ID != waiting.ID || r.Call != "call_1" || r.Changed <= waiting.Changed {
		t.Fatalf("Bind() = %+v, %v", r, err)
	}
	all := b.list(t, r)
	if len(all) != 2 || all[1].RequestKey != room.OwnKey || all[1].Join != room.Replace || all[1].Jobs[0].Status != room.Running {
		t.Errorf("nobody else's dispatch stands: %+v", all)
	}
	if again, err := b.Bind(t.Context(), ws, "lobby", "call_1", noon); err != nil || again.ID != r.ID || len(b.list(t, r)) != 2 {
		t.Errorf("Bind() again = %+v, %v", again, err)
	}
	c.ID = "call_2"
	b.AddCall(t, c)
	_, err = b.Bind(t.Context(), ws, "lobby", "call_2", noon)
	want(t, "Bind() of a second call", err, room.ErrTaken)
	_, err = b.Bind(t.Context(), ws, "elsewhere", "call_2", noon)
	want(t, "Bind() to no room", err, room.ErrNotFound)
}

func bindsBehind(t *testing.T, b Backend) {
	b.add(t, b.open(t, "lobby"), "AD_1", "closer")
	c := b.live(t, "call_0")
	c.ID, c.Room = "call_1", "lobby"
	b.AddCall(t, c)
	r, err := b.Bind(t.Context(), ws, "lobby", "call_1", noon)
	if err != nil {
		t.Fatal(err)
	}
	all := b.list(t, r)
	if len(all) != 2 || all[1].Join != room.Wait || all[1].Jobs[0].Status != room.Pending || all[1].Jobs[0].Join != room.Wait || !all[1].Jobs[0].Started.IsZero() {
		t.Errorf("the call's own agent did not wait: %+v", all)
	}
}

func keepsDispatch(t *testing.T, b Backend) {
	b.live(t, "call_1")
	r := b.open(t, "call_1")
	at := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Second) }
	j := room.Job{
		ID: "AJ_1", Dispatch: "AD_1", Room: r.ID, Workspace: ws, Call: "call_1", Kind: room.Worker, Agent: "ünï\"", AgentUUID: "a-2", Version: 9,
		Join: room.Listen, Status: room.Running, Reason: room.ReasonRetrying, Error: "it broke", Node: "n2", Worker: "AW_1", Identity: "agent-1", Name: "Ann",
		Attempts: 2, Asked: 3, Created: at(1), Assigned: at(2), Accepted: at(3), FirstStarted: at(4), Started: at(5), Ended: at(6), Updated: at(7),
	}
	d := room.Dispatch{
		ID: "AD_1", Workspace: ws, Room: r.ID, RoomName: r.Name, Agent: "ünï\"", Metadata: strings.Repeat("m", room.MaxMetadata), Attributes: map[string]string{"k": "v", "": "e"},
		Deployment: "blue", Thread: "AT_1", Restart: "JRP_NEVER", Trigger: room.ByJoin, Join: room.Listen, RequestKey: "req/1", Created: noon, Jobs: []room.Job{j},
	}
	got, err := b.Add(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	sameDispatch(t, "Add()", got, d)
	if all := b.list(t, r); len(all) == 2 {
		sameDispatch(t, "Dispatches()", all[1], d)
	} else {
		t.Errorf("%d dispatches", len(all))
	}
	got, err = b.Dispatch(t.Context(), "AD_1")
	if err != nil {
		t.Fatal(err)
	}
	sameDispatch(t, "Dispatch()", got, d)
	gotJob, err := b.Job(t.Context(), "AJ_1")
	if err != nil {
		t.Fatal(err)
	}
	sameJob(t, "Job()", gotJob, j)
	_, err = b.Job(t.Context(), "AJ_2")
	want(t, "Job() of nobody", err, room.ErrNotFound)
	_, err = b.Dispatch(t.Context(), "AD_2")
	want(t, "Dispatch() of nobody", err, room.ErrNotFound)
}

// sameDispatch compares two, whatever zone their times are in.
func sameDispatch(t *testing.T, what string, got, want room.Dispatch) {
	t.Helper()
	if len(got.Jobs) != len(want.Jobs) {
		t.Fatalf("%s has %d jobs, want %d", what, len(got.Jobs), len(want.Jobs))
	}
	for i := range got.Jobs {
		sameJob(t, what, got.Jobs[i], want.Jobs[i])
	}
	got.Jobs, want.Jobs = nil, nil
	if !got.Created.Equal(want.Created) || !got.Deleted.Equal(want.Deleted) {
		t.Errorf("%s: created %v, deleted %v, want %v and %v", what, got.Created, got.Deleted, want.Created, want.Deleted)
	}
	got.Created, got.Deleted = want.Created, want.Deleted
	if g, w := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want); g != w {
		t.Errorf("%s = %.300s, want %.300s", what, g, w)
	}
}

func sameJob(t *testing.T, what string, got, want room.Job) {
	t.Helper()
	times := func(j *room.Job) []*time.Time {
		return []*time.Time{&j.Created, &j.Assigned, &j.Accepted, &j.FirstStarted, &j.Started, &j.Ended, &j.Updated}
	}
	g, w := times(&got), times(&want)
	for i := range g {
		if !g[i].Equal(*w[i]) {
			t.Errorf("%s: time %d of the job is %v, want %v", what, i, *g[i], *w[i])
		}
		*g[i] = *w[i]
	}
	if got != want {
		t.Errorf("%s: the job is %+v, want %+v", what, got, want)
	}
}

func keyOnce(t *testing.T, b Backend) {
	r := b.open(t, "lobby")
	first := wish(r, "AD_1", "a")
	first.RequestKey = "req/1"
	if _, err := b.Add(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	second := wish(r, "AD_2", "b")
	second.RequestKey = "req/1"
	if got, err := b.Add(t.Context(), second); err != nil || got.ID != "AD_1" || got.Agent != "a" {
		t.Errorf("Add() with a key that was there = %+v, %v", got, err)
	}
	b.add(t, r, "AD_3", "c")
	b.add(t, r, "AD_4", "c")
	if _, err := b.Delete(t.Context(), ws, "lobby", "AD_1", noon); err != nil {
		t.Fatal(err)
	}
	if got, err := b.Add(t.Context(), second); err != nil || got.ID != "AD_1" || got.Deleted.IsZero() {
		t.Errorf("Add() with a deleted one's key = %+v, %v", got, err)
	}
	if got := ids(b.list(t, r)); !slices.Equal(got, []string{"AD_1", "AD_3", "AD_4"}) {
		t.Errorf("the room has %v", got)
	}
}

func fullRoom(t *testing.T, b Backend) {
	r := b.open(t, "lobby")
	for i := range room.MaxDispatches {
		b.add(t, r, fmt.Sprint("AD_", i), "a")
	}
	_, err := b.Add(t.Context(), wish(r, "AD_more", "a"))
	want(t, "Add(one more)", err, room.ErrFull)
	if _, err := b.Delete(t.Context(), ws, "lobby", "AD_7", noon); err != nil {
		t.Fatal(err)
	}
	b.add(t, r, "AD_more", "a")
	_, err = b.Add(t.Context(), wish(r, "AD_again", "a"))
	want(t, "Add(again one more)", err, room.ErrFull)
	for n := room.MaxDispatches + 1; n < room.MaxEver; n++ {
		if _, err := b.Delete(t.Context(), ws, "lobby", b.list(t, r)[n-1].ID, noon); err != nil {
			t.Fatal(err)
		}
		b.add(t, r, fmt.Sprint("AD_", n), "a")
	}
	if _, err := b.Delete(t.Context(), ws, "lobby", "AD_8", noon); err != nil {
		t.Fatal(err)
	}
	_, err = b.Add(t.Context(), wish(r, "AD_ever", "a"))
	want(t, "Add(after a thousand)", err, room.ErrFull)
}

func heavyRoom(t *testing.T, b Backend) {
	r := b.open(t, "lobby")
	heavy := func(id string) room.Dispatch {
		d := wish(r, id, "a")
		d.Metadata = strings.Repeat("m", room.MaxMetadata)
		return d
	}
	for i := range room.MaxStanding / room.MaxMetadata {
		if _, err := b.Add(t.Context(), heavy(fmt.Sprint("AD_", i))); err != nil {
			t.Fatal(err)
		}
	}
	light := wish(r, "AD_more", "a")
	light.Attributes = map[string]string{"k": "v"}
	_, err := b.Add(t.Context(), light)
	want(t, "Add(a little more)", err, room.ErrFull)

	gone, err := b.Delete(t.Context(), ws, "lobby", "AD_3", noon)
	if err != nil || len(gone.Metadata) != room.MaxMetadata {
		t.Errorf("Delete() = %d bytes of metadata, %v, want what was deleted", len(gone.Metadata), err)
	}
	if d, err := b.Dispatch(t.Context(), "AD_3"); err != nil || d.Size() != 0 {
		t.Errorf("%d bytes of a deleted dispatch are kept, %v", d.Size(), err)
	}
	if _, err := b.Add(t.Context(), heavy("AD_instead")); err != nil {
		t.Errorf("Add(in its place) = %v", err)
	}
}

func crowd(t *testing.T, b Backend) {
	r := b.open(t, "lobby")
	errs := make([]error, 1000)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() { _, errs[i] = b.Add(t.Context(), wish(r, fmt.Sprint("AD_", i), "a")) })
	}
	all.Wait()
	kept := 0
	for _, err := range errs {
		if err == nil {
			kept++
		} else if !errors.Is(err, room.ErrFull) {
			t.Fatalf("Add() = %v, want ErrFull", err)
		}
	}
	if got := len(b.list(t, r)); kept != room.MaxDispatches || got != kept {
		t.Errorf("%d were kept, and %d are there, want %d", kept, got, room.MaxDispatches)
	}
}
