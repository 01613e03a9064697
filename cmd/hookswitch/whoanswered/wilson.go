package whoanswered

import "math"

// Rate is a part of a whole, with the interval in which the true one lies at 95 %
// (Wilson 1927). It counts how the engine did on this corpus, as if its items were
// drawn at random from all that such recipes make.
type Rate struct {
	Value float64 `json:"value"` // 0 to 1; 0 when N is
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
	K     int     `json:"k"`
	N     int     `json:"n"`
}

// z is the normal distribution's 97.5th percentile.
const z = 1.959964

func rate(k, n int) Rate {
	if n == 0 {
		return Rate{High: 1}
	}
	p, m := float64(k)/float64(n), float64(n)
	middle := (p + z*z/(2*m)) / (1 + z*z/m)
	half := z / (1 + z*z/m) * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	r := Rate{Value: p, Low: max(0, middle-half), High: min(1, middle+half), K: k, N: n}
	if k == 0 {
		r.Low = 0 // it is, but for the last digit
	}
	if k == n {
		r.High = 1
	}
	return r
}
