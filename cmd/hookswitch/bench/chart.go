package bench

import (
	"fmt"
	"math"
	"strings"
)

// chart is a picture of lines over a number of calls. Colours are Okabe and Ito's,
// which everybody can tell apart, each line has marks of its own shape, and the
// grey of the text can be read on white and on black.
type chart struct {
	title string
	unit  string // of the values
	log   bool   // values on a scale of powers of ten
	limit float64
	lines []curve
}

// curve is one line of a chart.
type curve struct {
	name string
	at   []point
}

type point struct{ calls, value float64 }

const (
	chartWidth, chartHeight   = 720.0, 380.0
	chartLeft, chartRight     = 64.0, 24.0
	chartTop, chartBottom     = 48.0, 84.0
	chartGrey, chartGridColor = "#7a7f87", "#9aa0a8"
)

var chartColors = []string{"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00"}

// svg draws c. The same chart is the same text, to the letter.
func (c chart) svg() string {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" role="img" aria-labelledby="t" font-family="system-ui, sans-serif" font-size="13" fill="%s">`+"\n", chartWidth, chartHeight, chartGrey)
	fmt.Fprintf(&b, `<title id="t">%s</title>`+"\n"+`<text x="%.0f" y="26" font-size="16" font-weight="600">%s</text>`+"\n", escape(c.title), chartLeft, escape(c.title))
	most, low, high := c.bounds()
	x := func(calls float64) float64 {
		return chartLeft + calls/most*(chartWidth-chartLeft-chartRight)
	}
	y := func(value float64) float64 {
		share := (value - low) / (high - low)
		if c.log {
			share = (math.Log10(max(value, low)) - math.Log10(low)) / (math.Log10(high) - math.Log10(low))
		}
		return chartHeight - chartBottom - share*(chartHeight-chartTop-chartBottom)
	}
	for _, v := range c.rungs(low, high) {
		fmt.Fprintf(&b, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s" stroke-opacity="0.35"/><text x="%.1f" y="%.1f" text-anchor="end">%s</text>`+"\n",
			chartLeft, y(v), chartWidth-chartRight, y(v), chartGridColor, chartLeft-8, y(v)+4, inWords(v))
	}
	for i := 0.0; i <= 4; i++ {
		fmt.Fprintf(&b, `<text x="%.1f" y="%.1f" text-anchor="middle">%s</text>`+"\n", x(most*i/4), chartHeight-chartBottom+20, inWords(most*i/4))
	}
	fmt.Fprintf(&b, `<text x="%.1f" y="%.1f" text-anchor="end">calls</text><text x="%.1f" y="%.1f">%s</text>`+"\n", chartWidth-chartRight, chartHeight-chartBottom+38, chartLeft, chartTop-6, escape(c.unit))
	if c.limit > 0 {
		fmt.Fprintf(&b, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s" stroke-width="2" stroke-dasharray="6 5"/>`+"\n", chartLeft, y(c.limit), chartWidth-chartRight, y(c.limit), chartGrey)
	}
	for i, l := range c.lines {
		l.draw(&b, i, x, y)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// draw draws the line, its marks, and its name below the chart.
func (l curve) draw(b *strings.Builder, i int, x, y func(float64) float64) {
	color := chartColors[i%len(chartColors)]
	var path []string
	for _, p := range l.at {
		path = append(path, fmt.Sprintf("%.1f,%.1f", x(p.calls), y(p.value)))
	}
	fmt.Fprintf(b, `<polyline points="%s" fill="none" stroke="%s" stroke-width="2" stroke-linejoin="round"/>`+"\n", strings.Join(path, " "), color)
	for _, p := range l.at {
		shape(b, i, x(p.calls), y(p.value), color)
	}
	left, line := chartLeft+float64(i%2)*330, chartHeight-30+float64(i/2)*18
	shape(b, i, left+4, line-4, color)
	fmt.Fprintf(b, `<text x="%.1f" y="%.1f">%s</text>`+"\n", left+16, line, escape(l.name))
}

// shape is a mark of the line's own.
func shape(b *strings.Builder, i int, x, y float64, color string) {
	switch i % 3 {
	case 0:
		fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="4" fill="%s"/>`+"\n", x, y, color)
	case 1:
		fmt.Fprintf(b, `<rect x="%.1f" y="%.1f" width="7" height="7" fill="%s"/>`+"\n", x-3.5, y-3.5, color)
	default:
		fmt.Fprintf(b, `<path d="M%.1f %.1f l4.5 8 h-9 z" fill="%s"/>`+"\n", x, y-5, color)
	}
}

// bounds are the most calls, and the ends of the scale of values.
func (c chart) bounds() (most, low, high float64) {
	most, high = 1, c.limit
	low = math.Inf(1)
	for _, l := range c.lines {
		for _, p := range l.at {
			most, high, low = max(most, p.calls), max(high, p.value), min(low, p.value)
		}
	}
	if !c.log {
		return most, 0, nice(high)
	}
	return most, math.Pow(10, math.Floor(math.Log10(max(low, 0.01)))), math.Pow(10, math.Ceil(math.Log10(max(high, 1))))
}

// rungs are the values at which the scale is marked.
func (c chart) rungs(low, high float64) (all []float64) {
	if c.log {
		for v := low; v <= high*1.001; v *= 10 {
			all = append(all, v)
		}
		return all
	}
	for i := 0.0; i <= 4; i++ {
		all = append(all, high*i/4)
	}
	return all
}

// nice is the next number that one likes at the end of a scale.
func nice(v float64) float64 {
	if v <= 0 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, step := range []float64{1, 2, 4, 6, 8, 10} {
		if v <= step*power {
			return step * power
		}
	}
	return 10 * power
}

func inWords(v float64) string {
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.2f", v), "0"), ".")
}

func escape(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(text)
}
