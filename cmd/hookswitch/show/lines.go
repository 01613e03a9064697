package show

import (
	"fmt"
	"strconv"
	"strings"
)

// Columns of the transcript.
const (
	clockAt   = 2
	textAt    = 17 // after "  0:05.5  caller "
	narrowAt  = 4  // of the text, where textAt leaves too little room
	labelRoom = 10 // at the right: "12,345 ms" and a space
	leastText = 20
)

// item prints one item of the transcript.
func (p *printer) item(i Item, h Heading) {
	switch i.Kind {
	case Answered:
		label := "answered"
		if i.Turn > 1 {
			label = "resumed"
		}
		p.carrier(i.At, label, i.Text, grey)
	case Agent:
		p.agent(i)
	case Caller:
		p.said(i.At, h.Caller, cyan, []span{{i.Text, none}}, overLabel(i))
		p.talk(i.Talk)
	case Key:
		p.said(i.At, h.Caller, cyan, []span{{"[" + i.Text + "]", bold}}, overLabel(i))
		p.talk(i.Talk)
	case Noise:
		p.said(i.At, h.Caller, cyan, []span{{"(no words)", grey}}, overLabel(i))
		p.talk(i.Talk)
	case Tool:
		p.tool(i)
	case Transfer:
		p.carrier(i.At, "transfer", i.Text, grey)
	case Answerer:
		p.carrier(i.At, "who", Who(*i.Who), grey)
	case Message:
		p.carrier(i.At, "message", "begins", grey)
	case Trouble:
		p.carrier(i.At, "error", i.Why+": "+i.Text, red)
	case LineLost:
		p.carrier(i.At, "lost", i.Text, red)
	case Over:
		p.carrier(i.At, "ended", ended(i, h), grey)
	}
}

func ended(i Item, h Heading) string {
	text := fmt.Sprintf("%s, %s", i.Text, seconds(i.At))
	if h.Recording != "" {
		text += ", recorded in " + Clean(h.Recording)
	}
	return text
}

func overLabel(i Item) span {
	if i.Talk == nil && !i.Talked {
		return span{}
	}
	return span{"talked over the agent", yellow}
}

func (p *printer) agent(i Item) {
	body := []span{{i.Text, none}}
	switch {
	case i.Unheard == "":
	case p.color:
		body = append(body, span{i.Unheard, unheard})
	default:
		body = append(body, span{"[not heard: " + i.Unheard + "]", none})
	}
	var label span
	if ms, ok := i.Gap(); ok {
		label = span{millis(ms), gapStyle(ms)}
	} else if i.Why != "" && i.Why != "answer" {
		label = span{i.Why, grey}
	}
	p.said(i.At, "agent", green, body, label)
	if beep := i.Beep(); beep != "" {
		p.under(p.textAt(), beep, grey)
	}
}

func (p *printer) tool(i Item) {
	took := span{}
	if i.Tool.Answered {
		took = span{millis(i.Tool.TookMS), none}
	}
	outcome := span{"-> " + i.Tool.Outcome(), none}
	if i.Tool.Failed || !i.Tool.Answered {
		outcome.style = red
	}
	p.said(i.At, "tool", magenta, []span{{i.Tool.String(), none}, outcome}, took)
}

// talk prints what a talk-over did.
func (p *printer) talk(t *Talk) {
	if t == nil {
		return
	}
	text := fmt.Sprintf("agent silent %s after the caller's first sample; %d of %d words not heard",
		millis(t.SilentMS), t.Unheard, t.Words)
	p.under(p.textAt(), text, grey)
}

// carrier prints a line about the call itself.
func (p *printer) carrier(at int64, label, text string, st style) {
	p.lead(at, "", none)
	in := p.textAt()
	p.paragraph(in, p.cols-3, []span{{fmt.Sprintf("%-10s", label), st}}, []span{{text, st}})
}

// said prints one utterance: who, what, and a label at the right edge.
func (p *printer) said(at int64, who string, st style, body []span, label span) {
	p.lead(at, who, st)
	in := p.textAt()
	room := p.edge() - in
	lines := wrap(room-labelRoom, body...)
	mark := p.labelLine(lines, room, label)
	for n, l := range lines {
		if n > 0 {
			p.spaces(in)
		}
		p.spans(l)
		if n == mark {
			p.spaces(room - width(l) - columns(label.text))
			p.put(label.text, label.style)
		}
		p.newline()
	}
	if mark == len(lines) {
		p.spaces(p.edge() - columns(label.text))
		p.put(label.text, label.style)
		p.newline()
	}
}

// labelLine says which line the label stands on: the first or the last, if it
// fits there, else one of its own. It is -1 for no label.
func (p *printer) labelLine(lines [][]span, room int, label span) int {
	if label.text == "" {
		return -1
	}
	for _, n := range []int{0, len(lines) - 1} {
		if width(lines[n])+2+columns(label.text) <= room {
			return n
		}
	}
	return len(lines)
}

// lead prints the clock and the speaker, up to where the text begins.
func (p *printer) lead(at int64, who string, st style) {
	p.spaces(clockAt)
	c := clock(at)
	p.put(c, grey)
	p.spaces(10 - clockAt - len(c))
	p.put(who, st)
	if p.textAt() == narrowAt {
		if who == "" {
			p.b.WriteString("-")
		}
		p.newline()
		p.spaces(narrowAt)
		return
	}
	p.spaces(max(textAt-10-columns(who), 1))
}

// textAt is the column that texts begin at.
func (p *printer) textAt() int {
	if p.edge()-textAt-labelRoom < leastText {
		return narrowAt
	}
	return textAt
}

// paragraph prints head and, beside it, body wrapped with its lines under its
// first word. The cursor stands at column in.
func (p *printer) paragraph(in, edge int, head, body []span) {
	p.spans(head)
	p.b.WriteByte(' ')
	hang := in + width(head) + 1
	if edge-hang < leastText {
		p.newline()
		hang = in + 2
		p.spaces(hang)
	}
	for n, l := range wrap(edge-hang, body...) {
		if n > 0 {
			p.spaces(hang)
		}
		p.spans(l)
		p.newline()
	}
}

// under prints text at column in.
func (p *printer) under(in int, text string, st style) {
	for _, l := range wrap(p.cols-3-in, span{text, st}) {
		p.spaces(in)
		p.spans(l)
		p.newline()
	}
}

// clock is milliseconds as minutes, seconds and tenths: 0:09.9.
func clock(ms int64) string {
	if ms < 0 {
		return "-" + clock(-ms)
	}
	return fmt.Sprintf("%d:%02d.%d", ms/60_000, ms/1000%60, ms/100%10)
}

// Clock is milliseconds since a call was answered, as a person reads them:
// 0:09.9.
func Clock(ms int64) string { return clock(ms) }

// Millis is milliseconds as a person reads them: 1,294 ms.
func Millis(ms int64) string { return millis(ms) }

func millis(ms int64) string { return thousands(ms) + " ms" }

func seconds(ms int64) string { return fmt.Sprintf("%d.%d s", ms/1000, ms/100%10) }

// thousands writes 3412 as 3,412.
func thousands(n int64) string {
	if n < 0 {
		return "-" + thousands(-n)
	}
	s := strconv.FormatInt(n, 10)
	var b strings.Builder
	for i, c := range s {
		if i > 0 && (len(s)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(c)
	}
	return b.String()
}
