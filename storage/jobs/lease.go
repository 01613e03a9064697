package jobs

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"

	"github.com/hookswitch/hookswitch/storage"
)

// River itself takes a job away from a dead process after [Timeout] at the
// soonest, which with the rounds of its rescuer is above two minutes. We promise
// one minute: so each process that does jobs counts up a number in a row of its
// own, and jobs of a process whose number stands still are given to others.
const (
	beat = 5 * time.Second
	// dead is how long a number may stand still. Each process measures it with
	// its own clock, so that no two clocks need agree; one that has just begun
	// has to wait as long.
	dead = 20 * time.Second
)

// lease is one process's word that it is alive, and its eye on the others.
type lease[Tx any] struct {
	id     string // of this process, as River's jobs name it
	driver riverdriver.Driver[Tx]
	write  func(ctx context.Context, do func(t storage.Tx, own Tx) error) error
	log    *slog.Logger
	seen   map[string]sight

	every, dead time.Duration
}

// sight is what was last seen of another process.
type sight struct {
	beat  int64
	since time.Time
}

func newLease[Tx any](d riverdriver.Driver[Tx], write func(context.Context, func(storage.Tx, Tx) error) error, c Config) *lease[Tx] {
	return &lease[Tx]{
		id: uuid.NewString(), driver: d, write: write, log: c.Log, seen: map[string]sight{},
		every: cmp.Or(c.beat, beat), dead: cmp.Or(c.dead, dead),
	}
}

// hold runs work, which does jobs, and beats as long as it runs: also after ctx
// ended, since jobs may still be running then.
func (l *lease[Tx]) hold(ctx context.Context, work func() error) error {
	// The row comes first: without one, this process's jobs were nobody's.
	if err := l.round(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("jobs: %w", err)
	}
	beating, stop := context.WithCancel(context.WithoutCancel(ctx))
	var wg sync.WaitGroup
	wg.Go(func() { l.beat(beating) })
	err := work()
	stop()
	wg.Wait()
	return errors.Join(err, l.leave(ctx))
}

func (l *lease[Tx]) beat(ctx context.Context) {
	tick := time.NewTicker(l.every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		bounded, cancel := context.WithTimeout(ctx, dead/2)
		err := l.round(bounded)
		cancel()
		if err != nil && ctx.Err() == nil {
			l.log.Warn("the jobs' sign of life could not be written", "error", err)
		}
	}
}

// gate is the row that every round changes first. Rounds are so one after the
// other, on every engine: nobody begins between a look at who is there and a
// look at what is being done, to be taken for dead.
const gate = ""

// round beats, and gives away what the dead were doing.
func (l *lease[Tx]) round(ctx context.Context) error {
	var rescued int
	var now map[string]sight
	err := l.write(ctx, func(t storage.Tx, own Tx) (err error) {
		for _, id := range []string{gate, l.id} {
			if _, err := t.Exec(ctx, `INSERT INTO job_runners (id, beat) VALUES ($1, 1)
				ON CONFLICT (id) DO UPDATE SET beat = job_runners.beat + 1`, id); err != nil {
				return err
			}
		}
		if now, err = l.look(ctx, t); err != nil {
			return err
		}
		rescued, err = l.rescue(ctx, own, now)
		return err
	})
	if err != nil {
		return err
	}
	l.seen = now
	if rescued > 0 {
		l.log.Warn("jobs of a process that is gone are done by others", "jobs", rescued)
	}
	return nil
}

// look returns what is seen of each process that is alive: its number, and since
// when it stands still. The dead lose their rows.
func (l *lease[Tx]) look(ctx context.Context, t storage.Tx) (map[string]sight, error) {
	now := map[string]sight{}
	err := t.Each(ctx, `SELECT id, beat FROM job_runners WHERE id <> $1`, []any{gate}, func(scan storage.Scan) error {
		var id string
		s := sight{since: time.Now()}
		if err := scan(&id, &s.beat); err != nil {
			return err
		}
		if before, ok := l.seen[id]; ok && before.beat == s.beat {
			s = before
		}
		now[id] = s
		return nil
	})
	if err != nil {
		return nil, err
	}
	for id, s := range now {
		if time.Since(s.since) < l.dead {
			continue
		}
		if _, err := t.Exec(ctx, `DELETE FROM job_runners WHERE id = $1`, id); err != nil {
			return nil, err
		}
		delete(now, id)
	}
	return now, nil
}

// rescue makes the running jobs of those that are not alive available.
func (l *lease[Tx]) rescue(ctx context.Context, own Tx, alive map[string]sight) (rescued int, err error) {
	const page = 500
	e := l.driver.UnwrapExecutor(own)
	for after := int64(0); ; {
		running, err := e.JobGetStuck(ctx, &riverdriver.JobGetStuckParams{
			AfterID: after, Max: page, StuckHorizon: time.Now().Add(time.Hour), // all of them
		})
		if err != nil {
			return rescued, err
		}
		last := len(running) < page
		if !last {
			after = running[page-1].ID
		}
		orphans := slices.DeleteFunc(running, func(j *rivertype.JobRow) bool {
			_, ok := alive[runner(j)]
			return ok
		})
		if len(orphans) > 0 {
			if _, err := e.JobRescueMany(ctx, available(orphans)); err != nil {
				return rescued, err
			}
			rescued += len(orphans)
		}
		if last {
			return rescued, nil
		}
	}
}

// runner is the process that has a running job.
func runner(j *rivertype.JobRow) string {
	if len(j.AttemptedBy) == 0 {
		return ""
	}
	return j.AttemptedBy[len(j.AttemptedBy)-1]
}

// available is what makes jobs so, at once.
func available(jobs []*rivertype.JobRow) *riverdriver.JobRescueManyParams {
	p := &riverdriver.JobRescueManyParams{StuckHorizon: time.Now()}
	for _, j := range jobs {
		// A struct of strings and numbers has no error.
		why, _ := json.Marshal(rivertype.AttemptError{At: time.Now().UTC(), Attempt: max(j.Attempt, 0), Error: "its process is gone"})
		p.ID = append(p.ID, j.ID)
		p.Error = append(p.Error, why)
		p.FinalizedAt = append(p.FinalizedAt, nil)
		p.ScheduledAt = append(p.ScheduledAt, time.Now().UTC())
		p.State = append(p.State, string(rivertype.JobStateAvailable))
	}
	return p
}

// leave takes the row away: whatever this process still had is nobody's, and
// anybody's at once.
func (l *lease[Tx]) leave(ctx context.Context) error {
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), beat)
	defer cancel()
	err := l.write(bounded, func(t storage.Tx, _ Tx) error {
		_, err := t.Exec(bounded, `DELETE FROM job_runners WHERE id = $1`, l.id)
		return err
	})
	if err != nil {
		return fmt.Errorf("jobs: %w", err)
	}
	return nil
}
