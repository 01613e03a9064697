package fault

import "strings"

// Nearest returns the one of names that typed was most likely meant to be: at
// most two letters away, or the only one that shares its last part. Empty when
// there is none.
func Nearest(typed string, names []string) string {
	if len(typed) > 64 {
		return ""
	}
	best, far := "", 3
	for _, name := range names {
		if d := distance(strings.ToLower(typed), name); d < far && d < len(name) {
			best, far = name, d
		}
	}
	if best == "" {
		best = sharesTail(typed, names)
	}
	return best
}

// sharesTail finds the name that has typed's last word in it, as endpoint_wait
// has that of endpoint_ms. Words are cut at dots, dashes and underscores.
func sharesTail(typed string, names []string) string {
	found, most := "", 0
	for _, name := range names {
		n := common(words(typed), words(name))
		if n > 0 && strings.HasPrefix(name, strings.ToLower(typed)) {
			n++ // voice is voice_uuid before it is fallback_voice_uuids
		}
		switch {
		case n > most:
			found, most = name, n
		case n == most:
			found = "" // two could be meant: better none than the wrong one
		}
	}
	return found
}

func words(s string) []string {
	return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return r == '.' || r == '-' || r == '_' })
}

// common counts the letters of the words that a and b share.
func common(a, b []string) int {
	n := 0
	for _, x := range a {
		for _, y := range b {
			if x == y && len(x) > 3 {
				n += len(x)
			}
		}
	}
	return n
}

// distance is the number of letters to add, drop, change or swap with their
// neighbour to make b of a (optimal string alignment).
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
