package server

import (
	"context"
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/agentcore/trace"
	"github.com/hookswitch/hookswitch/metrics"
	"github.com/hookswitch/hookswitch/telephony"
)

// observer is who is told what happens while an agent of that name has the floor
// of the call. Its numbers lead to the call by the id of its trace.
func (s *Server) observer(call telephony.CallID, agent string) agentcore.Observer {
	return s.felt(s.set.Call(agent, trace.Of(string(call)).String()))
}

// counters are the metrics as the desk tells them.
type counters struct{ *metrics.Set }

// CallOver implements [dispatch.Counter].
func (c counters) CallOver(call, agent, direction, reason string, lasted time.Duration) {
	c.Call(agent, trace.Of(call).String()).CallOver(direction, reason, lasted)
}

// gauges adds the numbers that are asked for when /metrics is.
func (s *Server) gauges() {
	s.set.Gauge("provider_breakers_open", "Parts of providers that are left alone for now, because they failed too often.", s.breakersOpen)
	s.set.Gauge("calls_live", "Calls that go on now.", func() float64 { return float64(len(s.desk.Live())) })
	s.set.Gauges("calls_active", "Calls that go on now, by direction.", "direction",
		[]string{string(telephony.Inbound), string(telephony.Outbound)}, s.active)
	s.set.Gauge("recogniser_workers", "Workers of the recogniser in this process, each of whom hears one utterance at a time. 0: others recognise.",
		func() float64 { all, _ := s.speech.workers(); return float64(all) })
	s.set.Gauge("recogniser_workers_busy", "Of these workers, those that hear somebody now.",
		func() float64 { _, busy := s.speech.workers(); return float64(busy) })
	waiting := &oldest{ask: s.store.OldestUndelivered, log: s.log}
	s.set.Gauge("webhook_oldest_undelivered_seconds", "Age of the oldest message to a webhook, of all nodes, that is still to be delivered. 0: there is none.", waiting.age)
}

// active counts the calls that go on.
func (s *Server) active(direction string) (n float64) {
	for _, c := range s.desk.Live() {
		if string(c.Direction) == direction {
			n++
		}
	}
	return n
}

// Bounds of asking the database for a scrape: a few scrapers must not add up, and
// a database that is stuck must not hold up the other numbers.
const (
	oldestEvery = 5 * time.Second
	oldestWait  = time.Second
)

// oldest is since when something waits, asked for now and then.
type oldest struct {
	ask func(context.Context) (time.Time, error) // the zero time: nothing waits
	log *slog.Logger

	mu    sync.Mutex
	asked time.Time
	known bool
	since time.Time
}

// age is how long it has waited, in seconds: 0 when nothing waits, NaN while the
// database has never said. When it does not answer, what is known grows older.
func (o *oldest) age() float64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.asked.IsZero() || time.Since(o.asked) >= oldestEvery {
		o.look()
	}
	switch {
	case !o.known:
		return math.NaN()
	case o.since.IsZero():
		return 0
	}
	return max(0, time.Since(o.since).Seconds())
}

// look asks. o.mu is held.
func (o *oldest) look() {
	ctx, cancel := context.WithTimeout(context.Background(), oldestWait)
	defer cancel()
	since, err := o.ask(ctx)
	o.asked = time.Now()
	if err != nil {
		o.log.Warn("metrics don't know the oldest webhook: it is asked for again", "error", err)
		return
	}
	o.known, o.since = true, since
}
