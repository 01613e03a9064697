package sheet

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	phoneColumn   = "phone_number"
	consentColumn = "consent"

	maxHeader = 64 << 10 // bytes of the header that are looked at for what separates columns
	maxName   = 64       // characters of a variable's name: as vars.MaxKey
	maxShown  = 20       // names of columns that an error repeats
)

// reserved may not be names of variables: as in package vars.
var reserved = []string{"__proto__", "proto", "constructor", "prototype"}

// first is what stands before a file's header.
type first struct {
	comma rune
	lines int // above it
}

// opening passes over the byte order mark and a spreadsheet's sep=; line, and
// finds what separates the columns.
func opening(in *bufio.Reader) (first, error) {
	head, err := in.Peek(maxHeader)
	if err != nil && !errors.Is(err, io.EOF) {
		return first{}, err
	}
	switch {
	case len(head) == 0:
		return first{}, &Broken{1, "the file is empty"}
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return first{}, &Broken{1, "the file is UTF-16: save it as CSV in UTF-8"}
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0")):
		return first{}, &Broken{1, "the file is a spreadsheet: save it as CSV in UTF-8"}
	}
	if bytes.HasPrefix(head, []byte("\xef\xbb\xbf")) {
		head = head[3:]
		_, _ = in.Discard(3) // it was peeked at
	}
	if declared := separator.FindSubmatch(head); declared != nil {
		_, _ = in.Discard(len(declared[0]))
		return first{rune(declared[1][0]), 1}, nil
	}
	return first{separates(head), 0}, nil
}

// separator is the line in which a spreadsheet says what it put between columns.
var separator = regexp.MustCompile("^\"?(?i:sep)=([,;\t])\"?\r?\n")

// separates is what separates the columns of a header: what of , ; and tab is
// most often in its first line, outside of quotes.
func separates(head []byte) rune {
	counts := map[rune]int{}
	quoted := false
	for _, b := range head {
		if b == '"' {
			quoted = !quoted
		}
		if quoted {
			continue
		}
		if b == '\n' {
			break
		}
		counts[rune(b)]++
	}
	best := ','
	for _, c := range []rune{';', '\t'} {
		if counts[c] > counts[best] {
			best = c
		}
	}
	return best
}

// header reads the names of the columns; "" is that of the number's.
func (s *Sheet) header() ([]string, error) {
	fields, line, err := s.record()
	var wrong *Wrong
	switch {
	case errors.Is(err, io.EOF):
		return nil, &Broken{1, "the file is empty"}
	case errors.As(err, &wrong):
		return nil, &Broken{wrong.Line, wrong.Text}
	case err != nil:
		return nil, err
	}
	names := slices.Clone(fields) // they are lent
	for i := range names {
		names[i] = strings.TrimSpace(names[i])
	}
	for len(names) > 0 && names[len(names)-1] == "" {
		names = names[:len(names)-1] // spreadsheets add them
	}
	if len(names) > s.limits.Columns {
		return nil, &TooLarge{"columns", int64(s.limits.Columns)}
	}
	if why := named(names); why != "" {
		return nil, &Broken{line, why}
	}
	return names, nil
}

// named checks the names, takes out that of the number, and says what is wrong
// with them; empty: nothing.
func named(names []string) string {
	at := -1
	for i, name := range names {
		switch {
		case isPhone(name) && at >= 0:
			return "two columns are named " + phoneColumn
		case isPhone(name):
			at = i
		}
	}
	if at < 0 {
		return missing(names)
	}
	known := map[string]bool{}
	for i, name := range names {
		switch why := badName(name); {
		case i == at:
		case why != "":
			return fmt.Sprintf("the name of column %d %s", i+1, why)
		case known[name]:
			return fmt.Sprintf("column %d has a name that another one has: %s", i+1, name)
		}
		known[name] = true
	}
	names[at] = ""
	return ""
}

func isPhone(name string) bool {
	return len(name) == len(phoneColumn) && strings.NewReplacer(" ", "_", "-", "_").Replace(strings.ToLower(name)) == phoneColumn
}

// badName says what keeps name from being a variable's, by the rules of package
// vars; empty: nothing.
func badName(name string) string {
	switch {
	case name == "":
		return "is empty"
	case !utf8.ValidString(name):
		return "is not UTF-8"
	case utf8.RuneCountInString(name) > maxName:
		return fmt.Sprintf("is longer than %d characters", maxName)
	case slices.Contains(reserved, name):
		return "is a reserved word"
	case strings.ContainsFunc(name, func(r rune) bool { return strings.ContainsRune(`{}"`, r) || unicode.IsControl(r) }):
		return "has braces, quotes or control characters"
	}
	return ""
}

// wordy is a name that can be shown: a word, no number of somebody's.
var wordy = regexp.MustCompile(`^[\pL_][\pL\pN_ .-]{0,39}$`)

// missing says that there is no column of numbers, and which there are. A file
// without a header has its first row there: nothing of that is repeated.
func missing(names []string) string {
	const none = "there is no column phone_number"
	var shown []string
	for _, name := range names {
		if phone, _ := number(name); phone != "" {
			return none + ": the first line must name the columns"
		}
		if wordy.MatchString(name) && len(shown) < maxShown {
			shown = append(shown, name)
		}
	}
	if len(shown) == 0 {
		return none
	}
	return none + " among: " + strings.Join(shown, ", ")
}
