// Package roomtest has a [room.Store] made of memory, and the suite that every
// store must pass.
package roomtest

import (
	"cmp"
	"context"
	"crypto/rand"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/telephony"
)

// Call is a live call, as far as its room is concerned.
type Call struct {
	ID        telephony.CallID
	Workspace string
	Room      string // chosen name of its room; empty: its id
	Agent     string // the call's own; empty: it has none
	AgentUUID string
	Version   int
	Node      string
	Created   time.Time
	Answered  time.Time // zero: it still rings
}

// Store keeps rooms in memory. Make one with [NewStore].
type Store struct {
	mu         sync.Mutex
	clock      int64
	calls      map[telephony.CallID]Call // that go on
	beats      map[string]time.Time
	rooms      []*room.Room
	dispatches map[string][]*room.Dispatch // of a room, without their jobs
	jobs       map[string][]*room.Job      // of a room
	doors      map[string]*door
}

type door struct {
	room.Door
	spent string
}

var _ room.Store = (*Store)(nil)

// NewStore returns a store without calls.
func NewStore() *Store {
	return &Store{
		calls: map[telephony.CallID]Call{}, beats: map[string]time.Time{}, doors: map[string]*door{},
		dispatches: map[string][]*room.Dispatch{}, jobs: map[string][]*room.Job{},
	}
}

// AddCall begins a call, or changes one that goes on.
func (s *Store) AddCall(c Call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[c.ID] = c
}

// Beat notes that node is alive at now.
func (s *Store) Beat(node string, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.beats[node] = now
}

// EndCall ends a call, and closes its room.
func (s *Store) EndCall(id telephony.CallID, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.calls, id)
	r := s.find(func(r *room.Room) bool { return r.Call == id })
	if r == nil {
		return
	}
	r.Closed = now
	for _, j := range s.jobs[r.ID] {
		switch j.Status {
		case room.Running:
			j.Status = room.Success
		case room.Pending:
			j.Status = room.Cancelled
		default:
			continue
		}
		j.Reason, j.Ended, j.Updated = room.ReasonRoomClosed, now, now
	}
	s.touch(r)
}

// touch raises r's clock. s.mu is held, here and in all that follows.
func (s *Store) touch(r *room.Room) {
	s.clock = max(s.clock+1, time.Now().UnixMicro())
	r.Changed = s.clock
}

// find returns the open room that fits; nil when there is none.
func (s *Store) find(fits func(*room.Room) bool) *room.Room {
	for _, r := range s.rooms {
		if r.Closed.IsZero() && fits(r) {
			return r
		}
	}
	return nil
}

func named(workspace, name string) func(*room.Room) bool {
	return func(r *room.Room) bool { return r.Workspace == workspace && r.Name == name }
}

// live returns the call whose room would be called name: of several the oldest.
func (s *Store) live(workspace, name string) (best Call, ok bool) {
	for _, c := range s.calls {
		if c.Workspace != workspace || string(c.ID) != name && c.Room != name {
			continue
		}
		if !ok || c.Created.Before(best.Created) || c.Created.Equal(best.Created) && c.ID < best.ID {
			best, ok = c, true
		}
	}
	return best, ok
}

// make makes a room; of a call with its own agent in it.
func (s *Store) make(workspace, name string, c *Call, now time.Time) *room.Room {
	r := &room.Room{ID: "RM_" + rand.Text()[:12], Workspace: workspace, Name: name, Created: now}
	s.rooms = append(s.rooms, r)
	if c != nil {
		s.enter(r, *c, now)
	}
	s.touch(r)
	return r
}

// enter gives c the room r, with c's own agent.
func (s *Store) enter(r *room.Room, c Call, now time.Time) {
	r.Call = c.ID
	for _, j := range s.jobs[r.ID] {
		j.Call = c.ID
	}
	s.touch(r)
	if c.Agent == "" {
		return
	}
	join := room.Replace
	for _, d := range s.dispatches[r.ID] {
		if d.Deleted.IsZero() && d.Join == room.Replace {
			join = room.Wait
		}
	}
	d := room.Dispatch{
		ID: "AD_" + rand.Text()[:12], Workspace: r.Workspace, Room: r.ID, RoomName: r.Name, Agent: c.Agent,
		Restart: "JRP_ON_FAILURE", Trigger: room.ByRoom, Join: join, RequestKey: room.OwnKey, Created: now,
	}
	j := room.Job{
		ID: "AJ_" + rand.Text()[:12], Dispatch: d.ID, Room: r.ID, Workspace: r.Workspace, Call: c.ID, Kind: room.Own,
		Agent: c.Agent, AgentUUID: c.AgentUUID, Version: c.Version, Join: join,
		Status: room.Pending, Reason: room.ReasonNone, Node: c.Node, Created: now, Updated: now,
	}
	if !c.Answered.IsZero() && join == room.Replace {
		j.Status, j.Attempts, j.FirstStarted, j.Started = room.Running, 1, c.Answered, c.Answered
	}
	s.dispatches[r.ID] = append(s.dispatches[r.ID], &d)
	s.jobs[r.ID] = append(s.jobs[r.ID], &j)
}

// Open implements [room.Store].
func (s *Store) Open(ctx context.Context, workspace, name string, now time.Time) (room.Room, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r, ok := s.known(workspace, name, now); ok {
		return *r, ctx.Err()
	}
	waiting := 0
	for _, r := range s.rooms {
		if r.Closed.IsZero() && r.Workspace == workspace && r.Call == "" {
			waiting++
		}
	}
	if waiting >= room.MaxWaiting {
		return room.Room{}, room.ErrFull
	}
	return *s.make(workspace, name, nil, now), ctx.Err()
}

// known returns the open room of that name, or makes that of a live call. A call
// that has a room under another name keeps that.
func (s *Store) known(workspace, name string, now time.Time) (*room.Room, bool) {
	if r := s.find(named(workspace, name)); r != nil {
		return r, true
	}
	c, ok := s.live(workspace, name)
	if !ok {
		return nil, false
	}
	if r := s.find(func(r *room.Room) bool { return r.Call == c.ID }); r != nil {
		return r, true
	}
	if c.Room != "" && c.Room != name {
		if r := s.find(named(workspace, c.Room)); r != nil && r.Call != "" {
			return s.make(workspace, name, &c, now), true // somebody else's call has the chosen name
		} else if r != nil {
			s.enter(r, c, now)
			return r, true
		}
	}
	return s.make(workspace, cmp.Or(c.Room, name), &c, now), true
}

// Find implements [room.Store].
func (s *Store) Find(ctx context.Context, workspace, name string, now time.Time) (room.Room, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.known(workspace, name, now)
	if !ok {
		return room.Room{}, room.ErrNotFound
	}
	return *r, ctx.Err()
}

// Bind implements [room.Store].
func (s *Store) Bind(ctx context.Context, workspace, name string, call telephony.CallID, now time.Time) (room.Room, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.find(func(r *room.Room) bool { return r.Call == call }); r != nil {
		return *r, ctx.Err()
	}
	r := s.find(named(workspace, name))
	c, ok := s.calls[call]
	switch {
	case r == nil || !ok:
		return room.Room{}, room.ErrNotFound
	case r.Call != "":
		return room.Room{}, room.ErrTaken
	}
	s.enter(r, c, now)
	return *r, ctx.Err()
}

// OfCall implements [room.Store].
func (s *Store) OfCall(ctx context.Context, call telephony.CallID) (room.Room, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.find(func(r *room.Room) bool { return r.Call == call }); r != nil && call != "" {
		return *r, ctx.Err()
	}
	return room.Room{}, room.ErrNotFound
}

// Changed implements [room.Store].
func (s *Store) Changed(ctx context.Context, after int64, limit int) ([]room.Room, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []room.Room
	for _, r := range s.rooms {
		if r.Closed.IsZero() && r.Call != "" && r.Changed > after {
			all = append(all, *r)
		}
	}
	slices.SortFunc(all, func(a, b room.Room) int { return cmp.Compare(a.Changed, b.Changed) })
	return all[:min(limit, len(all))], ctx.Err()
}

// Sweep implements [room.Store].
func (s *Store) Sweep(ctx context.Context, before, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.rooms {
		if r.Closed.IsZero() && r.Call == "" && r.Created.Before(before) {
			r.Closed = now
			s.touch(r)
		}
	}
	return ctx.Err()
}

// AddDoor implements [room.Store].
func (s *Store) AddDoor(ctx context.Context, d room.Door) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	good := 0
	for _, other := range s.doors {
		if other.Workspace == d.Workspace && other.Expires.After(d.Created) {
			good++
		}
	}
	if good >= 10_000 {
		return room.ErrFull
	}
	d.Attributes, d.Agents = maps.Clone(d.Attributes), slices.Clone(d.Agents)
	s.doors[d.Hash] = &door{Door: d}
	return ctx.Err()
}

// SpendDoor implements [room.Store].
func (s *Store) SpendDoor(ctx context.Context, hash, carrier string, now time.Time) (room.Door, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.doors[hash]
	switch {
	case d == nil || !d.Expires.After(now):
		return room.Door{}, room.ErrNotFound
	case d.spent != "" && d.spent != carrier:
		return room.Door{}, room.ErrTaken
	}
	d.spent = carrier
	return d.Door, ctx.Err()
}
