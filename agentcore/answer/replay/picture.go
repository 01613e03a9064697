package replay

import (
	"cmp"
	"slices"

	"github.com/hookswitch/hookswitch/agentcore/answer"
)

// Picture is how a verdict came about, to be drawn: see [Picture.Write]. Times
// count in milliseconds since answer. Every text in it may be hostile.
type Picture struct {
	ID    string // of the drawing in its page; letters, digits and dashes. Empty: "who"
	Title string // in front of the verdict, for who can't see the drawing. Empty: "Who answered"

	DurationMS int64
	Peaks      []float32 // how loud the line was, 0 to 1; each stands for PeakMS. None: nothing is known of its sound
	PeakMS     int64

	Speech []Mark // when somebody spoke on the line
	Words  []Said // what of it was understood, and when
	Agent  []Mark // when the agent spoke
	Left   *Mark  // when it left its message; nil: it left none
	Tones  []Sound
	Cues   []CueMark

	Verdicts []answer.Verdict // each time that the class was another
	Verdict  answer.Verdict   // in the end
	Label    func(answer.Class) string
}

// Bounds of what is drawn: more is no longer looked at.
const (
	mostBars  = 24
	mostSteps = 12
	mostCues  = 8
	mostText  = 90
	behind    = 2000 // milliseconds drawn after the last thing that happened

	longestDrawn = 3 * 60 * 1000 // milliseconds: two minutes of listening, and what is left then
)

// Picture is what is to be drawn of t. name says a class in words; nil: as it is.
func (t Timeline) Picture(name func(answer.Class) string) Picture {
	p := Picture{DurationMS: t.DurationMS, PeakMS: t.BucketMS, Words: t.Words, Agent: t.Agent,
		Cues: t.Cues, Verdicts: t.Changes, Verdict: t.Verdict, Label: name}
	for _, level := range t.Level {
		p.Peaks = append(p.Peaks, amplitude(level))
	}
	for _, s := range t.Sounds {
		switch s.Kind {
		case soundKinds[answer.Spoke]:
			p.Speech = append(p.Speech, s.Mark)
		case soundKinds[answer.Toned]:
			p.Tones = append(p.Tones, s)
		}
	}
	return p
}

func (p Picture) evidence() []answer.Evidence { return evidence(p.Verdicts, p.Verdict) }

// Evidence is all that speaks for any of t's verdicts, once each, in the order of
// time.
func (t Timeline) Evidence() []answer.Evidence { return evidence(t.Changes, t.Verdict) }

func evidence(verdicts []answer.Verdict, last answer.Verdict) []answer.Evidence {
	var all []answer.Evidence
	seen := map[answer.Evidence]bool{}
	for _, v := range append(slices.Clone(verdicts), last) {
		for _, e := range v.Evidence {
			key := answer.Evidence{Kind: e.Kind, What: e.What, For: e.For, BeganMS: e.BeganMS}
			if !seen[key] {
				seen[key] = true
				all = append(all, e)
			}
		}
	}
	if len(all) > mostBars {
		slices.SortStableFunc(all, func(a, b answer.Evidence) int { return cmp.Compare(b.Weight, a.Weight) })
		all = all[:mostBars]
	}
	slices.SortStableFunc(all, func(a, b answer.Evidence) int { return cmp.Compare(a.EndedMS, b.EndedMS) })
	return all
}

// shown is how much of the call is drawn: to a little after the last thing that
// has to do with who answered, and all of it if that is not known.
func (p Picture) shown() int64 {
	last := int64(0)
	for _, e := range p.evidence() {
		last = max(last, e.EndedMS)
	}
	for _, v := range p.Verdicts {
		last = max(last, v.AtMS)
	}
	for _, c := range p.Cues {
		last = max(last, c.KnownMS)
	}
	if p.Left != nil {
		last = max(last, p.Left.EndedMS)
	}
	end := last + behind
	if p.DurationMS > 0 && (last == 0 || end > p.DurationMS) {
		end = p.DurationMS
	}
	return min(max(end, 1000), longestDrawn)
}

// tones are the tones that were heard, or that the evidence tells of.
func (p Picture) tones() []Sound {
	if len(p.Tones) > 0 {
		return p.Tones
	}
	var out []Sound
	for _, e := range p.evidence() {
		if e.Kind == "tone" {
			out = append(out, Sound{Mark: Mark{e.BeganMS, e.EndedMS}, Tone: e.What})
		}
	}
	return out
}

func (p Picture) name(c answer.Class) string {
	if p.Label != nil {
		return p.Label(c)
	}
	return string(c)
}
