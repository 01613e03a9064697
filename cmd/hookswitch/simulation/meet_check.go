package simulation

import (
	"context"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/storage"
)

// checkScene: who has the floor is the one whose job runs; nobody who replaces is
// left waiting, and who was sent to listen listens.
func (fl *floor) checkScene(v *talker, all []room.Dispatch, hears map[string]bool) {
	var running []room.Job
	own := ""
	for _, d := range all {
		if len(d.Jobs) == 0 {
			fl.violate(fl.number, "who is sent comes", "%s: nobody came for %s", fl.call, d.Agent)
			continue
		}
		j := d.Jobs[len(d.Jobs)-1]
		listens := j.Join == room.Listen || j.Kind == room.Service
		if d.RequestKey == room.OwnKey {
			own = j.ID
		}
		switch {
		case !d.Deleted.IsZero():
			if !j.Status.Over() {
				fl.violate(fl.number, "one holder", "%s: %s was deleted, and is %s", fl.call, j.Agent, j.Status)
			}
		case listens && j.Status == room.Running && !hears[j.ID], listens && j.Status == room.Pending:
			fl.violate(fl.number, "who is sent comes", "%s: %s is %s, and does not listen", fl.call, j.Agent, j.Status)
		case listens:
		case j.Status == room.Running:
			running = append(running, j)
		case j.Status == room.Pending && j.Join == room.Replace && d.RequestKey != room.OwnKey:
			fl.violate(fl.number, "who is sent comes", "%s: %s waits to replace %s", fl.call, j.Agent, v.name())
		}
	}
	has := v.f.Job.ID
	if has == "" && !v.f.Nobody {
		has = own
	}
	switch {
	case len(running) > 1:
		fl.violate(fl.number, "one holder", "%s: %d run, %s has the floor", fl.call, len(running), v.name())
	case len(running) == 0 && !v.f.Nobody, len(running) == 1 && running[0].ID != has:
		fl.violate(fl.number, "one holder", "%s: %s has the floor, the rows say %v", fl.call, v.name(), agents(running))
	}
}

func agents(all []room.Job) (names []string) {
	for _, j := range all {
		names = append(names, j.Agent)
	}
	return names
}

// checkNobodyWaits: who ends a call does it because nobody waits for the floor.
func (v *talker) checkNobodyWaits() {
	if !v.node.calm(v.floor.number) {
		return
	}
	rooms, ctx := v.db.Rooms(), context.Background()
	r, err := rooms.OfCall(ctx, v.call)
	if err != nil {
		return
	}
	all, _ := rooms.Dispatches(ctx, r.ID)
	for _, d := range all {
		for _, j := range d.Jobs {
			if d.Deleted.IsZero() && j.Status == room.Pending && j.Kind == room.Own && j.Join != room.Listen && time.Since(j.Created) > leaveIn {
				v.violate(v.floor.number, "who waits comes", "%s: %s ends the call, %s waits", v.call, v.name(), j.Agent)
			}
		}
	}
}

// checkRooms holds every call and every room against the invariants.
func (l *later) checkRooms(ctx context.Context) {
	l.checkCalls(ctx)
	l.checkClosed(ctx)
	for _, h := range l.meets.ears {
		if passed := h.leg.passed.Load(); !h.off && h.first > 0 && h.last != passed && !h.node.isDead() {
			l.violate(h.number, "listeners hear all", "%s: it heard frames %d to %d, %d passed", h.call, h.first, h.last, passed)
		}
	}
	for _, fl := range l.meets.floors {
		fl.check(ctx)
	}
}

// checkClosed: of calls that are over, no room is open and no job goes on.
func (l *later) checkClosed(ctx context.Context) {
	none := func(what, query string) {
		err := l.db.Engine().Read(ctx, func(tx storage.Tx) error {
			return tx.Each(ctx, query, nil, func(scan storage.Scan) error {
				var row string
				err := scan(&row)
				l.violate(0, "rooms close", "%s: %s", what, row)
				return err
			})
		})
		if err != nil {
			l.violate(0, "rooms close", "%v", err)
		}
	}
	none("the room of a call that is over is open", `SELECT name FROM rooms WHERE closed_us IS NULL AND call_id IS NOT NULL`)
	none("a job goes on of a call that is over", `SELECT r.name || ' ' || j.agent || ' ' || j.status || ' of ' || COALESCE(r.call_id, 'no call')
		FROM room_jobs j JOIN rooms r ON r.id = j.room_id WHERE j.status IN ('JS_PENDING', 'JS_RUNNING') ORDER BY j.room_id, j.n`)
}

// check reads a call's journal: its floor went to jobs of its room, and a line that
// was lost is found by who had it.
func (fl *floor) check(ctx context.Context) {
	entries, err := fl.db.Journal(ctx, fl.call, 0)
	if err != nil {
		fl.violate(fl.number, "record whole", "%v", err)
		return
	}
	has := "" // job
	for i, e := range entries {
		taken, ok := e.Event.(agentcore.FloorTaken)
		if !ok {
			continue
		}
		fl.saw("floor taken")
		if taken.Job != "" {
			fl.checkJob(ctx, taken.Job)
		}
		if i < 2 {
			has = taken.Job
			continue
		}
		if _, opened := entries[i-1].Event.(agentcore.Opened); opened && has != "" && e.Wall.Sub(entries[i-1].Wall) < slowness+time.Second {
			fl.checkGoesOn(ctx, has, taken.Job, entries[i-2].Wall, entries[i-1].Wall)
		}
		has = taken.Job
	}
}

func (fl *floor) checkJob(ctx context.Context, id string) {
	j, err := fl.db.Rooms().Job(ctx, id)
	switch {
	case err != nil:
		fl.violate(fl.number, "one holder", "%s: %s had the floor: %v", fl.call, id, err)
	case j.Call != fl.call || j.Started.IsZero() || j.Join == room.Listen:
		fl.violate(fl.number, "one holder", "%s: %s had the floor, and its job is of %s, from %v, to %s", fl.call, j.Agent, j.Call, j.Started, j.Join)
	}
}

// checkGoesOn: whose line was lost finds it again, unless they had left meanwhile,
// or somebody was sent in their place.
func (fl *floor) checkGoesOn(ctx context.Context, had, next string, lost, found time.Time) {
	rooms := fl.db.Rooms()
	j, err := rooms.Job(ctx, had)
	if err != nil {
		fl.violate(fl.number, "who had it goes on", "%v", err)
		return
	}
	fl.saw("a lost line went to another")
	for _, f := range fl.meets.faults {
		if (f.call == 0 || f.call == fl.number) && !f.at.Before(lost) && !f.at.After(found.Add(slowness+time.Second)) {
			return // a store that fails costs no call: its own agent speaks meanwhile
		}
	}
	if j.Status == room.Cancelled || j.Status == room.Failed || j.Ended.Before(found.Truncate(time.Microsecond)) { // rows keep microseconds
		return
	}
	if n, err := rooms.Job(ctx, next); err == nil && n.Join == room.Replace && n.Created.After(lost.Add(-leaveIn)) {
		return
	}
	fl.violate(fl.number, "who had it goes on", "%s: %s had the floor until the line was lost; it ended at %v as %s, and %q got it",
		fl.call, j.Agent, j.Ended.Sub(fl.began), j.Status, next)
}
