package demo

import (
	"testing"
	"time"

	"github.com/hookswitch/hookswitch/cmd/hookswitch/show"
)

func TestAMessageIsLeftWhenTheMachineRecords(t *testing.T) {
	const beep = 9 * time.Second
	at := func(after time.Duration) *left { return &left{beep: beep, begins: beep + after} }
	for _, tc := range []struct {
		name  string
		left  []*left
		ok    bool
		value string
	}{
		{"in time", []*left{nil, at(320 * time.Millisecond)}, true, "320 ms"},
		{"at the soonest", []*left{at(200 * time.Millisecond)}, true, "200 ms"},
		{"too soon", []*left{at(150 * time.Millisecond)}, false, "150 ms"},
		{"over the beep", []*left{at(-2 * time.Second)}, false, "-2,000 ms"},
		{"too late", []*left{at(time.Second)}, false, "1,000 ms"},
		{"nothing", []*left{{beep: beep}}, false, "nothing was left"},
		{"one of two", []*left{at(300 * time.Millisecond), {beep: beep}}, false, "300 ms, nothing was left"},
	} {
		c, asked := checkLeft(make([]show.Call, len(tc.left)), tc.left)
		if !asked || c.OK != tc.ok || c.Value != tc.value || (len(c.Faults) == 0) != tc.ok {
			t.Errorf("%s: %+v, asked %v; want ok %v, %q", tc.name, c, asked, tc.ok, tc.value)
		}
	}
	if _, asked := checkLeft(make([]show.Call, 2), []*left{nil, nil}); asked {
		t.Error("it is asked of calls with people")
	}
}
