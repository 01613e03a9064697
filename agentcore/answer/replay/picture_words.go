package replay

import (
	"fmt"
	"strings"

	"github.com/hookswitch/hookswitch/agentcore/answer"
)

// title is the verdict in a line.
func (p Picture) title() string {
	text := p.Title
	if text == "" {
		text = "Who answered"
	}
	text += ": " + p.name(p.Verdict.Class)
	if p.Verdict.Class != answer.Unknown && p.Verdict.Class != "" {
		text += fmt.Sprintf(" %.2f at %.1f s", p.Verdict.Confidence, float64(p.Verdict.AtMS)/1000)
	}
	return plain(text)
}

// words says what the drawing shows, for who can't see it.
func (p Picture) words() string {
	var b strings.Builder
	for _, e := range p.evidence() {
		fmt.Fprintf(&b, "From %s to %s %s: %s, which speaks for %s by %.1f. ",
			clock(e.BeganMS), clock(e.EndedMS), plain(e.Kind), plain(e.What), plain(p.name(e.For)), e.Weight)
	}
	for _, v := range p.Verdicts[:min(len(p.Verdicts), mostSteps)] {
		fmt.Fprintf(&b, "At %s taken for %s, %.2f. ", clock(v.AtMS), plain(p.name(v.Class)), v.Confidence)
	}
	for _, c := range p.Cues[:min(len(p.Cues), mostCues)] {
		fmt.Fprintf(&b, "At %s: %s. ", clock(c.KnownMS), cueWords[c.Cue])
	}
	if p.Left != nil {
		fmt.Fprintf(&b, "The message was left from %s to %s. ", clock(p.Left.BeganMS), clock(p.Left.EndedMS))
	}
	return strings.TrimSpace(b.String())
}
