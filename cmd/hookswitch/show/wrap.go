package show

import "strings"

// span is text in one style.
type span struct {
	text  string
	style style
}

func width(line []span) int {
	n := 0
	for _, s := range line {
		n += columns(s.text)
	}
	return n
}

// wrap breaks spans into lines of at most cols columns, between words; a word
// that is longer than a line is broken where the line ends. It always returns
// at least one line.
func wrap(cols int, spans ...span) [][]span {
	w := wrapper{cols: max(cols, 1)}
	for _, s := range spans {
		for word := range strings.FieldsSeq(s.text) {
			w.add(word, s.style)
		}
	}
	return append(w.lines, w.line)
}

type wrapper struct {
	cols  int
	used  int // columns of line
	line  []span
	lines [][]span
}

func (w *wrapper) add(word string, st style) {
	need := columns(word)
	if w.used > 0 && w.used+1+need > w.cols {
		w.next()
	}
	for need > w.cols {
		var head string
		head, word = split(word, w.cols)
		w.put(head, st)
		w.next()
		need = columns(word)
	}
	if word != "" {
		w.put(word, st)
	}
}

func (w *wrapper) next() {
	if w.used == 0 {
		return
	}
	w.lines, w.line, w.used = append(w.lines, w.line), nil, 0
}

// put appends word to the line, in the span before it when that has its style.
func (w *wrapper) put(word string, st style) {
	gap := ""
	if w.used > 0 {
		gap = " "
	}
	w.used += len(gap) + columns(word)
	last := len(w.line) - 1
	switch {
	case last >= 0 && w.line[last].style == st:
		w.line[last].text += gap + word
	case gap != "":
		w.line = append(w.line, span{gap, none}, span{word, st})
	default:
		w.line = append(w.line, span{word, st})
	}
}

// split cuts word so that its head takes at most cols columns, and at least one
// character.
func split(word string, cols int) (head, rest string) {
	n := 0
	for i, r := range word {
		n += cells(r)
		if n > cols && i > 0 {
			return word[:i], word[i:]
		}
	}
	return word, ""
}
