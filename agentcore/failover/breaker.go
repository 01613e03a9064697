package failover

import (
	"sync"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"

	"github.com/hookswitch/hookswitch/agentcore/provider"
)

// When a breaker opens, and for how long. A rate, and not a number, of failures:
// one request of a hundred that fails is no reason to leave a provider, five of
// ten are, and so are five on an idle night.
const (
	breakerRate   = 0.5              // of the requests in breakerWindow that fail
	breakerLeast  = 5                // of requests, before there is a rate
	breakerWindow = 30 * time.Second // how long a request counts
	breakerRest   = 10 * time.Second // until one request may try again
)

// mostBreakers bounds how many a gateway keeps. Beyond it the one that was not
// asked for the longest is forgotten.
const mostBreakers = 4096

// Key says what shares a breaker: a provider's part, with one key. Another
// workspace's key that is wrong or used up says nothing about ours.
type Key struct {
	Stage      provider.Stage
	Provider   string // "deepgram"
	Credential string // id of the workspace's key, never the key; empty: from the environment, or none
}

// Breakers are the circuit breakers of a gateway, which all its calls share. The
// zero Breakers is ready. It is used by many calls at once.
type Breakers struct {
	mu  sync.Mutex
	all map[Key]*Breaker
}

// For returns the breaker of k, which is made when it is first asked for.
func (b *Breakers) For(k Key) *Breaker {
	b.mu.Lock()
	defer b.mu.Unlock()
	br, ok := b.all[k]
	if !ok {
		if b.all == nil {
			b.all = map[Key]*Breaker{}
		}
		if len(b.all) >= mostBreakers {
			b.forget()
		}
		br = newBreaker()
		b.all[k] = br
	}
	br.asked = time.Now()
	return br
}

// forget drops the breaker that nobody asked for for the longest. Calls that
// have it keep it. b.mu is held.
func (b *Breakers) forget() {
	var oldest Key
	var at time.Time
	for k, br := range b.all {
		if at.IsZero() || br.asked.Before(at) {
			oldest, at = k, br.asked
		}
	}
	delete(b.all, oldest)
}

// State is how a breaker stands.
type State struct {
	Key
	Is string // "closed": all is well; "open": it is left alone; "half-open": one request tries
}

// States are all breakers as they stand now, in no order.
func (b *Breakers) States() []State {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := make([]State, 0, len(b.all))
	for k, br := range b.all {
		out = append(out, State{k, br.circuit.State().String()})
	}
	return out
}

// Breaker remembers how a provider did lately.
type Breaker struct {
	circuit circuitbreaker.CircuitBreaker[any]
	asked   time.Time // of its Breakers
}

func newBreaker() *Breaker {
	return &Breaker{circuit: circuitbreaker.NewBuilder[any]().
		WithFailureRateThreshold(breakerRate, breakerLeast, breakerWindow).
		WithSuccessThreshold(1).
		WithDelay(breakerRest).
		Build()}
}

// admit reports whether a request may go, and whether it is the trial on which
// a half-open breaker waits.
func (b *Breaker) admit() (trial, ok bool) {
	if b == nil {
		return false, true
	}
	ok = b.circuit.TryAcquirePermit()
	return ok && b.circuit.IsHalfOpen(), ok
}

// over notes how a request ended; nil is a success. What we gave up ourselves
// says nothing, and what the provider refused says that it is alive.
func (b *Breaker) over(err error, trial bool) {
	if b == nil {
		return
	}
	class := provider.ClassOf(err)
	switch {
	case err == nil, class == provider.Refused && trial:
		b.circuit.RecordSuccess()
	case class == provider.Canceled, class == provider.Refused:
		b.release(trial)
	default:
		b.circuit.RecordFailure()
	}
}

// release is over for a request that had no outcome. A trial without one would
// leave the breaker waiting for good: it rests again, and tries later.
func (b *Breaker) release(trial bool) {
	if b != nil && trial && b.circuit.IsHalfOpen() {
		b.circuit.Open()
	}
}
