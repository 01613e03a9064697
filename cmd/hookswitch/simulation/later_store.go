package simulation

import (
	"context"
	"errors"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/telephony"
)

// errands is the [agenda.Store] as a process reaches it.
type errands struct {
	agenda.Store
	n *node
}

func (s errands) do(ctx context.Context, call int, op string, effect func(context.Context) error) error {
	return s.n.do(ctx, call, op, func() error {
		ctx := context.WithoutCancel(ctx)
		s.n.keepBeats(ctx)
		err := effect(ctx)
		if errors.Is(err, agenda.ErrMoved) {
			s.n.saw("moved meanwhile")
		}
		return err
	})
}

// write is do for what changes errands of a batch; empty: of any. Its counts are
// right after it.
func (s errands) write(ctx context.Context, call int, op, batch string, effect func(context.Context) error) error {
	return s.do(ctx, call, op, func(ctx context.Context) error {
		err := effect(ctx)
		if batch != "" {
			s.n.checkCounts(ctx, batch)
		}
		return err
	})
}

func (s errands) CreateErrand(ctx context.Context, e agenda.Errand) (on agenda.Errand, created bool, err error) {
	s.n.world.name(e.ID, numbered(e.To))
	err = s.write(ctx, numbered(e.To), "agenda.create", e.Batch, func(ctx context.Context) (err error) {
		on, created, err = s.Store.CreateErrand(ctx, e)
		return err
	})
	return on, created, err
}

func (s errands) Errand(ctx context.Context, workspace, id string) (e agenda.Errand, err error) {
	err = s.do(ctx, s.n.byName(id), "agenda.find", func(ctx context.Context) (err error) {
		e, err = s.Store.Errand(ctx, workspace, id)
		return err
	})
	return e, err
}

func (s errands) ErrandOfCall(ctx context.Context, call telephony.CallID) (e agenda.Errand, err error) {
	err = s.do(ctx, s.n.world.named(call), "agenda.ofcall", func(ctx context.Context) (err error) {
		e, err = s.Store.ErrandOfCall(ctx, call)
		return err
	})
	return e, err
}

func (s errands) Errands(ctx context.Context, workspace string, f agenda.Filter, cursor string, limit int) (all []agenda.Errand, next string, err error) {
	err = s.do(ctx, numbered(f.To), "agenda.list", func(ctx context.Context) (err error) {
		all, next, err = s.Store.Errands(ctx, workspace, f, cursor, limit)
		return err
	})
	return all, next, err
}

func (s errands) Wake(ctx context.Context, id string, now time.Time) (wait time.Duration, err error) {
	err = s.do(ctx, s.n.byName(id), "agenda.wake", func(ctx context.Context) (err error) {
		wait, err = s.Store.Wake(ctx, id, now)
		return err
	})
	return wait, err
}

// with looks whether there is an errand with a status.
func (s errands) with(ctx context.Context, status string) func() (int, error) {
	return func() (int, error) {
		return s.Store.CountErrands(ctx, "", agenda.Filter{Statuses: []string{status}})
	}
}

func (s errands) Claim(ctx context.Context, node string, now time.Time, limit int, skip []string) (all []agenda.Errand, err error) {
	switch {
	case s.n.isDead():
		return nil, errDead
	case s.n.nothing("ready", s.with(ctx, agenda.Ready)):
		return nil, nil
	}
	err = s.do(ctx, 0, "agenda.claim", func(ctx context.Context) (err error) {
		all, err = s.Store.Claim(ctx, node, now, limit, skip)
		for _, e := range all {
			if e.Batch != "" {
				s.n.checkCounts(ctx, e.Batch)
			}
		}
		return err
	})
	if err != nil {
		return nil, err // who is told of an error is told of no errand
	}
	return all, nil
}

func (s errands) Claimed(ctx context.Context, node string, since time.Time) (all []agenda.Errand, err error) {
	switch {
	case s.n.isDead():
		return nil, errDead
	case s.n.nothing("placing", s.with(ctx, agenda.Placing)):
		return nil, nil
	}
	err = s.do(ctx, 0, "agenda.claimed", func(ctx context.Context) (err error) {
		all, err = s.Store.Claimed(ctx, node, since)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, e := range all {
		if e.Node != node {
			s.n.saw("claim taken over")
		}
	}
	return all, nil
}

func (s errands) Move(ctx context.Context, e agenda.Errand, now time.Time) (on agenda.Errand, err error) {
	err = s.write(ctx, numbered(e.To), "agenda.move", e.Batch, func(ctx context.Context) (err error) {
		on, err = s.Store.Move(ctx, e, now)
		return err
	})
	return on, err
}

func (s errands) EndSeries(ctx context.Context, workspace, agent, to, except, code string, now time.Time) (n int, err error) {
	err = s.do(ctx, numbered(to), "agenda.endseries", func(ctx context.Context) (err error) {
		n, err = s.Store.EndSeries(ctx, workspace, agent, to, except, code, now)
		if n > 0 {
			s.n.saw("series ended: " + code)
			s.n.checkFilesCounts(ctx)
		}
		return err
	})
	return n, err
}

func (s errands) CreateBatch(ctx context.Context, b agenda.Batch) error {
	return s.do(ctx, 0, "agenda.batch", func(ctx context.Context) error { return s.Store.CreateBatch(ctx, b) })
}

func (s errands) AddErrands(ctx context.Context, rows []agenda.Errand) error {
	for _, e := range rows {
		s.n.world.name(e.ID, numbered(e.To))
	}
	return s.do(ctx, 0, "agenda.batch", func(ctx context.Context) error { return s.Store.AddErrands(ctx, rows) })
}

func (s errands) StartBatch(ctx context.Context, b agenda.Batch, now time.Time) (on agenda.Batch, err error) {
	err = s.write(ctx, 0, "agenda.batch", b.ID, func(ctx context.Context) (err error) {
		on, err = s.Store.StartBatch(ctx, b, now)
		return err
	})
	return on, err
}

func (s errands) Batch(ctx context.Context, workspace, id string) (b agenda.Batch, err error) {
	err = s.do(ctx, 0, "agenda.batch", func(ctx context.Context) (err error) {
		b, err = s.Store.Batch(ctx, workspace, id)
		return err
	})
	return b, err
}

func (s errands) FailBatch(ctx context.Context, id string, now time.Time) error {
	return s.write(ctx, 0, "agenda.failbatch", id, func(ctx context.Context) error { return s.Store.FailBatch(ctx, id, now) })
}

func (s errands) LoadingBefore(ctx context.Context, then time.Time) (all []agenda.Batch, err error) {
	err = s.do(ctx, 0, "agenda.loading", func(ctx context.Context) (err error) {
		all, err = s.Store.LoadingBefore(ctx, then)
		return err
	})
	return all, err
}

func (s errands) WakeBatch(ctx context.Context, id string, now time.Time) (wait time.Duration, err error) {
	err = s.write(ctx, 0, "agenda.wakebatch", id, func(ctx context.Context) (err error) {
		wait, err = s.Store.WakeBatch(ctx, id, now)
		return err
	})
	return wait, err
}

func (s errands) CancelBatch(ctx context.Context, workspace, id string, now time.Time) (b agenda.Batch, err error) {
	err = s.write(ctx, 0, "agenda.cancelbatch", id, func(ctx context.Context) (err error) {
		b, err = s.Store.CancelBatch(ctx, workspace, id, now)
		return err
	})
	return b, err
}

// checkCounts: what a batch's rows are sums up to how many they are, at every
// moment.
func (l *later) checkCounts(ctx context.Context, id string) {
	b, err := l.store.Batch(ctx, "", id)
	if err == nil && (b.Status == agenda.BatchLoading || b.Status == agenda.BatchFailed) {
		return // how many it has is known when it is whole
	}
	p, failed := l.store.Progress(ctx, id)
	sum := p.Scheduled + p.Ready + p.Placing + p.Live + p.Done + p.Failed + p.Refused + p.Cancelled
	if err := errors.Join(err, failed); err != nil || sum != b.Total {
		l.violate(0, "counts sum up", "%s: %d of %d rows, %v: %+v", id, sum, b.Total, err, p)
	}
	if waits := p.Scheduled + p.Ready + p.Placing + p.Live; b.Status == agenda.BatchCompleted && waits > 0 {
		l.violate(0, "counts sum up", "%s is completed, and %d rows are not: %+v", id, waits, p)
	}
}

// checkFilesCounts is checkCounts for every batch.
func (l *later) checkFilesCounts(ctx context.Context) {
	for _, workspace := range []string{home, second} {
		all, _, err := l.store.Batches(ctx, workspace, "", 100)
		if err != nil {
			l.violate(0, "counts sum up", "%v", err)
		}
		for _, b := range all {
			l.checkCounts(ctx, b.ID)
		}
	}
}
