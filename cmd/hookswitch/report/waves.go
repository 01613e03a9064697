package report

import (
	"fmt"
	"math"
	"strings"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
)

// sound draws what was recorded. Without a recording there are blocks where
// somebody spoke.
func (t *timeline) sound(items []show.Item, p peaks, lasted int64) {
	if len(p.caller) == 0 {
		for _, i := range items {
			t.spoke(i)
		}
		return
	}
	heard := func(ms int64) bool {
		for _, i := range items {
			if i.Kind == show.Agent && ms >= i.At-early && ms <= i.End+late(i) {
				return true
			}
		}
		return false
	}
	var caller, solid, pale strings.Builder
	step := int64(max(strokeStep/t.scale*1000, peakMS))
	for ms := int64(0); ms < lasted; ms += step {
		x := t.x(ms)
		stroke(&caller, x, callerAt, between(p.caller, ms, ms+step))
		agent := &pale
		if heard(ms) {
			agent = &solid
		}
		stroke(agent, x, agentAt, between(p.agent, ms, ms+step))
	}
	t.Caller, t.Heard, t.Sent = caller.String(), solid.String(), pale.String()
}

// A recording is made where the gateway sends, a little before the caller hears
// it; after a cut that little was not heard.
const early, edge = 200, peakMS

func late(i show.Item) int64 {
	if i.Cut {
		return edge
	}
	return early
}

// stroke draws one step of a lane; silence is left empty.
func stroke(b *strings.Builder, x, y, peak float64) {
	if peak < 0.02 {
		return
	}
	h := laneHalf * math.Sqrt(peak)
	fmt.Fprintf(b, "M%.1f %.1fv%.1f", x, y-h, 2*h)
}

func circle(x, y, r float64) string {
	return fmt.Sprintf("M%.1f %.0fa%.0f %.0f 0 1 0 %.0f 0a%.0f %.0f 0 1 0 -%.0f 0", x-r, y, r, r, 2*r, r, r, 2*r)
}

func (t *timeline) spoke(i show.Item) {
	y := callerAt
	switch i.Kind {
	case show.Agent:
		y = agentAt
	case show.Caller, show.Noise:
	default:
		return
	}
	t.Blocks = append(t.Blocks, t.block(i.Kind, i.At, i.End, y-laneHalf/2, laneHalf, ""))
}
