package simulation

import (
	"context"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/telephony"
)

// floors is the [room.Store] as a process reaches it. The simulation has no
// workers, so nobody asks for what is theirs.
type floors struct {
	room.Store
	n *node
}

// asked is one request, for a call's telephone.
func asked[T any](ctx context.Context, s floors, number int, op string, ask func(ctx context.Context) (T, error)) (out T, err error) {
	err = s.n.do(ctx, number, op, func() (err error) {
		out, err = ask(context.WithoutCancel(ctx))
		return err
	})
	if err != nil && err == errPlanned { // who is told of an error is told of nothing else
		var none T
		return none, err
	}
	return out, err
}

// known notes which telephone a room is about.
func (s floors) known(r room.Room) {
	if number := s.n.byName(r.Name); number > 0 {
		s.n.world.name(r.ID, number)
	}
}

func (s floors) roomOf(ctx context.Context, name, op string, ask func(ctx context.Context) (room.Room, error)) (room.Room, error) {
	return asked(ctx, s, s.n.byName(name), op, func(ctx context.Context) (room.Room, error) {
		r, err := ask(ctx)
		if err == nil {
			s.known(r)
		}
		return r, err
	})
}

func (s floors) Open(ctx context.Context, workspace, name string, now time.Time) (room.Room, error) {
	return s.roomOf(ctx, name, "rooms.open", func(ctx context.Context) (room.Room, error) { return s.Store.Open(ctx, workspace, name, now) })
}

func (s floors) Find(ctx context.Context, workspace, name string, now time.Time) (room.Room, error) {
	return s.roomOf(ctx, name, "rooms.find", func(ctx context.Context) (room.Room, error) { return s.Store.Find(ctx, workspace, name, now) })
}

func (s floors) Bind(ctx context.Context, workspace, name string, call telephony.CallID, now time.Time) (room.Room, error) {
	return s.roomOf(ctx, name, "rooms.bind", func(ctx context.Context) (room.Room, error) {
		return s.Store.Bind(ctx, workspace, name, call, now)
	})
}

func (s floors) OfCall(ctx context.Context, call telephony.CallID) (room.Room, error) {
	return s.roomOf(ctx, string(call), "rooms.ofcall", func(ctx context.Context) (room.Room, error) { return s.Store.OfCall(ctx, call) })
}

func (s floors) Add(ctx context.Context, d room.Dispatch) (room.Dispatch, error) {
	return asked(ctx, s, s.n.byName(d.Room), "rooms.add", func(ctx context.Context) (room.Dispatch, error) { return s.Store.Add(ctx, d) })
}

func (s floors) Delete(ctx context.Context, workspace, name, id string, now time.Time) (room.Dispatch, error) {
	return asked(ctx, s, s.n.byName(name), "rooms.delete", func(ctx context.Context) (room.Dispatch, error) {
		return s.Store.Delete(ctx, workspace, name, id, now)
	})
}

func (s floors) Dispatches(ctx context.Context, id string) ([]room.Dispatch, error) {
	return asked(ctx, s, s.n.byName(id), "rooms.dispatches", func(ctx context.Context) ([]room.Dispatch, error) { return s.Store.Dispatches(ctx, id) })
}

func (s floors) AddJob(ctx context.Context, j room.Job) error {
	return s.n.do(ctx, s.n.byName(j.Room), "rooms.addjob", func() error { return s.Store.AddJob(context.WithoutCancel(ctx), j) })
}

func (s floors) MoveJob(ctx context.Context, j room.Job, from ...room.Status) (room.Job, error) {
	return asked(ctx, s, s.n.byName(j.Room), "rooms.movejob", func(ctx context.Context) (room.Job, error) { return s.Store.MoveJob(ctx, j, from...) })
}

func (s floors) Changed(ctx context.Context, after int64, limit int) ([]room.Room, error) {
	return asked(ctx, s, 0, "rooms.changed", func(ctx context.Context) ([]room.Room, error) { return s.Store.Changed(ctx, after, limit) })
}
