package storetest

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/agentcore/agenda"
	"github.com/hookswitch/hookswitch/agentcore/dispatch"
	"github.com/hookswitch/hookswitch/agentcore/roster"
	"github.com/hookswitch/hookswitch/telephony"
)

var claims = []duty{
	{"what is claimed is being placed, by a call of its own name", claimed},
	{"claims take those with a time first, then the oldest", claimOrder},
	{"claims are fair between workspaces, one at a time, too", claimFair},
	{"nobody is called twice at once by one workspace", claimNumbers},
	{"nothing is claimed twice by many nodes", claimRace},
	{"what a dead node claimed is found", claimedByDead},
}

// ready makes an errand due since minute.
func ready(minute int) func(*agenda.Errand) {
	return func(e *agenda.Errand) { e.Status, e.Due, e.Asked = agenda.Ready, later(minute), time.Time{} }
}

func claim(t testing.TB, s agenda.Store, limit int, skip ...string) []agenda.Errand {
	t.Helper()
	all, err := s.Claim(t.Context(), "node_a", later(10), limit, skip)
	if err != nil {
		t.Fatalf("Claim() = %v", err)
	}
	return all
}

func claimed(t *testing.T, s agenda.Store) {
	if all := claim(t, s, 5); len(all) != 0 {
		t.Errorf("Claim() of nothing = %+v", all)
	}
	e := keep(t, s, "1", ready(1))
	keep(t, s, "2", nil) // it is Scheduled
	all := claim(t, s, 5)
	if len(all) != 1 {
		t.Fatalf("Claim() = %q, want the one that is ready", ids(all))
	}
	e.Status, e.Attempt, e.Call, e.Node, e.Change, e.Updated = agenda.Placing, 1, "call_1", "node_a", e.Change+1, later(10)
	if got := errand(t, s, "1"); asJSON(t, all[0]) != asJSON(t, e) || asJSON(t, got) != asJSON(t, e) {
		t.Errorf("Claim() = %+v, on record %+v, want %+v", all[0], got, e)
	}
	move(t, s, "1", func(e *agenda.Errand) { e.Status = agenda.Ready })
	if all := claim(t, s, 0); len(all) != 0 {
		t.Errorf("Claim(0) = %q", ids(all))
	}
	if all := claim(t, s, 5); len(all) != 1 || all[0].Attempt != 2 || all[0].Call != telephony.CallID("call_1_2") {
		t.Errorf("Claim(again) = %+v, want its second attempt", all)
	}
}

func claimOrder(t *testing.T, s agenda.Store) {
	for id, minute := range map[string]int{"1": 4, "2": 2, "3": 9, "4": 11} {
		keep(t, s, id, ready(minute))
	}
	keep(t, s, "5", func(e *agenda.Errand) { ready(8)(e); e.Asked = later(8) })
	keep(t, s, "6", func(e *agenda.Errand) { ready(7)(e); e.Asked = later(7) })
	keep(t, s, "0", func(e *agenda.Errand) { ready(1)(e); e.Batch, e.Asked = "b", later(1) })
	if got := ids(claim(t, s, 3)) + ", " + ids(claim(t, s, 9)); got != "6 5 2, 1 3 0" {
		t.Errorf("claimed %q, want those with a time first, then the oldest, a batch's last, and not what is due in a minute", got)
	}
}

func claimFair(t *testing.T, s agenda.Store) {
	another(t, s)
	for i := range 6 {
		keep(t, s, fmt.Sprint(i), ready(i))
	}
	for i := 6; i < 9; i++ {
		keep(t, s, fmt.Sprint(i), func(e *agenda.Errand) { ready(i)(e); e.Workspace = other })
	}
	count := func(all []agenda.Errand) (ours, theirs int) {
		for _, e := range all {
			if e.Workspace == other {
				theirs++
			} else {
				ours++
			}
		}
		return ours, theirs
	}
	var four []agenda.Errand
	for range 4 {
		four = append(four, claim(t, s, 1)...)
	}
	if ours, theirs := count(four); ours != 2 || theirs != 2 {
		t.Errorf("four claims of one: %d and %d, want two of each workspace", ours, theirs)
	}
	if got := claim(t, s, 1, roster.Default, other); len(got) != 0 {
		t.Errorf("Claim(all skipped) = %q", ids(got))
	}
	if ours, theirs := count(claim(t, s, 1, roster.Default)); ours != 0 || theirs != 1 {
		t.Errorf("Claim(ours skipped): %d of ours, %d of theirs", ours, theirs)
	}
	if ours, theirs := count(claim(t, s, 9)); ours != 4 || theirs != 0 {
		t.Errorf("the rest: %d and %d, want ours", ours, theirs)
	}
}

func claimNumbers(t *testing.T, s agenda.Store) {
	another(t, s)
	same := func(e *agenda.Errand) { e.To = "+15550299" }
	for i := range 3 {
		keep(t, s, fmt.Sprint(i), func(e *agenda.Errand) { ready(i)(e); same(e) })
	}
	keep(t, s, "7", ready(7))
	keep(t, s, "8", func(e *agenda.Errand) { ready(8)(e); same(e); e.Workspace = other })
	got := " " + ids(claim(t, s, 9)) + " "
	for _, id := range []string{"0", "7", "8"} {
		if !strings.Contains(got, " "+id+" ") || len(got) != len(" 0 7 8 ") {
			t.Errorf("claimed %q, want one to that number by each workspace, and the other", got)
		}
	}
	move(t, s, "0", func(e *agenda.Errand) { e.Status = agenda.Live })
	if all := claim(t, s, 9); len(all) != 0 {
		t.Errorf("claimed %q while the number is called", ids(all))
	}
	move(t, s, "0", func(e *agenda.Errand) { e.Status = agenda.Done })
	if got := ids(claim(t, s, 9)); got != "1" {
		t.Errorf("claimed %q after that, want the next", got)
	}
}

func claimRace(t *testing.T, s agenda.Store) {
	for i := range 40 {
		keep(t, s, fmt.Sprint(i), func(e *agenda.Errand) { ready(0)(e); e.To = fmt.Sprint("+155503", i/2) })
	}
	var mu sync.Mutex
	taken, numbers := map[string]int{}, map[string]int{}
	for i, err := range race(8, func(i int) error {
		for {
			all, err := s.Claim(t.Context(), fmt.Sprint("node_", i), later(1), 3, nil)
			if err != nil || len(all) == 0 {
				return err
			}
			mu.Lock()
			for _, e := range all {
				taken[e.ID]++
				numbers[e.To]++
			}
			mu.Unlock()
		}
	}) {
		if err != nil {
			t.Errorf("claimer %d: %v", i, err)
		}
	}
	for what, n := range taken {
		if n != 1 {
			t.Errorf("%s was claimed %d times", what, n)
		}
	}
	for _, n := range numbers {
		if n != 1 {
			t.Errorf("a number is called %d times at once", n)
		}
	}
	if len(taken) != 20 {
		t.Errorf("%d claimed, want one of each of 20 numbers", len(taken))
	}
}

func claimedByDead(t *testing.T, s agenda.Store) {
	ctx := t.Context()
	for i, node := range []string{"node_a", "node_b", "node_c"} {
		keep(t, s, fmt.Sprint(i), func(e *agenda.Errand) { e.Status, e.Node = agenda.Placing, node })
	}
	keep(t, s, "9", func(e *agenda.Errand) { e.Status, e.Node = agenda.Live, "node_c" })
	nodes, ok := s.(dispatch.Nodes)
	if !ok {
		t.Skip("a store without nodes")
	}
	if err := nodes.Beat(ctx, "node_b", later(1)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		node  string
		since time.Time
		want  string
	}{{"node_a", later(1), "0 2"}, {"node_b", later(1), "0 1 2"}, {"node_b", later(2), "0 1 2"}, {"node_a", later(2), "0 1 2"}} {
		if all, err := s.Claimed(ctx, c.node, c.since); err != nil || ids(all) != c.want {
			t.Errorf("Claimed(%s, %v) = %q, %v, want %q", c.node, c.since.Sub(now), ids(all), err, c.want)
		}
	}
}
