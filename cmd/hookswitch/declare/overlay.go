package declare

import (
	"fmt"
	"slices"
	"strings"
)

// Overlay is what an agent is when the file's word is put over what the gateway
// has: a field that the file does not name stays as it is; a list that it names
// is the whole list, a mapping of names of the user's own the whole mapping. In
// a list whose items have names, such as tools, each item is put over the one of
// its name.
func Overlay(have map[string]any, d *Document) map[string]any {
	out, _ := agent.over(have, d.Fields).(map[string]any)
	delete(out, "uuid") // tells which agent it is, and is no part of it
	return out
}

func (r *rule) over(have, file any) any {
	switch r.kind {
	case object:
		h, _ := have.(map[string]any)
		f, ok := file.(map[string]any)
		if !ok {
			return nil // null
		}
		out := map[string]any{}
		for name, v := range h {
			out[name] = clone(v)
		}
		for name, v := range f {
			if by := r.field(name); by != nil {
				out[name] = by.over(h[name], v)
			}
		}
		return out
	case list:
		if r.keyed == "" {
			return r.ordered(clone(file))
		}
		f, _ := file.([]any)
		out := make([]any, 0, len(f))
		for _, item := range f {
			out = append(out, r.of.over(r.find(have, r.id(item)), item))
		}
		return out
	}
	return clone(file)
}

// ordered puts the texts of a list whose order means nothing into ours.
func (r *rule) ordered(v any) any {
	if items, ok := v.([]any); ok && r.sorted {
		slices.SortFunc(items, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	}
	return v
}

// id is what tells an item of a keyed list apart.
func (r *rule) id(item any) string {
	m, _ := item.(map[string]any)
	s, _ := m[r.keyed].(string)
	return s
}

// find is the item called id of a keyed list; nil when there is none.
func (r *rule) find(in any, id string) any {
	items, _ := in.([]any)
	for _, item := range items {
		if r.id(item) == id {
			return item
		}
	}
	return nil
}
