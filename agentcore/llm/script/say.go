package script

import (
	"fmt"
	"strconv"
)

var hourNames = [...]string{"twelve", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"}

// timeValue says a time as one says it on the phone.
func timeValue(minutes int) value {
	h, m := minutes/60, minutes%60
	name, next := hourNames[h%12], hourNames[(h+1)%12]
	var spoken string
	switch {
	case m == 0:
		spoken = name + " o'clock"
	case m == 15:
		spoken = "quarter past " + name
	case m == 30:
		spoken = "half past " + name
	case m == 45:
		spoken = "quarter to " + next
	case m < 10:
		spoken = name + " oh " + small(m)
	default:
		spoken = name + " " + small(m)
	}
	return value{plain: fmt.Sprintf("%02d:%02d", h, m), spoken: spoken, on: "at " + spoken}
}

func small(n int) string {
	for w, u := range units {
		if u == n {
			return w
		}
	}
	for _, w := range []string{"twenty", "thirty", "forty", "fifty"} {
		switch u := n - tens[w]; {
		case u == 0:
			return w
		case u > 0 && u < 10:
			return w + " " + small(u)
		}
	}
	return strconv.Itoa(n)
}
