package room_test

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/agentcore/room/roomtest"
	"github.com/hookswitch/hookswitch/telephony"
)

// faulty is a store that fails at its n-th request: before it did anything, or
// after. Dead, it then fails for good, as to a process that was killed.
type faulty struct {
	*roomtest.Store
	at    int64
	after bool
	dead  bool
	n     atomic.Int64
}

var errFault = errors.New("the store is away")

// pass counts a request, and returns which error it gets before and after.
func (f *faulty) pass() (before, after error) {
	n := f.n.Add(1)
	switch {
	case n == f.at && f.after:
		return nil, errFault
	case n == f.at, f.dead && n > f.at && f.at > 0:
		return errFault, nil
	}
	return nil, nil
}

func try[T any](f *faulty, do func() (T, error)) (T, error) {
	before, after := f.pass()
	if before != nil {
		var none T
		return none, before
	}
	out, err := do()
	if after != nil {
		var none T
		return none, after
	}
	return out, err
}

func (f *faulty) Open(ctx context.Context, workspace, name string, now time.Time) (room.Room, error) {
	return try(f, func() (room.Room, error) { return f.Store.Open(ctx, workspace, name, now) })
}

func (f *faulty) Find(ctx context.Context, workspace, name string, now time.Time) (room.Room, error) {
	return try(f, func() (room.Room, error) { return f.Store.Find(ctx, workspace, name, now) })
}

func (f *faulty) Bind(ctx context.Context, workspace, name string, call telephony.CallID, now time.Time) (room.Room, error) {
	return try(f, func() (room.Room, error) { return f.Store.Bind(ctx, workspace, name, call, now) })
}

func (f *faulty) OfCall(ctx context.Context, call telephony.CallID) (room.Room, error) {
	return try(f, func() (room.Room, error) { return f.Store.OfCall(ctx, call) })
}

func (f *faulty) Add(ctx context.Context, d room.Dispatch) (room.Dispatch, error) {
	return try(f, func() (room.Dispatch, error) { return f.Store.Add(ctx, d) })
}

func (f *faulty) Delete(ctx context.Context, workspace, name, id string, now time.Time) (room.Dispatch, error) {
	return try(f, func() (room.Dispatch, error) { return f.Store.Delete(ctx, workspace, name, id, now) })
}

func (f *faulty) Dispatches(ctx context.Context, id string) ([]room.Dispatch, error) {
	return try(f, func() ([]room.Dispatch, error) { return f.Store.Dispatches(ctx, id) })
}

func (f *faulty) AddJob(ctx context.Context, j room.Job) error {
	_, err := try(f, func() (bool, error) { return true, f.Store.AddJob(ctx, j) })
	return err
}

func (f *faulty) MoveJob(ctx context.Context, j room.Job, from ...room.Status) (room.Job, error) {
	before, after := f.pass()
	if before != nil {
		return room.Job{}, before
	}
	on, err := f.Store.MoveJob(ctx, j, from...)
	if after != nil {
		return room.Job{}, after
	}
	return on, err
}

func (f *faulty) Changed(ctx context.Context, after int64, limit int) ([]room.Room, error) {
	return try(f, func() ([]room.Room, error) { return f.Store.Changed(ctx, after, limit) })
}

// story is a call in which much happens: who was sent before it came, who
// replaces them, who listens, who waits and is deleted, and who ends it. Requests
// that fail are made again, as a client would. It stops when the process is dead.
func (w *world) story(h *room.Host, dead func() bool) {
	again := func(f func() error) {
		for !dead() && f() != nil {
			time.Sleep(300 * time.Millisecond)
		}
		time.Sleep(700 * time.Millisecond)
	}
	send := func(agent string, join room.Join) (d room.Dispatch) {
		again(func() (err error) {
			d, err = h.Create(context.Background(), room.Dispatch{Workspace: ws, RoomName: "lobby", Agent: agent, Join: join, RequestKey: agent})
			return err
		})
		return d
	}
	send("closer", room.Replace)
	send("scribe", "")
	waiter := send("shy", "")
	again(func() error { _, err := h.Delete(context.Background(), ws, "lobby", waiter.ID); return err })
	send("second", room.Wait)
	if !dead() {
		w.ordered("closer") <- order{end: telephony.AgentHangup} // second waits
		time.Sleep(time.Second)
	}
}

// check looks at a room that has been left alone for a while.
func (w *world) check(what string) {
	w.t.Helper()
	r, err := w.store.Find(context.Background(), ws, "lobby", time.Now())
	if err != nil {
		w.t.Errorf("%s: Find() = %v", what, err)
		return
	}
	all, _ := w.store.Dispatches(context.Background(), r.ID)
	running := 0
	for _, d := range all {
		open := 0
		for _, j := range d.Jobs {
			if err := sane(j); err != nil {
				w.t.Errorf("%s: %s: %v: %+v", what, j.Agent, err, j)
			}
			if !j.Status.Over() {
				open++
			}
			if j.Status == room.Running && j.Kind == room.Own {
				running++
			}
		}
		switch {
		case len(d.Jobs) == 0:
			w.t.Errorf("%s: nobody came for %s", what, d.Agent)
		case !d.Deleted.IsZero() && open > 0:
			w.t.Errorf("%s: %s was deleted and goes on", what, d.Agent)
		case d.Agent == "scribe" && open == 0:
			w.t.Errorf("%s: the listener was lost", what)
		}
	}
	w.mu.Lock()
	last, holders := w.spoke[len(w.spoke)-1], w.holders
	w.mu.Unlock()
	if running != 1 || holders != 1 || last == "nobody" {
		w.t.Errorf("%s: %d run, %d have the floor, and the last was %s", what, running, holders, last)
	}
}

// Wherever a process is killed, the next one goes on with whoever should talk and
// listen.
func TestKilledAtEveryRequest(t *testing.T) {
	for n, done := int64(1), false; !done; n++ {
		for _, after := range []bool{false, true} {
			in(t, func(w *world) {
				store := &faulty{Store: w.store, at: n, after: after, dead: true}
				dead := func() bool { return store.n.Load() >= n }
				first := w.host("n1", func(c *room.Config) { lobby(c); c.Store = store })
				next := w.host("n2", lobby)
				defer w.shut()
				w.store.AddCall(roomtest.Call{ID: call, Workspace: ws, Room: "lobby", Agent: "reception", Node: "n1", Created: time.Now(), Answered: time.Now()})
				k := w.talk(first, 1)
				w.story(first, dead)
				done = !dead()
				k.line.Lose(io.ErrUnexpectedEOF)
				k.wait(t)
				w.settle() // who listened there is gone, too
				for range len(w.ordered("closer")) {
					<-w.ordered("closer")
				}
				k = w.talk(next, 2)
				time.Sleep(time.Second)
				if _, err := next.Create(context.Background(), room.Dispatch{Workspace: ws, RoomName: "lobby", Agent: "scribe", RequestKey: "scribe"}); err != nil {
					t.Error(err)
				}
				time.Sleep(2 * time.Second)
				w.check("killed")
				k.cut(telephony.OverError{Reason: telephony.OperatorHangup})
				k.wait(t)
				w.store.EndCall(call, time.Now())
			})
		}
	}
}

// A store that fails for a moment costs nobody the call, and nothing is forgotten.
func TestAStoreThatFailsOnceAtEveryRequest(t *testing.T) {
	for n, done := int64(1), false; !done; n++ {
		for _, after := range []bool{false, true} {
			in(t, func(w *world) {
				store := &faulty{Store: w.store, at: n, after: after}
				h := w.host("n1", func(c *room.Config) { lobby(c); c.Store = store })
				defer w.shut()
				w.store.AddCall(roomtest.Call{ID: call, Workspace: ws, Room: "lobby", Agent: "reception", Node: "n1", Created: time.Now(), Answered: time.Now()})
				k := w.talk(h, 1)
				w.story(h, func() bool { return false })
				done = store.n.Load() < n
				time.Sleep(2 * time.Second)
				select {
				case <-k.done:
					t.Errorf("request %d: the call is lost: %+v, %v", n, k.sum, k.err)
				default:
					w.check("failed once")
				}
				k.cut(telephony.OverError{Reason: telephony.OperatorHangup})
				k.wait(t)
			})
		}
		if n > 200 {
			t.Fatal("there is no end of requests")
		}
	}
}

// A store that is away from the beginning: the call's own agent talks, and who was
// sent comes when it is back.
func TestAStoreThatIsAway(t *testing.T) {
	in(t, func(w *world) {
		h := w.idle("n2", lobby)
		w.await(h, "closer", room.Replace)
		store := &faulty{Store: w.store, at: 1, dead: true}
		h = w.host("n1", func(c *room.Config) { lobby(c); c.Store = store })
		defer w.shut()
		w.store.AddCall(roomtest.Call{ID: call, Workspace: ws, Room: "lobby", Agent: "reception", Node: "n1", Created: time.Now(), Answered: time.Now()})
		k := w.talk(h, 1)
		time.Sleep(10 * time.Second)
		w.wantSpoke("own")
		store.n.Store(-1 << 40) // it is back
		time.Sleep(2 * time.Second)
		w.settle()
		w.wantSpoke("own", "closer")
		k.cut(telephony.OverError{Reason: telephony.OperatorHangup})
		k.wait(t)
	})
}

// A store that fails just when a line is found again: who had the floor goes on,
// and nobody hears silence meanwhile.
func TestAStoreThatFailsWhenALineIsFoundAgain(t *testing.T) {
	for n := int64(1); n <= 3; n++ {
		in(t, func(w *world) {
			h := w.host("n1", nil)
			w.addCall()
			k := w.talk(h, 1)
			w.settle()
			w.send(h, "closer", room.Replace)
			k.line.Lose(io.ErrUnexpectedEOF)
			k.wait(t)
			next := w.host("n2", func(c *room.Config) { c.Store = &faulty{Store: w.store, at: n} })
			defer w.shut()
			k = w.talk(next, 2)
			w.settle()
			time.Sleep(2 * time.Second)
			want := []string{"own", "closer", "closer"}
			if n == 1 { // it is not even known that there is a room
				want = []string{"own", "closer", "own", "closer"}
			}
			w.wantSpoke(want...)
			k.cut(telephony.OverError{Reason: telephony.OperatorHangup})
			k.wait(t)
		})
	}
}

// An automatic agent that can't be entered when a line is found again: it comes
// later, and who had the floor goes on at once.
func TestALineIsFoundAgainBeforeAutomaticAgentsAreThere(t *testing.T) {
	in(t, func(w *world) {
		h := w.host("n1", nil)
		w.addCall()
		k := w.talk(h, 1)
		w.settle()
		w.send(h, "closer", room.Replace)
		k.line.Lose(io.ErrUnexpectedEOF)
		k.wait(t)
		next := w.host("n2", func(c *room.Config) {
			c.Automatic = func(string) []room.Automatic { return []room.Automatic{{Agent: "scribe"}} }
			c.Store = &faulty{Store: w.store, at: 2} // Add
		})
		defer w.shut()
		k = w.talk(next, 2)
		time.Sleep(2 * time.Second)
		w.settle()
		w.wantSpoke("own", "closer", "closer")
		if w.listenedTimes() != 1 {
			t.Errorf("%d listen, want the scribe", w.listenedTimes())
		}
		k.cut(telephony.OverError{Reason: telephony.OperatorHangup})
		k.wait(t)
	})
}

// A process that stood still may begin to talk on a call that is over. Nobody is
// let into the room that waits under its name now.
func TestACallThatIsOverGetsNoRoom(t *testing.T) {
	in(t, func(w *world) {
		h := w.host("n1", func(c *room.Config) {
			c.Automatic = func(string) []room.Automatic { return []room.Automatic{{Agent: "scribe"}} }
		})
		defer w.shut()
		d := w.send(h, "closer", room.Replace) // nobody has such a call: it waits for one
		k := w.talk(h, 1)
		time.Sleep(2 * time.Second)
		w.settle()
		if d, err := w.store.Dispatch(context.Background(), d.ID); err != nil || len(d.Jobs) != 0 || w.listenedTimes() != 0 {
			t.Errorf("%d jobs, %v, %d listen", len(d.Jobs), err, w.listenedTimes())
		}
		w.wantSpoke("own")
		k.cut(telephony.OverError{Reason: telephony.OperatorHangup})
		k.wait(t)
	})
}
