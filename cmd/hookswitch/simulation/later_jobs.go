package simulation

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/webhook"
	"github.com/hookswitch/hookswitch/storage"
)

// queue does the jobs as River would, at least once, but at times that depend on
// nothing but the seed: River draws lots. The jobs are the rows that the
// transactions left in River's table, so one is there exactly when they say so.
type queue struct {
	l    *later
	mu   sync.Mutex
	last int64 // of River's ids, that was read
	all  []*job
}

type job struct {
	number   int64
	kind, id string
	at       time.Time
	taken    *node // who does it; nil: nobody
	since    time.Time
	tries    int
}

const (
	// deadJob is how long nobody hears of a process until its jobs are others'.
	deadJob  = 20 * time.Second
	jobsOnce = 8
)

// fetch reads the jobs that are new.
func (q *queue) fetch(ctx context.Context) error {
	return q.l.db.Engine().Read(ctx, func(tx storage.Tx) error {
		return tx.Each(ctx, `SELECT id, json(args), CAST(ROUND((julianday(scheduled_at) - 2440587.5) * 86400000) AS BIGINT)
			FROM river_job WHERE id > $1 ORDER BY id`, []any{q.last}, func(scan storage.Scan) error {
			var j job
			var args string
			var due int64
			if err := scan(&j.number, &args, &due); err != nil {
				return err
			}
			var what struct{ Kind, ID string }
			if err := json.Unmarshal([]byte(args), &what); err != nil {
				return err
			}
			j.kind, j.id, j.at = what.Kind, what.ID, time.UnixMilli(due)
			q.last = j.number
			if j.kind != webhook.JobKind { // deliveries are another run's
				q.all = append(q.all, &j)
			}
			return nil
		})
	})
}

// take gives n what is due and nobody's, and what a process has of which nobody
// has heard.
func (q *queue) take(ctx context.Context, n *node) (all []*job) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.l.nothing("jobs", func() (int, error) {
		before := q.last
		err := q.fetch(ctx)
		if err != nil && ctx.Err() == nil {
			q.l.violate(0, "jobs", "%v", err)
		}
		return int(q.last - before), err
	}) {
		q.l.trace("00 "+n.name, "%d jobs", len(q.all))
	}
	busy := 0
	for _, j := range q.all {
		if j.taken == n {
			busy++
		}
	}
	for _, j := range q.all {
		switch {
		case busy+len(all) >= jobsOnce:
			return all
		case j.taken != nil && j.taken.acts():
			j.since = time.Now()
			continue
		case j.taken != nil && time.Since(j.since) < deadJob, j.at.After(time.Now()):
			continue
		case j.taken != nil:
			q.l.saw("job done by another")
		}
		j.taken, j.since = n, time.Now()
		j.tries++
		all = append(all, j)
	}
	return all
}

// done notes what came of a job that n did, unless it is another's by now.
func (q *queue) done(n *node, j *job, again time.Duration, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if j.taken != n || n.isDead() {
		return
	}
	j.taken = nil
	switch twice := hash(q.l.seed, int(j.number), "job twice", 0)%8 == 0; {
	case err != nil:
		j.at = time.Now().Add(time.Duration(min(j.tries, 10)) * time.Second)
	case again > 0:
		j.at = time.Now().Add(again)
	case twice && j.tries == 1: // it was done, and the note of it is lost
		q.l.saw("job done twice")
		j.at = time.Now().Add(3 * time.Second)
	default:
		j.at = forever
	}
}

var forever = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// work does the jobs that are due.
func (n *node) work() {
	does := map[string]func(context.Context, string) (time.Duration, error){
		agenda.JobErrand: n.clerk.Due, agenda.JobBatch: n.clerk.BatchDue, agenda.JobFollowUp: n.clerk.Over,
	}
	for i, j := range n.jobs.take(n.ctx, n) {
		n.wg.Go(func() {
			time.Sleep(time.Duration(i)*1009 + 1)
			ctx, cancel := context.WithTimeout(as(n.ctx, fmt.Sprint(j.kind, " ", j.id)), 90*time.Second)
			defer cancel()
			again, err := does[j.kind](ctx, j.id)
			n.jobs.done(n, j, again, err)
		})
	}
}
