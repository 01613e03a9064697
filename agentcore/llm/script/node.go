package script

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Mistake is one thing that is wrong with a script, and where.
type Mistake struct {
	Line, Column int // from 1
	Text         string
}

func (m Mistake) String() string { return fmt.Sprintf("%d:%d: %s", m.Line, m.Column, m.Text) }

// Error is every mistake of a script, in the order of the file.
type Error struct{ Mistakes []Mistake }

func (e *Error) Error() string {
	if len(e.Mistakes) == 1 {
		return "script: " + e.Mistakes[0].String()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "script: %d mistakes", len(e.Mistakes))
	for _, m := range e.Mistakes {
		b.WriteString("\n  " + m.String())
	}
	return b.String()
}

// maxMistakes bounds what one reading reports: who made more made one.
const maxMistakes = 50

// reader walks a YAML document and collects mistakes instead of stopping.
type reader struct{ mistakes []Mistake }

func (r *reader) mistake(n *yaml.Node, format string, args ...any) {
	if len(r.mistakes) < maxMistakes {
		r.mistakes = append(r.mistakes, Mistake{max(n.Line, 1), max(n.Column, 1), fmt.Sprintf(format, args...)})
	}
}

func (r *reader) err() error {
	if len(r.mistakes) == 0 {
		return nil
	}
	slices.SortStableFunc(r.mistakes, func(a, b Mistake) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return &Error{r.mistakes}
}

// entry is one setting of a mapping.
type entry struct {
	name       string
	key, value *yaml.Node
}

// entries returns the settings of a mapping, each name once.
func (r *reader) entries(n *yaml.Node, what string, most int) []entry {
	if n.Kind != yaml.MappingNode {
		r.mistake(n, "%s: want settings (name: value), not %s", what, kind(n))
		return nil
	}
	if len(n.Content)/2 > most {
		r.mistake(n, "%s: %d entries, at most %d", what, len(n.Content)/2, most)
		return nil
	}
	var all []entry
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if k.Kind != yaml.ScalarNode || k.Value == "" {
			r.mistake(k, "%s: a name must be a word", what)
			continue
		}
		if slices.ContainsFunc(all, func(e entry) bool { return e.name == k.Value }) {
			r.mistake(k, "%s: %q is set twice", what, short(k.Value))
			continue
		}
		all = append(all, entry{k.Value, k, v})
	}
	return all
}

// settings is entries of which every name is known. fields says what to do with
// each.
func (r *reader) settings(n *yaml.Node, what string, fields map[string]func(*yaml.Node)) {
	for _, e := range r.entries(n, what, 100) {
		if do := fields[e.name]; do != nil {
			do(e.value)
			continue
		}
		names := make([]string, 0, len(fields))
		for name := range fields {
			names = append(names, name)
		}
		slices.Sort(names)
		r.mistake(e.key, "%s: unknown setting %q%s", what, short(e.name), suggest(e.name, names))
	}
}

// str reads a line of words; it is empty only after a mistake.
func (r *reader) str(n *yaml.Node, what string, most int) string {
	switch {
	case n.Kind != yaml.ScalarNode || n.Tag == "!!null":
		r.mistake(n, "%s: want words, not %s", what, kind(n))
	case strings.TrimSpace(n.Value) == "":
		r.mistake(n, "%s is empty", what)
	case len(n.Value) > most:
		r.mistake(n, "%s: %d bytes, at most %d", what, len(n.Value), most)
	default:
		return n.Value
	}
	return ""
}

func (r *reader) boolean(n *yaml.Node, what string) bool {
	if n.Kind != yaml.ScalarNode || n.Tag != "!!bool" {
		r.mistake(n, "%s: want true or false", what)
		return false
	}
	return strings.EqualFold(n.Value, "true")
}

// items returns the members of a list; a single value is a list of one.
func (r *reader) items(n *yaml.Node, what string, most int) []*yaml.Node {
	if n.Kind == yaml.ScalarNode && n.Tag != "!!null" {
		return []*yaml.Node{n}
	}
	if n.Kind != yaml.SequenceNode {
		r.mistake(n, "%s: want a list, not %s", what, kind(n))
		return nil
	}
	if len(n.Content) > most {
		r.mistake(n, "%s: %d entries, at most %d", what, len(n.Content), most)
		return nil
	}
	return n.Content
}

func kind(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "settings"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Tag == "!!null":
		return "nothing"
	}
	return "a single value"
}

// suggest names the nearest of the known names, if one is near.
func suggest(got string, known []string) string {
	best, most := "", max(1, len(got)/3)
	if len(got) > maxWord {
		return ""
	}
	for _, k := range known {
		if len(k) > maxWord {
			continue
		}
		if d := distance(strings.ToLower(got), strings.ToLower(k)); d <= most {
			best, most = k, d-1
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

func short(s string) string {
	if len(s) > 40 {
		return strings.ToValidUTF8(s[:40], "") + "..."
	}
	return s
}

var errAlias = errors.New("anchors and aliases are not used in scripts: write it out")

// noAliases refuses references: they could make a small file a huge one.
func (r *reader) noAliases(n *yaml.Node) {
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		r.mistake(n, "%v", errAlias)
		return
	}
	for _, c := range n.Content {
		r.noAliases(c)
	}
}
