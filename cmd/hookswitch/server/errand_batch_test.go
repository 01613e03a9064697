package server_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/roster"
)

// Some hundred people are called from a file: each once, by their name, at the
// carrier's pace; and the batch's progress sums up at every moment.
func TestABatchIsCalledAtTheCarriersPace(t *testing.T) {
	t.Parallel()
	const n, cps = 200, 20
	x := newCampaign(t, cps)
	agent := x.hires(roster.Default, "Shop", "+14155550150", nil)
	numbers := phones(x.carrier, 1000, n, polite)
	batch := x.sends(owner, agent.UUID, numbers)
	seen := 0
	within(t, 2*time.Minute, "the batch's end", func() bool {
		a := x.gets(trillet, "GET", "/v1/api/batch-calls/"+batch+"/status", "")
		sum := a.at("waiting").(float64) + a.at("active").(float64) + a.at("completed").(float64) + a.at("failed").(float64)
		if done := int(a.at("completed").(float64)); sum != n || a.str("total") != fmt.Sprint(n) || done < seen {
			t.Errorf("progress: %s", a.text)
		} else {
			seen = done
		}
		return a.str("isComplete") == "true"
	})
	a := x.gets(trillet, "GET", "/v1/api/batch-calls/"+batch, "")
	if a.str("status") != "completed" || a.str("progress.completed") != fmt.Sprint(n) || a.str("progress.failed") != "0" {
		t.Errorf("at its end the batch is %s", a.text)
	}
	times := x.times()
	for _, to := range numbers {
		if times[to] != 1 {
			t.Errorf("%s was called %d times", to, times[to])
		}
	}
	x.pace(cps)
	for _, call := range x.carrier.Calls() {
		want := "Hello " + named(call.To()) + ", this is Shop."
		if said := spoke(journal(t, x.Store(), call.SID())); len(said) != 1 || said[0] != want {
			t.Errorf("%s hears %q, want %q", call.To(), said, want)
		}
	}
	x.kept()
}

// pace checks that no second had more requests than cps, and a breath.
func (x *campaign) pace(cps int) {
	x.t.Helper()
	all := x.requests()
	most := 0
	for i, a := range all {
		j := slices.IndexFunc(all[i:], func(b ask) bool { return b.at.Sub(a.at) > time.Second })
		if j < 0 {
			j = len(all) - i
		}
		most = max(most, j)
	}
	if most > cps+cps/2+2 {
		x.t.Errorf("the carrier was asked %d times in a second, want %d at most", most, cps)
	}
	x.t.Logf("%d requests, at most %d in a second, %d calls at once", len(all), most, x.atOnce())
}

// kept checks that there is a record for each call, over and told of once.
func (x *campaign) kept() {
	x.t.Helper()
	for _, call := range x.carrier.Calls() {
		r, err := x.Store().CallByCarrier(x.t.Context(), call.SID())
		if err != nil || !r.Over() || !call.Status().Terminal() {
			x.t.Errorf("the record of a call that is %s: over %t (%v)", call.Status(), r.Over(), err)
		}
	}
	if both := x.never(); len(both) > 0 {
		x.t.Errorf("called while they were called: %q", both)
	}
	if violations := x.carrier.Police().Violations(); len(violations) != 0 {
		x.t.Errorf("the carrier complains: %v", violations)
	}
}

// A batch that is cancelled half-way calls nobody any more, save whom it was
// calling, and tells how many there were of each.
func TestABatchIsCancelledHalfWay(t *testing.T) {
	t.Parallel()
	const n = 120
	x := newCampaign(t, 20)
	agent := x.hires(roster.Default, "Shop", "+14155550150", nil)
	batch := x.sends(owner, agent.UUID, phones(x.carrier, 1000, n, polite))
	within(t, time.Minute, "half of it", func() bool { return len(x.requests()) >= n/3 })
	a := x.gets(trillet, "POST", "/v1/api/batch-calls/"+batch+"/cancel", "")
	before := len(x.requests())
	if a.str("status") != "cancelled" {
		t.Errorf("cancelled, the batch is %s", a.text)
	}
	var p agenda.Progress
	within(t, time.Minute, "those that went on", func() bool {
		var err error
		if p, err = x.Store().Agenda().Progress(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
		return p.Placing+p.Live+p.Ready+p.Scheduled == 0
	})
	called := len(x.requests())
	time.Sleep(1500 * time.Millisecond) // for whom nobody may call
	if now := len(x.requests()); now != called || called-before > 5 {
		t.Errorf("cancelled at %d calls, %d when nothing went on, %d later", before, called, now)
	}
	if p.Done+p.Cancelled != n || p.Failed+p.Refused != 0 {
		t.Errorf("of %d: %+v", n, p)
	}
	reached := 0
	for _, e := range x.rows(batch) {
		if x.times()[e.To] == 1 {
			reached++
		}
	}
	// Whoever was called when it was cancelled is done, or cancelled: never both.
	if reached != called || p.Done > called {
		t.Errorf("%d rows were called, %d calls, %d done", reached, called, p.Done)
	}
	x.kept()
}

// The same numbers in two batches: each of them is called twice, one call after
// the other.
func TestTwoBatchesOfTheSameNumbers(t *testing.T) {
	t.Parallel()
	const n = 25
	x := newCampaign(t, 50)
	agent := x.hires(roster.Default, "Shop", "+14155550150", nil)
	other := x.hires(roster.Default, "Bank", "+14155550151", nil)
	numbers := phones(x.carrier, 1000, n, forAWhile(1200*time.Millisecond))
	first, second := x.sends(owner, agent.UUID, numbers), x.sends(owner, other.UUID, numbers)
	for _, id := range []string{first, second} {
		within(t, time.Minute, "the end of a batch", func() bool {
			return x.gets(trillet, "GET", "/v1/api/batch-calls/"+id, "").str("status") == "completed"
		})
	}
	for to, times := range x.times() {
		if times != 2 {
			t.Errorf("%s was called %d times", to, times)
		}
	}
	if got := len(x.requests()); got != 2*n {
		t.Errorf("%d calls, want %d", got, 2*n)
	}
	x.kept()
}
