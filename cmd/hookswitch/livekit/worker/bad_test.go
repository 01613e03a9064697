package worker

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/pb"
)

func TestWhoDoesNotAnswerCostsAJobTenSeconds(t *testing.T) {
	inBubble(t, nil, []string{"n1"}, func(t *testing.T, s *stand) {
		silent := s.worker("n1", "w1", "ann")
		job := s.job("w1", "ann")
		silent.offered()
		other := s.worker("n1", "w1", "ann")
		began := time.Now()
		other.offered()
		if waited := time.Since(began); waited > 10*time.Second {
			t.Errorf("the next one was asked after %s, want 10 s at most", waited)
		}
		other.accept(job.ID)
		other.assigned()

		// It answers now, late: the job is another's.
		silent.accept(job.ID)
		silent.terminated(job.ID)
		if j := s.is(job.ID, room.Running); j.Worker != other.id || j.Attempts != 2 || j.Asked != 2 {
			t.Errorf("job = %+v", j)
		}
		if s.counted(Silent) != 1 || s.counted(Late) != 1 {
			t.Errorf("silent %d, late %d; want 1, 1", s.counted(Silent), s.counted(Late))
		}
	})
}

func TestWhoGoesAsItIsAskedCostsAJobNothing(t *testing.T) {
	inBubble(t, nil, []string{"n1"}, func(t *testing.T, s *stand) {
		a := s.worker("n1", "w1", "ann")
		job := s.job("w1", "ann")
		a.offered()
		b := s.worker("n1", "w1", "ann")
		a.hangUp()
		began := time.Now()
		if o := b.offered(); o.Id != job.ID {
			t.Errorf("offered %s", o.Id)
		}
		if took := time.Since(began); took > 100*time.Millisecond {
			t.Errorf("offered after %s", took)
		}
	})
}

func TestWhoNeverAnswersIsLeftAlone(t *testing.T) {
	inBubble(t, nil, []string{"n1"}, func(t *testing.T, s *stand) {
		silent := s.worker("n1", "w1", "ann")
		first := s.job("w1", "ann")
		silent.offered()
		time.Sleep(11 * time.Second)
		second := s.job("w1", "ann")
		silent.silence(15 * time.Second) // with every job, for a while
		if o := silent.offered(); o.Id != second.ID {
			t.Errorf("offered the job again that it never answered about")
		}
		silent.silence(time.Minute) // about the first: never again
		if j := s.is(first.ID, room.Pending); j.Reason != room.ReasonNone || j.Error != "" || j.Node != "" {
			t.Errorf("job = %+v, want one that waits, and may be anybody's", j)
		}
	})
}

func TestWhoClaimsOthersJobsIsSentAway(t *testing.T) {
	for name, say := range map[string]func(*agent, string){
		"status": func(a *agent, job string) { a.status(job, pb.JobStatus_JS_FAILED, "mine") },
		"yes":    func(a *agent, job string) { a.accept(job) },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, nil, []string{"n1"}, func(t *testing.T, s *stand) {
				victim := s.worker("n1", "w1", "ann")
				job := s.job("w1", "ann")
				victim.offered()
				victim.accept(job.ID)
				victim.assigned()

				thief := s.worker("n1", "w2", "ann")
				for range maxStrikes - 1 {
					say(thief, job.ID)
				}
				thief.silence(time.Second)
				s.is(job.ID, room.Running)
				say(thief, job.ID)
				if code := thief.closed(); code != closePolicy {
					t.Errorf("closed with %d, want %d", code, closePolicy)
				}
				s.is(job.ID, room.Running)
				if s.counted(Foreign) != maxStrikes {
					t.Errorf("counted %d, want %d", s.counted(Foreign), maxStrikes)
				}
				victim.silence(time.Second)
			})
		})
	}
}

func TestLateNewsOfAnOwnJobIsNoClaim(t *testing.T) {
	inBubble(t, nil, []string{"n1"}, func(t *testing.T, s *stand) {
		a := s.worker("n1", "w1", "ann")
		job := s.job("w1", "ann")
		a.offered()
		a.accept(job.ID)
		a.assigned()
		s.cancel(job.ID)
		a.terminated(job.ID)
		for range 3 * maxStrikes {
			a.status(job.ID, pb.JobStatus_JS_SUCCESS, "")
		}
		a.silence(time.Second)
		s.is(job.ID, room.Cancelled)
		if s.counted(Foreign) != 0 || s.counted(Late) != 3*maxStrikes {
			t.Errorf("foreign %d, late %d", s.counted(Foreign), s.counted(Late))
		}
	})
}

func TestFloodIsClosed(t *testing.T) {
	ping := &pb.WorkerMessage{Message: &pb.WorkerMessage_Ping{Ping: &pb.WorkerPing{Timestamp: 1}}}
	inBubble(t, nil, []string{"n1"}, func(t *testing.T, s *stand) {
		a := s.worker("n1", "w1", "ann")
		for range burst + 1 {
			a.say(ping)
		}
		if code := a.closed(); code != closePolicy {
			t.Errorf("closed with %d, want %d", code, closePolicy)
		}
		if s.counted(Flood) != 1 {
			t.Errorf("counted %d floods", s.counted(Flood))
		}
	})
	inBubble(t, nil, []string{"n1"}, func(t *testing.T, s *stand) {
		a := s.worker("n1", "w1", "ann")
		for range 10 * burst { // 40 a second, for as long as it likes
			a.say(ping)
			time.Sleep(25 * time.Millisecond)
			if m := a.next(); m.GetPong().GetLastTimestamp() != 1 || m.GetPong().GetTimestamp() == 0 {
				t.Fatalf("got %v, want a pong", m)
			}
		}
	})
	inBubble(t, nil, []string{"n1"}, func(t *testing.T, s *stand) {
		a := s.worker("n1", "w1", "ann")
		for range 2 * burst { // control frames are messages, too
			if a.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Second)) != nil {
				break
			}
		}
		a.closed()
		if s.nodes["n1"].Workers() != 0 {
			t.Error("a flood of pings goes on")
		}
	})
}

func TestWhoDoesNotReadIsSentAway(t *testing.T) {
	inBubble(t, nil, []string{"n1"}, func(t *testing.T, s *stand) {
		deaf := &agent{t: t}
		d := websocket.Dialer{NetDialContext: s.nodes["n1"].dial}
		var err error
		deaf.conn, _, err = d.DialContext(t.Context(), "ws://gateway/agent", http.Header{"Authorization": {"Bearer w1"}})
		if err != nil {
			t.Fatal(err)
		}
		defer deaf.conn.Close()
		deaf.say(&pb.WorkerMessage{Message: &pb.WorkerMessage_Register{Register: &pb.RegisterWorkerRequest{AgentName: "ann"}}})
		time.Sleep(5 * time.Second)
		if n := s.nodes["n1"].Workers(); n != 0 {
			t.Errorf("%d workers, want none: it did not even read its registration", n)
		}
	})
}

func TestWhoSaysNothingIsSentAway(t *testing.T) {
	inBubble(t, nil, []string{"n1"}, func(t *testing.T, s *stand) {
		a := s.connect("n1", "w1")
		began := time.Now()
		a.say(&pb.WorkerMessage{Message: &pb.WorkerMessage_Ping{Ping: &pb.WorkerPing{}}})
		time.Sleep(5 * time.Second)
		a.conn.WriteControl(websocket.PongMessage, nil, time.Now().Add(time.Second)) // buys no time
		if m, open := <-a.heard; open {
			t.Errorf("got %v before anybody registered", m)
		}
		if code := a.closed(); code != closePolicy || time.Since(began) != 10*time.Second { // LiveKit's
			t.Errorf("closed with %d after %s, want %d after 10 s", code, time.Since(began), closePolicy)
		}
		if s.counted(Unregistered) != 1 {
			t.Error("not counted")
		}
	})
}

func TestWhoIsDeadIsNoticed(t *testing.T) {
	inBubble(t, nil, []string{"n1"}, func(t *testing.T, s *stand) {
		a := s.worker("n1", "w1", "ann")
		a.hangs.Store(true)
		time.Sleep(aliveWithin + pingEvery)
		if n := s.nodes["n1"].Workers(); n != 0 {
			t.Errorf("%d workers, want none", n)
		}
		a.closed()
	})
	inBubble(t, nil, []string{"n1"}, func(t *testing.T, s *stand) {
		s.worker("n1", "w1", "ann")
		time.Sleep(time.Hour) // it has nothing to say, but it answers pings
		if n := s.nodes["n1"].Workers(); n != 1 {
			t.Errorf("%d workers, want one", n)
		}
	})
}

func TestBadRegistrationIsRefused(t *testing.T) {
	long := strings.Repeat("x", 300)
	for name, r := range map[string]*pb.RegisterWorkerRequest{
		"unknown type":    {Type: 7},
		"long name":       {AgentName: long},
		"long namespace":  {Namespace: &long},
		"long deployment": {Deployment: long},
		"long instance":   {InstanceId: long},
		"64 KiB":          {Version: strings.Repeat("x", maxFirst)},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, nil, []string{"n1"}, func(t *testing.T, s *stand) {
				a := s.connect("n1", "w1")
				a.say(&pb.WorkerMessage{Message: &pb.WorkerMessage_Register{Register: r}})
				a.closed()
				if n := s.nodes["n1"].Workers(); n != 0 {
					t.Errorf("%d workers, want none", n)
				}
			})
		})
	}
	for _, name := range []string{"", "a b", "ägent", strings.Repeat("x", room.MaxName)} {
		inBubble(t, nil, []string{"n1"}, func(t *testing.T, s *stand) { s.worker("n1", "w1", name) })
	}
}

func TestOddMessages(t *testing.T) {
	failed := pb.JobStatus_JS_CANCELLED
	inBubble(t, nil, []string{"n1"}, func(t *testing.T, s *stand) {
		a := s.worker("n1", "w1", "ann")
		a.say(&pb.WorkerMessage{Message: &pb.WorkerMessage_SimulateJob{SimulateJob: &pb.SimulateJobRequest{}}})
		a.say(&pb.WorkerMessage{Message: &pb.WorkerMessage_MigrateJob{MigrateJob: &pb.MigrateJobRequest{JobIds: []string{"AJ_of nobody"}}}})
		a.say(&pb.WorkerMessage{}) // of a kind that we do not know
		a.say(&pb.WorkerMessage{Message: &pb.WorkerMessage_CreateJobToken{CreateJobToken: &pb.CreateJobTokenRequest{RequestId: "r1"}}})
		if m := a.next().GetCreateJobToken(); m.GetRequestId() != "r1" || m.GetError() == "" || m.GetToken() != "" {
			t.Errorf("got %v, want an error", m)
		}
		a.silence(time.Second)

		// A few wrong ones are forgiven, ten are not.
		a.conn.WriteMessage(websocket.BinaryMessage, []byte{0xff, 0xff})
		a.conn.WriteMessage(websocket.TextMessage, []byte(`{"register":`))
		a.say(&pb.WorkerMessage{Message: &pb.WorkerMessage_Register{Register: &pb.RegisterWorkerRequest{AgentName: "bob"}}})
		a.silence(time.Second)
		job := s.job("w1", "ann")
		a.offered()
		a.accept(job.ID)
		a.assigned()
		a.status(job.ID, failed, "")
		a.status(job.ID, 99, "")
		s.is(job.ID, room.Running)
		for range maxStrikes - 5 {
			a.conn.WriteMessage(websocket.BinaryMessage, []byte{0xff})
		}
		if code := a.closed(); code != closePolicy {
			t.Errorf("closed with %d", code)
		}
	})
}

func TestParticipantThatIsTooBigIsNoAnswer(t *testing.T) {
	for name, answer := range map[string]*pb.AvailabilityResponse{
		"identity":   {ParticipantIdentity: strings.Repeat("x", room.MaxName+1)},
		"name":       {ParticipantName: strings.Repeat("x", room.MaxName+1)},
		"attributes": {ParticipantAttributes: map[string]string{"k": strings.Repeat("x", room.MaxAttributes)}},
		"metadata":   {ParticipantMetadata: strings.Repeat("x", room.MaxMetadata+1)},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, nil, []string{"n1"}, func(t *testing.T, s *stand) {
				a := s.worker("n1", "w1", "ann")
				job := s.job("w1", "ann")
				a.offered()
				answer.JobId, answer.Available = job.ID, true
				a.answer(answer)
				a.terminated(job.ID)
				s.is(job.ID, room.Pending)
			})
		})
	}
}

func TestThereAreOnlySoManyWorkers(t *testing.T) {
	few := func(c *Config) { c.MaxOfWorkspace, c.MaxWorkers = 2, 3 }
	inBubble(t, few, []string{"n1"}, func(t *testing.T, s *stand) {
		first := s.worker("n1", "w1", "ann")
		s.connect("n1", "w1") // says nothing, and takes a place
		if got := s.knock("n1", "w1", true); got != http.StatusTooManyRequests {
			t.Errorf("third of a workspace: %d, want 429", got)
		}
		s.worker("n1", "w2", "ann")
		if got := s.knock("n1", "w3", true); got != http.StatusTooManyRequests {
			t.Errorf("fourth of a node: %d, want 429", got)
		}
		first.hangUp()
		s.worker("n1", "w3", "ann")
	})
}

// knock asks for /agent as an upgrade or not, and returns the status.
func (s *stand) knock(nodeName, token string, upgrade bool) int {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, "http://gateway/agent", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	if upgrade {
		for k, v := range map[string]string{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="} {
			r.Header.Set(k, v)
		}
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	tr := &http.Transport{DialContext: s.nodes[nodeName].dial}
	defer tr.CloseIdleConnections()
	resp, err := tr.RoundTrip(r)
	if err != nil {
		s.t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

func TestWhoIsLetIn(t *testing.T) {
	for _, tt := range []struct {
		name, token string
		upgrade     bool
		want        int
	}{
		{"no upgrade", "w1", false, http.StatusNotFound},
		{"no token", "", true, http.StatusUnauthorized},
		{"a bad token", "bad", true, http.StatusUnauthorized},
		{"no grant", "nobody", true, http.StatusUnauthorized},
		{"a database that is gone", "broken", true, http.StatusServiceUnavailable},
		{"a worker", "w1", true, http.StatusSwitchingProtocols},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, nil, []string{"n1"}, func(t *testing.T, s *stand) {
				if got := s.knock("n1", tt.token, tt.upgrade); got != tt.want {
					t.Errorf("got %d, want %d", got, tt.want)
				}
			})
		})
	}
}

func TestTokenMayStandInTheAddress(t *testing.T) {
	inBubble(t, nil, []string{"n1"}, func(t *testing.T, s *stand) {
		d := websocket.Dialer{NetDialContext: s.nodes["n1"].dial}
		conn, _, err := d.DialContext(context.Background(), "ws://gateway/agent?access_token=w1&protocol=1", nil)
		if err != nil {
			t.Fatal(err)
		}
		conn.Close()
		synctest.Wait()
	})
}
