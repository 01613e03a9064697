package cost

import (
	"math"
	"math/bits"
	"strconv"
	"strings"
)

// USD is an amount of money in billionths of a US dollar: a token costs less than
// a millionth. Sums of it are exact.
type USD int64

// MaxUSD is as much as an amount can be: some nine billion dollars. What is more
// counts as it.
const MaxUSD = USD(math.MaxInt64)

// String is d in dollars, rounded half up to six decimal places, without zeros
// that say nothing: "0.0123".
func (d USD) String() string { return decimal((saturate(int64(d), 500))/1000, 6) }

// Dollars is d as JSON shows it: dollars with at most six decimal places.
func (d USD) Dollars() float64 { return float64(saturate(int64(d), 500)/1000) / 1e6 }

// plus is the sum.
func (d USD) plus(o USD) USD { return USD(saturate(int64(d), int64(o))) }

// Quantity is a number of units in thousandths: seconds of sound are multiples of
// 20 ms, and all other units whole numbers.
type Quantity int64

// maxQuantity bounds one line of usage: more than all calls of a year.
const maxQuantity = Quantity(1e15)

// Of is n units, rounded to a thousandth and bounded.
func Of(n float64) Quantity {
	switch {
	case !(n > 0): // NaN, too
		return 0
	case n >= float64(maxQuantity)/1000:
		return maxQuantity
	}
	return Quantity(math.Round(n * 1000))
}

// String is q in units: "0.36".
func (q Quantity) String() string { return decimal(int64(q), 3) }

// Units is q as a number of units.
func (q Quantity) Units() float64 { return float64(q) / 1000 }

// MarshalJSON implements [json.Marshaler]: a number of units.
func (q Quantity) MarshalJSON() ([]byte, error) { return []byte(q.String()), nil }

// UnmarshalJSON implements [json.Unmarshaler].
func (q *Quantity) UnmarshalJSON(b []byte) error {
	n, err := strconv.ParseFloat(string(b), 64)
	if err != nil {
		return err
	}
	*q = Of(n)
	return nil
}

// times is what q units cost when per of them cost d, rounded half up.
func (d USD) times(q Quantity, per uint64) USD {
	if d <= 0 || q <= 0 {
		return 0
	}
	hi, lo := bits.Mul64(uint64(d), uint64(q))
	lo, carry := bits.Add64(lo, per*1000/2, 0)
	hi += carry
	if hi >= per*1000 {
		return MaxUSD
	}
	n, _ := bits.Div64(hi, lo, per*1000)
	return USD(min(n, math.MaxInt64))
}

// saturate is a+b of numbers that are not negative.
func saturate(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

// decimal writes n, which has so many decimal places and is not negative.
func decimal(n int64, places int) string {
	digits := strconv.FormatInt(n, 10)
	if len(digits) <= places {
		digits = strings.Repeat("0", places+1-len(digits)) + digits
	}
	whole, part := digits[:len(digits)-places], strings.TrimRight(digits[len(digits)-places:], "0")
	if part == "" {
		return whole
	}
	return whole + "." + part
}
