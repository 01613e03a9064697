package worker

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/pb"
)

// busy is a worker that has a job.
func (s *stand) busy(nodeName, workspace, name string, change ...func(*pb.RegisterWorkerRequest)) (*agent, room.Job) {
	s.t.Helper()
	a := s.worker(nodeName, workspace, name, change...)
	job := s.job(workspace, name)
	a.offered()
	a.accept(job.ID)
	a.assigned()
	return a, s.is(job.ID, room.Running)
}

func TestAJobThatIsOverIsTerminated(t *testing.T) {
	for name, over := range map[string]func(*stand, room.Job){
		"deleted":    func(s *stand, j room.Job) { s.cancel(j.ID) },
		"call ended": func(s *stand, j room.Job) { s.store.EndCall(j.Call, time.Now()) },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, nil, []string{"n1"}, func(t *testing.T, s *stand) {
				a, job := s.busy("n1", "w1", "ann")
				_, other := s.busy("n1", "w1", "bob")
				a.silence(10 * time.Second)
				over(s, job)
				began := time.Now()
				a.terminated(job.ID)
				if took := time.Since(began); took > time.Second {
					t.Errorf("terminated after %s", took)
				}
				a.silence(10 * time.Second) // once
				s.is(other.ID, room.Running)
			})
		})
	}
	inBubble(t, nil, []string{"n1"}, func(t *testing.T, s *stand) {
		a, job := s.busy("n1", "w1", "ann")
		s.cancel(job.ID)
		s.nodes["n1"].Poke()
		began := time.Now()
		a.terminated(job.ID)
		if took := time.Since(began); took > 2*breath {
			t.Errorf("terminated %s after a poke", took)
		}
	})
}

func TestAFailedJobSaysWhy(t *testing.T) {
	inBubble(t, nil, []string{"n1"}, func(t *testing.T, s *stand) {
		a, job := s.busy("n1", "w1", "ann")
		a.status(job.ID, pb.JobStatus_JS_FAILED, "no model\nfor +1 (415) 555-0123 today")
		if j := s.is(job.ID, room.Failed); j.Reason != room.ReasonNone || j.Error != "no model for +… today" || j.Ended.IsZero() {
			t.Errorf("failed job = %+v", j)
		}
		// Whether there is another try is for the room's host to say.
		next := job
		next.ID, next.Status, next.Node, next.Worker = newID("AJ_"), room.Pending, "", ""
		if err := s.store.AddJob(t.Context(), next); err != nil {
			t.Fatal(err)
		}
		if o := a.offered(); o.Id != next.ID {
			t.Errorf("offered %s, want the next try", o.Id)
		}
	})
}

func TestJobsOfAWorkerThatIsGone(t *testing.T) {
	inBubble(t, nil, []string{"n1"}, func(t *testing.T, s *stand) {
		a, job := s.busy("n1", "w1", "ann")
		a.hangUp()
		other := s.worker("n1", "w1", "ann") // another one: it knows nothing of the job
		other.silence(14 * time.Second)
		s.is(job.ID, room.Running)
		time.Sleep(2 * time.Second)
		if j := s.is(job.ID, room.Failed); j.Error != goneWhy || j.Ended.IsZero() {
			t.Errorf("job = %+v", j)
		}
		other.status(job.ID, pb.JobStatus_JS_RUNNING, "") // too late, and never its own
		s.is(job.ID, room.Failed)
	})
}

func TestAWorkerThatComesBackHasItsJobs(t *testing.T) {
	same := func(r *pb.RegisterWorkerRequest) { r.InstanceId = "process-1" }
	for name, back := range map[string]func(*stand, room.Job) *agent{
		"by its instance": func(s *stand, _ room.Job) *agent { return s.worker("n1", "w1", "ann", same) },
		"by migrating it": func(s *stand, j room.Job) *agent {
			a := s.worker("n1", "w1", "ann")
			a.say(&pb.WorkerMessage{Message: &pb.WorkerMessage_MigrateJob{MigrateJob: &pb.MigrateJobRequest{JobIds: []string{j.ID}}}})
			return a
		},
		"by its status": func(s *stand, j room.Job) *agent {
			a := s.worker("n1", "w1", "ann")
			a.status(j.ID, pb.JobStatus_JS_RUNNING, "")
			return a
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, nil, []string{"n1"}, func(t *testing.T, s *stand) {
				a, job := s.busy("n1", "w1", "ann", same)
				a.hangUp()
				time.Sleep(5 * time.Second)
				a = back(s, job)
				a.silence(time.Minute)
				if j := s.is(job.ID, room.Running); j.Worker != a.id {
					t.Errorf("job is %s's, want %s", j.Worker, a.id)
				}
				a.status(job.ID, pb.JobStatus_JS_SUCCESS, "")
				s.is(job.ID, room.Success)
			})
		})
	}
}

func TestAnotherNameTakesNoJobOver(t *testing.T) {
	inBubble(t, nil, []string{"n1"}, func(t *testing.T, s *stand) {
		a, job := s.busy("n1", "w1", "ann")
		a.hangUp()
		for _, thief := range []*agent{s.worker("n1", "w2", "ann"), s.worker("n1", "w1", "bob")} {
			thief.status(job.ID, pb.JobStatus_JS_SUCCESS, "")
		}
		s.is(job.ID, room.Running)
		if s.counted(Foreign) != 2 {
			t.Errorf("counted %d", s.counted(Foreign))
		}
	})
}

func TestGatewayGoesAway(t *testing.T) {
	inBubble(t, nil, []string{"n1"}, func(t *testing.T, s *stand) {
		a, job := s.busy("n1", "w1", "ann")
		s.nodes["n1"].Drain()
		if got := s.knock("n1", "w1", true); got != 503 {
			t.Errorf("a new worker gets %d, want 503", got)
		}
		s.job("w1", "ann")
		a.silence(time.Minute) // nothing more is offered
		a.status(job.ID, pb.JobStatus_JS_SUCCESS, "")
		s.is(job.ID, room.Success) // but what goes on goes on

		s.down("n1")
		if m := a.next(); m.GetGoAway().GetReason() == "" {
			t.Errorf("got %v, want go_away", m)
		}
		if code := a.closed(); code != closeGoingAway {
			t.Errorf("closed with %d, want %d", code, closeGoingAway)
		}
	})
}

func TestReasonsArePlain(t *testing.T) {
	for in, want := range map[string]string{
		"":                                 "",
		"no key":                           "no key",
		"a\x00b\nc\t d":                    "a b c d",
		"call to 4155550123 failed":        "call to … failed",
		"+49 (30) 12.34-56/78":             "+…",
		"HTTP 404 after 12 s, code 123456": "HTTP 404 after 12 s, code 123456",
		"bad \xff byte":                    "bad byte",
		strings.Repeat("é", 400):           strings.Repeat("é", maxWhy/2),
	} {
		if got := reasonFrom(in); got != want {
			t.Errorf("reasonFrom(%q) = %q, want %q", in, got, want)
		}
	}
}

// synctest's own deadlock detection says that nobody is left behind.
func TestHundredWorkersComeAndGo(t *testing.T) {
	inBubble(t, nil, []string{"n1"}, func(t *testing.T, s *stand) {
		var all []*agent
		for range 100 {
			all = append(all, s.worker("n1", "w1", "ann"))
		}
		for range 20 {
			s.job("w1", "ann")
		}
		time.Sleep(time.Second)
		for _, a := range all {
			a.hangUp()
		}
		synctest.Wait()
		if n := s.nodes["n1"].Workers(); n != 0 {
			t.Errorf("%d workers are left", n)
		}
	})
}
