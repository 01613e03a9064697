package mail

import (
	"io"
	"strings"
	"unicode"

	"github.com/emersion/go-message"
)

const (
	maxDepth = 10        // of parts within parts
	maxParts = 100       // of a letter
	maxPart  = 512 << 10 // bytes of a part's text, decoded
)

// walk reads the parts of one letter.
type walk struct {
	parts int
	media int // parts that nobody reads
}

// read returns the text of e, and whether it was written as text. Of
// alternatives that is the plain one, else the one with markup, without it; of
// other parts all of them, one after the other.
func (w *walk) read(e *message.Entity, depth int) (text string, plain bool) {
	if w.parts++; depth > maxDepth {
		return "", false
	}
	kind, params, err := e.Header.ContentType()
	if err != nil || kind == "" {
		kind = "text/plain" // RFC 2045, section 5.2
	}
	if strings.HasPrefix(kind, "multipart/") {
		if params["boundary"] == "" {
			return "", false
		}
		return w.each(e, kind, depth)
	}
	disposition, _, _ := e.Header.ContentDisposition()
	if disposition == "attachment" || kind != "text/plain" && kind != "text/html" {
		w.media++
		return "", false
	}
	// Half a text that can be read is better than none: the error says only
	// where the other half is broken.
	raw, _ := io.ReadAll(io.LimitReader(e.Body, maxPart))
	if kind == "text/html" {
		return stripped(string(raw)), false
	}
	return tidy(string(raw)), true
}

// each reads what a multipart holds.
func (w *walk) each(e *message.Entity, kind string, depth int) (text string, plain bool) {
	if kind == "multipart/report" {
		return "", false // what a machine says of another letter
	}
	parts := e.MultipartReader()
	var all []string
	for w.parts < maxParts {
		part, err := parts.NextPart()
		if part == nil {
			break // the end, or broken from here on
		}
		_ = err // an unknown charset: the part can be read as it is
		got, isPlain := w.read(part, depth+1)
		switch {
		case got == "":
		case kind != "multipart/alternative":
			all, plain = append(all, got), plain || isPlain
		case isPlain && !plain || len(all) == 0:
			all, plain = []string{got}, isPlain
		}
	}
	return strings.Join(all, "\n"), plain
}

// tidy makes any bytes a text: UTF-8, lines that end in "\n", no control
// characters, no spaces at a line's end.
func tidy(raw string) string {
	raw = strings.ToValidUTF8(raw, "\uFFFD")
	raw = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u00a0", " ").Replace(raw)
	raw = strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && unicode.IsControl(r) || r == '\uFEFF' {
			return -1
		}
		return r
	}, raw)
	lines := strings.Split(raw, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " \t")
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}
