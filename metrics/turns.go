package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// turns is who spoke over whom, and the tools.
type turns struct {
	interruptions prometheus.Counter
	undone        prometheus.Counter
	cutIns        prometheus.Counter
	tools         *prometheus.HistogramVec
	names         *names
}

func (f factory) turns() *turns {
	return &turns{
		interruptions: f.counter("interruptions_total", "Replies that a caller cut by speaking over them."),
		undone:        f.counter("false_interruptions_resumed_total", "Replies that were cut by a noise without words and went on behind it."),
		cutIns:        f.counter("cut_ins_total", "Replies that began while the caller was speaking."),
		tools:         f.delays("tool_duration_seconds", "Uses of tools, by tool (ours by name, an agent's own as own) and outcome.", "tool", "outcome"),
		names:         newNames(),
	}
}

// TalkOverUndone implements agentcore.Observer.
func (c *Call) TalkOverUndone() { c.count(c.set.turns.undone) }

// CutIn implements agentcore.Observer.
func (c *Call) CutIn() { c.count(c.set.turns.cutIns) }

// ToolTook implements agentcore.Observer.
func (c *Call) ToolTook(tool string, failed bool, took time.Duration) {
	outcome := "done"
	if failed {
		outcome = "failed"
	}
	t := c.set.turns
	c.time(t.tools.WithLabelValues(t.names.admit(tool), outcome), took)
}
