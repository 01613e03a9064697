package room

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/hookswitch/hookswitch/telephony"
)

// Create sends d.Agent to the room d.RoomName of d.Workspace, which is opened if
// need be, and returns the dispatch. Of d it takes what a client may say: the
// agent, metadata and attributes, deployment, thread, restart policy, trigger, how
// it joins (empty: as the metadata or the agent says) and the key of the request.
// The same key once more changes nothing.
//
// It fails with [ErrJoin], and with [ErrFull] when a bound is reached.
func (h *Host) Create(ctx context.Context, d Dispatch) (Dispatch, error) {
	if d.RequestKey != "" {
		d.RequestKey = "req/" + d.RequestKey
	}
	d.Trigger = cmp.Or(d.Trigger, ByAPI)
	for tries := 0; ; tries++ {
		r, err := h.cfg.Store.Open(ctx, d.Workspace, d.RoomName, time.Now())
		if err != nil {
			return Dispatch{}, fmt.Errorf("open the room: %w", err)
		}
		kept, err := h.add(ctx, r, d)
		if errors.Is(err, ErrNotFound) && tries < 3 {
			continue // it was closed in between, and its name is free again
		}
		return kept, err
	}
}

// add keeps d in r. In the room of a call it has its job at once.
func (h *Host) add(ctx context.Context, r Room, d Dispatch) (Dispatch, error) {
	d.ID, d.Workspace, d.Room, d.RoomName = newID("AD_"), r.Workspace, r.ID, r.Name
	d.Created, d.Deleted, d.Jobs = time.Now(), time.Time{}, nil
	d.Restart = cmp.Or(d.Restart, "JRP_ON_FAILURE")
	if d.Join == "" {
		asked, err := JoinOf(d.Metadata)
		if err != nil {
			return Dispatch{}, err
		}
		d.Join = asked
	}
	j, err := h.job(ctx, d, "")
	if err != nil {
		return Dispatch{}, err
	}
	d.Join = j.Join
	if j.Call = r.Call; r.Call != "" {
		d.Jobs = []Job{j}
	}
	d, err = h.cfg.Store.Add(ctx, d)
	if err != nil {
		return Dispatch{}, fmt.Errorf("keep the dispatch: %w", err)
	}
	if r.Call != "" {
		h.poke(r.Call)
		h.cfg.Offer()
	}
	return d, nil
}

// newID draws 60 random bits behind a prefix of LiveKit's.
func newID(prefix string) string { return prefix + rand.Text()[:12] }

// job makes a job of d, for who d's name stands for now. It joins by join; empty:
// as d says, or as the agent does by itself.
func (h *Host) job(ctx context.Context, d Dispatch, join Join) (Job, error) {
	who, err := h.party(ctx, d)
	if err != nil {
		return Job{}, fmt.Errorf("find the agent: %w", err)
	}
	join = cmp.Or(join, d.Join, who.Join, Replace)
	if who.Kind == Service {
		join = Listen
	}
	now := time.Now()
	j := Job{
		ID: newID("AJ_"), Dispatch: d.ID, Room: d.Room, Workspace: d.Workspace, Kind: who.Kind, Agent: d.Agent,
		AgentUUID: who.AgentUUID, Version: who.Version, Join: join, Status: Pending, Reason: ReasonNone, Created: now, Updated: now,
	}
	if len(d.Jobs) > 0 {
		j.Call = d.Jobs[0].Call
	}
	return j, nil
}

// unfit is the job of a dispatch whose agent could talk when it was sent, and
// can't now that the call is there.
func unfit(d Dispatch) Job {
	now := time.Now()
	j := Job{
		ID: newID("AJ_"), Dispatch: d.ID, Room: d.Room, Workspace: d.Workspace, Kind: Own, Agent: d.Agent,
		Join: cmp.Or(d.Join, Replace), Status: Failed, Reason: ReasonNone,
		Error: "the agent can't talk as it is; the gateway's log says why", Created: now, Ended: now, Updated: now,
	}
	if len(d.Jobs) > 0 {
		j.Call = d.Jobs[0].Call
	}
	return j
}

// party is who d's name stands for now. Whatever that is, a call keeps its own
// agent.
func (h *Host) party(ctx context.Context, d Dispatch) (Party, error) {
	if d.RequestKey == OwnKey && len(d.Jobs) > 0 {
		own := d.Jobs[0]
		return Party{Kind: own.Kind, AgentUUID: own.AgentUUID, Version: own.Version}, nil
	}
	if d.Agent == "" {
		return Party{Kind: Worker}, nil
	}
	who, err := h.cfg.Resolve(ctx, d.Workspace, d.Agent)
	if errors.Is(err, ErrNotFound) {
		return Party{Kind: Worker}, nil
	}
	return who, err
}

// Delete takes a dispatch back. Whoever is on the line for it leaves within a
// moment; the call stays. It fails with [ErrNotFound] when there is no such room,
// or dispatch in it.
func (h *Host) Delete(ctx context.Context, workspace, name, id string) (Dispatch, error) {
	r, err := h.cfg.Store.Find(ctx, workspace, name, time.Now())
	if err != nil {
		return Dispatch{}, fmt.Errorf("find the room: %w", err)
	}
	d, err := h.cfg.Store.Delete(ctx, workspace, r.Name, id, time.Now())
	if err != nil {
		return Dispatch{}, fmt.Errorf("delete the dispatch: %w", err)
	}
	defer h.poke(r.Call)
	defer h.cfg.Offer()
	for i, j := range d.Jobs {
		if d.Jobs[i], err = h.cancel(ctx, j); err != nil {
			return Dispatch{}, fmt.Errorf("end the job: %w", err)
		}
	}
	return d, nil
}

// cancel ends j because its dispatch was deleted. It returns the job on record.
func (h *Host) cancel(ctx context.Context, j Job) (Job, error) {
	for !j.Status.Over() {
		over, from := j, j.Status
		over.Status, over.Reason, over.Ended = Cancelled, ReasonDeleted, time.Now()
		over.Updated = over.Ended
		on, err := h.cfg.Store.MoveJob(ctx, over, from)
		switch {
		case err == nil:
			return over, nil
		case !errors.Is(err, ErrMoved):
			return j, err
		}
		j = on
	}
	return j, nil
}

// List returns the dispatches of a room in the order in which they were made,
// those of a live call with its own agent, and deleted ones, too. It fails with
// [ErrNotFound] when there is no such room.
func (h *Host) List(ctx context.Context, workspace, name string) ([]Dispatch, error) {
	r, err := h.cfg.Store.Find(ctx, workspace, name, time.Now())
	if err != nil {
		return nil, fmt.Errorf("find the room: %w", err)
	}
	return h.cfg.Store.Dispatches(ctx, r.ID)
}

// Enter gives a call that came in by a door the room of that name, and sends
// agents there. It may be done again: who was sent stays sent once.
func (h *Host) Enter(ctx context.Context, workspace, name string, call telephony.CallID, agents []Dispatch) error {
	r, err := h.roomOf(ctx, workspace, name, call, true)
	if err != nil {
		return fmt.Errorf("find the room: %w", err)
	}
	for i, d := range agents {
		d.Trigger, d.RequestKey = cmp.Or(d.Trigger, ByJoin), fmt.Sprintf("join/%s/%d", call, i)
		if _, err := h.add(ctx, r, d); err != nil {
			return err
		}
	}
	return nil
}

// HasListeners reports whether anybody wants to go on listening to a call whose
// caller leaves for somebody else. A store that does not say so says no.
func (h *Host) HasListeners(call telephony.CallID) bool {
	ctx, cancel := context.WithTimeout(context.Background(), storeWait)
	defer cancel()
	r, err := h.cfg.Store.OfCall(ctx, call)
	if err != nil {
		return false
	}
	all, err := h.cfg.Store.Dispatches(ctx, r.ID)
	if err != nil {
		return false
	}
	for _, d := range all {
		if j, open := d.current(); open && d.Deleted.IsZero() && j.listens() {
			return true
		}
	}
	return false
}
