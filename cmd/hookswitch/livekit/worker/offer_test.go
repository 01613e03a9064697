package worker

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/pb"
)

func TestWorkerTakesAJob(t *testing.T) {
	for _, text := range []bool{false, true} {
		inBubble(t, nil, []string{"n1"}, func(t *testing.T, s *stand) {
			a := s.connect("n1", "w1")
			a.text = text
			a.register("ann")
			job := s.job("w1", "ann", func(d *room.Dispatch) {
				d.Metadata, d.Attributes, d.Thread = `{"who":"caller"}`, map[string]string{"k": "v"}, "AT_1"
			})
			began := time.Now()
			o := a.offered()
			if waited := time.Since(began); waited > 500*time.Millisecond {
				t.Errorf("offered after %s", waited)
			}
			if o.Id != job.ID || o.DispatchId != job.Dispatch || o.Metadata != `{"who":"caller"}` || o.Attributes["k"] != "v" || o.ThreadId != "AT_1" || o.AgentName != "ann" {
				t.Errorf("offer = %v", o)
			}
			if o.State.Status != pb.JobStatus_JS_RUNNING || o.State.WorkerId != a.id || o.State.StartedAt == 0 {
				t.Errorf("state of an offer = %v, want what LiveKit says: running", o.State)
			}
			s.is(job.ID, room.Pending)

			a.accept(job.ID)
			as := a.assigned()
			if as.GetUrl() != "ws://livekit" || as.Job.Id != job.ID {
				t.Errorf("assignment = %v", as)
			}
			checkToken(t, as.Token, o.Room.Name)
			got := s.is(job.ID, room.Running)
			if got.Worker != a.id || got.Node != "n1" || got.Identity != "agent-1" || got.Name != "Ann" || got.Attempts != 1 || got.Asked != 1 ||
				got.Assigned.IsZero() || got.Accepted.IsZero() || got.Started.IsZero() || got.FirstStarted.IsZero() {
				t.Errorf("job = %+v", got)
			}
			a.status(job.ID, pb.JobStatus_JS_RUNNING, "")
			a.status(job.ID, pb.JobStatus_JS_SUCCESS, "")
			if got := s.is(job.ID, room.Success); got.Ended.IsZero() {
				t.Error("the job has no end")
			}
			a.silence(2 * time.Second) // who ended a job is not told so
		})
	}
}

// checkToken reads an agent's token as the operator's server does.
func checkToken(t *testing.T, token, roomName string) {
	t.Helper()
	claims := jwt.MapClaims{}
	_, err := jwt.ParseWithClaims(token, claims, func(*jwt.Token) (any, error) { return []byte("operator's secret"), nil },
		jwt.WithValidMethods([]string{"HS256"}), jwt.WithIssuer("OPERATOR"), jwt.WithTimeFunc(time.Now))
	if err != nil {
		t.Fatal(err)
	}
	video := claims["video"].(map[string]any)
	if video["room"] != roomName || !strings.HasPrefix(roomName, "w1-call-") || video["roomJoin"] != true || video["canPublish"] != true || video["roomAdmin"] != nil {
		t.Errorf("grants = %v in room %q", video, roomName)
	}
	if video["agent"] != nil {
		t.Error("whoever has the token may be a worker of the operator's server, in everybody's rooms")
	}
	if claims["sub"] != "agent-1" || claims["kind"] != "agent" || claims["name"] != "Ann" || claims["attributes"].(map[string]any)["lk.agent_name"] != "ann" {
		t.Errorf("claims = %v", claims)
	}
	if exp, _ := claims.GetExpirationTime(); (time.Hour - exp.Sub(time.Now())).Abs() > time.Second {
		t.Errorf("good for %s, want 1 h", exp.Sub(time.Now()))
	}
}

func TestWhoIsAsked(t *testing.T) {
	for _, tt := range []struct {
		name   string
		worker func(s *stand) *agent
		want   bool
	}{
		{"same name", func(s *stand) *agent { return s.worker("n1", "w1", "ann") }, true},
		{"another name", func(s *stand) *agent { return s.worker("n1", "w1", "bob") }, false},
		{"another workspace", func(s *stand) *agent { return s.worker("n1", "w2", "ann") }, false},
		{"no name", func(s *stand) *agent { return s.worker("n1", "w1", "") }, false},
		{"another deployment", func(s *stand) *agent {
			return s.worker("n1", "w1", "ann", func(r *pb.RegisterWorkerRequest) { r.Deployment = "staging" })
		}, false},
		{"a namespace", func(s *stand) *agent {
			ns := "mine"
			return s.worker("n1", "w1", "ann", func(r *pb.RegisterWorkerRequest) { r.Namespace = &ns })
		}, false},
		{"jobs of publishers only", func(s *stand) *agent {
			return s.worker("n1", "w1", "ann", func(r *pb.RegisterWorkerRequest) { r.Type = pb.JobType_JT_PUBLISHER })
		}, false},
		{"full", func(s *stand) *agent {
			a := s.worker("n1", "w1", "ann")
			a.load(0.1, pb.WorkerStatus_WS_FULL)
			return a
		}, false},
		{"loaded", func(s *stand) *agent {
			a := s.worker("n1", "w1", "ann")
			a.load(1, pb.WorkerStatus_WS_AVAILABLE)
			return a
		}, false},
		{"drains", func(s *stand) *agent {
			a := s.worker("n1", "w1", "ann")
			a.say(&pb.WorkerMessage{Message: &pb.WorkerMessage_UpdateWorker{UpdateWorker: &pb.UpdateWorkerStatus{Draining: true}}})
			synctest.Wait()
			return a
		}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, nil, []string{"n1"}, func(t *testing.T, s *stand) {
				a := tt.worker(s)
				job := s.job("w1", "ann")
				if tt.want {
					a.offered()
					return
				}
				a.silence(20 * time.Second)
				if j := s.is(job.ID, room.Pending); j.Error != "" || j.Reason != room.ReasonNone || j.Node != "" {
					t.Errorf("job that waits = %+v", j)
				}
			})
		})
	}
}

func TestJobsWaitForAWorker(t *testing.T) {
	inBubble(t, nil, []string{"n1"}, func(t *testing.T, s *stand) {
		job := s.job("w1", "ann")
		time.Sleep(10 * time.Minute)
		a := s.worker("n1", "w1", "ann")
		if o := a.offered(); o.Id != job.ID {
			t.Errorf("offered %s, want %s", o.Id, job.ID)
		}
	})
}

func TestFullWorkerIsAskedOnceItHasRoom(t *testing.T) {
	inBubble(t, nil, []string{"n1"}, func(t *testing.T, s *stand) {
		a := s.worker("n1", "w1", "ann")
		a.load(0.9, pb.WorkerStatus_WS_FULL)
		s.job("w1", "ann")
		a.silence(5 * time.Second)
		a.load(0.2, pb.WorkerStatus_WS_AVAILABLE)
		began := time.Now()
		a.offered()
		if waited := time.Since(began); waited > 100*time.Millisecond {
			t.Errorf("asked after %s, want at once", waited)
		}
	})
}

func TestStaleLoadSaysNothing(t *testing.T) {
	inBubble(t, nil, []string{"n1"}, func(t *testing.T, s *stand) {
		a := s.worker("n1", "w1", "ann")
		full, room := pb.WorkerStatus_WS_FULL, pb.WorkerStatus_WS_AVAILABLE
		a.say(&pb.WorkerMessage{Message: &pb.WorkerMessage_UpdateWorker{UpdateWorker: &pb.UpdateWorkerStatus{Status: &full, Seq: 7}}})
		a.say(&pb.WorkerMessage{Message: &pb.WorkerMessage_UpdateWorker{UpdateWorker: &pb.UpdateWorkerStatus{Status: &room, Seq: 6}}})
		synctest.Wait()
		s.job("w1", "ann")
		a.silence(5 * time.Second)
	})
}

func TestWhoDeclinesIsAskedAgainLater(t *testing.T) {
	inBubble(t, nil, []string{"n1"}, func(t *testing.T, s *stand) {
		a, b := s.worker("n1", "w1", "ann"), s.worker("n1", "w1", "ann")
		job := s.job("w1", "ann")
		began := time.Now()
		asked := 0
		for range 2 {
			select {
			case <-a.heard:
				a.decline(job.ID)
			case <-b.heard:
				b.decline(job.ID)
			case <-time.After(time.Second):
				t.Fatal("nobody was asked")
			}
			asked++
		}
		if time.Since(began) > time.Second {
			t.Errorf("two who decline took %s", time.Since(began))
		}
		if j := s.is(job.ID, room.Pending); j.Reason != room.ReasonNoCapacity || j.Node != "" || j.Attempts != 2 || j.Asked != 2 {
			t.Errorf("job that all declined = %+v", j)
		}
		a.silence(20 * time.Second)
		for who := a; ; who = b {
			select {
			case <-who.heard:
				who.accept(job.ID)
				who.assigned()
				if j := s.is(job.ID, room.Running); j.Reason != room.ReasonNone || j.Attempts != 3 || j.Asked != 2 {
					t.Errorf("job = %+v", j)
				}
				return
			case <-time.After(11 * time.Second):
				if who == b {
					t.Fatal("nobody was asked again")
				}
			}
		}
	})
}

func TestWorkIsSharedByLoad(t *testing.T) {
	inBubble(t, nil, []string{"n1"}, func(t *testing.T, s *stand) {
		idle, busy := s.worker("n1", "w1", "ann"), s.worker("n1", "w1", "ann")
		idle.load(0, pb.WorkerStatus_WS_AVAILABLE)
		busy.load(0.8, pb.WorkerStatus_WS_AVAILABLE)
		got := map[*agent]int{}
		for range 600 {
			w := s.nodes["n1"].pick(who{"w1", "ann"}, "", "job")
			if w.id == idle.id {
				got[idle]++
			} else {
				got[busy]++
			}
		}
		// 1 to 0.2: 500 of 600, with a deviation of 9.
		if got[idle] < 440 || got[idle] > 560 {
			t.Errorf("the idle one of two got %d of 600, want about 500", got[idle])
		}
	})
}

func TestAWorkerMayEndAJobThatItIsOffered(t *testing.T) {
	inBubble(t, nil, []string{"n1"}, func(t *testing.T, s *stand) {
		a := s.worker("n1", "w1", "ann")
		job := s.job("w1", "ann")
		a.offered()
		a.answer(&pb.AvailabilityResponse{JobId: job.ID, Terminate: true})
		s.is(job.ID, room.Success)
		a.silence(time.Minute)
	})
}

func TestDeletedWhileItIsOffered(t *testing.T) {
	inBubble(t, nil, []string{"n1"}, func(t *testing.T, s *stand) {
		a := s.worker("n1", "w1", "ann")
		job := s.job("w1", "ann")
		a.offered()
		s.cancel(job.ID)
		a.accept(job.ID) // before anybody looked
		a.terminated(job.ID)
		s.is(job.ID, room.Cancelled)

		other := s.job("w1", "ann")
		a.offered()
		s.cancel(other.ID)
		time.Sleep(time.Second) // somebody looked: the offer is over
		a.accept(other.ID)
		a.terminated(other.ID)
		s.is(other.ID, room.Cancelled)

		third := s.job("w1", "ann")
		a.offered()
		s.cancel(third.ID)
		time.Sleep(15 * time.Second) // nobody waits for an answer that is not wanted
		if s.counted(Silent) != 0 {
			t.Error("who was not asked any more is taken for silent")
		}
		s.job("w1", "ann")
		a.offered()
	})
}

func TestKeyThatIsTakenBackKeepsNoCall(t *testing.T) {
	var taken atomic.Bool
	valid := func(c *Config) {
		c.Valid = func(_ context.Context, _, key string) (bool, error) { return key != "old" || !taken.Load(), nil }
	}
	inBubble(t, valid, []string{"n1"}, func(t *testing.T, s *stand) {
		old, fresh := s.worker("n1", "w1/old", "ann"), s.worker("n1", "w1/new", "bob")
		job, other := s.job("w1", "ann"), s.job("w1", "bob")
		for a, id := range map[*agent]string{old: job.ID, fresh: other.ID} {
			a.offered()
			a.accept(id)
			a.assigned()
		}
		taken.Store(true)
		began := time.Now()
		if m := old.next(); m.GetTermination().GetJobId() != job.ID {
			t.Errorf("got %v, want the end of the job", m)
		}
		if code := old.closed(); code != closePolicy || time.Since(began) > 11*time.Second {
			t.Errorf("closed with %d after %s, want %d within 11 s", code, time.Since(began), closePolicy)
		}
		time.Sleep(time.Second)
		if got := s.is(job.ID, room.Failed); got.Error != keyGone {
			t.Errorf("the job failed with %q", got.Error)
		}
		s.is(other.ID, room.Running)
	})
}

func TestKeyThatWasTakenBackGetsNoMoreCalls(t *testing.T) {
	gone := func(c *Config) {
		c.Valid = func(_ context.Context, _, key string) (bool, error) { return key != "old", nil }
	}
	inBubble(t, gone, []string{"n1"}, func(t *testing.T, s *stand) {
		old := s.worker("n1", "w1/old", "ann")
		job := s.job("w1", "ann")
		if m, open := <-old.heard; open {
			t.Errorf("got %v, want no offer", m)
		}
		if code := old.closed(); code != closePolicy {
			t.Errorf("closed with %d, want %d", code, closePolicy)
		}
		fresh := s.worker("n1", "w1/new", "ann")
		if o := fresh.offered(); o.Id != job.ID {
			t.Errorf("offered %s", o.Id)
		}
	})
}
