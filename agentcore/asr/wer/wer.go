// Package wer compares what was said with what was heard: the word error rate
// of speech recognition.
package wer

import (
	"strings"
	"unicode"
)

// Rate is how many words must be changed, left out or put in to turn heard into
// said, divided by the number of words said. Case, punctuation and the way in
// which small numbers are written don't count. It is 0 when both are empty, and
// 1 when only said is.
func Rate(said, heard string) float64 {
	wrong, of := Count(said, heard)
	if of == 0 {
		return float64(min(wrong, 1))
	}
	return float64(wrong) / float64(of)
}

// Count is the number of wrong words and of words said, for adding up over many
// sentences.
func Count(said, heard string) (wrong, of int) {
	a, b := Words(said), Words(heard)
	return distance(a, b), len(a)
}

// distance is Levenshtein's, in words.
func distance(a, b []string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i, w := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j, v := range b {
			change := diagonal
			if w != v {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

var numbers = map[string]string{
	"0": "zero", "1": "one", "2": "two", "3": "three", "4": "four", "5": "five", "6": "six", "7": "seven",
	"8": "eight", "9": "nine", "10": "ten", "11": "eleven", "12": "twelve", "ok": "okay",
}

// Words are the words of s as they are compared: in lower case, without
// punctuation, numbers up to twelve spelled out.
func Words(s string) []string {
	s = strings.NewReplacer("'", "", "\u2019", "").Replace(strings.ToLower(s))
	words := strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for i, w := range words {
		if n, ok := numbers[w]; ok {
			words[i] = n
		}
	}
	return words
}
