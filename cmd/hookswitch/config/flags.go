package config

import (
	"fmt"
	"reflect"
	"strings"
)

// Flags returns a pointer to a struct with one kong flag for each setting, and
// a function that says which of them were given, by flag name. The struct is
// made from the table: what is not in [Settings] is no flag.
func Flags() (target any, given func() map[string]string) {
	fields := make([]reflect.StructField, len(Settings))
	for i, s := range Settings {
		fields[i] = reflect.StructField{
			Name: fmt.Sprintf("Setting%d", i),
			Type: reflect.TypeFor[*string](),
			Tag:  reflect.StructTag(fmt.Sprintf("name:%q help:%q placeholder:%q group:%q", s.Flag(), s.Help(), s.Unit, s.Group)),
		}
	}
	v := reflect.New(reflect.StructOf(fields))
	given = func() map[string]string {
		m := map[string]string{}
		for i, s := range Settings {
			if value, _ := v.Elem().Field(i).Interface().(*string); value != nil {
				m[s.Flag()] = *value
			}
		}
		return m
	}
	return v.Interface(), given
}

// Help is one line about s: what it is, its choices or bounds, its default and
// its variable.
func (s Setting) Help() string {
	var b strings.Builder
	b.WriteString(s.Doc)
	if s.Choices != nil {
		b.WriteString("; " + strings.Join(s.Choices, " | "))
	}
	if s.Default != "" {
		b.WriteString(". Default " + s.Default)
	}
	b.WriteString(" (" + s.Variable() + ")")
	return b.String()
}
