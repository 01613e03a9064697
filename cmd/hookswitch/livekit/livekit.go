// Package livekit is LiveKit's server API as far as a telephone gateway has it:
// agents are sent into calls, which are rooms, and calls of anybody's Twilio
// account are let in. LiveKit's own SDKs and command line speak it unchanged.
//
// What it answers, and how it refuses, is LiveKit's to the byte, but for a few
// things that are better said at once: see [Service].
package livekit

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/twitchtv/twirp"

	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/grant"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/pb"
)

// Rooms sends agents to rooms. [room.Host] is one.
type Rooms interface {
	// Create sends the agent of d to the room of its workspace and RoomName, which
	// it opens when there is none, gives it an id, and returns it as it is kept. The
	// same RequestKey once more changes nothing. [room.ErrFull] when a bound is
	// reached.
	Create(ctx context.Context, d room.Dispatch) (room.Dispatch, error)
	// Delete ends a dispatch; its agent leaves soon. [room.ErrNotFound] when there
	// is no such room, or no such dispatch in it.
	Delete(ctx context.Context, workspace, roomName, id string) (room.Dispatch, error)
	// List lists the dispatches of a room, oldest first; there may be deleted ones
	// among them. [room.ErrNotFound] when there is no such room.
	List(ctx context.Context, workspace, roomName string) ([]room.Dispatch, error)
}

var _ Rooms = (*room.Host)(nil)

// Doors keeps doors for calls of any carrier's account. [room.Store] does.
type Doors interface {
	AddDoor(ctx context.Context, d room.Door) error
	SpendDoor(ctx context.Context, hash, carrier string, now time.Time) (room.Door, error)
}

// Config is what a [Service] needs.
type Config struct {
	Verifier *grant.Verifier // required
	Rooms    Rooms           // required
	Doors    Doors           // required
	// PublicWS is where a carrier's media stream finds us, as "wss://host", without
	// a path. Empty: ConnectTwilioCall says that there is no such place.
	PublicWS string

	DispatchesPerSecond int // of a key pair, as many at once. Zero means 50.
	RequestsPerSecond   int // of a key pair, of any sort, as many at once. Zero means 200.

	Now func() time.Time // nil means time.Now
	Log *slog.Logger     // nil discards
}

// Service answers at /twirp/: livekit.AgentDispatchService and of
// livekit.Connector what is about Twilio, in JSON and in protobuf.
//
// Where it differs from LiveKit's server v1.13:
//   - An unknown room is 404 not_found at once, not 503 after 3 seconds.
//   - A dispatch that is deleted twice is answered twice.
//   - Names are bounded by 256 bytes, and hold no control character. An empty
//     agent name is any worker without a name; an empty room name is a room that
//     waits for an hour and that no call ever is.
//   - There are as many dispatches as [room.MaxDispatches] in a room, and
//     [Config.DispatchesPerSecond]; more are 429 resource_exhausted.
//   - Metadata may say how the agent joins: see [room.JoinOf].
type Service struct {
	cfg        Config
	dispatch   http.Handler
	connector  http.Handler
	requests   *paces
	dispatches *paces
}

// New makes a service.
func New(cfg Config) (*Service, error) {
	switch {
	case cfg.Verifier == nil:
		return nil, errors.New("livekit: Verifier is required")
	case cfg.Rooms == nil:
		return nil, errors.New("livekit: Rooms is required")
	case cfg.Doors == nil:
		return nil, errors.New("livekit: Doors is required")
	}
	if cfg.DispatchesPerSecond <= 0 {
		cfg.DispatchesPerSecond = 50
	}
	if cfg.RequestsPerSecond <= 0 {
		cfg.RequestsPerSecond = 200
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	cfg.PublicWS = strings.TrimSuffix(cfg.PublicWS, "/")
	s := &Service{cfg: cfg, requests: newPaces(cfg.RequestsPerSecond), dispatches: newPaces(cfg.DispatchesPerSecond)}
	s.dispatch = pb.NewAgentDispatchServiceServer(dispatcher{s})
	s.connector = pb.NewConnectorServer(connector{s})
	return s, nil
}

// ServeHTTP implements [http.Handler]. As in LiveKit's server, a token that is
// not good ends a request before anything else is looked at; none at all is
// denied where a grant is asked for.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, ok := s.admit(w, r)
	if !ok || !s.read(w, r, askedOf(ctx).granted) {
		return
	}
	r = r.WithContext(ctx)
	switch {
	case strings.HasPrefix(r.URL.Path, pb.AgentDispatchServicePathPrefix):
		s.dispatch.ServeHTTP(w, r)
	case strings.HasPrefix(r.URL.Path, pb.ConnectorPathPrefix):
		s.connector.ServeHTTP(w, r)
	default:
		fail(w, badRoute(r))
	}
}

// fail answers with err, as Twirp does.
func fail(w http.ResponseWriter, err twirp.Error) {
	_ = twirp.WriteError(w, err) // the client is gone
}

// badRoute is what Twirp says of a path that leads nowhere.
func badRoute(r *http.Request) twirp.Error {
	err := twirp.NewErrorf(twirp.BadRoute, "no handler for path %q", r.URL.Path)
	return err.WithMeta("twirp_invalid_route", r.Method+" "+r.URL.Path)
}
