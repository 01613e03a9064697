package report

import (
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/hookswitch/hookswitch/agentcore"
	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
)

// Places in the timeline's drawing, in its own units.
const (
	drawWide   = 1030 // a call that fits
	leftOf     = 60   // names of the lanes
	rightOf    = 12
	leastScale = 10.0 // units a second; longer calls are drawn wider
	callerAt   = 48.0
	agentAt    = 98.0
	lineAt     = 142.0
	workAt     = 162.0
	laneHalf   = 20.0
	strokeStep = 2.0
	tickApart  = 60.0
	tickLabel  = 32.0
)

// longest is the longest call that is drawn, in milliseconds: what claims to be
// longer than 4 hours is no recording that package wav reads.
const longest = 4 * 3600 * 1000

// timeline is a call drawn to scale: lanes of what the caller and the agent
// said, of what went over the line, and of the work behind each answer.
type timeline struct {
	ID      string
	Label   string
	Width   int
	Long    bool // wider than a page
	Left    int
	Scale   string // units a second
	Ticks   []tick
	Lanes   []lane
	Caller  string // path of the caller's sound
	Heard   string // of the agent's that was heard
	Sent    string // of the agent's that was not
	Blocks  []block
	Keys    []mark
	Played  string // path of the marks that came back
	Marks   []mark // what else went over the line
	Clears  []mark
	Unheard []block
	Work    []segment
	Tools   []mark
	scale   float64
}

type tick struct{ X, TextX, Label string }
type lane struct {
	Name string
	Y    string
}
type mark struct {
	X, TextX, Text, Title string
	End                   bool // the text ends at TextX
}
type block struct{ Class, X, Y, W, H, Title string }

func newTimeline(n int, items []show.Item, entries []agentcore.Entry, p peaks, lasted int64) *timeline {
	if lasted <= 0 || lasted > longest || len(items) == 0 {
		return nil
	}
	t := &timeline{ID: fmt.Sprintf("timeline-%d", n), Left: leftOf, Label: fmt.Sprintf("Timeline of call %d; the transcript below says the same", n)}
	t.size(float64(lasted) / 1000)
	t.ticks(lasted)
	for _, l := range []struct {
		name string
		y    float64
	}{{"caller", callerAt}, {"agent", agentAt}, {"line", lineAt}, {"work", workAt + 6}} {
		t.Lanes = append(t.Lanes, lane{l.name, px(l.y + 4)})
	}
	t.sound(items, p, lasted)
	for _, i := range items {
		t.item(i)
	}
	for _, e := range entries {
		t.entry(e)
	}
	return t
}

func (t *timeline) size(seconds float64) {
	t.scale = max((drawWide-leftOf-rightOf)/seconds, leastScale)
	t.Width = int(math.Ceil(leftOf + rightOf + t.scale*seconds))
	t.Long = t.Width > drawWide+1
	t.Scale = fmt.Sprintf("%.3f", t.scale)
}

func (t *timeline) x(ms int64) float64 { return leftOf + t.scale*float64(ms)/1000 }

func (t *timeline) ticks(lasted int64) {
	step := int64(1)
	for _, step = range []int64{1, 2, 5, 10, 15, 30, 60} {
		if float64(step)*t.scale >= tickApart {
			break
		}
	}
	for s := int64(0); s*1000 <= lasted; s += step {
		x := t.x(s * 1000)
		label := fmt.Sprintf("%d:%02d", s/60, s%60)
		if x+tickLabel > float64(t.Width) {
			label = ""
		}
		t.Ticks = append(t.Ticks, tick{px(x), px(x + 3), label})
	}
}

func (t *timeline) block(class string, from, to int64, y, h float64, title string) block {
	return block{class, px(t.x(from)), px(y), px(max(t.x(to)-t.x(from), 1)), px(h), title}
}

func (t *timeline) item(i show.Item) {
	switch i.Kind {
	case show.Key:
		t.Keys = append(t.Keys, mark{X: px(t.x(i.At)), Text: "[" + i.Text + "]", Title: "key at " + show.Clock(i.At)})
	case show.Tool:
		t.Tools = append(t.Tools, mark{X: px(t.x(i.At)), TextX: px(t.x(i.At)), Text: "tool", Title: i.Tool.String()})
	case show.Agent:
		t.answer(i)
	}
	if i.Talk != nil {
		at := t.x(i.Talk.ClearMS)
		t.Clears = append(t.Clears, mark{X: px(at), TextX: px(at + 4), Text: "clear", Title: "clear sent at " + show.Clock(i.Talk.ClearMS)})
	}
}

// answer draws the work before a reply, and the words of it that nobody heard
// as long as they would have taken.
func (t *timeline) answer(i show.Item) {
	if ms, ok := i.Gap(); ok {
		from := i.At - ms
		for _, part := range parts {
			n := part.of(show.Parts(*i.Parts))
			if n > 0 {
				t.Work = append(t.Work, segment{Class: part.Class, Name: part.Name, MS: n,
					X: px(t.x(from)), W: px(t.scale * float64(n) / 1000)})
			}
			from += n
		}
	}
	if i.Unheard != "" {
		perRune := int64(60)
		if n := int64(utf8.RuneCountInString(i.Text)); n > 0 && i.End > i.At {
			perRune = (i.End - i.At) / n
		}
		long := perRune * int64(utf8.RuneCountInString(i.Unheard))
		t.Unheard = append(t.Unheard, t.block("unheard", i.End, i.End+long, agentAt-laneHalf, 2*laneHalf, "not heard: "+i.Unheard))
	}
}

// entry draws what went over the line.
func (t *timeline) entry(e agentcore.Entry) {
	at := e.At.Milliseconds()
	m := mark{X: px(t.x(at)), TextX: px(t.x(at) + 4)}
	switch ev := e.Event.(type) {
	case agentcore.Opened:
		m.Text, m.Title = "answered", "answered at "+show.Clock(at)
		if ev.Epoch > 1 {
			m.Text, m.Title = "resumed", "resumed at "+show.Clock(at)
		}
	case agentcore.Heard:
		if ev.How != "mark" || ev.Cut {
			return
		}
		t.Played += circle(t.x(at), lineAt, 3)
		return
	case agentcore.Lost:
		m.Text, m.Title = "lost", "line lost at "+show.Clock(at)
	case agentcore.Ended:
		m.Text, m.Title = "ended", "ended at "+show.Clock(at)
		m.TextX, m.End = px(t.x(at)-4), true
	default:
		return
	}
	t.Marks = append(t.Marks, m)
}
