package simulation

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hookswitch/hookswitch/media"
)

// leg is a stream without sound: [telephony.Leg].
type leg struct {
	number int
	agent  time.Duration         // then the agent hangs up
	opened atomic.Bool           // the journal says so
	passed atomic.Int64          // frames that were recorded
	floor  atomic.Pointer[floor] // who hears what is said on it; nil: nobody

	once, bye  sync.Once
	lost, hung chan struct{}
}

// Write implements [telephony.Leg].
func (g *leg) Write(f *media.Frame) error {
	if fl := g.floor.Load(); fl != nil && !g.isLost() {
		fl.hears(f)
	}
	return nil
}

// Mark implements [telephony.Leg].
func (g *leg) Mark(uint32) error { return nil }

// Clear implements [telephony.Leg].
func (g *leg) Clear() error { return nil }

// Hangup implements [telephony.Leg].
func (g *leg) Hangup(context.Context) error {
	g.bye.Do(func() { close(g.hung) })
	return nil
}

func (g *leg) lose() { g.once.Do(func() { close(g.lost) }) }
