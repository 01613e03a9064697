package report

import (
	"html/template"

	"github.com/hookswitch/hookswitch/agentcore/answer/replay"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
)

// who is how it was found out who answered.
type who struct {
	Text    string // the verdict, and when
	Drawing template.HTML
}

// newWho draws what the journal tells of who answered; nil if it tells nothing.
// id is the call's.
func newWho(id string, items []show.Item, p peaks, lasted int64) (*who, error) {
	pic := replay.Picture{ID: id + "-who", DurationMS: min(lasted, longest), PeakMS: peakMS, Label: show.Class}
	var text string
	for _, i := range items {
		mark := replay.Mark{BeganMS: i.At, EndedMS: i.End}
		switch i.Kind {
		case show.Answerer:
			pic.Verdicts, pic.Verdict = append(pic.Verdicts, *i.Who), *i.Who
			text = show.Who(pic.Verdict) + " at " + show.Clock(pic.Verdict.AtMS)
		case show.Caller, show.Noise:
			pic.Speech = append(pic.Speech, mark)
		case show.Agent:
			if i.Text == "" {
				continue
			}
			pic.Agent = append(pic.Agent, mark)
			if i.Why == "message" {
				pic.Left = &mark
			}
		}
	}
	if text == "" {
		return nil, nil
	}
	for _, v := range p.caller {
		pic.Peaks = append(pic.Peaks, float32(v))
	}
	drawing, err := pic.Element()
	return &who{text, drawing}, err
}
