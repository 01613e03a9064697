package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/bridge"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/grant"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/worker"
	"github.com/hookswitch/hookswitch/media"
	"github.com/hookswitch/hookswitch/telephony"
)

// serveLiveKit makes what LiveKit's clients and agents talk to.
func (s *Server) serveLiveKit() error {
	verifier, err := grant.New(grant.Config{Pairs: s.store, Opener: s.keyring, Log: s.log})
	if err != nil {
		return fmt.Errorf("server: LiveKit's tokens: %w", err)
	}
	s.livekit, err = livekit.New(livekit.Config{
		Verifier: verifier, Rooms: s.host, Doors: s.store.Rooms(), Log: s.log,
		PublicWS: "ws" + strings.TrimPrefix(s.public, "http"),
	})
	if err != nil {
		return fmt.Errorf("server: LiveKit's API: %w", err)
	}
	if s.c.LiveKit.URL == "" {
		return nil // there is no room for agents to meet callers in
	}
	s.crew, err = worker.New(worker.Config{
		Store: s.store.Rooms(), Auth: verifier.Verify, Valid: verifier.Good, RoomName: remoteName,
		URL: s.c.LiveKit.URL, Key: s.c.LiveKit.Key, Secret: s.c.LiveKit.Secret,
		Node: s.node, Version: s.o.Version, Count: s.set.Worker, Log: s.log,
	})
	if err != nil {
		return fmt.Errorf("server: LiveKit's agent workers: %w", err)
	}
	s.set.Gauge("livekit_workers", "Agent workers of LiveKit's that are connected now.", func() float64 { return float64(s.crew.Workers()) })
	return nil
}

// offer tells the workers' meeting place that there may be jobs.
func (s *Server) offer() {
	if s.crew != nil {
		s.crew.Poke()
	}
}

// agents is where agent workers register.
func (s *Server) agents() http.Handler {
	if s.crew != nil {
		return s.crew
	}
	return http.HandlerFunc(noWorkers)
}

// noWorkers answers agent workers when there is nowhere for them to meet a caller.
func noWorkers(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, "this gateway has no LiveKit server to bridge calls to: set HOOKSWITCH_LIVEKIT_URL, _KEY and _SECRET", http.StatusServiceUnavailable)
}

// remoteName is what a room is called on the operator's server, which all
// workspaces share: no two rooms of two workspaces have one name there, whatever
// they are called here. Only the default workspace's go by their own, unless that
// might be another's.
func remoteName(workspace, name string) string {
	if workspace == roster.Default && !strings.Contains(name, "/") {
		return name
	}
	return url.PathEscape(workspace) + "/" + name
}

// remoteRoom is where the agent of j meets its call. It goes by the room in which
// j is, as the agent's worker does: of two calls that chose one room, the second
// has another, and is not to be heard in the first one's.
func (s *Server) remoteRoom(ctx context.Context, j room.Job) (string, error) {
	d, err := s.store.Rooms().Dispatch(ctx, j.Dispatch)
	if err != nil {
		return "", fmt.Errorf("server: the room of a call that is bridged: %w", err)
	}
	return remoteName(d.Workspace, d.RoomName), nil
}

// bridged has a LiveKit agent talk, in a room of the operator's server.
func (s *Server) bridged(ctx context.Context, f room.Floor, row dispatch.Record) (agentcore.Summary, error) {
	line, err := s.bridge(ctx, f.Call, f.Job, false)
	if err != nil {
		return s.helpless(ctx, f, err)
	}
	sum, err := s.patched(ctx, f, s.hears(f, row), line)
	return sum, errors.Join(err, line.Close())
}

// overheard lets a LiveKit agent hear both sides of a call.
func (s *Server) overheard(ctx context.Context, l room.Listening) error {
	line, err := s.bridge(ctx, l.Call, l.Job, true)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer context.AfterFunc(ctx, func() { l.Ear.Close() })()
	var watching sync.WaitGroup
	defer watching.Wait()
	defer stop(nil)
	watching.Go(func() {
		select {
		case <-line.Gone():
			stop(errLineGone)
		case <-ctx.Done():
		}
	})
	var caller, agent media.Frame
	for {
		if err := l.Ear.Next(ctx, &caller, &agent); err != nil {
			break
		}
		line.Send(&caller)
		line.SendAgent(&agent)
	}
	if errors.Is(context.Cause(ctx), errLineGone) {
		err = line.Err()
	}
	return errors.Join(err, line.Close())
}

var errLineGone = errors.New("server: the LiveKit room is gone")

// bridge puts a call into its room on the operator's server.
func (s *Server) bridge(ctx context.Context, call telephony.Call, j room.Job, listens bool) (*bridge.Line, error) {
	remote, err := s.remoteRoom(ctx, j)
	if err != nil {
		return nil, err
	}
	token, err := grant.Sign(s.c.LiveKit.Key, s.c.LiveKit.Secret, grant.Claims{
		Identity: "phone-" + string(call.ID) + "-" + j.ID, Name: "phone call", Kind: "sip",
		Video:      grant.Video{RoomJoin: true, Room: remote},
		Attributes: map[string]string{"hookswitch.call_id": string(call.ID), "hookswitch.direction": string(call.Direction)},
	}, time.Now(), time.Hour)
	if err != nil {
		return nil, err
	}
	line, err := bridge.Dial(ctx, bridge.Config{URL: s.c.LiveKit.URL, Token: token, Agent: j.Identity, Both: listens, Log: s.log})
	if err != nil {
		s.set.Bridged("failed")
		return nil, fmt.Errorf("server: bridge a call: %w", err)
	}
	s.set.Bridged("joined")
	return line, nil
}
