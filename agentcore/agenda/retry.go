package agenda

import (
	"errors"
	"fmt"
	"time"
)

// What a [Retry] may say. Seed 004 takes 0 to 30 days and tells no bound of the
// hours: a gap of a day or more is said in days.
const (
	MaxCallbacks = 20
	MaxGapDays   = 30
	MaxGapHours  = 23
)

// Validate tells every mistake of r at once.
func (r Retry) Validate() error {
	var all []error
	if r.Max < 0 || r.Max > MaxCallbacks {
		all = append(all, fmt.Errorf("agenda: 0 to %d callbacks, not %d", MaxCallbacks, r.Max))
	}
	switch {
	case r.Max > 0 && len(r.Gaps) == 0:
		all = append(all, errors.New("agenda: a callback needs a gap before it"))
	case len(r.Gaps) > MaxCallbacks:
		return errors.Join(append(all, fmt.Errorf("agenda: at most %d gaps, not %d", MaxCallbacks, len(r.Gaps)))...)
	}
	for i, g := range r.Gaps {
		if err := g.check(); err != nil {
			all = append(all, fmt.Errorf("agenda: gap %d: %w", i+1, err))
		}
	}
	return errors.Join(all...)
}

func (g Gap) check() error {
	var all []error
	if g.Days < 0 || g.Days > MaxGapDays {
		all = append(all, fmt.Errorf("0 to %d days, not %d", MaxGapDays, g.Days))
	}
	if g.Hours < 0 || g.Hours > MaxGapHours {
		all = append(all, fmt.Errorf("0 to %d hours, not %d", MaxGapHours, g.Hours))
	}
	if g == (Gap{}) {
		all = append(all, errors.New("no time at all between two calls"))
	}
	return errors.Join(all...)
}

// after is when the callback of that number, from 1, is due when the attempt
// before it ended then, in zone; false when there is none.
//
// A time that the day does not have, because its clocks go forward, is an hour
// beside it; of one that it has twice it is the first.
func (r Retry) after(callback int, ended time.Time, zone *time.Location) (time.Time, bool) {
	if callback < 1 || callback > r.Max || len(r.Gaps) == 0 {
		return time.Time{}, false
	}
	g := r.Gaps[min(callback, len(r.Gaps))-1]
	if mutant("gap-forgotten") {
		g = Gap{}
	}
	due := ended.In(zone).AddDate(0, 0, g.Days).Add(time.Duration(g.Hours) * time.Hour)
	return due.UTC().Truncate(time.Microsecond), true
}
