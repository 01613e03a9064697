package declare

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
)

// value reads n, which stands at path, by its rule. After a mistake it goes on
// with nil.
func (r *fileReader) value(n *yaml.Node, by *rule, path string, depth int) any {
	if r.nodes++; r.nodes > nodeLimit || depth > deepest {
		if r.nodes <= nodeLimit+1 {
			r.tell(place(n), path, "agent/shape", "there is too much in the file, or it is too deep", "split it")
		}
		return nil
	}
	r.doc.at[path] = place(n)
	if n.Kind == yaml.AliasNode {
		return r.value(n.Alias, by, path, depth+1)
	}
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" {
		if path == "" || !by.null && by.kind != anything {
			r.wants(n, by, path)
		}
		return nil
	}
	switch by.kind {
	case object, dict:
		if n.Kind != yaml.MappingNode {
			return r.wants(n, by, path)
		}
		return r.mapping(n, by, path, depth)
	case list:
		if n.Kind != yaml.SequenceNode {
			return r.wants(n, by, path)
		}
		return r.list(n, by, path, depth)
	case anything:
		return r.any(n, by, path, depth)
	}
	if n.Kind != yaml.ScalarNode {
		return r.wants(n, by, path)
	}
	return r.scalar(n, by, path)
}

// any reads a value of whatever shape.
func (r *fileReader) any(n *yaml.Node, by *rule, path string, depth int) any {
	switch n.Kind {
	case yaml.MappingNode:
		return r.mapping(n, &rule{kind: dict, of: by}, path, depth)
	case yaml.SequenceNode:
		return r.list(n, &rule{kind: list, of: by}, path, depth)
	}
	return r.scalar(n, &rule{kind: scalar}, path)
}

func (r *fileReader) mapping(n *yaml.Node, by *rule, path string, depth int) any {
	out := map[string]any{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		name := join(path, key.Value)
		if _, twice := out[key.Value]; twice {
			r.tell(place(key), name, "agent/shape", fmt.Sprintf("%q is there twice", clip(key.Value)), "keep one of the two")
			continue
		}
		under := by.of
		if key.Kind != yaml.ScalarNode || key.ShortTag() == "!!merge" {
			r.tell(place(key), path, "agent/shape", "a key is no plain name", "merge keys (<<) and complex keys are not read; write the keys out")
			continue
		}
		if by.kind == object {
			f := by.field(key.Value)
			if f == nil {
				r.unknown(key, by, path)
				continue
			}
			under = &f.rule
		} else if f := by.field(key.Value); f != nil {
			under = &f.rule
		}
		out[key.Value] = r.value(value, under, name, depth+1)
	}
	return out
}

func (r *fileReader) list(n *yaml.Node, by *rule, path string, depth int) any {
	out := []any{}
	seen := map[string]bool{}
	for i, item := range n.Content {
		v := r.value(item, by.of, join(path, strconv.Itoa(i)), depth+1)
		out = append(out, v)
		if by.keyed == "" {
			continue
		}
		m, ok := v.(map[string]any)
		id, _ := m[by.keyed].(string)
		switch {
		case !ok: // told already
		case id == "":
			r.tell(place(item), join(path, strconv.Itoa(i)), "agent/shape", "it has no "+by.keyed, fault.Keep(by.keyed+": ...")+" tells which one this is")
		case seen[id]:
			r.tell(place(item), join(path, strconv.Itoa(i)), "agent/shape", fmt.Sprintf("%s %q is there twice", by.keyed, clip(id)), "keep one of the two")
		}
		seen[id] = true
	}
	return out
}

// unknown tells of a key that no agent has.
func (r *fileReader) unknown(key *yaml.Node, by *rule, path string) {
	mend := "all of them: " + strings.Join(by.names(), ", ")
	if near := fault.Nearest(key.Value, by.names()); near != "" {
		mend = "did you mean " + near + "? " + mend
	}
	r.tell(place(key), join(path, clip(key.Value)), "agent/unknown", fmt.Sprintf("%q is not a field of %s", clip(key.Value), subject(path)), mend)
}

func subject(path string) string {
	if path == "" {
		return "an agent"
	}
	return path
}

// wants tells that something else must stand at path. It returns nil.
func (r *fileReader) wants(n *yaml.Node, by *rule, path string) any {
	got := "a list"
	switch n.Kind {
	case yaml.MappingNode:
		got = "a mapping"
	case yaml.ScalarNode:
		got = "null"
		if n.ShortTag() != "!!null" {
			got = clip(n.Value)
		}
	}
	mend := "write " + by.kind.String()
	switch {
	case by.kind == text && n.Kind == yaml.ScalarNode && got != "null":
		mend = "put it in quotes: " + fault.Keep(strconv.Quote(got))
	case by.kind == object:
		mend = "write fields of it: " + strings.Join(by.names(), ", ")
	case by.kind == list && n.Kind == yaml.ScalarNode && got != "null":
		mend = "write a list: " + fault.Keep("["+got+"]")
	}
	r.tell(place(n), path, "agent/value", fmt.Sprintf("%s is %s, not %s", subject(path), by.kind, got), mend)
	return nil
}

// scalar reads one word or number.
func (r *fileReader) scalar(n *yaml.Node, by *rule, path string) any {
	tag := n.ShortTag()
	switch by.kind {
	case text:
		if tag == "!!bool" || tag == "!!binary" {
			return r.wants(n, by, path)
		}
		if len(by.choices) > 0 && !slices.Contains(by.choices, n.Value) {
			return r.choice(n, by, path)
		}
		return n.Value // +14155550100 without quotes is a number to YAML
	case boolean:
		var b bool
		if tag != "!!bool" || n.Decode(&b) != nil {
			return r.wants(n, by, path)
		}
		return b
	}
	var v any
	switch tag {
	case "!!bool":
		var b bool
		if n.Decode(&b) != nil {
			return r.wants(n, by, path)
		}
		v = b
	case "!!int", "!!float":
		if v = numeric(n); v == nil {
			return r.wants(n, &rule{kind: number}, path)
		}
	default:
		v = n.Value
	}
	_, isWhole := v.(int64)
	_, isFraction := v.(float64)
	if by.kind == whole && !isWhole || by.kind == number && !isWhole && !isFraction {
		return r.wants(n, by, path)
	}
	return v
}

// choice tells of a text that is none of those that may stand there.
func (r *fileReader) choice(n *yaml.Node, by *rule, path string) any {
	mend := "write one of " + strings.Join(by.choices, ", ")
	if near := fault.Nearest(n.Value, by.choices); near != "" {
		mend = "did you mean " + near + "? " + mend
	}
	r.tell(place(n), path, "agent/value", fmt.Sprintf("%s can't be %q", path, clip(n.Value)), mend)
	return nil
}

// numeric is the number that n is; nil when JSON has no such number.
func numeric(n *yaml.Node) any {
	var i int64
	if n.Decode(&i) == nil && n.ShortTag() == "!!int" {
		return i
	}
	var f float64
	if n.Decode(&f) != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return nil
	}
	return settled(f)
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
