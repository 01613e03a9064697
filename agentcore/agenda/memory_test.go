package agenda_test

import (
	"cmp"
	"context"
	"slices"
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
	jobs    []job
	beats   map[string]time.Time
	last    map[string]int // when a workspace had its turn in Claim
	turns   int
}

type job struct {
	kind, id string
	at       time.Time
}

func newMemory() *memory {
	return &memory{
		errands: map[string]agenda.Errand{}, batches: map[string]agenda.Batch{},
		beats: map[string]time.Time{}, last: map[string]int{},
	}
}

var _ agenda.Store = (*memory)(nil)

func (m *memory) lock() func() { m.mu.Lock(); return m.mu.Unlock }

func (m *memory) enqueue(kind, id string, at time.Time) {
	m.jobs = append(m.jobs, job{kind, id, at})
}

func waits(e agenda.Errand) bool {
	return e.Status == agenda.Scheduled || e.Status == agenda.Ready
}

func goesOn(e agenda.Errand) bool { return e.Status == agenda.Placing || e.Status == agenda.Live }

// seriesOpen reports whether another series of e's agent waits for e's number.
func (m *memory) seriesOpen(e agenda.Errand) bool {
	if e.Status != agenda.Scheduled || e.Attempt == 0 {
		return false
	}
	for _, o := range m.errands {
		if o.ID != e.ID && waits(o) && o.Attempt > 0 && o.Workspace == e.Workspace && o.AgentUUID == e.AgentUUID && o.To == e.To {
			return true
		}
	}
	return false
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
	e.Change = 1
	m.errands[e.ID] = e
	if e.Status == agenda.Scheduled {
		m.enqueue(agenda.JobErrand, e.ID, e.Due)
	}
	return e, true, nil
}

func (m *memory) byKey(workspace, key string, now time.Time) (agenda.Errand, bool) {
	for _, e := range m.errands {
		if key != "" && e.Workspace == workspace && e.IdemKey == key && now.Sub(e.Created) < 24*time.Hour {
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
	for _, e := range m.errands {
		if e.Call == call {
			return e, nil
		}
	}
	return agenda.Errand{}, agenda.ErrNotFound
}

func (m *memory) Errands(_ context.Context, workspace string, f agenda.Filter, _ string, limit int) ([]agenda.Errand, string, error) {
	defer m.lock()()
	all := m.sorted(func(e agenda.Errand) bool {
		return (workspace == "" || e.Workspace == workspace) && matches(f, e)
	}, func(a, b agenda.Errand) int { return b.Created.Compare(a.Created) })
	return all[:min(limit, len(all))], "", nil
}

func matches(f agenda.Filter, e agenda.Errand) bool {
	for want, got := range map[string]string{f.Kind: e.Kind, f.AgentUUID: e.AgentUUID, f.To: e.To, f.Batch: e.Batch, f.Source: e.Source} {
		if want != "" && got != want {
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
	m.errands[e.ID] = e
	return e
}

// Claim looks at every row: it is slow, and right.
func (m *memory) Claim(_ context.Context, node string, now time.Time, limit int, skip []string) ([]agenda.Errand, error) {
	defer m.lock()()
	type line struct{ workspace, to string }
	taken := map[line]bool{}
	for _, e := range m.errands {
		if goesOn(e) {
			taken[line{e.Workspace, e.To}] = true
		}
	}
	ready := m.sorted(func(e agenda.Errand) bool {
		return e.Status == agenda.Ready && !e.Due.After(now) && !slices.Contains(skip, e.Workspace)
	}, func(a, b agenda.Errand) int {
		if a.Asked.IsZero() != b.Asked.IsZero() {
			return cmp.Compare(btoi(a.Asked.IsZero()), btoi(b.Asked.IsZero()))
		}
		return a.Due.Compare(b.Due)
	})
	queues := map[string][]agenda.Errand{}
	var turn []string
	for _, e := range ready {
		if l := (line{e.Workspace, e.To}); !taken[l] {
			taken[l] = true
			if queues[e.Workspace] == nil {
				turn = append(turn, e.Workspace)
			}
			queues[e.Workspace] = append(queues[e.Workspace], e)
		}
	}
	slices.SortFunc(turn, func(a, b string) int { return cmp.Or(cmp.Compare(m.last[a], m.last[b]), cmp.Compare(a, b)) })
	var all []agenda.Errand
	for len(all) < limit && len(turn) > 0 {
		w := turn[0]
		turn = turn[1:]
		e := queues[w][0]
		if queues[w] = queues[w][1:]; len(queues[w]) > 0 {
			turn = append(turn, w)
		}
		m.turns++
		m.last[w] = m.turns
		e.Status, e.Node, e.Attempt = agenda.Placing, node, e.Attempt+1
		e.Call = e.CallOf(e.Attempt)
		all = append(all, m.write(e, now))
	}
	return all, nil
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (m *memory) Claimed(_ context.Context, node string, since time.Time) ([]agenda.Errand, error) {
	defer m.lock()()
	return m.sorted(func(e agenda.Errand) bool {
		return e.Status == agenda.Placing && (e.Node == node || m.beats[e.Node].Before(since))
	}, func(a, b agenda.Errand) int { return 0 }), nil
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
	for _, e := range m.errands {
		if e.Workspace == workspace && e.AgentUUID == agent && e.To == to && e.ID != except && waits(e) && e.Attempt > 0 {
			e.Status, e.Code, e.Ended = agenda.Done, code, now
			m.write(e, now)
			m.endBatch(e.Batch, now)
			n++
		}
	}
	return n, nil
}
