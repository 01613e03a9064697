package room_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/agentcore/room/roomtest"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
)

// lobby has the calls of a host come to the room "lobby", which somebody chose.
func lobby(c *room.Config) {
	c.Called = func(context.Context, telephony.CallID) (string, string, error) { return ws, "lobby", nil }
}

// await sends agent to the lobby before there is a call.
func (w *world) await(h *room.Host, agent string, join room.Join) room.Dispatch {
	w.t.Helper()
	d, err := h.Create(context.Background(), room.Dispatch{Workspace: ws, RoomName: "lobby", Agent: agent, Join: join})
	if err != nil {
		w.t.Fatal(err)
	}
	if len(d.Jobs) != 0 {
		w.t.Errorf("a room that waits has jobs: %+v", d.Jobs)
	}
	return d
}

// inLobby has a call come to the lobby, where somebody waits.
func inLobby(t *testing.T, agent string, join room.Join, test func(w *world, d room.Dispatch, k *talking)) {
	t.Helper()
	in(t, func(w *world) {
		h := w.host("n1", lobby)
		defer w.shut()
		d := w.await(h, agent, join)
		time.Sleep(time.Minute)
		w.store.AddCall(roomtest.Call{ID: call, Workspace: ws, Room: "lobby", Agent: "reception", Node: "n1", Created: time.Now(), Answered: time.Now()})
		k := w.talk(h, 1)
		w.settle()
		test(w, d, k)
		k.cut(telephony.OverError{Reason: telephony.OperatorHangup})
		k.wait(t)
	})
}

func TestWhoWasThereFirstIsTheCallsAgent(t *testing.T) {
	inLobby(t, "closer", room.Replace, func(w *world, d room.Dispatch, _ *talking) {
		w.wantSpoke("closer")
		w.wantJob(d, "JS_RUNNING")
		w.wantJob(w.own(), "JS_PENDING")
		w.tell("closer", order{end: telephony.AgentHangup})
		w.wantSpoke("closer", "own")
		w.wantJob(w.own(), "JS_RUNNING")
	})
}

func TestWhoWaitsForACallWaitsForItsAgent(t *testing.T) {
	inLobby(t, "closer", room.Wait, func(w *world, d room.Dispatch, _ *talking) {
		w.wantSpoke("own")
		w.wantJob(d, "JS_PENDING")
	})
}

func TestACallWaitsAMomentForTheWorkerThatItIsMeantFor(t *testing.T) {
	inLobby(t, "remote", room.Replace, func(w *world, d room.Dispatch, _ *talking) {
		w.wantSpoke("nobody")
		w.join(d)
		w.wantSpoke("nobody", "remote")
	})
	inLobby(t, "remote", room.Replace, func(w *world, d room.Dispatch, _ *talking) {
		time.Sleep(5 * time.Second)
		w.wantSpoke("nobody", "own")
		w.join(d)
		w.wantSpoke("nobody", "own", "remote")
	})
}

func TestASecondCallOfARoomHasItsOwn(t *testing.T) {
	inLobby(t, "closer", room.Replace, func(w *world, _ room.Dispatch, _ *talking) {
		w.store.AddCall(roomtest.Call{ID: "call_2", Workspace: ws, Room: "lobby", Agent: "reception", Node: "n1", Created: time.Now(), Answered: time.Now()})
		if r, err := w.store.Bind(context.Background(), ws, "lobby", "call_2", time.Now()); !errors.Is(err, room.ErrTaken) {
			t.Errorf("Bind() = %+v, %v", r, err)
		}
	})
}

func TestAutomaticAgentsComeToEveryCallOnce(t *testing.T) {
	in(t, func(w *world) {
		h := w.host("n1", func(c *room.Config) {
			c.Automatic = func(string) []room.Automatic { return []room.Automatic{{Agent: "scribe"}} }
		})
		defer w.shut()
		w.addCall()
		k := w.talk(h, 1)
		w.settle()
		w.wantSpoke("own")
		all, err := h.List(context.Background(), ws, string(call))
		if err != nil || len(all) != 2 || all[1].Agent != "scribe" || all[1].Trigger != room.ByRoom || all[1].Jobs[0].Status != room.Running {
			t.Fatalf("List() = %+v, %v", all, err)
		}
		w.drop(h, all[1])
		k.line.Lose(io.ErrUnexpectedEOF)
		k.wait(t)
		k = w.talk(h, 2)
		w.settle()
		if all, _ := h.List(context.Background(), ws, string(call)); len(all) != 2 {
			t.Errorf("after it was deleted it came back: %+v", all)
		}
		k.cut(telephony.OverError{Reason: telephony.OperatorHangup})
		k.wait(t)
	})
}

// An automatic agent that can't talk as it is comes to no call, and keeps nobody
// else from one. Nor is it asked for twice a second.
func TestAnAutomaticAgentThatIsUnfitIsInNobodysWay(t *testing.T) {
	in(t, func(w *world) {
		asked := 0
		h := w.host("n1", func(c *room.Config) {
			c.Automatic = func(string) []room.Automatic { return []room.Automatic{{Agent: "broken"}, {Agent: "scribe"}} }
			resolve := c.Resolve
			c.Resolve = func(ctx context.Context, workspace, name string) (room.Party, error) {
				if name == "broken" {
					asked++
					return room.Party{}, fmt.Errorf("%w: it has no voice", room.ErrUnfit)
				}
				return resolve(ctx, workspace, name)
			}
		})
		defer w.shut()
		w.addCall()
		k := w.talk(h, 1)
		w.settle()
		time.Sleep(10 * time.Second)
		w.send(h, "closer", room.Replace)
		w.wantSpoke("own", "closer")
		if w.listenedTimes() != 1 || asked != 1 {
			t.Errorf("%d listen; who is unfit was asked for %d times", w.listenedTimes(), asked)
		}
		k.cut(telephony.OverError{Reason: telephony.OperatorHangup})
		k.wait(t)
	})
}

// An agent that can't talk any more when the call comes that it was sent to.
func TestAnAgentThatBecameUnfitIsInNobodysWay(t *testing.T) {
	in(t, func(w *world) {
		fit, asked := true, 0
		h := w.host("n1", func(c *room.Config) {
			c.Called = func(context.Context, telephony.CallID) (string, string, error) { return ws, "lobby", nil }
			resolve := c.Resolve
			c.Resolve = func(ctx context.Context, workspace, name string) (room.Party, error) {
				if asked++; !fit {
					return room.Party{}, fmt.Errorf("%w: it has no voice", room.ErrUnfit)
				}
				return resolve(ctx, workspace, name)
			}
		})
		defer w.shut()
		d := w.await(h, "closer", room.Replace)
		fit, asked = false, 0
		w.store.AddCall(roomtest.Call{ID: call, Workspace: ws, Room: "lobby", Agent: "reception", Node: "n1", Created: time.Now(), Answered: time.Now()})
		k := w.talk(h, 1)
		w.settle()
		time.Sleep(10 * time.Second)
		w.wantSpoke("own")
		w.wantJob(d, "JS_FAILED")
		if asked != 1 {
			t.Errorf("it was asked for %d times in 10 s", asked)
		}
		k.cut(telephony.OverError{Reason: telephony.OperatorHangup})
		k.wait(t)
	})
}

func TestALostLegIsTakenUpByAnotherProcess(t *testing.T) {
	in(t, func(w *world) {
		first, second := w.host("n1", nil), w.host("n2", nil)
		defer w.shut()
		w.addCall()
		k := w.talk(first, 1)
		w.settle()
		d, scribe := w.send(first, "closer", room.Replace), w.send(first, "scribe", "")
		began := w.job(d)
		k.line.Lose(io.ErrUnexpectedEOF)
		k.wait(t)
		if !errors.Is(k.err, telephony.ErrLost) || k.sum.End != "" {
			t.Errorf("Talk() = %+v, %v", k.sum, k.err)
		}
		w.wantJob(d, "JS_RUNNING")
		time.Sleep(3 * time.Second)
		k = w.talk(second, 2)
		w.settle()
		w.wantSpoke("own", "closer", "closer")
		for _, d := range []room.Dispatch{d, scribe} {
			w.wantJob(d, "JS_RUNNING")
			if j := w.job(d); j.Attempts != 2 || j.Node != "n2" || !j.Started.After(j.FirstStarted) {
				t.Errorf("%s was taken up as %+v", j.Agent, j)
			}
		}
		if !w.job(d).FirstStarted.Equal(began.FirstStarted) {
			t.Error("when it first began has changed")
		}
		// The first process is asked; the second hears of it from the store.
		w.drop(first, d)
		time.Sleep(600 * time.Millisecond)
		w.wantSpoke("own", "closer", "closer", "nobody")
		k.cut(telephony.OverError{Reason: telephony.OperatorHangup})
		k.wait(t)
	})
}

func TestAnotherProcessIsHeardOfByThePollAlone(t *testing.T) {
	in(t, func(w *world) {
		h, asked := w.host("n1", nil), w.idle("n2", nil)
		defer w.shut()
		w.addCall()
		k := w.talk(h, 1)
		w.settle()
		d := w.send(asked, "closer", room.Replace)
		w.wantSpoke("own")
		time.Sleep(500 * time.Millisecond)
		w.settle()
		w.wantSpoke("own", "closer")
		w.drop(asked, d)
		time.Sleep(500 * time.Millisecond)
		w.settle()
		w.wantSpoke("own", "closer", "nobody")
		k.cut(telephony.OverError{Reason: telephony.OperatorHangup})
		k.wait(t)
	})
}

// earlobes are ears that hear nothing but time.
type earlobes struct {
	once sync.Once
	shut chan struct{}
}

func (e *earlobes) Next(_, _ *media.Frame) error {
	select {
	case <-e.shut:
		return io.EOF
	case <-time.After(media.FrameDuration):
		return nil
	}
}

func (e *earlobes) Close() error { e.once.Do(func() { close(e.shut) }); return nil }

func TestListenersGoOnWhileTheCallerIsAway(t *testing.T) {
	inCall(t, func(w *world, h *room.Host, k *talking) {
		d := w.send(h, "scribe", "")
		w.tell("own", order{left: true})
		k.wait(t)
		ctx, cancel := context.WithCancel(context.Background())
		over := make(chan error)
		ears := &earlobes{shut: make(chan struct{})}
		go func() { over <- h.Overhear(ctx, telephony.Call{ID: call, Epoch: 1}, ears) }()
		w.settle()
		before := w.frameCount("scribe")
		time.Sleep(time.Second)
		w.settle()
		if got := w.frameCount("scribe") - before; got < 49 {
			t.Errorf("it heard %d frames in a second", got)
		}
		late := w.send(h, "other-scribe", "")
		w.wantJob(d, "JS_RUNNING")
		w.wantJob(late, "JS_RUNNING")
		second := w.send(h, "closer", room.Replace) // comes when the caller is back
		w.wantJob(second, "JS_PENDING")
		cancel()
		if err := <-over; err != nil {
			t.Errorf("Overhear() = %v", err)
		}
		select {
		case <-ears.shut:
		default:
			t.Error("the ears are open")
		}
		back := w.talk(h, 2)
		w.settle()
		w.wantSpoke("own", "closer")
		back.cut(telephony.OverError{Reason: telephony.OperatorHangup})
		back.wait(t)
	})
}

func TestOnlyTheNewestPartOfACallIsListenedTo(t *testing.T) {
	inCall(t, func(w *world, h *room.Host, k *talking) {
		w.send(h, "scribe", "")
		ears := &earlobes{shut: make(chan struct{})}
		over := make(chan error)
		go func() { over <- h.Overhear(context.Background(), telephony.Call{ID: call, Epoch: 1}, ears) }()
		w.settle() // the talk is not over yet: its leg is
		before := w.frameCount("scribe")
		time.Sleep(time.Second)
		w.settle()
		if got := w.frameCount("scribe") - before; got < 49 || got > 56 {
			t.Errorf("it heard %d frames in a second", got)
		}
		if n := w.listenedTimes(); n != 2 {
			t.Errorf("it began to listen %d times", n)
		}
		_ = ears.Close()
		if err := <-over; err != nil {
			t.Errorf("Overhear() = %v", err)
		}
	})
}

func TestTheCallEndsWhileAnAgentJoins(t *testing.T) {
	inCall(t, func(w *world, h *room.Host, k *talking) {
		r, _ := w.store.Find(context.Background(), ws, string(call), time.Now())
		w.store.EndCall(call, time.Now()) // somebody else ended it; our cut comes in a moment
		d, err := h.Create(context.Background(), room.Dispatch{Workspace: ws, RoomName: string(call), Agent: "closer"})
		if err != nil || len(d.Jobs) != 0 { // a room of that name waits now; nothing of it is the call's
			t.Errorf("Create() = %+v, %v", d, err)
		}
		time.Sleep(2 * time.Second)
		w.wantSpoke("own")
		k.cut(telephony.OverError{Reason: telephony.OperatorHangup})
		k.wait(t)
		all, _ := w.store.Dispatches(context.Background(), r.ID)
		for _, d := range all {
			w.wantJob(d, "JS_SUCCESS JSR_ROOM_CLOSED")
		}
	})
}

// hasty is a store in which the call ends as soon as its room was found.
type hasty struct {
	*roomtest.Store
	once sync.Once
}

func (s *hasty) Open(ctx context.Context, workspace, name string, now time.Time) (room.Room, error) {
	r, err := s.Store.Open(ctx, workspace, name, now)
	s.once.Do(func() { s.EndCall(call, now) })
	return r, err
}

func TestARoomThatClosesWhileADispatchIsMade(t *testing.T) {
	in(t, func(w *world) {
		w.addCall()
		h := w.idle("n1", func(c *room.Config) { c.Store = &hasty{Store: w.store} })
		d, err := h.Create(context.Background(), room.Dispatch{Workspace: ws, RoomName: string(call), Agent: "closer"})
		if err != nil || len(d.Jobs) != 0 {
			t.Errorf("Create() = %+v, %v, want a dispatch that waits", d, err)
		}
	})
}

func TestADispatchThatIsDeletedWhileItJoins(t *testing.T) {
	inCall(t, func(w *world, h *room.Host, _ *talking) {
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				d, err := h.Create(context.Background(), room.Dispatch{Workspace: ws, RoomName: string(call), Agent: "closer"})
				if err == nil {
					_, err = h.Delete(context.Background(), ws, string(call), d.ID)
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		time.Sleep(time.Second)
		w.settle()
		ds, _ := h.List(context.Background(), ws, string(call))
		for _, d := range ds[1:] {
			if j := w.job(d); !j.Status.Over() || d.Deleted.IsZero() {
				t.Errorf("a deleted dispatch's job is %s", j.Status)
			}
			if err := sane(w.job(d)); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestAThousandDispatchesIntoOneRoom(t *testing.T) {
	inCall(t, func(w *world, h *room.Host, _ *talking) {
		errs := make([]error, 1000)
		var all sync.WaitGroup
		for i := range errs {
			all.Go(func() {
				agent, join := "closer", room.Replace
				if i%2 == 0 {
					agent, join = "second", room.Wait
				}
				_, errs[i] = h.Create(context.Background(), room.Dispatch{Workspace: ws, RoomName: string(call), Agent: agent, Join: join})
			})
		}
		all.Wait()
		kept := 1 // the call's own agent
		for _, err := range errs {
			if err == nil {
				kept++
			} else if !errors.Is(err, room.ErrFull) {
				t.Fatalf("Create() = %v", err)
			}
		}
		time.Sleep(2 * time.Second)
		w.settle()
		ds, err := h.List(context.Background(), ws, string(call))
		if err != nil || kept != room.MaxDispatches || len(ds) != kept {
			t.Errorf("%d were kept, %d are there, %v", kept, len(ds), err)
		}
		running := 0
		for _, d := range ds {
			if w.job(d).Status == room.Running {
				running++
			}
		}
		if running != 1 {
			t.Errorf("%d run", running)
		}
	})
}

func TestTheSameRequestTwiceIsOneDispatch(t *testing.T) {
	inCall(t, func(w *world, h *room.Host, _ *talking) {
		var ids []string
		for range 2 {
			d, err := h.Create(context.Background(), room.Dispatch{Workspace: ws, RoomName: string(call), Agent: "closer", RequestKey: "own"})
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, d.ID)
		}
		w.settle()
		if ids[0] != ids[1] || ids[0] == w.own().ID {
			t.Errorf("dispatches %v, beside the own agent's %s", ids, w.own().ID)
		}
		w.wantSpoke("own", "closer")
		_, err := h.Create(context.Background(), room.Dispatch{Workspace: ws, RoomName: string(call), Metadata: `{"hookswitch":{"join":"shout"}}`})
		if !errors.Is(err, room.ErrJoin) {
			t.Errorf("Create() = %v, want ErrJoin", err)
		}
		d, err := h.Create(context.Background(), room.Dispatch{Workspace: ws, RoomName: string(call), Agent: "second", Metadata: `{"hookswitch":{"join":"wait"}}`})
		if err != nil || d.Join != room.Wait {
			t.Errorf("Create() = %+v, %v", d, err)
		}
	})
}

func TestUnknownRoomsAndDispatches(t *testing.T) {
	inCall(t, func(w *world, h *room.Host, _ *talking) {
		d := w.send(h, "closer", room.Wait)
		for what, test := range map[string]func() error{
			"List of no room":       func() error { _, err := h.List(t.Context(), ws, "nowhere"); return err },
			"List by a stranger":    func() error { _, err := h.List(t.Context(), "other", string(call)); return err },
			"Delete in no room":     func() error { _, err := h.Delete(t.Context(), ws, "nowhere", d.ID); return err },
			"Delete by a stranger":  func() error { _, err := h.Delete(t.Context(), "other", string(call), d.ID); return err },
			"Delete of no dispatch": func() error { _, err := h.Delete(t.Context(), ws, string(call), "AD_404"); return err },
		} {
			if err := test(); !errors.Is(err, room.ErrNotFound) {
				t.Errorf("%s = %v, want ErrNotFound", what, err)
			}
		}
	})
}

func TestADoorsAgentsComeWithItsCall(t *testing.T) {
	in(t, func(w *world) {
		h := w.host("n1", lobby)
		defer w.shut()
		w.store.AddCall(roomtest.Call{ID: call, Workspace: ws, Room: "lobby", Node: "n1", Created: time.Now(), Answered: time.Now()})
		for range 2 {
			if err := h.Enter(context.Background(), ws, "lobby", call, []room.Dispatch{{Agent: "closer"}, {Agent: "scribe"}}); err != nil {
				t.Fatal(err)
			}
		}
		k := w.talk(h, 1)
		w.settle()
		w.wantSpoke("closer")
		all, err := h.List(context.Background(), ws, "lobby")
		if err != nil || len(all) != 2 || all[0].Trigger != room.ByJoin {
			t.Errorf("List() = %+v, %v", all, err)
		}
		k.cut(telephony.OverError{Reason: telephony.OperatorHangup})
		k.wait(t)
	})
}

func TestRoomsThatNobodyCameToAreClosed(t *testing.T) {
	in(t, func(w *world) {
		h := w.host("n1", nil)
		defer w.shut()
		w.await(h, "closer", "")
		time.Sleep(59 * time.Minute) // of the hour that the docs promise
		if _, err := h.List(context.Background(), ws, "lobby"); err != nil {
			t.Errorf("List() = %v", err)
		}
		time.Sleep(3 * time.Minute)
		if _, err := h.List(context.Background(), ws, "lobby"); !errors.Is(err, room.ErrNotFound) {
			t.Errorf("List() = %v, want ErrNotFound", err)
		}
	})
}

// TestBusyRooms is a little of everything at once, on two nodes.
func TestBusyRooms(t *testing.T) {
	in(t, func(w *world) {
		h, other := w.host("n1", nil), w.host("n2", nil)
		defer w.shut()
		w.addCall()
		k := w.talk(h, 1)
		var all sync.WaitGroup
		for i := range 10 {
			all.Go(func() {
				use := []*room.Host{h, other}[i%2]
				for n := range 10 {
					agent := []string{"closer", "second", "scribe", "shy", "remote"}[(i+n)%5]
					d, err := use.Create(context.Background(), room.Dispatch{Workspace: ws, RoomName: string(call), Agent: agent})
					if err != nil && !errors.Is(err, room.ErrFull) {
						t.Error(err)
					}
					time.Sleep(time.Duration(i*37+n*53) * time.Millisecond)
					h.Told(call, agentcore.Entry{N: n})
					if n%3 != 0 && err == nil {
						if _, err := other.Delete(context.Background(), ws, string(call), d.ID); err != nil {
							t.Error(err)
						}
					}
				}
			})
		}
		all.Wait()
		time.Sleep(2 * time.Second)
		ds, _ := h.List(context.Background(), ws, string(call))
		holders := 0
		for _, d := range ds {
			j := w.job(d)
			if err := sane(j); err != nil {
				t.Errorf("%s: %v", j.Agent, err)
			}
			if j.Status == room.Running && j.Kind == room.Own {
				holders++
			}
			if !d.Deleted.IsZero() && !j.Status.Over() {
				t.Errorf("%s was deleted and is %s", j.Agent, j.Status)
			}
		}
		if holders > 1 {
			t.Errorf("%d have the floor", holders)
		}
		k.cut(telephony.OverError{Reason: telephony.OperatorHangup})
		k.wait(t)
	})
}
