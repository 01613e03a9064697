package realtime

import (
	"sync/atomic"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/asr"
	"github.com/hookswitch/hookswitch/media"
)

// lead is how much sound before speech is sent with it: a detector is sure only
// some time after the first sound.
const lead = int(500 * time.Millisecond / media.FrameDuration)

// gate lets only speech through to a stream.
type gate struct {
	asr.Stream
	open   bool
	before [lead]media.Frame // the latest that was kept back
	next   int
	n      int
	closed atomic.Bool
}

// Close implements [asr.Stream].
func (g *gate) Close() error {
	g.closed.Store(true)
	return g.Stream.Close()
}

// Write implements [asr.Stream].
func (g *gate) Write(f *media.Frame) bool {
	if g.open {
		return g.Stream.Write(f)
	}
	g.before[g.next] = *f
	g.next = (g.next + 1) % lead
	g.n = min(g.n+1, lead)
	return !g.closed.Load()
}

// Signal implements [asr.Stream]. A pause is kept back, of a long one all but
// the last half second for good.
func (g *gate) Signal(s asr.Signal) {
	switch s {
	case asr.Began, asr.Resumed:
		for i := range g.n {
			g.Stream.Write(&g.before[(g.next-g.n+i+lead)%lead])
		}
		g.open, g.n = true, 0
	case asr.Paused, asr.Ended:
		g.open = false
	}
	g.Stream.Signal(s)
}
