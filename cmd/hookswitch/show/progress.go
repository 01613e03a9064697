package show

import (
	"fmt"
	"strings"
	"time"
)

// Progress is a download of one file or several, shown on status: a line with
// name, bytes, rate and time left on a terminal; elsewhere a line at the
// beginning of each, at each quarter and at the end. One goroutine at a time may
// use it.
type Progress struct {
	s     *Screen
	label string

	name        string
	done, total int64
	began       time.Time
	from        int64 // done when it began: what an earlier try left
	told        int64 // quarters that were told
}

const barCells = 24

// Progress begins to show downloads. label is what they are for: "2/3 models".
func (s *Screen) Progress(label string) *Progress { return &Progress{s: s, label: label} }

// Set tells that done bytes of total are there of name; a total of 0 is not
// known. The first call for a name tells what was there before.
func (p *Progress) Set(name string, done, total int64) {
	if name = Clean(name); p.began.IsZero() || name != p.name {
		p.began, p.from, p.told = time.Now(), done, -1
	}
	p.name, p.done, p.total = name, done, total
	if p.s.mode.Live {
		p.s.Now(p.line())
		return
	}
	quarter := int64(0)
	if total > 0 {
		quarter = 4 * done / total
	}
	if quarter > p.told {
		p.told = quarter
		p.s.write(p.s.status, fmt.Sprintf("  %s  %s  %s\n", p.label, p.name, p.bytes()))
	}
}

// Done takes the bar away and leaves a line: "kept in ~/.cache/hookswitch
// (27 MB); delete it freely".
func (p *Progress) Done(text string) {
	out := p.s.printer()
	out.styled(none, "  "+p.label+"  "+Clean(text))
	p.s.write(p.s.status, out.b.String())
}

// line fits 80 columns for names of up to 20; longer ones are cut here, and
// only here.
func (p *Progress) line() string {
	name, rest := split(p.name, 20)
	if rest != "" {
		name, _ = split(name, 17)
		name += "..."
	}
	line := fmt.Sprintf("  %s  %-20s  ", p.label, name)
	if p.total > 0 && p.s.mode.Width >= 100 {
		full := int(barCells * min(max(p.done, 0), p.total) / p.total)
		line += strings.Repeat("█", full) + strings.Repeat("░", barCells-full) + "  "
	}
	return line + p.bytes() + p.rate()
}

func (p *Progress) bytes() string {
	if p.total <= 0 {
		return megabytes(p.done)
	}
	return strings.TrimSuffix(megabytes(p.done), " MB") + " of " + megabytes(p.total)
}

// rate is nothing in the first half second, when it would only jump.
func (p *Progress) rate() string {
	took := time.Since(p.began)
	if took < 500*time.Millisecond || p.done <= p.from {
		return ""
	}
	perSecond := float64(p.done-p.from) / took.Seconds()
	text := fmt.Sprintf("  %.1f MB/s", perSecond/1e6)
	if p.total > p.done {
		left := time.Duration(float64(p.total-p.done) / perSecond * float64(time.Second))
		text += "  " + left.Round(time.Second).String() + " left"
	}
	return text
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }
