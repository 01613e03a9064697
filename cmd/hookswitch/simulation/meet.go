package simulation

import (
	"context"
	"fmt"
	"regexp"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/telephony"
)

const (
	meetFor = 4 * time.Minute // within which the calls begin

	// meetLasts is a run: the last call, and as long as it may take until others
	// have seen to what a dead process had.
	meetLasts = meetFor + 16*time.Minute
)

// meeting is what a run knows whose calls are rooms. It is guarded by world.mu.
type meeting struct {
	floors map[telephony.CallID]*floor
	gone   map[string]time.Time // since when somebody knows that a dispatch is deleted
	shaky  map[int]time.Time    // by call: until when something that went wrong may be felt
	voices int
	faults []trouble
	ears   []*hearing
}

// trouble is that something went wrong with a call; 0: with what is shared.
type trouble struct {
	at   time.Time
	call int
}

// RunRooms simulates calls to whom other agents are sent, with seed, when plan goes
// wrong; see [Run]. The processes are those of [RunLater], each with the host of
// its calls' rooms.
func RunRooms(ctx context.Context, seed uint64, plan []Fault) (Result, error) {
	l, err := newLater(ctx, seed, plan)
	if err != nil {
		return Result{}, err
	}
	l.meets = &meeting{floors: map[telephony.CallID]*floor{}, gone: map[string]time.Time{}, shaky: map[int]time.Time{}}
	l.simulate(l.meet, meetLasts, func() { l.checkRooms(ctx) })
	r := l.result("TestSweepRooms", plan)
	r.Trace = counted(r.Trace)
	return r, l.db.Close()
}

var drawn = regexp.MustCompile(`\b(RM|AD|AJ)_[A-Z0-9]{12}\b`)

// counted is a trace in which ids that were drawn have the number of their first
// appearance: those of no two runs are the same.
func counted(trace string) string {
	ids := map[string]string{}
	return drawn.ReplaceAllStringFunc(trace, func(id string) string {
		if ids[id] == "" {
			ids[id] = fmt.Sprintf("%s%d", id[:3], len(ids)+1)
		}
		return ids[id]
	})
}

// meet lets the calls begin, each at its own time: some come in, some are placed,
// and to a room that somebody chose agents are sent before it has a call.
func (l *later) meet() {
	for number := 1; number <= sleeps-1; number++ {
		chance := dice(l.seed, number, "meets")
		at := odd(chance, meetFor)
		lobby := ""
		if chance.IntN(3) == 0 {
			lobby = fmt.Sprintf("lobby-%02d", number)
			l.name(lobby, number)
		}
		inbound := lobby == "" && chance.IntN(3) > 0
		l.wg.Go(func() {
			time.Sleep(at)
			if inbound {
				l.net.add(number, true, "", home).calls()
				return
			}
			if lobby != "" {
				s := &sender{later: l, number: number, room: lobby, chance: dice(l.seed, number, "sends before")}
				s.send()
			}
			l.placeFor(number, lobby)
		})
	}
}

// placeFor has a call placed whose room is to be lobby; empty: the call's id.
func (l *later) placeFor(number int, lobby string) {
	_ = l.again(fmt.Sprint("placed ", number), func(ctx context.Context, n *node) error {
		_, _, err := n.desk.Dispatch(ctx, dispatch.Wish{
			Workspace: home, Agent: "plain", AgentUUID: plain, Version: 1, PostCall: postCall, IdemKey: fmt.Sprint("placed ", number), IdemHash: "the same",
			From: ourNumber, To: telephony.Number(phoneNumber(number)), RingTimeout: 30 * time.Second, Room: lobby,
		})
		return err
	})
}

// parties are the agents of the workspaces. The own agent of every call is "plain".
var parties = map[string]room.Party{
	"closer": {Kind: room.Own, AgentUUID: "agent-closer", Version: 1}, "second": {Kind: room.Own, AgentUUID: "agent-second", Version: 1},
	"scribe": {Kind: room.Service}, "clerk": {Kind: room.Service},
}

// meeting is the [room.Config] of a process. In every other
// seed each call is taken down by a scribe that nobody sent.
func (n *node) meeting() room.Config {
	return room.Config{
		Store: floors{n.db.Rooms(), n}, Node: n.name, Speak: n.speak, Listen: n.listen,
		Called: func(ctx context.Context, call telephony.CallID) (workspace, name string, err error) {
			r, err := nodeCalls{records{n.db, n.world, n}}.Call(ctx, call)
			return r.Workspace, r.Room, err
		},
		Resolve: func(ctx context.Context, _, name string) (p room.Party, err error) {
			err = n.do(ctx, 0, "rooms.resolve", func() error {
				var ok bool
				if p, ok = parties[name]; !ok {
					return room.ErrNotFound
				}
				return nil
			})
			return p, err
		},
		Automatic: func(string) []room.Automatic {
			if n.seed%2 == 0 {
				return nil
			}
			return []room.Automatic{{Agent: "scribe"}}
		},
		Journal: func(ctx context.Context, call telephony.CallID) (all []agentcore.Entry, err error) {
			err = n.do(ctx, n.world.named(call), "rooms.journal", func() (err error) {
				all, err = n.db.Journal(context.WithoutCancel(ctx), call, 0)
				return err
			})
			return all, err
		},
	}
}

// felt is how long something that went wrong may be felt: a request that hangs
// until it is given up, and is made again.
const felt = 15 * time.Second

// upset notes that something went wrong at an operation of a call; 0: of none.
func (n *node) upset(call int) {
	until := time.Now().Add(felt)
	n.life.Lock()
	n.shaky = until
	n.life.Unlock()
	if n.meets != nil {
		n.mu.Lock()
		n.meets.shaky[call] = until
		n.meets.faults = append(n.meets.faults, trouble{time.Now(), call})
		n.mu.Unlock()
	}
}

// calm reports whether all has gone well of late with a call that n has.
func (n *node) calm(call int) bool {
	n.mu.Lock()
	shaky := n.meets.shaky[call]
	n.mu.Unlock()
	n.life.Lock()
	defer n.life.Unlock()
	now := time.Now()
	return !n.dead && now.After(shaky) && now.After(n.shaky) && now.After(n.wakes.Add(felt))
}

// floor is the floor of a call, as the caller hears it.
type floor struct {
	*later
	call   telephony.CallID
	number int
	people sync.Once

	// These are guarded by world.mu.
	now    []*talker // who has it: one
	voices int       // who had it
	ears   int       // who listened
	said   bool      // it was noted that two were heard
	last   int       // the number of whose sound came last
	over   map[int]bool
	talks  map[int]*talker
	hearer map[string]bool // jobs that listen just now
	own    string          // the dispatch of the call's own agent, once somebody knows it
}

func (l *later) floorOf(call telephony.CallID) *floor {
	number := l.world.named(call)
	l.mu.Lock()
	defer l.mu.Unlock()
	fl := l.meets.floors[call]
	if fl == nil {
		fl = &floor{later: l, call: call, number: number, over: map[int]bool{}, talks: map[int]*talker{}, hearer: map[string]bool{}}
		l.meets.floors[call] = fl
	}
	return fl
}
