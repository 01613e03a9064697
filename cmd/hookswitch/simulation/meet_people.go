package simulation

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/room"
)

// sender is somebody with a LiveKit client, who sends agents to a call and takes
// them off again, one request after the other.
type sender struct {
	*later
	number int
	room   string // its name
	chance *rand.Rand
	nth    int
	sent   []string // dispatches that stand, as far as they know
	call   *floor   // nil: before there is one
}

// comePeople has somebody send agents to a call that has begun to talk.
func (v *talker) comePeople() {
	fl := v.floor
	chance := dice(fl.seed, fl.number, "people")
	name := string(fl.call)
	if r, err := fl.db.Call(context.Background(), fl.call); err == nil && r.Room != "" {
		name = r.Room
	}
	s := &sender{later: fl.later, number: fl.number, room: name, chance: chance, nth: 100, call: fl}
	fl.wg.Go(func() {
		for range chance.IntN(9) {
			time.Sleep(odd(chance, 8*time.Second))
			s.act()
			time.Sleep(rest)
			s.look()
		}
	})
	if chance.IntN(3) == 0 {
		after, g := time.Second+odd(chance, 30*time.Second), v.leg
		time.AfterFunc(after, func() { fl.saw("line lost"); g.lose() })
	}
}

// rest is how long it takes at most until a room is as it was asked to be.
const rest = 5*time.Second + 1

// act asks for something.
func (s *sender) act() {
	switch kind := s.chance.IntN(20); {
	case kind < 13:
		s.send()
	case kind < 19 && len(s.sent) > 0:
		i := s.chance.IntN(len(s.sent))
		id := s.sent[i]
		s.sent = append(s.sent[:i:i], s.sent[i+1:]...)
		s.drop(id)
	case kind == 19:
		s.dropOwn()
	}
}

// send sends somebody.
func (s *sender) send() {
	s.nth++
	d := room.Dispatch{Workspace: home, RoomName: s.room, RequestKey: fmt.Sprint(s.number, "/", s.nth)}
	d.Agent = []string{"closer", "second", "scribe", "closer", "second", "clerk"}[s.chance.IntN(6)]
	d.Join = []room.Join{room.Replace, room.Wait, room.Wait, room.Replace, room.Listen, ""}[s.chance.IntN(6)]
	key := fmt.Sprint("send ", s.number, "/", s.nth)
	var on room.Dispatch
	if s.tries(key, func(ctx context.Context, n *node) error {
		d, err := n.host.Create(ctx, d)
		if err == nil {
			s.mu.Lock()
			on = d
			s.mu.Unlock()
		}
		return err
	}) {
		s.mu.Lock()
		s.sent = append(s.sent, on.ID)
		s.mu.Unlock()
		s.saw(fmt.Sprintf("sent: %s", on.Join))
	}
}

// drop takes somebody off.
func (s *sender) drop(id string) {
	s.nth++
	if s.tries(fmt.Sprint("drop ", s.number, "/", s.nth), func(ctx context.Context, n *node) error {
		_, err := n.host.Delete(ctx, home, s.room, id)
		return err
	}) {
		s.mu.Lock()
		s.meets.gone[id] = time.Now()
		s.mu.Unlock()
		s.saw("deleted")
	}
}

// dropOwn takes the call's own agent off.
func (s *sender) dropOwn() {
	if s.call == nil {
		return
	}
	s.nth++
	var own string
	s.tries(fmt.Sprint("list ", s.number, "/", s.nth), func(ctx context.Context, n *node) error {
		all, err := n.host.List(ctx, home, s.room)
		for _, d := range all {
			if d.RequestKey == room.OwnKey {
				s.mu.Lock()
				own = d.ID
				s.mu.Unlock()
			}
		}
		return err
	})
	s.mu.Lock()
	s.call.own = own
	s.mu.Unlock()
	if own != "" {
		s.saw("own agent deleted")
		s.drop(own)
	}
}

// tries asks until it is done, or there is no such room any more.
func (s *sender) tries(key string, ask func(ctx context.Context, n *node) error) (done bool) {
	_ = s.again(key, func(ctx context.Context, n *node) error {
		switch err := ask(ctx, n); {
		case err == nil:
			s.mu.Lock()
			done = true
			s.mu.Unlock()
			return nil
		case errors.Is(err, room.ErrNotFound):
			return nil
		default:
			return err
		}
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	return done
}

// look holds a room that has had time to settle against who has the floor.
func (s *sender) look() {
	fl := s.call
	s.mu.Lock()
	if len(fl.now) != 1 {
		s.mu.Unlock()
		return
	}
	v := fl.now[0]
	hears := map[string]bool{}
	for id := range fl.hearer {
		if here, ok := strings.CutPrefix(id, v.node.name+" "); ok {
			hears[here] = true
		}
	}
	s.mu.Unlock()
	if time.Since(v.began) < rest-time.Second || !v.node.calm(s.number) || v.leg.isLost() {
		return
	}
	rooms, ctx := s.db.Rooms(), context.Background()
	r, err := rooms.OfCall(ctx, fl.call)
	if errors.Is(err, room.ErrNotFound) {
		return
	}
	all, failed := rooms.Dispatches(ctx, r.ID)
	if err := errors.Join(err, failed); err != nil {
		s.violate(s.number, "one holder", "%v", err)
		return
	}
	s.saw("looked at a room")
	fl.checkScene(v, all, hears)
}

func (g *leg) isLost() bool {
	select {
	case <-g.lost:
		return true
	case <-g.hung:
		return true
	default:
		return false
	}
}
