package server

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"testing"
	"testing/synctest"
	"time"
)

func TestTheOldestWebhookIsAskedForNowAndThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked, broken, since := 0, true, time.Time{}
		o := &oldest{log: slog.New(slog.DiscardHandler), ask: func(ctx context.Context) (time.Time, error) {
			if at, ok := ctx.Deadline(); !ok || time.Until(at) > oldestWait {
				t.Error("a scrape waits for the database as long as that likes")
			}
			if asked++; broken {
				return time.Time{}, errors.New("no database")
			}
			return since, nil
		}}
		is := func(when string, want float64, times int) {
			t.Helper()
			if got := o.age(); got != want && !(math.IsNaN(got) && math.IsNaN(want)) || asked != times {
				t.Errorf("%s: age %v, asked %d times; want %v and %d", when, got, asked, want, times)
			}
		}
		is("nobody knows", math.NaN(), 1)
		broken = false
		is("it was just asked", math.NaN(), 1)
		time.Sleep(oldestEvery)
		is("nothing waits", 0, 2)
		since = time.Now()
		time.Sleep(oldestEvery)
		is("something has waited for 5 s", 5, 3)
		time.Sleep(time.Second)
		is("6 s", 6, 3)
		broken = true
		time.Sleep(time.Minute)
		is("the database is gone, what is known grows older", 66, 4)
		broken, since = false, time.Time{}
		time.Sleep(oldestEvery)
		is("it was delivered", 0, 5)
	})
}

func TestAClockThatWasSetBackMakesNoNegativeAge(t *testing.T) {
	o := &oldest{ask: func(context.Context) (time.Time, error) { return time.Now().Add(time.Hour), nil }}
	if got := o.age(); got != 0 {
		t.Errorf("age() = %v", got)
	}
}
