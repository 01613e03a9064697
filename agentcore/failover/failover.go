// Package failover puts an ordered list of providers behind one port. What fails
// is replaced by the next in the list, in the middle of a word if it must be, and
// the caller hears nothing twice.
//
// What the constructors return is made for one call: the provider that did well
// stays until it fails, too. What calls share are the providers themselves and
// their [Breakers].
package failover

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/provider"
)

// Candidate is one provider in the list.
type Candidate[P any] struct {
	Name    string   // for people: "deepgram nova-2 mu-law 8k". Empty means what Port's String says
	Port    P        // shared with other calls
	Breaker *Breaker // shared with other calls; nil: it is always asked when it's its turn
}

// Config is a list of providers for one call.
type Config[P any] struct {
	Candidates []Candidate[P] // the first is preferred. With none, every request fails
	// FinalWait is for recognisers: how long after the end of an utterance its
	// words may take before the next is asked. Twice that after its end they are
	// given up, and nobody else is asked. Zero means 3.5 s: a little more than a
	// stream over the network allows itself, and less than half of what a call
	// waits.
	FinalWait time.Duration
}

var (
	errNobody  = errors.New("no provider is configured")
	errSkipped = errors.New("skipped: it failed too often of late")
)

// nobody is the failure of an empty list.
func nobody(op string) error { return provider.New("failover", op, provider.Refused, errNobody) }

// list is the candidates of one call, and whose turn it is.
type list[P any] struct {
	stage provider.Stage
	all   []Candidate[P]

	mu  sync.Mutex
	now int
}

func newList[P any](stage provider.Stage, all []Candidate[P]) *list[P] {
	l := &list[P]{stage: stage, all: append([]Candidate[P](nil), all...)}
	for i, c := range l.all {
		if c.Name == "" {
			l.all[i].Name = name(c.Port)
		}
	}
	return l
}

func name(port any) string {
	if s, ok := port.(fmt.Stringer); ok {
		return s.String()
	}
	return fmt.Sprintf("%T", port)
}

// String is "deepgram nova-2 mu-law 8k (then moonshine)".
func (l *list[P]) String() string {
	var b strings.Builder
	for i, c := range l.all {
		switch i {
		case 0:
		case 1:
			b.WriteString(" (then ")
		default:
			b.WriteString(", then ")
		}
		b.WriteString(c.Name)
	}
	if len(l.all) > 1 {
		b.WriteString(")")
	}
	return b.String()
}

// round is one request's way through the list, in which each candidate has one
// turn.
type round[P any] struct {
	l     *list[P]
	tried []bool
	after int    // 1 when whoever is on turn has failed, and comes last
	last  string // who failed or was skipped; empty at first
	err   error  // why
}

func (l *list[P]) round() *round[P] { return &round[P]{l: l, tried: make([]bool, len(l.all))} }

// next is who shall try now. Those with an open breaker come last: better late
// than mute. Whoever is chosen stays on turn for the call. A change is told to
// ctx's trace.
func (r *round[P]) next(ctx context.Context) (turn[P], bool) {
	t, ok := r.choose()
	if ok && r.err != nil {
		provider.Replaced(ctx, provider.Replacement{Stage: r.l.stage, From: r.last, To: t.Name, Err: r.err})
	}
	return t, ok
}

func (r *round[P]) choose() (turn[P], bool) {
	l := r.l
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, open := range []bool{false, true} {
		for n := range l.all {
			i := (l.now + r.after + n) % len(l.all)
			if r.tried[i] {
				continue
			}
			c := l.all[i]
			trial, ok := c.Breaker.admit()
			if !ok && !open {
				if r.err == nil {
					r.last, r.err = c.Name, errSkipped
				}
				continue
			}
			if r.last == c.Name && errors.Is(r.err, errSkipped) {
				r.err = nil // nobody else was there
			}
			r.tried[i], l.now, r.after = true, i, 0
			return turn[P]{Candidate: c, index: i, trial: trial}, true
		}
	}
	return turn[P]{}, false
}

// failed notes that t did not do, so that the next is told why it has to.
func (r *round[P]) failed(t turn[P], err error) {
	t.over(err)
	r.passes(t, err)
}

// passes is failed for a turn whose breaker knows.
func (r *round[P]) passes(t turn[P], err error) { r.last, r.err, r.after = t.Name, err, 1 }

// again gives a candidate that failed another turn, behind all others.
func (r *round[P]) again(t turn[P]) { r.tried[t.index] = false }

// told tells ctx's trace of a failure behind which nothing is left to do.
func (r *round[P]) told(ctx context.Context) {
	provider.Replaced(ctx, provider.Replacement{Stage: r.l.stage, From: r.last, Err: r.err})
}

// more reports whether anybody is left to try.
func (r *round[P]) more() bool {
	for _, tried := range r.tried {
		if !tried {
			return true
		}
	}
	return false
}

// turn is one candidate's try at one request.
type turn[P any] struct {
	Candidate[P]
	index int
	trial bool // its breaker waits for how this one ends
}

// over tells the breaker how the turn ended: nil is a success.
func (t turn[P]) over(err error) { t.Breaker.over(err, t.trial) }

// unused is a turn about which nothing can be said: it was broken off before the
// provider had a chance.
func (t turn[P]) unused() { t.Breaker.release(t.trial) }
