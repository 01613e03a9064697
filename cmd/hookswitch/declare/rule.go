// Package declare reads agents that are written down in YAML, says how they
// differ from those that a gateway has, and writes those down in turn. It asks
// nobody: what a gateway has comes in as the API's JSON.
package declare

import "slices"

// kind is what a value may be.
type kind int

const (
	text     kind = iota // numbers and dates are taken as they are written
	whole                // a whole number
	number               // any number
	boolean              // true or false
	scalar               // text, number, true, false or null
	list                 // of of
	object               // with fields, and no others
	dict                 // of of, under names of the user's own; of fields under theirs
	anything             // any JSON
)

// rule says what may stand somewhere in the file.
type rule struct {
	kind    kind
	null    bool     // it may be null
	unset   any      // says as much as nothing; nil: there is no such value
	masked  bool     // a diff does not show it: it may be a credential
	keyed   string   // of a list: the field that tells its items apart
	sorted  bool     // of a list of texts: order means nothing
	choices []string // of a text
	of      *rule
	fields  []field // in the order in which they are written
}

type field struct {
	name   string
	secret bool // only ever written: the gateway does not tell it
	rule
}

func (r *rule) field(name string) *field {
	for i := range r.fields {
		if r.fields[i].name == name {
			return &r.fields[i]
		}
	}
	return nil
}

func (r *rule) names() []string {
	var names []string
	for _, f := range r.fields {
		names = append(names, f.name)
	}
	return names
}

// rank orders the keys of a mapping: known ones as the rule has them, others
// behind by name.
func (r *rule) rank(a, b string) int {
	ia := slices.IndexFunc(r.fields, func(f field) bool { return f.name == a })
	ib := slices.IndexFunc(r.fields, func(f field) bool { return f.name == b })
	switch {
	case ia >= 0 && ib >= 0:
		return ia - ib
	case ia >= 0:
		return -1
	case ib >= 0:
		return 1
	case a < b:
		return -1
	}
	return 1
}

func (k kind) String() string {
	switch k {
	case text:
		return "a text"
	case whole:
		return "a whole number"
	case number:
		return "a number"
	case boolean:
		return "true or false"
	case scalar:
		return "a text, a number, true, false or null"
	case list:
		return "a list"
	case object, dict:
		return "a mapping (NAME: VALUE lines)"
	}
	return "any value"
}
