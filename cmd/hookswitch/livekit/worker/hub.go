// Package worker is where LiveKit's agent workers meet our calls: they connect
// to GET /agent, say who they are, and are offered the jobs of their name.
//
// The wire is LiveKit's worker protocol (pb.WorkerMessage and
// pb.ServerMessage), the behaviour that of livekit-server v1.11 as far as the
// two know each other: see docs/livekit.md for where we differ. Who accepts a
// job is sent to the operator's LiveKit server, where the call is bridged to.
package worker

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/room"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/grant"
)

// Store is what a [Hub] needs of a [room.Store].
type Store interface {
	Offers(ctx context.Context, since time.Time, after string, limit int) ([]room.Job, error)
	Claim(ctx context.Context, id, node string, since, now time.Time) (room.Job, error)
	Taken(ctx context.Context, node string, since time.Time, after string, limit int) ([]room.Job, error)
	Dispatch(ctx context.Context, id string) (room.Dispatch, error)
	Job(ctx context.Context, id string) (room.Job, error)
	MoveJob(ctx context.Context, j room.Job, from ...room.Status) (room.Job, error)
}

var _ Store = room.Store(nil)

// Config is what a [Hub] needs.
type Config struct {
	Store Store // required
	// Auth says what a worker's token grants: see [grant.Verifier.Verify]. Required.
	Auth func(ctx context.Context, token string) (grant.Grant, error)
	// Valid reports whether a key is still good. It is asked before a worker is
	// offered a job, and every ten seconds: a key that was taken back gets no more
	// calls, and keeps none. Nil: they are.
	Valid func(ctx context.Context, workspace, key string) (bool, error)
	// RoomName is what a room is called on the operator's server. Required.
	RoomName func(workspace, name string) string
	URL      string // of the operator's LiveKit server, as agents reach it. Required
	Key      string // of the operator's: agents enter the room with what it signs. Required
	Secret   string // of Key. Required
	Node     string // names this process. Required
	Version  string // ours

	Dead   time.Duration // a node that has not beaten for so long is dead. Zero means 15 s
	Every  time.Duration // between two looks at the store. Zero means 500 ms
	Answer time.Duration // for which an answer to an offer is waited for. Zero means 10 s, LiveKit's
	Again  time.Duration // after which who said no to a job is asked again. Zero means 30 s
	Grace  time.Duration // for which the jobs of a worker that is gone wait for it. Zero means 15 s

	MaxWorkers     int // on this node. Zero means 10,000
	MaxOfWorkspace int // on this node. Zero means 1,000

	Count func(what string) // is told what happens, in the words of this package. Nil: nobody
	Log   *slog.Logger      // nil discards
}

func (c Config) checked() (Config, error) {
	for _, need := range []struct {
		name string
		have bool
	}{
		{"Store", c.Store != nil}, {"Auth", c.Auth != nil}, {"RoomName", c.RoomName != nil},
		{"URL", c.URL != ""}, {"Key", c.Key != ""}, {"Secret", c.Secret != ""}, {"Node", c.Node != ""},
	} {
		if !need.have {
			return c, fmt.Errorf("worker: Config.%s is required", need.name)
		}
	}
	c.Dead = cmp.Or(c.Dead, 15*time.Second)
	c.Every = cmp.Or(c.Every, 500*time.Millisecond)
	c.Answer = cmp.Or(c.Answer, 10*time.Second)
	c.Again = cmp.Or(c.Again, 30*time.Second)
	c.Grace = cmp.Or(c.Grace, 15*time.Second)
	c.MaxWorkers = cmp.Or(c.MaxWorkers, 10_000)
	c.MaxOfWorkspace = cmp.Or(c.MaxOfWorkspace, 1000)
	if c.Count == nil {
		c.Count = func(string) {}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c, nil
}

// What a [Config.Count] is told.
const (
	Registered   = "registered"
	Unregistered = "unregistered" // never said who it is
	Refused      = "refused"      // no grant, no place, or a name that is too long
	Accepted     = "accepted"
	Declined     = "declined"
	Silent       = "silent"  // no answer to an offer
	Late         = "late"    // an answer or a status that nobody waits for any more
	Foreign      = "foreign" // about a job that was never this worker's
	Malformed    = "malformed"
	Flood        = "flood"
	Slow         = "slow"        // does not read what it is sent
	Gone         = "gone"        // while it had jobs
	Resumed      = "resumed"     // a job, by its worker on a new socket
	Retried      = "retried"     // a job that failed, by another
	Unsupported  = "unsupported" // a message that means nothing here
)

// Hub has the workers of one node, and offers them jobs. Use [New].
type Hub struct {
	c    Config
	poke chan struct{}
	busy sync.WaitGroup // sockets and offers

	mu       sync.Mutex
	draining bool
	places   map[string]int       // sockets by workspace, registered or not
	open     int                  // sockets
	sockets  map[*socket]struct{} // all of them
	pool     map[who][]*worker    // who may be offered jobs
	jobs     map[string]*held     // by id: what our workers have
	offers   map[string]*offer    // by the job's id: what is being offered
	offering map[string]int       // how many of them, by workspace
	stale    map[string]bool      // by the job's id: claimed here at the last look, and offered by nobody

	after    string    // where the round of offers goes on; Run's own
	keysSeen time.Time // when keys were looked at last; Run's own
}

// who is what a job is offered by: an agent's name in a workspace.
type who struct{ workspace, agent string }

// New returns a hub without workers. It offers nothing until [Hub.Run].
func New(c Config) (*Hub, error) {
	c, err := c.checked()
	if err != nil {
		return nil, err
	}
	return &Hub{
		c:        c,
		poke:     make(chan struct{}, 1),
		places:   map[string]int{},
		sockets:  map[*socket]struct{}{},
		pool:     map[who][]*worker{},
		jobs:     map[string]*held{},
		offers:   map[string]*offer{},
		offering: map[string]int{},
	}, nil
}

// Poke says that there may be jobs to offer, or that some are over. It never
// blocks.
func (h *Hub) Poke() {
	select {
	case h.poke <- struct{}{}:
	default:
	}
}

// Drain lets nobody in any more, and offers nothing more. Who is here stays, for
// the jobs that they have.
func (h *Hub) Drain() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.draining = true
}

// Workers returns how many could be offered jobs here.
func (h *Hub) Workers() (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, workers := range h.pool {
		n += len(workers)
	}
	return n
}

// breath is the least time between two looks, however often somebody pokes.
const breath = 20 * time.Millisecond

// Run offers jobs and watches over those that workers have, until ctx is
// cancelled. Then every worker is told to go, and when Run returns all are gone.
// Their jobs stay as they are: another node sees to them once this one is dead.
func (h *Hub) Run(ctx context.Context) error {
	defer h.shut()
	tick := time.NewTicker(h.c.Every)
	defer tick.Stop()
	for ctx.Err() == nil {
		if err := h.look(ctx); err != nil && ctx.Err() == nil {
			h.c.Log.Warn("worker: cannot look at the jobs", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(breath):
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		case <-h.poke:
		}
	}
	return nil
}

// shut sends everybody away, and waits until they are gone.
func (h *Hub) shut() {
	h.mu.Lock()
	h.draining = true
	for s := range h.sockets {
		s.send(goAway())
		s.close(closeGoingAway, "the gateway goes away")
	}
	h.mu.Unlock()
	h.busy.Wait()
}
