package script

import (
	"maps"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// check looks at what only the whole script can tell: that every name that is
// used exists, and that nothing necessary is missing.
func (l *loader) check(root *yaml.Node) {
	s := l.script
	for _, name := range []string{"name", "greeting", "start", "states", "intents", "fallback", "give_up"} {
		if root.Kind == yaml.MappingNode && !has(root, name) {
			l.mistake(root, "script: %s is missing", name)
		}
	}
	known := map[string][]string{
		"state": slices.Sorted(maps.Keys(s.states)),
		"tool":  slices.Sorted(maps.Keys(s.tools)),
	}
	for _, sl := range s.slots {
		known["slot"] = append(known["slot"], sl.name)
	}
	for _, u := range l.uses {
		if !slices.Contains(known[u.what], u.name) {
			l.mistake(u.node, "there is no %s %q%s", u.what, short(u.name), suggest(u.name, known[u.what]))
		}
	}
	for _, t := range l.texts {
		l.checkText(t)
	}
}

func has(mapping *yaml.Node, name string) bool {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == name {
			return true
		}
	}
	return false
}

func (l *loader) checkText(t textUse) {
	for _, p := range t.text {
		if p.variable == "" || p.variable == "name" || slices.Contains(t.extra, p.variable) {
			continue
		}
		base, form, _ := strings.Cut(p.variable, ".")
		if base == "result" && slices.Contains(t.extra, "result") && form != "" {
			continue
		}
		at := slices.IndexFunc(l.script.slots, func(s *slot) bool { return s.name == base })
		if at < 0 {
			var names []string
			for _, s := range l.script.slots {
				names = append(names, s.name)
			}
			l.mistake(t.node, "there is no variable {%s}%s", short(p.variable), suggest(base, append(names, t.extra...)))
			continue
		}
		if form != "" && form != "spoken" && form != "on" {
			l.mistake(t.node, "{%s}: want {%s}, {%s.spoken} or {%s.on}", short(p.variable), base, base, base)
		}
	}
}

func (s *Script) toolNames() []string {
	names := slices.Collect(maps.Keys(s.tools))
	return slices.Sorted(slices.Values(append(names, endCall))) // giving up always ends the call
}
