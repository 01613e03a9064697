package worker

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/pb"
)

func TestTwoNodesOfferAJobOnce(t *testing.T) {
	inBubble(t, nil, []string{"n1", "n2"}, func(t *testing.T, s *stand) {
		a, b := s.worker("n1", "w1", "ann"), s.worker("n2", "w1", "ann")
		for range 20 {
			job := s.job("w1", "ann")
			s.nodes["n1"].Poke()
			s.nodes["n2"].Poke()
			time.Sleep(2 * time.Second)
			switch len(a.heard) + len(b.heard) {
			case 1:
			default:
				t.Fatalf("%d and %d offers of one job at once", len(a.heard), len(b.heard))
			}
			who := a
			if len(b.heard) == 1 {
				who = b
			}
			who.offered()
			who.accept(job.ID)
			who.assigned()
			s.is(job.ID, room.Running)
		}
	})
}

func TestWhatOneNodesWorkersDeclineAnotherNodesAreAsked(t *testing.T) {
	inBubble(t, nil, []string{"n1", "n2"}, func(t *testing.T, s *stand) {
		a := s.worker("n1", "w1", "ann")
		job := s.job("w1", "ann")
		a.offered()
		b := s.worker("n2", "w1", "ann")
		b.silence(5 * time.Second) // the job is n1's
		a.decline(job.ID)
		if o := b.offered(); o.Id != job.ID {
			t.Errorf("offered %s", o.Id)
		}
		b.accept(job.ID)
		b.assigned()
		if j := s.is(job.ID, room.Running); j.Node != "n2" || j.Worker != b.id || j.Asked != 2 {
			t.Errorf("job = %+v", j)
		}
	})
}

// die stops a node's heart, and with it the node.
func (s *stand) die(name string) {
	s.store.Beat(name, time.Now())
	s.down(name)
}

func TestJobsOfADeadNode(t *testing.T) {
	inBubble(t, nil, []string{"n1", "n2"}, func(t *testing.T, s *stand) {
		a, job := s.busy("n1", "w1", "ann")
		s.die("n1")
		a.closed()
		time.Sleep(28 * time.Second) // 15 until n1 is dead, 15 of grace
		s.is(job.ID, room.Running)
		time.Sleep(4 * time.Second)
		if j := s.is(job.ID, room.Failed); j.Error != goneWhy {
			t.Errorf("job = %+v", j)
		}
	})
	inBubble(t, nil, []string{"n1", "n2", "n3"}, func(t *testing.T, s *stand) {
		_, job := s.busy("n1", "w1", "ann")
		s.die("n1")
		b := s.worker("n2", "w1", "ann") // it is the one that had it
		time.Sleep(20 * time.Second)
		b.say(&pb.WorkerMessage{Message: &pb.WorkerMessage_MigrateJob{MigrateJob: &pb.MigrateJobRequest{JobIds: []string{job.ID}}}})
		b.silence(time.Minute)
		if j := s.is(job.ID, room.Running); j.Node != "n2" || j.Worker != b.id {
			t.Errorf("job = %+v", j)
		}
	})
}

func TestClaimsOfADeadNodeAreFree(t *testing.T) {
	inBubble(t, nil, []string{"n2"}, func(t *testing.T, s *stand) {
		b := s.worker("n2", "w1", "ann")
		s.store.Beat("n1", time.Now())
		job := s.job("w1", "ann", func(d *room.Dispatch) { d.Jobs[0].Node = "n1" })
		b.silence(14 * time.Second)
		if o := b.offered(); o.Id != job.ID {
			t.Errorf("offered %s", o.Id)
		}
	})
}

func TestClaimOfAnotherLifeIsLetGo(t *testing.T) {
	inBubble(t, nil, []string{"n1"}, func(t *testing.T, s *stand) {
		a := s.worker("n1", "w1", "ann")
		job := s.job("w1", "ann", func(d *room.Dispatch) { d.Jobs[0].Node = "n1" })
		began := time.Now()
		if o := a.offered(); o.Id != job.ID {
			t.Errorf("offered %s", o.Id)
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("offered after %s", took)
		}
	})
}

// weak is a store that fails while it is ill.
type weak struct {
	Store
	ill atomic.Bool
}

var errIll = errors.New("the store is ill")

func (w *weak) MoveJob(ctx context.Context, j room.Job, from ...room.Status) (room.Job, error) {
	if w.ill.Load() {
		return room.Job{}, errIll
	}
	return w.Store.MoveJob(ctx, j, from...)
}

func TestStoreThatFailsForAWhile(t *testing.T) {
	var store *weak
	ill := func(c *Config) {
		store = &weak{Store: c.Store}
		c.Store = store
	}
	inBubble(t, ill, []string{"n1"}, func(t *testing.T, s *stand) {
		a, job := s.busy("n1", "w1", "ann")
		store.ill.Store(true)
		a.status(job.ID, pb.JobStatus_JS_SUCCESS, "")
		time.Sleep(time.Minute)
		s.is(job.ID, room.Running)
		store.ill.Store(false)
		time.Sleep(time.Second)
		s.is(job.ID, room.Success) // it said so once, and was heard
		a.silence(time.Second)
	})
	inBubble(t, ill, []string{"n1"}, func(t *testing.T, s *stand) {
		a := s.worker("n1", "w1", "ann")
		job := s.job("w1", "ann")
		a.offered()
		store.ill.Store(true)
		a.accept(job.ID)
		a.terminated(job.ID) // it does not get what the store does not know
		s.is(job.ID, room.Pending)
		store.ill.Store(false)
		if o := a.offered(); o.Id != job.ID {
			t.Errorf("offered %s", o.Id)
		}
	})
}

func TestATenantsGhostsHideNobodysJobs(t *testing.T) {
	inBubble(t, nil, []string{"n1"}, func(t *testing.T, s *stand) {
		for range 25 {
			r := s.now(s.job("ghosts", "nobody").ID).Room
			for range room.MaxDispatches - 1 {
				s.dispatch(room.Room{ID: r}, "nobody")
			}
		}
		job := s.job("w1", "ann")
		a := s.worker("n1", "w1", "ann")
		began := time.Now()
		if o := a.offered(); o.Id != job.ID {
			t.Errorf("offered %s", o.Id)
		}
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("offered after %s, behind 2500 jobs that nobody takes", took)
		}
	})
}

func TestATenantsSilentWorkersHoldUpNobody(t *testing.T) {
	inBubble(t, nil, []string{"n1"}, func(t *testing.T, s *stand) {
		for range maxOffers + 10 {
			s.worker("n1", "slow", "ann")
			s.job("slow", "ann")
		}
		time.Sleep(time.Second)
		a := s.worker("n1", "w1", "ann")
		s.job("w1", "ann")
		began := time.Now()
		a.offered()
		if took := time.Since(began); took > time.Second {
			t.Errorf("offered after %s", took)
		}
		synctest.Wait()
	})
}
