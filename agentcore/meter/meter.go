// Package meter counts and times what providers do. Its decorators stand around
// one provider's port, inside of any failover, so that each provider's numbers are
// its own.
package meter

import (
	"fmt"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/provider"
)

// Meter is told what a provider did. Its methods are called from any goroutine,
// often, and must not block. stage is a [provider.Stage], class a [provider.Class],
// unit a [provider.Unit].
type Meter interface {
	// Asked: a request was made: an utterance that ended, a reply, a text to say.
	Asked(stage, provider string)
	// Failed: it failed, and not because we broke it off. A stream of a recogniser
	// may fail without an utterance.
	Failed(stage, provider, class string)
	// First: the first of the answer was there after d.
	First(stage, provider string, d time.Duration)
	// Took: all of the answer was there after d.
	Took(stage, provider string, d time.Duration)
	// Used: so much was used of what is billed.
	Used(stage, provider, unit string, n float64)
}

// Follower is a [Meter] that wants to know what was used up to a moment, while a
// recogniser listens: tell brings Used up to date. gone is called when there is
// nothing more to tell.
type Follower interface {
	Follow(tell func()) (gone func())
}

// gauge is a Meter of one provider's stage.
type gauge struct {
	m     Meter
	stage string
	name  string
}

func (g gauge) asked()                { g.m.Asked(g.stage, g.name) }
func (g gauge) first(d time.Duration) { g.m.First(g.stage, g.name, d) }
func (g gauge) took(d time.Duration)  { g.m.Took(g.stage, g.name, d) }

func (g gauge) used(unit provider.Unit, n float64) {
	if n > 0 {
		g.m.Used(g.stage, g.name, string(unit), n)
	}
}

// failed tells of err, unless it is our own doing.
func (g gauge) failed(err error) {
	if class := provider.ClassOf(err); class != provider.Canceled {
		g.m.Failed(g.stage, g.name, string(class))
	}
}

// text is what port's String says, for the decorators' own.
func text(port any) string {
	if s, ok := port.(fmt.Stringer); ok {
		return s.String()
	}
	return fmt.Sprintf("%T", port)
}
