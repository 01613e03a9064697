package mail

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// unread are the elements whose text nobody sees, and those that quote.
var unread = map[atom.Atom]bool{
	atom.Script: true, atom.Style: true, atom.Head: true, atom.Title: true, atom.Template: true, atom.Noscript: true, atom.Blockquote: true,
}

// breaks are the elements that begin a line.
var breaks = map[atom.Atom]bool{
	atom.Br: true, atom.P: true, atom.Div: true, atom.Tr: true, atom.Li: true, atom.Ul: true, atom.Ol: true, atom.Table: true, atom.Hr: true,
	atom.H1: true, atom.H2: true, atom.H3: true, atom.H4: true, atom.H5: true, atom.H6: true, atom.Blockquote: true, atom.Pre: true,
}

// stripped is the text of a page, without what it quotes; with that when it has
// nothing else.
func stripped(page string) string {
	if text := textOf(page, false); text != "" {
		return text
	}
	return textOf(page, true)
}

// textOf reads page as a row of tags and texts: nothing is nested here, so
// nothing can be nested too deep.
func textOf(page string, quotes bool) string {
	z := html.NewTokenizer(strings.NewReader(page))
	z.SetMaxBuf(maxPart)
	var b strings.Builder
	hidden := map[atom.Atom]int{} // how many of each are open
	depth := 0
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			return tidy(squeeze(b.String()))
		}
		token := z.Token()
		tag := token.DataAtom
		hides := unread[tag] && (tag != atom.Blockquote || !quotes)
		switch {
		case kind == html.TextToken && depth == 0:
			b.WriteString(strings.Map(spaceLine, token.Data))
		case kind == html.StartTagToken && hides:
			hidden[tag]++
			depth++
		case kind == html.EndTagToken && hides && hidden[tag] > 0:
			hidden[tag]--
			depth--
		}
		if breaks[tag] && depth == 0 && kind != html.TextToken {
			b.WriteByte('\n')
		}
	}
}

// spaceLine makes a line break a space: in a page it is none.
func spaceLine(r rune) rune {
	if r == '\n' || r == '\r' || r == '\t' {
		return ' '
	}
	return r
}

// squeeze leaves one space between words, and at most one empty line.
func squeeze(text string) string {
	var b strings.Builder
	empty := 0
	for each := range strings.SplitSeq(text, "\n") {
		each = strings.Join(strings.Fields(each), " ")
		if each == "" {
			empty++
			continue
		}
		if empty > 1 {
			b.WriteByte('\n')
		}
		empty = 0
		b.WriteString(each)
		b.WriteByte('\n')
	}
	return b.String()
}
