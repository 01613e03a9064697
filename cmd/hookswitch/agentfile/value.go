package agentfile

import (
	"fmt"
	"math"
	"strconv"

	"gopkg.in/yaml.v3"
)

// kind is what a key takes. A key without a value is not set, whatever it takes.
type kind uint8

const (
	text kind = iota + 1
	boolean
	number
	texts    // a list of them
	anything // a scalar, or a list or mapping that is not looked into
)

func (k kind) String() string {
	return [...]string{"", "text", "true or false", "a number", "a list of texts", "anything"}[k]
}

// fits reports whether n can be a value of k.
func (k kind) fits(n *yaml.Node) bool {
	scalar := n.Kind == yaml.ScalarNode
	switch k {
	case text: // 1234 is a password, too
		return scalar && n.Tag != "!!binary"
	case boolean:
		return scalar && n.Tag == "!!bool"
	case number:
		return scalar && (n.Tag == "!!int" || n.Tag == "!!float")
	case texts:
		return text.fits(n) || n.Kind == yaml.SequenceNode && allFit(n.Content)
	}
	return true
}

func allFit(all []*yaml.Node) bool {
	for _, n := range all {
		if !text.fits(n) {
			return false
		}
	}
	return true
}

// unset reports whether n is a key's missing value.
func unset(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && (n.Tag == "!!null" || n.Value == "" && n.Tag == "!!str")
}

// entry is a key and what stands behind it.
type entry struct{ key, value *yaml.Node }

// entries are those of the mapping n, which is called name, in the file's order.
func (r *reader) entries(n *yaml.Node, name string) (all []entry) {
	if unset(n) {
		return nil
	}
	if n.Kind != yaml.MappingNode {
		r.bad(n, "%s must hold KEY: VALUE lines", name)
		return nil
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode:
			r.bad(key, "a key must be a word")
			continue
		case seen[key.Value]:
			r.bad(key, "%s is set twice", clip(key.Value))
			continue
		}
		seen[key.Value] = true
		all = append(all, entry{key, value})
	}
	return all
}

// takes checks that e's value is a k or missing; ok is false if it is neither, or
// missing.
func (r *reader) takes(e entry, name string, k kind) (ok bool) {
	switch {
	case unset(e.value):
		return false
	case !k.fits(e.value):
		r.bad(e.value, "%s must be %s", name, k)
		return false
	}
	return true
}

// boolean is e's, or otherwise.
func (r *reader) boolean(e entry, name string, otherwise bool) bool {
	if !r.takes(e, name, boolean) {
		return otherwise
	}
	var b bool
	if err := e.value.Decode(&b); err != nil {
		r.bad(e.value, "%s must be true or false", name)
		return otherwise
	}
	return b
}

// part is e's number from 0 to 1, or otherwise.
func (r *reader) part(e entry, name string, otherwise float64) float64 {
	if unset(e.value) {
		return otherwise
	}
	x, err := strconv.ParseFloat(e.value.Value, 64)
	if !number.fits(e.value) || err != nil || math.IsNaN(x) || x < 0 || x > 1 {
		r.bad(e.value, "%s must be a number from 0 to 1, it is %s", name, said(e.value))
		return otherwise
	}
	return x
}

// said is n as somebody wrote it.
func said(n *yaml.Node) string {
	switch n.Kind {
	case yaml.SequenceNode:
		return "a list"
	case yaml.MappingNode:
		return "a block"
	}
	if n.Tag == "!!int" || n.Tag == "!!float" {
		return fmt.Sprintf("%.40s", n.Value)
	}
	return clip(n.Value)
}

// choice is e's word, which must be one of all, or otherwise.
func (r *reader) choice(e entry, name, otherwise string, all ...string) string {
	if unset(e.value) {
		return otherwise
	}
	for _, one := range all {
		if e.value.Kind == yaml.ScalarNode && e.value.Value == one {
			return one
		}
	}
	r.bad(e.value, "%s must be one of %s; it is %s", name, list(all), said(e.value))
	return otherwise
}

// word is e's text of at most that many bytes.
func (r *reader) word(e entry, name string, most int) string {
	if !r.takes(e, name, text) {
		return ""
	}
	if len(e.value.Value) > most {
		r.bad(e.value, "%s has %d bytes, there may be %d", name, len(e.value.Value), most)
		return ""
	}
	return e.value.Value
}

// list is all as one reads it.
func list(all []string) (text string) {
	for i, one := range all {
		if i > 0 {
			text += ", "
		}
		text += one
	}
	return text
}
