package room_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/telephony"
)

// inCall has a call that talks with its own agent, on a host that runs.
func inCall(t *testing.T, test func(w *world, h *room.Host, k *talking)) {
	t.Helper()
	in(t, func(w *world) {
		h := w.host("n1", nil)
		defer w.shut()
		w.addCall()
		k := w.talk(h, 1)
		w.settle()
		test(w, h, k)
		k.cut(telephony.OverError{Reason: telephony.OperatorHangup})
		k.wait(t)
	})
}

func TestACallAloneHasNoRoom(t *testing.T) {
	inCall(t, func(w *world, _ *room.Host, k *talking) {
		if _, err := w.store.OfCall(context.Background(), call); !errors.Is(err, room.ErrNotFound) {
			t.Errorf("OfCall() = %v", err)
		}
		w.tell("own", order{end: telephony.AgentHangup})
		k.wait(t)
		if k.sum.End != telephony.AgentHangup || k.err != nil || k.line.Hangups() == 0 {
			t.Errorf("Talk() = %+v, %v, and %d hangups", k.sum, k.err, k.line.Hangups())
		}
		w.wantSpoke("own")
	})
}

func TestWhoReplacesHasTheFloorAtOnce(t *testing.T) {
	inCall(t, func(w *world, h *room.Host, k *talking) {
		d := w.send(h, "closer", room.Replace)
		w.wantSpoke("own", "closer")
		w.wantJob(d, "JS_RUNNING")
		w.wantJob(w.own(), "JS_SUCCESS")
		if j := w.floors[1]; j.ID != w.job(d).ID || j.AgentUUID != "a-closer" || j.Version != 2 || w.pasts[1] != 1 {
			t.Errorf("it was given %+v and %d entries", j, w.pasts[1])
		}
		w.tell("closer", order{end: telephony.AgentHangup})
		k.wait(t)
		if k.sum.End != telephony.AgentHangup {
			t.Errorf("Talk() = %+v, %v", k.sum, k.err)
		}
		w.wantJob(d, "JS_SUCCESS JSR_ROOM_CLOSED")
	})
}

func TestWhoWaitsComesWhenTheOtherWouldEndTheCall(t *testing.T) {
	inCall(t, func(w *world, h *room.Host, k *talking) {
		d := w.send(h, "closer", room.Wait)
		w.wantJob(d, "JS_PENDING")
		w.wantSpoke("own")
		w.tell("own", order{end: telephony.AgentHangup})
		w.wantSpoke("own", "closer")
		w.wantJob(d, "JS_RUNNING")
		w.wantJob(w.own(), "JS_SUCCESS")
		w.tell("closer", order{end: telephony.AgentHangup})
		k.wait(t)
		if k.sum.End != telephony.AgentHangup {
			t.Errorf("Talk() = %+v, %v", k.sum, k.err)
		}
	})
}

func TestAnAgentMayWaitByItself(t *testing.T) {
	inCall(t, func(w *world, h *room.Host, _ *talking) {
		d := w.send(h, "shy", "")
		w.wantJob(d, "JS_PENDING")
		w.send(h, "closer", "")
		w.tell("closer", order{end: telephony.AgentHangup})
		w.wantSpoke("own", "closer", "shy")
		w.wantJob(d, "JS_RUNNING")
	})
}

func TestWaitersComeInTheirOrder(t *testing.T) {
	inCall(t, func(w *world, h *room.Host, _ *talking) {
		w.send(h, "second", room.Wait)
		w.send(h, "closer", room.Wait)
		w.tell("own", order{})
		w.tell("second", order{})
		w.wantSpoke("own", "second", "closer")
	})
}

func TestListenersHearAndSayNothing(t *testing.T) {
	inCall(t, func(w *world, h *room.Host, k *talking) {
		scribe := w.send(h, "scribe", room.Replace) // whatever was asked for: it can only listen
		ours := w.send(h, "closer", room.Listen)
		time.Sleep(time.Second)
		h.Told(call, agentcore.Entry{N: 1, Event: agentcore.Opened{}})
		w.settle()
		w.wantSpoke("own")
		w.wantJob(scribe, "JS_RUNNING")
		w.wantJob(ours, "JS_RUNNING")
		w.mu.Lock()
		for _, name := range []string{"scribe", "closer"} {
			if w.frames[name] < 45 || w.told[name] != 1 {
				t.Errorf("%s heard %d frames and %d entries", name, w.frames[name], w.told[name])
			}
		}
		w.mu.Unlock()
		if !h.HasListeners(call) {
			t.Error("nobody is said to listen")
		}
		w.drop(h, scribe)
		w.drop(h, ours)
		if h.HasListeners(call) {
			t.Error("somebody is said to listen")
		}
		w.wantJob(ours, "JS_CANCELLED JSR_DISPATCH_DELETED")
	})
}

func TestDeletedHolderLeavesTheCallInSilence(t *testing.T) {
	inCall(t, func(w *world, h *room.Host, k *talking) {
		d := w.send(h, "closer", room.Replace)
		w.drop(h, d)
		w.wantSpoke("own", "closer", "nobody")
		w.wantJob(d, "JS_CANCELLED JSR_DISPATCH_DELETED")
		select {
		case <-k.done:
			t.Errorf("the call did not stay: %+v, %v", k.sum, k.err)
		default:
		}
		w.send(h, "second", room.Wait) // nobody is there to be waited for
		w.wantSpoke("own", "closer", "nobody", "second")
	})
}

func TestTheCallsOwnAgentCanBeDeleted(t *testing.T) {
	inCall(t, func(w *world, h *room.Host, _ *talking) {
		d := w.own()
		w.drop(h, d)
		w.wantSpoke("own", "nobody")
		w.wantJob(d, "JS_CANCELLED JSR_DISPATCH_DELETED")
	})
}

func TestDeletedWaiterNeverComes(t *testing.T) {
	inCall(t, func(w *world, h *room.Host, k *talking) {
		d := w.send(h, "closer", room.Wait)
		w.drop(h, d)
		w.wantJob(d, "JS_CANCELLED JSR_DISPATCH_DELETED")
		w.tell("own", order{end: telephony.AgentHangup})
		k.wait(t)
		w.wantSpoke("own")
	})
}

func TestTheNextWaiterTakesADeletedHoldersFloor(t *testing.T) {
	inCall(t, func(w *world, h *room.Host, _ *talking) {
		d := w.send(h, "closer", room.Replace)
		w.send(h, "second", room.Wait)
		w.drop(h, d)
		w.wantSpoke("own", "closer", "second")
	})
}

func TestAWorkerHasTheFloorOnceItIsThere(t *testing.T) {
	inCall(t, func(w *world, h *room.Host, k *talking) {
		d := w.send(h, "remote", room.Replace)
		if w.offers == 0 {
			t.Error("the workers were not told")
		}
		time.Sleep(time.Minute)
		w.wantJob(d, "JS_PENDING")
		w.wantSpoke("own")
		w.join(d)
		w.wantSpoke("own", "remote")
		w.wantJob(w.own(), "JS_SUCCESS")
		before := w.offers
		w.send(h, "closer", room.Replace)
		w.wantSpoke("own", "remote", "closer")
		w.wantJob(d, "JS_SUCCESS")
		if w.offers == before {
			t.Error("the workers were not told that theirs is over")
		}
	})
}

func TestAWorkerThatLeavesWellEndsTheCallItself(t *testing.T) {
	inCall(t, func(w *world, h *room.Host, k *talking) {
		d := w.send(h, "remote", room.Replace)
		w.join(d)
		w.move(d, room.Success)
		w.wantSpoke("own", "remote") // the bridge's end is what counts
		w.tell("remote", order{end: telephony.AgentHangup})
		k.wait(t)
		if k.sum.End != telephony.AgentHangup {
			t.Errorf("Talk() = %+v, %v", k.sum, k.err)
		}
	})
}

func TestAWorkerThatIsLostIsReplacedByTheCallsOwnUntilAnotherComes(t *testing.T) {
	inCall(t, func(w *world, h *room.Host, _ *talking) {
		d := w.send(h, "remote", room.Replace)
		w.join(d)
		w.move(d, room.Failed)
		w.wantSpoke("own", "remote", "own")
		time.Sleep(2 * time.Second)
		w.wantJob(d, "JS_PENDING")
		if all, _ := w.store.Dispatch(context.Background(), d.ID); len(all.Jobs) != 2 || all.Jobs[0].Reason != room.ReasonRetrying {
			t.Errorf("its jobs are %+v", all.Jobs)
		}
		w.join(d)
		w.wantSpoke("own", "remote", "own", "remote")
	})
}

func TestABridgeThatBreaksIsFollowedByTheCallsOwnUntilAnotherStands(t *testing.T) {
	inCall(t, func(w *world, h *room.Host, _ *talking) {
		d := w.send(h, "remote", room.Replace)
		w.join(d)
		w.tell("remote", order{err: errors.New("the agent left the room: signal_close"), lose: true})
		w.wantJob(d, "JS_FAILED")
		w.wantSpoke("own", "remote", "own")
		time.Sleep(2 * time.Second)
		w.wantJob(d, "JS_PENDING")
		w.join(d)
		w.wantSpoke("own", "remote", "own", "remote")
	})
}

func TestABridgeThatBreaksLeavesTheCallInSilenceWhenItsOwnAgentWasDeleted(t *testing.T) {
	inCall(t, func(w *world, h *room.Host, k *talking) {
		d := w.send(h, "remote", room.Replace)
		w.join(d)
		w.drop(h, w.own())
		w.tell("remote", order{err: errors.New("the agent left the room: signal_close"), lose: true})
		w.wantSpoke("own", "remote", "nobody")
		select {
		case <-k.done:
			t.Errorf("the call did not stay: %+v, %v", k.sum, k.err)
		default:
		}
		time.Sleep(2 * time.Second)
		w.join(d)
		w.wantSpoke("own", "remote", "nobody", "remote")
	})
}

func TestAnAgentThatBreaksIsFollowedByTheCallsOwn(t *testing.T) {
	inCall(t, func(w *world, h *room.Host, k *talking) {
		d := w.send(h, "closer", room.Replace)
		w.tell("closer", order{err: errors.New("no voice")})
		w.wantSpoke("own", "closer", "own")
		w.wantJob(d, "JS_FAILED")
		w.wantJob(w.own(), "JS_RUNNING")
		w.tell("own", order{err: errors.New("no voice either")})
		k.wait(t)
		if k.err == nil || k.sum.End != "" {
			t.Errorf("Talk() = %+v, %v", k.sum, k.err)
		}
	})
}

func TestAListenerThatBreaksIsTriedAgainThreeTimes(t *testing.T) {
	for restart, want := range map[string]int{"": 4, "JRP_NEVER": 1} {
		inCall(t, func(w *world, h *room.Host, _ *talking) {
			d, err := h.Create(context.Background(), room.Dispatch{Workspace: ws, RoomName: string(call), Agent: "scribe", Restart: restart})
			if err != nil {
				t.Fatal(err)
			}
			for range 6 {
				select {
				case w.ordered("scribe") <- order{err: errors.New("deaf")}:
				default:
				}
				time.Sleep(10 * time.Second)
			}
			d, _ = w.store.Dispatch(context.Background(), d.ID)
			if len(d.Jobs) != want {
				t.Errorf("restart %q: %d jobs, want %d", restart, len(d.Jobs), want)
			}
			for i, j := range d.Jobs {
				if last := i == len(d.Jobs)-1; j.Status != room.Failed || (j.Reason == room.ReasonRetrying) == last {
					t.Errorf("job %d is %s %s", i, j.Status, j.Reason)
				}
			}
			w.wantSpoke("own")
		})
	}
}

func TestAListenerThatTakesNoMoreSaysSo(t *testing.T) {
	inCall(t, func(w *world, h *room.Host, _ *talking) {
		d, err := h.Create(context.Background(), room.Dispatch{Workspace: ws, RoomName: string(call), Agent: "scribe", Restart: "JRP_NEVER"})
		if err != nil {
			t.Fatal(err)
		}
		w.tell("scribe", order{err: fmt.Errorf("the load is too high: %w", room.ErrBusy)})
		w.wantJob(d, "JS_FAILED JSR_NO_CAPACITY")
		d, _ = w.store.Dispatch(context.Background(), d.ID)
		if why := d.Jobs[0].Error; !strings.Contains(why, "no more jobs") {
			t.Errorf("it failed because %s", why)
		}
		w.wantSpoke("own")
	})
}

func TestAListenerThatIsDoneIsDone(t *testing.T) {
	inCall(t, func(w *world, h *room.Host, _ *talking) {
		d := w.send(h, "scribe", "")
		w.tell("scribe", order{})
		time.Sleep(10 * time.Second)
		w.wantJob(d, "JS_SUCCESS")
		if n := w.listenedTimes(); n != 1 {
			t.Errorf("it listened %d times", n)
		}
	})
}

func TestATransferLeavesTheRoomAsItIs(t *testing.T) {
	inCall(t, func(w *world, h *room.Host, k *talking) {
		d := w.send(h, "closer", room.Replace)
		w.tell("closer", order{left: true})
		k.wait(t)
		if !k.sum.Left || k.err != nil {
			t.Errorf("Talk() = %+v, %v", k.sum, k.err)
		}
		w.wantJob(d, "JS_RUNNING")
		back := w.talk(h, 2)
		w.settle()
		w.wantSpoke("own", "closer", "closer")
		if j := w.job(d); j.Attempts != 2 {
			t.Errorf("attempt %d", j.Attempts)
		}
		back.cut(telephony.OverError{Reason: telephony.OperatorHangup})
		back.wait(t)
	})
}
