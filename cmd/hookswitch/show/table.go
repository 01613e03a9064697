package show

import (
	"fmt"
	"strconv"
	"strings"
)

// column is one part of the gap in the table.
type column struct {
	name   string
	letter byte
	style  style
	legend string
	of     func(Parts) int64
}

var parts = []column{
	{"endpoint", 'E', blue, "end-of-turn wait", func(p Parts) int64 { return p.Endpoint }},
	{"recognise", 'R', cyan, "recognise", func(p Parts) int64 { return p.Recognise }},
	{"tool", 'T', yellow, "tool", func(p Parts) int64 { return p.Tool }},
	{"model", 'M', magenta, "model's first token", func(p Parts) int64 { return p.Model }},
	{"voice", 'V', green, "voice's first sound", func(p Parts) int64 { return p.Voice }},
	{"line", 'L', grey, "line", func(p Parts) int64 { return p.Line }},
}

const (
	barsFrom  = 80 // columns of a terminal that has bars
	shortest  = 10 // characters of a bar that is of any use
	tableHead = "ms from the caller's last word to the agent's first sample played"
)

// Turns prints the table of a call's turns: where the time of each gap went.
func (s *Screen) Turns(number int, turns []Turn) {
	p := s.printer()
	p.table(number, turns)
	s.print(p)
}

func (p *printer) table(number int, turns []Turn) {
	if len(turns) == 0 {
		return
	}
	title := "TURNS OF CALL " + strconv.Itoa(number)
	if number == 0 {
		title = "TURNS"
	}
	p.newline()
	if head := fmt.Sprintf(" %-22s %s", title, tableHead); columns(head) <= p.cols {
		p.put(head, bold)
		p.newline()
	} else {
		p.styled(bold, " "+title)
		p.styled(grey, "   "+tableHead)
	}
	t := newTable(p, turns)
	if t.cols > p.cols {
		p.asList(turns)
		return
	}
	p.spaces(3)
	p.put(t.header(), grey)
	p.newline()
	for _, turn := range turns {
		p.row(t, turn)
	}
	if t.bar > 0 {
		p.legend(t)
	}
}

// table is how much of the table fits.
type table struct {
	parts []column
	cols  int   // width without the bars
	bar   int   // characters of the longest bar; 0 for none
	scale int64 // milliseconds a character
}

func newTable(p *printer, turns []Turn) table {
	var t table
	var worst int64
	tools := false
	for _, turn := range turns {
		worst = max(worst, turn.GapMS)
		if turn.Parts != nil {
			worst = max(worst, turn.Parts.Sum())
		}
		tools = tools || turn.Parts != nil && turn.Parts.Tool > 0
	}
	for _, c := range parts {
		if c.letter != 'T' || tools {
			t.parts = append(t.parts, c)
		}
	}
	if t.measure(); t.cols > p.cols { // the line goes before the text wraps
		t.parts = t.parts[:len(t.parts)-1]
		t.measure()
	}
	if room := p.cols - 5 - t.cols; p.cols >= barsFrom && room >= shortest {
		t.scale = scale(worst, int64(room))
		t.bar = int(max(worst, 1000-1)/t.scale) + 1
		t.bar = min(t.bar, room)
	}
	return t
}

func (t *table) measure() { t.cols = 3 + len(t.header()) }

// scale is the smallest round number of milliseconds a character with which
// worst fits into room.
func scale(worst, room int64) int64 {
	for _, ms := range []int64{25, 50, 100, 250, 500, 1000} {
		if worst/ms < room {
			return ms
		}
	}
	return worst/room + 1
}

func (t table) header() string {
	line := "turn"
	for _, c := range t.parts {
		line += "  " + c.name
	}
	line += "    gap"
	if t.bar > 0 {
		line += "  " + t.axis()
	}
	return line
}

// axis labels every tenth character of the bars; a label ends at its place.
func (t table) axis() string {
	line := "0"
	for at := 10; at < t.bar; at += 10 {
		line += fmt.Sprintf("%*d", at+1-len(line), int64(at)*t.scale)
	}
	return line
}

func (p *printer) row(t table, turn Turn) {
	fmt.Fprintf(&p.b, "   %4d", turn.Turn)
	for _, c := range t.parts {
		p.b.WriteString(fmt.Sprintf("  %*s", len(c.name), turn.cell(c)))
	}
	gap := "-"
	if turn.Parts != nil {
		gap = strconv.FormatInt(turn.GapMS, 10)
	}
	p.b.WriteString("  ")
	p.put(fmt.Sprintf("%5s", gap), gapStyle(turn.GapMS))
	used := 0
	if t.bar > 0 {
		p.b.WriteString("  ")
		used = p.barOf(t, turn)
	}
	p.remark(t, turn, used)
	p.newline()
}

// cell is a part's number; a part that a turn has none of is a dash.
func (t Turn) cell(c column) string {
	if t.Parts == nil {
		return "-"
	}
	ms := c.of(*t.Parts)
	silent := c.letter == 'E' || c.letter == 'R' || c.letter == 'T'
	if ms == 0 && silent {
		return "-"
	}
	return strconv.FormatInt(ms, 10)
}

// barOf draws the bar: letters from the rounded beginning to the rounded end of
// each part, so that its length is that of the gap whatever the parts are.
func (p *printer) barOf(t table, turn Turn) int {
	if turn.Parts == nil {
		return 0
	}
	var sum int64
	drawn := 0
	for _, c := range parts {
		sum += c.of(*turn.Parts)
		end := min(max(int((sum+t.scale/2)/t.scale), drawn), t.bar)
		p.put(strings.Repeat(string(c.letter), end-drawn), c.style)
		drawn = end
	}
	return drawn
}

// remark says why a row is as it is, at the right of it or below.
func (p *printer) remark(t table, turn Turn, used int) {
	text := ""
	switch {
	case !turn.Answered:
		text = "not answered"
	case turn.Keys != "" && turn.CallerHeard == "":
		text = "after a key"
	default:
		return
	}
	at := t.cols + 2 + used + 2
	if t.bar == 0 {
		at = t.cols + 2
	}
	place := max(at, min(79, p.edge()-len(text)))
	if at+len(text) > p.cols {
		p.newline()
		at, place = 0, 9
	} else if t.bar > 0 {
		at -= 2
	} else {
		at = t.cols
	}
	p.spaces(place - at)
	p.put(text, grey)
}

func (p *printer) legend(t table) {
	text := ""
	for n, c := range t.parts {
		if n > 0 {
			text += "   "
		}
		text += string(c.letter) + " " + c.legend
	}
	p.styled(grey, "   "+text)
}

// asList prints the turns where no table fits.
func (p *printer) asList(turns []Turn) {
	for _, turn := range turns {
		text := fmt.Sprintf("turn %d", turn.Turn)
		if turn.Parts == nil {
			text += " not answered"
		} else {
			text += fmt.Sprintf(" gap %d =", turn.GapMS)
			sep := ""
			for _, c := range parts {
				if ms := c.of(*turn.Parts); ms > 0 {
					text += fmt.Sprintf("%s %s %d", sep, c.name, ms)
					sep = " +"
				}
			}
		}
		p.styled(none, "   "+text)
	}
}
