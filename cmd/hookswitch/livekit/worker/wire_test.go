package worker

import (
	"math"
	"testing"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/agentcore/room/roomtest"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/pb"
)

func TestLoadIsBetweenNothingAndAll(t *testing.T) {
	for in, want := range map[float32]float64{
		0: 0, 0.5: 0.5, 1: 1, -3: 0, 17: 1,
		float32(math.Inf(1)): 1, float32(math.Inf(-1)): 0,
	} {
		if got := loadOf(in); got != want {
			t.Errorf("loadOf(%v) = %v, want %v", in, got, want)
		}
	}
	if got := loadOf(float32(math.NaN())); got != 1 {
		t.Errorf("loadOf(NaN) = %v, want 1: nobody knows what it can take", got)
	}
}

// Bytes as LiveKit's own worker for Node 1.9.0 sends them.
func TestRegistrationOfARealWorker(t *testing.T) {
	body := []byte("\x0a\x25\x1a\x051.9.0\x3a\x0a\x08\x01\x10\x01\x18\x01\x50\x01\x58\x01\x42\x0aprobe-node\x4a\x00")
	body[1] = byte(len(body) - 2)
	m, err := parse(false, body)
	if err != nil {
		t.Fatal(err)
	}
	r := m.GetRegister()
	if r.GetAgentName() != "probe-node" || r.GetVersion() != "1.9.0" || r.GetType() != pb.JobType_JT_ROOM || !r.GetAllowedPermissions().GetCanPublish() || r.GetAllowedPermissions().GetHidden() {
		t.Errorf("registration = %v", r)
	}
}

// FuzzMessages gives a hub whatever may come over a socket, in both forms.
func FuzzMessages(f *testing.F) {
	full := pb.WorkerStatus_WS_FULL
	for _, m := range []*pb.WorkerMessage{
		{},
		{Message: &pb.WorkerMessage_Register{Register: &pb.RegisterWorkerRequest{AgentName: "ann"}}},
		{Message: &pb.WorkerMessage_Availability{Availability: &pb.AvailabilityResponse{JobId: "AJ_1", Available: true, ParticipantAttributes: map[string]string{"k": "v"}}}},
		{Message: &pb.WorkerMessage_UpdateWorker{UpdateWorker: &pb.UpdateWorkerStatus{Status: &full, Load: 0.5, Seq: 1}}},
		{Message: &pb.WorkerMessage_UpdateJob{UpdateJob: &pb.UpdateJobStatus{JobId: "AJ_1", Status: pb.JobStatus_JS_FAILED, Error: "+14155550123"}}},
		{Message: &pb.WorkerMessage_Ping{Ping: &pb.WorkerPing{Timestamp: 1}}},
		{Message: &pb.WorkerMessage_SimulateJob{SimulateJob: &pb.SimulateJobRequest{Room: &pb.Room{Name: "r"}}}},
		{Message: &pb.WorkerMessage_MigrateJob{MigrateJob: &pb.MigrateJobRequest{JobIds: []string{"AJ_1"}}}},
		{Message: &pb.WorkerMessage_CreateJobToken{CreateJobToken: &pb.CreateJobTokenRequest{RequestId: "r"}}},
	} {
		binary, err := proto.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		text, err := protojson.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(false, binary)
		f.Add(true, text)
	}
	f.Add(false, []byte{0x12, 0}) // an availability of nothing
	f.Add(true, []byte(`{"updateJob":{}}`))
	h, err := New(Config{
		Store: roomtest.NewStore(), Auth: byName, Node: "n", URL: "ws://x", Key: "k", Secret: "s",
		RoomName: func(_, name string) string { return name },
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text bool, body []byte) {
		m, err := parse(text, body)
		if err != nil {
			return
		}
		if r := m.GetRegister(); r != nil && checkRegister(r) == "" && len(r.GetAgentName()) > room.MaxName {
			t.Errorf("a name of %d bytes is let in", len(r.GetAgentName()))
		}
		if load := loadOf(m.GetUpdateWorker().GetLoad()); !(load >= 0 && load <= 1) {
			t.Errorf("load = %v", load)
		}
		why := reasonFrom(m.GetUpdateJob().GetError())
		if len(why) > maxWhy || !utf8.ValidString(why) {
			t.Errorf("reason = %q", why)
		}
		s := &socket{out: make(chan packet, 10), over: make(chan struct{})}
		s.text.Store(text)
		w := newWorker(s, "w1", "key", &pb.RegisterWorkerRequest{AgentName: "ann"})
		h.handle(w, m)
		for len(s.out) > 0 {
			if p := <-s.out; len(p.body) == 0 || p.kind == 1 != text {
				t.Errorf("answer %+v to a message in text: %v", p, text)
			}
		}
	})
}
