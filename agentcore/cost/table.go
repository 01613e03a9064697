package cost

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/hookswitch/hookswitch/agentcore/provider"
)

// Table says what things cost. The zero Table has no price. It is not changed
// once it is made.
type Table struct {
	rows map[row]USD
	free []string
}

// row is what a price is for; any part may be any.
type row struct{ stage, provider, unit string }

// every stands for any part.
const every = "*"

// Bounds of a table.
const (
	mostRows    = 1000
	mostDollars = 1e6
	longest     = 64 // bytes of a part
)

var errTable = errors.New("cost: the table of prices")

// What the parts of a row may be called.
var (
	stages = []string{string(provider.Recogniser), string(provider.Model), string(provider.Voice), Carrier, every}
	units  = []string{string(provider.AudioSeconds), string(provider.Characters), string(provider.InputTokens), string(provider.CachedTokens),
		string(provider.OutputTokens), every}
	ways = []string{"inbound", "outbound", every}
)

// Parse reads a table: STAGE/PROVIDER/UNIT=DOLLARS, with commas between rows. The
// dollars are for 1000 units, of a carrier (carrier/inbound/minute) for each
// minute that was begun. "*" stands for any part, but no carrier is any stage: its
// prices are another kind. free are providers that cost nothing unless a row of
// their own name says otherwise: those that are built in.
func Parse(text string, free ...string) (Table, error) {
	t := Table{rows: map[row]USD{}, free: free}
	for one := range strings.SplitSeq(text, ",") {
		if one = strings.TrimSpace(one); one == "" {
			continue
		}
		r, price, err := parseRow(one)
		if err != nil {
			return Table{}, fmt.Errorf("%w: %w", errTable, err)
		}
		if _, twice := t.rows[r]; twice {
			return Table{}, fmt.Errorf("%w: %s is in it twice", errTable, r)
		}
		if t.rows[r] = price; len(t.rows) > mostRows {
			return Table{}, fmt.Errorf("%w: more than %d rows", errTable, mostRows)
		}
	}
	return t, nil
}

func parseRow(text string) (row, USD, error) {
	name, value, _ := strings.Cut(text, "=")
	parts := strings.Split(strings.TrimSpace(name), "/")
	if len(parts) != 3 || slices.ContainsFunc(parts, func(p string) bool { return p == "" || len(p) > longest }) {
		return row{}, 0, fmt.Errorf("%.80q is not STAGE/PROVIDER/UNIT=DOLLARS", text)
	}
	r := row{parts[0], parts[1], parts[2]}
	switch carrier := r.stage == Carrier; {
	case !slices.Contains(stages, r.stage):
		return r, 0, fmt.Errorf("%s: the stage is one of %s", r, strings.Join(stages, ", "))
	case carrier && !slices.Contains(ways, r.provider):
		return r, 0, fmt.Errorf("%s: of a carrier, the provider is one of %s", r, strings.Join(ways, ", "))
	case carrier && r.unit != Minute && r.unit != every:
		return r, 0, fmt.Errorf("%s: a carrier's unit is %s", r, Minute)
	case !carrier && !slices.Contains(units, r.unit):
		return r, 0, fmt.Errorf("%s: the unit is one of %s", r, strings.Join(units, ", "))
	}
	dollars, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if err != nil || !(dollars >= 0 && dollars <= mostDollars) {
		return r, 0, fmt.Errorf("%s: %.40q is no price", r, value)
	}
	price := USD(math.Round(dollars * 1e9)) // exact: fewer than 2^53
	if price == 0 && dollars > 0 {
		return r, 0, fmt.Errorf("%s: less than a billionth of a dollar is no price", r)
	}
	return r, price, nil
}

func (r row) String() string { return r.stage + "/" + r.provider + "/" + r.unit }

// Empty reports whether nothing has a price.
func (t Table) Empty() bool { return len(t.rows) == 0 }

// Price is what n units cost, exactly but for the rounding to a billionth of a
// dollar; false: they have no price. The row with the most parts that are named
// counts; of several, the one that names the stage, then the one that names the
// provider.
func (t Table) Price(stage, name, unit string, n Quantity) (USD, bool) {
	per := uint64(1000)
	if stage == Carrier {
		per = 1
	}
	price, ok := t.rate(stage, name, unit)
	return price.times(n, per), ok
}

func (t Table) rate(stage, name, unit string) (USD, bool) {
	best, price, found := -1, USD(0), false
	for which := range 8 { // bits: stage, provider, unit are named
		r := row{every, every, every}
		if which&4 != 0 {
			r.stage = stage
		}
		if which&2 != 0 {
			r.provider = name
		}
		if which&1 != 0 {
			r.unit = unit
		}
		p, ok := t.rows[r]
		if !ok || stage == Carrier && r.stage != Carrier {
			continue
		}
		if slices.Contains(t.free, name) && r.provider != name {
			continue
		}
		if named := 8*(which>>2+which>>1&1+which&1) + which; named > best {
			best, price, found = named, p, true
		}
	}
	if !found && slices.Contains(t.free, name) && !t.Empty() {
		return 0, true
	}
	return price, found
}
