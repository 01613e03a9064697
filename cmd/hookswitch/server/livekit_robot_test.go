package server_test

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"google.golang.org/protobuf/proto"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/bridge"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/grant"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/pb"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// robot is an agent worker that takes every job, enters the room that it is sent
// to, and makes a tone there.
type robot struct {
	t        *testing.T
	hz       float64
	conn     *websocket.Conn
	writing  sync.Mutex
	declines atomic.Bool
	working  sync.WaitGroup
	stop     chan struct{} // closed when the robot is switched off
	off      sync.Once

	mu    sync.Mutex
	tasks map[string]*task // by job
	order []*task
}

// task is one job of a robot's.
type task struct {
	r    *robot
	job  *pb.Job
	line *bridge.Line
	quit chan struct{} // closed when it leaves
	left sync.Once

	mu         sync.Mutex
	heard      []media.Frame // the last few
	terminated time.Time     // when the gateway said so; zero: it has not
}

// robot has one register under a name, and make that tone.
func (s *studio) robot(name string, hz float64) *robot {
	s.t.Helper()
	return newRobot(s.t, s.PublicURL(), s.key, s.secret, name, hz)
}

// newRobot has one register at the gateway at url.
func newRobot(t *testing.T, url, key, secret, name string, hz float64) *robot {
	t.Helper()
	token, err := grant.Sign(key, secret, grant.Claims{Video: grant.Video{Agent: true}}, time.Now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	conn, _, err := websocket.DefaultDialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(url, "http")+"/agent", http.Header{"Authorization": {"Bearer " + token}})
	if err != nil {
		t.Fatal(err)
	}
	r := &robot{t: t, hz: hz, conn: conn, stop: make(chan struct{}), tasks: map[string]*task{}}
	t.Cleanup(r.dies)
	r.say(&pb.WorkerMessage{Message: &pb.WorkerMessage_Register{Register: &pb.RegisterWorkerRequest{AgentName: name, Version: "1.9.0"}}})
	registered := make(chan struct{})
	r.working.Go(func() { r.read(registered) })
	select {
	case <-registered:
	case <-time.After(10 * time.Second):
		t.Fatal("the worker is not registered after 10 s")
	}
	return r
}

// dies is the end of its process: everything it holds is closed.
func (r *robot) dies() {
	r.off.Do(func() {
		close(r.stop)
		r.conn.Close()
	})
	r.working.Wait()
}

func (r *robot) say(m *pb.WorkerMessage) {
	body, err := proto.Marshal(m)
	if err != nil {
		r.t.Error(err)
	}
	r.writing.Lock()
	defer r.writing.Unlock()
	_ = r.conn.WriteMessage(websocket.BinaryMessage, body) // what comes of it shows in what is read
}

// read does what the gateway says, until the socket is closed.
func (r *robot) read(registered chan<- struct{}) {
	for {
		_, body, err := r.conn.ReadMessage()
		if err != nil {
			return
		}
		m := new(pb.ServerMessage)
		if err := proto.Unmarshal(body, m); err != nil {
			r.t.Errorf("a message to the worker: %v", err)
			return
		}
		switch {
		case m.GetRegister() != nil:
			close(registered)
		case m.GetAvailability() != nil:
			job := m.GetAvailability().GetJob()
			r.say(&pb.WorkerMessage{Message: &pb.WorkerMessage_Availability{Availability: &pb.AvailabilityResponse{
				JobId: job.GetId(), Available: !r.declines.Load(), ParticipantIdentity: "robot-" + job.GetId(), ParticipantName: "Robot",
			}}})
		case m.GetAssignment() != nil:
			a := m.GetAssignment()
			r.working.Go(func() { r.enter(a) })
		case m.GetTermination() != nil:
			if k := r.task(m.GetTermination().GetJobId()); k != nil {
				k.mu.Lock()
				k.terminated = time.Now()
				k.mu.Unlock()
				k.leaves()
			}
		}
	}
}

func (r *robot) task(job string) *task {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.tasks[job]
}

// enter does a job: it is in the room, hears what is said there, and makes its
// tone, until it leaves or the robot is off.
func (r *robot) enter(a *pb.JobAssignment) {
	line, err := bridge.Dial(r.t.Context(), bridge.Config{URL: a.GetUrl(), Token: a.GetToken(), Rejoin: time.Nanosecond})
	if err != nil {
		r.status(a.GetJob().GetId(), pb.JobStatus_JS_FAILED, "the room can't be entered")
		return
	}
	k := &task{r: r, job: a.GetJob(), line: line, quit: make(chan struct{})}
	r.mu.Lock()
	r.tasks[k.job.GetId()] = k
	r.order = append(r.order, k)
	r.mu.Unlock()
	tone := handset.Tone(time.Second, r.hz)
	tick := time.NewTicker(media.FrameDuration)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-k.quit:
			line.Close()
			return
		case <-r.stop:
			line.Close()
			return
		case <-tick.C:
		}
		var f media.Frame
		line.Receive(&f)
		k.mu.Lock()
		k.heard = append(k.heard[max(0, len(k.heard)-500):], f)
		k.mu.Unlock()
		line.Send(&tone[n%len(tone)])
	}
}

func (r *robot) status(job string, status pb.JobStatus, why string) {
	r.say(&pb.WorkerMessage{Message: &pb.WorkerMessage_UpdateJob{UpdateJob: &pb.UpdateJobStatus{JobId: job, Status: status, Error: why}}})
}

// works waits until the robot is in a room for the nth time, from 1.
func (r *robot) works(n int) (k *task) {
	r.t.Helper()
	within(r.t, 20*time.Second, "the robot is in the room", func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		if len(r.order) >= n {
			k = r.order[n-1]
		}
		return k != nil
	})
	return k
}

// leaves takes the robot out of the room.
func (k *task) leaves() { k.left.Do(func() { close(k.quit) }) }

// hears waits until a tone is heard in the room, for a tenth of a second.
func (k *task) hears(what string, hz float64) {
	k.r.t.Helper()
	within(k.r.t, 20*time.Second, what+" in the room", func() bool {
		k.mu.Lock()
		defer k.mu.Unlock()
		for i := 0; i+5 <= len(k.heard); i++ {
			if level(k.heard[i:i+5], hz) > 2000 {
				return true
			}
		}
		return false
	})
}

// told is when the gateway ended the job; zero: it has not.
func (k *task) told() time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.terminated
}
