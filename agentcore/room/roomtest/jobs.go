package roomtest

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/room"
)

// whole returns d with its jobs, as a copy.
func (s *Store) whole(d *room.Dispatch) room.Dispatch {
	out := *d
	out.Attributes = maps.Clone(d.Attributes)
	for _, j := range s.jobs[d.Room] {
		if j.Dispatch == d.ID {
			out.Jobs = append(out.Jobs, *j)
		}
	}
	return out
}

// dispatch returns the dispatch of that id, and its room; nil when there is none.
func (s *Store) dispatch(id string) (*room.Dispatch, *room.Room) {
	for _, r := range s.rooms {
		for _, d := range s.dispatches[r.ID] {
			if d.ID == id {
				return d, r
			}
		}
	}
	return nil, nil
}

// job returns the job of that id, and its room; nil when there is none.
func (s *Store) job(id string) (*room.Job, *room.Room) {
	for _, r := range s.rooms {
		for _, j := range s.jobs[r.ID] {
			if j.ID == id {
				return j, r
			}
		}
	}
	return nil, nil
}

// Add implements [room.Store].
func (s *Store) Add(ctx context.Context, d room.Dispatch) (room.Dispatch, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.find(func(r *room.Room) bool { return r.ID == d.Room })
	if r == nil {
		return room.Dispatch{}, room.ErrNotFound
	}
	standing, size := 0, d.Size()
	for _, other := range s.dispatches[r.ID] {
		if d.RequestKey != "" && other.RequestKey == d.RequestKey {
			return s.whole(other), ctx.Err()
		}
		if other.Deleted.IsZero() {
			standing++
			size += other.Size()
		}
	}
	if standing >= room.MaxDispatches || len(s.dispatches[r.ID]) >= room.MaxEver || size > room.MaxStanding {
		return room.Dispatch{}, room.ErrFull
	}
	jobs := d.Jobs
	d.Workspace, d.RoomName, d.Jobs, d.Attributes = r.Workspace, r.Name, nil, maps.Clone(d.Attributes)
	s.dispatches[r.ID] = append(s.dispatches[r.ID], &d)
	for _, j := range jobs {
		s.keep(r, &d, j)
	}
	s.touch(r)
	return s.whole(&d), ctx.Err()
}

func (s *Store) keep(r *room.Room, d *room.Dispatch, j room.Job) {
	j.Dispatch, j.Room, j.Workspace, j.Call = d.ID, r.ID, r.Workspace, r.Call
	s.jobs[r.ID] = append(s.jobs[r.ID], &j)
}

// Delete implements [room.Store].
func (s *Store) Delete(ctx context.Context, workspace, name, id string, now time.Time) (room.Dispatch, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, r := s.dispatch(id)
	if d == nil || r.Workspace != workspace || r.Name != name || !r.Closed.IsZero() {
		return room.Dispatch{}, room.ErrNotFound
	}
	if !d.Deleted.IsZero() {
		return s.whole(d), ctx.Err()
	}
	d.Deleted = now
	s.touch(r)
	was := s.whole(d)
	d.Metadata, d.Attributes = "", nil
	return was, ctx.Err()
}

// Dispatches implements [room.Store].
func (s *Store) Dispatches(ctx context.Context, id string) ([]room.Dispatch, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []room.Dispatch
	for _, d := range s.dispatches[id] {
		all = append(all, s.whole(d))
	}
	return all, ctx.Err()
}

// Dispatch implements [room.Store].
func (s *Store) Dispatch(ctx context.Context, id string) (room.Dispatch, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, _ := s.dispatch(id)
	if d == nil {
		return room.Dispatch{}, room.ErrNotFound
	}
	return s.whole(d), ctx.Err()
}

// AddJob implements [room.Store].
func (s *Store) AddJob(ctx context.Context, j room.Job) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, r := s.dispatch(j.Dispatch)
	if d == nil || !d.Deleted.IsZero() || !r.Closed.IsZero() {
		return room.ErrNotFound
	}
	for _, other := range s.jobs[r.ID] {
		if other.Dispatch == d.ID && !other.Status.Over() {
			return room.ErrMoved
		}
	}
	s.keep(r, d, j)
	s.touch(r)
	return ctx.Err()
}

// MoveJob implements [room.Store].
func (s *Store) MoveJob(ctx context.Context, j room.Job, from ...room.Status) (room.Job, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	on, r := s.job(j.ID)
	switch {
	case on == nil:
		return room.Job{}, room.ErrNotFound
	case !slices.Contains(from, on.Status):
		return *on, room.ErrMoved
	}
	j.Dispatch, j.Room, j.Workspace, j.Call, j.Created = on.Dispatch, on.Room, on.Workspace, on.Call, on.Created
	*on = j
	s.touch(r)
	return j, ctx.Err()
}

// Job implements [room.Store].
func (s *Store) Job(ctx context.Context, id string) (room.Job, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	j, _ := s.job(id)
	if j == nil {
		return room.Job{}, room.ErrNotFound
	}
	return *j, ctx.Err()
}

// page returns the workers' jobs that fit, by their ids.
func (s *Store) page(after string, limit int, fits func(*room.Room, *room.Job) bool) []room.Job {
	var all []room.Job
	for _, r := range s.rooms {
		for _, j := range s.jobs[r.ID] {
			if j.Kind == room.Worker && j.ID > after && fits(r, j) {
				all = append(all, *j)
			}
		}
	}
	slices.SortFunc(all, func(a, b room.Job) int { return cmp.Compare(a.ID, b.ID) })
	return all[:min(limit, len(all))]
}

func (s *Store) alive(node string, since time.Time) bool {
	return node != "" && !s.beats[node].IsZero() && !s.beats[node].Before(since)
}

// Offers implements [room.Store].
func (s *Store) Offers(ctx context.Context, since time.Time, after string, limit int) ([]room.Job, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.page(after, limit, func(r *room.Room, j *room.Job) bool {
		return r.Closed.IsZero() && r.Call != "" && j.Status == room.Pending && !s.alive(j.Node, since)
	}), ctx.Err()
}

// Claim implements [room.Store].
func (s *Store) Claim(ctx context.Context, id, node string, since, now time.Time) (room.Job, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	j, r := s.job(id)
	switch {
	case j == nil:
		return room.Job{}, room.ErrNotFound
	case j.Status != room.Pending:
		return *j, room.ErrMoved
	case j.Node == node:
		return *j, ctx.Err()
	case s.alive(j.Node, since):
		return *j, room.ErrTaken
	}
	j.Node, j.Updated = node, now
	s.touch(r)
	return *j, ctx.Err()
}

// Taken implements [room.Store].
func (s *Store) Taken(ctx context.Context, node string, since time.Time, after string, limit int) ([]room.Job, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.page(after, limit, func(_ *room.Room, j *room.Job) bool {
		return !j.Status.Over() && j.Node != "" && (j.Node == node || !s.alive(j.Node, since))
	}), ctx.Err()
}
