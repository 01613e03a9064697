package script

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

func (l *loader) slot(e entry) *slot {
	s := &slot{name: e.name, earliest: 8}
	var values []string
	also := map[string][]string{}
	l.settings(e.value, "slot "+short(e.name), map[string]func(*yaml.Node){
		"kind": func(n *yaml.Node) {
			s.kind = l.str(n, "kind", maxWord)
			if kinds := []string{"choice", "day", keysKind, "pattern", "time"}; s.kind != "" && !slices.Contains(kinds, s.kind) {
				l.mistake(n, "kind %q: want %s%s", s.kind, strings.Join(kinds, ", "), suggest(s.kind, kinds))
			}
		},
		"earliest": func(n *yaml.Node) {
			h, err := strconv.Atoi(l.str(n, "earliest", 2))
			if err != nil || h < 0 || h > 12 {
				l.mistake(n, "earliest: want an hour from 0 to 12")
			}
			s.earliest = h
		},
		"values": func(n *yaml.Node) {
			if n.Kind != yaml.MappingNode {
				for _, item := range l.items(n, "values", maxPhrases) {
					values = append(values, l.str(item, "values", 100))
				}
				return
			}
			for _, v := range l.entries(n, "values", maxPhrases) {
				values = append(values, v.name)
				for _, item := range l.items(v.value, "values", maxPhrases) {
					also[v.name] = append(also[v.name], l.str(item, "values", 100))
				}
			}
		},
		"match": func(n *yaml.Node) { s.match = l.regexps(n, "match") },
	})
	switch s.kind {
	case "":
		l.mistake(e.key, "slot %q has no kind", short(e.name))
	case "day":
		s.choices = days
	case "choice":
		s.choices = newChoices(values, also)
	}
	if (s.kind == "choice") != (len(values) > 0) || (s.kind == "pattern") != (len(s.match) > 0) {
		l.mistake(e.key, "slot %q: a choice needs values, a pattern needs match, and no other has them", short(e.name))
	}
	return s
}

func (l *loader) state(e entry) *state {
	l.name(e.key)
	s := &state{name: e.name}
	l.settings(e.value, "state "+short(e.name), map[string]func(*yaml.Node){
		"say":  func(n *yaml.Node) { s.say = l.text(n, "say") },
		"hint": func(n *yaml.Node) { s.hint = l.text(n, "hint") },
		"ask": func(n *yaml.Node) {
			for _, q := range l.entries(n, "ask", maxSlots) {
				l.use(q.key, "slot", q.name)
				s.ask = append(s.ask, question{q.name, l.text(q.value, "ask")})
			}
		},
		"refuse": func(n *yaml.Node) {
			for _, item := range l.items(n, "refuse", maxPhrases) {
				s.refuse = append(s.refuse, l.refusal(item))
			}
		},
		"then": func(n *yaml.Node) {
			s.then = l.str(n, "then", maxWord)
			l.use(n, "state", s.then)
		},
	})
	if len(s.say) == 0 && len(s.ask) == 0 {
		l.mistake(e.key, "state %q neither says nor asks anything", short(e.name))
	}
	return s
}

var rangeRule = regexp.MustCompile(`^(\d\d:\d\d)-(\d\d:\d\d)$`)

func (l *loader) refusal(n *yaml.Node) (f refusal) {
	l.settings(n, "refuse", map[string]func(*yaml.Node){
		"if": func(n *yaml.Node) {
			for _, e := range l.entries(n, "if", maxSlots) {
				l.use(e.key, "slot", e.name)
				c := condition{slot: e.name}
				for _, item := range l.items(e.value, "if", maxPhrases) {
					v := l.str(item, "if", 100)
					if m := rangeRule.FindStringSubmatch(v); m != nil {
						c.from, c.to = m[1], m[2]
					}
					c.oneOf = append(c.oneOf, v)
				}
				f.when = append(f.when, c)
			}
		},
		"say":   func(n *yaml.Node) { f.say = l.text(n, "say") },
		"clear": func(n *yaml.Node) { f.clear = l.names(n, "clear", "slot") },
	})
	if len(f.when) == 0 || len(f.say) == 0 || len(f.clear) == 0 {
		l.mistake(n, "refuse: needs if, say and clear")
	}
	return f
}

func (l *loader) intent(e entry) *intent {
	l.name(e.key)
	in := &intent{name: e.name}
	fields := map[string]func(*yaml.Node){
		"in":    func(n *yaml.Node) { in.in = l.names(n, "in", "state") },
		"words": func(n *yaml.Node) { in.rules.words = l.phrases(n, "words") },
		"match": func(n *yaml.Node) { in.rules.match = l.regexps(n, "match") },
		"keys": func(n *yaml.Node) {
			in.rules.keys = l.str(n, "keys", 12)
			if strings.Trim(in.rules.keys, "0123456789*#") != "" {
				l.mistake(n, "keys %q: want keys of a phone: 0 to 9, * and #", short(in.rules.keys))
			}
		},
		"slots":  func(n *yaml.Node) { in.rules.slots = l.names(n, "slots", "slot") },
		"about":  func(n *yaml.Node) { in.about = l.names(n, "about", "slot") },
		"alone":  func(n *yaml.Node) { in.alone = l.boolean(n, "alone") },
		"repeat": func(n *yaml.Node) { in.repeat = l.boolean(n, "repeat") },
	}
	l.outcome(&in.do, fields)
	fields["call"] = func(n *yaml.Node) {
		in.do.call = l.str(n, "call", 64)
		l.use(n, "tool", in.do.call)
	}
	l.settings(e.value, "intent "+short(e.name), fields)
	if r := in.rules; len(r.words)+len(r.match)+len(r.keys)+len(r.slots) == 0 {
		l.mistake(e.key, "intent %q is never recognised: give it words, match, keys or slots", short(e.name))
	}
	if !in.repeat && len(in.do.say) == 0 && in.do.state == "" && in.do.call == "" {
		l.mistake(e.key, "intent %q does nothing: give it say, goto, call or repeat", short(e.name))
	}
	if in.do.end && len(in.do.say) == 0 {
		l.mistake(e.key, "intent %q ends the call without a word: give it say", short(e.name))
	}
	in.alone = in.alone || in.repeat
	return in
}

// outcome adds the settings that intents and results share.
func (l *loader) outcome(o *outcome, fields map[string]func(*yaml.Node), extra ...string) {
	fields["say"] = func(n *yaml.Node) { o.say = l.text(n, "say", extra...) }
	fields["clear"] = func(n *yaml.Node) { o.clear = l.names(n, "clear", "slot") }
	fields["goto"] = func(n *yaml.Node) {
		o.state = l.str(n, "goto", maxWord)
		l.use(n, "state", o.state)
	}
	fields["end"] = func(n *yaml.Node) { o.end = l.boolean(n, "end") }
}

func (l *loader) tool(e entry) *tool {
	t := &tool{}
	if e.name == endCall {
		l.mistake(e.key, "%s needs no entry: write end: true where the call ends", endCall)
	}
	result := func(o *outcome, what string) func(*yaml.Node) {
		return func(n *yaml.Node) {
			fields := map[string]func(*yaml.Node){}
			l.outcome(o, fields, "result")
			l.settings(n, what, fields)
			if o.end && len(o.say) == 0 {
				l.mistake(n, "%s ends the call without a word: give it say", what)
			}
		}
	}
	l.settings(e.value, "tool "+short(e.name), map[string]func(*yaml.Node){
		"arguments": func(n *yaml.Node) {
			for _, a := range l.entries(n, "arguments", maxSlots) {
				t.arguments = append(t.arguments, argument{a.name, l.text(a.value, "arguments")})
			}
		},
		"done":   result(&t.done, "done"),
		"failed": result(&t.failed, "failed"),
	})
	for _, o := range []struct {
		name string
		o    outcome
	}{{"done", t.done}, {"failed", t.failed}} {
		if len(o.o.say) == 0 && o.o.state == "" && e.value.Kind == yaml.MappingNode {
			l.mistake(e.key, "tool %q: what is said when it is %s?", short(e.name), o.name)
		}
	}
	return t
}
