package server

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/grant"
	"github.com/hookswitch/hookswitch/telephony"
)

// enter is the [dispatch.Config]'s Enter: it says where a call goes that came to
// a door. Who is sent with it waits until there is the call to send them to.
func (s *Server) enter(ctx context.Context, door, carrier string) (dispatch.Entry, error) {
	e, err := s.livekit.OpenDoor(ctx, door, carrier)
	var refused grant.Refused
	switch {
	case errors.Is(err, room.ErrNotFound), errors.Is(err, room.ErrTaken), errors.As(err, &refused):
		return dispatch.Entry{}, telephony.ErrToken
	case err != nil:
		return dispatch.Entry{}, err
	}
	r, err := s.store.Rooms().Find(ctx, e.Workspace, e.Room, time.Now())
	switch {
	case err != nil && !errors.Is(err, room.ErrNotFound):
		return dispatch.Entry{}, fmt.Errorf("server: the room of a call that comes in: %w", err)
	case r.Call != "":
		return dispatch.Entry{}, fmt.Errorf("%w: the room has a call already", telephony.ErrToken)
	}
	s.arrivals.expect(dispatch.ForeignName(e.Workspace, carrier), e)
	return dispatch.Entry{
		Route: dispatch.Route{Workspace: e.Workspace, Variables: "{}"}, Room: e.Room, Direction: e.Direction,
	}, nil
}

// arrive sends the agents that a call brought along. A store that fails costs no
// call: somebody may send them again.
func (s *Server) arrive(ctx context.Context, call telephony.Call) {
	e, ok := s.arrivals.meet(call.Carrier)
	if !ok {
		return
	}
	if err := s.host.Enter(ctx, e.Workspace, e.Room, call.ID, e.Agents); err != nil {
		s.log.Error("agents are not sent to the call that they came with", "call", call.ID, "error", err)
	}
}

// arrivals are calls that have come in by a door and do not talk yet. The zero
// arrivals are ready.
type arrivals struct {
	mu       sync.Mutex
	expected map[string]arrival // by the carrier's id on record
}

type arrival struct {
	livekit.Entry
	at time.Time
}

// arrivalWait is how long an arrival is remembered: its stream is there already.
const arrivalWait = time.Minute

func (a *arrivals) expect(carrier string, e livekit.Entry) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	if a.expected == nil {
		a.expected = map[string]arrival{}
	}
	for id, other := range a.expected { // those whose caller hung up before they talked
		if now.Sub(other.at) > arrivalWait {
			delete(a.expected, id)
		}
	}
	a.expected[carrier] = arrival{e, now}
}

// meet returns what a call brought along, once.
func (a *arrivals) meet(carrier string) (livekit.Entry, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	e, ok := a.expected[carrier]
	delete(a.expected, carrier)
	return e.Entry, ok
}
