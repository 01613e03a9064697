package show_test

import (
	"testing"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
)

func TestChecks(t *testing.T) {
	good := show.Call{LastedMS: 22_400, Messages: 3412, Turns: []show.Turn{
		{Turn: 1, Answered: true},
		{Turn: 2, Answered: true, TalkedOver: true, CallerStartMS: 12_702, CutClearMS: 88, CutSilentMS: 118}}}
	bad := show.Call{LastedMS: 30_000, Messages: 10, Violations: 1, Turns: []show.Turn{
		{Turn: 3, Answered: true, TalkedOver: true, CallerStartMS: 21_402, CutClearMS: 388, CutSilentMS: 412},
		{Turn: 4, CallerStartMS: 28_000, CallerEndMS: 29_010}}}
	one, both := []show.Call{good}, []show.Call{good, bad}
	for _, tc := range []struct {
		name   string
		got    show.Check
		ok     bool
		value  string
		detail string // of the first fault
	}{
		{"answered", show.CheckAnswered(one), true, "2 of 2", ""},
		{"one not answered", show.CheckAnswered(both), false, "3 of 4", "caller spoke 0:28.000 to 0:29.010, no answer by the end at 0:30.000"},
		{"no turns", show.CheckAnswered(nil), false, "0 of 0", ""},
		{"silenced", show.CheckSilenced(one, 300), true, "118 ms at worst", ""},
		{"silenced late", show.CheckSilenced(both, 300), false, "412 ms at worst", "caller began 0:21.402, clear sent 0:21.790, silent 0:21.814"},
		{"nobody talked over it", show.CheckSilenced(nil, 300), false, "nobody talked over it", ""},
		{"protocol", show.CheckProtocol(one), true, "0 violations in 3,412 messages", ""},
		{"violation", show.CheckProtocol(both), false, "1 violation in 3,422 messages", "1 violation"},
		{"nothing was sent", show.CheckProtocol(nil), false, "0 violations in 0 messages", ""},
		{"ended", show.CheckEndedOnce(both, []int{1, 1}), true, "2 of 2", ""},
		{"ended twice", show.CheckEndedOnce(both, []int{1, 2}), false, "1 of 2", "ended 2 times"},
		{"never ended", show.CheckEndedOnce(both, []int{1}), false, "1 of 2", "ended 0 times"},
		{"recognised", show.CheckRecognised(5, 82, 30), true, "word errors 6.1%", ""},
		{"not recognised", show.CheckRecognised(30, 100, 30), false, "word errors 30.0%", ""},
		{"silence", show.CheckRecognised(0, 0, 30), false, "no words", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.got.OK != tc.ok || tc.got.Value != tc.value {
				t.Errorf("ok %v, %q; want %v, %q", tc.got.OK, tc.got.Value, tc.ok, tc.value)
			}
			detail := ""
			if len(tc.got.Faults) > 0 {
				detail = tc.got.Faults[0].Detail
			}
			if detail != tc.detail {
				t.Errorf("fault %q, want %q", detail, tc.detail)
			}
		})
	}
}
