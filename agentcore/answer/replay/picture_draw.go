package replay

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hookswitch/hookswitch/agentcore/answer"
	"github.com/hookswitch/hookswitch/media/vad"
)

// PictureCSS is the style of the drawings of a page. It takes the colours from the
// page: --bg, --fg, --mute, --line, --caller, --agent, --tool, --warn.
//
//go:embed picture.css
var PictureCSS string

//go:embed picture.svg
var pictureSVG string

var picture = template.Must(template.New("picture").Parse(pictureSVG))

// colours are those of the page, for a drawing that stands alone.
const colours = `:root{color-scheme:light dark;background:var(--bg);--bg:#fff;--fg:#1b1f24;--mute:#57606b;--line:#d8dde3;--caller:#0a5fb4;--agent:#19753a;--tool:#7a45ad;--warn:#8a5a00}
@media(prefers-color-scheme:dark){:root{--bg:#14171b;--fg:#e6e9ed;--mute:#9aa4b0;--line:#2b3138;--caller:#6cb6ff;--agent:#57c97b;--tool:#c9a2f2;--warn:#e8b04b}}
`

// Write draws p as an SVG file of its own.
func (p Picture) Write(w io.Writer) error {
	d := p.draw()
	d.Style = template.CSS(colours + PictureCSS)
	if err := picture.Execute(w, d); err != nil {
		return fmt.Errorf("replay: draw: %w", err)
	}
	return nil
}

// Element draws p as an element of a page that has [PictureCSS].
func (p Picture) Element() (template.HTML, error) {
	var b strings.Builder
	if err := picture.Execute(&b, p.draw()); err != nil {
		return "", fmt.Errorf("replay: draw: %w", err)
	}
	return template.HTML(b.String()), nil
}

// Places in the drawing, in its own units.
const (
	wide     = 1030.0
	leftOf   = 82.0 // names of the rows
	rightOf  = 14.0
	soundAt  = 58.0
	half     = 22.0
	rowHigh  = 27.0 // a line of text, and a bar below
	barDown  = 14.0 // from the top of a row
	barHigh  = 7.0
	letter   = 6.4 // about how wide a letter is
	tickFrom = 56  // units between two ticks at the least
)

// drawing is a Picture as its template sees it. Every text has been made plain.
type drawing struct {
	ID, Title, Desc string
	Style           template.CSS
	Height          string
	Ticks           []label
	Names           []label
	Wave            string
	Bars            []bar
	Lines           []label // of cues
	bottom          float64
	scale           float64
	end             int64
}

type label struct{ X, Y, TextX, Text, Title string }

type bar struct{ Class, X, Y, W, H, Text, TextX, TextY, Title string }

func (p Picture) draw() drawing {
	d := drawing{ID: plain(p.ID), end: p.shown()}
	if d.ID == "" {
		d.ID = "who"
	}
	d.Title, d.Desc = p.title(), p.words()
	d.scale = (wide - leftOf - rightOf) / float64(d.end)
	d.ticks()
	d.wave(p)
	y := soundAt + half + 12
	y = d.lane(y, "tones", d.tones(p))
	y = d.lane(y, "words", d.understood(p))
	y = d.lane(y, "agent", d.agent(p))
	y = d.rows(y, "evidence", d.evidence(p))
	y = d.rows(y+4, "verdict", d.verdicts(p))
	d.cues(p)
	d.bottom = y
	d.Height = px(y + 4)
	return d
}

// Bottom is where the lines of the grid end.
func (d drawing) Bottom() string { return px(d.bottom) }

func (d *drawing) x(ms int64) float64 {
	return leftOf + d.scale*float64(min(max(ms, 0), d.end))
}

func (d *drawing) ticks() {
	step := int64(1)
	for _, step = range []int64{1, 2, 5, 10, 15, 30, 60} {
		if float64(step)*1000*d.scale >= tickFrom {
			break
		}
	}
	for s := int64(0); s*1000 <= d.end; s += step {
		t := label{X: px(d.x(s * 1000)), Text: fmt.Sprintf("%d:%02d", s/60, s%60)}
		if d.x(s*1000)+30 > wide {
			t.Text = ""
		}
		d.Ticks = append(d.Ticks, t)
	}
}

// wave draws how loud the line was, and when somebody spoke.
func (d *drawing) wave(p Picture) {
	d.Names = append(d.Names, label{Y: px(soundAt + 4), Text: "sound"})
	loudest := float32(0.03) // what is softer than this is drawn soft
	for _, v := range p.Peaks {
		loudest = max(loudest, v)
	}
	var b strings.Builder
	for x, step := leftOf, 2.0; x < wide-rightOf && p.PeakMS > 0; x += step {
		from, to := (x-leftOf)/d.scale/float64(p.PeakMS), (x+step-leftOf)/d.scale/float64(p.PeakMS)
		peak := float32(0)
		for i := int(from); i < len(p.Peaks) && (float64(i) < to || i == int(from)); i++ {
			peak = max(peak, p.Peaks[i])
		}
		if h := half * math.Sqrt(float64(peak/loudest)); h > 1 {
			fmt.Fprintf(&b, "M%.1f %.1fv%.1f", x, soundAt-h, 2*h)
		}
	}
	d.Wave = b.String()
	for _, m := range p.Speech {
		if m.BeganMS < d.end {
			d.Bars = append(d.Bars, d.bar("speech", m, soundAt+half+2, 4, "speech from "+clock(m.BeganMS)+" to "+clock(m.EndedMS)))
		}
	}
}

func (d *drawing) bar(class string, m Mark, y, h float64, title string) bar {
	from := d.x(m.BeganMS)
	return bar{Class: class, X: px(from), Y: px(y), W: px(max(d.x(m.EndedMS)-from, 2)), H: px(h), Title: plain(title)}
}

// say puts text above b, where it fits. It returns where the text ends.
func (b *bar) say(text string, x, y float64) float64 {
	b.Text = plain(text)
	long := letter * float64(utf8.RuneCountInString(b.Text))
	x = max(leftOf, min(x, wide-rightOf-long))
	b.TextX, b.TextY = px(x), px(y+10)
	return x + long
}

// piece is something that is drawn in a row.
type piece struct {
	Mark
	class, text string
}

// lane draws pieces beside each other. The text of one that would stand on
// another's is left to its title.
func (d *drawing) lane(y float64, name string, pieces []piece) float64 {
	if len(pieces) == 0 {
		return y
	}
	d.Names = append(d.Names, label{Y: px(y + barDown + 7), Text: name})
	free := 0.0
	for _, p := range pieces {
		if p.BeganMS > d.end {
			continue
		}
		b := d.bar(p.class, p.Mark, y+barDown, barHigh, p.text)
		if x := d.x(p.BeganMS); p.text != "" && x >= free {
			if end := b.say(p.text, x, y); end <= wide {
				free = end + 8
			}
		}
		d.Bars = append(d.Bars, b)
	}
	return y + rowHigh
}

// rows draws each piece in a row of its own.
func (d *drawing) rows(y float64, name string, pieces []piece) float64 {
	if len(pieces) > 0 {
		d.Names = append(d.Names, label{Y: px(y + 10), Text: name})
	}
	for _, p := range pieces {
		b := d.bar(p.class, p.Mark, y+barDown, barHigh, p.text)
		b.say(p.text, d.x(p.BeganMS), y)
		d.Bars = append(d.Bars, b)
		y += rowHigh
	}
	return y
}

func (d *drawing) tones(p Picture) (out []piece) {
	for _, t := range p.tones() {
		text := strings.ReplaceAll(t.Tone, "_", " ")
		if t.Hz > 0 {
			text = fmt.Sprintf("%s %.0f Hz", text, t.Hz)
		}
		out = append(out, piece{t.Mark, "tone", text})
	}
	return out
}

func (d *drawing) understood(p Picture) (out []piece) {
	for _, w := range p.Words {
		if w.Final {
			out = append(out, piece{w.Mark, "word", w.Text})
		}
	}
	return out
}

func (d *drawing) agent(p Picture) (out []piece) {
	for _, m := range p.Agent {
		if p.Left == nil || m != *p.Left {
			out = append(out, piece{m, "agent", ""})
		}
	}
	if p.Left != nil {
		out = append(out, piece{*p.Left, "left", "message"})
	}
	return out
}

func (d *drawing) evidence(p Picture) (out []piece) {
	for _, e := range p.evidence() {
		out = append(out, piece{Mark{e.BeganMS, e.EndedMS}, kind(e.For), fmt.Sprintf("%s: %s → %s %+.1f", e.Kind, e.What, p.name(e.For), e.Weight)})
	}
	return out
}

// verdicts are the classes one after the other, from when each was known.
func (d *drawing) verdicts(p Picture) (out []piece) {
	steps := p.Verdicts[:min(len(p.Verdicts), mostSteps)]
	if len(steps) == 0 || steps[0].AtMS > 0 {
		steps = append([]answer.Verdict{{Class: answer.Unknown}}, steps...)
	}
	for n, v := range steps {
		until := d.end
		if n+1 < len(steps) {
			until = steps[n+1].AtMS
		}
		text := p.name(v.Class)
		if v.Class != answer.Unknown {
			text = fmt.Sprintf("%s %.2f at %.1f s", text, v.Confidence, float64(v.AtMS)/1000)
		}
		out = append(out, piece{Mark{v.AtMS, until}, kind(v.Class), text})
	}
	return out
}

var cueWords = map[string]string{"leave": "leave the message", "reply": "reply", "done": "done"}

func (d *drawing) cues(p Picture) {
	free := 0.0
	for _, c := range p.Cues[:min(len(p.Cues), mostCues)] {
		x, text := d.x(c.KnownMS), cueWords[c.Cue]
		l := label{X: px(x), Title: text + " at " + clock(c.KnownMS)}
		if long := letter * float64(len(text)); x >= free {
			l.TextX, l.Text = px(min(x+4, wide-rightOf-long)), text
			free = x + long + 12
		}
		d.Lines = append(d.Lines, l)
	}
}

// kind is the colour of a class: people, machines, and what is not known.
func kind(c answer.Class) string {
	switch {
	case c.Machine():
		return "machine"
	case c == answer.Human:
		return "human"
	}
	return "unknown"
}

// amplitude is a level in dBFS as a part of full scale.
func amplitude(dbfs float32) float32 {
	if dbfs <= vad.Quietest {
		return 0
	}
	return float32(math.Pow(10, float64(dbfs)/20))
}

func px(v float64) string { return fmt.Sprintf("%.1f", v) }

// clock is milliseconds as minutes, seconds and tenths: 0:09.9.
func clock(ms int64) string { return fmt.Sprintf("%d:%02d.%d", ms/60_000, ms/1000%60, ms/100%10) }

// plain is text that an SVG file may hold, on one line, and not too long.
func plain(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsGraphic(r) || r == utf8.RuneError:
			return '\ufffd'
		}
		return r
	}, text)
	if r := []rune(text); len(r) > mostText {
		return string(r[:mostText-1]) + "…"
	}
	return text
}
