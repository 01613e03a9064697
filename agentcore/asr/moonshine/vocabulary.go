package moonshine

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Tokens with a meaning of their own.
const (
	startToken = 1
	endToken   = 2
)

// vocabulary turns tokens into text. Token n is tokens[n].
type vocabulary struct {
	tokens []string // as text, a leading space where a word begins
	raw    []int16  // the byte that the token stands for, or -1
	lower  []string // tokens in lower case
}

func readVocabulary(path string) (*vocabulary, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return parseVocabulary(string(b))
}

func parseVocabulary(table string) (*vocabulary, error) {
	lines := strings.Split(table, "\n")
	if len(lines) <= endToken {
		return nil, errors.New("the token table is too short")
	}
	v := &vocabulary{raw: make([]int16, len(lines))}
	for i, line := range lines {
		v.raw[i] = -1
		if hex, ok := strings.CutPrefix(line, "<0x"); ok && len(line) == 6 {
			n, err := strconv.ParseUint(hex[:2], 16, 8)
			if err != nil {
				return nil, fmt.Errorf("the token table has a bad byte in line %d", i+1)
			}
			v.raw[i] = int16(n)
		}
		text := strings.ReplaceAll(line, "\u2581", " ")
		if i <= endToken {
			text = ""
		}
		v.tokens = append(v.tokens, text)
		v.lower = append(v.lower, strings.ToLower(text))
	}
	return v, nil
}

// text joins tokens. Bytes that make no letter are left out.
func (v *vocabulary) text(tokens []int64) string {
	var b strings.Builder
	for _, t := range tokens {
		switch {
		case t < 0 || t >= int64(len(v.tokens)):
		case v.raw[t] >= 0:
			b.WriteByte(byte(v.raw[t]))
		default:
			b.WriteString(v.tokens[t])
		}
	}
	return polish(strings.ToValidUTF8(b.String(), ""))
}

// modern has today's spelling for the old books that the network learned from,
// and mends its doubled commas.
var modern = strings.NewReplacer(
	"to-day", "today", "To-day", "Today", "to-morrow", "tomorrow", "To-morrow", "Tomorrow", "to-night", "tonight", "To-night", "Tonight",
	"good-bye", "goodbye", "Good-bye", "Goodbye", "good-by", "goodbye", "Good-by", "Goodbye", ",,", ",", ",.", ".",
)

// polish makes text as a reader wants it. A comma at its end is a full stop: the
// network heard that more was coming, and nothing did.
func polish(text string) string {
	text = modern.Replace(strings.TrimSpace(text))
	if rest, ok := strings.CutSuffix(text, ","); ok && rest != "" {
		return rest + "."
	}
	return text
}
