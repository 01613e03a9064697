package persona

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// keys are the digits a phone has; w waits half a second in a carrier's own
// language, not here.
const keys = "0123456789*#ABCD"

// kinds are what a persona can be.
var kinds = []handset.Is{handset.Human, handset.Voicemail, handset.Screener, handset.IVR, handset.Unavailable, handset.Fax, handset.Hold, handset.Bot}

// Mistake is one thing wrong with a persona.
type Mistake struct {
	File string // as given to Parse; empty for a persona made in Go
	Line int    // in the file; 0 if unknown
	Text string
}

// Error implements error: "file:line: text".
func (m Mistake) Error() string {
	if m.File == "" && m.Line == 0 {
		return "persona: " + m.Text
	}
	return fmt.Sprintf("persona: %s:%d: %s", m.File, m.Line, m.Text)
}

// Validate returns every mistake in p, joined; nil if there is none.
func (p Persona) Validate() error { return errors.Join(p.mistakes("")...) }

func (p Persona) mistakes(file string) (errs []error) {
	wrong := func(line int, format string, args ...any) {
		errs = append(errs, Mistake{file, line, fmt.Sprintf(format, args...)})
	}
	if p.Name == "" {
		wrong(0, "name is missing")
	}
	for _, d := range []struct {
		name string
		d    time.Duration
	}{{"after_agent", p.Quiet}, {"give_up", p.GiveUp}, {"max", p.Max}, {"answer_after", p.Answer.After}} {
		if d.d < 0 || d.d > 24*time.Hour {
			wrong(0, "%s is %v, want 0 to 24h", d.name, d.d)
		}
	}
	if p.Is != "" && !slices.Contains(kinds, p.Is) {
		wrong(0, "is is %q, want one of %v", string(p.Is), kinds)
	}
	if len(p.Lines) > 0 && len(p.Menus) > 0 {
		wrong(0, "has both lines and menus")
	}
	errs = append(errs, p.menuMistakes(file)...)
	if len(p.Lines) > maxLines {
		wrong(0, "%d lines, want %d at most", len(p.Lines), maxLines)
	}
	for i, l := range p.Lines {
		at := l.at
		prefix := ""
		if at == 0 {
			prefix = fmt.Sprintf("line %d: ", i+1)
		}
		if l.Hangup && p.Loop {
			wrong(at, "%shangup ends what shall loop", prefix)
		}
		for _, m := range l.mistakes(i == len(p.Lines)-1) {
			wrong(at, "%s%s", prefix, m)
		}
	}
	return errs
}

const (
	maxLines = 1000
	maxText  = 2000 // bytes of one line's text
)

func (l Line) mistakes(last bool) (out []string) {
	switch n := l.actions(); {
	case n == 0:
		out = append(out, "says and does nothing: want one of say, wav, noise, tone, music, comfort, press, pause, hangup")
	case n > 1:
		out = append(out, "does more than one thing: want one of say, wav, noise, tone, music, comfort, press, pause, hangup")
	}
	if strings.TrimSpace(l.Say) == "" && l.Say != "" {
		out = append(out, "say is blank")
	}
	if len(l.Say) > maxText {
		out = append(out, fmt.Sprintf("say has %d bytes, want %d at most", len(l.Say), maxText))
	}
	for _, c := range l.Press {
		if !strings.ContainsRune(keys, c) {
			out = append(out, fmt.Sprintf("press has %q, want keys out of %s", c, keys))
			break
		}
	}
	out = append(out, l.toneMistakes()...)
	for _, d := range []time.Duration{l.Noise, l.Pause, l.When.For} {
		if d < 0 || d > 24*time.Hour {
			out = append(out, fmt.Sprintf("a duration is %v, want 0 to 24h", d))
		}
	}
	if l.Hangup && !last {
		out = append(out, "hangup must be the last line")
	}
	if l.When.Kind > Then {
		out = append(out, "its moment is unknown")
	}
	return out
}

// What may sound: longer tones and music would be kept in memory whole.
const (
	maxTones  = 4
	minHz     = 50
	maxHz     = 3900
	maxTone   = time.Minute
	maxMusic  = 10 * time.Minute
	maxQuiet  = 60 // dB
	shortTone = 10 * time.Millisecond
)

func (l Line) toneMistakes() (out []string) {
	for _, hz := range l.Tone {
		if !(hz >= minHz && hz <= maxHz) {
			out = append(out, fmt.Sprintf("tone has %g Hz, want %d to %d", hz, minHz, maxHz))
		}
	}
	if len(l.Tone) > maxTones {
		out = append(out, fmt.Sprintf("tone has %d frequencies, want %d at most", len(l.Tone), maxTones))
	}
	if len(l.Tone) > 0 && (l.For < shortTone || l.For > maxTone) {
		out = append(out, fmt.Sprintf("for is %v, want %v to %v", l.For, shortTone, maxTone))
	}
	if len(l.Tone) == 0 && l.For != 0 {
		out = append(out, "for is there without a tone")
	}
	if l.Music < 0 || l.Music > maxMusic {
		out = append(out, fmt.Sprintf("music is %v, want up to %v", l.Music, maxMusic))
	}
	if l.Comfort < 0 || l.Comfort > maxMusic {
		out = append(out, fmt.Sprintf("comfort is %v, want up to %v", l.Comfort, maxMusic))
	}
	if !(l.Quieter >= 0 && l.Quieter <= maxQuiet) {
		out = append(out, fmt.Sprintf("quieter is %g, want 0 to %d dB", l.Quieter, maxQuiet))
	}
	return out
}

// actions is how many things the line does.
func (l Line) actions() (n int) {
	for _, set := range []bool{l.Say != "", l.WAV != "", l.Noise != 0, len(l.Tone) > 0, l.Music != 0, l.Comfort != 0, l.Pause != 0, l.Press != "", l.Hangup} {
		if set {
			n++
		}
	}
	return n
}
