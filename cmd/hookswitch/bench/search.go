package bench

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// steps are the numbers of calls that are tried, until one fails.
var steps = []int{50, 100, 200, 300, 400, 500, 600, 700, 800, 1000, 1200, 1500, 2000, 2500, 3000}

const (
	attempts   = 3 // of a step
	tryTime    = 3 * time.Second
	searchTime = 3 * time.Minute      // no step begins later
	loadLimit  = 5 * time.Millisecond // the load generator's own lateness at which it can't judge any more
)

// search tries more and more calls on one core. A step that fails is tried
// again, and so is the next one after it: others use this machine, too.
func search(ctx context.Context, o Options, r round) (*Search, error) {
	s := &Search{LimitMS: ms(Limit), Ended: "every step held"}
	began := time.Now()
	failed := 0 // steps in a row
	for _, calls := range steps {
		if time.Since(began) > searchTime {
			s.Ended = fmt.Sprintf("the search had its %v", searchTime)
			break
		}
		held, err := s.step(ctx, o, r, calls)
		if err != nil {
			return nil, err
		}
		if held {
			s.Largest, failed = calls, 0
		} else if failed++; failed == 2 {
			s.Ended = fmt.Sprintf("two steps failed %d times each", attempts)
			break
		}
	}
	return s, nil
}

// step tries one number of calls until it holds.
func (s *Search) step(ctx context.Context, o Options, r round, calls int) (held bool, err error) {
	for range attempts {
		t, err := try(ctx, o, r, calls)
		if err != nil {
			return false, err
		}
		s.Tried = append(s.Tried, t)
		if t.Held {
			return true, nil
		}
	}
	return false, nil
}

// try measures it once.
func try(ctx context.Context, o Options, r round, calls int) (Try, error) {
	fmt.Fprintf(o.Progress, "searching %s: %d calls on one core\n", r.name(), calls)
	r.calls, r.window, r.pin, r.profile = calls, tryTime, true, ""
	res, err := measure(ctx, o, r)
	switch {
	case ctx.Err() != nil:
		return Try{}, context.Cause(ctx)
	case err != nil && calls > steps[0]: // a gateway that is flooded answers no calls
		return Try{Calls: calls, Why: "no answer"}, nil
	case err != nil:
		return Try{}, err
	}
	t := Try{Calls: calls, Late: res.Late, CPU: res.CPU.PercentOfCore * float64(calls), Load: res.Load.Late.P99, Others: res.Load.Others, Held: true}
	broken := slices.IndexFunc(res.Checks, func(c Check) bool { return !c.Held })
	switch {
	case broken >= 0:
		t.Why = "check failed"
	case res.Late.P99 < ms(Limit):
	case res.Load.Late.P99 > ms(loadLimit):
		t.Why = "load late, too"
	default:
		t.Why = "late"
	}
	t.Held = t.Why == ""
	return t, nil
}
