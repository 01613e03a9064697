package persona

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/hookswitch/hookswitch/telephony/sim/handset"
)

// MaxFile is the longest persona file, in bytes.
const MaxFile = 256 << 10

// Parse reads a persona from YAML. file names it in the errors, which are
// [Mistake]s, every one that there is, joined and in the order of the file.
//
//	name: busy-parent
//	number: "+15550100"      # calls from it, or is called at it
//	answer: picks_up         # or busy, no_answer, rejects, unreachable
//	answer_after: 2s
//	after_agent: 700ms       # the agent's silence after which a line comes
//	give_up: 20s
//	max: 2m
//	lines:
//	  - say: Hello, when are you open?
//	    expect: [nine, five]
//	  - say: Wait, what about Sunday?
//	    into_agent: 1.2s     # or at: 3s, then: 500ms, after_agent: 1s
//	  - press: "1"
//	  - pause: 500ms
//	  - wav: angry.wav
//	  - tone: [1000]           # Hz
//	    for: 400ms
//	  - music: 10s
//	  - comfort: 10s           # the hiss of a silent line
//	  - say: I'd rather not say.
//	    quieter: 15            # dB
//	  - hangup: true
//
// Who it really is, for those who judge detectors, and whether its lines begin
// anew after the last one, stand beside the name:
//
//	is: voicemail              # or human, screener, ivr, unavailable, fax, hold, bot
//	loop: true
//
// In place of lines there may be menus, of which the first one is said first:
//
//	menus:
//	  - name: main
//	    say: For sales press 1.
//	    keys: {"1": sales}
//	    wait: 5s               # for a key; then it is said again
//	    times: 3               # and then it hangs up
//	  - name: sales
//	    say: All lines are busy.
//	    then: hangup           # or a menu
func Parse(file string, data []byte) (Persona, error) {
	p := parser{file: file}
	if len(data) > MaxFile {
		return Persona{}, Mistake{file, 1, fmt.Sprintf("file has %d bytes, want %d at most", len(data), MaxFile)}
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return Persona{}, Mistake{file, yamlLine(err), "not YAML: " + strings.TrimPrefix(err.Error(), "yaml: ")}
	}
	if len(doc.Content) == 0 {
		return Persona{}, Mistake{file, 1, "file is empty"}
	}
	p.top(doc.Content[0])
	errs := append(p.errs, p.persona.mistakes(file)...)
	slices.SortStableFunc(errs, func(a, b error) int { return lineOf(a) - lineOf(b) })
	return p.persona, errors.Join(errs...)
}

// yamlLine is the line that yaml's own error text names, 1 if it names none.
func yamlLine(err error) int {
	line := 1
	_, _ = fmt.Sscanf(err.Error(), "yaml: line %d:", &line)
	return line
}

func lineOf(err error) int {
	var m Mistake
	errors.As(err, &m)
	return m.Line
}

type parser struct {
	file    string
	persona Persona
	errs    []error
}

func (p *parser) wrong(n *yaml.Node, format string, args ...any) {
	p.errs = append(p.errs, Mistake{p.file, n.Line, fmt.Sprintf(format, args...)})
}

// fields calls set for every key of a mapping that set knows.
func (p *parser) fields(n *yaml.Node, what string, known []string, set func(key string, v *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		p.wrong(n, "%s is not a mapping", what)
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		switch {
		case !slices.Contains(known, k.Value):
			p.wrong(k, "%q is unknown: want one of %s", k.Value, strings.Join(known, ", "))
		case seen[k.Value]:
			p.wrong(k, "%s is there twice", k.Value)
		default:
			set(k.Value, v)
		}
		seen[k.Value] = true
	}
}

var topFields = []string{"name", "number", "answer", "answer_after", "after_agent", "give_up", "max", "is", "loop", "lines", "menus"}

func (p *parser) top(n *yaml.Node) {
	p.fields(n, "a persona", topFields, func(key string, v *yaml.Node) {
		switch key {
		case "name":
			p.persona.Name = p.text(key, v)
		case "number":
			p.persona.Number = p.text(key, v)
		case "answer":
			p.persona.Answer.Kind = p.answer(v)
		case "answer_after":
			p.persona.Answer.After = p.duration(key, v)
		case "after_agent":
			p.persona.Quiet = p.duration(key, v)
		case "give_up":
			p.persona.GiveUp = p.duration(key, v)
		case "max":
			p.persona.Max = p.duration(key, v)
		case "is":
			p.persona.Is = handset.Is(p.text(key, v))
		case "loop":
			p.decode(v, &p.persona.Loop, "loop is not true or false")
		case "lines":
			p.lines(v)
		case "menus":
			p.menus(v)
		}
	})
}

func (p *parser) lines(n *yaml.Node) {
	if n.Kind != yaml.SequenceNode {
		p.wrong(n, "lines is not a list")
		return
	}
	for _, item := range n.Content {
		l := Line{at: item.Line}
		var moments []string
		p.fields(item, "a line", lineFields, func(key string, v *yaml.Node) {
			if kind, ok := moment[key]; ok {
				moments = append(moments, key)
				l.When = When{kind, p.duration(key, v)}
				return
			}
			p.action(&l, key, v)
		})
		if len(moments) > 1 {
			p.wrong(item, "has more than one moment: %s", strings.Join(moments, ", "))
		}
		p.persona.Lines = append(p.persona.Lines, l)
	}
}

var (
	lineFields = []string{"say", "wav", "noise", "tone", "for", "music", "comfort", "quieter", "press", "pause", "hangup", "after_agent", "at", "into_agent", "then", "expect"}
	moment     = map[string]WhenKind{"after_agent": AfterAgent, "at": At, "into_agent": IntoAgent, "then": Then}
)

func (p *parser) action(l *Line, key string, v *yaml.Node) {
	switch key {
	case "say":
		l.Say = p.text(key, v)
	case "wav":
		l.WAV = p.text(key, v)
	case "press":
		l.Press = p.text(key, v)
	case "noise":
		l.Noise = p.duration(key, v)
	case "pause":
		l.Pause = p.duration(key, v)
	case "tone":
		p.decode(v, &l.Tone, "tone is not a list of frequencies in Hz")
	case "for":
		l.For = p.duration(key, v)
	case "music":
		l.Music = p.duration(key, v)
	case "comfort":
		l.Comfort = p.duration(key, v)
	case "quieter":
		p.decode(v, &l.Quieter, "quieter is not a number of dB")
	case "hangup":
		p.decode(v, &l.Hangup, "hangup is not true or false")
	case "expect":
		p.decode(v, &l.Expect, "expect is not a list of words")
	}
}

func (p *parser) decode(v *yaml.Node, to any, mistake string) {
	if err := v.Decode(to); err != nil {
		p.wrong(v, "%s", mistake)
	}
}

func (p *parser) text(key string, v *yaml.Node) string {
	if v.Kind != yaml.ScalarNode || v.Tag == "!!null" {
		p.wrong(v, "%s is not a text", key)
		return ""
	}
	if v.Value == "" {
		p.wrong(v, "%s is empty", key)
	}
	return v.Value
}

func (p *parser) duration(key string, v *yaml.Node) time.Duration {
	d, err := time.ParseDuration(v.Value)
	if err != nil || v.Kind != yaml.ScalarNode {
		p.wrong(v, "%s is %q, want a duration with its unit, such as 700ms or 1.2s", key, v.Value)
	}
	return d
}

var answers = map[string]handset.AnswerKind{
	"picks_up": handset.PicksUp, "busy": handset.Busy, "no_answer": handset.NoAnswer,
	"rejects": handset.Rejects, "unreachable": handset.Unreachable,
}

func (p *parser) answer(v *yaml.Node) handset.AnswerKind {
	kind, ok := answers[v.Value]
	if !ok {
		p.wrong(v, "answer is %q, want picks_up, busy, no_answer, rejects or unreachable", v.Value)
	}
	return kind
}
