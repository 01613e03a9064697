package agenda_test

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/telephony"
)

// memory is a store that works: errands, batches and jobs under one lock, which
// is a transaction.
type memory struct {
	mu      sync.Mutex
	errands map[string]agenda.Errand
	batches map[string]agenda.Batch
	calls   map[telephony.CallID]string // ids of errands by their calls
	numbers map[string][]string         // ids of errands by their numbers
	ready   map[string][]string         // ids by workspace, in order; some are ready no more
	more    bool                        // are ready than that
	jobs    []job
	beats   map[string]time.Time
	muted   map[string]time.Time // nodes that nobody hears since then
	last    map[string]int       // when a workspace had its turn in Claim
	turns   int
}

type job struct {
	kind, id string
	at       time.Time
}

func newMemory() *memory {
	return &memory{
		errands: map[string]agenda.Errand{}, batches: map[string]agenda.Batch{},
		calls: map[telephony.CallID]string{}, numbers: map[string][]string{}, ready: map[string][]string{},
		beats: map[string]time.Time{}, last: map[string]int{},
	}
}

var _ agenda.Store = (*memory)(nil)

func (m *memory) lock() func() { m.mu.Lock(); return m.mu.Unlock }

func (m *memory) enqueue(kind, id string, at time.Time) {
	m.jobs = append(m.jobs, job{kind, id, at})
}

// all are the errands by now.
func (m *memory) all() []agenda.Errand {
	defer m.lock()()
	return slices.Collect(maps.Values(m.errands))
}

func waits(e agenda.Errand) bool {
	return e.Status == agenda.Scheduled || e.Status == agenda.Ready
}

func goesOn(e agenda.Errand) bool { return e.Status == agenda.Placing || e.Status == agenda.Live }

// seriesOpen reports whether e's agent has another series to e's number: one that
// waits for a callback, or whose callback is on its way.
func (m *memory) seriesOpen(e agenda.Errand) bool {
	if e.Status != agenda.Scheduled || e.Called() == 0 {
		return false
	}
	return slices.ContainsFunc(m.to(e), func(o agenda.Errand) bool {
		return o.ID != e.ID && o.AgentUUID == e.AgentUUID && (waits(o) && o.Called() > 0 || goesOn(o) && o.Called() > 1)
	})
}

func (m *memory) CreateErrand(_ context.Context, e agenda.Errand) (agenda.Errand, bool, error) {
	defer m.lock()()
	if on, ok := m.byKey(e.Workspace, e.IdemKey, e.Created); ok {
		if on.IdemHash != e.IdemHash {
			return agenda.Errand{}, false, agenda.ErrIdemMismatch
		}
		return on, false, nil
	}
	if on, ok := m.errands[e.ID]; ok {
		return on, false, nil
	}
	if m.seriesOpen(e) {
		return agenda.Errand{}, false, agenda.ErrSeriesOpen
	}
	m.add(e)
	if e.Status == agenda.Scheduled {
		m.enqueue(agenda.JobErrand, e.ID, e.Due)
	}
	return m.errands[e.ID], true, nil
}

func (m *memory) add(e agenda.Errand) {
	m.numbers[e.To] = append(m.numbers[e.To], e.ID)
	m.write(e, e.Updated)
}

func (m *memory) byKey(workspace, key string, now time.Time) (agenda.Errand, bool) {
	if key == "" {
		return agenda.Errand{}, false
	}
	for _, e := range m.errands {
		if e.Workspace == workspace && e.IdemKey == key && now.Sub(e.Created) < 24*time.Hour {
			return e, true
		}
	}
	return agenda.Errand{}, false
}

func (m *memory) Errand(_ context.Context, workspace, id string) (agenda.Errand, error) {
	defer m.lock()()
	e, ok := m.errands[id]
	if !ok || workspace != "" && e.Workspace != workspace {
		return agenda.Errand{}, agenda.ErrNotFound
	}
	return e, nil
}

func (m *memory) ErrandByKey(_ context.Context, workspace, key string, now time.Time) (agenda.Errand, error) {
	defer m.lock()()
	if e, ok := m.byKey(workspace, key, now); ok {
		return e, nil
	}
	return agenda.Errand{}, agenda.ErrNotFound
}

func (m *memory) ErrandOfCall(_ context.Context, call telephony.CallID) (agenda.Errand, error) {
	defer m.lock()()
	if e, ok := m.errands[m.calls[call]]; ok && e.Call == call {
		return e, nil
	}
	return agenda.Errand{}, agenda.ErrNotFound
}

func (m *memory) Errands(_ context.Context, workspace string, f agenda.Filter, _ string, limit int) ([]agenda.Errand, string, error) {
	defer m.lock()()
	if f.To != "" && workspace != "" {
		all := m.to(agenda.Errand{Workspace: workspace, To: f.To})
		return slices.DeleteFunc(all, func(e agenda.Errand) bool { return !matches(f, e) }), "", nil
	}
	all := m.sorted(func(e agenda.Errand) bool {
		return (workspace == "" || e.Workspace == workspace) && matches(f, e)
	}, func(a, b agenda.Errand) int { return b.Created.Compare(a.Created) })
	return all[:min(limit, len(all))], "", nil
}

func matches(f agenda.Filter, e agenda.Errand) bool {
	for _, is := range [][2]string{{f.To, e.To}, {f.Kind, e.Kind}, {f.AgentUUID, e.AgentUUID}, {f.Batch, e.Batch}, {f.Source, e.Source}} {
		if is[0] != "" && is[0] != is[1] {
			return false
		}
	}
	return len(f.Statuses) == 0 || slices.Contains(f.Statuses, e.Status)
}

func (m *memory) sorted(keep func(agenda.Errand) bool, order func(a, b agenda.Errand) int) []agenda.Errand {
	var all []agenda.Errand
	for _, e := range m.errands {
		if keep(e) {
			all = append(all, e)
		}
	}
	slices.SortFunc(all, func(a, b agenda.Errand) int { return cmp.Or(order(a, b), cmp.Compare(a.ID, b.ID)) })
	return all
}

func (m *memory) CountErrands(ctx context.Context, workspace string, f agenda.Filter) (int, error) {
	all, _, err := m.Errands(ctx, workspace, f, "", 1<<30)
	return len(all), err
}

func (m *memory) Wake(_ context.Context, id string, now time.Time) (time.Duration, error) {
	defer m.lock()()
	e, ok := m.errands[id]
	switch {
	case !ok:
		return 0, agenda.ErrNotFound
	case e.Status != agenda.Scheduled:
		return 0, nil
	case e.Due.After(now):
		return e.Due.Sub(now), nil
	}
	e.Status = agenda.Ready
	m.write(e, now)
	return 0, nil
}

func (m *memory) write(e agenda.Errand, now time.Time) agenda.Errand {
	e.Change++
	e.Updated = now
	m.errands[e.ID], m.calls[e.Call] = e, e.ID
	m.more = m.more || e.Status == agenda.Ready
	return e
}

// Claim takes one of each workspace in turn.
func (m *memory) Claim(_ context.Context, node string, now time.Time, limit int, skip []string) ([]agenda.Errand, error) {
	defer m.lock()()
	m.refill()
	turn := slices.DeleteFunc(slices.Sorted(maps.Keys(m.ready)), func(w string) bool { return slices.Contains(skip, w) })
	slices.SortStableFunc(turn, func(a, b string) int { return cmp.Compare(m.last[a], m.last[b]) })
	var all []agenda.Errand
	for len(all) < limit && len(turn) > 0 {
		w := turn[0]
		turn = turn[1:]
		e, ok := m.take(w, now)
		if !ok {
			continue
		}
		turn = append(turn, w)
		m.turns++
		m.last[w] = m.turns
		e.Status, e.Node, e.Attempt = agenda.Placing, node, e.Attempt+1
		e.Call = e.CallOf(e.Attempt)
		all = append(all, m.write(e, now))
	}
	return all, nil
}

// refill sorts what is ready, if there is more of it than before.
func (m *memory) refill() {
	if !m.more {
		return
	}
	m.more, m.ready = false, map[string][]string{}
	for _, e := range m.sorted(func(e agenda.Errand) bool { return e.Status == agenda.Ready }, func(a, b agenda.Errand) int {
		switch {
		case (a.Batch == "") != (b.Batch == ""):
			return strings.Compare(a.Batch, b.Batch) // those of no batch first
		case a.Asked.IsZero() == b.Asked.IsZero():
			return a.Due.Compare(b.Due)
		}
		return b.Asked.Compare(time.Time{}) - a.Asked.Compare(time.Time{}) // those with a time first
	}) {
		m.ready[e.Workspace] = append(m.ready[e.Workspace], e.ID)
	}
}

// take is the first of a workspace that may be claimed.
func (m *memory) take(workspace string, now time.Time) (agenda.Errand, bool) {
	queue := m.ready[workspace]
	for len(queue) > 0 && m.errands[queue[0]].Status != agenda.Ready {
		queue = queue[1:]
	}
	m.ready[workspace] = queue
	for _, id := range queue {
		e := m.errands[id]
		if e.Status == agenda.Ready && !e.Due.After(now) && !slices.ContainsFunc(m.to(e), goesOn) {
			return e, true
		}
	}
	return agenda.Errand{}, false
}

// to are the errands of e's workspace to e's number.
func (m *memory) to(e agenda.Errand) (all []agenda.Errand) {
	for _, id := range m.numbers[e.To] {
		if o := m.errands[id]; o.Workspace == e.Workspace {
			all = append(all, o)
		}
	}
	return all
}

func (m *memory) Claimed(_ context.Context, node string, since time.Time) ([]agenda.Errand, error) {
	defer m.lock()()
	return m.sorted(func(e agenda.Errand) bool {
		return e.Status == agenda.Placing && (e.Node == node || m.beat(e.Node).Before(since))
	}, func(a, b agenda.Errand) int { return 0 }), nil
}

// beat is the newest sign of life of a node.
func (m *memory) beat(node string) time.Time {
	if at, ok := m.muted[node]; ok {
		return at
	}
	return m.beats[node]
}

func (m *memory) Move(_ context.Context, e agenda.Errand, now time.Time) (agenda.Errand, error) {
	defer m.lock()()
	on, ok := m.errands[e.ID]
	switch {
	case !ok:
		return agenda.Errand{}, agenda.ErrNotFound
	case on.Change != e.Change:
		return agenda.Errand{}, agenda.ErrMoved
	case m.seriesOpen(e):
		return agenda.Errand{}, agenda.ErrSeriesOpen
	}
	on.Status, on.Code, on.Why, on.Attempt, on.Call, on.Node = e.Status, e.Code, e.Why, e.Attempt, e.Call, e.Node
	on.Due, on.Options = e.Due, e.Options
	on.Ended = time.Time{}
	if agenda.Over(e.Status) {
		on.Ended = now
	}
	if e.Status == agenda.Scheduled {
		m.enqueue(agenda.JobErrand, e.ID, e.Due)
	}
	on = m.write(on, now)
	m.endBatch(on.Batch, now)
	return on, nil
}

// endBatch ends a running batch that has nothing left to do.
func (m *memory) endBatch(id string, now time.Time) {
	b, ok := m.batches[id]
	if !ok || b.Status != agenda.BatchRunning {
		return
	}
	for _, e := range m.errands {
		if e.Batch == id && !agenda.Over(e.Status) {
			return
		}
	}
	b.Status, b.Ended, b.Updated = agenda.BatchCompleted, now, now
	m.batches[id] = b
}

func (m *memory) EndSeries(_ context.Context, workspace, agent, to, except, code string, now time.Time) (int, error) {
	defer m.lock()()
	n := 0
	for _, e := range m.to(agenda.Errand{Workspace: workspace, To: to}) {
		if e.AgentUUID == agent && e.ID != except && waits(e) && e.Called() > 0 {
			e.Status, e.Code, e.Ended = agenda.Done, code, now
			m.write(e, now)
			m.endBatch(e.Batch, now)
			n++
		}
	}
	return n, nil
}
