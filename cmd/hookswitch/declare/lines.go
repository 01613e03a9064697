package declare

import "strings"

// lineWork bounds the comparison of two texts: lines of one times lines of the
// other.
const lineWork = 4 << 20

// diffLines is the shortest way from a to b, by lines. Texts that are too long
// to compare are told whole.
func diffLines(a, b string) []Line {
	from, to := strings.Split(a, "\n"), strings.Split(b, "\n")
	for len(from) > 0 && len(to) > 0 && from[0] == to[0] {
		from, to = from[1:], to[1:]
	}
	for len(from) > 0 && len(to) > 0 && from[len(from)-1] == to[len(to)-1] {
		from, to = from[:len(from)-1], to[:len(to)-1]
	}
	if len(from)*len(to) > lineWork {
		return append(all('-', from), all('+', to)...)
	}
	// common[i][j] is how many lines from[i:] and to[j:] share.
	common := make([][]int32, len(from)+1)
	for i := range common {
		common[i] = make([]int32, len(to)+1)
	}
	for i := len(from) - 1; i >= 0; i-- {
		for j := len(to) - 1; j >= 0; j-- {
			if from[i] == to[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var out []Line
	i, j := 0, 0
	for i < len(from) && j < len(to) {
		switch {
		case from[i] == to[j]:
			i, j = i+1, j+1
		case common[i+1][j] >= common[i][j+1]:
			out = append(out, Line{'-', from[i]})
			i++
		default:
			out = append(out, Line{'+', to[j]})
			j++
		}
	}
	out = append(out, all('-', from[i:])...)
	return append(out, all('+', to[j:])...)
}

func all(op byte, lines []string) []Line {
	out := make([]Line, len(lines))
	for i, l := range lines {
		out[i] = Line{op, l}
	}
	return out
}
