package show

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean makes text that somebody said (or a model, a tool, a carrier wrote)
// safe to print: white space of any kind becomes one space, and whatever a
// terminal might obey or that would reorder the text around it is written out,
// as \x1b or \u202e. Nothing is dropped.
func Clean(s string) string {
	var b strings.Builder
	space := false
	for i, r := range s {
		if unicode.IsSpace(r) && r != 0x85 {
			space = true
			continue
		}
		if space && b.Len() > 0 {
			b.WriteByte(' ')
		}
		space = false
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case obeyed(r) && r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		case obeyed(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// obeyed reports whether a terminal or a browser may do something on r other
// than draw it: control characters (C0, DEL, C1) and the marks that reorder
// text (Unicode TR 9, "explicit formatting characters").
func obeyed(r rune) bool {
	switch {
	case unicode.IsControl(r):
		return true
	case r == 0x061c, r == 0x200e, r == 0x200f:
		return true
	case r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
		return true
	case r == 0xfeff, r == 0x2028, r == 0x2029:
		return true
	}
	return false
}

// escapeJSON copies marshalled JSON, escaping the characters that JSON leaves
// as they are and a terminal may obey.
func escapeJSON(b *strings.Builder, s string) {
	for _, r := range s {
		if obeyed(r) {
			fmt.Fprintf(b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
}
