package search

import "strings"

// suggestion says which key was meant, or which there are.
func suggestion(name string) string {
	var names []string
	for _, k := range keys {
		names = append(names, string(k.Name))
	}
	if n := nearest(name, names); n != "" {
		return "did you mean " + n + "?"
	}
	return "the keys are " + strings.Join(names, ", ")
}

// hint adds to what a key takes what its value may have meant.
func hint(k Key, value string) string {
	var known []string
	var what string
	switch k {
	case End:
		what = "reasons"
		for _, r := range Reasons {
			known = append(known, string(r))
		}
	case Who:
		what, known = "classes", Answerers
	default:
		return ""
	}
	for v := range strings.SplitSeq(value, ",") {
		if n := nearest(v, known); n != "" && n != v {
			return "; did you mean " + n + "?"
		}
	}
	return "; the " + what + " are " + strings.Join(known, ", ")
}

// nearest returns the word that is at most two edits away from s, or empty.
func nearest(s string, words []string) string {
	if len(s) > 40 {
		return ""
	}
	best, at := "", 3
	for _, w := range words {
		if d := distance(strings.ToLower(s), w); d < at && d < len(w) {
			best, at = w, d
		}
	}
	return best
}

// distance is how many bytes must be added, removed or replaced.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		left, corner := i+1, i
		for j := range len(b) {
			cost := corner
			if a[i] != b[j] {
				cost = min(corner, left, row[j+1]) + 1
			}
			corner, row[j], left = row[j+1], left, cost
		}
		row[len(b)] = left
	}
	return row[len(b)]
}
