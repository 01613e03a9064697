package script

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// Bounds of a script.
const (
	maxFile    = 256 << 10 // bytes
	maxIntent  = 200       // intents of a script
	maxStates  = 100
	maxSlots   = 50
	maxTools   = 50
	maxPhrases = 100  // of one intent or one choice
	maxSay     = 1000 // bytes of one reply
	maxPrompt  = 16 << 10
	maxRegexp  = 500 // bytes of one pattern
)

// Load reads a script. Every mistake is reported at once, in an [*Error] that
// says where each is. demo.yaml shows what a script can hold.
func Load(b []byte) (*Script, error) {
	r := &reader{}
	root, ok := r.document(b)
	if !ok {
		return nil, r.err()
	}
	l := &loader{reader: r, script: &Script{states: map[string]*state{}, tools: map[string]*tool{}}}
	l.load(root)
	l.check(root)
	if err := r.err(); err != nil {
		return nil, err
	}
	return l.script, nil
}

// document parses the YAML: one document, without references.
func (r *reader) document(b []byte) (*yaml.Node, bool) {
	top := &yaml.Node{Line: 1, Column: 1}
	if len(b) > maxFile {
		r.mistake(top, "%d bytes, at most %d", len(b), maxFile)
		return nil, false
	}
	d := yaml.NewDecoder(bytes.NewReader(b))
	var doc, more yaml.Node
	if err := d.Decode(&doc); errors.Is(err, io.EOF) || err == nil && len(doc.Content) == 0 {
		r.mistake(top, "the file is empty")
		return nil, false
	} else if err != nil {
		text := strings.TrimPrefix(err.Error(), "yaml: ")
		if m := yamlLine.FindStringSubmatch(text); m != nil {
			top.Line, _ = strconv.Atoi(m[1])
			text = text[len(m[0]):]
		}
		r.mistake(top, "not YAML: %s", text)
		return nil, false
	}
	if err := d.Decode(&more); !errors.Is(err, io.EOF) {
		if more.Line > 0 {
			top = &more
		}
		r.mistake(top, "a second document: a script is one")
	}
	r.noAliases(&doc)
	return doc.Content[0], len(r.mistakes) == 0
}

// yamlLine is how the YAML reader tells the place.
var yamlLine = regexp.MustCompile(`^line (\d+): `)

// loader builds a script and remembers where names were used, to check them
// once all are known.
type loader struct {
	*reader
	script *Script
	uses   []use
	texts  []textUse
}

// use is a name that must exist.
type use struct {
	node *yaml.Node
	what string // "state", "slot", "tool"
	name string
}

type textUse struct {
	node  *yaml.Node
	text  text
	extra []string // variables allowed here besides the slots
}

func (l *loader) load(root *yaml.Node) {
	s := l.script
	l.settings(root, "script", map[string]func(*yaml.Node){
		"name":        func(n *yaml.Node) { s.Name = l.str(n, "name", 100) },
		"greeting":    func(n *yaml.Node) { s.Greeting = l.str(n, "greeting", maxSay) },
		"prompt":      func(n *yaml.Node) { s.Prompt = l.str(n, "prompt", maxPrompt) },
		"apology":     func(n *yaml.Node) { s.Apology = l.str(n, "apology", maxSay) },
		"still_there": func(n *yaml.Node) { s.StillThere = l.str(n, "still_there", maxSay) },
		"start": func(n *yaml.Node) {
			s.start = l.str(n, "start", maxWord)
			l.use(n, "state", s.start)
		},
		"slots": func(n *yaml.Node) {
			for _, e := range l.entries(n, "slots", maxSlots) {
				l.name(e.key)
				s.slots = append(s.slots, l.slot(e))
			}
		},
		"states": func(n *yaml.Node) {
			for _, e := range l.entries(n, "states", maxStates) {
				s.states[e.name] = l.state(e)
			}
		},
		"intents": func(n *yaml.Node) {
			for _, e := range l.entries(n, "intents", maxIntent) {
				s.intents = append(s.intents, l.intent(e))
			}
		},
		"tools": func(n *yaml.Node) {
			for _, e := range l.entries(n, "tools", maxTools) {
				s.tools[e.name] = l.tool(e)
			}
		},
		"fallback": func(n *yaml.Node) {
			for _, item := range l.items(n, "fallback", 10) {
				s.fallback = append(s.fallback, l.text(item, "fallback", "ask", "hint"))
			}
		},
		"give_up": func(n *yaml.Node) { s.giveUp = l.text(n, "give_up") },
	})
}

var nameRule = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

func (l *loader) name(n *yaml.Node) {
	if !nameRule.MatchString(n.Value) {
		l.mistake(n, "name %q: want lower-case letters, digits and _", short(n.Value))
	}
}

func (l *loader) use(n *yaml.Node, what, name string) {
	if name != "" {
		l.uses = append(l.uses, use{n, what, name})
	}
}

func (l *loader) text(n *yaml.Node, what string, extra ...string) text {
	t, bad := newText(l.str(n, what, maxSay))
	if bad != "" {
		l.mistake(n, "%s: %s", what, bad)
	}
	l.texts = append(l.texts, textUse{n, t, extra})
	return t
}

func (l *loader) names(n *yaml.Node, what, of string) []string {
	var all []string
	for _, item := range l.items(n, what, maxPhrases) {
		s := l.str(item, what, maxWord)
		l.use(item, of, s)
		all = append(all, s)
	}
	return all
}

func (l *loader) phrases(n *yaml.Node, what string) []phrase {
	var all []phrase
	for _, item := range l.items(n, what, maxPhrases) {
		s := l.str(item, what, 200)
		p := newPhrase(s)
		if len(p) == 0 && s != "" {
			l.mistake(item, "%s: %q has no word in it", what, short(s))
			continue
		}
		if len(p) > 0 {
			all = append(all, p)
		}
	}
	return all
}

func (l *loader) regexps(n *yaml.Node, what string) []*regexp.Regexp {
	var all []*regexp.Regexp
	for _, item := range l.items(n, what, 20) {
		s := l.str(item, what, maxRegexp)
		re, err := regexp.Compile(s)
		switch {
		case err != nil:
			l.mistake(item, "%s: %s", what, strings.TrimPrefix(err.Error(), "error parsing regexp: "))
		case s == "" || re.MatchString(""):
			l.mistake(item, "%s: %q matches silence", what, short(s))
		default:
			all = append(all, re)
		}
	}
	return all
}
