package simulation

import (
	"context"
	"fmt"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/dialplan"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/telephony"
)

// nodeCalls are the records as a process reaches them.
type nodeCalls struct{ records }

func (c nodeCalls) SetAnswerer(ctx context.Context, id telephony.CallID, by string) error {
	return c.do(ctx, c.w.named(id), "store.answerer", func(ctx context.Context) error {
		return c.Calls.SetAnswerer(ctx, id, by)
	})
}

func (c nodeCalls) Dispatched(ctx context.Context, id string) (d dispatch.Dispatch, err error) {
	err = c.do(ctx, c.w.byName(id), "store.find", func(ctx context.Context) (err error) {
		d, err = c.Calls.Dispatched(ctx, id)
		return err
	})
	return d, err
}

// CreateDispatch also checks that a call was created only where there was a place.
func (c nodeCalls) CreateDispatch(ctx context.Context, d dispatch.Dispatch, r *dispatch.Record) (on dispatch.Dispatch, created bool, err error) {
	number := numbered(string(r.To))
	c.w.name(string(r.ID), number)
	c.w.name(d.ID, number)
	err = c.do(ctx, number, "store.create", func(ctx context.Context) (err error) {
		c.node.keepBeats(ctx)
		on, created, err = c.Calls.CreateDispatch(ctx, d, r)
		if created && c.node.meets == nil {
			c.node.checkCap(ctx, r.Workspace, number)
		}
		return err
	})
	return on, created, err
}

func (c nodeCalls) Unended(ctx context.Context, node string, since time.Time) (all []dispatch.Record, err error) {
	open := func() (int, error) {
		all, err := c.Calls.Unended(ctx, "", time.Now().Add(time.Hour))
		return len(all), err
	}
	if c.node.isDead() {
		return nil, errDead
	}
	if c.node.nothing("open calls", open) {
		return nil, nil
	}
	err = c.do(ctx, 0, "store.unended", func(ctx context.Context) (err error) {
		c.node.keepBeats(ctx)
		all, err = c.Calls.Unended(ctx, node, since)
		return err
	})
	return all, err
}

// Beat is kept beside the database until somebody asks it: there are thousands.
func (c nodeCalls) Beat(_ context.Context, node string, now time.Time) error {
	if !c.node.acts() {
		return errDead
	}
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	c.node.beats[node] = now
	return nil
}

func (c nodeCalls) Alive(ctx context.Context, node string, since time.Time) (is bool, err error) {
	err = c.do(ctx, 0, "store.alive", func(ctx context.Context) (err error) {
		c.node.keepBeats(ctx)
		is, err = c.Calls.Alive(ctx, node, since)
		return err
	})
	return is, err
}

// keepBeats writes the beats down that the database does not have.
func (l *later) keepBeats(ctx context.Context) {
	fresh := map[string]time.Time{}
	l.mu.Lock()
	for name, at := range l.beats {
		if l.kept[name] != at {
			fresh[name], l.kept[name] = at, at
		}
	}
	l.mu.Unlock()
	for name, at := range fresh {
		if err := l.db.Beat(ctx, name, at); err != nil {
			l.violate(0, "beats", "%v", err)
		}
	}
}

// checkCap: no more calls go on than may, right after one was created. Those of
// who is dead for a minute are not counted.
func (l *later) checkCap(ctx context.Context, workspace string, number int) {
	open, err := l.db.Unended(ctx, "", time.Now().Add(time.Hour))
	live := 0
	for _, r := range open {
		is, failed := l.db.Alive(ctx, r.Node, time.Now().Add(-time.Minute))
		if failed != nil {
			err = failed
		}
		if is && r.Workspace == workspace {
			live++
		}
	}
	if err != nil || live > places[workspace] {
		l.violate(number, "cap held", "%d calls of workspace %s go on, %v, want %d at most", live, workspace, err, places[workspace])
	}
}

// placer is the [agenda.Placer] of a process: as the server's, but that every agent
// is fit to talk.
type placer struct{ n *node }

func (p placer) Place(ctx context.Context, e agenda.Errand) error {
	ctx = as(ctx, "clerk "+e.ID) // two of one telephone may begin in the same instant
	_, _, err := p.n.desk.Dispatch(ctx, dispatch.Wish{
		Workspace: e.Workspace, AgentUUID: e.AgentUUID, Version: 1, Agent: e.Agent, PostCall: postCall,
		From: ourNumber, To: telephony.Number(e.To), RingTimeout: 30 * time.Second,
		Call: e.Call, FollowUp: true, Caps: dispatch.Caps{Workspace: places[e.Workspace]},
	})
	means, _ := agenda.Trouble(agenda.NotNow(err, time.Now()), time.Now())
	if err != nil {
		p.n.trace(fmt.Sprintf("%02d %s placer", numbered(e.To), p.n.name), "%v, so %v", err, means)
	}
	return means
}

const ourNumber = "+15550199"

// The telephones that must not be called, and that may be called later only.
const (
	saidNo  = 13
	sleeps  = 12
	sleepIn = 15 * time.Minute
)

// permit is the [dispatch.Config.Permit].
func (n *node) permit(ctx context.Context, c dispatch.Cost) (proof string, err error) {
	number := numbered(string(c.To))
	err = n.do(ctx, number, "store.permit", func() error {
		switch opens := n.began.Add(sleepIn); {
		case number == saidNo:
			return &dialplan.Refusal{Code: dialplan.DoNotCall, Why: "they said no"}
		case number == sleeps && time.Now().Before(opens):
			return &dialplan.Refusal{Code: dialplan.QuietHours, Why: "they sleep", At: opens}
		}
		return nil
	})
	return "{}", err
}

// The agents: the second calls those again whom it did not reach.
const (
	plain     = "agent-plain"
	insistent = "agent-insistent"
)

var insists = agenda.Retry{Max: 1, Gaps: []agenda.Gap{{Hours: 1}}}

// retry is the [agenda.Config.Retry].
func (n *node) retry(ctx context.Context, _, agent string, _ int) (r *agenda.Retry, err error) {
	err = n.do(ctx, 0, "store.retry", func() error {
		if agent == insistent {
			r = &insists
		}
		return nil
	})
	return r, err
}

// route is the [dispatch.Config.Route]: whoever calls reaches the plain agent.
func (n *node) route(context.Context, telephony.Incoming) (dispatch.Route, error) {
	return dispatch.Route{Workspace: home, Agent: "plain", AgentUUID: plain, Version: 1, PostCall: postCall, FollowUp: true}, nil
}
