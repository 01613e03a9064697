package declare

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"gopkg.in/yaml.v3"
)

// Write writes fields, an agent as [Read] and [Remote] make it, as a YAML
// document that Read reads back as the same. comment, if not empty, is put
// above it.
func Write(w io.Writer, comment string, fields map[string]any) error {
	n := node(fields, &agent)
	n.HeadComment = comment
	return encode(w, n)
}

// YAML writes any JSON as YAML, its keys in their order.
func YAML(w io.Writer, text []byte) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	n, err := ordered(dec)
	if err != nil {
		return fmt.Errorf("declare: %w", err)
	}
	return encode(w, n)
}

func encode(w io.Writer, n *yaml.Node) error {
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := errors.Join(enc.Encode(n), enc.Close()); err != nil {
		return fmt.Errorf("declare: %w", err)
	}
	_, err := io.WriteString(w, harmless(b.String()))
	return err
}

// harmless writes out the marks that a terminal may obey; they only ever stand
// in texts with double quotes.
func harmless(s string) string {
	var b strings.Builder
	for _, r := range s {
		if hidden(r) {
			fmt.Fprintf(&b, `\u%04X`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// hidden reports whether r draws nothing, or reorders the text around it. Line
// ends are not.
func hidden(r rune) bool {
	return r != '\n' && r < 0x10000 && (unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp))
}

// node is v as YAML, its keys in the order of by, which may be nil.
func node(v any, by *rule) *yaml.Node {
	if by == nil {
		by = &rule{kind: anything}
	}
	switch v := v.(type) {
	case map[string]any:
		n := &yaml.Node{Kind: yaml.MappingNode}
		for _, name := range slices.SortedFunc(maps.Keys(v), by.rank) {
			under := by.of
			if f := by.field(name); f != nil {
				under = &f.rule
			}
			n.Content = append(n.Content, textNode(name), node(v[name], under))
		}
		flow(n)
		return n
	case []any:
		n := &yaml.Node{Kind: yaml.SequenceNode}
		for _, item := range v {
			n.Content = append(n.Content, node(item, by.of))
		}
		flow(n)
		return n
	case string:
		return textNode(v)
	}
	return plainNode(v)
}

// flow writes a list or mapping without anything in it, and a short list of
// words, on one line.
func flow(n *yaml.Node) {
	room := 60
	for _, c := range n.Content {
		if c.Kind != yaml.ScalarNode || c.Style == yaml.LiteralStyle {
			return
		}
		room -= len(c.Value) + 2
	}
	if len(n.Content) == 0 || n.Kind == yaml.SequenceNode && room > 0 {
		n.Style = yaml.FlowStyle
	}
}

// otherwise are words that other readers of YAML (1.1) take for true, false, or
// a number to the base of 60.
var otherwise = regexp.MustCompile(`^(?i:y|n|yes|no|on|off|[-+]?[0-9]+(:[0-5]?[0-9])+(\.[0-9]*)?)$`)

// textNode is s as YAML. Several lines stand as they are, where that can be
// read back; what is hidden is quoted.
func textNode(s string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s}
	switch {
	case strings.ContainsFunc(s, func(r rune) bool { return hidden(r) || r > 0xffff }), s == "<<", otherwise.MatchString(s):
		n.Style = yaml.DoubleQuotedStyle
	case strings.Contains(s, "\n"):
		n.Style = yaml.LiteralStyle
		if !literal(s) {
			n.Style = yaml.DoubleQuotedStyle
		}
	}
	return n
}

// literal reports whether s survives as a literal block: its lines neither end
// with a space, nor does the first begin with one, nor is it all line ends.
func literal(s string) bool {
	if strings.HasPrefix(s, "\n") || strings.HasPrefix(s, " ") || strings.HasSuffix(s, "\n\n") {
		return false
	}
	for line := range strings.SplitSeq(s, "\n") {
		if strings.HasSuffix(line, " ") {
			return false
		}
	}
	return true
}

func plainNode(v any) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode}
	switch v := v.(type) {
	case nil:
		n.Tag, n.Value = "!!null", "null"
	case bool:
		n.Tag, n.Value = "!!bool", strconv.FormatBool(v)
	case int64:
		n.Tag, n.Value = "!!int", strconv.FormatInt(v, 10)
	case float64:
		n.Tag, n.Value = "!!float", strconv.FormatFloat(v, 'g', -1, 64)
		if v == math.Trunc(v) && !strings.Contains(n.Value, "e") {
			n.Value += ".0"
		}
	}
	return n
}

// ordered reads one JSON value as YAML.
func ordered(dec *json.Decoder) (*yaml.Node, error) {
	t, err := dec.Token()
	if err != nil {
		return nil, err
	}
	delim, ok := t.(json.Delim)
	if !ok {
		if s, text := t.(string); text {
			return textNode(s), nil
		}
		return plainNode(settle(t)), nil
	}
	n := &yaml.Node{Kind: yaml.SequenceNode}
	if delim == '{' {
		n.Kind = yaml.MappingNode
	}
	for dec.More() {
		if n.Kind == yaml.MappingNode {
			name, err := dec.Token()
			if err != nil {
				return nil, err
			}
			n.Content = append(n.Content, textNode(name.(string)))
		}
		item, err := ordered(dec)
		if err != nil {
			return nil, err
		}
		n.Content = append(n.Content, item)
	}
	flow(n)
	_, err = dec.Token()
	return n, err
}
