package server_test

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/bridge/bridgetest"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/pb"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// A phone call is put through to an agent in a LiveKit room: both hear each other
// as loud as they are, and the call ends when the agent leaves.
func TestALiveKitAgentAnswersThePhone(t *testing.T) {
	t.Parallel()
	s, _ := withFake(t)
	r := s.robot("sales", robotHertz)
	p := s.rings()
	d := s.send(p, "sales", `{"who":"Ada"}`)
	k := r.works(1)
	if k.job.GetMetadata() != `{"who":"Ada"}` || k.job.GetRoom().GetName() != p.room || k.job.GetDispatchId() != d.GetId() {
		t.Errorf("the worker was given %v", k.job)
	}
	p.listens(robotHertz)
	k.hears("the caller", callerHertz)
	if got := p.loudness(t, robotHertz); got < 0.9*handset.ToneLevel || got > 1.1*handset.ToneLevel {
		t.Errorf("the agent's tone has an amplitude of %.0f on the phone, want %d", got, handset.ToneLevel)
	}
	job := s.becomes(p, d.GetId(), pb.JobStatus_JS_RUNNING)
	if job.State.GetParticipantIdentity() != "robot-"+job.GetId() {
		t.Errorf("its job is %v", job)
	}

	k.leaves()
	r.status(job.GetId(), pb.JobStatus_JS_SUCCESS, "")
	if got := s.end(); got != telephony.AgentHangup {
		t.Errorf("the call ended for %s, want %s", got, telephony.AgentHangup)
	}
	if j := s.kept(d.GetId()); j.Status != room.Success {
		t.Errorf("its job is %s %s", j.Status, j.Reason)
	}
	opened := slices.ContainsFunc(s.events(p), func(e agentcore.Event) bool {
		o, ok := e.(agentcore.FloorTaken)
		return ok && o.Job == job.GetId() && o.Agent == "sales"
	})
	if !opened {
		t.Errorf("nothing is written of whom the caller talked to: %+v", s.events(p))
	}
}

// loudness is the amplitude of a tone in what p hears in the next second.
func (p *onPhone) loudness(t *testing.T, hz float64) (loud float64) {
	t.Helper()
	p.mu.Lock()
	from := len(p.heard)
	p.mu.Unlock()
	within(t, 20*time.Second, "a second of the tone on the phone", func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		if len(p.heard) < from+50 {
			return false
		}
		for i := from; i+10 <= len(p.heard); i++ { // a busy machine tears holes: the best fifth of a second counts
			loud = max(loud, level(p.heard[i:i+10], hz))
		}
		return true
	})
	return loud
}

// events is what is written of p's call.
func (s *studio) events(p *onPhone) []agentcore.Event { return journal(s.t, s.Store(), p.call.SID()) }

// A dispatch that is deleted takes the agent off within three seconds. The call
// stays.
func TestDeletingItsDispatchTakesALiveKitAgentOff(t *testing.T) {
	t.Parallel()
	s, fake := withFake(t)
	r := s.robot("sales", robotHertz)
	p := s.rings()
	d := s.send(p, "sales", "")
	k := r.works(1)
	p.listens(robotHertz)
	if _, err := s.livekit.DeleteDispatch(s.admin(p.room), &pb.DeleteAgentDispatchRequest{Room: p.room, DispatchId: d.GetId()}); err != nil {
		t.Fatal(err)
	}
	within(t, 3*time.Second, "the worker is told", func() bool { return !k.told().IsZero() })
	alone(t, fake, 3*time.Second)
	p.hushed(robotHertz)
	if j := s.kept(d.GetId()); j.Status != room.Cancelled || j.Reason != room.ReasonDeleted {
		t.Errorf("its job is %s %s", j.Status, j.Reason)
	}
	if !p.stays() {
		t.Error("the call did not stay")
	}
	p.hangsUp()
}

// An agent whose process dies costs its caller a few seconds: the call's own agent
// goes on until another worker has the job.
func TestALiveKitAgentThatDiesIsFollowed(t *testing.T) {
	t.Parallel()
	s, fake := withFake(t)
	first := s.robot("sales", robotHertz)
	p := s.rings()
	d := s.send(p, "sales", "")
	first.works(1)
	p.listens(robotHertz)
	before := len(s.events(p))
	second := s.robot("sales", secondHertz)
	first.crashes(fake)
	within(t, 20*time.Second, "the call's own agent is back", func() bool {
		return slices.ContainsFunc(s.events(p)[before:], func(e agentcore.Event) bool {
			f, ok := e.(agentcore.FloorTaken)
			return ok && f.By == "own"
		})
	})
	second.works(1)
	p.listens(secondHertz)
	all := s.jobs(p, d.GetId())
	if len(all) != 2 || all[0].State.GetStatus() != pb.JobStatus_JS_FAILED || all[0].State.GetError() == "" || all[1].State.GetStatus() != pb.JobStatus_JS_RUNNING {
		t.Errorf("its jobs are %v", all)
	}
	p.hangsUp()
}

// A worker's socket may break: its agent goes on talking. When the worker is not
// back after a quarter of a minute its job goes to another.
func TestAWorkerThatDoesNotComeBackIsReplaced(t *testing.T) {
	if testing.Short() {
		t.Skip("a worker has 15 s to come back")
	}
	t.Parallel()
	s, _ := withFake(t)
	first := s.robot("sales", robotHertz)
	p := s.rings()
	d := s.send(p, "sales", "")
	first.works(1)
	p.listens(robotHertz)
	first.conn.Close()
	gone := time.Now()
	second := s.robot("sales", secondHertz)
	within(t, 40*time.Second, "another job", func() bool { return len(s.jobs(p, d.GetId())) == 2 })
	if took := time.Since(gone); took < 15*time.Second {
		t.Errorf("the worker had %v to come back, want 15 s", took)
	}
	second.works(1)
	p.listens(secondHertz)
	p.hangsUp()
}

// A LiveKit agent that listens hears the caller and our agent, and says nothing.
func TestALiveKitAgentListens(t *testing.T) {
	t.Parallel()
	s, fake := withFake(t)
	r := s.robot("coach", robotHertz)
	p := s.rings()
	d := s.send(p, "coach", `{"hookswitch":{"join":"listen"}}`)
	k := r.works(1)
	k.hears("the caller", callerHertz)
	p.silent()
	p.press.Store('5') // the call's own agent answers that
	k.hears("the call's own agent", humHertz)
	if p.hears(robotHertz) {
		t.Error("the caller hears a listener")
	}
	if _, err := s.livekit.DeleteDispatch(s.admin(p.room), &pb.DeleteAgentDispatchRequest{Room: p.room, DispatchId: d.GetId()}); err != nil {
		t.Fatal(err)
	}
	within(t, 3*time.Second, "the worker is told", func() bool { return !k.told().IsZero() })
	alone(t, fake, 3*time.Second)
	if !p.stays() {
		t.Error("the call did not stay")
	}
	p.hangsUp()
}

// An agent may be sent before its worker is there: the call's own agent goes on
// until it is.
func TestADispatchWaitsForItsWorker(t *testing.T) {
	t.Parallel()
	s, _ := withFake(t)
	busy := s.robot("sales", secondHertz)
	busy.declines.Store(true)
	p := s.rings()
	d := s.send(p, "sales", "")
	s.becomes(p, d.GetId(), pb.JobStatus_JS_PENDING)
	within(t, 10*time.Second, "the busy worker was asked", func() bool { return s.kept(d.GetId()).Attempts > 0 })
	r := s.robot("sales", robotHertz)
	r.works(1)
	p.listens(robotHertz)
	p.hangsUp()
}

// An agent's file without a service brings an unnamed worker to every call.
func TestAnUnnamedWorkerComesToEveryCallByItsFile(t *testing.T) {
	t.Parallel()
	fake := bridgetest.NewFake(t)
	fake.Secret = operatorSecret
	o := studioOptions(t, fake.URL())
	o.Config.AgentsDir = t.TempDir()
	if err := os.WriteFile(filepath.Join(o.Config.AgentsDir, "agent-helper.yaml"), []byte("enabled: true\nprocessing: automatic\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := newStudio(t, o)
	r := s.robot("", robotHertz)
	p := &onPhone{s: s}
	p.call = s.call(p)
	k := r.works(1)
	p.listens(robotHertz)
	if k.job.GetAgentName() != "" {
		t.Errorf("the worker was given %v", k.job)
	}
	p.hangsUp()
}

// Without a LiveKit server agents are told so, and a dispatch waits as one whose
// worker is late.
func TestWithoutALiveKitServerWorkersAreSentAway(t *testing.T) {
	t.Parallel()
	o := studioOptions(t, "")
	o.Config.LiveKit.Key, o.Config.LiveKit.Secret = "", ""
	s := newStudio(t, o)
	status, text := s.get("/agent")
	if status != http.StatusServiceUnavailable || !strings.Contains(text, "HOOKSWITCH_LIVEKIT_URL") {
		t.Errorf("/agent = %d %s", status, text)
	}
	p := s.rings()
	d := s.send(p, "sales", "")
	s.becomes(p, d.GetId(), pb.JobStatus_JS_PENDING)
	before := p.voiced()
	p.silent()
	p.press.Store('5')
	within(t, 20*time.Second, "the call's own agent answers", func() bool { return p.voiced() > before })
	if j := s.kept(d.GetId()); j.Status != room.Pending {
		t.Errorf("its job is %s", j.Status)
	}
	p.hangsUp()
}

// A LiveKit server that refuses the operator's key costs no call: the job failed,
// and says so, and nobody reads the secret.
func TestALiveKitServerThatRefusesUsCostsNoCall(t *testing.T) {
	t.Parallel()
	fake := bridgetest.NewFake(t)
	fake.Secret = "another secret"
	s := newStudio(t, studioOptions(t, fake.URL()))
	r := s.robot("sales", robotHertz)
	p := s.rings()
	d, err := s.livekit.CreateDispatch(s.admin(p.room), &pb.CreateAgentDispatchRequest{AgentName: "sales", Room: p.room, RestartPolicy: pb.JobRestartPolicy_JRP_NEVER})
	if err != nil {
		t.Fatal(err)
	}
	job := s.becomes(p, d.GetId(), pb.JobStatus_JS_FAILED)
	if job.State.GetError() == "" {
		t.Errorf("its job does not say why it failed: %v", job)
	}
	before := p.voiced()
	p.silent()
	p.press.Store('5')
	within(t, 20*time.Second, "the call's own agent answers", func() bool { return p.voiced() > before })
	p.hangsUp()
	r.mu.Lock()
	if len(r.order) != 0 {
		t.Error("the agent entered a room of a server that refuses its token")
	}
	r.mu.Unlock()
	if log := s.log.String(); strings.Contains(log, operatorSecret) || strings.Contains(log, s.secret) || strings.Contains(log, "eyJ") {
		t.Error("a secret is in the log")
	}
}

// crashes is the end of its process without a word to anybody: the LiveKit server
// finds out when the connection is gone.
func (r *robot) crashes(fake *bridgetest.Fake) {
	r.conn.Close()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, k := range r.order {
		fake.HangUp(k.job.GetRoom().GetName(), "robot-"+k.job.GetId())
	}
}
