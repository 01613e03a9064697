package moonshine

import "strings"

// expected holds the words that may come, as a tree of letters. It lets the
// decoder choose only among tokens that spell them, in any order and number,
// with commas and full stops between. A nil *expected allows everything.
type expected struct{ nodes []node }

type node struct {
	next [256]int16 // by letter; 0: none
	ends bool       // a word may end here
}

// Places in the tree with a meaning of their own.
const (
	between = 0  // a word may begin
	after   = -1 // after a word and its comma
	nowhere = -2
)

// mostNodes bounds the tree: 1,000 letters are more words than anyone expects.
const mostNodes = 1000

// spoken are the two ways to write a digit: whoever expects one gets both.
var spoken = map[string]string{
	"zero": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7",
	"eight": "8", "nine": "9", "ten": "10", "eleven": "11", "twelve": "12",
}

func expecting(words []string) *expected {
	x := &expected{nodes: make([]node, 1)}
	for _, phrase := range words {
		for _, w := range strings.Fields(strings.ToLower(phrase)) {
			x.add(strings.Trim(w, ".,!?;:"))
			for word, digit := range spoken {
				switch w {
				case word:
					x.add(digit)
				case digit:
					x.add(word)
				}
			}
		}
	}
	if len(x.nodes) == 1 {
		return nil
	}
	return x
}

func (x *expected) add(word string) {
	if word == "" || len(x.nodes)+len(word) > mostNodes {
		return
	}
	at := 0
	for i := range len(word) {
		next := &x.nodes[at].next[word[i]]
		if *next == 0 {
			*next = int16(len(x.nodes))
			x.nodes = append(x.nodes, node{})
			next = &x.nodes[at].next[word[i]] // append may have moved the nodes
		}
		at = int(*next)
	}
	x.nodes[at].ends = true
}

// done says whether the text may end at this place.
func (x *expected) done(at int) bool { return at == after || at > 0 && x.nodes[at].ends }

// step is the place after token, or nowhere when it spells nothing expected.
func (x *expected) step(at int, token string) int {
	if token == "" {
		return nowhere
	}
	for i := range len(token) {
		if at = x.letter(at, token[i]); at == nowhere {
			return nowhere
		}
	}
	return at
}

func (x *expected) letter(at int, c byte) int {
	switch {
	case c == ' ' && (at == between || x.done(at)):
		return between
	case strings.IndexByte(",.!?-", c) >= 0 && x.done(at):
		return after
	case at == after:
		return nowhere
	}
	if next := x.nodes[at].next[c]; next != 0 {
		return int(next)
	}
	if next := x.nodes[0].next[c]; c >= '0' && c <= '9' && x.done(at) && next != 0 {
		return int(next) // digits may follow each other
	}
	return nowhere
}
