package bridge

import (
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/livekit/bridge/signal"
)

// maxPeople bounds those in a room that we keep account of.
const maxPeople = 256

// presence knows whether somebody is in the room to talk to.
type presence struct {
	agent string // identity; empty: anybody

	mu      sync.Mutex
	present map[string]bool // identities
	ever    bool
	reason  signal.DisconnectReason // why the last one left
	since   time.Time               // when nobody was left, or when we began to wait

	changed chan struct{} // has one element when something changed
}

func newPresence(agent string) *presence {
	return &presence{agent: agent, present: map[string]bool{}, since: time.Now(), changed: make(chan struct{}, 1)}
}

// counts tells whether p is one that the call is for.
func (r *presence) counts(p *signal.ParticipantInfo, us string) bool {
	switch id := p.GetIdentity(); {
	case id == "" || id == us:
		return false
	case r.agent != "":
		return id == r.agent
	default:
		return p.GetKind() != signal.ParticipantInfo_EGRESS
	}
}

// began starts over with those that a join tells of.
func (r *presence) began(people []*signal.ParticipantInfo, us string) {
	r.mu.Lock()
	had := len(r.present) > 0
	clear(r.present)
	if had {
		// Who left while we were away is taken for one whose connection broke.
		r.since, r.reason = time.Now(), signal.DisconnectReason_CONNECTION_TIMEOUT
	}
	r.mu.Unlock()
	for _, p := range people {
		r.update(p, us)
	}
}

// update takes account of one who came, changed or left.
func (r *presence) update(p *signal.ParticipantInfo, us string) {
	if !r.counts(p, us) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	id := p.GetIdentity()
	switch {
	case p.GetState() != signal.ParticipantInfo_DISCONNECTED:
		if len(r.present) >= maxPeople {
			return
		}
		r.present[id], r.ever = true, true
	case r.present[id]:
		delete(r.present, id)
		if len(r.present) == 0 {
			r.since, r.reason = time.Now(), p.GetDisconnectReason()
		}
	default:
		return
	}
	select {
	case r.changed <- struct{}{}:
	default:
	}
}

// came tells whether anybody ever was there.
func (r *presence) came() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ever
}

// gone tells whether nobody is there any more, and why: nil when they hung up.
// Otherwise it says how long to wait before asking again; zero: until something
// changes.
func (r *presence) gone(wait, grace time.Duration) (over bool, why error, again time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case len(r.present) > 0:
		return false, nil, 0
	case !r.ever:
		why, again = ErrNobody, wait
	case hungUp(r.reason):
		return true, nil, 0
	default:
		why, again = &Ended{Who: "the agent", Reason: r.reason}, grace
	}
	if again -= time.Since(r.since); again > 0 {
		return false, nil, again
	}
	return true, why, 0
}

// hungUp are the reasons with which an agent or its operator ends a call on
// purpose: it leaves, removes the caller or deletes the room.
func hungUp(r signal.DisconnectReason) bool {
	switch r {
	case signal.DisconnectReason_CLIENT_INITIATED, signal.DisconnectReason_PARTICIPANT_REMOVED,
		signal.DisconnectReason_ROOM_DELETED, signal.DisconnectReason_ROOM_CLOSED:
		return true
	}
	return false
}
