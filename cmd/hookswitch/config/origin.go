package config

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/fault"
)

// Source says which of the places gave a setting its value.
type Source uint8

// From the weakest to the strongest.
const (
	Default Source = iota
	File
	Environment
	Flag
)

func (s Source) String() string {
	return [...]string{"default", "file", "variable", "flag"}[s]
}

// Origin is the very place where a value was written.
type Origin struct {
	Source       Source
	Path         string // of the file, as the person named it
	Line, Column int    // in it, from 1
}

// String is the place as a person would look for it, without the value.
func (o Origin) String() string {
	if o.Source == File {
		return fmt.Sprintf("%s:%d:%d", o.Path, o.Line, o.Column)
	}
	return o.Source.String()
}

// where tells the place of s together with what stands there.
func (o Origin) where(s Setting, value string) string {
	switch o.Source {
	case File:
		return fault.Keep(o.String()) + "  " + s.Name
	case Environment:
		return fault.Keep(s.Variable() + "=" + s.show(value))
	case Flag:
		return fault.Keep("--" + s.Flag() + " " + s.show(value))
	}
	return s.Name + " (default)"
}

// write is what to type at the same place to have value there.
func (o Origin) write(s Setting, value string) string {
	switch o.Source {
	case File:
		return fault.Keep(s.key() + ": " + value)
	case Environment:
		return fault.Keep(s.Variable() + "=" + quoted(value))
	}
	return fault.Keep("--" + s.Flag() + " " + quoted(value))
}

// wrote is what stands there now, as one would read it.
func (o Origin) wrote(s Setting, value string) string {
	if o.Source == File {
		return s.key() + ": " + s.show(value)
	}
	return strings.ReplaceAll(o.where(s, value), "\u00a0", " ")
}

// userinfo is the name and password in an address.
var userinfo = regexp.MustCompile(`://[^/@\s]*@`)

// query is what stands behind the path of an address: some have keys there.
var query = regexp.MustCompile(`(://[^?\s]*\?)[^,\s]+`)

// show is value as it may be printed: a secret never is.
func (s Setting) show(value string) string {
	if s.Secret && value != "" {
		return Masked
	}
	return clip(query.ReplaceAllString(userinfo.ReplaceAllString(value, "://…@"), "$1…"))
}

// Masked stands for a secret that is set.
const Masked = "(set, not shown)"

const longest = 60

// clip shortens what somebody typed to what fits a line.
func clip(value string) string {
	if utf8.RuneCountInString(value) <= longest {
		return value
	}
	return string([]rune(value)[:longest-1]) + "…"
}

// quoted is value as a shell takes it.
func quoted(value string) string {
	if value != "" && strings.IndexFunc(value, unsafe) < 0 {
		return value
	}
	return strconv.Quote(value)
}

func unsafe(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:@%+,=~<>", r))
}
