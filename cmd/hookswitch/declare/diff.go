package declare

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// Change is one difference between two states of an agent.
type Change struct {
	Op    byte   // '+' new, '-' gone, '~' other
	Path  string // "llm.temperature", "tools.book"
	Text  string // what is new, or old -> new, on one line
	Lines []Line // of a text with several lines: all that changed
}

// Line is a line of a text that was taken out or put in.
type Line struct {
	Op   byte // '-' or '+'
	Text string
}

// Diff says what has to change so that from becomes to, in the order in which
// an agent is written. Secrets are not shown.
func Diff(from, to map[string]any) []Change {
	return agent.diff("", from, to, nil)
}

func (r *rule) diff(path string, from, to any, out []Change) []Change {
	if r.same(from, to) {
		return out
	}
	switch {
	case r.kind == object && from != nil && to != nil:
		f, _ := asMap(from)
		t, _ := asMap(to)
		for i := range r.fields {
			by := &r.fields[i]
			if by.secret {
				if t[by.name] != nil {
					out = append(out, Change{'~', join(path, by.name), "set", nil})
				}
				continue
			}
			out = by.diff(join(path, by.name), f[by.name], t[by.name], out)
		}
		return out
	case r.kind == object && path == "":
		return r.diff(path, orEmpty(from), orEmpty(to), out)
	case r.kind == dict:
		f, _ := asMap(from)
		t, _ := asMap(to)
		return r.entries(path, f, t, out)
	case r.kind == list && r.keyed != "":
		return r.items(path, from, to, out)
	}
	return append(out, r.change(path, from, to))
}

func orEmpty(v any) any {
	if v == nil {
		return map[string]any{}
	}
	return v
}

// entries tells of a mapping whose names are the user's own.
func (r *rule) entries(path string, from, to map[string]any, out []Change) []Change {
	all := maps.Clone(from)
	if all == nil {
		all = map[string]any{}
	}
	maps.Copy(all, to)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		f, had := from[name]
		t, has := to[name]
		switch {
		case !had:
			out = append(out, Change{'+', join(path, name), r.of.brief(t), nil})
		case !has:
			out = append(out, Change{'-', join(path, name), r.of.brief(f), nil})
		default:
			out = r.of.diff(join(path, name), f, t, out)
		}
	}
	return out
}

// items tells of a list whose items have names.
func (r *rule) items(path string, from, to any, out []Change) []Change {
	old, _ := from.([]any)
	for _, item := range old {
		id := r.id(item)
		if now := r.find(to, id); now == nil {
			out = append(out, Change{'-', join(path, id), r.of.brief(item), nil})
		} else {
			out = r.of.diff(join(path, id), item, now, out)
		}
	}
	now, _ := to.([]any)
	for _, item := range now {
		if id := r.id(item); r.find(from, id) == nil {
			out = append(out, Change{'+', join(path, id), r.of.brief(item), nil})
		}
	}
	return out
}

// change tells of one value.
func (r *rule) change(path string, from, to any) Change {
	switch {
	case r.masked && from != nil && to != nil:
		return Change{'~', path, "another value", nil}
	case from == nil:
		return Change{'+', path, r.brief(to), nil}
	case to == nil:
		return Change{'-', path, r.brief(from), nil}
	}
	a, aText := from.(string)
	b, bText := to.(string)
	if aText && bText && (strings.Contains(a+b, "\n") || utf8.RuneCountInString(a)+utf8.RuneCountInString(b) > 2*shortText) {
		lines := diffLines(a, b)
		return Change{'~', path, count(lines), lines}
	}
	return Change{'~', path, r.brief(from) + " -> " + r.brief(to), nil}
}

// count says how much of a text changed.
func count(lines []Line) string {
	added, gone := 0, 0
	for _, l := range lines {
		if l.Op == '+' {
			added++
		} else {
			gone++
		}
	}
	n := max(added, gone)
	if n == 1 {
		return "1 line changed"
	}
	return fmt.Sprintf("%d lines changed", n)
}
