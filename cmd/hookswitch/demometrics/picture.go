package demometrics

import (
	"cmp"
	"context"
	"fmt"
	"html"
	"math"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Measures of a picture, in pixels.
const (
	columnPx = 52 // of 24 in a row
	unitPx   = 28 // of a panel's height
	gapPx    = 8
	headPx   = 56
)

// palette is for lines on white; neighbours differ in lightness, too.
var palette = []string{"#1f6fb2", "#d9730d", "#2e8540", "#b5202c", "#7a4fa3", "#8a5a3c", "#c2458e", "#5c6670", "#a08a00", "#0f8f9c"}

// drawing is an SVG under way.
type drawing struct{ strings.Builder }

func (d *drawing) add(format string, a ...any) { fmt.Fprintf(d, format+"\n", a...) }

// text writes s; anchor is "start", "middle" or "end".
func (d *drawing) text(x, y float64, class, anchor, s string) {
	d.add(`<text x="%.0f" y="%.0f" class="%s" text-anchor="%s">%s</text>`, x, y, class, anchor, html.EscapeString(s))
}

// draw makes a picture of p, with what its panels show of the whole run.
func (a *asker) draw(ctx context.Context, p page, file string) error {
	d := &drawing{}
	tall := 0
	for _, q := range p.Panels {
		tall = max(tall, q.GridPos.Y+q.GridPos.H)
	}
	width, height := 24*columnPx+gapPx, headPx+tall*unitPx+gapPx
	d.add(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" font-family="system-ui, sans-serif">`, width, height, width)
	d.add(`<style>text{fill:#24292f}.h{font-size:20px;font-weight:600}.r{font-size:14px;font-weight:600}.t{font-size:12px;font-weight:600}.a{font-size:10px;fill:#57606a}.n{font-size:26px;font-weight:600}</style>`)
	d.add(`<rect width="100%%" height="100%%" fill="#f6f8fa"/>`)
	d.text(gapPx, 26, "h", "start", p.Title)
	d.text(gapPx, 45, "a", "start", fmt.Sprintf("%.0f s of a gateway under the load of make demo-metrics, which kills it once, at %.0f s. Real measurements; everything happens far more often than in earnest.",
		a.to.Sub(a.from).Seconds(), a.killed.Sub(a.from).Seconds()))
	for _, q := range p.Panels {
		f := frame{d: d, x: float64(gapPx + q.GridPos.X*columnPx), y: float64(headPx + q.GridPos.Y*unitPx), w: float64(q.GridPos.W*columnPx - gapPx), h: float64(q.GridPos.H*unitPx - gapPx), from: a.from, to: a.to, unit: q.FieldConfig.Defaults.Unit}
		if q.Type == "row" {
			d.text(f.x, f.y+16, "r", "start", q.Title)
			continue
		}
		lines, err := a.lines(ctx, q)
		if err != nil {
			return err
		}
		d.add(`<rect x="%.0f" y="%.0f" width="%.0f" height="%.0f" rx="4" fill="#fff" stroke="#d0d7de"/>`, f.x, f.y, f.w, f.h)
		d.text(f.x+10, f.y+18, "t", "start", q.Title)
		switch {
		case q.Type == "stat":
			f.number(lines)
		default:
			f.plot(lines, q.FieldConfig.Defaults.Custom.Stacking.Mode == "normal")
		}
	}
	d.add(`</svg>`)
	return os.WriteFile(file, []byte(d.String()), 0o644)
}

// line is a series with its name in the legend.
type line struct {
	name   string
	points []point
	most   float64
}

// lines are a panel's series in the order of its expressions, and by name.
func (a *asker) lines(ctx context.Context, q panel) (all []line, err error) {
	for _, target := range q.Targets {
		got, err := a.w.query(ctx, filled(target.Expr), a.from, a.to)
		if err != nil {
			return nil, err
		}
		var some []line
		for _, s := range got {
			l := line{name: named(target.LegendFormat, s.Labels)}
			for _, p := range s.Points {
				if !math.IsNaN(p.Value) && !math.IsInf(p.Value, 0) {
					l.points = append(l.points, p)
					l.most = max(l.most, p.Value)
				}
			}
			if len(l.points) > 0 {
				some = append(some, l)
			}
		}
		slices.SortFunc(some, func(x, y line) int { return cmp.Compare(x.name, y.name) })
		all = append(all, some...)
	}
	return all, nil
}

var label = regexp.MustCompile(`\{\{(\w+)\}\}`)

// named is a legend with the labels filled in.
func named(legend string, labels map[string]string) string {
	return label.ReplaceAllStringFunc(legend, func(s string) string { return labels[strings.Trim(s, "{}")] })
}

// frame is a panel's place on the picture.
type frame struct {
	d          *drawing
	x, y, w, h float64
	from, to   time.Time
	unit       string
}

// number shows the newest value.
func (f frame) number(lines []line) {
	value := "–"
	if len(lines) > 0 {
		value = shown(lines[0].points[len(lines[0].points)-1].Value, f.unit)
	}
	f.d.text(f.x+f.w/2, f.y+f.h/2+18, "n", "middle", value)
}

// plot shows lines, or areas on top of each other. What never left zero is
// counted below and not drawn.
func (f frame) plot(lines []line, stacked bool) {
	zero := 0
	lines = slices.DeleteFunc(slices.Clone(lines), func(l line) bool {
		if l.most == 0 {
			zero++
		}
		return l.most == 0
	})
	legend := f.legend(lines, zero)
	in := frame{d: f.d, x: f.x + 60, y: f.y + 30, w: f.w - 74, h: f.h - 30 - 20 - float64(len(legend))*13, from: f.from, to: f.to, unit: f.unit}
	if stacked {
		lines = piled(lines)
	}
	most := 0.0
	for _, l := range lines {
		for _, p := range l.points {
			most = max(most, p.Value)
		}
	}
	step := nice(most)
	top := max(step, math.Ceil(most/step-1e-9)*step)
	in.axes(step, top)
	for i := range lines { // the topmost of a pile first: the others cover it
		n := len(lines) - 1 - i
		in.line(lines[n], top, palette[n%len(palette)], stacked)
	}
	for i, l := range legend {
		f.d.add(`<text x="%.0f" y="%.0f" class="a">%s</text>`, f.x+10, f.y+f.h-6-float64(len(legend)-1-i)*13, l)
	}
}

// axes draws the grid: from zero up, and seconds since the begin.
func (f frame) axes(step, top float64) {
	for v := 0.0; v <= top+step/1e6; v += step {
		y := f.y + f.h*(1-v/top)
		f.d.add(`<line x1="%.0f" y1="%.1f" x2="%.0f" y2="%.1f" stroke="#d8dee4"/>`, f.x, y, f.x+f.w, y)
		f.d.text(f.x-6, y+3, "a", "end", shown(v, f.unit))
	}
	whole := f.to.Sub(f.from).Seconds()
	every := 30.0
	if whole > 150 {
		every = 60
	}
	for s := 0.0; s <= whole; s += every {
		f.d.text(f.x+f.w*s/whole, f.y+f.h+13, "a", "middle", fmt.Sprintf("%.0f s", s))
	}
}

// line draws one, broken where there is no value.
func (f frame) line(l line, top float64, color string, filled bool) {
	begin, whole := float64(f.from.UnixMilli())/1000, f.to.Sub(f.from).Seconds()
	at := func(p point) (x, y float64) { return f.x + f.w*(p.At-begin)/whole, f.y + f.h*(1-p.Value/top) }
	for rest := l.points; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].At-rest[n-1].At < 1.5 {
			n++
		}
		var path strings.Builder
		for i, p := range rest[:n] {
			x, y := at(p)
			fmt.Fprintf(&path, "%c%.0f %.1f", "ML"[min(i, 1)], x, y)
		}
		first, _ := at(rest[0])
		last, y := at(rest[n-1])
		switch {
		case filled:
			f.d.add(`<path d="%sL%.0f %.1fL%.0f %.1fZ" fill="%s"/>`, &path, last, f.y+f.h, first, f.y+f.h, color)
		case n == 1:
			f.d.add(`<circle cx="%.0f" cy="%.1f" r="2" fill="%s"/>`, last, y, color)
		default:
			f.d.add(`<path d="%s" fill="none" stroke="%s" stroke-width="1.5"/>`, &path, color)
		}
		rest = rest[n:]
	}
}

// legend is lines of names, each as SVG, as wide as the panel, four at most.
func (f frame) legend(lines []line, zero int) (rows []string) {
	const charPx, mostRows = 5.4, 4
	var names []string
	for _, l := range lines {
		names = append(names, l.name)
	}
	if zero > 0 {
		names = append(names, map[bool]string{true: "nothing but 0", false: fmt.Sprintf("and %d that stay at 0", zero)}[len(lines) == 0])
	}
	row, used := "", 0.0
	for i, name := range names {
		px := float64(len([]rune(name))+4) * charPx
		if used > 0 && used+px > f.w-20 {
			if rows = append(rows, row); len(rows) == mostRows {
				rows[mostRows-1] += fmt.Sprintf("<tspan> and %d more</tspan>", len(names)-i)
				return rows
			}
			row, used = "", 0
		}
		mark := ""
		if i < len(lines) {
			mark = fmt.Sprintf(`<tspan fill="%s">■ </tspan>`, palette[i%len(palette)])
		}
		row, used = row+mark+fmt.Sprintf("<tspan>%s&#160;&#160; </tspan>", html.EscapeString(name)), used+px
	}
	if row != "" {
		rows = append(rows, row)
	}
	return rows
}

// piled puts each line on top of those before it.
func piled(lines []line) (all []line) {
	sum := map[float64]float64{}
	times := map[float64]bool{}
	for _, l := range lines {
		for _, p := range l.points {
			times[p.At] = true
		}
	}
	order := make([]float64, 0, len(times))
	for at := range times {
		order = append(order, at)
	}
	slices.Sort(order)
	for _, l := range lines {
		for _, p := range l.points {
			sum[p.At] += p.Value
		}
		on := line{name: l.name, most: l.most}
		for _, at := range order {
			on.points = append(on.points, point{at, sum[at]})
		}
		all = append(all, on)
	}
	return all
}

// nice is a distance of ticks, of which three to six fit up to most.
func nice(most float64) float64 {
	if most <= 0 {
		return 1
	}
	unit := math.Pow(10, math.Floor(math.Log10(most/3)))
	for _, m := range []float64{1, 2, 5} {
		if most/(m*unit) <= 6 {
			return m * unit
		}
	}
	return 10 * unit
}

// shown is v in Grafana's unit.
func shown(v float64, unit string) string {
	if v == 0 {
		return "0"
	}
	short := func(v float64) string { // three digits or so, and no exponent
		switch {
		case v >= 1e6:
			return fmt.Sprintf("%.3gM", v/1e6)
		case v >= 1e4:
			return fmt.Sprintf("%.3gk", v/1e3)
		case v >= 100:
			return fmt.Sprintf("%.0f", v)
		}
		return fmt.Sprintf("%.3g", v)
	}
	switch unit {
	case "s":
		switch {
		case v < .001:
			return short(v*1e6) + " µs"
		case v < 1:
			return short(v*1e3) + " ms"
		}
		return short(v) + " s"
	case "percentunit":
		return short(v*100) + " %"
	case "cpm":
		return short(v) + "/min"
	case "bytes":
		return short(v/1e6) + " MB"
	case "currencyUSD":
		return "$" + short(v)
	}
	return short(v)
}
