package replay_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/hookswitch/hookswitch/agentcore/answer"
	"github.com/hookswitch/hookswitch/agentcore/answer/replay"
)

var drawings = flag.String("drawings", "", "keep the drawings in this folder")

// voicemail is a call that left its message.
func voicemail() replay.Picture {
	evidence := []answer.Evidence{
		{Kind: "cadence", What: "spoke for 3.1 s without a pause", For: answer.Greeting, Weight: 1.4, BeganMS: 600, EndedMS: 3700},
		{Kind: "words", What: `"leave a message"`, For: answer.Greeting, Weight: 4.2, BeganMS: 600, EndedMS: 6900},
	}
	beep := answer.Evidence{Kind: "tone", What: "beep of 1000 Hz, 0.4 s", For: answer.Beeped, Weight: 6, BeganMS: 8600, EndedMS: 9000}
	greeting := answer.Verdict{Class: answer.Greeting, Confidence: .97, AtMS: 7100, Evidence: evidence}
	beeped := answer.Verdict{Class: answer.Beeped, Confidence: .99, AtMS: 9040, Evidence: append(evidence[:2:2], beep)}
	p := replay.Picture{DurationMS: 15_000, PeakMS: 20,
		Speech: []replay.Mark{{BeganMS: 600, EndedMS: 3700}, {BeganMS: 4200, EndedMS: 6900}},
		Words:  []replay.Said{{Mark: replay.Mark{BeganMS: 600, EndedMS: 6900}, Final: true, Text: "You have reached the Millers. Please leave a message after the tone."}},
		Agent:  []replay.Mark{{BeganMS: 300, EndedMS: 1500}, {BeganMS: 9320, EndedMS: 14_000}},
		Left:   &replay.Mark{BeganMS: 9320, EndedMS: 14_000},
		Tones:  []replay.Sound{{Kind: "tone", Tone: "beep", Hz: 1000, Mark: replay.Mark{BeganMS: 8600, EndedMS: 9000}}},
		Cues:   []replay.CueMark{{Cue: "leave", AtMS: 9000, KnownMS: 9040}},

		Verdicts: []answer.Verdict{greeting, beeped}, Verdict: beeped,
	}
	for ms := range p.DurationMS / p.PeakMS {
		at, loud := ms*p.PeakMS, float32(0)
		for _, m := range append(p.Speech, p.Tones[0].Mark) {
			if at >= m.BeganMS && at < m.EndedMS {
				loud = .3 + .1*float32(ms%5)
			}
		}
		p.Peaks = append(p.Peaks, loud)
	}
	return p
}

// elements are the elements of an SVG file, which must be well-formed.
func elements(t testing.TB, svg string) (all []xml.StartElement, texts string) {
	t.Helper()
	dec := xml.NewDecoder(strings.NewReader(svg))
	for {
		tok, err := dec.Token()
		switch {
		case errors.Is(err, io.EOF):
			return all, texts
		case err != nil:
			t.Fatalf("%v in\n%s", err, svg)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			all = append(all, tok.Copy())
		case xml.CharData:
			texts += string(tok)
		}
	}
}

func draw(t testing.TB, p replay.Picture) string {
	t.Helper()
	var b strings.Builder
	if err := p.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestADrawingSaysWhatHappened(t *testing.T) {
	svg := draw(t, voicemail())
	if *drawings != "" {
		if err := os.WriteFile(filepath.Join(*drawings, "voicemail.svg"), []byte(svg), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	_, texts := elements(t, svg)
	for _, want := range []string{
		"Who answered: voicemail_beep 0.99 at 9.0 s",
		"tone: beep of 1000 Hz, 0.4 s → voicemail_beep +6.0",
		`words: "leave a message" → voicemail_greeting +4.2`,
		"voicemail_greeting 0.97 at 7.1 s",
		"beep 1000 Hz", "leave the message", "message", "You have reached the Millers.",
		"From 0:08.6 to 0:09.0 tone: beep of 1000 Hz, 0.4 s, which speaks for voicemail_beep by 6.0.",
		"At 0:07.1 taken for voicemail_greeting, 0.97.",
		"The message was left from 0:09.3 to 0:14.0.",
	} {
		if !strings.Contains(texts, want) {
			t.Errorf("the drawing lacks %q", want)
		}
	}
}

// Each bar stands where its time is, and no text leaves the drawing.
func TestADrawingIsToScale(t *testing.T) {
	all, _ := elements(t, draw(t, voicemail()))
	number := func(e xml.StartElement, name string) float64 {
		for _, a := range e.Attr {
			if a.Name.Local == name {
				v, err := strconv.ParseFloat(a.Value, 64)
				if err != nil {
					t.Fatal(err)
				}
				return v
			}
		}
		t.Fatalf("%v has no %s", e, name)
		return 0
	}
	class := func(e xml.StartElement) string {
		for _, a := range e.Attr {
			if a.Name.Local == "class" {
				return a.Value
			}
		}
		return ""
	}
	perMS := (1030 - 82 - 14) / 15_000.0
	tones := 0
	for _, e := range all {
		if e.Name.Local == "rect" && class(e) == "tone" {
			tones++
			if x, w := number(e, "x"), number(e, "width"); x < 82+8600*perMS-.2 || x > 82+8600*perMS+.2 || w < 400*perMS-.2 || w > 400*perMS+.2 {
				t.Errorf("the beep stands at %.1f and is %.1f wide", x, w)
			}
		}
		if e.Name.Local == "rect" {
			if x, w := number(e, "x"), number(e, "width"); x < 82 || x+w > 1030 {
				t.Errorf("a bar from %.1f to %.1f leaves the drawing", x, x+w)
			}
		}
	}
	if tones != 1 {
		t.Errorf("%d beeps are drawn, want 1", tones)
	}
}

func TestHostileTextIsOnlyText(t *testing.T) {
	const evil = "</title><script>alert(1)</script>\x00\x1b[31m\u202e\xff]]>\"'><image href=x onerror=alert(2)>"
	p := voicemail()
	p.ID, p.Title = `x" onload="alert(3)`, evil
	p.Words[0].Text, p.Tones[0].Tone, p.Cues[0].Cue = evil, evil, evil
	p.Verdicts = append(p.Verdicts, answer.Verdict{Class: evil, Evidence: []answer.Evidence{{Kind: evil, What: strings.Repeat(evil, 100), For: evil}}})
	p.Verdict = p.Verdicts[2]
	svg := draw(t, p)
	all, _ := elements(t, svg)
	for _, e := range all {
		switch e.Name.Local {
		case "svg", "title", "desc", "style", "g", "line", "text", "path", "rect":
		default:
			t.Errorf("there is an element %s", e.Name.Local)
		}
		for _, a := range e.Attr {
			if strings.HasPrefix(a.Name.Local, "on") || a.Name.Local == "href" {
				t.Errorf("%s has %s=%q", e.Name.Local, a.Name.Local, a.Value)
			}
		}
	}
	if strings.ContainsAny(svg, "\x00\x1b\u202e") {
		t.Error("a control character got into the drawing")
	}
}

func TestAnythingCanBeDrawn(t *testing.T) {
	for name, p := range map[string]replay.Picture{
		"nothing":       {},
		"a moment":      {DurationMS: 1},
		"ten minutes":   {DurationMS: 600_000, Peaks: make([]float32, 1200), PeakMS: 500},
		"no end known":  {Verdict: answer.Verdict{Class: answer.Fax, AtMS: 5000, Evidence: []answer.Evidence{{Kind: "tone", What: "fax", For: answer.Fax, BeganMS: 3000, EndedMS: 5000}}}},
		"backwards":     {DurationMS: -5, Speech: []replay.Mark{{BeganMS: 9, EndedMS: -9}}, Left: &replay.Mark{BeganMS: 1 << 60, EndedMS: -(1 << 60)}},
		"many verdicts": {DurationMS: 120_000, Verdicts: make([]answer.Verdict, 1000), Cues: make([]replay.CueMark, 1000)},
	} {
		t.Run(name, func(t *testing.T) {
			svg := draw(t, p)
			elements(t, svg)
			if strings.Contains(svg, "NaN") || strings.Contains(svg, "Inf") {
				t.Errorf("a number is none:\n%s", svg)
			}
			if len(svg) > 100_000 {
				t.Errorf("the drawing has %d bytes", len(svg))
			}
		})
	}
}

func TestAPageHasItsOwnStyle(t *testing.T) {
	html, err := voicemail().Element()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(html), "<style") {
		t.Error("the element of a page brings a style, which the page's policy forbids")
	}
	if !strings.Contains(draw(t, voicemail()), replay.PictureCSS) {
		t.Error("a drawing that stands alone lacks its style")
	}
}

func FuzzAnyTimelineCanBeDrawn(f *testing.F) {
	b, err := json.Marshal(replay.Timeline{DurationMS: 9000, BucketMS: 20, Level: []float32{-30, -90}, Sounds: []replay.Sound{{Kind: "tone", Tone: "beep"}},
		Words: []replay.Said{{Final: true, Text: "hi"}}, Cues: []replay.CueMark{{Cue: "leave", KnownMS: 7}},
		Changes: []answer.Verdict{{Class: answer.Human, Evidence: []answer.Evidence{{Kind: "words", What: "hello", EndedMS: 900}}}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		var line replay.Timeline
		if len(b) > 4000 || json.Unmarshal(b, &line) != nil {
			return
		}
		elements(t, draw(t, line.Picture(func(c answer.Class) string { return fmt.Sprint(c) })))
	})
}
