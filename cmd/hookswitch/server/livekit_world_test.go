package server_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/twitchtv/twirp"

	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/config"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/bridge/bridgetest"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/grant"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/pb"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/server"
	"github.com/hookswitch/hookswitch/telephony"
	"github.com/hookswitch/hookswitch/telephony/sim"
)

// The operator's key of the LiveKit server, and the tones of agents in its rooms.
const (
	operatorKey    = "APIoperator00"
	operatorSecret = "the operator's secret, which nobody may read"
	robotHertz     = 1700
	secondHertz    = 2300
)

// studio is a gateway with a LiveKit server behind it, and a key pair for agents.
type studio struct {
	*booted
	key, secret string // the pair
	livekit     pb.AgentDispatchService
	log         *paper
}

// studioOptions are those of a gateway whose LiveKit server is at url.
func studioOptions(t *testing.T, url string) server.Options {
	o := privately(t)
	o.Config.BootstrapKey = flowKey
	o.Config.LiveKit = config.LiveKit{URL: url, Key: operatorKey, Secret: operatorSecret}
	return o
}

// newStudio starts a gateway with o.
func newStudio(t *testing.T, o server.Options) *studio {
	t.Helper()
	s := &studio{log: &paper{}}
	o.Log = slog.New(slog.NewTextHandler(io.MultiWriter(t.Output(), s.log), nil))
	s.booted = boot(t, o)
	pair := s.must("POST", "/livekit/keys", `{"name":"agents"}`)
	s.key, s.secret = pair.str("item.api_key"), pair.str("item.api_secret")
	s.livekit = pb.NewAgentDispatchServiceProtobufClient(s.PublicURL(), client)
	eventually(t, "ready", func() bool { status, _ := s.get("/readyz"); return status == http.StatusOK })
	return s
}

// withFake starts a gateway with a fake LiveKit server.
func withFake(t *testing.T) (*studio, *bridgetest.Fake) {
	t.Helper()
	fake := bridgetest.NewFake(t)
	fake.Secret = operatorSecret
	return newStudio(t, studioOptions(t, fake.URL())), fake
}

// admin is a context with a token for a room.
func (s *studio) admin(name string) context.Context {
	s.t.Helper()
	token, err := grant.Sign(s.key, s.secret, grant.Claims{Video: grant.Video{RoomAdmin: true, Room: name}}, time.Now(), time.Hour)
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, err := twirp.WithHTTPRequestHeaders(context.Background(), http.Header{"Authorization": {"Bearer " + token}})
	if err != nil {
		s.t.Fatal(err)
	}
	return ctx
}

// send dispatches an agent to a call.
func (s *studio) send(p *onPhone, agent, metadata string) *pb.AgentDispatch {
	s.t.Helper()
	d, err := s.livekit.CreateDispatch(s.admin(p.room), &pb.CreateAgentDispatchRequest{AgentName: agent, Room: p.room, Metadata: metadata})
	if err != nil {
		s.t.Fatal(err)
	}
	return d
}

// jobs are the jobs of a dispatch as its client sees them, oldest first.
func (s *studio) jobs(p *onPhone, id string) []*pb.Job {
	s.t.Helper()
	all, err := s.livekit.ListDispatch(s.admin(p.room), &pb.ListAgentDispatchRequest{Room: p.room, DispatchId: id})
	if err != nil {
		s.t.Fatal(err)
	}
	if len(all.AgentDispatches) == 0 {
		return nil
	}
	return all.AgentDispatches[0].State.Jobs
}

// becomes waits until a dispatch's newest job is in that state.
func (s *studio) becomes(p *onPhone, id string, status pb.JobStatus) (newest *pb.Job) {
	s.t.Helper()
	within(s.t, 20*time.Second, "a job that is "+status.String(), func() bool {
		all := s.jobs(p, id)
		if len(all) == 0 {
			return false
		}
		newest = all[len(all)-1]
		return newest.State.Status == status
	})
	return newest
}

// kept is the newest job of a dispatch as it is on record, deleted or not.
func (s *studio) kept(id string) room.Job {
	s.t.Helper()
	d, err := s.Store().Rooms().Dispatch(context.Background(), id)
	if err != nil || len(d.Jobs) == 0 {
		s.t.Fatalf("the dispatch has %d jobs, %v", len(d.Jobs), err)
	}
	return d.Jobs[len(d.Jobs)-1]
}

// onPhone is somebody on the phone with the gateway.
type onPhone struct {
	party
	s    *studio
	call *sim.Call
	room string // the call's id
}

// rings has somebody call, and be greeted by the call's own agent.
func (s *studio) rings() *onPhone {
	s.t.Helper()
	p := &onPhone{s: s}
	p.call = s.call(p)
	within(s.t, 20*time.Second, "the greeting", func() bool { return p.voiced() > 0 })
	r, err := s.Store().CallByCarrier(context.Background(), p.call.SID())
	if err != nil {
		s.t.Fatal(err)
	}
	p.room = string(r.ID)
	p.hums(callerHertz)
	return p
}

// listens waits until p hears a tone.
func (p *onPhone) listens(hz float64) {
	p.s.t.Helper()
	within(p.s.t, 20*time.Second, "the agent's tone is on the phone", func() bool { return p.hears(hz) })
}

// hushed waits until p hears no such tone.
func (p *onPhone) hushed(hz float64) {
	p.s.t.Helper()
	within(p.s.t, 10*time.Second, "the agent's tone is gone from the phone", func() bool { return !p.hears(hz) })
}

// stays reports whether the call goes on.
func (p *onPhone) stays() bool {
	r, err := p.s.Store().Call(context.Background(), telephony.CallID(p.room))
	return err == nil && !r.Over()
}

// hangsUp ends the call, and waits for its end.
func (p *onPhone) hangsUp() {
	p.s.t.Helper()
	p.hangup.Store(true)
	if got := p.s.end(); got != telephony.CallerHangup {
		p.s.t.Errorf("the call ended for %s, want %s", got, telephony.CallerHangup)
	}
}

// alone waits until nobody of the gateway's is in a room of the LiveKit server.
func alone(t *testing.T, fake *bridgetest.Fake, within3 time.Duration) {
	t.Helper()
	within(t, within3, "the call has left the LiveKit server", func() bool {
		return !slices.ContainsFunc(fake.Rooms(), func(name string) bool {
			return slices.ContainsFunc(fake.People(name), func(who string) bool { return len(who) > 6 && who[:6] == "phone-" })
		})
	})
}
