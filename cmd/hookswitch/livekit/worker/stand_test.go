package worker

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/agentcore/room/roomtest"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/grant"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/pb"
	"github.com/hookswitch/hookswitch/telephony"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// stand is a store and the nodes that share it, in a bubble of virtual time.
type stand struct {
	t     *testing.T
	store *roomtest.Store
	nodes map[string]*node

	mu     sync.Mutex
	counts map[string]int
}

// node is a hub that runs, and the server in front of it.
type node struct {
	*Hub
	wires chan net.Conn
	stop  func() // returns when Run has
}

// inBubble runs test with nodes of these names. The first is where calls are.
func inBubble(t *testing.T, change func(*Config), names []string, test func(t *testing.T, s *stand)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &stand{t: t, store: roomtest.NewStore(), nodes: map[string]*node{}, counts: map[string]int{}}
		for _, name := range names {
			s.add(name, change)
		}
		defer func() {
			for name := range s.nodes {
				s.down(name)
			}
		}()
		test(t, s)
	})
}

// add begins a node.
func (s *stand) add(name string, change func(*Config)) {
	s.t.Helper()
	c := Config{
		Store: s.store, Auth: byName, Node: name, Version: "1.2.3",
		URL: "ws://livekit", Key: "OPERATOR", Secret: "operator's secret",
		RoomName: func(workspace, name string) string { return workspace + "-" + name },
		Count:    s.count,
	}
	if change != nil {
		change(&c)
	}
	hub, err := New(c)
	if err != nil {
		s.t.Fatal(err)
	}
	s.store.Beat(name, time.Now().Add(24*time.Hour))
	n := &node{Hub: hub, wires: make(chan net.Conn)}
	srv := &http.Server{Handler: hub}
	ctx, cancel := context.WithCancel(s.t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { srv.Serve(wires{n.wires}) })
	wg.Go(func() { hub.Run(ctx) })
	n.stop = func() {
		cancel()
		synctest.Wait()
		close(n.wires)
		srv.Close()
		wg.Wait()
	}
	s.nodes[name] = n
}

// down ends a node.
func (s *stand) down(name string) {
	n := s.nodes[name]
	delete(s.nodes, name)
	n.stop()
}

func (s *stand) count(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[what]++
}

func (s *stand) counted(what string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts[what]
}

// byName takes a token "workspace" or "workspace/key" for what it says.
func byName(_ context.Context, token string) (grant.Grant, error) {
	switch token {
	case "bad":
		return grant.Grant{}, grant.Refused("invalid authorization token")
	case "broken":
		return grant.Grant{}, errors.New("no database")
	}
	workspace, key, _ := strings.Cut(token, "/")
	return grant.Grant{Workspace: workspace, Key: key, Claims: grant.Claims{Video: grant.Video{Agent: workspace != "nobody"}}}, nil
}

// wires is a listener of pipes.
type wires struct{ conns chan net.Conn }

func (w wires) Accept() (net.Conn, error) {
	if c, ok := <-w.conns; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}
func (wires) Close() error   { return nil }
func (wires) Addr() net.Addr { return &net.UnixAddr{Name: "wires"} }

func (n *node) dial(context.Context, string, string) (net.Conn, error) {
	here, there := net.Pipe()
	n.wires <- there
	return here, nil
}

// job makes a live call with a dispatch of agent, and returns the job.
func (s *stand) job(workspace, agent string, change ...func(*room.Dispatch)) room.Job {
	s.t.Helper()
	now := time.Now()
	call := telephony.CallID("call-" + newID(""))
	s.store.AddCall(roomtest.Call{ID: call, Workspace: workspace, Node: "n1", Created: now, Answered: now})
	r, err := s.store.Open(s.t.Context(), workspace, string(call), now)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.dispatch(r, agent, change...)
}

// dispatch sends agent into r.
func (s *stand) dispatch(r room.Room, agent string, change ...func(*room.Dispatch)) room.Job {
	s.t.Helper()
	d := room.Dispatch{ID: newID("AD_"), Room: r.ID, Agent: agent, Trigger: room.ByAPI, Join: room.Replace, Created: time.Now()}
	d.Jobs = []room.Job{{ID: newID("AJ_"), Kind: room.Worker, Agent: agent, Join: room.Replace, Status: room.Pending, Reason: room.ReasonNone, Created: time.Now()}}
	for _, c := range change {
		c(&d)
	}
	d, err := s.store.Add(s.t.Context(), d)
	if err != nil {
		s.t.Fatal(err)
	}
	return d.Jobs[0]
}

// now is a job as it is on record.
func (s *stand) now(id string) room.Job {
	s.t.Helper()
	j, err := s.store.Job(s.t.Context(), id)
	if err != nil {
		s.t.Fatal(err)
	}
	return j
}

// is checks a job's status on record.
func (s *stand) is(id string, want room.Status) room.Job {
	s.t.Helper()
	j := s.now(id)
	if j.Status != want {
		s.t.Errorf("job is %s (%s %s), want %s", j.Status, j.Reason, j.Error, want)
	}
	return j
}

// cancel ends a job as the host does when its dispatch is deleted.
func (s *stand) cancel(id string) {
	s.t.Helper()
	j := s.now(id)
	from := j.Status
	j.Status, j.Reason = room.Cancelled, room.ReasonDeleted
	if _, err := s.store.MoveJob(s.t.Context(), j, from); err != nil {
		s.t.Fatal(err)
	}
}

// agent is a worker's end of a socket.
type agent struct {
	t     *testing.T
	conn  *websocket.Conn
	text  bool
	id    string                 // once it is registered
	heard chan *pb.ServerMessage // closed with the socket
	end   *websocket.CloseError  // with heard; nil: without a word
	hangs atomic.Bool            // its process does, its kernel does not: pings are not answered
	done  sync.WaitGroup
}

// connect opens a socket that says nothing yet.
func (s *stand) connect(nodeName, token string) *agent {
	s.t.Helper()
	d := websocket.Dialer{NetDialContext: s.nodes[nodeName].dial}
	conn, resp, err := d.DialContext(s.t.Context(), "ws://gateway/agent", http.Header{"Authorization": {"Bearer " + token}})
	if err != nil {
		s.t.Fatalf("connect: %v (%v)", err, resp)
	}
	a := &agent{t: s.t, conn: conn, heard: make(chan *pb.ServerMessage, 1000)}
	conn.SetPingHandler(func(data string) error { // a pipe has no buffer, as a kernel has
		if a.hangs.Load() {
			return nil
		}
		a.done.Go(func() { conn.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(time.Second)) })
		return nil
	})
	a.done.Go(a.listen)
	return a
}

func (a *agent) listen() {
	defer close(a.heard)
	for {
		kind, body, err := a.conn.ReadMessage()
		if err != nil {
			a.end, _ = errors.AsType[*websocket.CloseError](err)
			a.conn.Close()
			return
		}
		m := new(pb.ServerMessage)
		switch {
		case a.text != (kind == websocket.TextMessage):
			a.t.Errorf("an answer came as message type %d", kind)
		case a.text:
			err = protojson.Unmarshal(body, m)
		default:
			err = proto.Unmarshal(body, m)
		}
		if err != nil {
			a.t.Errorf("an answer cannot be read: %v", err)
		}
		a.heard <- m
	}
}

// worker is one that has registered under a name, and is available.
func (s *stand) worker(nodeName, workspace, name string, change ...func(*pb.RegisterWorkerRequest)) *agent {
	s.t.Helper()
	a := s.connect(nodeName, workspace)
	a.register(name, change...)
	return a
}

func (a *agent) register(name string, change ...func(*pb.RegisterWorkerRequest)) {
	a.t.Helper()
	r := &pb.RegisterWorkerRequest{AgentName: name, Version: "1.9.0"}
	for _, c := range change {
		c(r)
	}
	a.say(&pb.WorkerMessage{Message: &pb.WorkerMessage_Register{Register: r}})
	m := a.next()
	if a.id = m.GetRegister().GetWorkerId(); !strings.HasPrefix(a.id, "AW_") {
		a.t.Fatalf("first message = %v, want a registration", m)
	}
}

// say sends a message; errors show in what comes back.
func (a *agent) say(m *pb.WorkerMessage) {
	if a.text {
		body, _ := protojson.Marshal(m)
		a.conn.WriteMessage(websocket.TextMessage, body)
		return
	}
	body, _ := proto.Marshal(m)
	a.conn.WriteMessage(websocket.BinaryMessage, body)
}

func (a *agent) load(load float32, status pb.WorkerStatus) {
	a.say(&pb.WorkerMessage{Message: &pb.WorkerMessage_UpdateWorker{
		UpdateWorker: &pb.UpdateWorkerStatus{Status: &status, Load: load}}})
	synctest.Wait()
}

func (a *agent) answer(r *pb.AvailabilityResponse) {
	a.say(&pb.WorkerMessage{Message: &pb.WorkerMessage_Availability{Availability: r}})
	synctest.Wait()
}

func (a *agent) accept(job string) {
	a.answer(&pb.AvailabilityResponse{JobId: job, Available: true, ParticipantIdentity: "agent-1", ParticipantName: "Ann"})
}

func (a *agent) decline(job string) { a.answer(&pb.AvailabilityResponse{JobId: job}) }

func (a *agent) status(job string, s pb.JobStatus, why string) {
	a.say(&pb.WorkerMessage{Message: &pb.WorkerMessage_UpdateJob{
		UpdateJob: &pb.UpdateJobStatus{JobId: job, Status: s, Error: why}}})
	synctest.Wait()
}

// next is the next message within a minute.
func (a *agent) next() *pb.ServerMessage {
	a.t.Helper()
	select {
	case m, ok := <-a.heard:
		if !ok {
			a.t.Fatalf("the socket was closed: %v", a.end)
		}
		return m
	case <-time.After(time.Minute):
		a.t.Fatal("no message within a minute")
		return nil
	}
}

// offered is the job of the next message, which is an offer.
func (a *agent) offered() *pb.Job {
	a.t.Helper()
	m := a.next()
	if m.GetAvailability() == nil {
		a.t.Fatalf("got %v, want an offer", m)
	}
	return m.GetAvailability().GetJob()
}

func (a *agent) assigned() *pb.JobAssignment {
	a.t.Helper()
	m := a.next()
	if m.GetAssignment() == nil {
		a.t.Fatalf("got %v, want an assignment", m)
	}
	return m.GetAssignment()
}

func (a *agent) terminated(job string) {
	a.t.Helper()
	if m := a.next(); m.GetTermination().GetJobId() != job {
		a.t.Fatalf("got %v, want the termination of %s", m, job)
	}
}

// silence says that nothing comes for so long.
func (a *agent) silence(during time.Duration) {
	a.t.Helper()
	select {
	case m, ok := <-a.heard:
		a.t.Errorf("got %v (open: %v), want nothing for %s", m, ok, during)
	case <-time.After(during):
	}
}

// closed is the code with which the socket is closed within a minute.
func (a *agent) closed() int {
	a.t.Helper()
	for {
		select {
		case _, ok := <-a.heard:
			if ok {
				continue
			}
			if a.end == nil {
				return 0
			}
			return a.end.Code
		case <-time.After(time.Minute):
			a.t.Fatal("the socket is open after a minute")
		}
	}
}

// hangUp closes the socket without a word.
func (a *agent) hangUp() {
	a.conn.Close()
	a.done.Wait()
	synctest.Wait()
}
