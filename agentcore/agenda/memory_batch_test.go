package agenda_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
)

func (m *memory) CreateBatch(_ context.Context, b agenda.Batch) error {
	defer m.lock()()
	if _, ok := m.batches[b.ID]; ok {
		return errors.New("the batch is there already")
	}
	m.batches[b.ID] = b
	return nil
}

func (m *memory) AddErrands(_ context.Context, rows []agenda.Errand) error {
	defer m.lock()()
	for _, e := range rows {
		if b := m.batches[e.Batch]; b.Status != agenda.BatchLoading {
			return fmt.Errorf("the batch is %s", b.Status)
		}
		m.add(e)
	}
	return nil
}

func (m *memory) StartBatch(_ context.Context, b agenda.Batch, now time.Time) (agenda.Batch, error) {
	defer m.lock()()
	on := m.batches[b.ID]
	if on.Status != agenda.BatchLoading {
		return agenda.Batch{}, fmt.Errorf("the batch is %s", on.Status)
	}
	on.Columns, on.Problems, on.Wrong, on.Total = b.Columns, b.Problems, b.Wrong, 0
	for _, e := range m.errands {
		if e.Batch == b.ID {
			on.Total++
		}
	}
	on.Status, on.Updated = agenda.BatchScheduled, now
	if on.Total == 0 {
		on.Status, on.Ended = agenda.BatchCompleted, now
	} else {
		m.enqueue(agenda.JobBatch, b.ID, b.At)
	}
	m.batches[b.ID] = on
	return on, nil
}

func (m *memory) FailBatch(_ context.Context, id string, now time.Time) error {
	defer m.lock()()
	on := m.batches[id]
	if on.Status != agenda.BatchLoading {
		return nil
	}
	on.Status, on.Ended, on.Updated = agenda.BatchFailed, now, now
	m.batches[id] = on
	for _, e := range m.errands {
		if e.Batch == id {
			e.Status, e.Ended = agenda.Cancelled, now
			m.write(e, now)
		}
	}
	return nil
}

func (m *memory) WakeBatch(_ context.Context, id string, now time.Time) (time.Duration, error) {
	defer m.lock()()
	b, ok := m.batches[id]
	switch {
	case !ok:
		return 0, agenda.ErrNotFound
	case b.Status != agenda.BatchScheduled:
		return 0, nil
	case b.At.After(now):
		return b.At.Sub(now), nil
	}
	b.Status, b.Started, b.Updated = agenda.BatchRunning, now, now
	m.batches[id] = b
	for _, e := range m.errands {
		if e.Batch == id && e.Status == agenda.Scheduled {
			e.Status = agenda.Ready
			m.write(e, now)
		}
	}
	return 0, nil
}

func (m *memory) CancelBatch(_ context.Context, workspace, id string, now time.Time) (agenda.Batch, error) {
	defer m.lock()()
	b, ok := m.batches[id]
	if !ok || workspace != "" && b.Workspace != workspace {
		return agenda.Batch{}, agenda.ErrNotFound
	}
	if b.Status != agenda.BatchScheduled && b.Status != agenda.BatchRunning {
		return b, nil
	}
	b.Status, b.Ended, b.Updated = agenda.BatchCancelled, now, now
	m.batches[id] = b
	for _, e := range m.errands {
		if e.Batch != id || agenda.Over(e.Status) {
			continue
		}
		e.Code = agenda.CodeCancelled
		if waits(e) {
			e.Status, e.Ended = agenda.Cancelled, now
		}
		m.write(e, now)
	}
	return b, nil
}

func (m *memory) Batch(_ context.Context, workspace, id string) (agenda.Batch, error) {
	defer m.lock()()
	b, ok := m.batches[id]
	if !ok || workspace != "" && b.Workspace != workspace {
		return agenda.Batch{}, agenda.ErrNotFound
	}
	return b, nil
}

func (m *memory) Batches(context.Context, string, string, int) ([]agenda.Batch, string, error) {
	return nil, "", errors.New("nobody here lists batches")
}

func (m *memory) LoadingBefore(_ context.Context, then time.Time) ([]agenda.Batch, error) {
	defer m.lock()()
	var all []agenda.Batch
	for _, b := range m.batches {
		if b.Status == agenda.BatchLoading && b.Created.Before(then) {
			all = append(all, b)
		}
	}
	return all, nil
}

func (m *memory) Progress(context.Context, string) (agenda.Progress, error) {
	return agenda.Progress{}, errors.New("nobody here asks for progress")
}
