package simulation

import (
	"context"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/telephony"
)

func (r records) CreateDispatch(ctx context.Context, d dispatch.Dispatch, c *dispatch.Record) (on dispatch.Dispatch, created bool, err error) {
	call := numbered(string(c.To))
	r.w.name(string(c.ID), call)
	r.w.name(d.ID, call)
	err = r.do(ctx, call, "store.create", func(ctx context.Context) (err error) {
		on, created, err = r.Calls.CreateDispatch(ctx, d, c)
		return err
	})
	return on, created, err
}

func (r records) DispatchByKey(ctx context.Context, workspace, key string, now time.Time) (d dispatch.Dispatch, err error) {
	err = r.do(ctx, numbered(key), "store.key", func(ctx context.Context) (err error) {
		d, err = r.Calls.DispatchByKey(ctx, workspace, key, now)
		return err
	})
	return d, err
}

func (r records) DispatchOfCall(ctx context.Context, id telephony.CallID) (d dispatch.Dispatch, err error) {
	err = r.do(ctx, r.w.named(id), "store.find", func(ctx context.Context) (err error) {
		d, err = r.Calls.DispatchOfCall(ctx, id)
		return err
	})
	return d, err
}

func (r records) FailDispatch(ctx context.Context, id, why string) error {
	return r.do(ctx, r.w.byName(id), "store.fail", func(ctx context.Context) error {
		return r.Calls.FailDispatch(ctx, id, why)
	})
}
