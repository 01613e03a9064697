package report

import (
	"fmt"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
)

// part is one of the parts of a gap.
type part struct {
	Name, Letter, Class, Legend string
	of                          func(show.Parts) int64
}

var parts = []part{
	{"endpoint", "E", "e", "end-of-turn wait", func(p show.Parts) int64 { return p.Endpoint }},
	{"recognise", "R", "r", "recognise", func(p show.Parts) int64 { return p.Recognise }},
	{"tool", "T", "t", "tool", func(p show.Parts) int64 { return p.Tool }},
	{"model", "M", "m", "model’s first token", func(p show.Parts) int64 { return p.Model }},
	{"voice", "V", "v", "voice’s first sound", func(p show.Parts) int64 { return p.Voice }},
	{"line", "L", "l", "line", func(p show.Parts) int64 { return p.Line }},
}

// table is where the time of a call's gaps went.
type table struct {
	Label    string
	Parts    []part
	Turns    []turnRow
	Measured bool // the far end measured the gaps too
}

type turnRow struct {
	Number   int
	Cells    []string
	Gap      string
	Slow     string
	Measured string
	Bar      bar
	Remark   string
	Why      string // of a slow turn
}

const tableBar = 300

func newTable(call int, turns []show.Turn) *table {
	if len(turns) == 0 {
		return nil
	}
	t := &table{Label: fmt.Sprintf("Where the time of call %d went", call)}
	tools, worst := false, int64(1)
	for _, turn := range turns {
		tools = tools || turn.Parts != nil && turn.Parts.Tool > 0
		worst = max(worst, turn.GapMS)
		t.Measured = t.Measured || turn.CallerGapMS > 0
	}
	for _, p := range parts {
		if p.Name != "tool" || tools {
			t.Parts = append(t.Parts, p)
		}
	}
	for _, turn := range turns {
		t.Turns = append(t.Turns, t.row(turn, worst))
	}
	return t
}

func (t *table) row(turn show.Turn, worst int64) turnRow {
	r := turnRow{Number: turn.Turn, Gap: "–", Measured: "–"}
	switch {
	case !turn.Answered:
		r.Remark = "not answered"
	case turn.Keys != "" && turn.CallerHeard == "":
		r.Remark = "after a key"
	}
	for _, p := range t.Parts {
		cell := "–"
		if turn.Parts != nil {
			cell = fmt.Sprint(p.of(*turn.Parts))
		}
		r.Cells = append(r.Cells, cell)
	}
	if turn.CallerGapMS > 0 {
		r.Measured = fmt.Sprint(turn.CallerGapMS)
	}
	if turn.Parts != nil {
		ms := turn.Parts.Sum()
		r.Gap, r.Slow = fmt.Sprint(ms), slow(ms)
		r.Bar = newBar(*turn.Parts, ms, worst, tableBar)
		r.Why = why(*turn.Parts, ms)
	}
	return r
}

// why says of a slow turn what most of it was spent on.
func why(p show.Parts, ms int64) string {
	if slow(ms) == "" {
		return ""
	}
	most := parts[0]
	for _, part := range parts {
		if part.of(p) > most.of(p) {
			most = part
		}
	}
	return fmt.Sprintf("%d of %s: %s", most.of(p), show.Millis(ms), most.Legend)
}

// newBar draws parts to scale: worst fills all of wide.
func newBar(p show.Parts, ms, worst int64, wide int) bar {
	scale := float64(wide) / float64(worst)
	b := bar{Width: max(int(float64(ms)*scale+0.5), 1)}
	var sum int64
	for _, part := range parts {
		n := part.of(p)
		if n <= 0 {
			continue
		}
		x, w := float64(sum)*scale, float64(n)*scale
		sum += n
		s := segment{Class: part.Class, Name: part.Name, MS: n, W: px(w)}
		if x > 0 {
			s.X = px(x)
		}
		if w >= letterIn {
			s.Letter, s.Mid = part.Letter, px(x+w/2)
		}
		b.Segments = append(b.Segments, s)
	}
	return b
}

func px(v float64) string { return fmt.Sprintf("%.1f", v) }
