package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Call is a [Set] as one call tells it: what is counted and timed has the call's
// trace as its exemplar, by which one finds the call that was slow, and its agent
// as a label where the operator allows that. It implements agentcore.Observer, and
// needs not be closed.
type Call struct {
	set   *Set
	agent string            // as a label shows it
	trace prometheus.Labels // nil: there is no exemplar
}

// Call is s for a call of trace, which an agent of that name has. Both may be
// empty. Neither a trace's id nor an exemplar is a series of its own.
func (s *Set) Call(agent, trace string) *Call {
	c := &Call{set: s, agent: s.agents.admit(agent)}
	if isTrace(trace) {
		c.trace = prometheus.Labels{"trace_id": trace}
	}
	return c
}

// isTrace reports whether id is a trace of the W3C's: 32 hexadecimal digits.
func isTrace(id string) bool {
	if len(id) != 32 {
		return false
	}
	for i := range len(id) {
		if c := id[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// time observes d.
func (c *Call) time(h prometheus.Observer, d time.Duration) {
	if e, ok := h.(prometheus.ExemplarObserver); ok && c.trace != nil {
		e.ObserveWithExemplar(d.Seconds(), c.trace)
		return
	}
	h.Observe(d.Seconds())
}

// count adds one.
func (c *Call) count(n prometheus.Counter) {
	if e, ok := n.(prometheus.ExemplarAdder); ok && c.trace != nil {
		e.AddWithExemplar(1, c.trace)
		return
	}
	n.Inc()
}

// CallOver counts the end of the call, which lasted so long since its answer, or
// since it began when nobody answered.
func (c *Call) CallOver(d, reason string, lasted time.Duration) {
	s, d := c.set, direction(d)
	c.count(s.over.WithLabelValues(s.agents.values(c.agent, d, s.reasons.admit(reason))...))
	c.time(s.duration.WithLabelValues(s.agents.values(c.agent, d)...), lasted)
}

// CallBegan implements agentcore.Observer.
func (c *Call) CallBegan(d string) {
	c.set.begun.WithLabelValues(c.set.agents.values(c.agent, direction(d))...).Inc()
}

// CallEnded implements agentcore.Observer. The length is the desk's to tell, in
// CallOver: it knows of calls that nobody answered.
func (c *Call) CallEnded(d, reason string, _ time.Duration) {
	c.count(c.set.ended.WithLabelValues(c.set.agents.values(c.agent, direction(d), c.set.reasons.admit(reason))...))
}

// TurnTook implements agentcore.Observer. The parts sum to the gap. A turn that
// was a key has neither endpoint nor recognition; one without tools no tool.
func (c *Call) TurnTook(endpoint, recognise, tool, model, voice, line time.Duration) {
	s := c.set
	if endpoint > 0 || recognise > 0 {
		c.time(s.endpoint, endpoint)
		c.time(s.recognise, recognise)
	}
	if tool > 0 {
		c.time(s.tool, tool)
	}
	c.time(s.model, model)
	c.time(s.voice, voice)
	c.time(s.line, line)
	c.time(s.gap.WithLabelValues(s.agents.values(c.agent)...), endpoint+recognise+tool+model+voice+line)
}

// TalkedOver implements agentcore.Observer.
func (c *Call) TalkedOver(untilClear time.Duration) {
	c.count(c.set.turns.interruptions)
	c.time(c.set.talkOver, untilClear)
}

// RecogniserQueued implements agentcore.Observer.
func (c *Call) RecogniserQueued(wait time.Duration) { c.time(c.set.queued, wait) }

// ProviderFailed implements agentcore.Observer.
func (c *Call) ProviderFailed(part string) {
	c.count(c.set.failed.vec.WithLabelValues(c.set.failed.names.admit(part)))
}

// MessageLeft implements agentcore.Observer.
func (c *Call) MessageLeft(whole bool) { c.set.MessageLeft(whole) }

// FrameDropped implements agentcore.Observer. It is on the hot path of every call:
// it has no exemplar, and allocates nothing.
func (c *Call) FrameDropped(where string) { c.set.FrameDropped(where) }

// Paced implements agentcore.Observer, as FrameDropped does.
func (c *Call) Paced(late, lead time.Duration) { c.set.Paced(late, lead) }
